"""Pictures that two machines made, since they could not hear of each other: one of them goes.

Which one stays follows from where they lie and what they are, so that every machine says the same
and nobody has to ask. A machine takes back only what it made itself, in local state it has the hash
of every byte, and only while that lies in `drafts/` or `final/` as it was made, without a mark. So
nobody can make it delete anything else by what he writes into a studio.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePosixPath

from hotfolder.errors import PictureError
from hotfolder.images import metadata, recipe_text
from hotfolder.recipes.record import Record
from hotfolder.stars import detectors
from hotfolder.studio import beneath
from hotfolder.studio.layout import Studio
from hotfolder.studio.names import is_conflict
from hotfolder.studio.reading import MAX_PICTURE_BYTES, Reading
from hotfolder.studio.store import local

_MOST_KEPT = 20_000
_NAMED = re.compile(r"-([0-9a-f]{8})(?![0-9a-f])")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Lying:
    """A picture by whatever machine: where it lies, its state, its record, its bytes' hash."""

    path: str
    reading: Reading
    record: Record
    sha256: str

    @property
    def place(self) -> tuple[bool, bool, str]:
        """The smallest one stays: a pick, then what no sync program calls a conflict."""
        return not self.path.startswith("seeds/"), is_conflict(self.path), self.sha256


def keep(studio: Studio, recipe_id: str, data: bytes) -> None:
    """Remember that this machine has just published these bytes."""
    line = json.dumps([recipe_id, hashlib.sha256(data).hexdigest()]).encode("ascii")
    try:
        file = local.folder(studio.root) / "published.jsonl"
        local.make_folder(file.parent)
        with local.opened(file, "ab") as stream:
            stream.write(line + b"\n")
    except OSError as error:
        _log.warning("that %s was made here could not be saved: %s", recipe_id[:8], error)


class Twins:
    """Finds them among what lies there."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._file = local.folder(studio.root) / "published.jsonl"
        self._read_to = 0
        self._own: dict[str, dict[str, str]] = defaultdict(dict)  # by the start of the recipe's id
        self._seen: dict[str, frozenset[tuple[str, Reading | None]]] = {}

    def take_back(self, lying: Iterable[str], marked: Collection[str]) -> Iterator[tuple[str, str]]:
        """Remove this machine's twins of pictures that are to stay: (its path, what stays).

        `lying` are the paths in `drafts/`, `seeds/` and `final/`, `marked` those with marks.
        """
        self._learn()
        groups: dict[str, list[str]] = defaultdict(list)
        for path in chain(lying, beneath.files(self._studio.root, "final")):
            found = _NAMED.search(path.rpartition("/")[2])
            if found and found[1] in self._own:
                groups[found[1]].append(path)
        for digits, paths in groups.items():
            if len(paths) > 1 and self._is_news(digits, paths):
                yield from self._among(self._own[digits], paths, marked)

    def _is_news(self, digits: str, paths: list[str]) -> bool:
        """Whether these files are others than when they were last compared."""
        statuses = ((path, beneath.status(self._studio.root, path)) for path in paths)
        now = frozenset((path, Reading.of(found) if found else None) for path, found in statuses)
        before, self._seen[digits] = self._seen.get(digits), now
        return now != before

    def _among(
        self, own: dict[str, str], paths: list[str], marked: Collection[str]
    ) -> Iterator[tuple[str, str]]:
        same: dict[str, list[_Lying]] = defaultdict(list)
        for path in paths:
            with suppress(OSError, PictureError):
                recipe, found = self._picture(path)
                same[recipe].append(found)
        for recipe, pictures in same.items():
            for one in (p for p in pictures if p.sha256 == own.get(recipe)):
                # A copy that somebody made of it has its record, and is no twin.
                twins = [p for p in pictures if p.record != one.record and p.place < one.place]
                if twins and self._may_go(one, marked):
                    beneath.unlink(self._studio.root, one.path)
                    yield one.path, min(twins, key=lambda twin: twin.place).path

    def _may_go(self, one: _Lying, marked: Collection[str]) -> bool:
        """Whether nobody has done anything with it, and it is still the file that was read."""
        root = self._studio.root
        if not one.path.startswith(("drafts/", "final/")) or one.path in marked:
            return False
        if any(beneath.is_file(root, sidecar) for sidecar in detectors.sidecars(one.path)):
            return False
        status = beneath.status(root, one.path)
        return status is not None and Reading.of(status) == one.reading

    def _picture(self, path: str) -> tuple[str, _Lying]:
        """The id of a picture's recipe, and the picture; raises PictureError without one."""
        status = beneath.status(self._studio.root, path)
        if status is None or PurePosixPath(path).suffix.lower() not in metadata.suffixes():
            raise PictureError(f"{path} is no picture")
        data = beneath.read(self._studio.root, path, MAX_PICTURE_BYTES)
        ours = recipe_text.find(metadata.read(data))
        if ours is None:
            raise PictureError(f"{path} carries no recipe")
        digest = hashlib.sha256(data).hexdigest()
        return ours.recipe.id, _Lying(path, Reading.of(status), ours.record, digest)

    def _learn(self) -> None:
        """Take in what was published since the last call; of very many the last."""
        try:
            with self._file.open("rb") as stream:
                stream.seek(self._read_to)
                lines = stream.read().splitlines(keepends=True)
        except OSError:
            return
        for line in lines[-_MOST_KEPT:]:
            with suppress(ValueError):
                recipe, digest = json.loads(line)
                self._own[recipe[:8]][recipe] = digest
        self._read_to += sum(len(line) for line in lines if line.endswith(b"\n"))
