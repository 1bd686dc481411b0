"""Stable Diffusion 1.x and 2.x: Rombach 2022."""

from __future__ import annotations

from hotfolder.render.models.family import (
    ATTENTION,
    CLIP_L,
    SMALL_VAE,
    Arguments,
    Family,
    Shapes,
    Size,
    Tuning,
    Usual,
    ask_unet,
)

# What a UNet of this family is for when it takes more channels than the latents have.
_CHANNELS = {4: "", 5: "depth", 7: "upscaling", 8: "instruct-pix2pix", 9: "inpainting"}


def _recognises(shapes: Shapes) -> str:
    """A UNet without the sizes as a condition; 2.x has linear projections around its attention."""
    own = "input_blocks.1.1.proj_in.weight" in shapes and "label_emb.0.0.weight" not in shapes
    others = "down_blocks.0.attentions.0.proj_in.weight" in shapes
    others = others and not any(name.startswith("add_embedding.") for name in shapes)
    if not (own or others):
        return ""
    first = shapes.get("input_blocks.0.0.weight" if own else "conv_in.weight", (0, 0))
    inner = "input_blocks.1.1" if own else "down_blocks.0.attentions.0"
    version = "v1" if len(shapes[f"{inner}.proj_in.weight"]) == 4 else "v2"
    channels = first[1] if len(first) > 1 else 0
    meant_for = _CHANNELS.get(channels, f"{channels}-channel")
    return f"{meant_for} {version}".strip()


def _hears(embeds: Arguments, canvas: tuple[int, int]) -> Arguments:
    """The prompt alone."""
    return {"encoder_hidden_states": embeds["prompt_embeds"]}


_SIZE = Size(
    {
        "block_out_channels": [320, 640, 1280, 1280],
        "down_block_types": ["CrossAttnDownBlock2D"],
        "sample_size": 64,
    },
    {"unet": 859_520_964, "text_encoder": CLIP_L, "vae": SMALL_VAE},
)
FAMILIES = [
    Family(
        "StableDiffusionPipeline",
        "StableDiffusionImg2ImgPipeline",
        "unet",
        reads_clip=True,
        windows=True,
        tuning=Tuning(
            (*ATTENTION, "conv1", "conv2", "ff.net.0.proj", "ff.net.2"), _hears, ask_unet
        ),
        single_files={"v1": "sd15", "v2": "sd21"},
        recognises=_recognises,
        multiple=8,
        usual=(
            Usual(6, 1.5, "lcm", "LCM", 512),
            Usual(8, 1.0, "hyper(?!real)", "TCD", 512),
            Usual(6, 1.0, "lightning", "Euler trailing", 512),
            Usual(4, 1.0, "turbo", "Euler a trailing", 512),
            Usual(30, 7.0, "", "DPM++ 2M Karras", 512),
        ),
        layouts={"sd15": _SIZE},
        known={"stable-diffusion-v1-5/stable-diffusion-v1-5": _SIZE},
    )
]
