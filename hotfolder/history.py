"""What was made so far: the ledger's entries, and the index over them that a plan needs. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Annotated

from msgspec import Meta, Struct

from hotfolder.recipes.record import Stage

Ordinal = Annotated[int, Meta(ge=0, lt=2**40)]
Why = Annotated[str, Meta(max_length=1024)]
Names = Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=8)]


class Making(Struct, frozen=True, tag_field="event", tag="making", omit_defaults=True):
    """A picture is about to appear under a name. Only a crash leaves this without its `Made`."""

    stage: Stage
    request: str
    ordinal: Ordinal
    recipe: str
    name: str


class Made(Struct, frozen=True, tag_field="event", tag="made", omit_defaults=True):
    """A picture was published. `request` is a prompt's digest, or a picked picture's key.

    `wanted` is how many refinements a final's pick was to have then; 0 where nobody wrote it down.
    `notify` are the names of those who are told of it, or of its finals.
    """

    stage: Stage
    request: str
    ordinal: Ordinal
    recipe: str
    name: str
    pixels: str = ""
    at: str = ""
    wanted: Ordinal = 0
    notify: Names = ()


class PassedOver(Struct, frozen=True, tag_field="event", tag="passed over", omit_defaults=True):
    """A draft was given up early in its making, after `step` of `steps`: surely unwanted.

    `score` is how likely it was to please. `text` is what its picture would have carried, by which
    it can be made all the same.
    """

    request: str
    ordinal: Ordinal
    recipe: str
    name: str
    score: float
    step: int
    steps: int
    text: str
    at: str = ""


class Unmade(Struct, frozen=True, tag_field="event", tag="lost"):
    """An announced picture never appeared: the program ended before it could."""

    recipe: str


class Finishing(Struct, frozen=True, tag_field="event", tag="finishing"):
    """A prompt file is about to be moved to `to`: all that it asked for was made.

    `through` maps each of its prompts' digests to the first ordinal of a later request. The files
    `beside` it move with it. The last three tell which file it is, as `lstat` has them: one that is
    moved and put back has another `ctime_ns` only, one in a copy of the studio another `inode` too.
    """

    file: str
    to: str
    through: dict[str, Ordinal]
    beside: tuple[str, ...] = ()
    ctime_ns: int = 0
    mtime_ns: int = 0
    inode: int = 0


class Finished(Struct, frozen=True, tag_field="event", tag="finished", omit_defaults=True):
    """The move announced by `Finishing` has happened: `file` lies at `to` now."""

    to: str
    through: dict[str, Ordinal]
    file: str = ""


class Picking(Struct, frozen=True, tag_field="event", tag="picking", omit_defaults=True):
    """A starred draft is about to be moved to `to`, and its `sidecars` to the paths they map to.

    `picture` is the key that makes it the same picture wherever it lies. `why` it is picked is said
    where that is no star.
    """

    file: str
    to: str
    picture: str
    sidecars: dict[str, str] = {}
    why: Why = ""


class Picked(Struct, frozen=True, tag_field="event", tag="picked", omit_defaults=True):
    """A picture was moved or copied to `seeds/`: for its star, or `why` that was done otherwise."""

    to: str
    picture: str
    why: Why = ""


Entry = Making | Made | PassedOver | Unmade | Finishing | Finished | Picking | Picked


class Ordinals(Set[int]):
    """Numbers from 0 on with few gaps: however many they are, they take little memory."""

    __slots__ = ("_below", "_beyond", "end")

    def __init__(self) -> None:
        self.end = 0
        """The number after the largest, 0 if there is none."""
        self._below = 0  # all smaller ones are in
        self._beyond: set[int] = set()

    @property
    def gap(self) -> int:
        """The smallest that is missing."""
        return self._below

    def add(self, ordinal: int) -> None:
        """Take one more in."""
        if ordinal not in self:
            self._beyond.add(ordinal)
            self.end = max(self.end, ordinal + 1)
        while self._below in self._beyond:
            self._beyond.remove(self._below)
            self._below += 1

    def between(self, first: int, end: int | None) -> int:
        """How many there are from `first` on, before `end` if there is one."""
        end = self.end if end is None else end
        return max(0, min(self._below, end) - first) + sum(first <= o < end for o in self._beyond)

    def __contains__(self, ordinal: object) -> bool:
        return ordinal in self._beyond or ordinal in range(self._below)

    def __iter__(self) -> Iterator[int]:
        return chain(range(self._below), self._beyond)

    def __len__(self) -> int:
        return self._below + len(self._beyond)


_NONE = Ordinals()


@dataclass(slots=True)
class History:
    """An index over ledger entries; entries may come twice and in any order between hosts.

    It also knows what is being made at the moment, which is written down nowhere: a picture that
    has begun has had its request's turn.
    """

    _made: dict[tuple[Stage, str], Ordinals] = field(default_factory=lambda: defaultdict(Ordinals))
    _turns: dict[tuple[Stage, str], int] = field(default_factory=dict)
    _turn: dict[Stage, int] = field(default_factory=lambda: {"draft": 0, "final": 0})
    _base: dict[str, int] = field(default_factory=dict)
    _making: dict[str, Making] = field(default_factory=dict)
    _finishing: dict[str, Finishing] = field(default_factory=dict)
    _picking: dict[str, Picking] = field(default_factory=dict)
    _picked: dict[str, str] = field(default_factory=dict)
    _begun: dict[tuple[Stage, str], set[int]] = field(default_factory=dict)
    _passed: dict[str, Ordinals] = field(default_factory=lambda: defaultdict(Ordinals))
    _passed_recipes: set[str] = field(default_factory=set)
    _wanted: dict[str, int] = field(default_factory=dict)
    _finals: dict[str, str] = field(default_factory=dict)
    _told: dict[str, Names] = field(default_factory=dict)

    def apply(self, entry: Entry) -> None:
        """Take one more entry in."""
        if isinstance(entry, PassedOver):
            if entry.ordinal in self.begun("draft", entry.request):
                self.end("draft", entry.request, entry.ordinal)
            self._passed[entry.request].add(entry.ordinal)
            self._passed_recipes.add(entry.recipe)
        elif isinstance(entry, Making):
            if entry.ordinal not in self.made(entry.stage, entry.request):
                self._making[entry.recipe] = entry
        elif isinstance(entry, Made):
            if entry.ordinal in self.begun(entry.stage, entry.request):
                self.end(entry.stage, entry.request, entry.ordinal)
            else:
                self._take_turn(entry.stage, entry.request)
            self._made[entry.stage, entry.request].add(entry.ordinal)
            self._passed_recipes.discard(entry.recipe)
            if entry.notify:
                self._told[entry.request] = entry.notify
            if entry.stage == "final":
                self._finals[entry.recipe] = entry.request
                self._wanted[entry.request] = entry.wanted
            self._making.pop(entry.recipe, None)
        elif isinstance(entry, Unmade):
            self._making.pop(entry.recipe, None)
        elif isinstance(entry, Finishing):
            self._finishing[entry.to] = entry
        elif isinstance(entry, Picking):
            self._picking[entry.to] = entry
        elif isinstance(entry, Picked):
            self._picking.pop(entry.to, None)
            self._picked[entry.picture] = entry.why
        else:
            self._finishing.pop(entry.to, None)
            for digest, through in entry.through.items():
                self._base[digest] = max(through, self._base.get(digest, 0))

    def begin(self, stage: Stage, request: str, ordinal: int) -> None:
        """A picture is being made; its request waits for its next turn from now on."""
        self._begun.setdefault((stage, request), set()).add(ordinal)
        self._take_turn(stage, request)

    def end(self, stage: Stage, request: str, ordinal: int) -> None:
        """A picture that was begun is made, or will not be."""
        begun = self._begun.get((stage, request), set())
        begun.discard(ordinal)
        if not begun:
            self._begun.pop((stage, request), None)

    def begun(self, stage: Stage, request: str) -> Set[int]:
        """The ordinals of a request that are being made."""
        return self._begun.get((stage, request), frozenset())

    def without_begun(self) -> History:
        """The same, for those who do not know what is being made; it goes on with this one."""
        return replace(self, _begun={})

    def under_way(self, stage: Stage) -> int:
        """How many pictures of a stage are being made."""
        return sum(len(begun) for (s, _), begun in self._begun.items() if s == stage)

    def made(self, stage: Stage, request: str) -> Ordinals:
        """The ordinals that were made for a request."""
        return self._made.get((stage, request), _NONE)

    def made_between(self, stage: Stage, request: str, first: int, end: int | None = None) -> int:
        """How many ordinals were made from `first` on, before `end` if there is one."""
        made = self._made.get((stage, request))
        return made.between(first, end) if made else 0

    def is_refined(self, picture: str, finals: int) -> bool:
        """Whether a pick has had all its refinements, whatever the settings say since.

        `finals` are as many as they say now: for picks of which it was not written down.
        """
        return len(self.made("final", picture)) >= (self._wanted.get(picture) or finals)

    def told(self, request: str) -> Names:
        """The names of those who are told of the finals of what was made for a request."""
        return self._told.get(request, ())

    def has_final(self, recipe_id: str) -> bool:
        """Whether a final was made by this recipe."""
        return recipe_id in self._finals

    def finals(self) -> dict[str, set[str]]:
        """The ids of the finals that were ever made, by what they were wanted for."""
        found: dict[str, set[str]] = defaultdict(set)
        for recipe, request in self._finals.items():
            found[request].add(recipe)
        return found

    def passed_over(self, request: str) -> Set[int]:
        """The ordinals of a request that were given up."""
        return self._passed.get(request, frozenset())

    @property
    def left_undone(self) -> int:
        """How many drafts were given up and not made since."""
        return len(self._passed_recipes)

    def base(self, digest: str) -> int:
        """The first ordinal that belongs to the present request: earlier ones were another drop."""
        return self._base.get(digest, 0)

    def next_ordinal(self, request: str) -> int:
        """The ordinal after the largest draft of a request that was made, given up or begun."""
        made, passed = self._made.get(("draft", request)), self._passed.get(request)
        done = max(made.end if made else 0, passed.end if passed else 0)
        return max(done, max(self.begun("draft", request), default=-1) + 1)

    def turn(self, stage: Stage) -> int:
        """The number of the last turn: each picture of a stage is one."""
        return self._turn[stage]

    def last_turn(self, stage: Stage, requests: Iterable[str]) -> int:
        """The last turn in which any of these requests got a picture, 0 for never."""
        return max((self._turns.get((stage, request), 0) for request in requests), default=0)

    def announced(self, recipe_id: str) -> Making | None:
        """The announcement of a picture of which nobody knows whether it appeared."""
        return self._making.get(recipe_id)

    def unconfirmed(self) -> tuple[Making, ...]:
        """Announced pictures of which nobody knows whether they appeared."""
        return tuple(self._making.values())

    def unconfirmed_moves(self) -> tuple[Finishing, ...]:
        """Announced moves of prompt files of which nobody knows whether they happened."""
        return tuple(self._finishing.values())

    def was_picked(self, picture: str) -> bool:
        """Whether this picture was once moved or copied to `seeds/` for a star, or by itself."""
        return picture in self._picked

    def why_picked(self, picture: str) -> str:
        """Why this picture went to `seeds/` by itself; empty if it did not."""
        return self._picked.get(picture, "")

    def unconfirmed_picks(self) -> tuple[Picking, ...]:
        """Announced moves of starred drafts of which nobody knows whether they happened."""
        return tuple(self._picking.values())

    def totals(self) -> Mapping[Stage, int]:
        """How many pictures of each stage were made."""
        totals: dict[Stage, int] = {"draft": 0, "final": 0}
        for (stage, _), ordinals in self._made.items():
            totals[stage] += len(ordinals)
        return totals

    def _take_turn(self, stage: Stage, request: str) -> None:
        self._turn[stage] += 1
        self._turns[stage, request] = self._turn[stage]
