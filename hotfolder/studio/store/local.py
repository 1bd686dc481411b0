"""Local state: what this machine keeps of a studio, outside of it. Never synced; may be lost."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO, Literal, TypeVar

from hotfolder import json_text, replacement
from hotfolder.studio.names import slug

T = TypeVar("T")
_KEY_BYTES = 32


def folder(root: Path) -> Path:
    """Where this machine keeps what it knows of the studio at `root`; not made here.

    Its name has a hash of the studio's real path, so a link to a studio is the same studio.
    """
    real = os.path.realpath(root)
    digest = hashlib.sha256(os.fsencode(real)).hexdigest()[:16]
    return state() / "studios" / f"{slug(Path(real).name)}-{digest}"


def log(root: Path) -> Path:
    """Where the log of the studio at `root` lies."""
    return folder(root) / "hotfolder.log"


def config() -> Path:
    """The folder of the owner's own settings and profiles, for all studios; it may be missing."""
    from platformdirs import user_config_path

    return user_config_path("hotfolder", appauthor=False)


def machine() -> str:
    """A name for this machine and user: letters, digits and dashes, at most 64.

    Part of it is drawn once and kept, since many machines have the same name. Where it cannot be
    kept, the machine's name alone has to do.
    """
    return _machine(state() / "machine")


def key() -> bytes:
    """This machine's and user's secret, drawn once and kept; another one where it was lost."""
    return _key(state() / "key")


@cache
def _key(file: Path) -> bytes:
    drawn = secrets.token_bytes(_KEY_BYTES)
    with suppress(OSError):  # where it cannot be kept, it is of this run only
        if file.is_file() and len(kept := file.read_bytes()) == _KEY_BYTES:
            return kept
        replace(file, drawn)
    return drawn


@cache
def _machine(file: Path) -> str:
    name = re.sub(r"[^A-Za-z0-9]+", "-", platform.node()).strip("-")[:50] or "machine"
    try:
        return f"{name}-{_kept(file)}"
    except OSError:
        return name


def _kept(file: Path) -> str:
    """The eight hex digits in a file, drawn and put there where it has none."""
    if file.is_file() and re.fullmatch(r"[0-9a-f]{8}\n", kept := file.read_text("latin-1")):
        return kept.strip()
    drawn = secrets.token_hex(4)
    replace(file, f"{drawn}\n".encode())
    return drawn


def make_folder(folder: Path) -> None:
    """Make a folder of local state, with those above it, for this user's eyes only."""
    for above in (*reversed(folder.parents), folder):
        if not above.exists():  # `parents=True` would let others read those
            above.mkdir(mode=0o700, exist_ok=True)


def opened(file: Path, mode: Literal["ab", "wb"]) -> BinaryIO:
    """A file of local state, open for writing; it and its folder are made where they are missing.

    A new one can be read by this user only.
    """

    def unshared(path: str, flags: int) -> int:
        try:
            return os.open(path, flags, 0o600)
        except FileNotFoundError:
            make_folder(file.parent)
            return os.open(path, flags, 0o600)

    return open(file, mode, opener=unshared)


def read(file: Path, kind: type[T]) -> T | None:
    """What the JSON in a file of local state says; None where there is none that can be read."""
    try:
        return json_text.decode(file.read_bytes(), kind)
    except (OSError, ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return None


def private(file: Path) -> Path:
    """The same file, there from now on, and for this user's eyes only: for libraries that write."""
    opened(file, "ab").close()
    return file


def write(file: Path, value: object) -> None:
    """Give a file of local state what `read` finds there; raises OSError."""
    replace(file, json_text.encode(value))


def replace(file: Path, data: bytes) -> None:
    """Give a file of local state this content: all of it, or what it had before."""
    make_folder(file.parent)
    replacement.replace(file, data)


def state() -> Path:
    """The folder of all that this machine keeps; it may be missing."""
    return _state(os.environ.get("XDG_STATE_HOME"), os.environ.get("HOME"))


@cache
def _state(*_decides: str | None) -> Path:
    """Asked once for what decides it, since every line that is signed has to know."""
    from platformdirs import user_state_path

    return user_state_path("hotfolder")
