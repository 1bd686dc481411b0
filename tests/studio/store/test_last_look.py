"""What the last look found is told again without another, until anything has changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from hotfolder import overview
from hotfolder.history import Made, Making
from hotfolder.status import status
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.scan.survey import Survey
from hotfolder.studio.store import advice_file, last_look, local, trust
from hotfolder.studio.store.journal import Journal
from hotfolder.studio.store.ledger import Ledger
from hotfolder.taste.advice import Advice
from tests import samples


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Studio]:
    """The studios that were looked at, as often as they were."""
    found, look = list[Studio](), overview.look

    def noted(studio: Studio) -> overview.Overview:
        found.append(studio)
        return look(studio)

    monkeypatch.setattr(overview, "look", noted)
    return found


@pytest.fixture
def full(studio: Studio, tmp_path: Path) -> Studio:
    """A studio with a folder of LoRAs, prompts, a word list, drafts, and a pick."""
    (tmp_path / "loras").mkdir()
    with studio.settings.open("a") as settings:
        settings.write(f'loras = ["{(tmp_path / "loras").as_posix()}"]\n')
    trust.record(studio, True)
    (studio.inbox / "night").mkdir()
    (studio.inbox / "night/boats.toml").write_text('prompt = "a __colour__ boat"\ncount = 3\n')
    (studio.wildcards / "colour.txt").write_text("red\nblue\n")
    (studio.drafts / "old").mkdir()
    for path in (studio.drafts / "a.png", studio.drafts / "old/b.png", studio.seeds / "c.png"):
        path.write_bytes(samples.drawn("PNG", size=(64, 64)))
    return studio


def test_nobody_looks_twice(full: Studio, looks: list[Studio]) -> None:
    """What is told without a look is what the look has found; it is kept outside of the studio."""
    before = sorted(full.root.rglob("*"))
    first = status(full)
    assert (first.drafts_lying, first.drafts_wanted, first.finals_wanted) == (2, 3, 3)
    assert status(full) == first
    assert len(looks) == 1
    assert sorted(full.root.rglob("*")) == before
    assert last_look.path(full.root).is_relative_to(local.folder(full.root))


def _in_place(file: Path) -> None:
    """Write other bytes, as many as before, and put the time back."""
    before = file.stat()
    with file.open("r+b") as stream:
        stream.seek(-1, os.SEEK_END)
        stream.write(b"\x00")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES: dict[str, Callable[[Studio, Path], object]] = {
    "a draft in place": lambda studio, _: _in_place(studio.drafts / "old/b.png"),
    "a draft's name": lambda studio, _: (studio.drafts / "a.png").rename(studio.drafts / "z.png"),
    "a draft's place": lambda studio, _: (studio.drafts / "a.png").rename(studio.seeds / "a.png"),
    "a new draft": lambda studio, _: shutil.copy(studio.drafts / "a.png", studio.drafts / "n.png"),
    "a sidecar": lambda studio, _: (studio.drafts / "old/b.xmp").write_text("<x/>"),
    "a prompt": lambda studio, _: _in_place(studio.inbox / "night/boats.toml"),
    "a word list": lambda studio, _: (studio.wildcards / "colour.txt").write_text("green"),
    "a profile": lambda studio, _: (studio.profiles / "p.toml").write_text("steps = 3"),
    "the settings": lambda studio, _: studio.settings.write_text("pause_endless_at = 7"),
    "a LoRA": lambda _, tmp: (tmp / "loras/new.safetensors").write_bytes(b""),
    "the owner's settings": lambda *_: local.replace(local.config() / "hotfolder.toml", b""),
    "trust": lambda studio, _: trust.record(studio, False),
    "advice": lambda studio, _: advice_file.keep(studio.root, Advice(picked_at=3.0)),
    "a crash": lambda studio, _: Journal(studio.root, local.machine()).append(
        Making("draft", "d", 0, "r", "drafts/r.png")
    ),
    "another machine": lambda studio, _: Ledger(studio, "other").append(
        Made("draft", "d", 0, "r", "drafts/r.png")
    ),
    "a kept recipe": lambda studio, _: (studio.recipes / "r.json").write_text("{}"),
}


@pytest.mark.parametrize("change", [*CHANGES, ""])
def test_what_a_daemon_leaves(
    full: Studio, looks: list[Studio], tmp_path: Path, change: str
) -> None:
    """It is believed if nothing has changed, and never untrue: what the daemon has not noticed at
    its end is looked for.
    """
    survey, ledger = Survey(full), Ledger(full)
    survey.look()
    if change:
        CHANGES[change](full, tmp_path)
    overview.leave(survey.scanner, ledger)
    told = status(full)
    assert len(looks) == 0 or change
    last_look.path(full.root).unlink(missing_ok=True)
    assert told == status(full)


def test_a_daemon_that_knows_not_all_leaves_nothing(full: Studio) -> None:
    """Its first look may take longer than its life."""
    scanner = Scanner(full)
    scanner.refresh()
    assert scanner.busy
    overview.leave(scanner, Ledger(full))
    assert not last_look.path(full.root).exists()


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_is_seen(
    full: Studio, looks: list[Studio], tmp_path: Path, change: str
) -> None:
    """After each of these there is another look, and its finding is the one that is told."""
    status(full)
    status(full)
    assert len(looks) == 1
    CHANGES[change](full, tmp_path)
    status(full)
    assert len(looks) == 2


@pytest.mark.posix("links")
def test_no_link_is_followed(full: Studio, looks: list[Studio], tmp_path: Path) -> None:
    """What lies behind one is neither counted nor walked through: it may be the whole disk."""
    for link in (full.drafts / "more", full.profiles):
        shutil.rmtree(link, ignore_errors=True)
        link.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    status(full)
    (tmp_path / "elsewhere/a.toml").touch()
    status(full)
    assert len(looks) == 1


def test_a_disk_that_gets_full_is_seen(
    full: Studio, looks: list[Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file tells that."""
    assert not status(full).held_back
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    assert "the disk has less than" in status(full).held_back[0]


@pytest.mark.parametrize("which", ["broken", "waiting", "at night"])
def test_what_may_change_by_itself_is_looked_at_again(
    full: Studio, looks: list[Studio], which: str
) -> None:
    """A file that could not be read may be readable a moment later; an hour comes by itself."""
    if which == "broken":
        (full.seeds / "d.png").write_bytes(b"no picture")
    elif which == "waiting":
        (full.inbox / "a.txt").touch()  # somebody may be about to write it
    else:
        (full.inbox / "night/folder.toml").write_text('only = "00:00-23:59"\n')
    assert status(full) == status(full)
    assert len(looks) == 2


def test_another_program_looks_for_itself(
    full: Studio, looks: list[Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an update sentences and rules may be others; what cannot be read is as good as none."""
    status(full)
    monkeypatch.setattr(last_look, "_BY", "a later version")
    status(full)
    assert len(looks) == 2
    last_look.path(full.root).write_bytes(b"{torn")
    status(full)
    assert len(looks) == 3
