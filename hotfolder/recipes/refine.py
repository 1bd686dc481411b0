"""A picked picture -> the recipes of its refinements."""

from __future__ import annotations

from hotfolder.recipes import profile as profiles
from hotfolder.recipes import reading, sizes
from hotfolder.recipes.draw import SEED_RANGE, derive
from hotfolder.recipes.encoding import PNG, Encoding
from hotfolder.recipes.library import Library
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.recipe import Pixels, Recipe


def refine(
    source: Recipe | Pixels,
    profile: Profile,
    prompt: str,
    negative_prompt: str,
    encoding: Encoding = PNG,
    shelf: Library = reading.NOTHING,
) -> tuple[Recipe, ...]:
    """One recipe for each final of `source`, with its own seed each.

    A source that we made brings its prompt along in its recipe; `prompt` and `negative_prompt`
    are for one that we know by its pixels alone. `encoding` is how the source's file was written:
    what that lost is lost to its finals. `shelf` is as for `draw`. A source whose recipe takes its
    prompt as bare words has finals that do. The finals have the source's aspect at the
    profile's refinement area.
    """
    if isinstance(source, Recipe):
        prompt, negative_prompt = source.prompt, source.negative_prompt
    rendered = isinstance(source, Recipe)
    settings = profile.refine
    area = sizes.size(settings.area)
    multiple = profile.model.multiple
    width, height = sizes.sides(area[0] * area[1], source.width / source.height, multiple)
    guidance = settings.guidance_scale
    steps = settings.steps or profile.steps
    plain = isinstance(source, Recipe) and reading.is_plain(source)
    said = reading.fields(prompt, negative_prompt, steps, profile, shelf, plain)
    return tuple(
        Recipe(
            seed=derive(SEED_RANGE, "refinement", key(source), str(index)),
            width=width,
            height=height,
            multiple=multiple,
            model=profiles.model_name(profile.model),
            scheduler=settings.scheduler or profile.scheduler,
            guidance_scale=profile.guidance_scale if guidance is None else guidance,
            strength=profiles.strength(settings, index),
            source=source,
            source_encoding=encoding if rendered and encoding.lossy else None,
            **said,
        )
        for index in range(settings.count)
    )


def key(source: Recipe | Pixels) -> str:
    """What makes a picture the same one, however often it is moved, copied or starred."""
    return source.id if isinstance(source, Recipe) else source.sha256
