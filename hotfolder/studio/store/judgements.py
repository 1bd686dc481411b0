"""What a person does to pictures, done for them: move, rate, throw away; and each of it undone."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from hotfolder.images.metadata import suffixes
from hotfolder.stars import detectors
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import read_file
from hotfolder.studio.store import atomic


def move(studio: Studio, path: str, folder: str) -> dict[str, str]:
    """Move a picture and its sidecars into a folder of the studio; old paths to new ones.

    The picture is the first of them. Raises OSError.
    """
    beside = sidecars(studio, path)
    for candidate in atomic.candidates(studio.root / folder / PurePosixPath(path).name):
        to = atomic.relative(studio.root, candidate)
        moves = {path: to}
        moves |= {old: detectors.sidecar(pattern, to) for pattern, old in beside.items()}
        if not any((studio.root / target).exists() for target in moves.values()):
            return {old: atomic.move(studio.root, old, new) for old, new in moves.items()}
    raise AssertionError("candidates never end")


def move_back(studio: Studio, moves: Mapping[str, str]) -> dict[str, str]:
    """Undo `move`, as far as the files are still there; where they lay to where they lie now."""
    back = {}
    for old, new in moves.items():
        with suppress(FileNotFoundError):
            back[new] = atomic.move(studio.root, new, old)
    return back


def sidecars(studio: Studio, path: str) -> dict[str, str]:
    """The sidecars that belong to a picture and no other: pattern to path."""
    found = {}
    for pattern in detectors.patterns():
        sidecar = detectors.sidecar(pattern, path)
        if not _is_file(studio.root / sidecar):
            continue
        groups = detectors.pictures(sidecar, suffixes())
        there = [[p for p in group if _is_file(studio.root / p)] for group in groups]
        if [path] in there and next(filter(None, there)) == [path]:
            found[pattern] = sidecar
    return found


def beside(pattern: str, picture: str) -> str:
    """Where a picture's sidecar of this pattern lies."""
    return detectors.sidecar(pattern, picture)


def replace(studio: Studio, path: str, data: bytes | None) -> None:
    """Give a sidecar other contents, whole or not at all; None: there is none. Raises OSError."""
    if data is None:
        (studio.root / path).unlink(missing_ok=True)
        return
    with atomic.written(studio.root, path, data) as temporary:
        (studio.root / temporary).replace(studio.root / path)
    atomic.sync_folder((studio.root / path).parent)


def keep(studio: Studio, path: str, folder: Path) -> dict[str, Path]:
    """Copies of a picture and its sidecars in a folder of this machine: path to copy."""
    folder.mkdir(parents=True, exist_ok=True)
    copies = {}
    for number, name in enumerate((path, *sidecars(studio, path).values())):
        copies[name] = folder / f"{number}{PurePosixPath(name).suffix}"
        shutil.copy2(studio.root / name, copies[name], follow_symlinks=False)
    return copies


def restore(studio: Studio, copies: Mapping[str, Path]) -> dict[str, str]:
    """Put kept copies back where they lay, never over anything; old paths to new ones."""
    back = {}
    for path, copy in copies.items():
        back[path] = atomic.publish(studio.root, path, read_file(copy))
        shutil.copystat(copy, studio.root / back[path], follow_symlinks=False)
    return back


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
