"""The daemon when disks fill up and folders vanish: it waits, says why, and goes on by itself."""

from __future__ import annotations

import errno
import os
import shutil
from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from campaigns.kit.painter import Here, Press
from hotfolder import press
from hotfolder.daemon import Daemon, Until
from hotfolder.errors import HotfolderError, StudioMissingError
from hotfolder.executors.orders import OnReport, Task
from hotfolder.history import Made
from hotfolder.jobs import SetAside
from hotfolder.recipes.settings import Settings
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan import scanner, schedule
from hotfolder.studio.scan.survey import Survey
from hotfolder.studio.scan.watch import Watch
from hotfolder.studio.store import moves, publication, status_file
from hotfolder.studio.store.ledger import Ledger
from hotfolder.waiting import soonest
from tests import samples
from tests.daemon_thread import Said, at_work
from tests.forkserver import until
from tests.painter import FakeExecutor
from tests.studio.clock import Clock

SMALL = 'extends = "postcard"\nsteps = 2\n[draft]\narea = "32x32"\ncount = 2\n'
SETTINGS = 'profile = "small"\nsettle_seconds = 0.05\nlook_seconds = 0.5\nkeep_free_gb = 0\n'


@pytest.fixture
def small(studio: Studio) -> Studio:
    """A studio whose pictures take no time."""
    (studio.profiles / "small.toml").write_text(SMALL)
    studio.settings.write_text(SETTINGS)
    return studio


@contextmanager
def daemon_at(studio: Studio) -> Iterator[Said]:
    """A daemon that works on a studio meanwhile."""
    said = Said()
    with at_work(Daemon(studio, said, executor=FakeExecutor())):
        yield said


def drop(studio: Studio, name: str) -> None:
    (studio.inbox / name).write_text(f"a castle {name}")


def drafts(studio: Studio) -> int:
    return len(list(studio.drafts.glob("*.png")))


