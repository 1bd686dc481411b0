"""The names that a model's makers gave its tensors, made of those that diffusers gives them."""

# ruff: noqa: E501 - a table

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import torch

Tensors = dict[str, torch.Tensor]
Renames = Mapping[str, str]

_FLUX: Renames = {
    r"^time_text_embed\.timestep_embedder\.linear_1": "time_in.in_layer",
    r"^time_text_embed\.timestep_embedder\.linear_2": "time_in.out_layer",
    r"^time_text_embed\.text_embedder\.linear_1": "vector_in.in_layer",
    r"^time_text_embed\.text_embedder\.linear_2": "vector_in.out_layer",
    r"^time_text_embed\.guidance_embedder\.linear_1": "guidance_in.in_layer",
    r"^time_text_embed\.guidance_embedder\.linear_2": "guidance_in.out_layer",
    r"^context_embedder": "txt_in",
    r"^x_embedder": "img_in",
    r"^(distilled.*)\.linear_1": r"\1.in_layer",
    r"^(distilled.*)\.linear_2": r"\1.out_layer",
    r"^(distilled_guidance_layer\.norms\.\d+)\.weight": r"\1.scale",
    r"^single_transformer_blocks\.(\d+)\.norm\.linear": r"single_blocks.\1.modulation.lin",
    r"^single_transformer_blocks\.(\d+)\.attn\.norm_q\.weight": r"single_blocks.\1.norm.query_norm.scale",
    r"^single_transformer_blocks\.(\d+)\.attn\.norm_k\.weight": r"single_blocks.\1.norm.key_norm.scale",
    r"^single_transformer_blocks\.(\d+)\.attn\.to_(q|k|v)\.": r"single_blocks.\1.linear1.\2.",
    r"^single_transformer_blocks\.(\d+)\.proj_mlp": r"single_blocks.\1.linear1.z",
    r"^single_transformer_blocks\.(\d+)\.proj_out": r"single_blocks.\1.linear2",
    r"^single_transformer_blocks\.(\d+)\.attn\.to_qkv_mlp_proj": r"single_blocks.\1.linear1",
    r"^single_transformer_blocks\.(\d+)\.attn\.to_out": r"single_blocks.\1.linear2",
    r"^transformer_blocks\.(\d+)\.norm1\.linear": r"double_blocks.\1.img_mod.lin",
    r"^transformer_blocks\.(\d+)\.norm1_context\.linear": r"double_blocks.\1.txt_mod.lin",
    r"^transformer_blocks\.(\d+)\.attn\.to_(q|k|v)\.": r"double_blocks.\1.img_attn.qkv.\2.",
    r"^transformer_blocks\.(\d+)\.attn\.add_(q|k|v)_proj\.": r"double_blocks.\1.txt_attn.qkv.\2.",
    r"^transformer_blocks\.(\d+)\.attn\.norm_q\.weight": r"double_blocks.\1.img_attn.norm.query_norm.scale",
    r"^transformer_blocks\.(\d+)\.attn\.norm_k\.weight": r"double_blocks.\1.img_attn.norm.key_norm.scale",
    r"^transformer_blocks\.(\d+)\.attn\.norm_added_q\.weight": r"double_blocks.\1.txt_attn.norm.query_norm.scale",
    r"^transformer_blocks\.(\d+)\.attn\.norm_added_k\.weight": r"double_blocks.\1.txt_attn.norm.key_norm.scale",
    r"^transformer_blocks\.(\d+)\.attn\.to_out\.0": r"double_blocks.\1.img_attn.proj",
    r"^transformer_blocks\.(\d+)\.attn\.to_add_out": r"double_blocks.\1.txt_attn.proj",
    r"^transformer_blocks\.(\d+)\.ff\.(?:net\.0\.proj|linear_in)": r"double_blocks.\1.img_mlp.0",
    r"^transformer_blocks\.(\d+)\.ff\.(?:net\.2|linear_out)": r"double_blocks.\1.img_mlp.2",
    r"^transformer_blocks\.(\d+)\.ff_context\.(?:net\.0\.proj|linear_in)": r"double_blocks.\1.txt_mlp.0",
    r"^transformer_blocks\.(\d+)\.ff_context\.(?:net\.2|linear_out)": r"double_blocks.\1.txt_mlp.2",
    r"^proj_out": "final_layer.linear",
    r"^norm_out\.linear": "final_layer.adaLN_modulation.1.SWAP",
}
_FLUX_2: Renames = {
    r"^time_guidance_embed\.timestep_embedder\.linear_1": "time_in.in_layer",
    r"^time_guidance_embed\.timestep_embedder\.linear_2": "time_in.out_layer",
    r"^(.*_stream_modulation.*)\.linear": r"\1.lin",
    **_FLUX,
}
_SD3: Renames = {
    r"^pos_embed\.pos_embed": "pos_embed",
    r"^pos_embed\.proj": "x_embedder.proj",
    r"^time_text_embed\.timestep_embedder\.linear_1": "t_embedder.mlp.0",
    r"^time_text_embed\.timestep_embedder\.linear_2": "t_embedder.mlp.2",
    r"^time_text_embed\.text_embedder\.linear_1": "y_embedder.mlp.0",
    r"^time_text_embed\.text_embedder\.linear_2": "y_embedder.mlp.2",
    r"^transformer_blocks\.(\d+)\.attn\.to_(q|k|v)\.": r"joint_blocks.\1.x_block.attn.qkv.\2.",
    r"^transformer_blocks\.(\d+)\.attn\.add_(q|k|v)_proj\.": r"joint_blocks.\1.context_block.attn.qkv.\2.",
    r"^transformer_blocks\.(\d+)\.attn\.to_out\.0": r"joint_blocks.\1.x_block.attn.proj",
    r"^transformer_blocks\.(\d+)\.norm1\.linear": r"joint_blocks.\1.x_block.adaLN_modulation.1",
    r"^transformer_blocks\.(\d+)\.norm1_context\.linear": r"joint_blocks.\1.context_block.adaLN_modulation.1.SWAP",
    r"^transformer_blocks\.(\d+)\.ff\.net\.0\.proj": r"joint_blocks.\1.x_block.mlp.fc1",
    r"^transformer_blocks\.(\d+)\.ff\.net\.2": r"joint_blocks.\1.x_block.mlp.fc2",
    r"^proj_out": "final_layer.linear",
    r"^norm_out\.linear": "final_layer.adaLN_modulation.1.SWAP",
}
_Z_IMAGE: Renames = {
    r"^all_final_layer\.2-1\.": "final_layer.",
    r"^all_x_embedder\.2-1\.": "x_embedder.",
    r"\.attention\.to_out\.0\.": ".attention.out.",
    r"\.attention\.norm_(k|q)\.": r".attention.\1_norm.",
    r"\.attention\.to_(q|k|v)\.": r".attention.qkv.\1.",
}
_LUMINA: Renames = {
    r"^time_caption_embed\.caption_embedder": "cap_embedder",
    r"^time_caption_embed\.timestep_embedder\.linear_1": "t_embedder.mlp.0",
    r"^time_caption_embed\.timestep_embedder\.linear_2": "t_embedder.mlp.2",
    r"^norm_out\.linear_1": "final_layer.adaLN_modulation.1",
    r"^norm_out\.linear_2": "final_layer.linear",
    r"^(context_refiner\.\d+)\.norm1\.": r"\1.attention_norm1.",
    r"\.norm1\.norm\.": ".attention_norm1.",
    r"\.norm1\.linear\.": ".adaLN_modulation.1.",
    r"\.norm2\.": ".attention_norm2.",
    r"\.attn\.norm_(k|q)\.": r".attention.\1_norm.",
    r"\.attn\.to_out\.0\.": ".attention.out.",
    r"\.attn\.to_(q|k|v)\.": r".attention.qkv.\1.",
    r"\.linear_(1|2|3)\.": r".w\1.",
}
_KREA: Renames = {
    r"^img_in\.": "first.",
    r"^time_embed\.linear_1\.": "tmlp.0.",
    r"^time_embed\.linear_2\.": "tmlp.2.",
    r"^time_mod_proj\.": "tproj.1.",
    r"^txt_in\.norm\.weight": "txtmlp.0.scale",
    r"^txt_in\.linear_1\.": "txtmlp.1.",
    r"^txt_in\.linear_2\.": "txtmlp.3.",
    r"^text_fusion\.": "txtfusion.",
    r"^transformer_blocks\.": "blocks.",
    r"^final_layer\.linear\.": "last.linear.",
    r"^final_layer\.norm\.weight": "last.norm.scale",
    r"^final_layer\.scale_shift_table": "last.modulation.lin",
    r"\.attn\.to_(q|k|v)\.": r".attn.w\1.",
    r"\.attn\.to_out\.0\.": ".attn.wo.",
    r"\.attn\.to_gate\.": ".attn.gate.",
    r"\.attn\.norm_(q|k)\.weight": r".attn.qknorm.\1norm.scale",
    r"\.ff\.": ".mlp.",
    r"\.norm1\.weight": ".prenorm.scale",
    r"\.norm2\.weight": ".postnorm.scale",
    r"\.scale_shift_table": ".mod.lin.FLAT",
}
_AURA: Renames = {
    r"^time_step_proj\.linear_1": "t_embedder.mlp.0",
    r"^time_step_proj\.linear_2": "t_embedder.mlp.2",
    r"^context_embedder": "cond_seq_linear",
    r"^joint_transformer_blocks\.": "double_layers.",
    r"^single_transformer_blocks\.(\d+)\.norm1\.linear": r"single_layers.\1.modCX.1",
    r"^single_transformer_blocks\.(\d+)\.attn\.to_(q|k|v)": r"single_layers.\1.attn.w1\2",
    r"^single_transformer_blocks\.(\d+)\.attn\.to_out\.0": r"single_layers.\1.attn.w1o",
    r"^single_transformer_blocks\.(\d+)\.ff\.": r"single_layers.\1.mlp.",
    r"\.norm1\.linear": ".modX.1",
    r"\.norm1_context\.linear": ".modC.1",
    r"\.ff\.": ".mlpX.",
    r"\.ff_context\.": ".mlpC.",
    r"\.linear_(1|2)\.": r".c_fc\1.",
    r"\.out_projection\.": ".c_proj.",
    r"\.attn\.to_(q|k|v)": r".attn.w2\1",
    r"\.attn\.to_out\.0": ".attn.w2o",
    r"\.attn\.add_(q|k|v)_proj": r".attn.w1\1",
    r"\.attn\.to_add_out": ".attn.w1o",
    r"^proj_out": "final_linear",
    r"^norm_out\.linear": "modF.1.SWAP",
    r"^pos_embed\.pos_embed": "positional_encoding",
    r"^pos_embed\.proj": "init_x_linear",
}
_SANA: Renames = {
    r"^patch_embed\.proj": "x_embedder.proj",
    r"^time_embed\.emb\.timestep_embedder\.linear_1": "t_embedder.mlp.0",
    r"^time_embed\.emb\.timestep_embedder\.linear_2": "t_embedder.mlp.2",
    r"^time_embed\.linear": "t_block.1",
    r"^caption_projection\.linear_(1|2)": r"y_embedder.y_proj.fc\1",
    r"^caption_norm": "attention_y_norm",
    r"^proj_out": "final_layer.linear",
    r"^scale_shift_table": "final_layer.scale_shift_table",
    r"^transformer_blocks\.": "blocks.",
    r"\.attn1\.to_(q|k|v)\.": r".attn.qkv.\1.",
    r"\.attn1\.to_out\.0": ".attn.proj",
    r"\.attn2\.to_q": ".cross_attn.q_linear",
    r"\.attn2\.to_(k|v)\.": r".cross_attn.kv_linear.\1.",
    r"\.attn2\.to_out\.0": ".cross_attn.proj",
    r"\.ff\.conv_inverted": ".mlp.inverted_conv.conv",
    r"\.ff\.conv_depth": ".mlp.depth_conv.conv",
    r"\.ff\.conv_point": ".mlp.point_conv.conv",
}
_QWEN_2: Renames = {
    r"\.img_mlp\.gate_layer\.": ".img_mlp.gate_up.q.",
    r"\.img_mlp\.proj\.": ".img_mlp.gate_up.z.",
}
NAMES: Mapping[str, Renames] = {
    "schnell": _FLUX,
    "dev": _FLUX,
    "chroma": _FLUX,
    "klein": _FLUX_2,
    "flux2": _FLUX_2,
    "sd3": _SD3,
    "z-image": _Z_IMAGE,
    "lumina": _LUMINA,
    "krea": _KREA,
    "aura": _AURA,
    "sana": _SANA,
    "qwen2": _QWEN_2,
    "qwen": {},
    "hidream": {},
}


