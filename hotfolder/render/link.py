"""One link of a chain: its source is prepared, drawn from, and what was drawn is finished."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib.metadata import version

from PIL.Image import Image

from hotfolder.finishing import steps
from hotfolder.finishing.given import Given
from hotfolder.recipes.recipe import Recipe, Step
from hotfolder.recipes.region import Region
from hotfolder.render import retouch
from hotfolder.render.rendered import Facts, Rendered

Upscale = Callable[[str, Image], tuple[Image, str]]
"""From the name of the owner's upscaler and a picture: the larger one, and the file's SHA-256."""

_NOTHING_DRAWN = Facts(0.0, 0, "", "", 0, {}, "", "", {})


def make(
    recipe: Recipe,
    source: Image | None,
    picked: Image | None,
    draw: Callable[[Image | None], Rendered],
    upscale: Upscale,
) -> Rendered:
    """The picture of `recipe`, which has the sides that it says.

    `draw` gives what its model draws from the source that is prepared; it is not asked where
    nothing is drawn. `picked` is the picture that the chain began with. Raises RenderError where a
    step cannot be done.
    """
    if source is not None and recipe.region is not None:
        return _retouched(recipe, recipe.region, source.convert("RGB"), draw)
    if source is None or not (recipe.prepare or recipe.finish):
        return draw(source)
    used: dict[str, str] = {}

    def enlarge(name: str, image: Image) -> Image:
        larger, used[name] = upscale(name, image)
        return larger

    given = Given(picked or source, recipe.seed, enlarge)
    source = source.convert("RGB")
    rendered = Rendered(source, _NOTHING_DRAWN) if not recipe.is_drawn else None
    if rendered is None:
        rendered = draw(steps.apply(_named(recipe.prepare), source, given))
    finished = steps.apply(_named(recipe.finish), rendered.image, given)
    versions = steps.versions(step.name for step in (*recipe.prepare, *recipe.finish))
    facts = replace(
        rendered.facts,
        versions={**rendered.facts.versions, **versions},
        additions={**rendered.facts.additions, **used},
    )
    return replace(rendered, image=finished, facts=facts)


def _retouched(
    recipe: Recipe, region: Region, source: Image, draw: Callable[[Image | None], Rendered]
) -> Rendered:
    """The source with a part of it drawn anew."""
    rendered = draw(retouch.cut_out(source, region, recipe.canvas))
    image = retouch.lay_back(source, rendered.image, region)
    versions = {name: version(name) for name in retouch.LIBRARIES}
    facts = replace(rendered.facts, versions={**rendered.facts.versions, **versions})
    return replace(rendered, image=image, facts=facts)


def _named(done: Iterable[Step]) -> list[tuple[str, dict[str, object]]]:
    return [(step.name, dict(step.settings)) for step in done]
