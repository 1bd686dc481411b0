"""All pictures of a studio in a small SQLite file: what lies where, what it shows, what was seen.

The folders are the truth; this is an index of them, in local state, for one process at a time. It
may be deleted at any time: then nothing counts as seen, and pictures are read again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from hotfolder.images.metadata import suffixes
from hotfolder.light import index_file
from hotfolder.light.portrait import VERSION, Facts, Portrait, Trouble
from hotfolder.light.ratings import rating_beside
from hotfolder.studio.layout import REJECTS
from hotfolder.studio.names import is_mask
from hotfolder.studio.reading import Reading
from hotfolder.studio.scan.listing import listing

_MOST_PATHS = 500  # of more, each would be compared with every picture
_STARS = "COALESCE(beside, own)"
_FACTS = (
    "version=?, digest=?, trouble='', width=?, height=?, hash=?, own=?, prompt=?, file=?, "
    "profile=?, recipe=?, source=?, seed=?, stack=NULL"
)


State = tuple[int, int, int, int]
"""inode, size, mtime and ctime in ns: a new ctime alone may be a star in an attribute."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture as a page shows it. Stars go from -1 for rejected to 5; `own` are in its file."""

    id: int
    path: str
    room: str
    version: int
    digest: bytes | None
    trouble: str
    width: int
    height: int
    stars: int
    own: int
    prompt: str
    file: str
    profile: str
    recipe: str
    source: str
    seed: str
    seen: int
    mtime: int


_SHOWN = (
    f"id, path, room, version, digest, trouble, width, height, {_STARS}, own, prompt, file, "
    "profile, recipe, source, seed, seen, mtime"
)


