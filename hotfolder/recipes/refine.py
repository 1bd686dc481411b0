"""A picked picture -> the recipes of its refinements."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from hotfolder.recipes import links, reading, sizes
from hotfolder.recipes import profile as profiles
from hotfolder.recipes.config import Config
from hotfolder.recipes.draw import SEED_RANGE, derive
from hotfolder.recipes.encoding import PNG, Encoding
from hotfolder.recipes.links import Group, Link
from hotfolder.recipes.model import model_name
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.prompt import parts
from hotfolder.recipes.recipe import Pixels, Recipe
from hotfolder.recipes.region import Region
from hotfolder.recipes.settings import Settings

_NOBODY = Config(Settings(), {}, {}, "")


@dataclass(frozen=True, slots=True)
class Size:
    """What a link comes to, in px: the sides at which it is drawn, and those in the end."""

    drawn: tuple[int, int]
    finished: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Chain:
    """What all links of all finals of a picture share; `key` is the picture's."""

    key: str
    profile: Profile
    config: Config
    prompt: str
    negative: str


def refine(
    source: Recipe | Pixels,
    profile: Profile,
    prompt: str,
    negative_prompt: str,
    encoding: Encoding = PNG,
    config: Config = _NOBODY,
) -> tuple[Recipe, ...]:
    """One recipe for each final of `source`, with its own seed each.

    A source that we made brings its prompt along in its recipe; `prompt` and `negative_prompt`
    are for one that we know by its pixels alone. `encoding` is how the source's file was written:
    what that lost is lost to its finals. `config` has what prompts can name, and the profiles that
    links are drawn with. A source whose recipe takes its prompt as bare words has finals that do.
    The finals have the source's aspect, unless a step changes it. Of a chain, each recipe is the
    source of the next.
    """
    if isinstance(source, Recipe):
        prompt, negative_prompt = source.prompt, source.negative_prompt
    chain = _Chain(key(source), profile, config, prompt, negative_prompt)
    finals = []
    for index in range(profile.refine.finals):
        last: Recipe | Pixels = source
        written = encoding
        for number, group in enumerate(links.groups(profile.refine.chain), 1):
            recipe = _link(last, chain, index, number, group)
            if isinstance(last, Recipe) and written.lossy:
                recipe = replace(recipe, source_encoding=written)
            last, written = recipe, PNG  # between two links nothing is lost
        finals.append(recipe)
    return tuple(finals)


