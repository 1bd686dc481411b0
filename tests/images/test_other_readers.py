"""Five hundred texts of all dialects, read by us and by two other public readers."""

from __future__ import annotations

import io
import json
import random
import re
from contextlib import redirect_stdout
from typing import Any
from xml.sax.saxutils import escape

import pytest
from sd_parsers import ParserManager
from unstable_reader.image_data_reader import ImageDataReader

from hotfolder.images.generation_params import GenerationParams
from tests import samples
from tests.images.foreign.pictures import params, png, with_exif
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


def novelai(said: dict[str, Any]) -> bytes:
    width, height = map(int, said["size"].split("x"))
    comment = {
        "prompt": said["prompt"],
        "uc": said["negative"],
        "steps": said["steps"],
        "seed": said["seed"],
        "scale": said["cfg"],
        "width": width,
        "height": height,
        "sampler": "k_euler",
    }
    return png(Software="NovelAI", Description=said["prompt"], Comment=comment)


def invokeai(said: dict[str, Any]) -> bytes:
    width, height = map(int, said["size"].split("x"))
    core = {
        "positive_prompt": said["prompt"],
        "negative_prompt": said["negative"],
        "width": width,
        "height": height,
        "seed": said["seed"],
        "cfg_scale": said["cfg"],
        "steps": said["steps"],
        "scheduler": "euler",
        "model": {"model_name": said["model"], "base_model": "sdxl", "model_type": "main"},
        "app_version": "3.4.0",
    }
    return png(invokeai_metadata=core)


def swarmui(said: dict[str, Any]) -> bytes:
    width, height = map(int, said["size"].split("x"))
    wanted = {
        "prompt": said["prompt"],
        "negativeprompt": said["negative"],
        "model": said["model"],
        "seed": said["seed"],
        "steps": said["steps"],
        "cfgscale": said["cfg"],
        "width": width,
        "height": height,
        "sampler": "euler",
        "scheduler": "normal",
    }
    return png(parameters={"sui_image_params": wanted})


def easydiffusion(said: dict[str, Any]) -> bytes:
    width, height = map(int, said["size"].split("x"))
    wanted = {
        "prompt": said["prompt"],
        "negative_prompt": said["negative"],
        "seed": said["seed"],
        "use_stable_diffusion_model": said["model"],
        "width": width,
        "height": height,
        "sampler_name": "euler",
        "guidance_scale": said["cfg"],
        "num_inference_steps": said["steps"],
    }
    return with_exif("JPEG", json.dumps(wanted))


def drawthings(said: dict[str, Any]) -> bytes:
    wanted = {
        "c": said["prompt"],
        "uc": said["negative"],
        "steps": said["steps"],
        "sampler": "Euler a",
        "seed": said["seed"],
        "scale": said["cfg"],
        "model": said["model"],
        "size": said["size"],
    }
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/">'
        "<exif:UserComment>\n<rdf:Alt>\n"
        f'<rdf:li xml:lang="x-default">{escape(json.dumps(wanted))}</rdf:li>\n'
        "</rdf:Alt>\n</exif:UserComment></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    return samples.with_xmp("PNG", packet.encode())


OTHERS = [novelai, invokeai, swarmui, easydiffusion, drawthings]


def bare(text: str) -> str:
    """A prompt without what weighs words: InvokeAI's and SwarmUI's we read in our own terms."""
    return re.sub(r"[\\()\[\]\s]|:1\.\d", "", text)


@pytest.mark.parametrize("dialect", [a1111s_own, forge, civitai, sd_next, comfyui, *OTHERS])
def test_a_second_reader_agrees(dialect: Any) -> None:
    """The same with a port of sd-prompt-reader, and with programs that the first does not read."""
    dice = random.Random(dialect.__name__)
    for _ in range(EACH // 2):
        said = drawn(dice)
        picture = dialect(said)
        ours = params(picture)
        with redirect_stdout(io.StringIO()):  # it says how it went
            theirs = ImageDataReader(io.BytesIO(picture))
        assert ours is not None
        assert bare(ours.prompt) == bare(theirs.positive) == bare(said["prompt"])
        assert bare(ours.negative_prompt) == bare(theirs.negative) == bare(said["negative"])
        settings = theirs.parameter
        assert (str(ours.steps), str(ours.seed)) == (str(settings["steps"]), str(settings["seed"]))
        assert ours.guidance_scale == float(settings["cfg"]) == said["cfg"]
        assert f"{ours.width}x{ours.height}" == said["size"]  # theirs is the file's for some
