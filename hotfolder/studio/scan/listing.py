"""The files in the folders of pictures, as they are now."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from hotfolder.studio import entries
from hotfolder.studio.beneath import DEEPEST
from hotfolder.studio.names import is_private_folder, is_temporary
from hotfolder.studio.reading import Reading

ROOMS = ("drafts", "seeds", "final")


def listing(root: Path, paths: Iterable[str] = ROOMS) -> Iterator[tuple[str, Reading]]:
    """Each regular file at or below the given paths of a studio, and its reading.

    Links are not followed, neither below a path nor on the way to it; what vanishes meanwhile, or
    belongs to some program's work in progress, is not there.
    """
    for path in paths:
        if not is_within(root, path):
            continue
        try:
            status = entries.lstat(f"{root}/{path}")
        except OSError:
            continue
        if stat.S_ISDIR(status.st_mode):
            yield from _below(root, path)
        elif stat.S_ISREG(status.st_mode) and not is_temporary(path.rpartition("/")[2]):
            yield path, Reading.of(status)


def folders(root: Path, path: str, most: int) -> list[str]:
    """The first folders below a path of a studio, at any depth, by their paths; no links."""
    found, waiting = list[str](), [path] if is_within(root, f"{path}/x") else []
    while waiting and len(found) < most:
        folder = waiting.pop()
        try:
            with entries.scandir(f"{root}/{folder}") as inside:
                names = [entry.name for entry in inside if entries.is_folder(entry)]
        except OSError:
            continue
        below = [f"{folder}/{name}" for name in names if not is_private_folder(name)]
        found += below
        waiting += [one for one in below if one.count("/") < DEEPEST]
    return sorted(found)[:most]


def is_within(root: Path, path: str) -> bool:
    """Whether a relative path stays in the studio, and all folders above it are real ones."""
    parts = path.split("/")
    if any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts):
        return False
    if any(map(is_private_folder, parts[:-1])):
        return False
    try:
        above = [
            entries.lstat(f"{root}/{'/'.join(parts[:n])}").st_mode for n in range(1, len(parts))
        ]
    except OSError:
        return False
    return all(map(stat.S_ISDIR, above))


def _below(root: Path, folder: str) -> Iterator[tuple[str, Reading]]:
    folders = [folder]
    while folders:
        folder = folders.pop()
        try:
            with entries.scandir(f"{root}/{folder}") as found:
                for entry in found:
                    path = f"{folder}/{entry.name}"
                    if entries.is_folder(entry):
                        if not is_private_folder(entry.name) and path.count("/") < DEEPEST:
                            folders.append(path)
                    elif entry.is_file(follow_symlinks=False) and not is_temporary(entry.name):
                        yield path, Reading.of(entries.status(entry))
        except OSError:
            continue
