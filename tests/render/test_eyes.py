"""An eye that an owner names looks at drafts; without one, or with a broken one, all is as ever."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch
from transformers import (
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPVisionConfig,
    CLIPVisionModel,
)

from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from hotfolder.taste.features import unpack
from tests.render import tiny

SIDES = {"hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2}
SIDES |= {"num_hidden_layers": 1}
VISION = {**SIDES, "image_size": 32, "patch_size": 8}


def _saved(folder: Path, kind: str) -> Path:
    """A tiny eye: words and pictures together, or pictures alone."""
    torch.manual_seed(0)
    if kind == "both":
        text = {**SIDES, "vocab_size": 10, "max_position_embeddings": 8}
        model = CLIPModel(CLIPConfig(text_config=text, vision_config=VISION, projection_dim=12))
    else:
        model = CLIPVisionModel(CLIPVisionConfig(**VISION))
    model.save_pretrained(folder)
    sides = {"height": 32, "width": 32}
    CLIPImageProcessor(size=sides, crop_size=sides).save_pretrained(folder)
    return folder


@pytest.mark.parametrize(("kind", "numbers"), [("both", 12), ("pictures", 16)])
def test_an_eye_that_a_profile_names_looks_at_drafts(
    models: Path, draft: Recipe, tmp_path: Path, kind: str, numbers: int
) -> None:
    """Beside what is known without it; the picture has the same bits, and what is seen as well."""
    model = Model(source="./sd", multiple=tiny.MULTIPLE)
    eye = Model(source="./sd", multiple=tiny.MULTIPLE, eye=str(_saved(tmp_path / "eye", kind)))
    plain = Engine({"sd": model}, models, device="cpu", threads=1).render(draft)
    engine = Engine({"sd": eye}, models, device="cpu", threads=1)
    seen, again = engine.render(draft), engine.render(draft)
    assert seen.image.tobytes() == plain.image.tobytes()
    [name] = seen.features.keys() - plain.features.keys()
    assert name.startswith("eye.clip") and seen.features == again.features
    assert len(seen.features[name]) == numbers
    assert float((unpack(seen.features[name]) ** 2).mean()) == pytest.approx(1, abs=0.15)


def test_an_eye_that_cannot_see_is_told_once(
    models: Path, draft: Recipe, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Drafts are made all the same."""
    model = Model(source="./sd", multiple=tiny.MULTIPLE, eye=str(tmp_path))
    engine = Engine({"sd": model}, models, device="cpu", threads=1)
    with caplog.at_level(logging.WARNING):
        drawn = [engine.render(draft) for _ in range(2)]
    assert not any(name.startswith("eye") for name in drawn[0].features)
    told = [record.message for record in caplog.records if "not a vision model" in record.message]
    assert len(told) == 1 and "correct model.eye" in told[0]
