"""The memory plan: how a picture is rendered within the memory that there is. Numbers only, pure.

The estimates are those of `benchmarks/memory.py`, which counts the bytes of real model shapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, get_args

from hotfolder.recipes.model import MOST_DRAWN
from hotfolder.render.memory import grid

Sides = tuple[int, int]
Holding = Literal["resident", "text-offload", "group-offload", "fp8"]
GIB = 2**30

WHOLE_DECODE_PX = 2 * 1024 * 1024  # above this area the autoencoder's attention costs too much
TILES_PX = (1024, 512)
TILE_OVERLAP_PX = 96
LARGEST_WINDOW_PX = 1024
WINDOW_TOKENS = 96  # along a side; with more of them attention costs more than overlaps do
OVERLAPS = 10  # neighbouring windows share this part of their side
STEP_PX = 32  # the sides of windows and tiles are multiples of it
STREAMED_BYTES = GIB // 2  # what is on the device at a time of weights that are streamed
PINNED = 1.2  # group offload holds the weights in pinned memory of the computer, with some waste

CPU_WORKSPACE = 1.7  # on a CPU convolutions copy what they read and give into layouts of their own

_PICTURE_BYTES = 3 * 4 * 2  # the decoded picture and its copy, float32, for each px
_SOURCE_BYTES = 3 * 4 * 2  # on a CPU: the source of a refinement and its copy, as well
_MIN_PX, _MAX_PX = 64, 16_384
_TILES = re.compile(r"vae tiles ([0-9]{1,5})(?:x([0-9]{1,5}))?/([0-9]{1,5})")
_WINDOWS = re.compile(r"windows ([0-9]{1,5})x([0-9]{1,5})/([0-9]{1,5})")
_PLACE = re.compile(r"place ([0-9]{1,2}) of ([0-9]{1,2})")
_FELL = "after running out of memory"
_STILL: tuple[Holding, ...] = ("resident", "text-offload")  # the denoiser is as it was read


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a model takes of memory, in bytes, in the number format it is used in.

    `text_bytes` are the weights of each text encoder. `pass_bytes` are the activations of one pass
    of the denoiser for one sample and one px of the picture, `decode_bytes` and `encode_bytes`
    those of the autoencoder. `pairs`: guided passes come two at a time. `windows`: it can be
    rendered by windows. `token_px` is the side of the smallest patches that attend to each other.
    It learned on pictures with sides of `native_px`. `packed`: its denoiser is in few bits already.
    """

    denoiser_bytes: int
    text_bytes: tuple[int, ...]
    vae_bytes: int
    pass_bytes: float
    decode_bytes: float
    encode_bytes: float
    pairs: bool
    windows: bool
    token_px: int
    native_px: int
    packed: bool = False

    @property
    def window_px(self) -> int:
        """The side of a square window: as large as attention allows, within reason.

        Small windows cost more, because more of each is overlap, and each draws the prompt's
        subject for itself.
        """
        return max(self.native_px, min(self.token_px * WINDOW_TOKENS, LARGEST_WINDOW_PX))


@dataclass(frozen=True, slots=True)
class Budget:
    """The memory that a render may take: the device's, and the computer's behind it.

    `host_bytes` is 0 where there is nothing behind the device, as on a CPU. `on_cpu`: this is one.
    """

    device_bytes: int
    host_bytes: int = 0
    on_cpu: bool = False

    def holds(self, plan: Plan, footprint: Footprint, workload: Workload) -> bool:
        """Whether the peak of `plan` fits."""
        return peak_bytes(plan, footprint, workload, self.on_cpu) <= self.device_bytes


@dataclass(frozen=True, slots=True)
class Workload:
    """What is to be rendered: sides in px, from a source or not, with guidance or not."""

    sides: Sides
    img2img: bool = False
    guided: bool = False

    @property
    def area_px(self) -> int:
        """The number of pixels."""
        return self.sides[0] * self.sides[1]


