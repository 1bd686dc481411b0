"""Files that take long, or end the program that reads them, stop nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hotfolder.errors import MistakesError, PictureError, mistake
from hotfolder.recipes.config import Config
from hotfolder.studio.config.load import read_config
from hotfolder.studio.layout import SETTINGS_FILE, Studio
from hotfolder.studio.reading import Reading
from hotfolder.studio.scan import apart, config_files
from hotfolder.studio.scan.apart import Apart, BeingReadError
from hotfolder.studio.scan.config_files import ConfigFiles
from hotfolder.studio.scan.tree import Tree
from hotfolder.studio.store import local
from tests.forkserver import until

STATE = Reading(1, 2, 3, 4, 5)
CHANGED = Reading(1, 2, 4, 5, 6)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Apart]:
    made = Apart(tmp_path)
    yield made
    made.close()


def _die() -> None:
    os._exit(1)  # as a process that is killed: nothing is said, nothing put away


def _die_of(studio: Studio) -> None:
    _die()


def _refuse() -> None:
    raise mistake("it is wrong", "line 3")


def _come(reader: Apart) -> list[str]:
    come: list[str] = []

    def has_come() -> bool:
        come.extend(reader.come())
        return bool(come)

    until(has_come, 60)
    return come


def test_a_file_read_elsewhere(reader: Apart) -> None:
    """It is asked for until it has come, and what was wrong with it comes as it is."""
    assert reader.due_in_s is None
    for _ in range(2):
        with pytest.raises(BeingReadError):
            reader.read("inbox/a.txt", STATE, os.getpid)
    with pytest.raises(BeingReadError):
        reader.read("inbox/b.txt", STATE, _refuse)
    assert reader.due_in_s is not None
    assert _come(reader) == ["inbox/a.txt"]
    assert reader.read("inbox/a.txt", STATE, os.getpid) != os.getpid()
    assert _come(reader) == ["inbox/b.txt"]
    with pytest.raises(MistakesError) as error:
        reader.read("inbox/b.txt", STATE, _refuse)
    assert error.value.mistakes[0].where == "line 3"
    assert reader.due_in_s is None


def test_a_file_that_ends_its_reader(reader: Apart, tmp_path: Path) -> None:
    """After two deaths it is skipped until, also by those who come later, until it changes."""
    for _ in range(2):
        with pytest.raises(BeingReadError):
            reader.read("seeds/a.png", STATE, _die)
        assert _come(reader) == ["seeds/a.png"]
        assert reader.is_suspect("seeds/a.png")
    for later in (reader, Apart(tmp_path), Apart(tmp_path, waits=True)):
        with pytest.raises(PictureError, match="skipped until it changes"):
            later.read("seeds/a.png", STATE, _die)
    with pytest.raises(BeingReadError):
        reader.read("seeds/a.png", CHANGED, os.getpid)


def test_a_file_that_takes_too_long(reader: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its reader is ended and it is skipped until; and the end of all never waits for it."""
    monkeypatch.setattr(apart, "_LONGEST_S", 0.0)
    for _ in range(2):
        with pytest.raises(BeingReadError):
            reader.read("inbox/a.txt", STATE, time.sleep, 1000)
        reader.come()
    with pytest.raises(PictureError, match="took longer than a minute"):
        reader.read("inbox/a.txt", STATE, time.sleep, 1000)
    with pytest.raises(BeingReadError):
        reader.read("inbox/b.txt", STATE, time.sleep, 1000)
    began = time.monotonic()
    reader.close()
    assert time.monotonic() - began < 60, "it waited for a file that takes a quarter of an hour"


