"""Tiny models with random weights whose prompts are read by a model that sees as well."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import (
    AdaptiveProjectedMixGuidance,
    AutoencoderKLHunyuanImage,
    AutoencoderKLQwenImage,
    AutoencoderKLQwenImage21,
    BriaFibo2Pipeline,
    BriaFibo2Transformer2DModel,
    FlowMatchEulerDiscreteScheduler,
    HunyuanImagePipeline,
    HunyuanImageTransformer2DModel,
    Ideogram4Pipeline,
    Ideogram4Transformer2DModel,
    Kandinsky5T2IPipeline,
    Kandinsky5Transformer3DModel,
    Krea2Pipeline,
    Krea2Transformer2DModel,
    LongCatImagePipeline,
    LongCatImageTransformer2DModel,
    NucleusMoEImagePipeline,
    NucleusMoEImageTransformer2DModel,
    QwenImage21Pipeline,
    QwenImage21Transformer2DModel,
)
from transformers import (
    CLIPTextModel,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    Qwen3VLModel,
    T5Config,
    T5EncoderModel,
)

from hotfolder.render.models.text_processor import TextProcessor
from tests.render import tiny, tiny_flow, tiny_flux2


def krea_2(folder: Path) -> Path:
    """A Krea 2 in miniature."""
    torch.manual_seed(0)
    pipe = Krea2Pipeline(
        transformer=Krea2Transformer2DModel(
            in_channels=16,
            num_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            num_key_value_heads=1,
            intermediate_size=16,
            timestep_embed_dim=8,
            text_hidden_dim=16,
            num_text_layers=2,
            text_num_attention_heads=2,
            text_num_key_value_heads=2,
            text_intermediate_size=16,
            num_layerwise_text_blocks=1,
            num_refiner_text_blocks=1,
            axes_dims_rope=(8, 4, 4),
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=_film_vae(),
        text_encoder=Qwen3VLModel(_qwen_3()),
        tokenizer=tiny_flow.letters(),
        text_encoder_select_layers=(1, 2),
    )
    return tiny.saved(pipe, folder)


def qwen_image_2(folder: Path) -> Path:
    """A Qwen-Image 2.1 in miniature; it draws with an alpha channel."""
    torch.manual_seed(0)
    pipe = QwenImage21Pipeline(
        transformer=QwenImage21Transformer2DModel(
            in_channels=4,
            out_channels=4,
            num_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            context_in_dim=16,
            axes_dims_rope=(8, 4, 4),
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=AutoencoderKLQwenImage21(
            base_dim=8,
            decoder_base_dim=8,
            z_dim=4,
            dim_mult=[1, 1, 1, 1, 1],
            num_res_blocks=1,
            latents_mean=[0.1] * 4,
            latents_std=[1.5] * 4,
        ),
        text_encoder=Qwen3VLForConditionalGeneration(_qwen_3()),
        processor=_processor(),
    )
    return tiny.with_parts(pipe, folder, processor="Qwen3VLProcessor")


def nucleus(folder: Path) -> Path:
    """A Nucleus-Image in miniature; its last layer but seven is read."""
    torch.manual_seed(0)
    pipe = NucleusMoEImagePipeline(
        transformer=NucleusMoEImageTransformer2DModel(
            in_channels=16,
            out_channels=4,
            num_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=16,
            axes_dims_rope=(8, 4, 4),
            moe_enabled=False,
            capacity_factors=[8.0],
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=_film_vae(),
        text_encoder=Qwen3VLForConditionalGeneration(_qwen_3(layers=8)),
        processor=_processor(),
    )
    return tiny.with_parts(pipe, folder, processor="Qwen3VLProcessor")


def ideogram_4(folder: Path) -> Path:
    """An Ideogram 4 in miniature, with its 36 layers that read, each as small as can be."""
    torch.manual_seed(0)

    def denoiser() -> Ideogram4Transformer2DModel:
        return Ideogram4Transformer2DModel(
            in_channels=16,
            num_layers=1,
            attention_head_dim=16,
            num_attention_heads=1,
            intermediate_size=16,
            adaln_dim=8,
            llm_features_dim=13 * 16,
            mrope_section=(4, 2, 2),
        )

    pipe = Ideogram4Pipeline(
        transformer=denoiser(),
        unconditional_transformer=denoiser(),
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=tiny_flux2.vae(),
        text_encoder=Qwen3VLModel(_qwen_3(layers=36, heads=1)),
        tokenizer=tiny_flow.letters(),
    )
    return tiny.saved(pipe, folder)


def fibo_2(folder: Path) -> Path:
    """A Fibo 2 in miniature, with its 36 layers that read."""
    torch.manual_seed(0)
    pipe = BriaFibo2Pipeline(
        transformer=BriaFibo2Transformer2DModel(
            in_channels=4,
            dim=32,
            n_layers=2,
            n_refiner_layers=1,
            n_heads=2,
            cap_feat_dim=48,
            injection_layer_ids=(0, 0, 0, 1, 1),
            perceiver_num_layers=1,
            axes_dims=(8, 4, 4),
            axes_lens=(2048, 64, 64),
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=tiny_flux2.vae(),
        text_encoder=Qwen3VLForConditionalGeneration(_qwen_3(layers=36)),
        processor=_processor(),
    )
    return tiny.with_parts(pipe, folder, processor="Qwen3VLProcessor")


def longcat(folder: Path) -> Path:
    """A LongCat-Image in miniature."""
    torch.manual_seed(0)
    pipe = LongCatImagePipeline(
        transformer=LongCatImageTransformer2DModel(
            in_channels=64,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=16,
            pooled_projection_dim=16,
            axes_dims_rope=(8, 4, 4),
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=tiny_flow.vae(16),
        text_encoder=_qwen_2(),
        tokenizer=tiny_flow.letters(),
        text_processor=_processor(),
    )
    return tiny.with_parts(pipe, folder, text_processor="Qwen2VLProcessor")


def kandinsky_5(folder: Path) -> Path:
    """A Kandinsky 5 in miniature."""
    torch.manual_seed(0)
    pipe = Kandinsky5T2IPipeline(
        transformer=Kandinsky5Transformer3DModel(
            in_visual_dim=4,
            out_visual_dim=4,
            in_text_dim=16,
            in_text_dim2=32,
            time_dim=16,
            model_dim=32,
            ff_dim=16,
            num_text_blocks=1,
            num_visual_blocks=1,
            axes_dims=(8, 4, 4),
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=tiny_flow.vae(4, shift_factor=None),
        text_encoder=_qwen_2(),
        tokenizer=_processor(),
        text_encoder_2=CLIPTextModel(tiny.text_config()),
        tokenizer_2=tiny.tokenizer(folder),
    )
    return tiny.with_parts(pipe, folder, tokenizer="Qwen2VLProcessor")


def hunyuan_image(folder: Path) -> Path:
    """A HunyuanImage 2.1 in miniature, whose guidance remembers its last steps."""
    torch.manual_seed(0)
    pipe = HunyuanImagePipeline(
        transformer=HunyuanImageTransformer2DModel(
            in_channels=4,
            out_channels=4,
            num_attention_heads=2,
            attention_head_dim=16,
            num_layers=1,
            num_single_layers=1,
            num_refiner_layers=1,
            text_embed_dim=16,
            text_embed_2_dim=16,
            rope_axes_dim=(8, 8),
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=5.0),
        vae=AutoencoderKLHunyuanImage(
            in_channels=3,
            out_channels=3,
            latent_channels=4,
            block_out_channels=(32, 32, 32, 32),
            layers_per_block=1,
            spatial_compression_ratio=8,
            sample_size=64,
            scaling_factor=0.75,
        ),
        text_encoder=_qwen_2(layers=3),
        tokenizer=tiny_flow.letters(),
        text_encoder_2=T5EncoderModel(
            T5Config(vocab_size=200, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
        ),
        tokenizer_2=tiny_flow.letters(),
        guider=AdaptiveProjectedMixGuidance(adaptive_projected_guidance_start_step=1),
        ocr_guider=AdaptiveProjectedMixGuidance(),
    )
    return tiny.saved(pipe, folder)


def _qwen_2(layers: int = 1) -> Qwen2_5_VLForConditionalGeneration:
    small = {"hidden_size": 16, "intermediate_size": 16}
    config = Qwen2_5_VLConfig(
        text_config={
            **small,
            "vocab_size": 200,
            "num_hidden_layers": layers,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "rope_scaling": {"mrope_section": [1, 1, 2], "rope_type": "default"},
        },
        vision_config={**small, "depth": 1, "num_heads": 2, "out_hidden_size": 16},
    )
    return Qwen2_5_VLForConditionalGeneration(config)


def _qwen_3(layers: int = 2, heads: int = 2) -> Qwen3VLConfig:
    small = {"hidden_size": 16, "intermediate_size": 16}
    return Qwen3VLConfig(
        text_config={
            **small,
            "vocab_size": 200,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "num_key_value_heads": heads,
            "head_dim": 8,
            "rope_scaling": {
                "mrope_section": [2, 1, 1],
                "mrope_interleaved": True,
                "rope_type": "default",
                "rope_theta": 10000.0,
            },
        },
        vision_config={
            **small,
            "depth": 1,
            "num_heads": 2,
            "out_hidden_size": 16,
            "deepstack_visual_indexes": [0],
            "num_position_embeddings": 16,
        },
    )


def _film_vae() -> AutoencoderKLQwenImage:
    return AutoencoderKLQwenImage(
        base_dim=8,
        z_dim=4,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
        latents_mean=[0.1] * 4,
        latents_std=[1.5] * 4,
    )


def _processor() -> TextProcessor:
    tokenizer = tiny_flow.letters()
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|image_pad|>"]})
    return TextProcessor(tokenizer)