@dataclass(frozen=True, slots=True)
class Windows:
    """The parts in which a picture is computed, in px of it; neighbours share `overlap` or more.

    Those of the denoiser move a little from step to step.
    """

    width: int
    height: int
    overlap: int

    @property
    def area_px(self) -> int:
        """The number of pixels of one of them."""
        return self.width * self.height

    def cells(self, size: int) -> Windows:
        """The same in cells of `size` x `size` px."""
        return Windows(self.width // size, self.height // size, self.overlap // size)


@dataclass(frozen=True, slots=True)
class Place:
    """Which picture of so many that are drawn together, from 1."""

    number: int
    of: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How a picture is rendered. All but `holding` changes bits, and so does `fp8`.

    `holding` says where the weights are: "resident", all on the device · "text-offload", text
    encoders only while they read · "group-offload", each layer only while it computes · "fp8",
    the denoiser's in eight bits, and text encoders only while they read. `tiles` are the
    autoencoder's, `windows` the denoiser's. `split_guidance`: the passes with and without the
    prompt come one after the other. `place` is the picture's among those drawn together, if any:
    how many they are changes bits, what they are does not. `compiled`: the denoiser is.
    """

    holding: Holding = "resident"
    tiles: Windows | None = None
    split_guidance: bool = False
    windows: Windows | None = None
    place: Place | None = None
    compiled: bool = False

    def __str__(self) -> str:
        words: list[str] = [self.holding]
        if self.compiled:
            words.append("compiled")
        if self.tiles:
            t = self.tiles
            sides = f"{t.width}" if t.width == t.height else f"{t.width}x{t.height}"
            words.append(f"vae tiles {sides}/{t.overlap}")
        if self.split_guidance:
            words.append("split guidance")
        if self.windows:
            w = self.windows
            words.append(f"windows {w.width}x{w.height}/{w.overlap}")
        if self.place:
            words.append(f"place {self.place.number} of {self.place.of}")
        return ", ".join(words)


def parse(text: str) -> Plan:
    """The plan whose text is `text`, such as "resident, vae tiles 1024/128".

    The text may come from a picture that anybody made: ValueError for unknown words, and for
    numbers that would take forever.
    """
    words = text.removesuffix(f", {_FELL}").split(", ")
    holding = next((known for known in get_args(Holding) if known == words[0]), None)
    if holding is None:
        raise ValueError(f"the memory plan {text[:60]!r} is unknown to this version")
    tiles, split, windows, place, compiled = None, False, None, None, False
    for word in words[1:]:
        if match := _TILES.fullmatch(word):
            width, height, overlap = match.groups()
            tiles = _bounded(text, width, height or width, overlap)
        elif match := _WINDOWS.fullmatch(word):
            windows = _bounded(text, *match.groups())
        elif match := _PLACE.fullmatch(word):
            place = Place(*map(int, match.groups()))
            if not 1 <= place.number <= place.of <= MOST_DRAWN:
                raise ValueError(f"the memory plan {text[:60]!r} has a place that makes no sense")
        elif word == "split guidance":
            split = True
        elif word == "compiled" and holding in _STILL:
            compiled = True
        else:
            raise ValueError(f"the memory plan {text[:60]!r} is unknown to this version")
    return Plan(holding, tiles, split, windows, place, compiled)


def compiled(plan: Plan, held: Holding | None, *, loras: bool) -> Plan:
    """`plan` with the denoiser compiled, if its layers stay where and as they are; else `plan`.

    Windows are of another size in each step, and each would be compiled for itself.
    `held` says where the weights are now, which may be further down than where `plan` wants them.
    """
    still = plan.holding in _STILL and (held is None or held in _STILL)
    return replace(plan, compiled=still and not plan.windows and not loras)


def together(
    plan: Plan, footprint: Footprint, budget: Budget, workload: Workload, count: int
) -> Plan:
    """`plan` for the first of `count` drafts drawn together, or of as many as fit; else `plan`.

    Only what is drawn whole is drawn together: the rest has no memory to spare.
    """
    if plan.split_guidance or plan.windows or workload.img2img:
        return plan
    plans = (replace(plan, place=Place(1, number)) for number in range(count, 1, -1))
    fitting = (p for p in plans if budget.holds(p, footprint, workload))
    return next(fitting, plan)


def places(plan: Plan, count: int) -> list[Plan]:
    """`plan` for each of `count` pictures that are drawn together."""
    if count == 1:
        return [replace(plan, place=None)]
    return [replace(plan, place=Place(number + 1, count)) for number in range(count)]


def after_falling(plan: Plan) -> str:
    """The text of a plan that was taken because one with more memory had failed."""
    return f"{plan}, {_FELL}"


def choose(footprint: Footprint, budget: Budget, workload: Workload) -> Plan | None:
    """The fastest plan whose peak fits into `room`; None where none does."""
    plans = ladder(footprint, budget, workload)
    return next((p for p in plans if budget.holds(p, footprint, workload)), None)


def largest(footprint: Footprint, budget: Budget, workload: Workload) -> Sides | None:
    """The sides, in multiples of 64 px, of a smaller picture of this shape that fits.

    None where a tenth of the sides is too much still.
    """
    for percent in range(90, 0, -10):
        width, height = (max(64, side * percent // 100 // 64 * 64) for side in workload.sides)
        if choose(footprint, budget, replace(workload, sides=(width, height))):
            return width, height
    return None


def most_frugal(footprint: Footprint, budget: Budget, workload: Workload) -> Plan:
    """The plan with the lowest peak, whether it fits or not; of equals the last one."""
    plans = reversed(list(ladder(footprint, budget, workload)))
    return min(plans, key=lambda plan: peak_bytes(plan, footprint, workload, budget.on_cpu))


def ladder(footprint: Footprint, budget: Budget, workload: Workload) -> Iterator[Plan]:
    """All plans for `workload`, the fastest first.

    What is decided by area alone, so that cost grows no faster than the pixels, is in all of them:
    windows above twice a window's area, tiles above `WHOLE_DECODE_PX`. Text encoders move before
    anything is done that changes bits; other weights move last, because that costs most.
    """
    can_split = workload.guided and footprint.pairs
    overlap = max(STEP_PX, footprint.window_px // OVERLAPS // STEP_PX * STEP_PX)
    can_window = footprint.windows and workload.img2img
    fitted = _fitted(workload.sides, footprint.window_px, overlap) if can_window else None
    by_area = fitted if workload.area_px > 2 * footprint.window_px**2 else None
    tiles: list[Windows | None] = [] if workload.area_px > WHOLE_DECODE_PX else [None]
    tiles += filter(None, (_fitted(workload.sides, side, TILE_OVERLAP_PX) for side in TILES_PX))
    measures = [(tile, False, by_area) for tile in tiles]
    if can_split:
        measures.append((tiles[-1], True, by_area))
    if fitted != by_area:
        measures.append((tiles[-1], can_split, fitted))
    for holdings in _holdings(footprint, budget):
        for measure in measures:
            for holding in holdings:
                yield Plan(holding, *measure)


def peak_bytes(plan: Plan, footprint: Footprint, workload: Workload, on_cpu: bool = False) -> int:
    """The most memory that `plan` takes of the device, weights and activations."""
    area = workload.area_px
    passes = 2 if workload.guided and footprint.pairs and not plan.split_guidance else 1
    seen = _seen_px(plan.windows, workload.sides) if plan.windows else area
    tile = min(area, plan.tiles.area_px) if plan.tiles else area
    coded = max(footprint.decode_bytes, footprint.encode_bytes if workload.img2img else 0.0) * tile
    count = plan.place.of if plan.place else 1
    drawn = footprint.pass_bytes * seen * passes * count
    pictures = _PICTURE_BYTES * area * count
    if on_cpu:
        coded, drawn = coded * CPU_WORKSPACE, drawn * CPU_WORKSPACE
        pictures += _SOURCE_BYTES * area if workload.img2img else 0
    held, reading = _held_bytes(plan.holding, footprint)
    return held + round(max(reading, drawn, coded + pictures))


def _seen_px(windows: Windows, sides: Sides) -> int:
    """The number of pixels of the largest window, wherever they have moved."""
    pairs = zip(sides, (windows.width, windows.height), strict=True)
    width, height = (grid.longest(side, window, STEP_PX) for side, window in pairs)
    return width * height


def _held_bytes(holding: Holding, footprint: Footprint) -> tuple[int, int]:
    """(weights that lie on the device all the time, those that come to read the prompt)."""
    text, largest = sum(footprint.text_bytes), max(footprint.text_bytes, default=0)
    denoiser, vae = footprint.denoiser_bytes, footprint.vae_bytes
    if holding == "resident":
        return denoiser + text + vae, 0
    if holding == "group-offload":
        return min(denoiser, STREAMED_BYTES) + vae, min(largest, STREAMED_BYTES)
    return (denoiser // 2 if holding == "fp8" else denoiser) + vae, largest


def _holdings(footprint: Footprint, budget: Budget) -> tuple[tuple[Holding, ...], ...]:
    """The ways to hold the weights that make sense here; those that cost about the same together.

    Eight-bit storage changes pictures, and a model cannot go back to what was rounded. So it is
    for all sizes or for none: only where neither the device nor the computer can hold the weights.
    """
    if not budget.host_bytes:
        return (("resident",),)
    weights = footprint.denoiser_bytes + sum(footprint.text_bytes)
    if weights * PINNED <= budget.host_bytes:
        return (("resident", "text-offload"), ("group-offload",))
    if footprint.packed:
        return (("resident", "text-offload"),)
    held, _ = _held_bytes("text-offload", footprint)
    small = footprint.pass_bytes * footprint.native_px**2
    return (("resident", "text-offload"),) if held + small <= budget.device_bytes else (("fp8",),)


def _fitted(sides: Sides, target_px: int, overlap_px: int) -> Windows | None:
    """Windows of about a square of `target_px`; None where a single one is the whole picture."""
    width, height = grid.fit(sides, target_px, overlap_px, STEP_PX)
    if (width, height) == sides:
        return None
    return Windows(max(width, 2 * overlap_px), max(height, 2 * overlap_px), overlap_px)


def _bounded(text: str, *numbers: str) -> Windows:
    """The windows of (width, height, overlap); ValueError where they make no sense."""
    width, height, overlap = map(int, numbers)
    shorter, longer = sorted((width, height))
    if not _MIN_PX <= shorter <= longer <= _MAX_PX or overlap > shorter // 2:
        raise ValueError(f"the memory plan {text[:60]!r} has sizes that make no sense")
    return Windows(width, height, overlap)
