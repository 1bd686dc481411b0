"""ComfyUI: a graph of nodes, walked from the sampler to what it was fed with.

`prompt` is `{id: {"class_type": ..., "inputs": {...}}}`, where an input is a value or a link,
`[id of a node, number of its output]`. Nodes are known by their inputs rather than by their
classes, since people add thousands of those. The graph is anybody's: a walk goes to each node once
and ends after `MAX_WALK` of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hotfolder.images import exif
from hotfolder.images import generation_params as words
from hotfolder.images.generation_params import GenerationParams
from hotfolder.images.metadata import Metadata

MAX_NODES = 10_000
MAX_WALK = 1_000

_TEXTS = ("text", "text_g", "text_l", "t5xxl", "clip_l", "prompt", "string", "value")
_CONDITIONINGS = (
    "conditioning",
    "conditioning_1",
    "conditioning_2",
    "conditioning_to",
    "conditioning_from",
)
_MODELS = ("ckpt_name", "unet_name", "model_name")
_LATENTS = ("latent_image", "latent", "samples", "latents")

Inputs = Mapping[str, Any]


def read(metadata: Metadata) -> GenerationParams | None:
    """What the graph says of the picture's first sampling pass: that one decided what is in it."""
    data = words.json_object(metadata.text("prompt") or _in_exif(metadata))
    if data is None or len(data) > MAX_NODES:
        return None
    graph = Graph(data)
    sampler = _first_pass(graph)
    return None if sampler is None else _told(graph, sampler)


def _in_exif(metadata: Metadata) -> str | None:
    """WebP and JPEG have the graph in the name of the camera's model, as "prompt:{...}"."""
    text = exif.ascii_text(metadata.exif, exif.MODEL) or ""
    return text.removeprefix("prompt:") if text.startswith("prompt:") else None


