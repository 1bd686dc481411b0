"""A profile: a checked preset of model, sampling, areas, aspects and refinement."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from hotfolder.errors import Mistake, MistakesError, did_you_mean, mistake
from hotfolder.recipes import encoding, links, recipe, schema, sizes
from hotfolder.recipes.encoding import Encoding, Format, Quality
from hotfolder.recipes.links import Guidance, Link, SchedulerName, Size, Steps, Strength, Texts
from hotfolder.recipes.model import Model
from hotfolder.recipes.prompt_syntax.read import Emphasis
from hotfolder.recipes.schedulers import MODEL_OWN

MAX_LINKS = recipe.MAX_LINKS
Aspect = Annotated[
    str | Annotated[list[str], Meta(min_length=1)], schema.checked(sizes.aspect_range)
]
Choices = list[str | list[str]]


class Draft(Struct, frozen=True, forbid_unknown_fields=True):
    """Small pictures: their area, the range or list of their aspects, how many for each prompt.

    `format` and `quality` are those of the files: `recipes.encoding` says what they mean.
    """

    area: Size = "800x800"
    aspect: Aspect = "2:3 to 3:2"
    count: Annotated[int, Meta(ge=1, le=100_000)] = 4
    format: Format = "png"
    quality: Quality | None = None

    @property
    def encoding(self) -> Encoding:
        """How a draft's file is written."""
        return encoding.encoding(self.format, self.quality)


class Refine(Struct, frozen=True, forbid_unknown_fields=True):
    """Finals of a picked draft: how many, how large, how far from the draft.

    `strength` (denoising strength) may be a list: the first final takes the first value, and so on.
    Keys that are left out are as for drafts; `steps` is diffusers' argument, of which img2img runs
    `steps * strength`. `format` and `quality` are those of the files. `links` is the chain that
    makes a final, if that is more than one pass of img2img; what a link leaves out is as it is
    here.
    """

    area: Size = "1000x1000"
    count: Annotated[int, Meta(ge=0, le=1000)] = 3
    strength: Strength | Annotated[list[Strength], Meta(min_length=1)] = 0.5
    steps: Steps | None = None
    guidance_scale: Guidance | None = None
    scheduler: SchedulerName | None = None
    format: Format = "png"
    quality: Quality | None = None
    links: list[Link] = []

    @property
    def finals(self) -> int:
        """How many finals differ: without any img2img there is only one."""
        drawn = any(not link.step for link in self.chain)
        return self.count if drawn else min(self.count, 1)

    @property
    def chain(self) -> list[Link]:
        """The links by which a final is made: one of img2img, if nothing else is said."""
        return self.links or [Link()]

    @property
    def encoding(self) -> Encoding:
        """How a final's file is written."""
        return encoding.encoding(self.format, self.quality)


