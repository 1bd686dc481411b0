"""What was learned, put where profiles lie: beside the studio's own, or the owner's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from hotfolder.errors import HotfolderError, reason
from hotfolder.studio import beneath
from hotfolder.studio.layout import SETTINGS_FILE, Studio
from hotfolder.studio.store import atomic, local

_LIMIT = 2**31


def free(root: Path, stem: str) -> int:
    """The first number with which no file of `profiles/` is called STEM-tuned-NUMBER."""
    taken = re.compile(rf"{re.escape(stem)}-tuned-(\d+)\.")
    numbers = [int(m[1]) for name in beneath.names(root, "profiles") if (m := taken.match(name))]
    return max(numbers, default=0) + 1


def place(studio: Studio, profile: str) -> Path:
    """Where this machine keeps what a training of a profile has come to."""
    return local.folder(studio.root) / "tuning" / profile


def may_put(root: Path, name: str, data: bytes) -> bool:
    """Whether no file of `profiles/` has this name, or one with just these bytes."""
    path = f"profiles/{name}"
    return not beneath.is_file(root, path) or beneath.read(root, path, _LIMIT) == data


def put(root: Path, files: Mapping[str, bytes]) -> None:
    """Put these files into `profiles/`, in their order; over none that is there. Raises OSError."""
    for name, data in files.items():
        atomic.place(root, f"profiles/{name}", data)


def use(studio: Studio, profile: str) -> None:
    """Make a profile the studio's default, in its settings; all else there stays.

    Raises HotfolderError where that cannot be done.
    """
    try:
        text = ""
        if beneath.status(studio.root, SETTINGS_FILE) is not None:
            text = beneath.read(studio.root, SETTINGS_FILE, 2**20).decode("utf-8")
        document = tomlkit.parse(text)
        if "profile" in document:
            document["profile"] = profile
            changed = tomlkit.dumps(document)
        else:
            changed = _with_profile(text, f'profile = "{profile}"')
        with atomic.written(studio.root, SETTINGS_FILE, changed.encode()) as temporary:
            beneath.replace(studio.root, temporary, SETTINGS_FILE)
    except OSError as error:
        raise HotfolderError(reason(error)) from None
    except (TOMLKitError, ValueError) as error:
        raise HotfolderError(f"{SETTINGS_FILE} cannot be read: {error}") from None


def _with_profile(text: str, line: str) -> str:
    """`text` with this line: where the key stands as a comment, or above all else."""
    commented = re.sub(r"^# *profile *= *.*$", lambda _: line, text, count=1, flags=re.MULTILINE)
    return commented if commented != text else f"{line}\n{text}"
