"""Tiny models in one file, with the names that the first Stable Diffusion programs gave."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
)

from hotfolder.render.models.single_file import LAYOUTS
from tests.render import tiny

Tensors = dict[str, torch.Tensor]
SMALL: dict[str, dict[str, Any]] = {
    "vae": {"block_out_channels": [32, 32, 32, 32]},
    "text_encoder": {"hidden_size": 32, "intermediate_size": 40, "num_attention_heads": 4},
    "text_encoder_2": {
        "hidden_size": 48,
        "intermediate_size": 192,
        "num_attention_heads": 4,
        "num_hidden_layers": 10,
        "projection_dim": 48,
    },
}
UNETS = {
    "sd15": {"block_out_channels": [32, 32, 32, 32], "cross_attention_dim": 32},
    "sd21": {
        "block_out_channels": [32, 32, 32, 32],
        "cross_attention_dim": 32,
        "attention_head_dim": [2, 2, 4, 4],
    },
    "sdxl": {
        "block_out_channels": [32, 32, 32],
        "cross_attention_dim": 80,
        "attention_head_dim": [2, 2, 4],
        "transformer_layers_per_block": [1, 1, 2],
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 96,
    },
}


def layouts(folder: Path) -> Path:
    """A copy of the layouts that are included, with all widths made small."""
    shutil.copytree(LAYOUTS, folder)
    for name, unet in UNETS.items():
        for part, small in {**SMALL, "unet": unet}.items():
            config = folder / name / part / "config.json"
            if config.exists():
                shape = json.loads(config.read_text())
                config.write_text(json.dumps({**shape, **small}))
    return folder


def write(path: Path, layout: Path, marks: Tensors | None = None) -> dict[str, Any]:
    """Write a random model of this layout as one file; its parts, as diffusers has them."""
    torch.manual_seed(0)
    parts: dict[str, Any] = {
        "unet": UNet2DConditionModel.from_config(_config(layout, "unet")),
        "vae": AutoencoderKL.from_config(_config(layout, "vae")),
        "text_encoder": CLIPTextModel(CLIPTextConfig(**_config(layout, "text_encoder"))),
    }
    tensors = {**_unet(parts["unet"]), **_vae(parts["vae"]), **(marks or {})}
    text = {f"text_model.{name}": t for name, t in _named(parts["text_encoder"]).items()}
    if (layout / "text_encoder_2").exists():
        config = CLIPTextConfig(**_config(layout, "text_encoder_2"))
        parts["text_encoder_2"] = CLIPTextModelWithProjection(config)
        tensors |= _prefixed("conditioner.embedders.0.transformer.", text)
        tensors |= _prefixed("conditioner.embedders.1.model.", _open_clip(parts["text_encoder_2"]))
    elif layout.name == "sd21":
        tensors |= _prefixed("cond_stage_model.model.", _open_clip(parts["text_encoder"]))
    else:
        tensors |= _prefixed("cond_stage_model.transformer.", text)
    save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, path)
    return parts


def tokenizers(layout: Path) -> dict[str, Any]:
    """Tokenizers that know letters only, in place of CLIP's."""
    names = {"text_encoder": "tokenizer", "text_encoder_2": "tokenizer_2"}
    letters = tiny.tokenizer(layout)
    return {name: letters for part, name in names.items() if (layout / part).is_dir()}


def folder(layout: Path, parts: dict[str, Any], to: Path) -> Path:
    """The same model as a folder of diffusers'."""
    index = json.loads((layout / "model_index.json").read_text())
    scheduler = getattr(diffusers, index["scheduler"][1]).from_pretrained(layout / "scheduler")
    given: dict[str, Any] = {**parts, **tokenizers(layout), "scheduler": scheduler}
    if "sdxl" not in layout.name:
        given |= {"safety_checker": None, "feature_extractor": None}
    getattr(diffusers, index["_class_name"])(**given).save_pretrained(to)
    return to


def _config(layout: Path, part: str) -> Any:
    return json.loads((layout / part / "config.json").read_text())


def _named(module: torch.nn.Module) -> Tensors:
    names = {name.removeprefix("text_model."): t for name, t in module.state_dict().items()}
    return {name: tensor for name, tensor in names.items() if "position_ids" not in name}


def _prefixed(prefix: str, tensors: Tensors) -> Tensors:
    return {prefix + name: tensor for name, tensor in tensors.items()}


def _renamed(name: str, renames: dict[str, str]) -> str:
    for old, new in renames.items():
        name = name.replace(old, new)
    return name


