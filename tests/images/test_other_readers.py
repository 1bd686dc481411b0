"""Five hundred texts of all dialects, read by us and by another public reader."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest
from sd_parsers import ParserManager

from hotfolder.images.generation_params import GenerationParams
from tests.images.foreign.pictures import params, png
from tests.images.foreign.test_comfyui import node

EACH = 100
WORDS = ["a castle", "fog", "(gold:1.2)", "[haze]", "by a lake", "ink, wash", "1girl", "tag: red"]
SAMPLERS = ["Euler a", "DPM++ 2M", "DPM++ 2M SDE", "UniPC", "DPM++ 3M SDE", "Heun"]


def drawn(dice: random.Random) -> dict[str, Any]:
    """A prompt and settings that somebody might have."""
    words = [dice.choice(WORDS) for _ in range(dice.randint(1, 6))]
    return {
        "prompt": dice.choice([", ", ",\n"]).join(words),
        "negative": dice.choice(["people", "people,\ntext", "(worst quality:1.4)"]),
        "steps": dice.randint(1, 60),
        "sampler": dice.choice(SAMPLERS),
        "cfg": dice.choice([1, 3.5, 6, 7.5]),
        "seed": dice.randrange(2**32),
        "size": f"{dice.choice([512, 768, 1024])}x{dice.choice([512, 832])}",
        "model": dice.choice(["wide", "sd_xl_base_1.0", "dream-v2.1"]),
    }


def a1111(said: dict[str, Any], *more: str) -> bytes:
    line = (
        f"Steps: {said['steps']}, Sampler: {said['sampler']}, Schedule type: Karras, "
        f"CFG scale: {said['cfg']}, Seed: {said['seed']}, Size: {said['size']}, "
        f"Model hash: 0123456789, Model: {said['model']}"
    )
    line = ", ".join([line, *more])
    return png(parameters=f"{said['prompt']}\nNegative prompt: {said['negative']}\n{line}")


def a1111s_own(said: dict[str, Any]) -> bytes:
    return a1111(said, "Clip skip: 2", "Version: v1.10.1")


def forge(said: dict[str, Any]) -> bytes:
    quoted = 'ADetailer prompt: "a face, smiling"'  # theirs takes keys in quotes for its own
    return a1111(said, "Denoising strength: 0.4", quoted, "Version: f2.0.1v1.10.1")


def civitai(said: dict[str, Any]) -> bytes:
    line = (
        f"Steps: {said['steps']}, CFG scale: {said['cfg']}, Sampler: {said['sampler']}, "
        f"Seed: {said['seed']}, Size: {said['size']}, Model: {said['model']}, Clip skip: 2"
    )
    return png(parameters=f"{said['prompt']}\nNegative prompt: {said['negative']}\n{line}")


def sd_next(said: dict[str, Any]) -> bytes:
    line = (
        f"Steps: {said['steps']}, Size: {said['size']}, Sampler: {said['sampler']}, "
        f"Seed: {said['seed']}, CFG scale: {said['cfg']}, App: SD.Next, Version: f0a1b2c, "
        f"Operations: txt2img, Model: {said['model']}, Model hash: 0123456789"
    )
    return png(parameters=f"{said['prompt']}\nNegative prompt: {said['negative']}\n{line}")


def comfyui(said: dict[str, Any]) -> bytes:
    width, height = said["size"].split("x")
    graph = {
        "1": node("CheckpointLoaderSimple", ckpt_name=said["model"]),
        "2": node("CLIPTextEncode", text=said["prompt"], clip=["1", 1]),
        "3": node("CLIPTextEncode", text=said["negative"], clip=["1", 1]),
        "4": node("EmptyLatentImage", width=int(width), height=int(height), batch_size=1),
        "5": node(
            "KSampler",
            seed=said["seed"],
            steps=said["steps"],
            cfg=said["cfg"],
            sampler_name="euler",
            scheduler="normal",
            denoise=1,
            model=["1", 0],
            positive=["2", 0],
            negative=["3", 0],
            latent_image=["4", 0],
        ),
        "6": node("VAEDecode", samples=["5", 0], vae=["1", 2]),
        "7": node("SaveImage", images=["6", 0], filename_prefix="x"),
    }
    links = [
        [number, int(value[0]), value[1], int(name), 0, "CLIP" if key == "clip" else "ANY"]
        for name, one in graph.items()
        for number, (key, value) in enumerate(one["inputs"].items())
        if isinstance(value, list)
    ]
    return png(prompt=graph, workflow={"nodes": [], "links": links})


@pytest.mark.parametrize("dialect", [a1111s_own, forge, civitai, sd_next, comfyui])
def test_another_reader_agrees(dialect: Any) -> None:
    """Prompts, steps, seed, guidance and model of each text are those that went into it."""
    dice = random.Random(dialect.__name__)
    for _ in range(EACH):
        said = drawn(dice)
        picture = dialect(said)
        ours = params(picture)
        theirs = ParserManager().parse(io.BytesIO(picture))
        assert ours is not None
        assert theirs is not None
        sampler = theirs.samplers[0]
        settings = {key.lower(): str(value) for key, value in sampler.parameters.items()}
        assert (ours.prompt, ours.negative_prompt) == (said["prompt"], said["negative"])
        assert "".join(ours.prompt.split()) == "".join(theirs.full_prompt.split())
        assert "".join(ours.negative_prompt.split()) == "".join(theirs.full_negative_prompt.split())
        assert (str(ours.steps), str(ours.seed)) == (settings["steps"], settings["seed"])
        guidance = settings.get("cfg_scale", settings.get("cfg"))
        assert ours.guidance_scale == float(guidance or 0) == said["cfg"]
        assert ours.model == said["model"] == str(sampler.model and sampler.model.name)
        assert isinstance(ours, GenerationParams)
        assert f"{ours.width}x{ours.height}" == said["size"]


@pytest.mark.parametrize("dialect", [a1111s_own, forge, civitai, sd_next, comfyui])
def test_a_second_reader_agrees(dialect: Any) -> None:
    """The same with sd-prompt-reader, where it is installed (it brings a whole window along)."""
    reader = pytest.importorskip("sd_prompt_reader.image_data_reader")
    dice = random.Random(dialect.__name__)
    for _ in range(EACH):
        said = drawn(dice)
        picture = dialect(said)
        ours = params(picture)
        theirs = reader.ImageDataReader(io.BytesIO(picture))
        assert ours is not None
        assert "".join(ours.prompt.split()) == "".join(theirs.positive.split())
        assert "".join(ours.negative_prompt.split()) == "".join(theirs.negative.split())
        assert (str(ours.steps), str(ours.seed)) == (
            str(theirs.parameter["steps"]),
            str(theirs.parameter["seed"]),
        )