def sizes_of(profile: Profile, size: tuple[int, int], config: Config = _NOBODY) -> Iterator[Size]:
    """What each link of a profile makes of a picture of `size`, without any recipe."""
    for number, group in enumerate(links.groups(profile.refine.chain), 1):
        own = _drawn_with(group.link or Link(), profile, config)
        made = _size(group, own, profile, size, number == 1)
        yield made
        size = made.finished


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be drawn anew in a picture: a region of it, and as what; "" for its own prompt.

    With a `word` the region is where that is in the picture, or None before it was looked for.
    """

    region: Region | None
    prompt: str = ""
    word: str = ""


def retouch(
    source: Recipe | Pixels,
    wishes: Sequence[Wish],
    profile: Profile,
    prompts: tuple[str, str],
    encoding: Encoding = PNG,
    config: Config = _NOBODY,
) -> tuple[Recipe, ...]:
    """One recipe for each variant of `source` with these parts of it drawn anew, one by one.

    `prompts` are the picture's and the negative one, as for `refine`. Each region is a link: what
    lies around it is drawn with as many pixels as the refinement's area has, or as it has itself.
    """
    if isinstance(source, Recipe):
        prompts = source.prompt, source.negative_prompt
    request = key(source, wishes)
    variants = []
    for index in range(profile.refine.count):
        last: Recipe | Pixels = source
        for number, wish in enumerate(wishes, 1):
            chain = _Chain(request, profile, config, wish.prompt or prompts[0], prompts[1])
            assert wish.region  # noqa: S101 - what is still looked for has no recipes
            recipe = _link(last, chain, index, number, Group((), Link(), ()))
            lossy = encoding if number == 1 and encoding.lossy else None
            last = replace(
                recipe,
                width=last.width,
                height=last.height,
                drawn=_drawn_for(wish.region, profile),
                region=replace(wish.region, word=wish.word),
                source_encoding=lossy if isinstance(last, Recipe) else None,
            )
        assert isinstance(last, Recipe)  # noqa: S101 - there is a wish
        variants.append(last)
    return tuple(variants)


def seeker(
    source: Recipe | Pixels, profile: Profile, prompts: tuple[str, str], config: Config = _NOBODY
) -> Recipe:
    """The recipe by whose model words are looked for in a picture: no picture is made by it."""
    if isinstance(source, Recipe):
        prompts = source.prompt, source.negative_prompt
    chain = _Chain(key(source), profile, config, *prompts)
    recipe = _link(source, chain, 0, 1, Group((), Link(), ()))
    return replace(recipe, width=source.width, height=source.height, drawn=None)


def _drawn_for(region: Region, profile: Profile) -> tuple[int, int]:
    """(width, height) in px at which what lies around a region is drawn."""
    _, _, width, height = region.around
    area = sizes.size(profile.refine.area)
    area_px = max(area[0] * area[1], width * height)
    return sizes.sides(area_px, width / height, profile.model.multiple)


def key(source: Recipe | Pixels, wishes: Sequence[Wish] = ()) -> str:
    """What makes a picture the same one, however often it is moved, copied or starred.

    With `wishes`, what makes it the same wish for that picture: a word is, wherever it was found.
    """
    return wished(source.id if isinstance(source, Recipe) else source.sha256, wishes)


def wished(own: str, wishes: Sequence[Wish]) -> str:
    """The same for a picture whose own key is known."""
    if not wishes:
        return own
    said = dict.fromkeys(f"{wish.word or wish.region} {wish.prompt}" for wish in wishes)
    said = {own: None, **said}
    return hashlib.sha256("\n".join(said).encode("utf-8", "surrogatepass")).hexdigest()


def _drawn_with(link: Link, profile: Profile, config: Config) -> Profile:
    """The profile that says by which model a link is drawn, and how."""
    return config.profile(link.profile) if link.profile in config.profiles else profile


def _link(last: Recipe | Pixels, chain: _Chain, index: int, number: int, group: Group) -> Recipe:
    """The recipe of link `number` (from 1) of final `index` (from 0), made from `last`."""
    link, profile = group.link or Link(), chain.profile
    own = _drawn_with(link, profile, chain.config)
    # A link with a profile of its own has what that says, and the others what the refinement says.
    refinement = own.refine if link.profile else profile.refine
    guidance = refinement.guidance_scale if link.guidance_scale is None else link.guidance_scale
    size = _size(group, own, profile, (last.width, last.height), number == 1)
    text = ", ".join(part for part in (chain.prompt, *parts(link.prompt)) if part)
    steps = profiles.link_steps(link, own, profile.refine)
    plain = isinstance(last, Recipe) and reading.is_plain(last)
    words = ["refinement", chain.key, str(index), *([f"link {number}"] if number > 1 else [])]
    return Recipe(
        seed=derive(SEED_RANGE, *words),
        width=size.finished[0],
        height=size.finished[1],
        multiple=own.model.multiple,
        model=model_name(own.model),
        scheduler=link.scheduler or refinement.scheduler or own.scheduler,
        guidance_scale=own.guidance_scale if guidance is None else guidance,
        strength=profiles.strength(profile.refine, index, link) if group.link else None,
        source=last,
        link=number,
        prepare=group.before,
        finish=group.after,
        drawn=size.drawn if group.link and size.drawn != size.finished else None,
        **reading.fields(text, chain.negative, steps, own, chain.config.shelf(own), plain),
    )


def _size(
    group: Group, own: Profile, profile: Profile, size: tuple[int, int], is_first: bool
) -> Size:
    size = links.sides_after(group.before, size)
    if group.link is not None:
        area = profile.refine.area if is_first else None
        size = links.sides_drawn(group.link, size, area, own.model.multiple)
    return Size(size, links.sides_after(group.after, size))
