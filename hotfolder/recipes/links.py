"""A final's chain: the links that a profile lists under `[[refine.links]]`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from hotfolder.errors import Mistake, MistakesError, did_you_mean
from hotfolder.finishing import steps
from hotfolder.recipes import recipe, schema, sizes
from hotfolder.recipes.recipe import Step
from hotfolder.recipes.schedulers import SCHEDULERS

Steps = Annotated[int, Meta(ge=1, le=1000)]
Guidance = Annotated[float, Meta(ge=0, le=100)]
Strength = Annotated[float, Meta(gt=0, le=1)]
Size = Annotated[str, schema.checked(sizes.size)]
Texts = str | list[str]
_SETTINGS = "settings"  # where a checked link keeps those of its step


def scheduler(name: str) -> str:
    """`name` if it is a known scheduler; ValueError with the nearest one otherwise."""
    if name not in SCHEDULERS:
        raise ValueError(f"expected the name of a scheduler ({did_you_mean(name, SCHEDULERS)})")
    return name


SchedulerName = Annotated[str, schema.checked(scheduler)]


class Link(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One link: img2img, or a `step` of `finishing` with its settings.

    What an img2img link leaves out is as in `[refine]`. Its size is an `area`, or the present sides
    times `factor`; with neither, the first link has the refinement's area and the others keep the
    size. `prompt` is added to the picture's own. `profile` is another profile, whose model,
    scheduler, steps and guidance are used.
    """

    area: Size | None = None
    factor: Annotated[float, Meta(gt=0, le=8)] | None = None
    strength: Strength | Annotated[list[Strength], Meta(min_length=1)] | None = None
    steps: Steps | None = None
    guidance_scale: Guidance | None = None
    scheduler: SchedulerName | None = None
    prompt: Texts = ""
    profile: str = ""
    step: str = ""
    settings: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Group:
    """What one recipe takes: steps before, img2img (None: none at all), and steps after it."""

    before: tuple[Step, ...]
    link: Link | None
    after: tuple[Step, ...]


def read(table: Mapping[str, Any]) -> dict[str, Any]:
    """The table of a profile with the settings of each link's step checked, and put together.

    Raises MistakesError with every mistake in them.
    """
    refine = table.get("refine")
    listed = refine.get("links") if isinstance(refine, Mapping) else None
    if not isinstance(listed, list):
        return dict(table)
    mistakes: list[Mistake] = []
    links = [_read(link, f"refine.links {n}", mistakes) for n, link in enumerate(listed, 1)]
    if mistakes:
        raise MistakesError(mistakes)
    assert isinstance(refine, Mapping)  # noqa: S101 - it has links
    return {**table, "refine": {**refine, "links": links}}


def groups(links: Iterable[Link]) -> Iterator[Group]:
    """The links, put together: steps go with the img2img before them, or with the first.

    Nothing but steps is one group without img2img, and what is done is in `after`.
    """
    before: list[Step] = []
    link: Link | None = None
    after: list[Step] = []
    for one in links:
        if one.step:
            (before if link is None else after).append(Step(one.step, one.settings))
            continue
        if link is not None:
            yield Group(tuple(before), link, tuple(after))
            before, after = [], []
        link = one
    if link is None:
        before, after = [], before
    yield Group(tuple(before), link, tuple(after))


def sides_after(done: Iterable[Step], size: tuple[int, int]) -> tuple[int, int]:
    """(width, height) in px of a picture of `size` when these steps are done."""
    for step in done:
        size = steps.sides(step.name, step.settings, size)
    return size


def sides_drawn(
    link: Link, size: tuple[int, int], first_area: str | None, multiple: int
) -> tuple[int, int]:
    """(width, height) in px at which a link draws a picture that has `size` before.

    `first_area` is the refinement's area, for the first link; None for the others.
    """
    width, height = size
    if link.area is not None or (link.factor is None and first_area is not None):
        area = sizes.size(link.area or first_area or "")
        return sizes.sides(area[0] * area[1], width / height, multiple)
    area_px = max(recipe.MIN_SIDE_PX**2, round(width * height * (link.factor or 1.0) ** 2))
    return sizes.sides(area_px, width / height, multiple)


def _read(link: Any, where: str, mistakes: list[Mistake]) -> Any:
    """A link with its step's settings checked; what is wrong in the rest is told later."""
    if not isinstance(link, Mapping) or not isinstance(name := link.get("step"), str):
        if isinstance(link, Mapping) and _SETTINGS in link:
            known = [field for field in Link.__struct_fields__ if field != _SETTINGS]
            mistakes.append(
                Mistake(f"{where}.{_SETTINGS}", f"unknown key; {did_you_mean(_SETTINGS, known)}")
            )
        return link
    shape = steps.settings_of(name)
    if shape is None:
        says = f"there is no step {name[:60]!r}; {did_you_mean(name, steps.names())}"
        mistakes.append(Mistake(f"{where}.step", says))
        return link
    table = {key: value for key, value in link.items() if key != "step"}
    try:
        settings = msgspec.to_builtins(schema.convert(table, shape, where))
    except MistakesError as error:
        mistakes += error.mistakes
        return link
    return {"step": name, _SETTINGS: settings}
