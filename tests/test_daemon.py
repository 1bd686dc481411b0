"""What the loop does while pictures are rendered: preempting, stopping, losing a worker."""

from __future__ import annotations

import errno
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from hotfolder.commands.regenerate import again
from hotfolder.daemon import Daemon, Until
from hotfolder.errors import HotfolderError, TooLargeError
from hotfolder.executors.inside import Inside
from hotfolder.executors.orders import Load, Task, Unload
from hotfolder.history import Made
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.rendered import Rendered
from hotfolder.report.progress import Lines
from hotfolder.studio.config import load
from hotfolder.studio.config.owners_file import make
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.survey import Survey
from hotfolder.studio.store import local
from hotfolder.studio.store.ledger import Ledger
from tests.daemon_thread import at_work
from tests.forkserver import until
from tests.painter import FakeExecutor, Painter

SMALL = """\
extends = "postcard"
steps = {steps}
[draft]
area = "64x64"
count = 2
[refine]
area = "80x80"
"""


class Steps(Lines):
    """Calls `at_first` once, in the thread that renders, after the first step of any picture."""

    def __init__(self, at_first: Callable[[], None]) -> None:
        self.params: list[int] = []
        self.said: list[str] = []
        self.at_first = at_first

    def step(self, step: int, steps: int, which: int | None = None) -> None:
        """Remember it."""
        self.params.append(step)
        if len(self.params) == 1:
            self.at_first()

    def say(self, sentence: str) -> None:
        """Remember it."""
        self.said.append(sentence)


@pytest.fixture
def small(studio: Studio) -> Studio:
    """A studio whose drafts are very small, and have twelve steps."""
    settings(studio)
    return studio


def settings(studio: Studio, more: str = "", steps: int = 12) -> None:
    (studio.profiles / "small.toml").write_text(SMALL.format(steps=steps))
    studio.settings.write_text(
        f'profile = "small"\nsettle_seconds = 0.05\nlook_seconds = 1\n{more}'
    )


def work(daemon: Daemon) -> Daemon:
    try:
        daemon.run(Until(idle=True))
    finally:
        daemon.close()
    return daemon


def ids(folder: Path) -> Counter[str]:
    return Counter(identify(path.read_bytes()).recipe.id for path in folder.rglob("*.png"))


def states(studio: Studio) -> list[Path]:
    return list((local.folder(studio.root) / "renders").glob("*"))


@pytest.mark.slow
def test_a_prompt_file_that_is_taken_away_stops_its_draft(small: Studio) -> None:
    """Its draft ends at once and is never published; other files' drafts are made."""
    settings(small, steps=400)
    file = small.inbox / "a.toml"
    file.write_text('prompt = "a castle"\n')
    progress = Steps(file.unlink)
    work(Daemon(small, progress))
    assert len(progress.params) < 400
    assert not list(small.drafts.iterdir())
    settings(small)
    (small.inbox / "b.txt").write_text("a boat")
    work(Daemon(small))
    assert len(ids(small.drafts)) == 2


@pytest.mark.slow
def test_renderers_that_do_not_open_at_first(small: Studio) -> None:
    """Memory was short for a moment: they are opened once more, and pictures are made."""
    (small.inbox / "a.txt").write_text("a castle")
    executor, tried = FakeExecutor(1), []

    def opened(*asked: Any) -> Any:
        tried.append(asked)
        if len(tried) == 1:
            raise OSError(errno.ENOMEM, "no memory")
        return executor(*asked)

    with at_work(Daemon(small, executor=opened)):
        until(lambda: len(list(small.drafts.glob("*.png"))) == 2, 20)
    assert len(tried) == 2


@pytest.mark.parametrize("slots", [1, 2])
def test_drafts_of_one_size_are_given_together(small: Studio, slots: int) -> None:
    """A task has as many drafts as the profile says, and no picture is drawn twice."""
    (small.profiles / "three.toml").write_text('extends = "small"\n[model]\nbatch = 3\n')
    for name, count in (("a", 7), ("b", 4)):
        text = f'prompt = "a castle {name}"\nprofile = "three"\ncount = {count}\n'
        (small.inbox / f"{name}.toml").write_text(text + '[draft]\naspect = "1:1"\n')
    atelier = FakeExecutor(slots)
    work(Daemon(small, executor=atelier))
    tasks = [order for _, order in atelier.opened[0].given if isinstance(order, Task)]
    drawn = [recipe.id for task in tasks for recipe in task.pictures.values()]
    assert Counter(drawn) == ids(small.drafts)
    assert len(drawn) == 11
    assert sorted(len(task.pictures) for task in tasks) == [1, 1, 3, 3, 3]


