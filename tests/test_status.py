"""What `hotfolder status` says in each state of a studio."""

from __future__ import annotations

import functools
import itertools
import json
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import msgspec
import pytest

from hotfolder import overview
from hotfolder.commands import check, plan, status
from hotfolder.daemon import Daemon
from hotfolder.errors import EXIT_DONE, StudioMissingError
from hotfolder.history import Finished, Made
from hotfolder.notices import Notices
from hotfolder.report.progress import Lines
from hotfolder.status import status as now
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.survey import Survey
from hotfolder.studio.store import last_look, local, status_file
from hotfolder.studio.store.ledger import Ledger
from hotfolder.studio.store.lock import locked
from hotfolder.studio.store.status_file import Overview, StatusFile
from tests import samples
from tests.daemon_thread import at_work
from tests.forkserver import until
from tests.painter import FakeExecutor


@pytest.fixture
def shown(studio: Studio, capsys: pytest.CaptureFixture[str]) -> Shown:
    """Asks for the status of a studio."""
    return Shown(studio, capsys)


class Shown:
    """The lines that a person reads."""

    def __init__(self, studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
        self.studio = studio
        self._capsys = capsys

    def __call__(self, as_json: bool = False) -> str:
        """Ask."""
        options = Namespace(studio=self.studio.root, json=as_json)
        assert status.run(options) == EXIT_DONE
        return self._capsys.readouterr().out


def test_a_new_studio(shown: Shown, studio: Studio) -> None:
    """What to do next, where the log will be, and nothing that could worry."""
    assert shown().splitlines() == [
        str(studio.root),
        f"  not running; `hotfolder run {studio.root}` starts it",
        "  inbox   0 prompt files, 0 drafts to make",
        "  drafts  0 pictures, 0 ever made",
        "  seeds   0 pictures, 0 refinements to make",
        "  final   0 pictures, 0 ever made",
        f"  log     {local.log(studio.root)}",
        "  starts  only by hand",
    ]


def test_work_to_do(shown: Shown, studio: Studio) -> None:
    """Numbers of what is wanted, one in the singular; mistakes with all their lines."""
    (studio.inbox / "a.toml").write_text('prompts = ["a castle", "a tower"]\ncount = 3\n')
    (studio.inbox / "b.toml").write_text('prompt = "a boat"\ncount = "endless"\n')
    (studio.inbox / "c.toml").write_text('promt = "x"\ncount = "many"\n')
    (studio.seeds / "mine.png").write_bytes(samples.drawn("PNG", size=(64, 64)))
    text = shown()
    assert "  inbox   2 prompt files, 6 drafts to make, 1 endless\n" in text
    assert "  seeds   1 picture, 3 refinements to make\n" in text
    assert "With mistakes:\n  inbox/c.toml: promt: unknown key" in text
    assert '\n  count: expected a whole number from 1 to 100,000 or "endless"' in text


@pytest.mark.slow
def test_at_work(shown: Shown, studio: Studio) -> None:
    """While a daemon holds the lock its own words are read; old ones of another are not."""
    waits = {"inbox/a.txt": "the disk is full"}
    status_file.post(studio.root, StatusFile("", waits, "nfs brings none"))
    assert "the disk is full" not in shown()
    with locked(studio.root):
        text = shown()
        assert "\n  at work\n" in text
        assert "Waiting:\n  inbox/a.txt: the disk is full\n" in text
        assert "Held back:\n  notices of changes: nfs brings none; new files are seen" in text
        renders = {"renderer 1": "box, cuda RTX, 2.1 s a draft", "renderer 2": "cellar, cpu"}
        status_file.post(studio.root, StatusFile(renders=renders))
        text = shown()
        assert "\n  renders renderer 1: box, cuda RTX, 2.1 s a draft\n" in text
        assert "\n          renderer 2: cellar, cpu\n  log  " in text
        status_file.post(studio.root, StatusFile("the disk does not answer"))
        assert "\n  waits: the disk does not answer\n" in shown()
    assert "not running" in shown()


def test_a_studio_that_is_gone(shown: Shown, studio: Studio, tmp_path: Path) -> None:
    """While a daemon waits for it nobody is told to make another in its place."""
    studio.root.rename(tmp_path / "away")
    with locked(studio.root), pytest.raises(StudioMissingError, match="goes on when it is back"):
        shown()
    with pytest.raises(StudioMissingError, match="hotfolder init"):
        shown()


def test_held_back(shown: Shown, studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    """Each reason says what the owner can do."""
    studio.settings.write_text("pause_endless_at = 1\nkeep_free_gb = 1e9\n")
    (studio.drafts / "a.png").write_bytes(samples.drawn("PNG"))
    assert "endless drafts" not in shown(), "nothing asks for them"
    (studio.inbox / "b.toml").write_text('prompt = "a boat"\ncount = "endless"\n')
    plan.run(Namespace(studio=studio.root))
    planned = capsys.readouterr().out
    assert "  -  held back: everything: the disk has less than" in planned
    assert "  -  held back: endless drafts are paused: 1 picture" in planned
    assert "Nothing to do" not in planned
    text = shown()
    assert "  everything: the disk has less than 1e+09 GB free" in text
    assert "  endless drafts are paused: 1 picture in" in text
    assert "raise pause_endless_at" in text


def test_a_seed_without_use_is_told_once(shown: Shown, studio: Studio) -> None:
    """It is listed among the mistakes and not also as waiting."""
    (studio.seeds / "a.png").write_text("no picture")
    text = shown()
    assert text.count("seeds/a.png") == 1
    assert "With mistakes:\n  seeds/a.png: this picture cannot be read" in text


def test_for_programs(shown: Shown, studio: Studio) -> None:
    """JSON, ASCII only, with a stable set of keys; nothing is written into the studio."""
    (studio.inbox / "灯台.txt").touch()
    before = sorted(studio.root.rglob("*"))
    facts = json.loads(shown(as_json=True))
    assert facts["running"] is False
    assert facts["studio"] == str(studio.root)
    assert set(facts) >= {"prompt_files", "drafts_wanted", "waiting", "broken", "pause", "log"}
    assert sorted(studio.root.rglob("*")) == before


@pytest.mark.slow
def test_what_was_set_aside(
    shown: Shown, studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    """`status`, `check` and `plan` name failed files with their first reason, ten at most."""
    (studio.failed / "night").mkdir()
    for number in range(12):
        path = f"inbox/failed/night/{number}.toml"
        (studio.root / path).write_text("promt = 1")
        (studio.root / f"{path}.error.txt").write_text(
            f"{number}.toml was not used, because:\n\npromt: unknown\x1b key\ncount: wrong\n"
        )
    (studio.failed / "night/0.txt").write_text("came along with 0.toml")
    (studio.failed / "mine.txt").write_text("a castle")
    text = shown()
    assert "inbox/:\n  inbox/failed/mine.txt: there is no note beside it" in text
    assert text.count(".toml: promt: unknown\\x1b key\n") == 9
    assert text.endswith("  and 3 more\n")
    facts = json.loads(shown(as_json=True))["failed"]
    assert len(facts) == 13
    assert facts["inbox/failed/night/0.toml"] == "promt: unknown\\x1b key"
    plan.run(Namespace(studio=studio.root))
    assert "  -  set aside: inbox/failed/night/11.toml: promt: unknown" in capsys.readouterr().out
    assert check.run(Namespace(studio=studio.root)) == EXIT_DONE
    said = capsys.readouterr().out
    assert "set aside: inbox/failed/night/11.toml: promt: unknown" in said
    assert said.endswith("set aside: and 3 more\nNo other mistakes found.\n")


def test_each_prompt_file(shown: Shown, studio: Studio) -> None:
    """What is made of what it asks for; an earlier drop of the same prompt does not count."""
    (studio.inbox / "a.toml").write_text('prompts = ["a castle", "a tower"]\ncount = 3\n')
    (studio.inbox / "b.toml").write_text('prompt = "a boat"\ncount = "endless"\n')
    survey = Survey(studio)
    a, b = survey.look().prompt_files
    castle, boat = a.requests[0].digest, b.requests[0].digest
    ledger = Ledger(studio)
    for ordinal in range(4):
        ledger.append(Made("draft", boat, ordinal, f"b{ordinal}", f"drafts/b{ordinal}.png"))
        ledger.append(Made("draft", castle, ordinal, f"a{ordinal}", f"drafts/a{ordinal}.png"))
    ledger.append(Finished("inbox/done/a.toml", {castle: 2}))
    text = shown()
    assert "  inbox/a.toml: 2/6\n          inbox/b.toml: 4/endless\n  drafts " in text
    files = json.loads(shown(as_json=True))["files"]
    assert files["inbox/a.toml"] == {"made": 2, "wanted": 6}
    assert files["inbox/b.toml"] == {"made": 4, "wanted": "endless"}
    for number in range(10):
        (studio.inbox / f"c{number}.txt").write_text(f"a cat {number}")
    assert "\n          and 2 more\n" in shown()


def test_a_plan_shows_prompts_that_a_terminal_can(
    studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    """About eighty characters, whole words, nothing that steers a terminal."""
    (studio.inbox / "a.txt").write_text("a red\u202e castle " + "on a hill " * 100)
    (studio.inbox / "b.txt").write_text("城" * 500)
    plan.run(Namespace(studio=studio.root))
    said = capsys.readouterr().out
    assert "\u202e" not in said and r"a red\u202e castle" in said
    prompts = {line.split('"')[1] for line in said.splitlines()}
    assert all(len(prompt) <= 81 and prompt.endswith("…") for prompt in prompts)
    assert "城" * 79 + "…" in prompts
    assert any(prompt.endswith(("on…", "a…", "hill…")) for prompt in prompts)


SMALL = 'extends = "postcard"\nsteps = 2\n[draft]\narea = "32x32"\ncount = 2\n'
SETTINGS = (
    'profile = "small"\nsettle_seconds = 0.05\nlook_seconds = 0.5\nkeep_free_gb = 0\n'
    "pause_endless_at = 1\n"
)


@pytest.mark.slow
def test_a_daemon_tells_how_things_stand(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it posts is what a look finds; what has changed since is told as it is, all the same."""
    (studio.profiles / "small.toml").write_text(SMALL)
    studio.settings.write_text(SETTINGS)
    (studio.inbox / "a.txt").write_text("a castle")
    (studio.inbox / "b.toml").write_text('prompt = "a boat"\ncount = "endless"\n')
    (studio.inbox / "c.toml").write_text('promt = "x"\n')
    look, looks = overview.look, list[Overview]()
    monkeypatch.setattr(overview, "look", lambda studio: looks.append(look(studio)) or looks[-1])
    with locked(studio.root), at_work(Daemon(studio, executor=FakeExecutor())):
        until((studio.done / "a.txt").exists, 60)
        made = sorted(studio.drafts.iterdir())
        made[0].rename(studio.seeds / made[0].name)
        until(lambda: status_file.read(studio.root).overview == look(studio), 60)
        until(lambda: len(list(studio.final.iterdir())) == 3, 60)
        until(lambda: status_file.read(studio.root).overview == look(studio), 60)
        looks.clear()
        told = now(studio)
        assert not looks, "nobody had to look"
        assert told.running
        assert (told.drafts_lying, told.drafts_made) == (len(made) - 1, len(made))
        assert (told.seeds, told.finals_lying, told.finals_made) == (1, 3, 3)
        assert told.failed["inbox/failed/c.toml"].startswith("promt: unknown key")
        for number in range(3):
            (studio.drafts / f"by hand {number}.png").write_bytes(samples.drawn("PNG"))
            assert now(studio).drafts_lying == len(made) + number, "whoever told it"
        (studio.seeds / made[0].name).unlink()
        assert now(studio).seeds == 0
        until(lambda: status_file.read(studio.root).overview == look(studio), 60)
        last_look.path(studio.root).unlink()  # of a look by the test itself
    looks.clear()
    told = now(studio)
    assert not looks, "the daemon has left how things stand"
    assert (told.running, told.drafts_lying, told.seeds) == (False, len(made) + 2, 0)
    assert msgspec.convert(msgspec.to_builtins(told), Overview) == look(studio)
    (studio.drafts / "by hand 0.png").unlink()
    assert now(studio).drafts_lying == len(made) + 1
    assert looks, "nobody is there who could tell"


@pytest.mark.parametrize("changes", ["a new file", "a ledger that grows", "a file written anew"])
def test_what_has_changed_since_is_looked_for(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, changes: str
) -> None:
    """A daemon that does not answer is not believed: it may hang."""
    monkeypatch.setattr("hotfolder.status._PATIENCE_S", 0.0)
    (studio.inbox / "a.txt").write_text("a castle")
    ledger = Ledger(studio)
    ledger.append(Made("draft", "a", 0, "r", "drafts/r.png"))
    scanner = Survey(studio)
    scanner.look()
    notices = Notices(studio.root, scanner.scanner, ledger, Lines(), lambda: 0.0)
    notices.post(StatusFile())
    with locked(studio.root):
        monkeypatch.setattr(overview, "look", lambda studio: pytest.fail("why look?"))
        assert now(studio).prompt_files == 1
        monkeypatch.undo()
        monkeypatch.setattr("hotfolder.status._PATIENCE_S", 0.0)
        if changes == "a new file":
            (studio.drafts / "a.png").write_bytes(samples.drawn("PNG"))
            assert now(studio).drafts_lying == 1
        elif changes == "a ledger that grows":
            Ledger(studio, "other").append(Made("draft", "a", 1, "s", "drafts/s.png"))
            assert now(studio).drafts_made == 2
        else:
            (studio.inbox / "a.txt").write_text("a castle\n\na boat")
            assert now(studio).drafts_wanted == 2 * 4


def test_what_was_posted_before_does_not_count(studio: Studio) -> None:
    """A run begins by taking back what the last one has said."""
    survey = Survey(studio)
    survey.look()
    notices = Notices(studio.root, survey.scanner, Ledger(studio), Lines(), lambda: 0.0)
    notices.post(StatusFile())
    assert status_file.read(studio.root).overview == overview.look(studio)
    notices.begin()
    assert status_file.read(studio.root) == StatusFile()


def test_posts_are_not_made_often(studio: Studio) -> None:
    """After one there is a pause; what may have changed meanwhile is posted after that."""
    survey, time = Survey(studio), [0.0]
    survey.look()
    notices = Notices(studio.root, survey.scanner, Ledger(studio), Lines(), lambda: time[0])
    notices.post(StatusFile())
    assert notices.posts_in_s() is None
    (studio.drafts / "a.png").write_bytes(samples.drawn("PNG"))
    survey.look()
    notices.post(StatusFile())
    soon = notices.posts_in_s()
    assert soon
    time[0] += soon
    notices.post(StatusFile())
    assert notices.posts_in_s() is None
    posted = status_file.read(studio.root).overview
    assert posted and posted.drafts_lying == 1


@pytest.mark.parametrize("takes_s", [0.0, 1.0])
def test_no_end_waits_for_a_long_look(studio: Studio, takes_s: float) -> None:
    """A daemon leaves how things stand only if finding that out takes a moment."""
    survey, clock = Survey(studio), itertools.count(0.0, takes_s)
    survey.look()
    notices = Notices(
        studio.root, survey.scanner, Ledger(studio), Lines(), functools.partial(next, clock)
    )
    notices.post(StatusFile())
    notices.leave()
    assert last_look.path(studio.root).exists() == (not takes_s)


def test_a_quick_answer_imports_little() -> None:
    """Neither numpy nor the plan is needed where a daemon has told how things stand."""
    says = "import sys, hotfolder.commands.status as s; print([m for m in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", says], capture_output=True, text=True, check=True
    )
    for module in ("numpy", "PIL", "rich", "hotfolder.plan", "hotfolder.studio.scan.scanner"):
        assert f"'{module}'" not in loaded.stdout
