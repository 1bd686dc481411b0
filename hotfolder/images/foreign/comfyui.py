"""ComfyUI: a graph of nodes, walked from the sampler to what it was fed with.

`images.comfy_graph` knows how texts flow through a graph. Where it cannot be told which text is the
prompt, that is said: nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from hotfolder.images import exif, samplers
from hotfolder.images import generation_params as words
from hotfolder.images.comfy_graph import MAX_NODES, PIPES, Graph, Inputs, Role, Unclear
from hotfolder.images.generation_params import GenerationParams
from hotfolder.images.metadata import Metadata

_CONDITIONINGS = (
    *("conditioning", "conditioning_1", "conditioning_2"),
    *("conditioning_to", "conditioning_from"),
)
_MODELS = ("ckpt_name", "unet_name", "model_name")
_MOST_PASSES = 4
_LATENTS = ("latent_image", "latent", "samples", "latents")
_LORA = re.compile(r"lora(?:_name)?_\d{1,2}")
_WEIGHTS = ("strength_model", "lora_model_strength", "strength")
_OFF = (False, "Off", "off")


def read(metadata: Metadata) -> GenerationParams | None:
    """What the graph says of the picture's first sampling pass: that one decided what is in it."""
    workflow = words.json_object(metadata.text("workflow"))
    for text in _carriers(metadata):
        data = words.json_object(text)
        if data is not None and isinstance(data.get("prompt"), dict):
            data = data["prompt"]
        if data is None or len(data) > MAX_NODES:
            continue
        graph = Graph(data, workflow)
        passes = [_told(graph, sampler) for sampler in _first_passes(graph)]
        if any(_prompts(one) != _prompts(passes[0]) for one in passes):
            says = "its graph makes several pictures, and does not say which one this is"
            return replace(passes[0], prompt="", negative_prompt="", unclear=says)
        if passes:
            return passes[0]
    return None


def _carriers(metadata: Metadata) -> Iterator[str | None]:
    """PNGs have a text; WebP and JPEG "prompt:{...}" in names of cameras, or a UserComment."""
    yield metadata.text("prompt")
    for tag in (exif.MODEL, exif.MAKE, exif.DESCRIPTION):
        text = exif.ascii_text(metadata.exif, tag) or ""
        yield re.sub(r"^prompt:\s*", "", text, flags=re.IGNORECASE)
    yield exif.user_comment(metadata.exif)


def _first_passes(graph: Graph) -> list[Inputs]:
    """The inputs of the samplers that started from nothing or from a picture; a few at most.

    A second pass, an upscaler or a refiner has another sampler upstream of its latents. What leads
    to no picture that is saved does not count, where any is.
    """
    samplers_ = sorted(name for name, node in graph.nodes.items() if _samples(node.inputs))
    saved = graph.upstream(name for name, node in graph.nodes.items() if "Save" in node.kind)
    found: list[str] = []
    for name in samplers_:
        along = (*_LATENTS, "pixels", "image", "images")
        upstream = {node for node, _ in graph.walk(_latents(graph.nodes[name].inputs), along)}
        if not (upstream - {name}).intersection(samplers_):
            found.append(name)
    found = [name for name in found if name in saved] or found
    return [graph.nodes[name].inputs for name in found[:_MOST_PASSES]]


def _prompts(said: GenerationParams) -> tuple[str, str]:
    return said.prompt, said.negative_prompt


def _samples(inputs: Inputs) -> bool:
    if {"steps", "sampler_name"} <= inputs.keys() and any(key in inputs for key in PIPES):
        return True
    guided = "guider" in inputs or {"positive", "negative"} <= inputs.keys()
    return guided and "latent_image" in inputs


def _latents(inputs: Inputs) -> Any:
    return next((inputs[key] for key in _LATENTS if key in inputs), None)


def _told(graph: Graph, sampler: Inputs) -> GenerationParams:
    noise, sigmas, chosen, guider = (
        _at(graph, sampler, key) for key in ("noise", "sigmas", "sampler", "guider")
    )
    guided = guider or sampler
    prompt, negative, unclear = _texts(graph, guided)
    function = graph.value({**chosen, **sampler}, "sampler_name")
    schedule = graph.value({**sigmas, **sampler}, "scheduler")
    scheduler = samplers.scheduler(function, schedule)
    pipe = next((sampler[key] for key in PIPES if key in sampler), None)
    model, loras = _model(graph, guided.get("model", sampler.get("model", pipe)))
    width, height = _size(graph, sampler)
    said = {} if scheduler else {"sampler": function, "scheduler": schedule}
    return GenerationParams(
        program="ComfyUI",
        prompt=prompt,
        negative_prompt=negative,
        steps=words.steps(graph.value({**sigmas, **sampler}, "steps")),
        scheduler=scheduler,
        guidance_scale=_guidance(graph, guided),
        seed=words.seed(graph.value({**noise, **sampler}, "noise_seed", "seed")),
        width=width,
        height=height,
        strength=_strength(graph, {**sigmas, **sampler}),
        model=model,
        loras=loras,
        others=words.others(said),
        unclear=unclear,
    )


