"""What a model takes of memory: read from its files without loading it, or from its modules."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hotfolder.render.memory.memory_plan import Footprint
from hotfolder.render.models import families, header, quantised
from hotfolder.render.models.family import STAYING, Family, Size

# Numbers of an activation that are alive at the peak, as multiples of a width of the model: counted
# by benchmarks/memory.py, which prints estimates beside counts.
UNET_WITH_ATTENTION = 26  # of the first block's channels, for each px of the latents
UNET_WITHOUT = 16  # ... where the first block has no attention, as in SDXL
TRANSFORMER = 16  # of the width of a token, for each token
DECODE, ENCODE = 6, 5  # of the first block's channels, for each px of the picture

TOKEN_PX = 16  # the side of a token; models with a coarser autoencoder take a px of its latents
BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
_VAE = {"block_out_channels": [128, 256, 512, 512]}  # of nearly all models

Configs = Mapping[str, Mapping[str, Any]]


def of_pipeline(pipe: Any, dtype: str) -> Footprint:
    """The footprint of a loaded pipeline that computes in `dtype`."""
    modules = {name: part for name, part in pipe.components.items() if hasattr(part, "parameters")}
    configs = {name: _plain(module.config) for name, module in modules.items()}
    counts = {name: kept(module) for name, module in modules.items()}
    family = families.of(type(pipe).__name__)
    whole = of_parts(family, configs, counts, dtype)
    sizes = {
        name: quantised.held_bytes(module)
        for name, module in modules.items()
        if quantised.is_packed(module)
    }
    if not sizes:
        return whole
    texts = [name for name in counts if name.startswith("text_")]
    return replace(
        whole,
        denoiser_bytes=sum(n for name, n in sizes.items() if name.endswith(family.denoiser)),
        text_bytes=tuple(
            sizes.get(name, known) for name, known in zip(texts, whole.text_bytes, strict=True)
        ),
        packed=True,
    )


def of_folder(
    folder: Path,
    dtype: str,
    variant: str | None = None,
    chosen: Mapping[str, Path] | None = None,
    quantize: str = "",
) -> Footprint:
    """The footprint of a diffusers folder, told from its small files and the heads of the large.

    `chosen` are files of their own that parts are taken from, `quantize` is a profile's. Raises
    ValueError or OSError for a folder that is not one, and RenderError for one of no family that is
    known and for damaged weights.
    """
    index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    names = [name for name, value in index.items() if isinstance(value, list)]
    configs, counts, staying = {}, {}, {}
    for name in names:
        config = folder / name / "config.json"
        if config.is_file() and name != "safety_checker":
            configs[name] = json.loads(config.read_text(encoding="utf-8"))
            file = (chosen or {}).get(name)
            files = [file] if file else _files(folder / name, variant)
            counts[name], staying[name] = _numbers(files)
    family = families.of(index["_class_name"])
    whole = of_parts(family, configs, counts, dtype, quantize, staying)
    file = (chosen or {}).get(family.denoiser)
    if file is None or file.suffix.lower() != header.GGUF:
        return whole
    return replace(whole, denoiser_bytes=file.stat().st_size, packed=True)


def of_source(source: str, dtype: str, quantize: str = "") -> Footprint | None:
    """What the model at a profile's `model.source` takes in `dtype`; None if it is not known."""
    known = families.of_source(source)
    return _of_size(*known, dtype, quantize) if known else None


def of_layout(layout: str, dtype: str, quantize: str = "") -> Footprint:
    """What any model of a layout in `models/layouts` takes in `dtype`."""
    return _of_size(*families.of_layout(layout), dtype, quantize)


def _of_size(family: Family, size: Size, dtype: str, quantize: str) -> Footprint:
    configs = {family.denoiser: size.denoiser, "vae": _VAE}
    staying = {name: STAYING.get(count, 0) for name, count in size.numbers.items()}
    return of_parts(family, configs, size.numbers, dtype, quantize, staying)


