"""What a person does on the light table, and how each act is taken back."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from send2trash import send2trash

from hotfolder import critic
from hotfolder.errors import HotfolderError, printable, reason
from hotfolder.light.catalogue import Catalogue, Shown
from hotfolder.light.ratings import MAX_BYTES, rated
from hotfolder.studio import entries
from hotfolder.studio.layout import REJECTS, Studio
from hotfolder.studio.reading import read_file
from hotfolder.studio.store import judgements

_log = logging.getLogger(__name__)
Act = Literal["rate", "pick", "reject", "unmark", "delete"]
_TRIES = (False, False, True)  # is it the last? A daemon may move a picture at the same moment


@dataclass(slots=True)
class Change:
    """What an act did to one picture; `path` is where it lay before.

    `moves` maps old paths to new ones. `before` is what its sidecar said if that was changed.
    `copies` are kept of what was thrown away, a picture by this `recipe`.
    """

    id: int
    path: str
    moves: dict[str, str] = field(default_factory=dict)
    is_rated: bool = False
    before: bytes | None = None
    copies: dict[str, Path] = field(default_factory=dict)
    recipe: str = ""

    @property
    def has_changed(self) -> bool:
        """Whether there is anything to take back."""
        return bool(self.moves or self.is_rated or self.copies)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an act: the pictures it changed, and a sentence for each that it did not."""

    act: Act
    ids: tuple[int, ...]
    troubles: tuple[str, ...] = ()