class Graph:
    """The nodes' inputs by their ids, and how many links may still be followed."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.nodes: dict[str, Inputs] = {}
        self.left = MAX_WALK
        for name, node in data.items():
            inputs = node.get("inputs") if isinstance(node, dict) else None
            if isinstance(inputs, dict):
                self.nodes[name] = inputs

    def linked(self, value: Any) -> tuple[str, int] | None:
        """The node and the number of its output that a link leads to; None for a plain value."""
        if not (isinstance(value, list) and len(value) == 2):
            return None
        name, output = str(value[0])[:64], value[1]
        return (name, output) if name in self.nodes and isinstance(output, int) else None

    def walk(self, value: Any, along: Sequence[str]) -> Iterator[tuple[str, int]]:
        """The nodes upstream of a link along the inputs of these names, depth first, each once."""
        seen: set[str] = set()
        ahead = [value]
        while ahead and self.left > 0:
            link = self.linked(ahead.pop())
            if link is None or link[0] in seen:
                continue
            self.left -= 1
            seen.add(link[0])
            yield link
            inputs = self.nodes[link[0]]
            ahead += [inputs[key] for key in reversed(along) if key in inputs]

    def value(self, inputs: Inputs, *keys: str) -> Any:
        """The first plain value under these keys; where it is a link, what the node there holds."""
        for key in keys:
            value = inputs.get(key)
            for name, _ in self.walk(value, (*keys, *_TEXTS)):
                found = self._plain(self.nodes[name], (*keys, *_TEXTS))
                if found is not None:
                    return found
            if value is not None and self.linked(value) is None:
                return value
        return None

    def _plain(self, inputs: Inputs, keys: Sequence[str]) -> Any:
        plain = (inputs[key] for key in (*keys, "seed", "int", "float") if key in inputs)
        return next((value for value in plain if isinstance(value, int | float | str)), None)


def _first_pass(graph: Graph) -> Inputs | None:
    """The inputs of the sampler that started from nothing or from a picture.

    A second pass, an upscaler or a refiner has another sampler upstream of its latents.
    """
    samplers = {name for name, inputs in graph.nodes.items() if _samples(inputs)}
    for name in sorted(samplers):
        along = (*_LATENTS, "pixels", "image", "images")
        upstream = {node for node, _ in graph.walk(_latents(graph.nodes[name]), along)}
        if not samplers & (upstream - {name}):
            return graph.nodes[name]
    return None


def _samples(inputs: Inputs) -> bool:
    guided = "guider" in inputs or {"positive", "negative"} <= inputs.keys()
    return guided and "latent_image" in inputs


def _latents(inputs: Inputs) -> Any:
    return next((inputs[key] for key in _LATENTS if key in inputs), None)


def _told(graph: Graph, sampler: Inputs) -> GenerationParams:
    noise, sigmas, chosen, guider = (
        _at(graph, sampler, key) for key in ("noise", "sigmas", "sampler", "guider")
    )
    guided = guider or sampler
    function = graph.value({**chosen, **sampler}, "sampler_name")
    schedule = graph.value({**sigmas, **sampler}, "scheduler")
    scheduler = words.k_diffusion(function, schedule)
    positive = guided.get("positive", guided.get("conditioning"))
    model, loras = _model(graph, guided.get("model", sampler.get("model")))
    width, height = _size(graph, sampler)
    said = {} if scheduler else {"sampler": function, "scheduler": schedule}
    return GenerationParams(
        program="ComfyUI",
        prompt=words.prompt(_text(graph, positive)),
        negative_prompt=words.prompt(_text(graph, guided.get("negative"))),
        steps=words.steps(graph.value({**sigmas, **sampler}, "steps")),
        scheduler=scheduler,
        guidance_scale=_guidance(graph, guided, positive),
        seed=words.seed(graph.value({**noise, **sampler}, "noise_seed", "seed")),
        width=width,
        height=height,
        strength=_strength(graph, {**sigmas, **sampler}),
        model=model,
        loras=loras,
        others=words.others(said),
    )


def _at(graph: Graph, inputs: Inputs, key: str) -> Inputs:
    """The inputs of the node that an input is linked to."""
    link = graph.linked(inputs.get(key))
    return graph.nodes[link[0]] if link else {}


def _text(graph: Graph, conditioning: Any) -> str:
    """All texts that flow into a conditioning, in the order of the inputs."""
    found: dict[str, None] = {}
    seen: set[tuple[str, int]] = set()
    ahead = [conditioning]
    while ahead and graph.left > 0:
        link = graph.linked(ahead.pop())
        if link is None or link in seen:
            continue
        graph.left -= 1
        seen.add(link)
        inputs = graph.nodes[link[0]]
        for key in _TEXTS:
            text = graph.value({key: inputs.get(key)}, key)
            if isinstance(text, str) and text.strip():
                found[text.strip()] = None
        along = [key for key in _CONDITIONINGS if key in inputs]
        if {"positive", "negative"} <= inputs.keys():  # its outputs are those two, in this order
            along.append("negative" if link[1] == 1 else "positive")
        ahead += [inputs[key] for key in reversed(along)]
    return ", ".join(found)


def _model(graph: Graph, link: Any) -> tuple[str, tuple[str, ...]]:
    """The names of the checkpoint and of the LoRAs on the way to it."""
    loras = []
    for name, _ in graph.walk(link, ("model", "lora_stack", "unet")):
        inputs = graph.nodes[name]
        if "lora_name" in inputs:
            weight = graph.value(inputs, "strength_model", "strength")
            loras.append(words.lora(graph.value(inputs, "lora_name"), weight))
        model = graph.value(inputs, *_MODELS)
        if isinstance(model, str):
            return words.name(model), words.loras(loras)
    return "", words.loras(loras)


def _guidance(graph: Graph, guided: Inputs, positive: Any) -> float | None:
    """The cfg scale; FLUX, whose cfg is 1 or absent, has its guidance in the conditioning."""
    plain = words.guidance(graph.value(guided, "cfg"))
    if plain in (None, 1):
        for name, _ in graph.walk(positive, (*_CONDITIONINGS, "positive")):
            distilled = words.guidance(graph.value(graph.nodes[name], "guidance"))
            if distilled is not None:
                return distilled
    return plain


def _size(graph: Graph, sampler: Inputs) -> tuple[int | None, int | None]:
    """The sides of the empty latents that it all began with."""
    for name, _ in graph.walk(_latents(sampler), _LATENTS):
        inputs = graph.nodes[name]
        if {"width", "height"} <= inputs.keys():
            return words.sides(graph.value(inputs, "width"), graph.value(inputs, "height"))
    return None, None


def _strength(graph: Graph, inputs: Inputs) -> float | None:
    """How far from a picture; 1 is no picture at all."""
    strength = words.number(graph.value(inputs, "denoise"), 0, 1)
    return None if strength == 1 else strength
