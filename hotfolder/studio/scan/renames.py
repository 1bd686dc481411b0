"""Pictures that lie elsewhere than before and were only renamed: they need not settle again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from hotfolder.stars import detectors
from hotfolder.studio.reading import Reading
from hotfolder.studio.scan import captions
from hotfolder.studio.scan.ratings import is_picture
from hotfolder.studio.scan.tree import Changes, Tree

File = tuple[int, int, int, int]
_ROOMS = ("drafts/", "seeds/")


@dataclass(slots=True)
class Renames:
    """Recognises settled pictures of `drafts/` and `seeds/` by `Reading.file` where they lie now.

    A rename changes the ctime, and so does a program that rates a picture and puts its mtime back:
    so a file that is recognised need not settle, but whoever needs its pixels looks at them again.
    Pictures with files beside them settle as ever: those may say more, and come later.

    `has_settled` says of a path that it was whole where it lay.
    """

    tree: Tree
    has_settled: Callable[[str], bool]
    _left: dict[File, tuple[Reading, float]] = field(default_factory=dict)

    def among(self, changes: Changes, now_s: float, quiet_s: float) -> dict[str, Reading]:
        """The pictures that were only renamed, each with its last reading from before.

        A picture that has gone is known for as long as it would take to settle.
        """
        fresh = {f: left for f, left in self._left.items() if now_s - left[1] < quiet_s}
        for path in changes.gone:
            if self._was_alone(path, changes):
                fresh[changes.last[path].file] = (changes.last[path], now_s)
        self._left = fresh
        came: dict[str, Reading] = {}
        for path in changes.changed:
            if (reading := self.tree.reading(path)) and self._is_alone(path):
                came[path] = reading
        left = {path: self._left.pop(at.file)[0] for path, at in came.items() if at.file in fresh}
        return left | self._still_seen({p: at for p, at in came.items() if p not in left})

    def _still_seen(self, came: Mapping[str, Reading]) -> dict[str, Reading]:
        """Those in `seeds/` that are drafts whose going nobody has noticed yet, or links."""
        wanted = {at.inode: path for path, at in came.items() if path.startswith("seeds/")}
        wanted.pop(0, None)  # of file systems that have none
        found: dict[str, Reading] = {}
        for draft, at in self.tree.rooms["drafts"].items() if wanted else ():
            path = wanted.get(at.inode)
            if path and at.file == came[path].file and self._was_alone(draft, Changes()):
                found[path] = at
        return found

    def _was_alone(self, path: str, changes: Changes) -> bool:
        left_with_it = changes.last.keys() & set(_beside(path))
        return self._is_alone(path) and self.has_settled(path) and not left_with_it

    def _is_alone(self, path: str) -> bool:
        """Whether this is a picture with nothing beside it."""
        is_marked = path.startswith(_ROOMS) and is_picture(path)
        return is_marked and not any(map(self.tree.reading, _beside(path)))


def _beside(path: str) -> Iterator[str]:
    """Where files may lie that say more of a picture."""
    yield from detectors.sidecars(path)
    yield from captions.paths(path)
