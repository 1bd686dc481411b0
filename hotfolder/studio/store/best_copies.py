"""Copies of the best drafts in `drafts/best/`, named so that every program shows them in order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from hotfolder.errors import PictureError
from hotfolder.studio import beneath
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import MAX_PICTURE_BYTES
from hotfolder.studio.store import atomic

BEST = "drafts/best"
_NUMBERED = re.compile(r"\d+ (.+)")


def lay_out(studio: Studio, drafts: Sequence[str]) -> list[str]:
    """Copy these drafts, the best first; returns where the copies lie.

    Earlier copies go first, as far as they are nothing but copies: same bytes as a draft of that
    name. Raises OSError.
    """
    for copy in list(_mere_copies(studio)):
        beneath.unlink(studio.root, copy)
    beneath.make_folder(studio.root, BEST)
    width, copies = len(str(len(drafts))), []
    for number, draft in enumerate(drafts, 1):
        data = beneath.read(studio.root, draft, MAX_PICTURE_BYTES)
        name = f"{BEST}/{number:0{width}} {PurePosixPath(draft).name}"
        copied = atomic.publish(studio.root, name, data)
        beneath.copy_attributes(studio.root, draft, studio.root, copied)
        copies.append(copied)
    return copies


def _mere_copies(studio: Studio) -> Iterator[str]:
    originals: dict[str, str] = {}
    copies: dict[str, str] = {}
    for path in beneath.files(studio.root, "drafts"):
        name = PurePosixPath(path).name
        if not path.startswith(f"{BEST}/"):
            originals[name] = path
        elif match := _NUMBERED.fullmatch(name):
            copies[path] = match[1]
    for copy, name in copies.items():
        data = _bytes(studio, copy)
        if data is not None and name in originals and data == _bytes(studio, originals[name]):
            yield copy


def _bytes(studio: Studio, path: str) -> bytes | None:
    try:
        return beneath.read(studio.root, path, MAX_PICTURE_BYTES)
    except (OSError, PictureError):
        return None