_SEVERAL = {"krea", "aura", "sana"}  # whose names are made by several rules, one after another
# What Sana's makers keep that diffusers has no use for.
_BESIDE = {"sana": ("pos_embed", "y_embedder.y_embedding")}
_JOINED = re.compile(r"(.*(?:qkv|linear1|kv_linear|gate_up))\.([qkvz])\.(weight|bias)$")


def original(family: str, state: Tensors) -> Tensors:
    """A denoiser's tensors as its makers keep them: renamed, q, k and v in one, halves swapped."""
    found: Tensors = {name: torch.zeros(1) for name in _BESIDE.get(family, ())}
    joined: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in state.items():
        new = _renamed(family, name)
        if new.endswith(".FLAT"):
            found[new.removesuffix(".FLAT")] = tensor.flatten()
        elif ".SWAP" in new:
            found[new.replace(".SWAP", "")] = torch.cat(tensor.chunk(2)[::-1])
        elif match := _JOINED.match(new):
            joined.setdefault(f"{match[1]}.{match[3]}", {})[match[2]] = tensor
        else:
            found[new] = tensor
    for name, parts in joined.items():
        found[name] = torch.cat([parts[key] for key in "qkvz" if key in parts])
    return {name: tensor.contiguous().clone() for name, tensor in found.items()}


def _renamed(family: str, name: str) -> str:
    for old, new in NAMES[family].items():
        if re.search(old, name):
            name = re.sub(old, new, name)
            if family not in _SEVERAL:
                break
    return name


def prefixed(prefix: str) -> Callable[[Tensors], Tensors]:
    """All names with this before them."""
    return lambda tensors: {prefix + name: tensor for name, tensor in tensors.items()}
