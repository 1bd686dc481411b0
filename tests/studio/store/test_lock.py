"""One daemon for one studio: with real processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hotfolder.errors import EXIT_LOCKED, StudioLockedError
from hotfolder.studio.store.lock import lock_path, locked

_HOLD = """\
import sys
from pathlib import Path
from hotfolder.studio.store.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(root: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its input ends."""
    command = [sys.executable, "-c", _HOLD, str(root)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    """While one process holds the lock another is told so; when it ends, the lock is free."""
    with holder(tmp_path) as process:
        with pytest.raises(StudioLockedError, match="at work on") as raised, locked(tmp_path):
            pass
        assert raised.value.exit_code == EXIT_LOCKED
        process.communicate("")
        with locked(tmp_path):
            pass


def test_freed_by_a_kill(tmp_path: Path) -> None:
    """A process that is killed leaves no lock behind."""
    with holder(tmp_path) as process:
        process.kill()
        process.wait()
        with locked(tmp_path):
            pass


def test_a_studio_by_another_name(tmp_path: Path) -> None:
    """A link to a studio is the same studio; its neighbour is another."""
    root = tmp_path / "studio"
    root.mkdir()
    (tmp_path / "link").symlink_to(root)
    with locked(root):
        with pytest.raises(StudioLockedError), locked(tmp_path / "link"):
            pass
        with locked(tmp_path):
            pass


def test_free_after_an_error(tmp_path: Path) -> None:
    """The lock ends with the block that holds it, however that ends."""
    for _ in range(2):
        with pytest.raises(KeyError), locked(tmp_path):
            raise KeyError


def test_nothing_in_the_studio(tmp_path: Path) -> None:
    """The lock lies in local state: a sync client would carry it about."""
    with locked(tmp_path):
        assert list(tmp_path.iterdir()) == []
        assert lock_path(tmp_path).is_file()
        assert lock_path(tmp_path).read_bytes() == b""
