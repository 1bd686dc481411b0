"""ComfyUI's graphs, walked from the sampler; also such as nobody would draw."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.images.foreign.pictures import params, png, with_exif

Graph = dict[str, dict[str, Any]]


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    """A node of the API form."""
    return {"class_type": kind, "inputs": inputs}


PLAIN: Graph = {
    "3": node(
        "KSampler",
        seed=156680208700286,
        steps=20,
        cfg=8,
        sampler_name="dpmpp_2m",
        scheduler="karras",
        denoise=1,
        model=["10", 0],
        positive=["6", 0],
        negative=["7", 0],
        latent_image=["5", 0],
    ),
    "4": node("CheckpointLoaderSimple", ckpt_name="SD1.5\\v1-5-pruned-emaonly.safetensors"),
    "5": node("EmptyLatentImage", width=512, height=768, batch_size=1),
    "6": node("CLIPTextEncode", text="a castle by the sea", clip=["10", 1]),
    "7": node("CLIPTextEncode", text="text, watermark", clip=["10", 1]),
    "8": node("VAEDecode", samples=["3", 0], vae=["4", 2]),
    "9": node("SaveImage", filename_prefix="ComfyUI", images=["8", 0]),
    "10": node(
        "LoraLoader",
        lora_name="ink.safetensors",
        strength_model=0.8,
        strength_clip=1,
        model=["4", 0],
        clip=["4", 1],
    ),
}


IN_EXIF = "prompt:" + json.dumps(PLAIN)


@pytest.mark.parametrize(
    "picture",
    [png(prompt=PLAIN), with_exif("JPEG", model=IN_EXIF), with_exif("WEBP", model=IN_EXIF)],
)
def test_the_plain_graph(picture: bytes) -> None:
    """Sampler, texts, checkpoint, LoRA and size of the graph that comes with ComfyUI."""
    said = params(picture)
    assert said is not None
    assert said.program == "ComfyUI"
    assert (said.prompt, said.negative_prompt) == ("a castle by the sea", "text, watermark")
    assert (said.steps, said.guidance_scale, said.scheduler) == (20, 8, "DPM++ 2M Karras")
    assert (said.seed, said.width, said.height) == (156680208700286, 512, 768)
    assert (said.model, said.loras) == ("v1-5-pruned-emaonly", ("ink (0.8)",))
    assert said.strength is None


def test_of_two_passes_the_first_counts() -> None:
    """A second sampler over upscaled latents adds detail; the first decided the picture."""
    graph = {
        **PLAIN,
        "1": node(
            "KSampler",
            seed=2,
            steps=9,
            cfg=5,
            sampler_name="euler",
            scheduler="normal",
            denoise=0.5,
            model=["4", 0],
            positive=["6", 0],
            negative=["7", 0],
            latent_image=["11", 0],
        ),
        "11": node("LatentUpscale", samples=["3", 0], width=1024, height=1536),
    }
    said = params(png(prompt=graph))
    assert said is not None
    assert (said.seed, said.steps, said.width) == (156680208700286, 20, 512)


def test_base_and_refiner_of_sdxl() -> None:
    """KSamplerAdvanced has noise_seed; SDXL's encoder has two texts."""
    common = {"steps": 25, "cfg": 7.5, "sampler_name": "euler_ancestral", "scheduler": "normal"}
    graph = {
        "1": node(
            "KSamplerAdvanced",
            add_noise="enable",
            noise_seed=42,
            start_at_step=0,
            end_at_step=20,
            model=["4", 0],
            positive=["6", 0],
            negative=["7", 0],
            latent_image=["5", 0],
            **common,
        ),
        "0": node(
            "KSamplerAdvanced",
            add_noise="disable",
            noise_seed=0,
            model=["14", 0],
            positive=["6", 0],
            negative=["7", 0],
            latent_image=["1", 0],
            **common,
        ),
        "4": node("CheckpointLoaderSimple", ckpt_name="sd_xl_base_1.0.safetensors"),
        "14": node("CheckpointLoaderSimple", ckpt_name="sd_xl_refiner_1.0.safetensors"),
        "5": node("EmptyLatentImage", width=1024, height=1024),
        "6": node("CLIPTextEncodeSDXL", text_g="a castle", text_l="oil painting", clip=["4", 1]),
        "7": node("CLIPTextEncodeSDXL", text_g="text", text_l="text", clip=["4", 1]),
    }
    said = params(png(prompt=graph))
    assert said is not None
    assert (said.prompt, said.negative_prompt) == ("a castle, oil painting", "text")
    assert (said.seed, said.model, said.scheduler) == (42, "sd_xl_base_1.0", "Euler a")


