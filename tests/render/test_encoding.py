"""A picture that the model did not draw is looked at as if it had."""

from __future__ import annotations

import msgspec
import numpy as np
from PIL import Image

from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.profile import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from hotfolder.taste import judge
from hotfolder.taste.features import Features
from hotfolder.taste.judgements import Judgement

_PROMPTS = ("a castle on a hill, at night", "a sailing boat at sea, by day")


def test_an_encoded_draft_has_nearly_its_own_score(draft: Recipe) -> None:
    """With the shipped model, by what its denoiser thinks alone: the order is much the same."""
    engine = Engine({"postcard": Model(source="shipped:postcard")}, None, "cpu", 1)
    usual = {"model": "postcard", "scheduler": "DPM++ 2M SDE", "steps": 12, "guidance_scale": 3.5}
    sides = {"width": 64, "height": 64, "multiple": 16}
    own, encoded = [], []
    for number in range(16):
        said = {"prompt": _PROMPTS[number % 2], "seed": number}
        recipe = msgspec.structs.replace(draft, **usual, **sides, **said)
        drawn = engine.render(recipe)
        own.append(Features(str(number), kinds=drawn.features))
        encoded.append(Features(str(number), kinds=engine.encode(recipe, drawn.image)))
        assert encoded[-1].kinds.keys() == own[-1].kinds.keys()
    judged = [Judgement(str(n), "rejected" if n % 2 else "picked", n) for n in range(16)]
    learned = judge.fit(judged, {one.picture: one for one in own})
    assert learned is not None
    before, after = (learned.logits(some).argsort().argsort() for some in (own, encoded))
    assert np.corrcoef(before, after)[0, 1] > 0.7


def test_looking_at_a_picture_draws_nothing(engine: Engine, draft: Recipe) -> None:
    """A photo of any size has the kinds that a draft has, and the next draft the bits it had."""
    before = engine.render(draft)
    photo = Image.linear_gradient("L").resize((333, 217)).convert("RGB")
    seen = engine.encode(draft, photo)
    assert seen.keys() == before.features.keys()
    assert seen == engine.encode(draft, photo)
    assert pixel_hash(engine.render(draft).image) == pixel_hash(before.image)
