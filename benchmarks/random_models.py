"""Models with random weights at their true sizes, or tiny ones of the same kind."""

from __future__ import annotations

import importlib
import json
import string
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import hotfolder.render  # noqa: F401 - before torch
from benchmarks.sd15 import letters
from hotfolder.render.models.weights import SHIPPED

FEW: dict[str, dict[str, Any]] = {  # of a layout's numbers, for a tiny model of its kind
    "unet": {
        "sd15": {"block_out_channels": [32, 64, 64, 64], "attention_head_dim": 8},
        "sdxl": {
            "block_out_channels": [32, 64, 128],
            "attention_head_dim": [2, 4, 8],
            "transformer_layers_per_block": [1, 1, 1],
        },
    },
    "vae": {"block_out_channels": [32, 32, 32, 32]},
    "text_encoder": {"num_hidden_layers": 2},
}


@dataclass(frozen=True, slots=True)
class Kind:
    """How a model is made, in a folder and tiny or not, and drawn with."""

    make: Callable[[Path, bool], None]
    scheduler: str = "DPM++ 2M SDE"
    guidance: float = 5.0


def _by_layout(layout: str, folder: Path, tiny: bool) -> None:
    """A diffusers folder of a family with random weights in float16."""
    import diffusers

    torch.manual_seed(0)
    place = SHIPPED / "layouts" / layout
    index = json.loads((place / "model_index.json").read_text("utf-8"))
    parts: dict[str, Any] = {}
    for name, value in index.items():
        if not isinstance(value, list) or value[0] is None:
            continue
        if name.startswith("tokenizer"):
            parts[name] = letters(folder / name)
            continue
        kind = getattr(importlib.import_module(value[0]), value[1])
        file = next((place / name).glob("*config.json"), None)
        if file is None:
            continue
        config = json.loads(file.read_text("utf-8"))
        if tiny:
            few = FEW.get(name.removesuffix("_2"), {})
            config |= few.get(layout, few) if name == "unet" else few
        is_text = value[0] == "transformers"
        parts[name] = kind(kind.config_class(**config)) if is_text else kind.from_config(config)
    pipeline = getattr(diffusers, index["_class_name"])
    if layout != "sdxl":
        parts |= {"safety_checker": None, "feature_extractor": None}
        parts["requires_safety_checker"] = False
    pipeline(**parts).to(torch.float16).save_pretrained(folder, safe_serialization=True)


def _klein(folder: Path, tiny: bool) -> None:
    """FLUX.2 Klein 4B, the base: two passes of guidance."""
    from diffusers import (
        AutoencoderKLFlux2,
        FlowMatchEulerDiscreteScheduler,
        Flux2KleinPipeline,
        Flux2Transformer2DModel,
    )
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(0)
    width = 32 if tiny else 2560
    denoiser: dict[str, Any] = {"num_layers": 5, "num_single_layers": 20, "num_attention_heads": 24}
    reader: dict[str, Any] = {"num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128}
    reader |= {"vocab_size": 151_936, "intermediate_size": 9728, "num_hidden_layers": 36}
    picture: dict[str, Any] = {}
    if tiny:
        denoiser = {"num_layers": 1, "num_single_layers": 2, "num_attention_heads": 2}
        denoiser |= {"attention_head_dim": 16, "axes_dims_rope": (4, 4, 4, 4)}
        reader = {"num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 16}
        reader |= {"vocab_size": 200, "intermediate_size": 32, "num_hidden_layers": 27}
        picture = {"block_out_channels": [32, 32, 32, 32], "layers_per_block": 1}
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        pipe = Flux2KleinPipeline(
            transformer=Flux2Transformer2DModel(
                **denoiser, joint_attention_dim=3 * width, guidance_embeds=False
            ),
            text_encoder=Qwen3ForCausalLM(Qwen3Config(hidden_size=width, **reader)),
            vae=AutoencoderKLFlux2(**picture),
            scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, shift=3.0),
            tokenizer=_characters(),
            is_distilled=False,
        )
    finally:
        torch.set_default_dtype(usual)
    pipe.save_pretrained(folder, safe_serialization=True)


def _characters() -> Any:
    """A tokenizer of language models whose tokens are single characters."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = ["<pad>", "<unk>", *string.printable]
    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, "<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    special = {"pad_token": "<pad>", "unk_token": "<unk>", "eos_token": "<pad>"}
    made = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)
    made.chat_template = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
    return made


KINDS = {
    "sd15": Kind(lambda folder, tiny: _by_layout("sd15", folder, tiny)),
    "sdxl": Kind(lambda folder, tiny: _by_layout("sdxl", folder, tiny)),
    "klein": Kind(_klein, "model", 4.0),
}
