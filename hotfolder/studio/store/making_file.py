"""What a daemon at work makes at this moment, for a page in another process: in local state."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from hotfolder.studio.store import local


class Making(Struct, frozen=True, omit_defaults=True):
    """One picture in the making. `preview` is a small PNG of how it looks so far; may be empty."""

    what: str
    step: int = 0
    steps: int = 0
    preview: bytes = b""


class MakingFile(Struct, frozen=True, omit_defaults=True):
    """The pictures in the making, the last results and troubles, and how many an hour are made."""

    making: tuple[Making, ...] = ()
    said: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    an_hour: float = 0.0


def path(root: Path) -> Path:
    """Where the file of the studio at `root` lies."""
    return local.folder(root) / "making.json"


def post(root: Path, making: MakingFile) -> None:
    """Put it in place of the last one. Raises OSError; nothing depends on it."""
    local.write(path(root), making)


def read(root: Path) -> MakingFile:
    """The last one; an empty one if there is none that can be read."""
    return local.read(path(root), MakingFile) or MakingFile()
