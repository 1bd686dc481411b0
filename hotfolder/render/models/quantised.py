"""Weights in few bits: those of linear layers are rounded when a model is read, and stay so.

Such layers are nearly all of a transformer and of a text encoder, and a part of a UNet. Nothing
here imports torch before a model is read, so a profile is checked in milliseconds.
"""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from hotfolder.errors import RenderError
from hotfolder.installation import remedy
from hotfolder.recipes.model import Model


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to round: who does it, and how many bytes a number then takes, with its scale."""

    package: str
    bytes_each: float
    card_only: bool = False


KINDS = {
    "int8": Kind("torchao", 1.0),  # a scale for each row
    "fp8": Kind("torchao", 1.0),
    "nf4": Kind("bitsandbytes", 0.5 + 1 / 64, card_only=True),  # a scale of a byte for 64 numbers
}
# Layers that stay as they are: they are small and matter much, share their weights with a table, or
# their weights are used without them.
_STAY = re.compile(r"embed|^proj_out|lm_head|shared|pooler")
_ASKS_FORMAT = re.compile(r"\.wo$")  # T5 gives this layer what its weight's number format says
_MARK = "_hotfolder_quantised"


def stays(name: str, shape: tuple[int, ...]) -> bool:
    """Whether a tensor of this name and shape is left as it is: all but linear layers' weights."""
    return len(shape) != 2 or bool(_STAY.search(name))


def useless(model: Model) -> str:
    """A sentence if it changes nothing that a profile has its model quantised, or ""."""
    if model.quantize and model.transformer.lower().endswith(".gguf"):
        return "a GGUF file is in few bits already; leave this out"
    return ""


def lacking(model: Model) -> str:
    """A sentence if a model cannot be quantised here as its profile says; "" if it can."""
    if not model.quantize:
        return ""
    package = KINDS[model.quantize].package
    if importlib.util.find_spec(package) is None:
        return (
            f'for "{model.quantize}" the package {package} is missing; type  {remedy("quantize")}'
        )
    return ""


def pack(pipe: Any, model: Model, denoiser: str, device: str) -> None:
    """Round the denoisers and text encoders of `pipe` as the profile of `model` says.

    Each layer visits the `device` for that. Raises RenderError where it cannot be done.
    """
    if not model.quantize:
        return
    says = useless(model) or lacking(model)
    if not says and KINDS[model.quantize].card_only and not device.startswith("cuda"):
        says = f'"{model.quantize}" is for NVIDIA and AMD graphics cards; write "int8" instead'
    if says:
        raise RenderError(f"model.quantize: {says}")
    for name, part in pipe.components.items():
        if part is not None and (name.endswith(denoiser) or name.startswith("text_encoder")):
            _pack(part, model.quantize, device)


def versions(model: Model) -> dict[str, str]:
    """The library that rounds a model's weights and its version, as records name it."""
    if not model.quantize:
        return {}
    package = KINDS[model.quantize].package
    return {package: metadata.version(package)}


def is_packed(module: Any) -> bool:
    """Whether a module's weights are in few bits, which only whole layers know how to move."""
    return hasattr(module, _MARK) or getattr(module, "hf_quantizer", None) is not None


def held_bytes(module: Any) -> int:
    """The bytes of a module's weights as they are kept, with their scales."""
    kept = module.state_dict().keys()
    looked_up = [buffer for name, buffer in module.named_buffers() if name in kept]
    return sum(map(_bytes, (*module.parameters(), *looked_up)))


def _bytes(tensor: Any) -> int:
    inner = getattr(tensor, "__tensor_flatten__", None)
    if inner is not None:
        return sum(_bytes(getattr(tensor, name)) for name in inner()[0])
    state = getattr(tensor, "quant_state", None)
    beside = state.as_dict(packed=True).values() if state is not None else ()
    return int(tensor.nbytes) + sum(int(each.nbytes) for each in beside)


def _pack(module: Any, kind: str, device: str) -> None:
    import torch

    for name, layer in list(module.named_modules()):
        if type(layer) is not torch.nn.Linear or _STAY.search(name) or not layer.weight.numel():
            continue
        if kind == "nf4":
            if not _ASKS_FORMAT.search(name):
                module.set_submodule(name, _four_bits(layer, device))
            continue
        from torchao.quantization import Float8WeightOnlyConfig, Int8WeightOnlyConfig, quantize_

        layer.to(device)
        quantize_(layer, Int8WeightOnlyConfig() if kind == "int8" else Float8WeightOnlyConfig())
        layer.to("cpu")
    setattr(module, _MARK, kind)
    if kind == "nf4":
        module.is_loaded_in_4bit = True  # peft asks this before it puts a LoRA on


def _four_bits(layer: Any, device: str) -> Any:
    """A layer that computes as `layer` does, its weights as four-bit normal floats."""
    from bitsandbytes.nn import Linear4bit, Params4bit

    made = Linear4bit(
        layer.in_features,
        layer.out_features,
        bias=layer.bias is not None,
        compute_dtype=layer.weight.dtype,
        quant_type="nf4",
        device="meta",
    )
    made.weight = Params4bit(layer.weight.data, requires_grad=False, quant_type="nf4")
    made.bias = layer.bias
    return made.to(device).to("cpu")