class Acts:
    """The acts of one session, the last one on top. `kept` is a folder of this machine's."""

    def __init__(self, studio: Studio, catalogue: Catalogue, kept: Path) -> None:
        self._studio = studio
        self._catalogue = catalogue
        self._kept = kept
        self._guard = threading.Lock()
        self._done: list[tuple[Act, list[Change]]] = []
        self._count = 0
        shutil.rmtree(kept, ignore_errors=True)  # what an earlier session could have taken back

    def do(self, act: Act, ids: Iterable[int], stars: int = 0) -> Outcome:
        """Do one thing to some pictures; what fails for one is done to the others."""
        acts: Mapping[Act, Callable[[Shown, Change], None]] = {
            "rate": lambda shown, change: self._rate(shown, change, stars),
            "pick": lambda shown, change: self._move(shown, change, "seeds"),
            "reject": lambda shown, change: self._move(shown, change, REJECTS),
            "unmark": self._unmark,
            "delete": self._delete,
        }
        with self._guard:
            changes, troubles = [], []
            for id_ in dict.fromkeys(ids):
                try:
                    change = Change(id_, self._shown(id_).path)
                    changes.append(change)
                    with self._catalogue.acting:
                        self._try(change, acts[act])
                except (OSError, HotfolderError) as error:
                    troubles.append(self._trouble(id_, error))
            changes = [change for change in changes if change.has_changed]
            if changes:
                self._done.append((act, changes))
            return Outcome(act, tuple(change.id for change in changes), tuple(troubles))

    def undo(self) -> Outcome | None:
        """Take the last act back; None if there is none."""
        with self._guard:
            if not self._done:
                return None
            act, changes = self._done.pop()
            troubles, undone = [], []
            for change in reversed(changes):
                try:
                    with self._catalogue.acting:
                        self._take_back(change)
                    undone.append(change.id)
                except (OSError, HotfolderError) as error:
                    troubles.append(self._trouble(change.id, error))
            return Outcome(act, tuple(reversed(undone)), tuple(troubles))

    @property
    def depth(self) -> int:
        """How many acts can be taken back."""
        return len(self._done)

    def _try(self, change: Change, act: Callable[[Shown, Change], None]) -> None:
        """Do it, once more if the picture was moved just then."""
        for last in _TRIES:
            shown = self._shown(change.id)
            try:
                entries.lstat(str(self._studio.root / shown.path))
                act(shown, change)
            except FileNotFoundError:
                if last:
                    raise
                self._catalogue.refresh()
                continue
            moved = {path for pair in change.moves.items() for path in pair}
            self._catalogue.refresh({shown.path, f"{shown.path}.xmp", *moved})
            return

    def _rate(self, shown: Shown, change: Change, stars: int) -> None:
        if stars == shown.stars:
            return
        sidecar = judgements.rating(self._studio, shown.path)
        before = self._contents(sidecar) if sidecar else None
        sidecar = sidecar or f"{shown.path}.xmp"
        # A sidecar that only says no stars says nothing, unless the picture itself says some.
        ours = before in [None, *(rated(None, number) for number in range(-1, 6))]
        after = None if stars == 0 and ours and not shown.own else rated(before, stars)
        judgements.replace(self._studio, sidecar, after)
        change.before, change.is_rated = before, True
        self._catalogue.refresh({sidecar})

    def _move(self, shown: Shown, change: Change, folder: str) -> None:
        room = "rejected" if folder == REJECTS else folder
        if shown.room == "final":
            raise HotfolderError("only drafts are picked and rejected")
        if shown.room == room:
            return
        change.moves = judgements.move(self._studio, shown.path, folder)
        self._catalogue.moved(*next(iter(change.moves.items())))

    def _unmark(self, shown: Shown, change: Change) -> None:
        """No stars, and back into `drafts/`."""
        self._rate(shown, change, 0)
        if shown.room in ("seeds", "rejected"):
            self._move(shown, change, "drafts")

    def _delete(self, shown: Shown, change: Change) -> None:
        """Into the waste basket; where there is none, to the rejected drafts."""
        self._count += 1
        copies = judgements.keep(self._studio, shown.path, self._kept / str(self._count))
        try:
            send2trash([self._studio.root / path for path in copies])
        except OSError as error:
            _log.info("there is no recycle bin or trash for %s: %s", printable(shown.path), error)
            if not (self._studio.root / shown.path).exists():
                change.copies = copies  # the picture is thrown away, what lay beside it is not
            elif shown.room != "rejected":
                change.moves = judgements.move(self._studio, shown.path, REJECTS)
                self._catalogue.moved(*next(iter(change.moves.items())))
            else:
                raise HotfolderError("there is no recycle bin or trash here") from None
        else:
            change.copies = copies
        if change.copies:
            self._catalogue.threw_away(shown.path)
            self._say(change, shown.recipe, critic.threw_away)

    def _say(self, change: Change, recipe: str, said: Callable[[Studio, str, float], None]) -> None:
        """What a picture's way says of it. A disk that does not take it is no reason to fail."""
        change.recipe = recipe
        with suppress(OSError):
            if recipe:
                said(self._studio, recipe, time.time())

    def _take_back(self, change: Change) -> None:
        if change.copies:
            back = judgements.restore(self._studio, change.copies)
            self._say(change, change.recipe, critic.brought_back)
            self._catalogue.refresh(set(back.values()))
            shutil.rmtree(next(iter(change.copies.values())).parent, ignore_errors=True)
            return
        for last in _TRIES:
            with suppress(*([] if last else [FileNotFoundError])):
                self._put_back(change)
                return
            self._catalogue.refresh()

    def _put_back(self, change: Change) -> None:
        """Where it lay, and its sidecar as it was; a daemon may have moved both meanwhile."""
        shown = self._shown(change.id)
        entries.lstat(str(self._studio.root / shown.path))
        if change.is_rated:
            sidecar = judgements.rating(self._studio, shown.path)
            judgements.replace(self._studio, sidecar or f"{shown.path}.xmp", change.before)
            self._catalogue.refresh({f"{shown.path}.xmp"})
        if shown.path != change.path:
            here = {shown.path: change.path}
            for pattern, path in judgements.sidecars(self._studio, shown.path).items():
                here[path] = judgements.beside(pattern, change.path)
            back = judgements.move_back(self._studio, {old: new for new, old in here.items()})
            if shown.path not in back:
                raise FileNotFoundError(f"{shown.path} is no longer there")
            self._catalogue.moved(shown.path, back[shown.path])
            self._catalogue.refresh({*back, *back.values()})

    def _shown(self, id_: int) -> Shown:
        found = self._catalogue.shown([id_])
        if not found:
            raise HotfolderError("this picture is no longer there")
        return found[0]

    def _contents(self, sidecar: str) -> bytes | None:
        with suppress(FileNotFoundError):
            return read_file(self._studio.root / sidecar, MAX_BYTES, self._studio.root)
        return None

    def _trouble(self, id_: int, error: OSError | HotfolderError) -> str:
        shown = self._catalogue.shown([id_])
        says = reason(error) if isinstance(error, OSError) else str(error)
        return f"{printable(shown[0].path)}: {says}" if shown else says