def _texts(graph: Graph, guided: Inputs) -> tuple[str, str, str]:
    """(prompt, negative prompt, why one of them cannot be told)."""
    found: dict[Role, str] = {"positive": "", "negative": ""}
    unclear = ""
    names: dict[Role, str] = {"positive": "prompt", "negative": "negative prompt"}
    for role, name in names.items():
        value = guided.get(role, guided.get("conditioning") if role == "positive" else None)
        if value is None:
            value = next((guided[key] for key in PIPES if key in guided), None)
        try:
            found[role] = words.prompt(graph.text(value, role))
        except Unclear as why:
            unclear = unclear or f"its graph does not say plainly which text is its {name}: {why}"
    return found["positive"], found["negative"], unclear[:200]


def _at(graph: Graph, inputs: Inputs, key: str) -> Inputs:
    """The inputs of the node that an input is linked to."""
    link = graph.linked(inputs.get(key))
    return graph.nodes[link[0]].inputs if link else {}


def _model(graph: Graph, link: Any) -> tuple[str, tuple[str, ...]]:
    """The names of the checkpoint and of the LoRAs on the way to it."""
    loras: list[str] = []
    model = ""
    along = ("model", "lora_stack", "unet", "optional_lora_stack", *PIPES)
    for name, _ in graph.walk(link, along):
        inputs = graph.nodes[name].inputs
        loras += _loras(graph, inputs)
        named = graph.value(inputs, *_MODELS)
        model = model or (words.name(named) if isinstance(named, str) else "")
    return model, words.loras(loras)


def _loras(graph: Graph, inputs: Inputs) -> Iterator[str]:
    """The LoRAs of a loader: one, several with numbers, or rgthree's rows of switches."""
    if isinstance(text := inputs.get("text"), str) and "model" in inputs:
        yield from words.without_tags(text)[1]
    if "lora_name" in inputs:
        yield _lora(graph.value(inputs, "lora_name"), graph.value(inputs, *_WEIGHTS))
    for key in [key for key in inputs if _LORA.fullmatch(key)][: words.MAX_LORAS]:
        row, number = inputs[key], key.rpartition("_")[2]
        if isinstance(row, dict):
            if row.get("on") is not False:
                yield _lora(row.get("lora"), row.get("strength"))
        elif inputs.get(f"switch_{number}") not in _OFF:
            weights = (f"model_weight_{number}", f"lora_wt_{number}", f"model_str_{number}")
            yield _lora(row, next((inputs[one] for one in weights if one in inputs), None))


def _lora(name: Any, weight: Any) -> str:
    return "" if name in ("None", "none", None) else words.lora(name, weight)


def _guidance(graph: Graph, guided: Inputs) -> float | None:
    """The cfg scale; FLUX, whose cfg is 1 or absent, has its guidance in the conditioning."""
    plain = words.guidance(graph.value(guided, "cfg"))
    if plain in (None, 1):
        positive = guided.get("positive", guided.get("conditioning"))
        for name, _ in graph.walk(positive, (*_CONDITIONINGS, "positive")):
            distilled = words.guidance(graph.value(graph.nodes[name].inputs, "guidance"))
            if distilled is not None:
                return distilled
    return plain


def _size(graph: Graph, sampler: Inputs) -> tuple[int | None, int | None]:
    """The sides of the empty latents that it all began with."""
    pipe = next((sampler[key] for key in PIPES if key in sampler), None)
    for name, _ in graph.walk(_latents(sampler) or pipe, (*_LATENTS, *PIPES)):
        inputs = graph.nodes[name].inputs
        for prefix in ("", "empty_latent_"):
            if {f"{prefix}width", f"{prefix}height"} <= inputs.keys():
                sides = [graph.value(inputs, f"{prefix}{side}") for side in ("width", "height")]
                return words.sides(*sides)
    return None, None


def _strength(graph: Graph, inputs: Inputs) -> float | None:
    """How far from a picture; 1 is no picture at all."""
    strength = words.number(graph.value(inputs, "denoise"), 0, 1)
    return None if strength == 1 else strength
