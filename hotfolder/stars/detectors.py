"""All detectors of this package, asked together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import PurePosixPath
from types import ModuleType

from hotfolder import stars
from hotfolder.modules import modules_of
from hotfolder.stars.mark import DraftFile, Mark

Found = Mapping[tuple[str, str], Mark]
"""Marks by the detector's name and the place of the mark."""


def marks(draft: DraftFile) -> Found:
    """What the detectors find.

    A place that says 0 stars is as good as one that says nothing.
    """
    return {
        (name, mark.where): mark
        for name, detector in _detectors().items()
        for mark in detector.marks(draft)
        if mark
    }


def names() -> tuple[str, ...]:
    """The names by which the owner can switch detectors off."""
    return tuple(_detectors())


@cache
def patterns() -> tuple[str, ...]:
    """How the files beside pictures are called that detectors read.

    `{name}` stands for the picture's name, `{stem}` for that without its ending.
    """
    found = (getattr(module, "SIDECARS", ()) for module in _detectors().values())
    return tuple(dict.fromkeys(pattern for some in found for pattern in some))


def spellings(pattern: str) -> tuple[str, ...]:
    """A pattern, and how cameras and other systems write its ending: `.XMP` for `.xmp`."""
    if not pattern.endswith("}.xmp"):
        return (pattern,)
    return (pattern, *(pattern.removesuffix(".xmp") + end for end in (".XMP", ".Xmp")))


def sidecar(pattern: str, picture: str) -> str:
    """The path of a picture's sidecar of this pattern."""
    path = PurePosixPath(picture)
    return str(path.parent / pattern.format(name=path.name, stem=path.stem))


def sidecars(picture: str) -> Iterator[str]:
    """All paths at which a picture may have sidecars."""
    return (sidecar(spelled, picture) for known in patterns() for spelled in spellings(known))


@cache
def folders() -> frozenset[str]:
    """The names of the folders in which sidecars lie that do not lie beside their pictures."""
    return frozenset(pattern.rpartition("/")[0] for pattern in patterns()) - {""}


def pictures(sidecar: str, suffixes: frozenset[str]) -> Iterator[tuple[str, ...]]:
    """Where the picture may lie whose sidecar this is; nothing if the path is no sidecar's.

    One group of places for each pattern that fits: if there are pictures at several places of a
    group, the sidecar is nobody's. `suffixes` are the endings that pictures have.
    """
    for pattern in patterns():
        if match := _shape(pattern).fullmatch(sidecar):
            place = match["home"] + match["picture"]
            if "{stem}" in pattern:
                yield tuple(place + end for end in (*suffixes, *map(str.upper, suffixes)))
            elif place.lower().endswith(tuple(suffixes)):
                yield (place,)


@cache
def _shape(pattern: str) -> re.Pattern[str]:
    below = re.sub(r"\\{(name|stem)\\}", "(?P<picture>[^/]+)", re.escape(pattern))
    below = below.removesuffix(r"\.xmp") + r"\.(?i:xmp)" if below.endswith(r"\.xmp") else below
    return re.compile(f"(?P<home>.*/){below}", re.DOTALL)


@cache
def _detectors() -> Mapping[str, ModuleType]:
    others = (named for named in modules_of(stars).items() if named[0] != "detectors")
    return {name: module for name, module in others if hasattr(module, "marks")}