def test_flux_with_a_custom_sampler() -> None:
    """Noise, guider, sampler and sigmas are nodes of their own; guidance is in the conditioning."""
    graph = {
        "13": node(
            "SamplerCustomAdvanced",
            noise=["25", 0],
            guider=["22", 0],
            sampler=["16", 0],
            sigmas=["17", 0],
            latent_image=["27", 0],
        ),
        "25": node("RandomNoise", noise_seed=219670278747233),
        "22": node("BasicGuider", model=["30", 0], conditioning=["26", 0]),
        "16": node("KSamplerSelect", sampler_name="euler"),
        "17": node("BasicScheduler", scheduler="simple", steps=20, denoise=1.0, model=["30", 0]),
        "26": node("FluxGuidance", guidance=3.5, conditioning=["6", 0]),
        "6": node("CLIPTextEncodeFlux", clip_l=["40", 0], t5xxl=["40", 0], clip=["11", 0]),
        "40": node("PrimitiveString", value="a fox in the snow"),
        "30": node("ModelSamplingFlux", max_shift=1.15, model=["12", 0]),
        "12": node("UNETLoader", unet_name="flux1-dev.safetensors"),
        "27": node("EmptySD3LatentImage", width=["41", 0], height=1024),
        "41": node("PrimitiveInt", value=768),
    }
    said = params(png(prompt=graph))
    assert said is not None
    assert (said.prompt, said.negative_prompt) == ("a fox in the snow", "")
    assert (said.seed, said.steps, said.guidance_scale) == (219670278747233, 20, 3.5)
    assert (said.model, said.scheduler) == ("flux1-dev", "Euler trailing")
    assert (said.width, said.height) == (768, 1024)


def test_conditionings_are_told_apart_behind_a_controlnet() -> None:
    """Its two outputs are the positive and the negative conditioning."""
    graph = {
        **PLAIN,
        "3": node(
            "KSampler",
            **{**PLAIN["3"]["inputs"], "positive": ["20", 0], "negative": ["20", 1]},
        ),
        "20": node("ControlNetApplyAdvanced", positive=["21", 0], negative=["7", 0], strength=1),
        "21": node("ConditioningCombine", conditioning_1=["6", 0], conditioning_2=["22", 0]),
        "22": node("CLIPTextEncode", text="gulls", clip=["4", 1]),
    }
    said = params(png(prompt=graph))
    assert said is not None
    assert (said.prompt, said.negative_prompt) == ("a castle by the sea, gulls", "text, watermark")


def test_a_sampler_without_counterpart_is_told() -> None:
    """Its name stays, as it is written there."""
    graph = json.loads(json.dumps(PLAIN))
    graph["3"]["inputs"] |= {"sampler_name": "dpm_adaptive", "scheduler": "karras"}
    said = params(png(prompt=graph))
    assert said is not None
    assert said.scheduler is None
    assert said.others == {"sampler": "dpm_adaptive", "scheduler": "karras"}


def sampler(link: Any, **inputs: Any) -> dict[str, Any]:
    """A sampler with everything linked to one place."""
    return node("K", positive=link, negative=link, latent_image=link, model=link, **inputs)


def ring(size: int) -> Graph:
    """Nodes in a circle, each linked to the next along every input that is walked."""
    keys = ("conditioning", "conditioning_1", "conditioning_2", "text", "model", "samples")
    return {
        str(k): node("Loop", **{key: [str((k + 1) % size), 0] for key in keys}) for k in range(size)
    }


HOSTILE: list[Any] = [
    {},
    {"3": 5, "4": {"inputs": 7}, "5": {"class_type": "x"}},
    {"3": sampler(["3", 0], seed=["3", 0])},
    {"3": sampler([[], {}])},
    {"3": sampler([None, None], steps=["3", 10**300])},
    {**ring(5000), "s": sampler(["0", 0])},
    {str(k): sampler([str(k + 1), 0]) for k in range(3000)},
    {
        "3": sampler(["6", 0], seed=10**30, steps=-1, cfg=1e400, sampler_name={}),
        "6": node("T", text=7),
    },
]


@pytest.mark.parametrize("graph", HOSTILE)
def test_hostile_graphs_end_soon(graph: Graph) -> None:
    """Cycles, chains and wrong types give an answer at once, whatever it is."""
    begin = time.process_time()
    said = params(png(prompt=graph))
    assert time.process_time() - begin < 5
    assert said is None or said.prompt == ""


def test_a_graph_nested_without_end_is_none() -> None:
    """JSON of a hundred thousand brackets is no graph."""
    assert params(png(prompt='{"a":' * 100_000)) is None


