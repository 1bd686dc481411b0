"""Prompts are read whole, remembered, and give the bits that diffusers alone would give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from diffusers import DiffusionPipeline

from hotfolder.errors import RenderError
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from hotfolder.render.models import pipelines, scheduler_map, weights
from hotfolder.render.prompt import clip, encode


def changed(recipe: Recipe, **values: object) -> Recipe:
    """`recipe` with other values."""
    return msgspec.structs.replace(recipe, **values)


@pytest.mark.parametrize("negative", ["", "people, cars"])
@pytest.mark.parametrize("model", ["sd", "sdxl"])
def test_short_prompts_read_as_diffusers_reads_them(
    engine: Engine, models: Path, draft: Recipe, model: str, negative: str
) -> None:
    """The picture is that of the bare pipeline, bit for bit."""
    recipe = changed(draft, model=model, width=64, height=48, negative_prompt=negative)
    bare = DiffusionPipeline.from_pretrained(models / model, dtype=torch.float32)
    generator = torch.Generator().manual_seed(recipe.seed)
    bare.scheduler = scheduler_map.fresh(recipe.scheduler, bare.scheduler, generator)
    arguments = pipelines.arguments(bare, recipe, (64, 48))
    torch.set_num_threads(1)
    image = bare(**arguments, generator=generator).images[0]
    assert pixel_hash(engine.render(recipe).image) == pixel_hash(image)


@pytest.mark.parametrize("model", ["sd", "sdxl"])
def test_the_end_of_a_long_prompt_counts(engine: Engine, draft: Recipe, model: str) -> None:
    """Words far beyond CLIP's 75 tokens change the picture, in prompt and negative prompt."""
    long = "a castle by the sea, " * 12  # some 200 tokens for this tokenizer of letters
    pictures = {
        pixel_hash(engine.render(changed(draft, model=model, **texts)).image)
        for texts in (
            {"prompt": long + "in winter"},
            {"prompt": long + "in summer"},
            {"prompt": "a castle", "negative_prompt": long + "fog"},
            {"prompt": "a castle", "negative_prompt": long + "rain"},
        )
    }
    assert len(pictures) == 4


def test_the_shipped_model_reads_shorter_chunks() -> None:
    """An encoder of fewer tokens reads short prompts as diffusers does, and long ones whole."""
    shipped = Engine({"postcard": Model(source="shipped:postcard")}, None, device="cpu", threads=1)
    recipe = Recipe(
        prompt="a lighthouse at night",
        seed=1,
        width=128,
        height=128,
        multiple=32,
        model="postcard",
        scheduler="Euler",
        steps=2,
        guidance_scale=3.0,
    )
    bare = DiffusionPipeline.from_pretrained(
        weights.SHIPPED / "postcard", dtype=torch.float32, safety_checker=None
    )
    generator = torch.Generator().manual_seed(recipe.seed)
    bare.scheduler = scheduler_map.fresh(recipe.scheduler, bare.scheduler, generator)
    torch.set_num_threads(1)
    image = bare(**pipelines.arguments(bare, recipe, (128, 128)), generator=generator).images[0]
    assert pixel_hash(shipped.render(recipe).image) == pixel_hash(image)
    long = "a calm sea, " * 12
    pictures = [
        pixel_hash(shipped.render(changed(recipe, prompt=long + season)).image)
        for season in ("winter", "autumn")
    ]
    assert pictures[0] != pictures[1]


def test_clip_skip(engine: Engine, draft: Recipe) -> None:
    """2 leaves out the last layer; XL was trained so, and 2 changes nothing there."""
    for model, differs in (("sd", True), ("sdxl", False)):
        one = engine.render(changed(draft, model=model)).image
        two = engine.render(changed(draft, model=model, clip_skip=2)).image
        assert (pixel_hash(one) != pixel_hash(two)) == differs


def test_remembered_prompts_have_the_same_bits(engine: Engine, draft: Recipe) -> None:
    """A second picture of a prompt asks no text encoder, and a forgotten prompt is read again."""
    recipe = changed(draft, prompt="a mill in the snow")
    first = pixel_hash(engine.render(recipe).image)
    asked: list[Any] = []
    encoder = engine.load("sd").pipe.text_encoder
    handle = encoder.register_forward_hook(lambda *call: asked.append(call))
    try:
        assert pixel_hash(engine.render(recipe).image) == first
        assert not asked
        engine.render(changed(recipe, prompt="a mill in the rain"))
        assert len(asked) == 1  # the empty negative prompt is remembered
    finally:
        handle.remove()


def test_memory_is_bounded() -> None:
    """The oldest answers go when all together grow too large."""
    memory = encode.PromptCache(most_bytes=100)
    asked: list[str] = []

    def encoder(name: str) -> tuple[torch.Tensor]:
        asked.append(name)
        return (torch.zeros(10),)  # 40 bytes

    for name in ("a", "b", "a", "c", "a", "b"):
        memory.answer(name, encoder, (name,), {})
    assert asked == ["a", "b", "c", "b"]


def test_words_are_found_whole_and_in_any_case() -> None:
    """An embedding's word stands alone: not within another, and however it is written."""

    class Letters:
        def __call__(self, text: str, truncation: bool) -> Any:
            return type("Read", (), {"input_ids": [0, *map(ord, text), 1]})

    words = {"ink": torch.zeros(2, 4)}
    assert clip.tokens(Letters(), "Ink!", words) == [("ink", 0), ("ink", 1), ord("!")]
    assert clip.tokens(Letters(), "pink", words) == list(map(ord, "pink"))


def test_other_families_say_what_they_do_not_take(engine: Engine, draft: Recipe) -> None:
    """Embeddings are for models that read with CLIP; `families` says which those are."""
    from diffusers import FluxPipeline

    assert not encode.reads_chunks(object.__new__(FluxPipeline))
    with pytest.raises(RenderError, match="no profile here has the embedding"):
        engine.render(changed(draft, embeddings=("x",)))