@pytest.mark.slow
def test_drafts_that_were_drawn_together_are_made_again(small: Studio) -> None:
    """By their own record, each alone: the same bits."""
    text = 'extends = "small"\n[model]\nbatch = 3\n[draft]\naspect = "1:1"\n'
    (small.profiles / "three.toml").write_text(text)
    (small.inbox / "a.toml").write_text('prompt = "a castle"\nprofile = "three"\ncount = 4\n')
    work(Daemon(small))
    pictures = list(small.drafts.glob("*.png"))
    plans = sorted(identify(path.read_bytes()).record.memory_plan for path in pictures)  # type: ignore[union-attr]
    assert plans == ["resident", *(f"resident, place {n} of 3" for n in (1, 2, 3))]
    assert again(pictures, small, Lines()) == 0


@pytest.mark.slow
def test_a_draft_that_another_machine_has_made_meanwhile(small: Studio) -> None:
    """It is not published again, even if its owner has deleted it: only the second draft is."""
    (small.inbox / "a.toml").write_text('prompt = "a castle"\ncount = 2\n')
    (file,) = Survey(small).look().prompt_files
    made = Made("draft", file.requests[0].digest, 0, "0" * 64, "drafts/x.png")
    elsewhere = Ledger(small, "elsewhere")
    work(Daemon(small, Steps(lambda: elsewhere.append(made))))
    assert len(ids(small.drafts)) == 1
    assert not list(small.inbox.glob("*.toml"))


@pytest.mark.slow
def test_a_stopped_draft_goes_on_where_it_was(small: Studio) -> None:
    """The daemon ends at a step; the next one goes on from there, with the same bits."""
    settings(small, steps=60)
    (small.inbox / "a.toml").write_text('prompt = "a castle"\ncount = 1\n')
    progress = Steps(lambda: None)
    stopped = Daemon(small, progress)
    progress.at_first = stopped.stop
    work(stopped)
    assert not list(small.drafts.iterdir())
    assert len(states(small)) == 1
    resumed = Steps(lambda: None)
    work(Daemon(small, resumed))
    assert resumed.params[0] > 1
    assert resumed.params[-1] == 60
    assert len(ids(small.drafts)) == 1
    assert not states(small)
    assert again(list(small.drafts.glob("*.png")), small, Lines()) == 0


@pytest.mark.slow
def test_what_is_rendered_when_told_to_stop_is_published(small: Studio) -> None:
    """A picture that was finished before the signal is not made again."""
    (small.inbox / "a.toml").write_text('prompt = "a castle"\ncount = 50\n')

    class Stopping(Lines):
        """Stops the daemon at the second draft's first step."""

        def step(self, step: int, steps: int, which: int | None = None) -> None:
            if which == 1:
                daemon.stop()

    daemon = Daemon(small, Stopping(), executor=FakeExecutor(1))
    work(daemon)
    made = ids(small.drafts)
    assert 1 <= len(made) < 50
    work(Daemon(small, executor=FakeExecutor(1)))
    assert list(ids(small.drafts).values()) == [1] * 50
    assert made <= ids(small.drafts)


@pytest.mark.slow
def test_a_lost_worker_costs_a_repetition(small: Studio) -> None:
    """A process that is killed amid a draft is replaced; each picture is made once."""
    settings(small, 'devices = ["cpu"]\n', steps=60)
    (small.inbox / "a.txt").write_text("a castle")
    progress = Steps(lambda: os.kill(workers()[0], signal.SIGKILL))
    assert work(Daemon(small, progress)).failures == 0
    assert Counter(progress.params)[1] == 3, "the first step of two drafts, and of one again"
    assert list(ids(small.drafts).values()) == [1, 1]
    until(lambda: not workers(), 30)


