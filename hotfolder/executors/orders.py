"""What a daemon and its executor say to each other: plain data, the same in one process or two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from msgspec import Struct

from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.region import Region
from hotfolder.taste.rule import Rule


class Raster(Struct, frozen=True):
    """The pixels of a picture: `rgb` has three bytes each, row after row from the top."""

    width: int
    height: int
    rgb: bytes


class Task(Struct, frozen=True, tag=True):
    """Render pictures: one refinement, or drafts that may be drawn together, all `recipe.alike`.

    `pictures` has their recipes by the numbers of these attempts: no other task of this executor
    has them. `models` are the owner's models by the names that recipes carry. `source` is the
    picture that the recipe's chain starts from; what lies between is rendered as well. `states` is
    a folder of this machine for the state of a render that is cancelled, and for what is done of a
    chain; what lies there goes on. By `rule` a draft that is rendered alone may be given up. An
    executor may pass over both.

    With `words` no picture is rendered: they are looked for in the source, with the model of the
    one recipe, or with the owner's `detector`, a file, where that knows them, and `Found` is
    reported in place of `Done`. Nor is one with `encodes`: the source is shown to the model of the
    one recipe, a draft's, and `Encoded` is reported.
    """

    pictures: dict[int, Recipe]
    models: dict[str, Model]
    source: Raster | None = None
    states: str = ""
    rule: Rule | None = None
    words: tuple[str, ...] = ()
    detector: str = ""
    encodes: bool = False

    @property
    def number(self) -> int:
        """The task's own number: that of its first picture."""
        return next(iter(self.pictures))


class Cancel(Struct, frozen=True, tag=True):
    """End a task at its next denoising step, with all of its pictures that are not done yet."""

    task: int


class Resume(Struct, frozen=True, tag=True):
    """Let the draft go on that was paused for a refinement."""


class Load(Struct, frozen=True, tag=True):
    """Read a model into memory: a task will need it soon."""

    model: str
    models: dict[str, Model]


class Unload(Struct, frozen=True, tag=True):
    """Free the memory of all models."""


class Began(Struct, frozen=True, tag=True):
    """A worker's process is ready; no report for a daemon. `trouble` says why its device is not."""

    trouble: str = ""


class Stepped(Struct, frozen=True, tag=True):
    """A task has taken another denoising step, counted from 1.

    `preview` is how its first picture looks so far: small, and only now and then.
    """

    task: int
    step: int
    steps: int
    preview: Raster | None = None


class Between(Struct, frozen=True):
    """A picture of a chain that is no final: its pixel hash, and `facts` as those of `Done`."""

    pixels: str
    facts: dict[str, Any]


class Done(Struct, frozen=True, tag=True):
    """A picture, and how it was made: `facts` has fields of `recipes.record.Record`.

    `features` are what its model thought of a draft and what is measured of it, packed, by kind
    (`taste.features`), and `chance` how likely it was that one of which so much was known would be
    completed. `links` are the pictures between the source and this one, in the order in which they
    were made.
    """

    attempt: int
    picture: Raster
    facts: dict[str, Any]
    features: dict[str, bytes] = {}
    links: tuple[Between, ...] = ()
    chance: float = 1.0


class Found(Struct, frozen=True, tag=True):
    """Where words are in a source: the regions of each, none of one that is not in the picture."""

    attempt: int
    regions: dict[str, tuple[Region, ...]]


class Encoded(Struct, frozen=True, tag=True):
    """What a model thinks of a source that it did not draw: `features` are as those of `Done`."""

    attempt: int
    features: dict[str, bytes]


class GivenUp(Struct, frozen=True, tag=True):
    """A picture is given up after `step` of `steps` by a rule.

    `score` is how likely it was to please, 0 to 1. `features` are what its model thought of it.
    """

    attempt: int
    step: int
    steps: int
    score: float
    features: dict[str, bytes]


class Cancelled(Struct, frozen=True, tag=True):
    """A picture is not made because its task was told to end."""

    attempt: int


class Failed(Struct, frozen=True, tag=True):
    """A picture cannot be made; `says` is a sentence for its owner.

    `expected` is False for what nobody foresaw: another attempt may do better. `device`: it is the
    slot's device that failed, which is no fault of the picture's.
    """

    attempt: int
    says: str
    expected: bool
    device: bool = False


class Lost(Struct, frozen=True, tag=True):
    """The worker that was to make a picture is gone."""

    attempt: int


class Memory(Struct, frozen=True):
    """The memory that a slot's renders may take: the device's, and that of the computer behind it.

    In bytes; `on_cpu` where both are one. `dtype` is the number format that "auto" means there.
    """

    device_bytes: int
    host_bytes: int
    on_cpu: bool
    dtype: str


class Joined(Struct, frozen=True, tag=True):
    """A slot is there from now on; no report for those that an executor begins with.

    `where` names its computer and `device` what it computes on, for people. A number that a slot
    has had is no other slot's.
    """

    slot: int
    where: str
    device: str
    memory: Memory | None = None


class Left(Struct, frozen=True, tag=True):
    """A slot is gone for good, and what was on it is lost; no picture is to blame."""

    slot: int


class Trouble(Struct, frozen=True, tag=True):
    """Why nothing is rendered at `where`, a computer or all of a cluster; "" when it is over."""

    where: str
    says: str


class To(Struct, frozen=True, tag=True):
    """An order for one of the slots that a process serves."""

    slot: int
    order: Task | Cancel | Resume | Load | Unload


Order = Task | Cancel | Resume | Load | Unload
Outcome = Done | Found | Encoded | GivenUp | Cancelled | Failed | Lost
Staff = Joined | Left | Trouble
"""Who renders."""
Report = Stepped | Outcome | Staff
OnReport = Callable[[Report], None]


class Executor(Protocol):
    """Slots that render. Reports come from threads of the executor's own.

    `slots` is how many there are from the beginning, counted from 0.
    """

    slots: int

    def give(self, slot: int, order: Order) -> None:
        """Pass an order on to a slot; returns at once."""

    def close(self) -> None:
        """Cancel what is being rendered, and let go of everything."""