def changed(**nodes: dict[str, Any]) -> Graph:
    """The plain graph with nodes laid over it; n6 is node 6."""
    return PLAIN | {name.removeprefix("n"): made for name, made in nodes.items()}


def from_text(made: dict[str, Any]) -> Graph:
    """The plain graph, whose prompt comes out of a node."""
    return changed(n6=node("CLIPTextEncode", text=["20", 0], clip=["4", 1]), n20=made)


@pytest.mark.parametrize(
    ("graph", "prompt"),
    [
        (from_text(node("PrimitiveStringMultiline", value="a boat")), "a boat"),
        (from_text(node("ShowText|pysssss", text=["21", 0], text2="a boat")), "a boat"),
        (from_text(node("DPRandomGenerator", text="a {red|blue} boat", seed=5)), None),
        (from_text(node("DPRandomGenerator", text="a boat", seed=5)), "a boat"),
        (from_text(node("OllamaGenerate", prompt="Write of a boat", model="llama3")), None),
        (from_text(node("Florence2Run", image=["9", 0], text_input="", task="caption")), None),
        (from_text(node("Text Load Line From File", file_path="C:/x.txt", index=3)), None),
        (from_text(node("easy stylesSelector", positive="a boat", negative="fog")), "a boat"),
    ],
)
def test_texts_that_were_typed_and_texts_that_were_not(graph: Graph, prompt: str | None) -> None:
    """What a model wrote, what was drawn and what stood in a file is in no graph."""
    said = params(png(prompt=graph))
    assert said is not None
    assert said.prompt == (prompt or "") and bool(said.unclear) == (prompt is None)


def test_the_sampler_whose_picture_was_saved() -> None:
    """Another one leads nowhere; of two that are both saved nobody knows which picture this is."""
    other = PLAIN["3"]["inputs"] | {"positive": ["30", 0], "seed": 7}
    boat = node("CLIPTextEncode", text="a boat", clip=["4", 1])
    graph = changed(n0=node("KSampler", **other), n30=boat)
    said = params(png(prompt=graph))
    assert said is not None and said.prompt == "a castle by the sea"
    decoded = node("VAEDecode", samples=["0", 0], vae=["4", 2])
    saved = node("SaveImage", filename_prefix="x", images=["31", 0])
    said = params(png(prompt=graph | {"31": decoded, "32": saved}))
    assert said is not None and said.prompt == ""
    assert said.unclear == "its graph makes several pictures, and does not say which one this is"
    same = changed(n0=node("KSampler", **PLAIN["3"]["inputs"]), n31=decoded, n32=saved)
    said = params(png(prompt=same))
    assert said is not None and said.prompt == "a castle by the sea"


@pytest.mark.parametrize(
    ("loader", "loras"),
    [
        (
            node("CR Apply LoRA Stack", model=["4", 0], clip=["4", 1], lora_stack=["41", 0]),
            ("ink (0.8)",),
        ),
        (
            node("Lora Loader (LoraManager)", model=["4", 0], text="<lora:wash:0.5>", loras={}),
            ("wash (0.5)",),
        ),
    ],
)
def test_stacks_and_tags_of_loras(loader: dict[str, Any], loras: tuple[str, ...]) -> None:
    """Both lie beside the model's way, and neither hides the model."""
    stack = {"switch_1": "On", "lora_name_1": "ink.safetensors", "model_weight_1": 0.8}
    stack |= {"switch_2": "Off", "lora_name_2": "off.safetensors", "model_weight_2": 1}
    said = params(png(prompt=changed(n10=loader, n41=node("CR LoRA Stack", **stack))))
    assert said is not None
    assert (said.model, said.loras) == ("v1-5-pruned-emaonly", loras)


def test_model_and_size_along_pipes() -> None:
    """A loader that hands on everything in one pipe has them, however long that is."""
    loader = node(
        "easy fullLoader",
        **{"ckpt_name": "wide.safetensors", "empty_latent_width": 768, "empty_latent_height": 512},
        positive="a castle",
        negative="people",
    )
    asked = {"steps": 20, "cfg": 7, "sampler_name": "euler", "scheduler": "normal", "seed": 5}
    graph = {
        "1": loader,
        "2": node("easy preSampling", pipe=["1", 0], denoise=1, **asked),
        "3": node("easy kSampler", pipe=["2", 0], image_output="Save"),
    }
    said = params(png(prompt=graph))
    assert said is not None
    assert (said.prompt, said.negative_prompt) == ("a castle", "people")
    assert (said.model, said.width, said.height) == ("wide", 768, 512)