class Loading(Painter):
    """A painter that reads its model for as long as it is `held`."""

    begun, held = threading.Event(), threading.Event()

    def render_batch(self, *given: Any) -> dict[int, Rendered]:
        """Paint after that."""
        self.begun.set()
        self.held.wait(300)
        return super().render_batch(*given)


def test_nobody_waits_for_a_model_when_told_to_stop(small: Studio) -> None:
    """A picture without a first step has nothing to lose; the next run makes it."""
    (small.inbox / "a.toml").write_text('prompt = "a castle"\ncount = 2\n')
    daemon = Daemon(small, executor=lambda _settings, _base, on_report: Inside(on_report, Loading))
    thread = threading.Thread(target=work, args=[daemon])
    thread.start()
    try:
        assert Loading.begun.wait(120)
        daemon.stop()
        thread.join(120)
        assert not thread.is_alive()
    finally:
        Loading.held.set()
        thread.join(120)
    work(Daemon(small, executor=FakeExecutor(1)))
    assert list(ids(small.drafts).values()) == [1] * 2


class Cramped(Painter):
    """A painter with too little memory for large pictures."""

    tried = 0

    def render_batch(self, recipes: Sequence[Recipe], *given: Any) -> dict[int, Rendered]:
        """Paint what is small."""
        if recipes[0].width > 80:
            type(self).tried += 1
            raise TooLargeError("there is too little memory for this size")
        return super().render_batch(recipes, *given)


def test_too_little_memory_stops_nothing_but_its_picture(small: Studio) -> None:
    """A picture that does not fit is tried three times, then set aside; others are made."""
    (small.inbox / "large.toml").write_text('prompt = "a"\n[draft]\narea = "160x160"\n')
    (small.inbox / "small.txt").write_text("a castle")
    daemon = Daemon(small, executor=lambda _settings, _base, on_report: Inside(on_report, Cramped))
    assert work(daemon).failures == 1
    assert Cramped.tried == 3
    assert sum(ids(small.drafts).values()) == 2
    note = (small.inbox / "failed" / "large.toml.error.txt").read_text()
    assert "it failed 3 times (there is too little memory for this size)" in note


def workers() -> list[int]:
    """The processes of executors that this one has started, and not what other tests started."""
    tasks = Path("/proc/self/task").glob("*/children")
    children = [int(child) for task in tasks for child in task.read_text().split()]
    return [child for child in children if b"hotfolder.executors.process" in command(child)]


def command(process: int) -> bytes:
    """The command line of a process; empty for one that has ended."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


@pytest.mark.slow
@pytest.mark.parametrize("slots", [1, 2, 5])
def test_several_slots_make_each_picture_once(small: Studio, slots: int) -> None:
    """However many work at the same time, all that is wanted is made, and nothing twice."""
    for name in "abc":
        (small.inbox / f"{name}.toml").write_text(f'prompt = "a castle {name}"\ncount = 7\n')
    (small.inbox / "endless.toml").write_text('prompt = "a boat"\ncount = "endless"\n')
    opened = FakeExecutor(slots)
    work(Daemon(small, executor=opened))
    assert list(ids(small.drafts).values()) == [1] * 22
    assert {slot for slot, _ in opened.opened[0].given} <= set(range(slots))
    tasks = [order for _, order in opened.opened[0].given if isinstance(order, Task)]
    rendered = [recipe.id for task in tasks for recipe in task.pictures.values()]
    assert sorted(rendered) == sorted(ids(small.drafts)), "none is rendered twice"
    for path in sorted(small.drafts.glob("*.png"))[:4]:
        path.rename(small.seeds / path.name)
    work(Daemon(small, executor=FakeExecutor(slots)))
    assert list(ids(small.final).values()) == [1] * 12
    assert [path.name for path in small.inbox.glob("*.*")] == ["endless.toml"]


def test_endless_files_go_on_until_the_time_is_up(small: Studio) -> None:
    """A run for so many seconds makes draft after draft, and ends by its own clock."""
    (small.inbox / "more.toml").write_text('prompt = "a boat"\ncount = "endless"\n')

    def clock() -> float:
        return time.monotonic() + 1000.0 * (len(list(small.drafts.glob("*.png"))) >= 5)

    daemon = Daemon(small, clock=clock, executor=FakeExecutor(1))
    try:
        daemon.run(Until(seconds=500.0))
    finally:
        daemon.close()
    assert len(list(small.drafts.glob("*.png"))) >= 5
    assert (small.inbox / "more.toml").is_file()


@pytest.mark.slow
def test_no_draft_begins_while_a_picked_one_waits(small: Studio) -> None:
    """Refinements go first on every slot, into the drafts that are being made."""
    (small.inbox / "a.toml").write_text('prompt = "a castle"\ncount = 4\n')
    work(Daemon(small, executor=FakeExecutor()))
    (small.inbox / "b.toml").write_text('prompt = "a boat"\ncount = 20\n')
    refining = threading.Semaphore(0)

    class Picking(Steps):
        def began(self, what: str, which: int | None = None) -> None:
            """A final has begun."""
            if what.startswith("final"):
                refining.release()

        def step(self, step: int, steps: int, which: int | None = None) -> None:
            """Both drafts wait until all of a slot's finals can have been given to it."""
            super().step(step, steps, which)
            if which in (0, 1) and step == 1:
                assert refining.acquire(timeout=60)

    def pick() -> None:
        for path in sorted(small.drafts.glob("*.png"))[:2]:
            path.rename(small.seeds / path.name)

    progress, opened = Picking(pick), FakeExecutor()
    work(Daemon(small, progress, executor=opened))
    tasks = [order for _, order in opened.opened[0].given if isinstance(order, Task)]
    stages = ["final" if task.source else "draft" for task in tasks]
    assert stages == ["draft"] * 2 + ["final"] * 6 + ["draft"] * 18