def test_who_waits(tmp_path: Path) -> None:
    """A command that only describes has every file at once, and hears of those skipped until.

    One process reads them all, until the look is over.
    """
    reader = Apart(tmp_path, waits=True)
    first = reader.read("inbox/a.txt", STATE, os.getpid)
    assert reader.read("inbox/c.txt", STATE, os.getpid) == first != os.getpid()
    reader.rest()
    assert reader.read("inbox/d.txt", STATE, os.getpid) != first
    with pytest.raises(PictureError, match="skipped until"):
        reader.read("inbox/b.txt", STATE, _die)
    reader.close()


def test_what_was_read_at_the_end(tmp_path: Path) -> None:
    """A program that died while it read a file knows of it when it is started again."""
    dead = Apart(tmp_path)
    with dead.here("drafts/ä\udcff.png"):
        pass
    again = Apart(tmp_path)
    assert again.is_suspect("drafts/ä\udcff.png")
    assert not again.is_suspect("drafts/a.png")
    again.let_go()
    assert not Apart(tmp_path).is_suspect("drafts/ä\udcff.png")


@pytest.mark.posix("there is no full disk to write to")
def test_a_full_disk_keeps_nothing_from_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is being read cannot be noted then, nor that nothing is."""
    monkeypatch.setattr(local, "opened", lambda *_: Path("/dev/full").open("wb"))  # noqa: SIM115
    reader = Apart(tmp_path)
    with reader.here("drafts/a.png"):
        pass
    assert not reader.is_suspect("drafts/a.png")
    reader.close()


def test_settings_that_ended_their_readers_are_read_when_one_of_their_files_changes(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each start knows them by the state of all of them: it is enough to mend a profile."""

    def start_after_a_death(read: Callable[[Studio], object]) -> Config:
        monkeypatch.setattr(config_files, "read_config", read)
        with Apart(studio.root, waits=True).here(SETTINGS_FILE):
            pass  # and here it died
        reader = Apart(studio.root, waits=True)
        try:
            return ConfigFiles(studio, Tree(studio.root, time.monotonic), reader).at_first()
        finally:
            reader.close()

    profile = studio.profiles / "mine.toml"
    profile.write_text("[draft]\nsteps = 3\n")
    for read in (_die_of, read_config):
        with pytest.raises(PictureError, match="skipped until"):
            start_after_a_death(read)
    profile.write_text("[draft]\nsteps = 14\n")
    assert "mine" in start_after_a_death(read_config).profiles


def test_the_newest_file_has_every_second_turn(reader: Apart) -> None:
    """Somebody waits for what was just dropped; what has waited longest gets on as well."""
    for number in range(6):
        with pytest.raises(BeingReadError):
            reader.read(f"seeds/{number}.png", STATE, os.getpid)
    assert [_come(reader)[0][6] for _ in range(6)] == ["0", "5", "1", "4", "2", "3"]


def test_slow_files_let_others_go_first(reader: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes longer than its turn is read from its beginning after the others."""
    monkeypatch.setattr(apart, "_PATIENCE", 0)  # so that a sleeping reader's time counts
    monkeypatch.setattr(apart, "_LONGEST_S", 1000.0)
    for number in range(3):
        with pytest.raises(BeingReadError):
            reader.read(f"inbox/slow{number}.txt", STATE, time.sleep, 1000)
    for wish in reader._wishes.values():
        wish.turn_s = 0.0
    with pytest.raises(BeingReadError):
        reader.read("seeds/photo.png", STATE, os.getpid)
    assert _come(reader) == ["seeds/photo.png"]
    assert reader.read("seeds/photo.png", STATE, os.getpid) != os.getpid()


def test_a_file_that_changes_while_it_is_read(reader: Apart) -> None:
    """What it was before keeps nobody waiting."""
    with pytest.raises(BeingReadError):
        reader.read("inbox/a.txt", STATE, time.sleep, 1000)
    for _ in range(2):
        with pytest.raises(BeingReadError):
            reader.read("inbox/a.txt", CHANGED, time.sleep, 0)
    assert _come(reader) == ["inbox/a.txt"]
    assert reader.read("inbox/a.txt", CHANGED, time.sleep, 0) is None
