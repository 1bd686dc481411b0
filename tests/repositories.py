"""The file lists of the repositories that the shipped profiles name, as they are on the hub."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

_SLOW_CLIP = ("merges.txt", "special_tokens_map.json", "tokenizer_config.json", "vocab.json")
_COMPANY = ("README.md", ".gitattributes", "LICENSE.md", "grid.png", "v1-inference.yaml")


@dataclass(frozen=True, slots=True)
class Layout:
    """All files, those that are needed, the model_index.json, and the profile's variant."""

    files: tuple[str, ...]
    needed: tuple[str, ...]
    index: dict[str, Any]
    variant: str = ""


def _layout(
    parts: dict[str, tuple[str, ...]],
    extras: tuple[str, ...],
    variant: str = "",
    absent: tuple[str, ...] = (),
) -> Layout:
    needed = [f"{part}/{name}" for part, names in parts.items() for name in names]
    index: dict[str, Any] = {"_class_name": "P", "_diffusers_version": "0.30.0"}
    index |= {part: ["diffusers", "X"] for part in parts} | {part: [None, None] for part in absent}
    names = (*needed, "model_index.json")
    return Layout((*names, *extras, *_COMPANY), names, index, variant)


def _parts(stem: str, count: int, dot: str = "") -> tuple[str, ...]:
    return tuple(f"{stem}{dot}-{n + 1:05}-of-{count:05}.safetensors" for n in range(count))


_UNET = "diffusion_pytorch_model"


def _half(text: int) -> dict[str, tuple[str, ...]]:
    """The parts of a model of 2022 or 2023 whose weights are there in full and in half."""
    texts = ["text_encoder", "text_encoder_2"][:text]
    return {
        **dict.fromkeys(texts, ("config.json", "model.fp16.safetensors")),
        **{name.replace("text_encoder", "tokenizer"): _SLOW_CLIP for name in texts},
        "unet": ("config.json", f"{_UNET}.fp16.safetensors"),
        "vae": ("config.json", f"{_UNET}.fp16.safetensors"),
        "scheduler": ("scheduler_config.json",),
    }


def _company(*parts: str) -> tuple[str, ...]:
    """What lies beside the weights for other programs, and in other precisions."""
    found = []
    for part in parts:
        stem = "model" if part.startswith("text") else _UNET
        found += [f"{part}/{stem}.safetensors", f"{part}/model.onnx", f"{part}/model.onnx_data"]
        found += [f"{part}/{stem}.bin", f"{part}/pytorch_model.fp16.bin"]
        found += [f"{part}/flax_model.msgpack", f"{part}/openvino_model.xml"]
        found += [f"{part}/{stem}.non_ema.safetensors"]
    return tuple(found)