def test_an_idle_daemon_frees_its_memory(small: Studio) -> None:
    """The model is loaded ahead, unloaded after a time that the settings say, and loaded again."""
    settings(small, "unload_after_minutes = 5\n")
    now = [0.0]
    opened = FakeExecutor(1)
    daemon = Daemon(small, clock=lambda: now[0], executor=opened)
    thread = threading.Thread(target=daemon.run, args=(Until(),))
    thread.start()

    def given(kind: type) -> int:
        orders = opened.opened[0].given if opened.opened else []
        return sum(isinstance(order, kind) for _, order in orders)

    until(lambda: given(Load) == 1, 60)
    assert not given(Unload)
    now[0] = 301.0
    daemon._watch.wake()
    until(lambda: given(Unload) == 1, 60)
    (small.inbox / "a.txt").write_text("a castle")
    until(lambda: given(Load) == 2, 60)
    daemon.stop()
    thread.join()
    daemon.close()


def test_nothing_is_imported_when_there_is_nothing_to_do(small: Studio) -> None:
    """A run from cron that finds no work opens no executor."""
    opened = FakeExecutor()
    work(Daemon(small, executor=opened))
    assert not opened.opened


@pytest.mark.slow
def test_a_device_that_is_not_here(small: Studio) -> None:
    """A wrong setting is told before anything is blamed on a prompt file."""
    settings(small, 'devices = "mps"\n')
    (small.inbox / "a.txt").write_text("a castle")
    with pytest.raises(HotfolderError, match="no 'mps' on this computer"):
        work(Daemon(small))
    assert (small.inbox / "a.txt").exists()


def test_an_executor_of_another_package(
    small: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is found by its entry point; a name that is not installed gets the nearest one.

    Only this computer's own settings name it.
    """
    package = tmp_path / "easels-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: easels\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text("[hotfolder.executors]\neasels = easels:opened\n")
    (tmp_path / "easels.py").write_text(
        "from tests.painter import FakeExecutors\n"
        "def opened(settings, base, hear): return FakeExecutors(hear)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    (small.inbox / "a.txt").write_text("a castle")
    owners = make() / "hotfolder.toml"
    settings(small, 'executor = "easels"\n')
    config = load.read_config(small)
    assert config.settings.executor == "local" and "executor: this works only" in config.notes[-1]
    owners.write_text('executor = "easel"\n')
    with pytest.raises(HotfolderError, match="did you mean 'easels'"):
        work(Daemon(small))
    owners.write_text('[executor]\nname = "easels"\n')
    work(Daemon(small))
    assert len(ids(small.drafts)) == 2