def of_parts(
    family: Family,
    configs: Configs,
    counts: Mapping[str, int],
    dtype: str,
    quantize: str = "",
    staying: Mapping[str, int] | None = None,
) -> Footprint:
    """The footprint of a pipeline whose parts have these configurations and so many numbers.

    `quantize` is a profile's; so many numbers as `staying` says keep their format all the same.
    """
    width = BYTES[dtype]

    def size(name: str) -> int:
        if not quantize:
            return counts[name] * width
        whole = (staying or {}).get(name, 0)
        return round(whole * width + (counts[name] - whole) * quantised.KINDS[quantize].bytes_each)

    model, vae = configs[family.denoiser], configs["vae"]
    factor, first = _factor(vae), _vae_channels(vae)
    # Where it overflows in float16, diffusers runs the autoencoder in float32.
    upcast = family.vae_upcast and dtype == "float16" and vae.get("force_upcast", True)
    vae_width = 4 if upcast else width
    if family.denoiser == "unet":
        halvings = _halvings(model["down_block_types"])
        channels = model["block_out_channels"][0]
        numbers = channels * (UNET_WITHOUT if halvings else UNET_WITH_ATTENTION) / factor**2
        token = factor * 2**halvings
    else:
        token = max(TOKEN_PX, factor)
        numbers = _token_width(model) * TRANSFORMER / token**2
    sample = model.get("sample_size")
    return Footprint(
        # One family has a second one, for the pass without the prompt.
        denoiser_bytes=sum(size(name) for name in counts if name.endswith(family.denoiser)),
        text_bytes=tuple(size(name) for name in counts if name.startswith("text_")),
        vae_bytes=counts["vae"] * vae_width,
        pass_bytes=numbers * width,
        decode_bytes=DECODE * first * vae_width,
        encode_bytes=ENCODE * first * vae_width,
        pairs=family.pairs,
        windows=family.windows,
        token_px=token,
        native_px=sample * factor if isinstance(sample, int) else 1024,
        packed=bool(quantize),
    )


def kept(module: Any) -> int:
    """How many numbers a module's file has: parameters, tied ones once, and what it looks up."""
    kept = module.state_dict().keys()
    looked_up = [buffer for name, buffer in module.named_buffers() if name in kept]
    return sum(int(tensor.numel()) for tensor in (*module.parameters(), *looked_up))


def _plain(config: Any) -> dict[str, Any]:
    """A diffusers or transformers configuration as a dict."""
    return dict(config) if isinstance(config, Mapping) else config.to_dict()


def _factor(vae: Mapping[str, Any]) -> int:
    """How many px of the picture make one of the latents, along a side."""
    blocks = vae.get("block_out_channels") or vae.get("encoder_block_out_channels")
    return int(2 ** (len(blocks) - 1)) if blocks else int(vae.get("scale_factor_spatial", 8))


def _vae_channels(vae: Mapping[str, Any]) -> int:
    blocks = vae.get("block_out_channels") or vae.get("encoder_block_out_channels")
    return int(blocks[0] if blocks else vae.get("base_dim", 128))


def _halvings(blocks: Sequence[str]) -> int:
    """How often a UNet halves the sides of its latents before the first block with attention."""
    attends = ["Attn" in block for block in blocks]
    return attends.index(True) if True in attends else len(attends) - 1


def _token_width(model: Mapping[str, Any]) -> int:
    """How many numbers a token has, under the name that the family gives it."""
    heads, each = model.get("num_attention_heads"), model.get("attention_head_dim")
    if heads and each:
        return int(heads * each)
    names = ("hidden_size", "dim", "model_dim")
    return int(next((model[name] for name in names if model.get(name)), 4096))


def _files(component: Path, variant: str | None) -> list[Path]:
    """The files with the weights of a component; those that `variant` asks for, if here."""
    files = [f for f in component.glob("*.safetensors") if f.is_file()]
    chosen = [f for f in files if variant and f".{variant}" in f.name]
    return chosen or [f for f in files if ".fp16" not in f.name] or files


def _numbers(files: Sequence[Path]) -> tuple[int, int]:
    """(the numbers in some files of weights, those of them that are never quantised)."""
    counted = staying = 0
    for file in files:
        for name, shape in header.read(file).shapes.items():
            count = math.prod(shape)
            counted += count
            staying += count if quantised.stays(name, tuple(shape)) else 0
    return counted, staying
