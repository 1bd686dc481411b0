"""The kinds of files that are all called LoRAs: what is one, what can be written as one, what not.

LoHa (Hyeon-Woo 2022) and LoKr (Yeh 2024) are products of small matrices as a LoRA is, and can be
written as one of a higher rank exactly. What is no such product is refused by its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch

from hotfolder.errors import RenderError

Tensors = dict[str, torch.Tensor]

_REFUSED = {
    "dora_scale": "a DoRA, whose weights are normalised",
    "lora_magnitude_vector": "a DoRA, whose weights are normalised",
    "oft_": "an OFT, which rotates weights",
    "hada_t1": "a LoHa in Tucker form",
    "hada_t2": "a LoHa in Tucker form",
    "lokr_t2": "a LoKr in Tucker form",
    "lora_mid": "a LoCon in Tucker form",
    "on_input": "an IA3",
    ".diff": "made of whole weights",
    "w_norm": "one that changes norms as well",
    ".a1.weight": "a GLoRA",
}
_FACTOR = re.compile(r"^(.*)\.((?:hada|lokr)_w[12](?:_[ab])?)$")
_STEM = re.compile(r"(?:\.|_)(?:lora|processor)[._].*$|\.alpha$")
# How the makers of Stable Diffusion XL call its convolutions of 3x3; the others are 1x1.
_WIDE = ("_in_layers_2", "_out_layers_3", "_op", "_conv", "_conv1", "_conv2")


def as_lora(name: str, tensors: Tensors, pipe: Any) -> Tensors:
    """The tensors of a file as those of a plain LoRA; the same where it is one.

    `pipe` is what it is for. Raises RenderError with the kind of what cannot be written as one.
    """
    for mark, kind in _REFUSED.items():
        if any(mark in key for key in tensors):
            raise RenderError(
                f"{name!r} is {kind}: that is no LoRA and cannot be applied here; "
                "look for a LoRA, LoHa or LoKr of it"
            )
    factors: dict[str, Tensors] = {}
    plain = dict(tensors)
    for key in tensors:
        if match := _FACTOR.match(key):
            factors.setdefault(match[1], {})[match[2]] = plain.pop(key).float()
    kernels = _kernels(pipe) if factors else {}
    for stem, own in factors.items():
        alpha = plain.pop(f"{stem}.alpha", None)
        up, down = _two(name, own, alpha)
        sides = kernels.get(stem, (3, 3) if stem.endswith(_WIDE) else ())
        if sides:
            down = down.reshape(down.shape[0], -1, *sides)
            up = up[:, :, None, None]
        plain[f"{stem}.lora_up.weight"] = up.contiguous()
        plain[f"{stem}.lora_down.weight"] = down.contiguous()
        plain[f"{stem}.alpha"] = torch.tensor(float(down.shape[0]))
    return plain


def unused(tensors: Tensors, pipe: Any) -> tuple[int, int]:
    """(how many parts of a LoRA the model `pipe` has no place for, how many parts it has)."""
    wanted = {_STEM.sub("", key) for key in tensors}
    told = type(pipe).lora_state_dict(dict(tensors))
    converted = told[0] if isinstance(told, tuple) else told
    modules = {_STEM.sub("", key) for key in converted if ".lora" in key or "_lora" in key}
    there = sum(_has(pipe, module) for module in modules)
    lost = max(len(wanted) - there, len(modules) - there, 0)
    return lost, max(len(wanted), len(modules))


def _has(pipe: Any, path: str) -> bool:
    part, _, inside = path.partition(".")
    module = getattr(pipe, part, None)
    if module is None:
        return False
    names = inside.removeprefix("text_model.")
    for name in (inside, names, f"text_model.{names}"):
        try:
            module.get_submodule(name)
        except AttributeError:
            continue
        return True
    return False


def _two(name: str, own: Mapping[str, torch.Tensor], alpha: Any) -> tuple[Any, Any]:
    """(up, down) whose product is that of all factors, with the scale that `alpha` means."""
    if "hada_w1_a" in own:
        a1, b1, a2, b2 = (own[f"hada_w{n}_{side}"] for n in "12" for side in "ab")
        rank = b1.shape[0]
        up = (a1[:, :, None] * a2[:, None, :]).flatten(1)
        down = (b1[:, None, :] * b2[None, :, :]).flatten(0, 1)
    else:
        (u1, v1, r1), (u2, v2, r2) = (_halves(name, own, f"lokr_w{n}") for n in "12")
        rank = r2 or r1
        up, down = torch.kron(u1, u2), torch.kron(v1, v2)
    scale = float(alpha) / rank if alpha is not None and rank else 1.0
    if down.shape[0] > (least := min(up.shape[0], down.shape[1])):
        whole = up @ down  # of no higher rank than its shorter side
        if least == up.shape[0]:
            return torch.eye(least) * scale, whole
        return whole * scale, torch.eye(least)
    return up * scale, down


def _halves(name: str, own: Mapping[str, torch.Tensor], key: str) -> tuple[Any, Any, int]:
    """(u, v, rank) whose product is one factor of a LoKr; rank 0 for one that is written whole."""
    if key in own:
        whole = own[key].flatten(1)
        return whole, torch.eye(whole.shape[1]), 0
    if f"{key}_a" not in own or f"{key}_b" not in own:
        raise RenderError(f"the LoKr {name!r} is not whole; download it again")
    u, v = own[f"{key}_a"], own[f"{key}_b"].flatten(1)
    return u, v, v.shape[0]


def _kernels(pipe: Any) -> dict[str, tuple[int, ...]]:
    """The sides of each convolution's kernel, by the name that files have for it."""
    found = {}
    for part, prefix in (("unet", "lora_unet_"), ("transformer", "lora_transformer_")):
        module = getattr(pipe, part, None)
        for path, inside in module.named_modules() if module is not None else ():
            if isinstance(inside, torch.nn.Conv2d):
                name = path.replace(".base_layer", "").replace(".", "_")
                found[prefix + name] = tuple(inside.kernel_size)
    return found
