"""How a picture from elsewhere is looked at: as a draft is, a quarter of the way through.

It is encoded, and gets as much noise as a draft of its recipe has at that step. So the first step
of a refinement that leaves so many steps sees what the draft's own step would have seen.
"""

from __future__ import annotations

from msgspec.structs import replace
from PIL import Image

from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.recipe import Pixels, Recipe
from hotfolder.render.activations import quarter


def asked(recipe: Recipe, picture: Image.Image) -> Recipe:
    """The refinement of an RGB picture whose first step is the one at which drafts are looked at.

    `recipe` is a draft's.
    """
    left = recipe.steps - quarter(recipe.steps) + 1
    source = Pixels(pixel_hash(picture), *picture.size)
    strength = min(1.0, (left + 0.5) / recipe.steps)  # so many steps, however it is rounded
    return replace(recipe, source=source, strength=strength)
