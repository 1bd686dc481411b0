"""The picture in the making is seen before it is done, and that costs nothing."""

from __future__ import annotations

import time

import numpy as np
import torch
from msgspec.structs import replace
from PIL import Image

from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.draw import draw
from hotfolder.recipes.model import model_name
from hotfolder.recipes.prompt import Prompt
from hotfolder.render.engine import Engine
from hotfolder.render.preview import Preview
from hotfolder.studio.config.load import nobody


def test_previews_become_the_picture() -> None:
    """Of the shipped model: none of its first picture, then each nearer to what comes out; the bits
    are the same as without, and looking takes less than a fiftieth of a step.
    """
    profile = nobody().profile(None)
    engine = Engine({model_name(profile.model): profile.model}, None, device="cpu", threads=1)
    recipe = draw(Prompt(text="a red sailing boat at sea, sunset"), profile, 0, "salt", {})
    seen: list[Image.Image | None] = []
    took: list[float] = []

    def look(step: int, steps: int) -> None:
        began = time.process_time()
        seen.append(engine.preview())
        took.append(time.process_time() - began)

    first = engine.render(recipe, on_step=look).image
    assert not any(seen)
    seen.clear()
    took.clear()
    began = time.process_time()
    again = engine.render(recipe, on_step=look).image
    step_s = (time.process_time() - began) / recipe.steps
    assert pixel_hash(again) == pixel_hash(first)
    early, *_, late = (likeness(image, again) for image in seen if image is not None)
    assert late > 0.9 and late > early
    assert sorted(took)[len(took) // 2] < step_s / 50

    other = replace(recipe, seed=recipe.seed + 1)
    seen.clear()
    image = engine.render(other, on_step=look).image
    assert seen[-2] is not None and likeness(seen[-2], image) > 0.85, "also of another picture"
    assert engine.preview() is None


def likeness(preview: Image.Image, image: Image.Image) -> float:
    """How the colours of two pictures go together, up to 1."""
    one = np.asarray(image.resize(preview.size, Image.Resampling.BOX), float).ravel()
    return float(np.corrcoef(one, np.asarray(preview, float).ravel())[0, 1])


def test_latents_of_another_form_show_nothing() -> None:
    """Packed latents, and those of another number of channels, are passed over."""
    preview = Preview()
    preview.learn(torch.zeros(1, 64, 16), Image.new("RGB", (64, 64)))
    assert preview.weights is None and preview.shown(torch.zeros(1, 4, 8, 8)) is None
    preview.learn(torch.randn(2, 4, 8, 8), Image.new("RGB", (64, 64), "teal"))
    shown = preview.shown(torch.zeros(1, 4, 8, 8))
    assert shown is not None and shown.size == (8, 8)
    assert preview.shown(torch.zeros(1, 16, 8, 8)) is None
