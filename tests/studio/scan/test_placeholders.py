"""Files of which a sync program has only the name here."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from hotfolder.studio import entries
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import Reading
from hotfolder.studio.scan.placeholders import FETCHING, MISSING, Placeholders
from hotfolder.studio.scan.survey import Survey
from tests.forkserver import until
from tests.studio.clock import Clock

PLACEHOLDER = Reading(1, 2, 3, 4, 5, placeholder=True)


class Slow:
    """Reads that end when the test says so."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.may_end = threading.Event()

    def __call__(self, path: Path) -> bytes:
        """As a file behind a slow line."""
        self.began.append(path.name)
        assert self.may_end.wait(30)
        return b""


@pytest.mark.posix("sync programs mark their placeholders otherwise there")
def test_a_placeholder_on_a_real_disk(tmp_path: Path) -> None:
    """A file without blocks is one, whatever its size; an empty and a written one are not."""
    with (tmp_path / "sparse").open("wb") as stream:
        stream.truncate(1000)
    (tmp_path / "empty").touch()
    (tmp_path / "written").write_text("a castle")
    assert Reading.of(entries.lstat(str(tmp_path / "sparse"))).placeholder
    assert not Reading.of(entries.lstat(str(tmp_path / "empty"))).placeholder
    assert not Reading.of(entries.lstat(str(tmp_path / "written"))).placeholder


def test_a_file_is_fetched_once(tmp_path: Path) -> None:
    """It is read in a thread; when that ends it counts as here, though it looks as before."""
    slow = Slow()
    fetches = Placeholders(tmp_path, Clock(), slow)
    assert fetches.is_here("a", replace(PLACEHOLDER, placeholder=False))
    for _ in range(3):
        assert not fetches.is_here("a", PLACEHOLDER)
    assert fetches.arrived() == []
    assert fetches.due
    assert fetches.waiting() == {"a": FETCHING}
    slow.may_end.set()
    until(lambda: fetches.arrived() == ["a"], 10)
    assert slow.began == ["a"]
    assert fetches.is_here("a", PLACEHOLDER)
    assert not fetches.is_here("a", replace(PLACEHOLDER, mtime_ns=9)), "it has changed since"
    assert not fetches.due or fetches.waiting()


def test_few_at_a_time(tmp_path: Path) -> None:
    """However many there are, few threads wait for them, and all have their turn."""
    slow = Slow()
    fetches = Placeholders(tmp_path, Clock(), slow)
    for number in range(9):
        fetches.is_here(str(number), PLACEHOLDER)
    until(lambda: len(slow.began) == 4, 10)
    slow.may_end.set()
    ended: list[str] = []
    until(lambda: ended.extend(fetches.arrived()) or len(ended) == 9, 10)
    assert sorted(ended) == sorted(slow.began) == [str(number) for number in range(9)]


def test_one_that_never_comes(tmp_path: Path) -> None:
    """After a minute it is said, and nothing waits for it any longer."""
    slow, clock = Slow(), Clock()
    fetches = Placeholders(tmp_path, clock, slow)
    fetches.is_here("a", PLACEHOLDER)
    clock.now += 61
    assert fetches.waiting() == {"a": MISSING}
    assert not fetches.due
    fetches.forget("a")
    assert fetches.waiting() == {}
    slow.may_end.set()


@pytest.mark.posix("sync programs mark their placeholders otherwise there")
def test_who_only_describes_a_studio_does_not_wait_for_them(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look is over after a second and has hardly used the processor; they wait, it says."""
    with (studio.seeds / "a.png").open("wb") as stream:
        stream.truncate(1000)
    slow = Slow()
    monkeypatch.setattr(Placeholders, "_fetch", lambda self, path: slow(Path(path)))
    used = time.process_time()
    waiting = (survey := Survey(studio)).look().waiting
    assert waiting == {"seeds/a.png": FETCHING}
    assert survey.look().waiting == waiting
    assert time.process_time() - used < 0.9, "it asked again and again"
    slow.may_end.set()


def test_one_that_cannot_be_read(tmp_path: Path) -> None:
    """Who reads it next hears why."""
    fetches = Placeholders(tmp_path, Clock())
    fetches.is_here("gone", PLACEHOLDER)
    until(lambda: fetches.arrived() == ["gone"], 10)
    assert fetches.is_here("gone", PLACEHOLDER)
