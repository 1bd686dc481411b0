"""Still more tiny transformer models with random weights, saved as diffusers folders."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import (
    AutoencoderKLWan,
    BriaFiboPipeline,
    BriaFiboTransformer2DModel,
    BriaPipeline,
    BriaTransformer2DModel,
    CogVideoXDDIMScheduler,
    CogView3PlusPipeline,
    CogView3PlusTransformer2DModel,
    DDPMScheduler,
    ErnieImagePipeline,
    ErnieImageTransformer2DModel,
    FlowMatchEulerDiscreteScheduler,
    HiDreamImagePipeline,
    HiDreamImageTransformer2DModel,
    HunyuanDiT2DModel,
    HunyuanDiTPipeline,
    LuminaNextDiT2DModel,
    LuminaPipeline,
    OvisImagePipeline,
    OvisImageTransformer2DModel,
    PRXPipeline,
)
from diffusers.models.transformers.transformer_prx import PRXTransformer2DModel
from transformers import (
    BertConfig,
    BertModel,
    CLIPTextModelWithProjection,
    GemmaConfig,
    GemmaModel,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralModel,
    Qwen3Config,
    Qwen3Model,
    SmolLM3Config,
    SmolLM3ForCausalLM,
    T5Config,
    T5EncoderModel,
    T5GemmaConfig,
    T5GemmaEncoder,
)

from tests.render import tiny, tiny_flow, tiny_flux2

_LANGUAGE = {
    "vocab_size": 200,
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 8,
}


def ovis(folder: Path) -> Path:
    """An Ovis-Image in miniature."""
    torch.manual_seed(0)
    pipe = OvisImagePipeline(
        transformer=OvisImageTransformer2DModel(
            in_channels=16,
            out_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=16,
            axes_dims_rope=(8, 4, 4),
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=tiny_flow.vae(4),
        text_encoder=Qwen3Model(Qwen3Config(**_LANGUAGE)),
        tokenizer=tiny_flow.letters(),
    )
    return tiny.saved(pipe, folder)


def ernie(folder: Path) -> Path:
    """An ERNIE-Image in miniature, with the part that would rewrite prompts."""
    torch.manual_seed(0)
    pipe = ErnieImagePipeline(
        transformer=ErnieImageTransformer2DModel(
            hidden_size=32,
            num_attention_heads=2,
            num_layers=1,
            ffn_hidden_size=16,
            in_channels=16,
            out_channels=16,
            text_in_dim=16,
            rope_axes_dim=(8, 4, 4),
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=tiny_flux2.vae(),
        text_encoder=MistralModel(MistralConfig(**_LANGUAGE)),
        tokenizer=tiny_flow.letters(),
        pe=LlamaForCausalLM(LlamaConfig(**_LANGUAGE)),
        pe_tokenizer=tiny_flow.letters(),
    )
    return tiny.saved(pipe, folder)


def hidream(folder: Path) -> Path:
    """A HiDream in miniature, with its four text encoders."""
    torch.manual_seed(0)
    letters = tiny.tokenizer(folder)
    clip = tiny.text_config(max_position_embeddings=248)
    pipe = HiDreamImagePipeline(
        transformer=HiDreamImageTransformer2DModel(
            patch_size=2,
            in_channels=4,
            out_channels=4,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            caption_channels=[32, 16],
            text_emb_dim=64,
            num_routed_experts=2,
            num_activated_experts=1,
            axes_dims_rope=(8, 4, 4),
            max_resolution=(16, 16),
            llama_layers=[0, 1],
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=tiny_flow.vae(4),
        text_encoder=CLIPTextModelWithProjection(clip),
        tokenizer=letters,
        text_encoder_2=CLIPTextModelWithProjection(clip),
        tokenizer_2=letters,
        text_encoder_3=_t5(),
        tokenizer_3=tiny_flow.letters(),
        text_encoder_4=LlamaForCausalLM(LlamaConfig(**_LANGUAGE)),
        tokenizer_4=tiny_flow.letters(),
    )
    return tiny.saved(pipe, folder)


def bria(folder: Path) -> Path:
    """A Bria 3.2 in miniature."""
    torch.manual_seed(0)
    pipe = BriaPipeline(
        transformer=BriaTransformer2DModel(
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=32,
            axes_dims_rope=[8, 4, 4],
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=tiny_flow.vae(4),
        text_encoder=_t5(),
        tokenizer=tiny_flow.letters(),
    )
    return tiny.saved(pipe, folder)


def fibo(folder: Path) -> Path:
    """A Fibo in miniature."""
    torch.manual_seed(0)
    pipe = BriaFiboPipeline(
        transformer=BriaFiboTransformer2DModel(
            in_channels=4,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=32,
            text_encoder_dim=16,
            axes_dims_rope=[8, 4, 4],
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=AutoencoderKLWan(
            base_dim=8,
            z_dim=4,
            dim_mult=[1, 1, 1, 1, 1],
            num_res_blocks=1,
            temperal_downsample=[False, True, True, True],
            latents_mean=[0.1] * 4,
            latents_std=[1.5] * 4,
            scale_factor_spatial=16,
        ),
        text_encoder=SmolLM3ForCausalLM(SmolLM3Config(**_LANGUAGE | {"vocab_size": 128_005})),
        tokenizer=tiny_flow.letters(),
    )
    return tiny.saved(pipe, folder)


def prx(folder: Path) -> Path:
    """A PRX in miniature."""
    torch.manual_seed(0)
    half = {**_LANGUAGE, "sliding_window": 64}
    language = T5GemmaConfig(encoder=half, decoder=half, is_encoder_decoder=False)
    tokenizer = tiny_flow.letters()
    tokenizer.model_max_length = 256
    pipe = PRXPipeline(
        transformer=PRXTransformer2DModel(
            in_channels=4,
            context_in_dim=16,
            hidden_size=32,
            num_heads=2,
            depth=1,
            axes_dim=[8, 8],
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=tiny_flow.vae(4),
        text_encoder=T5GemmaEncoder(language.encoder),
        tokenizer=tokenizer,
    )
    tiny.with_parts(pipe, folder, text_encoder="T5GemmaEncoder")
    language.to_json_file(folder / "text_encoder" / "config.json")  # of both halves, as its makers'
    return folder


def cogview_3(folder: Path) -> Path:
    """A CogView 3 Plus in miniature; it predicts noise."""
    torch.manual_seed(0)
    pipe = CogView3PlusPipeline(
        transformer=CogView3PlusTransformer2DModel(
            in_channels=4,
            out_channels=4,
            num_layers=1,
            attention_head_dim=4,
            num_attention_heads=4,
            text_embed_dim=32,
            time_embed_dim=8,
            condition_dim=4,
            pos_embed_max_size=32,
            sample_size=8,
        ),
        scheduler=CogVideoXDDIMScheduler(
            prediction_type="v_prediction", timestep_spacing="trailing", rescale_betas_zero_snr=True
        ),
        vae=tiny.vae(),
        text_encoder=_t5(),
        tokenizer=tiny_flow.letters(),
    )
    return tiny.saved(pipe, folder)


def hunyuan_dit(folder: Path) -> Path:
    """A Hunyuan-DiT in miniature."""
    torch.manual_seed(0)
    pipe = HunyuanDiTPipeline(
        transformer=HunyuanDiT2DModel(
            sample_size=8,
            patch_size=2,
            in_channels=4,
            num_layers=2,
            hidden_size=32,
            num_attention_heads=2,
            attention_head_dim=16,
            cross_attention_dim=32,
            cross_attention_dim_t5=32,
            pooled_projection_dim=16,
        ),
        scheduler=DDPMScheduler(beta_schedule="scaled_linear", prediction_type="v_prediction"),
        vae=tiny.vae(),
        text_encoder=BertModel(
            BertConfig(
                vocab_size=200,
                hidden_size=32,
                intermediate_size=16,
                num_hidden_layers=1,
                num_attention_heads=2,
            )
        ),
        tokenizer=tiny_flow.letters(),
        text_encoder_2=_t5(),
        tokenizer_2=tiny_flow.letters(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    return tiny.saved(pipe, folder)


def lumina_next(folder: Path) -> Path:
    """A Lumina-Next in miniature."""
    torch.manual_seed(0)
    pipe = LuminaPipeline(
        transformer=LuminaNextDiT2DModel(
            sample_size=8,
            hidden_size=32,
            num_layers=1,
            num_attention_heads=2,
            num_kv_heads=1,
            multiple_of=8,
            cross_attention_dim=16,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=tiny.vae(),
        text_encoder=GemmaModel(GemmaConfig(**_LANGUAGE)),
        tokenizer=tiny_flow.letters(),
    )
    return tiny.saved(pipe, folder)


def _t5() -> T5EncoderModel:
    return T5EncoderModel(
        T5Config(vocab_size=200, d_model=32, d_kv=8, d_ff=32, num_layers=1, num_heads=4)
    )
