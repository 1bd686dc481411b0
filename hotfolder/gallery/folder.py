"""The gallery's own folder: what it writes there, and which files are its own to remove."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from hotfolder.errors import HotfolderError, PictureError
from hotfolder.studio import beneath

MARKER = "hotfolder-gallery.json"
"""Lists all files of a gallery; a folder without it belongs to somebody else."""

_MOST_BYTES = 2**26


def opened(folder: Path) -> frozenset[str]:
    """Make a gallery's folder, if it is missing; the files of the gallery that is in it.

    Raises HotfolderError for a folder in which something else lies.
    """
    if folder.is_file():
        raise HotfolderError(f"{folder} is a file; expected the folder for the gallery")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        listed = json.loads(beneath.read(folder, MARKER, _MOST_BYTES))["files"]
        return frozenset(name for name in listed if isinstance(name, str))
    except FileNotFoundError:
        if any(folder.iterdir()):
            raise HotfolderError(
                f"{folder} is neither empty nor a gallery, so nothing is written there; name "
                "another folder with -o"
            ) from None
        return frozenset()
    except (OSError, PictureError, ValueError, KeyError, TypeError, RecursionError):
        raise HotfolderError(
            f"{folder / MARKER} cannot be read, so it is not clear which files there "
            "belong to the gallery; name another folder with -o"
        ) from None


def put(folder: Path, path: str, data: bytes) -> bool:
    """Write one file, whole or not at all; whether it was another one before."""
    try:
        if beneath.read(folder, path, len(data) + 1) == data:
            return False
    except FileNotFoundError:
        pass
    above, _, name = path.rpartition("/")
    if above:
        beneath.make_folder(folder, above, new=True)
    temporary = f"{above}/.{name}.{os.getpid()}" if above else f".{name}.{os.getpid()}"
    beneath.unlink(folder, temporary)
    beneath.create(folder, temporary, data, durable=False)
    beneath.replace(folder, temporary, path)
    return True


def enter(folder: Path, files: Iterable[str]) -> None:
    """Note which files are the gallery's, before they are written or after others are gone."""
    says = {"about": "a gallery made by hotfolder; these files are its own", "files": sorted(files)}
    put(folder, MARKER, (json.dumps(says, indent=0, ensure_ascii=False) + "\n").encode())


def remove(folder: Path, files: Iterable[str]) -> None:
    """Remove files of the gallery that it does not need any more.

    The list may have been edited: what leads out of the gallery is refused, and stays.
    """
    for path in files:
        with contextlib.suppress(OSError):
            beneath.unlink(folder, path)