LAYOUTS = {
    "stable-diffusion-v1-5/stable-diffusion-v1-5": _layout(
        _half(1),
        (
            *_company("text_encoder", "unet", "vae"),
            *(f"safety_checker/{n}" for n in ("config.json", "model.fp16.safetensors")),
            "feature_extractor/preprocessor_config.json",
            "v1-5-pruned.safetensors",
            "v1-5-pruned-emaonly.ckpt",
        ),
        "fp16",
    ),
    "stabilityai/stable-diffusion-xl-base-1.0": _layout(
        _half(2),
        (
            *_company("text_encoder", "text_encoder_2", "unet", "vae"),
            "vae_1_0/config.json",
            f"vae_1_0/{_UNET}.fp16.safetensors",
            "vae_decoder/config.json",
            "vae_decoder/model.onnx",
            "sd_xl_base_1.0.safetensors",
            "sd_xl_offset_example-lora_1.0.safetensors",
        ),
        "fp16",
    ),
    "stabilityai/sdxl-turbo": _layout(
        _half(2),
        (
            *_company("text_encoder", "text_encoder_2", "unet", "vae"),
            "sd_xl_turbo_1.0_fp16.safetensors",
        ),
        "fp16",
        absent=("feature_extractor", "image_encoder"),
    ),
    "stabilityai/stable-diffusion-3.5-medium": _layout(
        {
            "text_encoder": ("config.json", "model.safetensors"),
            "text_encoder_2": ("config.json", "model.safetensors"),
            "text_encoder_3": (
                "config.json",
                *_parts("model", 2),
                "model.safetensors.index.json",
            ),
            "tokenizer_3": ("tokenizer.json", "spiece.model", "tokenizer_config.json"),
            "transformer": ("config.json", f"{_UNET}.safetensors"),
            "vae": ("config.json", f"{_UNET}.safetensors"),
            "scheduler": ("scheduler_config.json",),
        },
        (
            "text_encoder/model.fp16.safetensors",
            "text_encoder_2/model.fp16.safetensors",
            *(f"text_encoder_3/{name}" for name in _parts("model", 2, ".fp16")),
            "text_encoder_3/model.safetensors.index.fp16.json",
            "text_encoders/t5xxl_fp8_e4m3fn.safetensors",
            "sd3.5_medium.safetensors",
        ),
    ),
    "black-forest-labs/FLUX.1-schnell": _layout(
        {
            "text_encoder": ("config.json", "model.safetensors"),
            "text_encoder_2": (
                "config.json",
                *_parts("model", 2),
                "model.safetensors.index.json",
            ),
            "tokenizer": _SLOW_CLIP,
            "tokenizer_2": ("tokenizer.json", "spiece.model", "special_tokens_map.json"),
            "transformer": (
                "config.json",
                *_parts(_UNET, 3),
                f"{_UNET}.safetensors.index.json",
            ),
            "vae": ("config.json", f"{_UNET}.safetensors"),
            "scheduler": ("scheduler_config.json",),
        },
        ("ae.safetensors", "flux1-schnell.safetensors"),
    ),
    "Qwen/Qwen-Image": _layout(
        {
            "text_encoder": (
                "config.json",
                "generation_config.json",
                *_parts("model", 4),
                "model.safetensors.index.json",
            ),
            "tokenizer": ("chat_template.jinja", "merges.txt", "vocab.json"),
            "transformer": (
                "config.json",
                *_parts(_UNET, 9),
                f"{_UNET}.safetensors.index.json",
            ),
            "vae": ("config.json", f"{_UNET}.safetensors"),
            "scheduler": ("scheduler_config.json",),
        },
        (),
    ),
    "Tongyi-MAI/Z-Image-Turbo": _layout(
        {
            "text_encoder": (
                "config.json",
                *_parts("model", 3),
                "model.safetensors.index.json",
            ),
            "tokenizer": ("tokenizer.json", "tokenizer_config.json"),
            "transformer": (
                "config.json",
                *_parts(_UNET, 3),
                f"{_UNET}.safetensors.index.json",
            ),
            "vae": ("config.json", f"{_UNET}.safetensors"),
            "scheduler": ("scheduler_config.json",),
        },
        ("assets/showcase.jpg", "assets/reasoning.png"),
    ),
}

JUNK = b"not for you " * 400
"""What lies in all files that nobody needs."""

_SHARDS = 3


def build(folder: Path, repository: str, made: Path, variant: str) -> None:
    """Lay out the model in the folder `made` as the hub has it, with all that lies beside it.

    Weights are in the `variant` or in parts, as `LAYOUTS` says; where that does not know the
    repository, in parts.
    """
    layout = LAYOUTS.get(repository)
    shutil.copytree(made, folder)
    for file in sorted(folder.rglob("*.safetensors")):
        part = file.parent.name
        in_parts = layout is None or any(
            name.startswith(f"{part}/") and "-of-" in name for name in layout.needed
        )
        if variant:
            file.rename(file.with_name(f"{file.stem}.{variant}.safetensors"))
        elif in_parts and part != "vae":
            _shard(file)
    accompany(folder, layout.files if layout else ("whole.safetensors", "vae/model.onnx"))


def accompany(folder: Path, files: Iterable[str]) -> None:
    """Put what nobody needs into a repository: weights among `files`, and what is always there."""
    for name in (*files, "README.md", "examples/one.png", "weights.ckpt"):
        file = folder / name
        if file.suffix not in (".json", ".txt", ".model", ".jinja") and not file.exists():
            if "-of-" in name and ".fp16" not in name:
                continue  # as many parts as there have to be
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(JUNK)


def _shard(file: Path) -> None:
    """Put the weights of a file into several, with the index that says which is where."""
    tensors = load_file(file)
    names = sorted(tensors)
    paths = [f"{file.stem}-{n + 1:05}-of-{_SHARDS:05}.safetensors" for n in range(_SHARDS)]
    where = {name: paths[at % _SHARDS] for at, name in enumerate(names)}
    for path in paths:
        held = {name: tensors[name] for name in names if where[name] == path}
        save_file(held, file.with_name(path), {"format": "pt"})
    index = {"metadata": {}, "weight_map": where}
    file.with_name(f"{file.name}.index.json").write_text(json.dumps(index))
    file.unlink()
