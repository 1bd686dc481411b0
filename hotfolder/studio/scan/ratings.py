"""The marks on drafts and picked pictures: what they said at first sight, and what they say now."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from hotfolder.errors import PictureError
from hotfolder.images import metadata
from hotfolder.images.metadata import Metadata
from hotfolder.images.metadata import suffixes as picture_suffixes
from hotfolder.recipes.refine import key
from hotfolder.recipes.settings import Settings, Stars
from hotfolder.snapshot import Starred
from hotfolder.stars import detectors
from hotfolder.stars.detectors import Found
from hotfolder.stars.mark import REJECTED, DraftFile, together
from hotfolder.studio.layout import REJECTS
from hotfolder.studio.names import AT_WORK, is_mask, is_temporary
from hotfolder.studio.reading import Reading, read_file
from hotfolder.studio.scan.apart import Apart
from hotfolder.studio.scan.attributes import attributes
from hotfolder.studio.scan.portraits import Portraits
from hotfolder.studio.scan.settle import Settling
from hotfolder.studio.scan.tree import Tree

_MAX_SIDECAR_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Sighting:
    """A picture's marks.

    `now` is what they say; `last` are those of them that changed when any did for the last time.
    `changed` says that this was seen to happen: at first sight nobody knows when a mark was set.
    `key` is what makes the picture the same one wherever it lies, once its marks ask for something
    and it was identified; empty for one that cannot be.
    """

    now: Found = field(default_factory=dict)
    last: Found = field(default_factory=dict)
    changed: bool = False
    key: str | None = None

    def then(self, now: Found) -> Sighting:
        """The next sighting of the same picture, when its marks are `now`."""
        if now == self.now:
            return self
        last = {place: mark for place, mark in now.items() if self.now.get(place) != mark}
        return Sighting(now, last, changed=True)

    def stars(self, settings: Stars) -> int:
        """The rating, from -1 for rejected to 5, as the owner's settings understand the marks.

        A program that takes a star away leaves alone what others wrote elsewhere. So the marks
        that changed last decide, but any rejection outweighs all.
        """

        def rating(found: Found) -> int:
            marks = [mark for (kind, _), mark in found.items() if kind not in settings.ignore]
            return together(marks, settings.least, settings.tags)

        return REJECTED if rating(self.now) == REJECTED else rating(self.last)


_UNMARKED = Sighting()
Wish = Literal["starred", "rejected", "unstarred"]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What marks ask for: drafts to pick, drafts to reject, seed images that lost their star."""

    starred: list[Starred] = field(default_factory=list)
    rejected: list[Starred] = field(default_factory=list)
    unstarred: list[Starred] = field(default_factory=list)


