"""The networks of the model and its noise schedule, as diffusers and transformers build them."""

from dataclasses import dataclass

from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

TEXT_WIDTH = 128
MAX_TOKENS = 48


@dataclass(frozen=True, slots=True)
class Design:
    """What can be chosen of the networks: the latents' channels and the autoencoder's widths.

    Widths are those of its five levels, from the picture down to the latents.
    """

    latent_channels: int = 8
    widths: tuple[int, ...] = (16, 16, 32, 64, 128)


# Checkpoints say by which of them they were made. The shipped model is "small".
DESIGNS = {
    "small": Design(),
    "wide": Design(8, (24, 32, 48, 96, 192)),
    "wide-16": Design(16, (24, 32, 48, 96, 192)),
}
SMALL = DESIGNS["small"]


def build_autoencoder(design: Design = SMALL) -> AutoencoderKL:
    """Return the autoencoder: factor 16, most of its parameters at the low resolutions."""
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * 5,
        up_block_types=("UpDecoderBlock2D",) * 5,
        block_out_channels=design.widths,
        layers_per_block=1,
        latent_channels=design.latent_channels,
        norm_num_groups=4,
        mid_block_add_attention=False,
        use_quant_conv=False,
        use_post_quant_conv=False,
        sample_size=256,
        scaling_factor=1.0,
    )


def build_unet(design: Design = SMALL) -> UNet2DConditionModel:
    """Return the denoiser. The text enters twice: by cross-attention at the two lower resolutions,
    and pooled, added to the time embedding, so that the hour and the weather reach every layer."""
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=design.latent_channels,
        out_channels=design.latent_channels,
        block_out_channels=(64, 128, 160),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=4,
        norm_num_groups=16,
        resnet_time_scale_shift="scale_shift",
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
    )


def build_text_encoder(vocabulary: int, end_token: int) -> CLIPTextModel:
    """Return the text encoder, for a tokenizer with so many tokens."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocabulary,
            hidden_size=TEXT_WIDTH,
            intermediate_size=4 * TEXT_WIDTH,
            projection_dim=TEXT_WIDTH,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=MAX_TOKENS,
            bos_token_id=end_token - 1,
            eos_token_id=end_token,
            pad_token_id=end_token,
        )
    )


def build_scheduler() -> DPMSolverMultistepScheduler:
    """Return the sampler, with the noise schedule of the training: cosine, down to no signal.

    Fresh noise at every step makes up for errors of the steps before: objects come out far clearer
    than with the same solver without it.
    """
    return DPMSolverMultistepScheduler(
        num_train_timesteps=1000,
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        algorithm_type="sde-dpmsolver++",
        solver_order=2,
        steps_offset=1,
    )