@pytest.mark.parametrize(
    ("code", "says"),
    [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "the disk is read-only")],
)
def test_a_disk_that_takes_nothing(
    small: Studio, monkeypatch: pytest.MonkeyPatch, code: int, says: str
) -> None:
    """Drafts wait for it, which `status` knows, and are made once when it has space again."""

    def refuse(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    with daemon_at(small):
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", refuse)
            drop(small, "a.txt")
            until(lambda: status_file.read(small.root).waits, 30)
            assert status_file.read(small.root).waits == {"inbox/a.txt": says}
            assert drafts(small) == 0
        until((small.done / "a.txt").exists, 60)
        until(lambda: not status_file.read(small.root).waits, 30)
    assert drafts(small) == 2
    assert sorted(p.suffix for p in small.drafts.iterdir()) == [".png", ".png"], "no temp file"


def test_a_disk_that_is_low(small: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is begun before there is room, and that is said, both times."""
    usage = namedtuple("usage", "total used free")
    small.settings.write_text(SETTINGS.replace("keep_free_gb = 0", "keep_free_gb = 2"))
    with daemon_at(small) as said:
        with monkeypatch.context() as patch:
            patch.setattr(shutil, "disk_usage", lambda path: usage(9e9, 8e9, 1e9))
            drop(small, "a.txt")
            until(lambda: any("less than 2 GB free" in line for line in said.sentences), 30)
        until((small.done / "a.txt").exists, 60)
    assert any("has space again" in line for line in said.sentences)
    assert drafts(small) == 2


@pytest.mark.parametrize("trouble", ["full", "low"])
def test_a_disk_that_has_room_again(
    small: Studio, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    """Work goes on a look later, after whole hours, and though listing a folder takes 10 s."""
    small.settings.write_text(
        'profile = "small"\nsettle_seconds = 0.05\nlook_seconds = 60\n'
        f"keep_free_gb = {0 if trouble == 'full' else 2}\n"
    )
    clock, opened = Clock(), list[Here]()
    room_at = clock.now + 2 * 3600
    usage, fsync, scandir = namedtuple("usage", "total used free"), os.fsync, os.scandir

    def write(descriptor: int) -> None:
        if trouble == "full" and clock.now < room_at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    def slowly(path: str) -> object:
        clock.now += 10
        return scandir(path)

    def executor(settings: Settings, base: Path, on_report: OnReport) -> Here:
        opened.append(Here(on_report))
        return opened[-1]

    class Hourglass(Watch):
        """Time passes while nothing else does."""

        def wait(self, seconds: float) -> None:
            if not self._awake.wait(0 if opened else 60):
                clock.now += max(seconds, 0.001)

    monkeypatch.setattr(os, "fsync", write)
    monkeypatch.setattr(os, "scandir", slowly)
    free = (9e9, 8e9, 1e9), (9e9, 1e9, 8e9)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(*free[clock.now >= room_at]))
    monkeypatch.setattr(schedule, "Watch", Hourglass)
    monkeypatch.setattr(press, "ThreadPoolExecutor", Press)
    drop(small, "a.txt")
    daemon = Daemon(small, clock=clock, executor=executor)
    daemon.run(Until(seconds=room_at - clock.now + 60 + 10 * 10))  # a round may be under way
    daemon.close()
    assert drafts(small) == 2


@pytest.mark.parametrize("what", ["studio", "studio/.hotfolder"])
def test_a_studio_that_vanishes(small: Studio, tmp_path: Path, what: str) -> None:
    """Nothing is made where it was; when it is back work goes on, with what came meanwhile."""
    with daemon_at(small) as said:
        drop(small, "a.txt")
        until((small.done / "a.txt").exists, 60)
        (tmp_path / what).rename(tmp_path / "away")
        until(lambda: "is not there" in status_file.read(small.root).pause, 30)
        assert small.root.exists() == (what != "studio")
        assert not small.marker.exists()
        if what == "studio":
            (tmp_path / "away/inbox/b.txt").write_text("a castle b.txt")
        (tmp_path / "away").rename(tmp_path / what)
        until(lambda: not status_file.read(small.root).pause, 30)
        drop(small, "c.txt")
        until((small.done / "c.txt").exists, 60)
        until(lambda: what != "studio" or (small.done / "b.txt").exists(), 60)
    assert sum("waits until it is back" in line for line in said.sentences) == 1
    assert drafts(small) == (6 if what == "studio" else 4)


def test_another_folder_in_its_place(small: Studio, tmp_path: Path) -> None:
    """A replaced studio is worked on like the one before: its changes are heard of."""
    small.settings.write_text(SETTINGS.replace("look_seconds = 0.5", "look_seconds = 2"))
    shutil.copytree(small.root, tmp_path / "copy")
    with daemon_at(small):
        drop(small, "a.txt")
        until((small.done / "a.txt").exists, 60)
        small.root.rename(tmp_path / "old")
        (tmp_path / "copy").rename(small.root)
        drop(small, "b.txt")
        until((small.done / "b.txt").exists, 60)
    assert drafts(small) == 2
    assert len(list((tmp_path / "old/drafts").glob("*.png"))) == 2


def test_a_run_that_ends_by_itself(small: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be worked on ends it, in words and with an exit code."""

    def refuse(*arguments: object, **options: object) -> object:
        raise OSError(errno.EIO, os.strerror(errno.EIO), "ledger")

    daemon = Daemon(small, executor=FakeExecutor())
    with monkeypatch.context() as patch:
        patch.setattr(publication, "rebuild", refuse)
        with pytest.raises(HotfolderError, match="be worked on: the disk reported an error"):
            daemon.run(Until(idle=True))
    shutil.rmtree(small.root)
    with pytest.raises(StudioMissingError, match="is not there"):
        daemon.run(Until(idle=True))
    daemon.close()
    assert not small.root.exists()


def test_more_refinements_than_an_hour_may_have(small: Studio) -> None:
    """The rest waits, which `status` knows; drafts go on meanwhile."""
    small.settings.write_text(
        f"{SETTINGS}photos.prompt = 'x'\n[limits]\nrefinements_per_hour = 2\n"
    )
    (small.seeds / "a.png").write_bytes(samples.drawn("PNG", size=(64, 64)))
    with daemon_at(small):
        until(lambda: "seeds/" in status_file.read(small.root).waits, 60)
        drop(small, "a.txt")
        until((small.done / "a.txt").exists, 60)
        assert "2 refinements were started" in status_file.read(small.root).waits["seeds/"]
    assert drafts(small) == 2
    assert len(list(small.final.glob("*.png"))) == 2


def test_another_folder_long_before_the_next_look(small: Studio, tmp_path: Path) -> None:
    """The watch is set up anew as soon as there is a studio again, and hears what comes then."""
    small.settings.write_text(SETTINGS.replace("look_seconds = 0.5", "look_seconds = 600"))
    shutil.copytree(small.root, tmp_path / "copy")
    with daemon_at(small):
        drop(small, "a.txt")
        until((small.done / "a.txt").exists, 60)
        small.root.rename(tmp_path / "old")
        (tmp_path / "old" / "wildcards" / "b.txt").write_text("a notice: it is looked for")
        until(lambda: "is not there" in status_file.read(small.root).pause, 30)
        (tmp_path / "copy").rename(small.root)
        until(lambda: not status_file.read(small.root).pause, 30)
        drop(small, "b.txt")
        until((small.done / "b.txt").exists, 60)
    assert drafts(small) == 2


def test_another_folder_as_a_file_is_finished(
    small: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lay in the folder that is gone is not asked for in the one that took its place."""
    shutil.copytree(small.root, tmp_path / "copy")
    finish = moves.finish

    def and_go(*given: Any) -> str:
        finished = finish(*given)
        if not (tmp_path / "old").exists():
            small.root.rename(tmp_path / "old")
        return finished

    monkeypatch.setattr(moves, "finish", and_go)
    monkeypatch.setattr(scanner, "BUDGET_S", 0.0)  # as on a computer that is very busy
    daemon = Daemon(small, executor=FakeExecutor())
    with at_work(daemon):
        drop(small, "a.txt")
        until(lambda: "is not there" in status_file.read(small.root).pause, 60)
        daemon._watch.take()  # notices of the folder that is gone may come before this turn
        (tmp_path / "copy").rename(small.root)
        until(lambda: not status_file.read(small.root).pause, 30)
        drop(small, "b.txt")
        until((small.done / "b.txt").exists, 60)
    assert drafts(small) == 2


def test_a_chore_that_works_at_last(small: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it waited for is forgotten, in `status` as well; a new file of its name is used."""
    set_aside, tries = moves.set_aside, []

    def fail_once(studio: Studio, job: SetAside) -> str:
        tries.append(job)
        if len(tries) == 1:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return set_aside(studio, job)

    monkeypatch.setattr(moves, "set_aside", fail_once)
    (small.inbox / "a.toml").write_text('promt = "a castle"\n')
    daemon = Daemon(small, executor=FakeExecutor())
    with at_work(daemon):
        until((small.failed / "a.toml").exists, 60)
        until(lambda: not daemon._setbacks._backoff.reasons(), 30)
        until(lambda: not status_file.read(small.root).waits, 30)
        (small.inbox / "a.toml").write_text('prompt = "a castle"\n')
        until((small.done / "a.toml").exists, 60)
    assert len(tries) == 2


def test_what_another_machine_has_made_meanwhile(small: Studio) -> None:
    """An idle daemon reads the ledgers of others: a file whose pictures exist renders nothing."""
    (small.inbox / "b.txt").write_text("a castle")
    (file,) = Survey(small).look().prompt_files
    (small.inbox / "b.txt").unlink()
    opened = FakeExecutor()
    daemon = Daemon(small, executor=opened)
    with at_work(daemon):
        until(lambda: daemon.waits_for is not None, 30)
        elsewhere = Ledger(small, "elsewhere")
        digest = file.requests[0].digest
        for ordinal in range(2):
            elsewhere.append(Made("draft", digest, ordinal, f"{ordinal:064}", f"drafts/{ordinal}"))
        until(lambda: len(daemon._ledger.history.made("draft", digest)) == 2, 30)
        (small.inbox / "b.txt").write_text("a castle")
        until((small.done / "b.txt").exists, 60)
    given = [order for executor in opened.opened for _, order in executor.given]
    assert not any(isinstance(order, Task) for order in given)


def test_a_rest_is_never_for_nothing(small: Studio) -> None:
    """A try whose time has come is no reason to wait 0 seconds, again and again."""
    clock = Clock()
    daemon = Daemon(small, clock=clock, executor=FakeExecutor())
    daemon._schedule.go_on()
    while daemon._schedule.due_in_s() is not None:
        clock.now += 0.1
        daemon._schedule.go_on()
    daemon._setbacks._backoff.postpone("inbox/a.txt", "why", clock.now - 60)
    daemon._setbacks._backoff.postpone("inbox/b.txt", "why", clock.now)
    clock.now += 0.25
    waits = {wait.event: wait.seconds for wait in daemon._waits(clock.now, idle=True)}
    assert waits["another try at a file"] == 0.75
    assert soonest(daemon._waits(clock.now, idle=True)).seconds > 0
    daemon.close()
