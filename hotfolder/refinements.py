"""Which refinements the pictures in `seeds/` are to have, and which they lack. Pure.

A pick that had as many as were wanted is done, whatever the settings say later. More are asked for
by a file beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hotfolder.history import History
from hotfolder.recipes.config import Config
from hotfolder.recipes.encoding import PNG
from hotfolder.recipes.prompt import parts
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.refine import refine, retouch, seeker
from hotfolder.snapshot import SeedImage, Snapshot

_BY_RECIPE = 2**39  # ordinals from here on follow from recipes


def asking(seeds: Sequence[SeedImage], history: History) -> list[SeedImage]:
    """The picks that may lack refinements, each picture once, the one that waits longest first.

    A file beside a picture comes before the settings.
    """
    more = {seed.request for seed in seeds if seed.more}
    first: dict[str, SeedImage] = {}
    for seed in sorted(seeds, key=lambda seed: seed.arrived):
        done = seed.request in more or history.is_refined(seed.request, seed.finals)
        if seed.more or not done:
            first.setdefault(seed.request, seed)
    return list(first.values())


def missing(seed: SeedImage, history: History, config: Config) -> Iterator[tuple[int, str, Recipe]]:
    """(ordinal, why, recipe) of each refinement that was never made.

    Those that a file beside the pick asks for are known by their recipes, and their ordinals follow
    from these: so what was made already, by whatever settings, is not made again.
    """
    what = "variant" if seed.wishes else "refinement"
    recipes = _recipes(seed, config)
    done = history.made("final", seed.request)
    for index, recipe in enumerate(recipes):
        ordinal = _BY_RECIPE + int(recipe.id[:9], 16) if seed.more else index
        if not (history.has_final(recipe.id) if seed.more else index in done):
            yield ordinal, f"{what} {index + 1} of {len(recipes)}", recipe


def search(seed: SeedImage, config: Config) -> Recipe:
    """By which recipe's model the words are looked for that a pick's retouch needs."""
    return seeker(seed.source, seed.profile, _prompts(seed), config)


def wanted(snapshot: Snapshot, history: History, config: Config) -> int:
    """How many refinements are still to be made."""
    seeds = asking(snapshot.seeds, history)
    return sum(
        seed.finals if seed.sought else sum(1 for _ in missing(seed, history, config))
        for seed in seeds
    )


def by_other_settings(snapshot: Snapshot, history: History, config: Config) -> list[SeedImage]:
    """The picks that had their refinements by other settings than those that hold now.

    Nothing is made anew for that by itself.
    """
    return [
        seed
        for seed in snapshot.seeds
        if not (seed.more or seed.sought) and history.is_refined(seed.request, seed.finals)
        if not all(history.has_final(recipe.id) for recipe in _recipes(seed, config))
    ]


def _recipes(seed: SeedImage, config: Config) -> tuple[Recipe, ...]:
    """The recipes of a pick's refinements, or of what is drawn anew in it."""
    prompt, negative = _prompts(seed)
    encoding = seed.record.encoding if seed.record else PNG
    if seed.wishes:
        said = prompt, negative
        return tuple(retouch(seed.source, seed.wishes, seed.profile, said, encoding, config))
    return refine(seed.source, seed.profile, prompt, negative, encoding, config)


def _prompts(seed: SeedImage) -> tuple[str, str]:
    """What a pick that says nothing itself is refined with, and the negative prompt."""
    prompt = seed.prompt or ", ".join(parts(seed.profile.fixed))
    return prompt, seed.negative or seed.profile.negative
