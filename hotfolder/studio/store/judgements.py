"""What a person does to pictures, done for them: move, rate, throw away; and each of it undone."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from hotfolder.images.metadata import suffixes
from hotfolder.stars import detectors
from hotfolder.studio import beneath
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import MAX_PICTURE_BYTES, read_file
from hotfolder.studio.store import atomic, local

RATING = "{name}.xmp"
"""How the sidecar is called in which most programs keep a picture's rating."""


def move(studio: Studio, path: str, folder: str) -> dict[str, str]:
    """Move a picture and its sidecars into a folder of the studio; old paths to new ones.

    The picture is the first of them. Raises OSError.
    """
    beside = sidecars(studio, path)
    for to in atomic.candidates(f"{folder}/{PurePosixPath(path).name}"):
        moves = {path: to}
        moves |= {old: detectors.sidecar(pattern, to) for pattern, old in beside.items()}
        if not any(beneath.status(studio.root, target) for target in moves.values()):
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
    """The sidecars that belong to a picture and no other: pattern, as it is spelled, to path."""
    found = {}
    for known in detectors.patterns():
        spelled = ((one, detectors.sidecar(one, path)) for one in detectors.spellings(known))
        there_is = ((one, file) for one, file in spelled if beneath.is_file(studio.root, file))
        pattern, sidecar = next(there_is, ("", ""))
        if not sidecar:
            continue
        groups = detectors.pictures(sidecar, suffixes())
        there = [[p for p in group if beneath.is_file(studio.root, p)] for group in groups]
        if [path] in there and next(filter(None, there)) == [path]:
            found[pattern] = sidecar
    return found


def rating(studio: Studio, path: str) -> str | None:
    """The sidecar in which programs keep a picture's rating, however its ending is spelled."""
    found = sidecars(studio, path)
    return next((found[one] for one in detectors.spellings(RATING) if one in found), None)


def beside(pattern: str, picture: str) -> str:
    """Where a picture's sidecar of this pattern lies."""
    return detectors.sidecar(pattern, picture)


def replace(studio: Studio, path: str, data: bytes | None) -> None:
    """Give a sidecar other contents, whole or not at all; None: there is none. Raises OSError."""
    if data is None:
        beneath.unlink(studio.root, path)
        return
    with atomic.written(studio.root, path, data) as temporary:
        beneath.replace(studio.root, temporary, path)
    beneath.sync_folder(studio.root, PurePosixPath(path).parent.as_posix())


def keep(studio: Studio, path: str, folder: Path) -> dict[str, Path]:
    """Copies of a picture and its sidecars in a folder of this machine: path to copy."""
    local.make_folder(folder)
    copies = {}
    for number, name in enumerate((path, *sidecars(studio, path).values())):
        copies[name] = folder / f"{number}{PurePosixPath(name).suffix}"
        data = beneath.read(studio.root, name, MAX_PICTURE_BYTES)
        beneath.create(folder, copies[name].name, data)
        beneath.copy_attributes(studio.root, name, folder, copies[name].name)
    return copies


def restore(studio: Studio, copies: Mapping[str, Path]) -> dict[str, str]:
    """Put kept copies back where they lay, never over anything; old paths to new ones."""
    back = {}
    for path, copy in copies.items():
        back[path] = atomic.publish(studio.root, path, read_file(copy))
        beneath.copy_attributes(copy.parent, copy.name, studio.root, back[path])
    return back