def _unet(unet: UNet2DConditionModel) -> Tensors:
    blocks = len(unet.config.block_out_channels)
    places = {
        "time_embedding.linear_1": "time_embed.0",
        "time_embedding.linear_2": "time_embed.2",
        "add_embedding.linear_1": "label_emb.0.0",
        "add_embedding.linear_2": "label_emb.0.2",
        "conv_in": "input_blocks.0.0",
        "conv_norm_out": "out.0",
        "conv_out": "out.2",
        "mid_block.attentions.0.": "middle_block.1.",
        "mid_block.resnets.0.": "middle_block.0.",
        "mid_block.resnets.1.": "middle_block.2.",
    }
    for i in range(blocks):
        attends = "CrossAttn" in unet.config.up_block_types[i]
        for j in range(2):
            places[f"down_blocks.{i}.resnets.{j}."] = f"input_blocks.{3 * i + j + 1}.0."
            places[f"down_blocks.{i}.attentions.{j}."] = f"input_blocks.{3 * i + j + 1}.1."
        for j in range(3):
            places[f"up_blocks.{i}.resnets.{j}."] = f"output_blocks.{3 * i + j}.0."
            places[f"up_blocks.{i}.attentions.{j}."] = f"output_blocks.{3 * i + j}.1."
        places[f"down_blocks.{i}.downsamplers.0.conv"] = f"input_blocks.{3 * i + 3}.0.op"
        up = f"output_blocks.{3 * i + 2}.{1 + attends}."
        places[f"up_blocks.{i}.upsamplers.0."] = up
    inside = {
        "norm1": "in_layers.0",
        "conv1": "in_layers.2",
        "norm2": "out_layers.0",
        "conv2": "out_layers.3",
        "time_emb_proj": "emb_layers.1",
        "conv_shortcut": "skip_connection",
    }
    tensors = {}
    for name, tensor in unet.state_dict().items():
        place = next(old for old in places if name.startswith(old))
        rest = name.removeprefix(place)
        rest = _renamed(rest, inside) if ".resnets." in name else rest
        tensors[f"model.diffusion_model.{places[place]}{rest}"] = tensor
    return tensors


def _vae(vae: AutoencoderKL) -> Tensors:
    renames = {"conv_norm_out": "norm_out", "conv_shortcut": "nin_shortcut"}
    renames |= {"mid_block.attentions.0.": "mid.attn_1.", "group_norm": "norm"}
    renames |= {"to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
    for i in range(4):
        renames[f"down_blocks.{i}.downsamplers.0."] = f"down.{i}.downsample."
        renames[f"up_blocks.{i}.upsamplers.0."] = f"up.{3 - i}.upsample."
        for j in range(3):
            renames[f"down_blocks.{i}.resnets.{j}."] = f"down.{i}.block.{j}."
            renames[f"up_blocks.{i}.resnets.{j}."] = f"up.{3 - i}.block.{j}."
    renames |= {f"mid_block.resnets.{j}.": f"mid.block_{j + 1}." for j in range(2)}
    tensors = {}
    for name, tensor in vae.state_dict().items():
        new = _renamed(name, renames)
        flat = "attn_1" in new and tensor.dim() == 2
        tensors[f"first_stage_model.{new}"] = tensor[:, :, None, None] if flat else tensor
    return tensors


def _open_clip(encoder: CLIPTextModel) -> Tensors:
    given = _named(encoder)
    renames = {
        "encoder.layers.": "transformer.resblocks.",
        "layer_norm1": "ln_1",
        "layer_norm2": "ln_2",
        "mlp.fc1": "mlp.c_fc",
        "mlp.fc2": "mlp.c_proj",
        "self_attn.out_proj": "attn.out_proj",
        "final_layer_norm": "ln_final",
        "embeddings.token_embedding.": "token_embedding.",
        "embeddings.position_embedding.weight": "positional_embedding",
    }
    tensors = {}
    if (projection := given.pop("text_projection.weight", None)) is not None:
        tensors["text_projection"] = projection.T
    for name, tensor in given.items():
        if ".q_proj." in name:
            three = [given[name.replace(".q_proj.", f".{part}_proj.")] for part in "qkv"]
            new = name.replace("self_attn.q_proj.", "attn.in_proj_")
            tensors[_renamed(new, renames)] = torch.cat(three)
        elif ".k_proj." not in name and ".v_proj." not in name:
            tensors[_renamed(name, renames)] = tensor
    return tensors
