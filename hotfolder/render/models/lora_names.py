"""Which layers of a model the names in a LoRA's file mean, whoever wrote the file.

Trainers name a layer by its path in diffusers or by that of the model's makers, with dots or with
underscores, after a word for the part that it is in. diffusers knows many of these names, each for
some families; where it does not know a file's, the file is spelled anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

Tensors = dict[str, torch.Tensor]

_LAYERS = (torch.nn.Linear, torch.nn.Conv2d)
_ENDINGS = re.compile(
    r"^(.*?)(?:\.alpha|(?:\.|_)lora(?:\.|_)(down|up|A|B)(?:\.default)?\.weight"
    r"|\.lora_linear_layer\.(down|up)\.weight)$"
)
# What stands before a layer's name, and the part that it means; "" is the denoiser.
_PARTS = (
    (re.compile(r"lora_te[_.]|lora_te1[_.]|text_encoder\.|te1?\."), "text_encoder"),
    (re.compile(r"lora_te2[_.]|text_encoder_2\.|te2\."), "text_encoder_2"),
    (re.compile(r"lora_te3[_.]|text_encoder_3\.|te3\."), "text_encoder_3"),
    (
        re.compile(
            r"lora_(?:unet|transformer|prior_unet)[_.]+|lycoris_+|(?:model\.)?diffusion_model\."
            r"|unet\.|transformer\.|"
        ),
        "",
    ),
)
_RESNET = {
    "conv1": "in_layers.2",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_PLACES = {"resnets": 0, "attentions": 1}
_ENDS = {
    "conv_in": "input_blocks.0.0",
    "conv_out": "out.2",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
}


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of a model: in which part of the pipeline, and its path there."""

    part: str
    path: str
    module: Any


@dataclass(frozen=True, slots=True)
class Pair:
    """The two matrices of one layer, and the scale that stands beside them, if any."""

    down: torch.Tensor | None = None
    up: torch.Tensor | None = None
    alpha: torch.Tensor | None = None


class Layers:
    """All layers of a pipeline that a LoRA can change, found by any name."""

    def __init__(self, pipe: Any, denoiser: str) -> None:
        self._by_name: dict[tuple[str, str], Layer] = {}
        for part in (denoiser, "text_encoder", "text_encoder_2", "text_encoder_3"):
            module = getattr(pipe, part, None)
            for name, inside in module.named_modules() if module is not None else ():
                if isinstance(inside, _LAYERS):
                    path = name.removesuffix(".base_layer")
                    for known in _names(path, pipe.unet.config if part == "unet" else None):
                        key = ("" if part == denoiser else part, known.replace(".", "_"))
                        self._by_name.setdefault(key, Layer(part, path, inside))

    def find(self, stem: str) -> Layer | None:
        """The layer that this name means, which has no ending any more; None if there is none."""
        part, name = _split(stem)
        return self._by_name.get((part, name.replace(".processor.", ".").replace(".", "_")))


def by_paths(tensors: Tensors, layers: Layers) -> Tensors:
    """The matrices for the layers that are known, by their paths, as diffusers and peft write them.

    What stands beside a pair as its scale is multiplied into it.
    """
    found: Tensors = {}
    for stem, pair in _pairs(tensors).items():
        layer = layers.find(stem)
        if layer is not None and pair.down is not None and pair.up is not None:
            rank = pair.down.shape[0]
            scale = 1.0 if pair.alpha is None else float(pair.alpha) / rank
            found[f"{layer.part}.{layer.path}.lora_A.weight"] = pair.down
            found[f"{layer.part}.{layer.path}.lora_B.weight"] = pair.up.float() * scale
    return found


def as_kohya(tensors: Tensors) -> Tensors:
    """The same tensors named as kohya's trainers do, from whose names diffusers knows most."""
    found: Tensors = {}
    for stem, pair in _pairs(tensors).items():
        part, name = _split(stem)
        words = {"": "lora_unet", "text_encoder_2": "lora_te2"}.get(part, "lora_te1")
        new = f"{words}_{name.replace('.', '_')}"
        if pair.down is not None and pair.up is not None:
            rank = torch.tensor(float(pair.down.shape[0]))
            found[f"{new}.lora_down.weight"] = pair.down
            found[f"{new}.lora_up.weight"] = pair.up
            found[f"{new}.alpha"] = rank if pair.alpha is None else pair.alpha
    return found


def changes_nothing(tensors: Tensors) -> bool:
    """Whether no layer has two matrices whose product is something."""
    pairs = _pairs(tensors).values()
    return bool(pairs) and not any(
        pair.up.any() and pair.down.any()
        for pair in pairs
        if pair.up is not None and pair.down is not None
    )


def halves(tensors: Tensors) -> list[str]:
    """The layers of which a file has one matrix alone."""
    return [
        stem for stem, pair in _pairs(tensors).items() if (pair.up is None) != (pair.down is None)
    ]


def _pairs(tensors: Tensors) -> dict[str, Pair]:
    found: dict[str, dict[str, torch.Tensor]] = {}
    for key, tensor in tensors.items():
        if match := _ENDINGS.match(key):
            kind = match[2] or match[3]
            side = {"down": "down", "A": "down", "up": "up", "B": "up"}.get(kind, "alpha")
            found.setdefault(match[1], {})[side] = tensor
    return {stem: Pair(**sides) for stem, sides in found.items()}


def _split(stem: str) -> tuple[str, str]:
    """(the part that a name means, the name in it)."""
    bare = stem.removeprefix("base_model.model.")
    for prefix, part in _PARTS:
        if match := prefix.match(bare):
            return part, bare[match.end() :]
    return "", bare


def _names(path: str, unet: Any) -> Iterator[str]:
    """The names that files have for the layer at `path`; `unet` is its UNet's configuration."""
    yield path
    yield f"text_model.{path}"
    yield path.removeprefix("text_model.")
    if path.endswith("to_out.0"):
        yield path.removesuffix(".0")  # as diffusers wrote it before
    layers = unet.get("layers_per_block") if unet is not None else None
    if isinstance(layers, int):
        yield from _of_makers(path, layers)


def _of_makers(path: str, layers: int) -> Iterator[str]:
    """The names that Stable Diffusion's makers gave a layer of its UNet."""
    kind, *rest = path.split(".")
    if path in _ENDS:
        yield _ENDS[path]
    elif kind == "mid_block":
        place = 1 if rest[0] == "attentions" else 2 * int(rest[1])
        yield f"middle_block.{place}.{_inside(rest[2:])}"
    elif kind == "down_blocks":
        block, what, number = int(rest[0]), rest[1], int(rest[2])
        first = 1 + block * (layers + 1)
        if what == "downsamplers":
            yield f"input_blocks.{first + layers}.0.op"
        else:
            yield f"input_blocks.{first + number}.{_PLACES[what]}.{_inside(rest[3:])}"
    elif kind == "up_blocks":
        block, what, number = int(rest[0]), rest[1], int(rest[2])
        first = block * (layers + 1)
        if what == "upsamplers":  # behind an attention, if there is one
            yield from (f"output_blocks.{first + layers}.{place}.conv" for place in (1, 2))
        else:
            yield f"output_blocks.{first + number}.{_PLACES[what]}.{_inside(rest[3:])}"


def _inside(words: list[str]) -> str:
    return ".".join([_RESNET.get(words[0], words[0]), *words[1:]])