class Catalogue:
    """The index of one studio, from any thread.

    `acting` is held while files are moved and the index follows them, so that no look enters what
    it saw before.
    """

    def __init__(self, root: Path, file: Path) -> None:
        self.acting = threading.RLock()
        self._root = root
        self._guard = threading.RLock()
        self._base = index_file.opened(file)
        self._beside: dict[str, Reading] = {}
        self._missed: set[str] = set()
        query = "SELECT path, inode, size, mtime, ctime FROM picture WHERE there"
        self._known: dict[str, State] = {row[0]: row[1:] for row in self._base.execute(query)}

    def close(self) -> None:
        """Let go of the file."""
        with self._guard:
            self._base.close()

    # What the folders say

    @property
    def missed(self) -> set[str]:
        """The pictures that the last look did not find where they lay: it takes another one."""
        with self._guard:
            return set(self._missed)

    def refresh(self, paths: Collection[str] | None = None) -> bool:
        """Look at these paths, or everywhere; whether anything differs from the look before.

        A picture is gone when two looks in a row miss it: one that somebody moves while a look
        goes through the folders may be met neither where it lay nor where it lies.
        """
        paths = None if paths is not None and len(paths) > _MOST_PATHS else paths
        found = dict(listing(self._root) if paths is None else listing(self._root, paths))
        with self.acting:
            doubtful = self._differing(found, paths)
            if self._known:  # what was met may have been moved by an act since
                found = dict(listing(self._root, doubtful))
            with self._changes():
                return self._enter({path: found.get(path) for path in doubtful}, paths is None)

    def _differing(self, found: Mapping[str, Reading], paths: Collection[str] | None) -> set[str]:
        """The pictures and sidecars that a look met otherwise than the one before."""
        with self._guard:
            lost = self._within(self._known, paths) | self._within(self._beside, paths)
            lost -= found.keys()
            self._missed -= found.keys()
            pictures = {p for p, r in found.items() if _is_picture(p)}
            came = {p for p in pictures if self._known.get(p) != _state(found[p])}
            beside = {p for p, r in found.items() if _is_sidecar(p) and self._beside.get(p) != r}
        return came | beside | lost

    def _enter(self, found: Mapping[str, Reading | None], everywhere: bool) -> bool:
        """Note how files are now, None for one that is not there; whether that is news."""
        there = {path: _state(r) for path, r in found.items() if r and _is_picture(path)}
        came = {path: state for path, state in there.items() if self._known.get(path) != state}
        gone = self._take_in(came, self._known.keys() & found.keys() - there.keys())
        beside = {path: r for path, r in found.items() if _is_sidecar(path)}
        changed = {path for path, r in beside.items() if self._beside.get(path) != r}
        for path in changed:
            if (reading := beside[path]) is None:
                del self._beside[path]
            else:
                self._beside[path] = reading
        self._rate(picture for path in changed for picture in self._rated_by(path))
        self._rate(path for path in came if self._sidecar_of(path))
        bare = self._bare() if everywhere else []
        self._rate(bare)
        return bool(came or gone or changed or bare)

    def _bare(self) -> list[str]:
        """Pictures with stars of a sidecar that was taken away while nobody looked."""
        query = "SELECT path FROM picture WHERE there AND beside IS NOT NULL"
        return [path for (path,) in self._base.execute(query) if not self._sidecar_of(path)]

    def moved(self, old: str, new: str) -> None:
        """A picture has another path: it stays the same picture for whoever looks at it."""
        with self._changes():
            if old in self._known:
                self._follow(old, new)

    def threw_away(self, path: str) -> None:
        """A picture is gone; nobody needs to look twice."""
        with self._changes():
            self._lose(path)

    def _take_in(self, came: Mapping[str, State], gone: Collection[str]) -> set[str]:
        """Enter pictures; those that are gone for sure."""
        left = {self._known[path][:3]: path for path in {*self._missed, *gone}}
        query = "SELECT inode, size, mtime, path FROM picture WHERE NOT there"
        away = {row[:3]: row[3] for row in self._base.execute(query)} if came else {}
        rows, again = [], []
        for path, state in came.items():
            is_new = path not in self._known
            if is_new and (old := left.pop(state[:3], None) or away.pop(state[:3], None)):
                self._follow(old, path)
            elif is_new:
                rows.append((path, _room(path), *state))
            else:
                again.append((*state, path))
            self._known[path] = state
        self._base.executemany(
            "UPDATE picture SET inode=?, size=?, mtime=?, ctime=?, version=0 WHERE path=?", again
        )
        self._base.executemany(
            "INSERT INTO picture (path, room, inode, size, mtime, ctime) VALUES (?,?,?,?,?,?) "
            "ON CONFLICT (path) DO UPDATE SET there=1, beside=NULL, version=CASE WHEN "
            "(inode, size, mtime) = (excluded.inode, excluded.size, excluded.mtime) "
            "THEN version ELSE 0 END, inode=excluded.inode, size=excluded.size, "
            "mtime=excluded.mtime, ctime=excluded.ctime",
            rows,
        )
        gone = {path for path in gone if path in self._known}
        sure = gone & self._missed
        for path in sure:
            self._lose(path)
        self._missed |= gone - sure
        return sure

    def _lose(self, path: str) -> None:
        self._base.execute("UPDATE picture SET there=0 WHERE path=?", [path])
        self._known.pop(path, None)
        self._missed.discard(path)

    def _follow(self, old: str, new: str) -> None:
        # A look may have met it at its new place already. A move takes nobody's place.
        self._base.execute("DELETE FROM picture WHERE path=?", [new])
        update = "UPDATE picture SET path=?, room=?, there=1 WHERE path=?"
        self._base.execute(update, [new, _room(new), old])
        self._missed.discard(old)
        if (state := self._known.pop(old, None)) is not None:
            self._known[new] = state

    @staticmethod
    def _within(known: Mapping[str, object], paths: Collection[str] | None) -> set[str]:
        if paths is None:
            return set(known)
        below = tuple(f"{path}/" for path in paths)
        exact = {path for path in paths if path in known}
        return exact | ({path for path in known if path.startswith(below)} if below else set())

    def _rated_by(self, sidecar: str) -> Iterator[str]:
        """The picture that a sidecar rates: `name.png.xmp`, or `name.xmp` where that is clear."""
        stem = sidecar[: -len(".xmp")]
        if stem in self._known:
            yield stem
        else:
            places = [stem + end for ending in suffixes() for end in (ending, ending.upper())]
            there = [place for place in places if place in self._known]
            yield from there if len(there) == 1 else ()

    def _sidecar_of(self, picture: str) -> str | None:
        stem = picture.rpartition(".")[0]
        for path in (f"{picture}.xmp", f"{stem}.xmp"):
            if path in self._beside and picture in self._rated_by(path):
                return path
        return None

    def _rate(self, pictures: Iterable[str]) -> None:
        for path in set(pictures):
            sidecar = self._sidecar_of(path)
            stars = rating_beside(self._root, sidecar) if sidecar else None
            self._base.execute("UPDATE picture SET beside=? WHERE path=?", [stars, path])

    # What pictures show

    def unread(self, most: int) -> list[tuple[int, str]]:
        """(id, path) of the newest pictures without a portrait."""
        query = "SELECT id, path FROM picture WHERE there AND version <> ? ORDER BY mtime DESC"
        with self._guard:
            return self._base.execute(f"{query} LIMIT {most}", [VERSION]).fetchall()

    def describe(self, portraits: Mapping[int, Portrait | Trouble]) -> None:
        """Enter what was found out about some pictures."""
        with self._changes():
            for id_, portrait in portraits.items():
                if isinstance(portrait, Trouble):
                    update = "UPDATE picture SET version=?, trouble=? WHERE id=?"
                    self._base.execute(update, [VERSION, portrait.says, id_])
                else:
                    self._describe(id_, portrait.digest, portrait.facts)

    def _describe(self, id_: int, digest: bytes, facts: Facts) -> None:
        f = facts
        row = [VERSION, digest, f.width, f.height, f.hash, f.stars, f.prompt, f.file, f.profile]
        row += [f.recipe, f.source, "" if f.seed is None else str(f.seed)]
        self._base.execute(f"UPDATE picture SET {_FACTS} WHERE id=?", [*row, id_])
        self._base.execute("DELETE FROM value WHERE picture=?", [id_])
        rows = [(id_, name, text) for name, text in f.values]
        self._base.executemany("INSERT INTO value VALUES (?, ?, ?)", rows)

    def unstacked(self, most: int) -> list[tuple[int, int]]:
        """(id, perceptual hash) of the oldest pictures that lie on no stack yet."""
        return self._hashes("stack IS NULL", f"LIMIT {most}")

    def tops(self) -> list[tuple[int, int]]:
        """(id, perceptual hash) of the pictures on top of stacks, the oldest first."""
        return self._hashes("stack = id", "")

    def _hashes(self, which: str, limit: str) -> list[tuple[int, int]]:
        where = f"there AND hash IS NOT NULL AND {which}"
        rows = self.rows(f"SELECT id, hash FROM picture WHERE {where} ORDER BY mtime, id {limit}")
        return [(row[0], row[1]) for row in rows]

    def score(self, scores: Mapping[str, float]) -> None:
        """Note how much the owner will like pictures, by their paths: from 0 to 1.

        The scores of all others are forgotten.
        """
        with self._changes():
            self._base.execute("UPDATE picture SET score=NULL WHERE score IS NOT NULL")
            rows = [(score, path) for path, score in scores.items()]
            self._base.executemany("UPDATE picture SET score=? WHERE path=?", rows)

    def stack_within(self, bits: int) -> bool:
        """Stacks are for pictures that differ in so many bits: others are taken apart, if any."""
        known = self.rows("SELECT within FROM stacked")
        if known == [(bits,)]:
            return False
        with self._changes():
            if known:
                self._base.execute("UPDATE picture SET stack=NULL")
            self._base.execute("DELETE FROM stacked")
            self._base.execute("INSERT INTO stacked VALUES (?)", [bits])
        return bool(known)

    def stack(self, tops: Mapping[int, int]) -> None:
        """Note on which picture's stack each of these lies."""
        with self._changes():
            update = "UPDATE picture SET stack=? WHERE id=?"
            self._base.executemany(update, [(top, id_) for id_, top in tops.items()])

    # What people ask

    def rows(self, query: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """The answer to a query that `views` wrote."""
        with self._guard:
            return self._base.execute(query, tuple(values)).fetchall()

    def shown(self, ids: Iterable[int]) -> list[Shown]:
        """These pictures, where they are known, in any order."""
        wanted = ",".join(str(int(id_)) for id_ in ids)
        rows = self.rows(f"SELECT {_SHOWN} FROM picture WHERE there AND id IN ({wanted})")
        return [Shown(*row) for row in rows]

    def at(self, path: str) -> Shown | None:
        """The picture at a path."""
        rows = self.rows(f"SELECT {_SHOWN} FROM picture WHERE there AND path=?", [path])
        return Shown(*rows[0]) if rows else None

    def relatives(self, recipes: Sequence[str]) -> list[Shown]:
        """The pictures of these recipes, and all that were made from them, oldest first."""
        ids = list(recipes)
        places = ",".join("?" * len(ids))
        where = f"there AND (recipe IN ({places}) OR source IN ({places}))"
        rows = self.rows(f"SELECT {_SHOWN} FROM picture WHERE {where} ORDER BY mtime", ids * 2)
        return [Shown(*row) for row in rows]

    def saw(self, ids: Iterable[int]) -> None:
        """These pictures were looked at; the first time counts."""
        with self._changes():
            update = "UPDATE picture SET seen=? WHERE id=? AND NOT seen"
            self._base.executemany(update, [(int(time.time()), int(id_)) for id_ in ids])

    @contextmanager
    def _changes(self) -> Iterator[None]:
        """One transaction: all of it or nothing."""
        with self._guard, self._base:
            self._base.execute("BEGIN")
            yield


def _state(reading: Reading) -> State:
    return reading.inode, reading.size, reading.mtime_ns, reading.ctime_ns


def _is_picture(path: str) -> bool:
    return path.lower().endswith(tuple(suffixes())) and not is_mask(path)


def _is_sidecar(path: str) -> bool:
    return path.lower().endswith(".xmp")


def _room(path: str) -> str:
    return "rejected" if path.startswith(f"{REJECTS}/") else path.partition("/")[0]


def builtins(shown: Shown) -> dict[str, Any]:
    """A picture for JSON."""
    found: dict[str, Any] = msgspec.to_builtins(shown)
    found["digest"] = shown.digest.hex() if shown.digest else ""
    return found