class Profile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A checked preset. `fixed` and `random` are prompt parts that are added to every prompt.

    `emphasis` is the rule by which `(words:1.2)` count more: as in A1111, as in compel, or not at
    all (brackets are then plain text).
    """

    model: Model
    description: str = ""
    scheduler: SchedulerName = MODEL_OWN
    steps: Steps = 30
    guidance_scale: Guidance = 7.0
    emphasis: Emphasis = "a1111"
    negative: str = ""
    fixed: Texts = ""
    random: Choices = []
    draft: Draft = Draft()
    refine: Refine = Refine()


MOST_PARENTS = 20
_REFUSED = "\0refused"  # no key that anybody would write

OWNER_ONLY = frozenset({"model", "description", "extends"})
OWNER_SAYS = (
    "a prompt file cannot choose this; put it into a file in profiles/ and name that file here "
    'with profile = "..."'
)


def resolve(name: str, tables: Mapping[str, Mapping[str, Any]]) -> Profile:
    """The profile `name` of the parsed TOML files `tables`, laid over what it extends.

    Raises MistakesError: an unknown name, a circle of `extends`, and every wrong key at once.
    """
    laid = links.read(_laid_over_parents(name, tables))
    return _runnable(schema.convert(laid, Profile))


def check_links(profile: Profile, tables: Mapping[str, Mapping[str, Any]]) -> Profile:
    """`profile`, if the profiles that its links are drawn with are there, and fit.

    Raises MistakesError that says of each what is wrong.
    """
    mistakes = []
    for number, link in enumerate(profile.refine.links, 1):
        where = f"refine.links {number}.profile"
        try:
            drawn_with = resolve(link.profile, tables) if link.profile else None
        except MistakesError as error:
            says = [f"{m.where}: {m.says}" if m.where else m.says for m in error.mistakes]
            mistakes.append(Mistake(where, "; ".join(says).removeprefix("profile: ")))
            continue
        if drawn_with is not None and (says_ := _too_few(link, drawn_with, profile.refine)):
            mistakes.append(Mistake(f"refine.links {number}.strength", says_))
    if mistakes:
        raise MistakesError(mistakes)
    return profile


def refused(says: str) -> dict[str, Any]:
    """The table of a profile that may not be used; `says` is why, told to whoever names it."""
    return {_REFUSED: says}


def override(profile: Profile, table: Mapping[str, Any]) -> Profile:
    """`profile` with a prompt file's keys laid over it; the model stays the owner's choice.

    Steps that are too few for a refinement are for the drafts alone. Raises MistakesError for wrong
    keys and for the keys that only a profile may set.
    """
    if not table:
        return profile
    forbidden = [Mistake(key, OWNER_SAYS) for key in table if key in OWNER_ONLY]
    allowed = {key: value for key, value in table.items() if key not in OWNER_ONLY}
    try:
        allowed = links.read(allowed)
        laid = schema.convert(schema.merge(msgspec.to_builtins(profile), allowed), Profile)
    except MistakesError as error:
        raise MistakesError([*forbidden, *error.mistakes]) from None
    if forbidden:
        raise MistakesError(forbidden)
    if "refine" not in allowed and _too_weak(laid) is not None:
        laid = replace(laid, refine=replace(laid.refine, steps=profile.steps))
    return _runnable(laid)


def strength(refine: Refine, index: int, link: Link | None = None) -> float:
    """The strength of final number `index` (from 0), in a link: the list goes round."""
    given = refine.strength if link is None or link.strength is None else link.strength
    return given[index % len(given)] if isinstance(given, list) else given


def _laid_over_parents(name: str, tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    chain: list[Mapping[str, Any]] = []
    seen: list[str] = []
    while name:
        if name in seen:
            raise mistake("profiles extend each other in a circle: " + " -> ".join([*seen, name]))
        if name not in tables:
            where = "extends" if seen else "profile"
            raise mistake(
                f"there is no profile {name!r}; {did_you_mean(name, tables)}", where, lacks=True
            )
        if isinstance(says := tables[name].get(_REFUSED), str):
            raise mistake(f"the profile {name!r} is not used: {says}")
        if len(seen) == MOST_PARENTS:
            raise mistake(f"more than {MOST_PARENTS} profiles extend one another", "extends")
        seen.append(name)
        chain.append(tables[name])
        parent = tables[name].get("extends", "")
        if not isinstance(parent, str):
            raise mistake("expected the name of a profile in quotes", "extends")
        name = parent
    laid: dict[str, Any] = {}
    for table in reversed(chain):
        laid = schema.merge(laid, table)
    laid.pop("extends", None)
    return laid


def _too_weak(profile: Profile) -> Mistake | None:
    """The first link of which a refinement would run no step at all."""
    refine = profile.refine
    for number, link in enumerate(refine.chain, 1):
        says = "" if link.step or link.profile else _too_few(link, profile, refine)
        if says:
            own = link.strength is not None or link.steps is not None
            return Mistake(f"refine.links {number}.strength" if own else "refine.strength", says)
    return None


def _too_few(link: Link, profile: Profile, refine: Refine) -> str:
    """A sentence if steps times strength of a link drawn with `profile` are no step at all."""
    steps = link_steps(link, profile, refine)
    given = refine.strength if link.strength is None else link.strength
    strengths = given if isinstance(given, list) else [given]
    weak = next((weak for weak in strengths if int(steps * weak) < 1), None)
    if weak is None:
        return ""
    return (
        f"{steps} steps at strength {weak:g} are not even one step; "
        f"expected a strength of at least {math.ceil(100 / steps) / 100:.2f}"
    )


def link_steps(link: Link, profile: Profile, refine: Refine) -> int:
    """How many steps a link has, of which strength times as many run.

    One with a profile of its own has those of that profile; the others those of the refinement.
    """
    if link.profile:
        return link.steps or profile.refine.steps or profile.steps
    return link.steps or refine.steps or profile.steps


def _runnable(profile: Profile) -> Profile:
    if len(profile.refine.links) > MAX_LINKS:
        raise mistake(f"expected at most {MAX_LINKS} links", "refine.links")
    if (wrong := _too_weak(profile)) is not None:
        raise MistakesError([wrong])
    return profile
