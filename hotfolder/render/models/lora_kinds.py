"""The kinds of files that are all called LoRAs: what is one, what can be written as one, what not.

LoHa (Hyeon-Woo 2022) and LoKr (Yeh 2024) are products of small matrices as a LoRA is, and can be
written as one of a higher rank exactly. What is no such product is refused by its name.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from hotfolder.errors import RenderError
from hotfolder.render.models import lora_names, pipelines
from hotfolder.render.models.lora_names import Layers, Tensors

_log = logging.getLogger(__name__)

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
    "set_weight": "made of whole weights",
    "reshape_weight": "for a model whose layers have other sizes",
    "lora_up.bias": "one with biases of its own",
    "lora_B.bias": "one with biases of its own",
    ".a1.weight": "a GLoRA",
}
_FACTOR = re.compile(r"^(.*)\.((?:hada|lokr)_w[12](?:_[ab])?)$")
_ADAPTER = re.compile(r"(\.lora_(?:A|B|magnitude_vector))\.([^.]+)(?=\.weight$)")
_STEM = re.compile(r"(?:\.|_)(?:lora|processor)[._].*$|\.alpha$")


def as_lora(name: str, tensors: Tensors, pipe: Any) -> Tensors:
    """The tensors of a file as those of a plain LoRA; the same where it is one.

    `pipe` is what it is for. Raises RenderError with the kind of what cannot be written as one, and
    for what is damaged or would change nothing.
    """
    tensors = _without_adapter(name, tensors)
    for mark, kind in _REFUSED.items():
        if any(mark in key for key in tensors):
            raise RenderError(
                f"{name!r} is {kind}: that is not a LoRA and cannot be applied here; "
                "look for a LoRA, LoHa or LoKr of it"
            )
    if not all(tensor.isfinite().all() for tensor in tensors.values()):
        raise RenderError(
            f"the LoRA {name!r} is damaged: it contains invalid numbers; download it again"
        )
    factors: dict[str, Tensors] = {}
    plain = dict(tensors)
    for key in tensors:
        if match := _FACTOR.match(key):
            factors.setdefault(match[1], {})[match[2]] = plain.pop(key).float()
    layers = _layers(pipe) if factors and pipe is not None else None
    for stem, own in factors.items():
        alpha = plain.pop(f"{stem}.alpha", None)
        up, down = _two(name, own, alpha)
        layer = layers.find(stem) if layers else None
        if layer is not None and isinstance(layer.module, torch.nn.Conv2d):
            sides = layer.module.kernel_size
            down = down.reshape(down.shape[0], -1, *sides)
            up = up[:, :, None, None]
        plain[f"{stem}.lora_up.weight"] = up.contiguous()
        plain[f"{stem}.lora_down.weight"] = down.contiguous()
        plain[f"{stem}.alpha"] = torch.tensor(float(down.shape[0]))
    if half := lora_names.halves(plain):
        raise RenderError(
            f"the LoRA {name!r} is incomplete: one matrix of {half[0]} is missing; fetch it again"
        )
    if lora_names.changes_nothing(plain):
        raise RenderError(f"the LoRA {name!r} changes nothing: all that it adds is zero")
    return plain


@dataclass(frozen=True, slots=True)
class Spelling:
    """A LoRA by names that may be those of a model: of so many `parts`, so many are `lost`."""

    tensors: Tensors
    lost: int
    parts: int


def _without_adapter(name: str, tensors: Tensors) -> Tensors:
    """The tensors without the name that peft has for a LoRA within a model, where a file has it.

    diffusers would make a LoRA of such names, and leave its numbers to chance.
    """
    adapters = sorted({match[2] for key in tensors if (match := _ADAPTER.search(key))})
    if len(adapters) > 1:
        raise RenderError(
            f"{name!r} holds {len(adapters)} LoRAs ({', '.join(adapters)[:90]}); "
            "take a file of one of them"
        )
    return {_ADAPTER.sub(r"\1", key): tensor for key, tensor in tensors.items()}


def spellings(tensors: Tensors, pipe: Any) -> Iterator[Spelling]:
    """The ways to name a LoRA's parts by which the model `pipe` has places for some, best first.

    Where all have a place, or no other way finds more, they stay as they are.
    """
    parts = len(_stems(tensors))
    found: list[Spelling] = []
    ways: list[Callable[[], Tensors]] = [
        lambda: tensors,
        lambda: lora_names.by_paths(tensors, _layers(pipe)),
        lambda: lora_names.as_kohya(tensors),
    ]
    for way in ways:
        named = way()
        left_out = parts - len(_stems(named))
        try:
            lost, there = unused(named, pipe)
        except Exception as error:  # each converter of diffusers' fails in its own way
            _log.debug("these are no names of a LoRA: %s", error)
            continue
        if not lost + left_out:
            yield Spelling(named, 0, there)
        elif lost < there:
            found.append(Spelling(named, lost + left_out, there + left_out))
    yield from sorted(found, key=lambda one: one.lost / one.parts)


def _stems(tensors: Tensors) -> set[str]:
    return {_STEM.sub("", key) for key in tensors}


def unused(tensors: Tensors, pipe: Any) -> tuple[int, int]:
    """(how many parts of a LoRA the model `pipe` has no place for, how many parts it has)."""
    wanted = _stems(tensors)
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
        raise RenderError(f"the LoKr {name!r} is incomplete; download it again")
    u, v = own[f"{key}_a"], own[f"{key}_b"].flatten(1)
    return u, v, v.shape[0]


def _layers(pipe: Any) -> Layers:
    return Layers(pipe, pipelines.family(pipe).denoiser)
