"""Prompt + profile + ordinal -> the recipe of one draft. Nothing here is random."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from hotfolder.recipes import profile as profiles
from hotfolder.recipes import reading, sizes, wildcards
from hotfolder.recipes.library import Library
from hotfolder.recipes.model import model_name
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.prompt import Prompt, choices, parts
from hotfolder.recipes.recipe import Pixels, Recipe, drafted

SEED_RANGE = 2**32  # other programs keep seeds in 32 bits


def draw(
    prompt: Prompt,
    profile: Profile,
    ordinal: int,
    salt: str,
    words: Mapping[str, list[str]],
    shelf: Library = reading.NOTHING,
    again: int = 0,
) -> Recipe:
    """The recipe of draft number `ordinal` (from 0) of `prompt`.

    The seed follows from the studio's salt, the prompt's digest and the ordinal; wildcards, random
    parts and the aspect follow from the seed. `profile` has the prompt's overrides laid over it
    already. `words` maps the name of each word list to its lines, and `shelf` has what prompts can
    name besides the profile's own. The template is drawn first, and then read. Drawn `again`, so
    many times, another recipe comes of it, unless the prompt names its seed or its whole recipe.
    """
    if prompt.recipe is not None:
        return prompt.recipe
    seed = seed_of(prompt, ordinal, salt, again)
    text, (width, height) = wish(prompt, profile, seed, words)
    negative = prompt.negative or profile.negative
    return Recipe(
        seed=seed,
        width=width,
        height=height,
        multiple=profile.model.multiple,
        model=model_name(profile.model),
        scheduler=profile.scheduler,
        guidance_scale=profile.guidance_scale,
        strength=profiles.strength(profile.refine, 0) if prompt.source else None,
        source=prompt.source,
        **reading.fields(text, negative, profile.steps, profile, shelf, prompt.plain),
    )


def seed_of(prompt: Prompt, ordinal: int, salt: str, again: int = 0) -> int:
    """The seed of draft number `ordinal`, drawn `again` so many times."""
    if prompt.seed is not None:
        return prompt.seed + ordinal
    draws = [f"draw {again}"] if again else []
    return derive(SEED_RANGE, salt, prompt.digest, str(ordinal), *draws)


def wish(
    prompt: Prompt, profile: Profile, seed: int, words: Mapping[str, list[str]]
) -> tuple[str, tuple[int, int]]:
    """What the template becomes for a seed, and the sides of the picture in pixels."""
    text = _text(prompt, profile, seed)
    if not prompt.literal:
        text = wildcards.expand(text, seed, words)
    return text, _sides(prompt, profile, seed)


def template(prompt: Prompt, profile: Profile) -> str:
    """The prompt's text with its fixed and random parts, wildcards as they were written."""
    random = [*choices(prompt.random), *choices(profile.random)]
    written = ["{" + "|".join(options) + "}" for options in random]
    fixed = [*parts(prompt.fixed), *parts(profile.fixed)]
    return ", ".join(part for part in [prompt.text.strip(), *written, *fixed] if part)


def taken_for(source: Recipe | Pixels, prompt: str, profile: Profile) -> Recipe:
    """The draft that a picture is taken for, whatever program it is from.

    That is the one that it is, or was made from; else one of its aspect and `prompt` by `profile`.
    """
    if isinstance(source, Recipe) and (first := drafted(source)).source is None:
        return first
    area = sizes.size(profile.draft.area)
    aspect = source.width / source.height
    width, height = sizes.sides(area[0] * area[1], aspect, profile.model.multiple)
    wanted = Prompt(text=prompt, literal=True, size=f"{width}x{height}")
    return draw(wanted, profile, 0, "", {})


def derive(below: int, *words: str) -> int:
    """A number from 0 to `below` - 1 that follows from the words alone, evenly spread."""
    digest = hashlib.sha256("\n".join(words).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:16], "big") % below


def _sides(prompt: Prompt, profile: Profile, seed: int) -> tuple[int, int]:
    if prompt.size is not None:
        return sizes.size(prompt.size)
    multiple = profile.model.multiple
    area = sizes.size(profile.draft.area)
    if prompt.source is not None:
        aspect = prompt.source.width / prompt.source.height
        return sizes.sides(area[0] * area[1], aspect, multiple)
    given = profile.draft.aspect
    offered = [given] if isinstance(given, str) else given
    chosen = offered[derive(len(offered), str(seed), "aspect of a list")]
    fraction = derive(2**32, str(seed), "aspect") / (2**32 - 1)
    return sizes.sides(area[0] * area[1], sizes.aspect_at(chosen, fraction), multiple)


def _text(prompt: Prompt, profile: Profile, seed: int) -> str:
    """The text as it was written; only lists of random parts are drawn from."""
    random = [*choices(prompt.random), *choices(profile.random)]
    drawn = [
        options[derive(len(options), str(seed), "random part", str(k))]
        for k, options in enumerate(random)
    ]
    fixed = [*parts(prompt.fixed), *parts(profile.fixed)]
    return ", ".join(part for part in [prompt.text.strip(), *drawn, *fixed] if part)
