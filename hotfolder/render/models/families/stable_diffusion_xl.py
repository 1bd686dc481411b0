"""Stable Diffusion XL, Turbo and Lightning: Podell 2023."""

from __future__ import annotations

from hotfolder.render.models.family import (
    ATTENTION,
    CLIP_G,
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


def _recognises(shapes: Shapes) -> str:
    """A UNet with the sizes as a condition: the base has three widths, the refiner four."""
    own, theirs = "label_emb.0.0.weight" in shapes, "add_embedding.linear_1.weight" in shapes
    if not (own and "input_blocks.0.0.weight" in shapes) and not (
        theirs and "conv_in.weight" in shapes and "encoder_hid_proj.weight" not in shapes
    ):
        return ""
    if any(name.startswith(("input_blocks.9.", "down_blocks.3.")) for name in shapes):
        return "xl_refiner"
    first = shapes["input_blocks.0.0.weight" if own else "conv_in.weight"]
    if len(first) > 1 and first[1] != _LATENT:
        return "xl_inpaint" if first[1] == _INPAINTING else f"{first[1]}-channel xl"
    return "playground-v2-5" if "edm_mean" in shapes else "xl_base"


def _hears(embeds: Arguments, canvas: tuple[int, int]) -> Arguments:
    """The prompt, its pooled form, and sizes as for a picture that was never cropped."""
    pooled = embeds["pooled_prompt_embeds"]
    width, height = canvas
    sizes = pooled.new_tensor([height, width, 0, 0, height, width]).expand(len(pooled), -1)
    states = embeds["prompt_embeds"]
    return {"encoder_hidden_states": states, "text_embeds": pooled, "time_ids": sizes}


_LATENT, _INPAINTING = 4, 9  # channels that the UNet takes

_SIZE = Size(
    {
        "block_out_channels": [320, 640, 1280],
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
        "sample_size": 128,
    },
    {
        "unet": 2_567_463_684,
        "text_encoder": CLIP_L,
        "text_encoder_2": CLIP_G,
        "vae": SMALL_VAE,
    },
)
FAMILIES = [
    Family(
        "StableDiffusionXLPipeline",
        "StableDiffusionXLImg2ImgPipeline",
        "unet",
        reads_clip=True,
        windows=True,
        tuning=Tuning((*ATTENTION, "ff.net.0.proj", "ff.net.2"), _hears, ask_unet),
        vae_upcast=True,
        single_files={"xl_base": "sdxl"},
        recognises=_recognises,
        multiple=8,
        usual=(
            Usual(4, 0.0, "sd_xl_turbo"),
            Usual(6, 2.0, "turbo", "Euler a trailing"),
            Usual(4, 1.0, "lightning", "Euler trailing"),
            Usual(8, 1.0, "hyper(?!real)", "Euler trailing"),
            Usual(8, 1.0, "dmd", "LCM"),
            Usual(8, 1.5, "lcm", "LCM"),
            Usual(30, 6.0, "", "model"),
        ),
        layouts={"sdxl": _SIZE},
        known={
            "stabilityai/stable-diffusion-xl-base-1.0": _SIZE,
            "stabilityai/sdxl-turbo": _SIZE,
            "hub:ByteDance/SDXL-Lightning/sdxl_lightning_4step.safetensors": _SIZE,
            "hub:OnomaAIResearch/Illustrious-xl-early-release-v0/"
            "Illustrious-XL-v0.1.safetensors": _SIZE,
            "hub:Laxhar/noobai-XL-Vpred-1.0/NoobAI-XL-Vpred-v1.0.safetensors": _SIZE,
        },
    )
]
