"""Files of weights with a true header and no data: as large as they say, and sparse on disk."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path

Shapes = Mapping[str, list[int]]
_BYTES = {"F16": 2, "BF16": 2, "F32": 4, "F8_E4M3": 1, "U8": 1, "I8": 1}

M = "model.diffusion_model."
CLIP = "text_model.embeddings.position_embedding.weight"
SD15: Shapes = {
    f"{M}input_blocks.0.0.weight": [320, 4, 3, 3],
    f"{M}input_blocks.1.1.proj_in.weight": [320, 320, 1, 1],
    f"cond_stage_model.transformer.{CLIP}": [77, 768],
    "first_stage_model.decoder.conv_in.weight": [512, 4, 3, 3],
}
SD21: Shapes = {
    **SD15,
    f"{M}input_blocks.1.1.proj_in.weight": [320, 320],
    f"cond_stage_model.transformer.{CLIP}": [77, 1024],
}
SDXL: Shapes = {
    f"{M}input_blocks.0.0.weight": [320, 4, 3, 3],
    f"{M}label_emb.0.0.weight": [1280, 2816],
    f"conditioner.embedders.0.transformer.{CLIP}": [77, 768],
    "conditioner.embedders.1.model.positional_embedding": [77, 1280],
    "first_stage_model.decoder.conv_in.weight": [512, 4, 3, 3],
}
REFINER: Shapes = {**SDXL, f"{M}input_blocks.9.0.weight": [8, 8]}
INPAINTING: Shapes = {**SD15, f"{M}input_blocks.0.0.weight": [320, 9, 3, 3]}
FLUX_DEV: Shapes = {
    "double_blocks.0.img_attn.norm.key_norm.scale": [128],
    "img_in.weight": [3072, 64],
    "txt_in.weight": [3072, 4096],
    "vector_in.in_layer.weight": [3072, 768],
    "guidance_in.in_layer.bias": [3072],
}
FLUX_FILL: Shapes = {**FLUX_DEV, "img_in.weight": [3072, 384]}
Z_IMAGE: Shapes = {
    "layers.0.adaLN_modulation.0.weight": [8, 8],
    "cap_embedder.0.weight": [2560],
    "cap_embedder.1.weight": [3840, 2560],
}
CHROMA: Shapes = {**FLUX_DEV, "distilled_guidance_layer.in_proj.weight": [5120, 64]}
KLEIN: Shapes = {
    "single_stream_modulation.lin.weight": [8, 8],
    "img_in.weight": [3072, 128],
    "txt_in.weight": [3072, 7680],
}
QWEN: Shapes = {
    f"{M}txt_norm.weight": [3584],
    f"{M}transformer_blocks.0.img_mod.1.weight": [8, 8],
    f"{M}txt_in.weight": [3072, 3584],
}
WAN: Shapes = {
    f"{M}head.modulation": [1, 2, 1536],
    f"{M}patch_embedding.weight": [1536, 16, 1, 2, 2],
}
T5: Shapes = {
    "encoder.block.0.layer.0.SelfAttention.q.weight": [4096, 4096],
    "shared.weight": [32128, 4096],
}
CLIP_L: Shapes = {CLIP: [77, 768], "text_model.embeddings.token_embedding.weight": [49408, 768]}
QWEN3_4B: Shapes = {
    "model.layers.0.self_attn.q_proj.weight": [4096, 2560],
    "model.embed_tokens.weight": [151936, 2560],
}
VAE: Shapes = {"decoder.conv_in.weight": [512, 16, 3, 3]}
LORA: Shapes = {"lora_unet_down_blocks_0.lora_down.weight": [8, 8]}
EMBEDDING: Shapes = {"emb_params": [4, 768]}
CONTROLNET: Shapes = {"control_model.time_embed.0.weight": [8, 8]}
UPSCALER: Shapes = {"params_ema.conv_first.weight": [64, 3, 3, 3]}
NF4: Shapes = {**FLUX_DEV, "img_in.weight.quant_state.bitsandbytes__nf4": [100]}


def write(
    path: Path, shapes: Shapes, form: str = "F16", metadata: Mapping[str, str] | None = None
) -> Path:
    """A .safetensors file with these tensors, all of the number format `form`."""
    head: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    at = 0
    for name, shape in shapes.items():
        size = _BYTES[form] * math.prod(shape)
        head[name] = {"dtype": form, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + at)
    return path
