"""A plain model of the light table: lists and dictionaries, as a person would explain it."""

from __future__ import annotations

from dataclasses import dataclass, field

KEYS = (
    *("ArrowLeft", "ArrowRight", "ArrowRight", " ", "Home", "End", "Shift+ArrowRight"),
    *("Shift+ArrowLeft", "Shift+End", "Escape"),
    *("0", "1", "3", "5", "p", "x", "u", "Delete", "p", "x", "u", "Delete"),
    *("Ctrl+z", "Ctrl+z", "Ctrl+z"),
)
_SHOWN = ("drafts", "seeds")  # what lies on the light table
_GOES_TO = {"p": "seeds", "x": "rejected", "u": "drafts"}


@dataclass
class Model:
    """`order` is what the grid shows. The whole truth is `room` and `stars`."""

    order: list[int]
    room: dict[int, str]
    current: int | None
    stars: dict[int, int] = field(default_factory=dict)
    selected: list[int] = field(default_factory=list)
    done: list[tuple[list[int], dict[int, str], dict[int, int]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._all = list(self.order)
        self.stars = dict.fromkeys(self.room, 0)
        self.anchor = self.current
        self.selected = [] if self.current is None else [self.current]

    @property
    def depth(self) -> int:
        """How many acts can be taken back."""
        return len(self.done)

    def marks(self) -> dict[int, tuple[str, int]]:
        """Where each picture that is there lies, and its stars."""
        return {id_: (room, self.stars[id_]) for id_, room in self.room.items() if room != "gone"}

    def press(self, key: str) -> None:
        """What a key does."""
        if key == "Ctrl+z":
            self._undo()
        elif key == "Escape":
            self._select(self.current)
        elif key in _GOES_TO or key == "Delete" or key in "012345":
            self._act(key)
        else:
            self._move(key.removeprefix("Shift+"), key.startswith("Shift+"))

    def _move(self, key: str, extend: bool) -> None:
        if not self.order:
            return
        last = len(self.order) - 1
        if self.current is None:
            at = 0  # the first one in sight: these tests do not scroll before that
        elif key == "Home":
            at = 0
        elif key == "End":
            at = last
        else:
            at = self.order.index(self.current) + (-1 if key == "ArrowLeft" else 1)
        id_ = self.order[max(0, min(last, at))]
        if not extend or self.anchor is None:
            self._select(id_)
            return
        ends = sorted((self.order.index(self.anchor), self.order.index(id_)))
        self.current, self.selected = id_, self.order[ends[0] : ends[1] + 1]

    def _act(self, key: str) -> None:
        room, stars = dict(self.room), dict(self.stars)
        for id_ in self.selected:
            if key == "Delete":
                self.room[id_] = "gone"
            elif key in _GOES_TO:
                self.room[id_] = _GOES_TO[key]
                self.stars[id_] = 0 if key == "u" else self.stars[id_]
            else:
                self.stars[id_] = int(key)
        changed = [i for i in self.selected if (room[i], stars[i]) != (self.room[i], self.stars[i])]
        if changed:
            self.done.append((changed, room, stars))
        before = self.order
        self.order = [id_ for id_ in self._all if self.room[id_] in _SHOWN]
        if self.current is not None and self.current not in self.order:
            at = before.index(self.current)
            after = [id_ for id_ in before[at:] if id_ in self.order]
            ahead = [id_ for id_ in before[:at] if id_ in self.order]
            self._select(after[0] if after else ahead[-1] if ahead else None)

    def _undo(self) -> None:
        if not self.done:
            return
        changed, self.room, self.stars = self.done.pop()
        self.order = [id_ for id_ in self._all if self.room[id_] in _SHOWN]
        back = [id_ for id_ in self.order if id_ in changed]
        if back:
            self.current = self.anchor = back[0]
            self.selected = back

    def _select(self, id_: int | None) -> None:
        self.current = self.anchor = id_
        self.selected = [] if id_ is None else [id_]