class Marks:
    """What is marked in `drafts/` and `seeds/`, as far as it was read and has settled.

    Nearly all pictures never carry a mark; they share one sighting, so that very many cost little.
    `beside` are the files there that are no pictures, `unreadable` the pictures whose marks could
    not be read.
    """

    def __init__(
        self, root: Path, tree: Tree, settling: Settling, portraits: Portraits, apart: Apart
    ) -> None:
        self.beside: set[str] = set()
        self.unreadable: set[str] = set()
        self._root = root
        self._tree = tree
        self._settling = settling
        self._portraits = portraits
        self._apart = apart
        self._sightings: dict[str, Sighting] = {}
        self._asking: set[str] = set()
        self._starred: dict[str, Starred] = {}
        self._apart_found: dict[str, tuple[object, Found]] = {}

    def read(self, picture: str, settings: Settings) -> bool:
        """Look at a picture's marks again; whether it has any.

        Where they ask for something, it is identified. Not while it or a file beside it changes:
        when that has settled, this is asked again.
        """
        before = self._sightings.get(picture)
        if self._settling.is_pending(picture) or picture in self.held():
            return bool(before and before.now)
        now = self._found(picture)
        if now is None:  # so nothing is known that is new
            return bool(before and before.now)
        if before is None:
            sighting = Sighting(now, now) if now else _UNMARKED
        else:
            sighting = before.then(now)
        self._sightings[picture] = sighting
        self._starred.pop(picture, None)
        if sighting.changed or (now and picture.startswith("drafts/")):
            self._asking.add(picture)
        self.identify(picture, settings)
        return bool(now)

    def identify(self, picture: str, settings: Settings) -> None:
        """Find out which picture it is, if its marks ask for something."""
        reading = self._tree.reading(picture)
        if picture not in self._asking or reading is None:
            return
        sighting = self._sightings[picture]
        if self._wish_of(picture, settings.stars) is None:
            return
        try:
            found = key(self._portraits.of(picture, reading, settings.limits).source)
        except (PictureError, OSError):
            found = ""
        self._sightings[picture] = replace(sighting, key=found)

    def unidentified(self, settings: Stars) -> list[str]:
        """Pictures whose marks ask for something now, as they did not when they were read."""
        return [
            path
            for path in self._asking
            if self._sightings[path].key is None and self._wish_of(path, settings)
        ]

    def has_read(self, picture: str) -> bool:
        """Whether a picture could be read, and neither it nor a file beside it changes now."""
        waits = self._settling.is_pending(picture) or picture in self.held()
        return picture in self._sightings and picture not in self.unreadable and not waits

    def take_for_unmarked(self, picture: str) -> bool:
        """Believe that a picture's own file has no marks; False where there is more to look at."""
        if picture in self._sightings or (self.beside and self.sidecars(picture)):
            return False
        self._sightings[picture] = _UNMARKED
        return True

    def forget(self, path: str) -> None:
        """A picture, or a file beside one, is gone."""
        self.unreadable.discard(path)
        self.beside.discard(path)
        self._asking.discard(path)
        self._sightings.pop(path, None)
        self._starred.pop(path, None)
        self._apart_found.pop(path, None)

    def served(self, picture: str) -> None:
        """What a picture's marks ask for is done: only another change of them asks again."""
        if picture in self._sightings:
            self._sightings[picture] = replace(self._sightings[picture], changed=False)
            self._starred.pop(picture, None)

    def stars(self, picture: str, settings: Stars) -> int:
        """A picture's rating, from -1 for rejected to 5; 0 for one without marks."""
        return self._sightings.get(picture, _UNMARKED).stars(settings)

    def marked_drafts(self) -> set[str]:
        """The drafts that carry a mark, or have just lost one."""
        return {path for path in self._asking if path.startswith("drafts/")}

    def held(self) -> set[str]:
        """The pictures that have a file beside them that has yet to settle."""
        changing = filter(self._settling.is_pending, self.beside)
        return {picture for picture in map(self.picture_of, changing) if picture}

    def wishes(self, settings: Stars) -> Wishes:
        """What the marks ask for that have settled."""
        wishes, held = Wishes(), self.held()
        asked: dict[Wish, list[Starred]] = {
            "starred": wishes.starred,
            "rejected": wishes.rejected,
            "unstarred": wishes.unstarred,
        }
        for path in sorted(self._asking - held):
            if self._settling.is_pending(path):
                continue
            wish, known = self._wish_of(path, settings), self._sightings[path].key
            if wish and known is not None:
                asked[wish].append(self._starring(path, known))
        return wishes

    def _wish_of(self, path: str, settings: Stars) -> Wish | None:
        """What the marks of a picture ask for."""
        stars = self.stars(path, settings)
        if not path.startswith("drafts/"):
            is_less = stars < settings.least and self._sightings[path].changed
            return "unstarred" if is_less else None
        if stars >= settings.least:
            return "starred"
        is_rejected = stars == REJECTED and not path.startswith(f"{REJECTS}/")
        return "rejected" if is_rejected else None

    def picture_of(self, path: str) -> str | None:
        """The picture that a file beside it belongs to; None if there is none, or more than one."""
        groups = detectors.pictures(path, picture_suffixes())
        at_work = (path.removesuffix(AT_WORK),) if path.endswith(AT_WORK) else ()
        for places in (at_work, *groups):
            there = [place for place in places if self._tree.reading(place)]
            if len(there) == 1:
                return there[0]
        return None

    def _starring(self, path: str, key: str) -> Starred:
        if path not in self._starred:
            changed = self._sightings[path].changed
            self._starred[path] = Starred(path, key, changed, self.sidecars(path))
        return self._starred[path]

    def sidecars(self, picture: str) -> dict[str, str]:
        """The sidecars of a picture that are there: pattern, as it is spelled there, to path."""
        found: dict[str, str] = {}
        if not self.beside:
            return found  # as of most drafts: asking for each name takes longer than reading
        for pattern in detectors.patterns():
            for spelled in detectors.spellings(pattern):
                path = detectors.sidecar(spelled, picture)
                if self._tree.reading(path) and self.picture_of(path) == picture:
                    found[spelled] = path
                    break  # where case does not count, another spelling is the same file
        return found

    def _found(self, path: str) -> Found | None:
        """What detectors find on a picture; None for one that cannot be read now."""
        self.unreadable.discard(path)
        sidecars, reading = self.sidecars(path), self._tree.reading(path)
        try:
            if reading and self._apart.is_suspect(path):
                return self._found_apart(path, reading, sidecars)
            contents = self._portraits.open(path).contents
        except OSError:  # it may be gone, or the whole studio for a moment: a look will tell
            self.unreadable.add(path)
            return None
        except PictureError:
            contents = None  # it is not a regular file
        return _marks(self._root, path, sidecars, contents)

    def _found_apart(self, path: str, reading: Reading, sidecars: Mapping[str, str]) -> Found:
        """The same of a picture that is read elsewhere: once in each state of its files."""
        state = reading, {place: self._tree.reading(file) for place, file in sidecars.items()}
        known = self._apart_found.get(path)
        if known is None or known[0] != state:
            found = self._apart.read(path, reading, marks, self._root, path, sidecars)
            known = self._apart_found[path] = state, found
        return known[1]


def marks(root: Path, path: str, sidecars: Mapping[str, str]) -> Found:
    """What detectors find on a picture with these sidecars. Raises OSError and PictureError."""
    data = read_file(root / path, below=root)
    try:
        contents = metadata.read(data)
    except PictureError:
        contents = None
    return _marks(root, path, sidecars, contents)


def _marks(root: Path, path: str, sidecars: Mapping[str, str], contents: Metadata | None) -> Found:
    beside = {}
    for pattern, sidecar in sidecars.items():
        with suppress(PictureError, OSError):
            beside[pattern] = read_file(root / sidecar, _MAX_SIDECAR_BYTES, root)
    return detectors.marks(DraftFile(path, contents, beside, dict(attributes(root / path))))


def is_picture(path: str) -> bool:
    """Whether a file in `drafts/` or `seeds/` is a picture by its name."""
    name = path.rpartition("/")[2]  # asked of each of very many: no path is made of it
    before, dot, suffix = name.rpartition(".")
    if not before or f"{dot}{suffix.lower()}" not in picture_suffixes():
        return False
    return not is_mask(path) and not is_temporary(name)
