"""Files that other programs hold open."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import pytest

from hotfolder import held
from hotfolder.errors import reason


def refused(winerror: int) -> PermissionError:
    """What Windows says, as Python passes it on."""
    error = PermissionError(errno.EACCES, "refused")
    error.winerror = winerror
    return error


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, instead of waiting."""
    waited: list[float] = []
    monkeypatch.setattr("hotfolder.held.time.sleep", waited.append)
    return waited


@pytest.mark.parametrize("code", [5, 32, 33, 1224])
def test_what_is_let_go_of_in_time_works(pauses: list[float], code: int) -> None:
    """Another program's hold for a moment is no failure."""
    tries = [refused(code), refused(code), None]

    def act(word: str) -> str:
        if (error := tries.pop(0)) is not None:
            raise error
        return word

    assert held.insist(act, "done") == "done"
    assert len(pauses) == 2


def test_patience_ends(pauses: list[float]) -> None:
    """After some seconds it is an error, and its words say what it is."""

    def act() -> None:
        raise refused(32)

    with pytest.raises(PermissionError) as caught:
        held.insist(act)
    assert held.PATIENCE_S <= sum(pauses) < 2 * held.PATIENCE_S
    assert reason(caught.value) == "another program has it open"


def test_other_errors_come_at_once(pauses: list[float]) -> None:
    """A missing file does not come by waiting, nor does a full disk get empty."""

    def act() -> None:
        raise FileNotFoundError(errno.ENOENT, "no such file")

    with pytest.raises(FileNotFoundError):
        held.insist(act)
    assert not pauses


def test_a_file_is_replaced_and_deleted(tmp_path: Path) -> None:
    """What has no hold on it is done at once; deleting what is not there is done already."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("old")
    new.write_text("new")
    held.replace(new, old)
    assert old.read_text() == "new"
    held.delete(old)
    held.delete(old)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "win32", reason="only Windows refuses that")
def test_windows_itself_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that a program has open cannot be renamed until it is closed."""
    file = tmp_path / "open"
    file.write_text("x")
    stream = file.open("rb")
    pauses = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            stream.close()

    monkeypatch.setattr("hotfolder.held.time.sleep", sleep)
    held.delete(file)
    assert len(pauses) == 3
    assert not file.exists()
