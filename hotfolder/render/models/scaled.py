"""Weights that other programs have stored in eight bits, with or without a scale beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from hotfolder.errors import RenderError
from hotfolder.render.models import contents, header

_EIGHT_BITS = (torch.float8_e4m3fn, torch.float8_e5m2)
_SCALES = (".scale_weight", ".weight_scale")  # beside X.weight, as ComfyUI writes it
# What does not belong to the weights: scales for activations, and marks of the format.
_BESIDE = (".scale_input", ".input_scale", ".comfy_quant")
_TOLD = ".comfy_quant"  # beside a layer: how it is packed, as JSON
_PLAIN = {"float8_e4m3fn", "float8_e5m2"}  # of these ways a number is its weight, times the scale
_MARK = "scaled_fp8"


def read(path: Path, dtype: torch.dtype) -> dict[str, Any]:
    """The tensors of a .safetensors file by their names, floating ones in `dtype`.

    Eight-bit weights are multiplied by the scale beside them. Raises RenderError for other ways to
    pack them.
    """
    head = header.read(path)
    if says := contents.packed(path, head):
        raise RenderError(says)
    tensors: dict[str, Any] = load_file(path)
    for way in {_way(tensor) for name, tensor in tensors.items() if name.endswith(_TOLD)}:
        if way not in _PLAIN:
            raise RenderError(
                f"{path.name} holds its weights as ComfyUI packs them ({way}), which only ComfyUI "
                "unpacks; use the plain file (fp16, bf16 or fp8), or a .gguf"
            )
    tensors.pop(_MARK, None)
    for name in list(tensors):
        tensor = tensors.get(name)
        if tensor is None or name.endswith((*_BESIDE, *_SCALES)):
            continue
        stem = name.removesuffix(".weight")
        scale = next((tensors[stem + s] for s in _SCALES if stem + s in tensors), None)
        if scale is not None:
            if tensor.dtype not in _EIGHT_BITS or not scale.is_floating_point():
                raise RenderError(
                    f"{path.name} stores {name} as {_word(tensor.dtype)} with a scale that is "
                    "not known here; use the plain file (fp16, bf16 or fp8), or a .gguf"
                )
            tensor = _unscaled(path, name, tensor, scale)
        tensors[name] = tensor.to(dtype) if tensor.is_floating_point() else tensor
    return {n: t for n, t in tensors.items() if not n.endswith((*_BESIDE, *_SCALES))}


def _way(told: Any) -> str:
    """How a layer is packed, by what ComfyUI wrote beside it."""
    try:
        says = json.loads(bytes(told.flatten().to(torch.uint8).tolist()))
        turned = " convrot" if says.get("convrot") else ""
        return f"{says['format']}"[:40] + turned
    except (ValueError, KeyError, AttributeError, RecursionError):
        return "in a way that cannot be told"


def _unscaled(path: Path, name: str, tensor: Any, scale: Any) -> Any:
    """`tensor` times its scale: one for all, or one for each row."""
    if scale.numel() == 1:
        return tensor.float() * scale.float().reshape(())
    if scale.numel() == tensor.shape[0]:
        return tensor.float() * scale.float().reshape(-1, *[1] * (tensor.dim() - 1))
    raise RenderError(
        f"{path.name} scales {name} in blocks, which is not read here; "
        "use the plain file (fp16, bf16 or fp8), or a .gguf"
    )


def _word(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
