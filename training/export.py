"""Writes the diffusers folder from the checkpoints: `python -m training.export`.

Weights are the averaged ones, in float16. Whatever has no checkpoint yet gets fresh random weights.
"""

import argparse
from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline
from safetensors.torch import load_file, save_file

from . import checkpoint
from .architecture import build_autoencoder, build_scheduler, build_text_encoder, build_unet
from .paint_corpus import WORK
from .vocabulary import save_tokenizer, tokenizer_of

MODEL = Path(__file__).parent.parent / "hotfolder" / "models" / "postcard"


def trained_autoencoder(work: Path) -> AutoencoderKL:
    """Return the autoencoder with latents of unit variance and next to no posterior variance.

    Its decoder is that of decoder.pt, where there is one.
    """
    state = checkpoint.load(work / "autoencoder.pt")
    vae = build_autoencoder(checkpoint.design_of(state))
    if state is None:
        return vae
    vae.load_state_dict(state["averaged"])
    if decoder := checkpoint.load(work / "decoder.pt"):
        vae.decoder.load_state_dict(decoder["decoder"])
    with torch.no_grad():
        out, n = vae.encoder.conv_out, vae.config.latent_channels
        mean, std = state["mean"], state["std"]
        out.bias[:n] = (out.bias[:n] - mean) / std
        out.weight[:n] /= std.view(-1, 1, 1, 1)
        out.weight[n:], out.bias[n:] = 0.0, -30.0
    return vae


def build_pipeline(work: Path) -> StableDiffusionPipeline:
    """Return the pipeline of the newest checkpoints, float32."""
    tokenizer = tokenizer_of(work)
    text_encoder = build_text_encoder(len(tokenizer), tokenizer.eos_token_id)
    unet = build_unet(checkpoint.design_of(checkpoint.load(work / "autoencoder.pt")))
    state = checkpoint.load(work / "denoiser.pt") or checkpoint.load(work / "text_encoder.pt")
    if state is not None:
        text_encoder.load_state_dict(state["text_encoder"])
        if "unet" in state:
            unet.load_state_dict(state["unet"])
    return StableDiffusionPipeline(
        vae=trained_autoencoder(work),
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        unet=unet,
        scheduler=build_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        image_encoder=None,
        requires_safety_checker=False,
    )


def export(work: Path, folder: Path) -> None:
    """Write the folder: model_index.json and a folder for each part, float16."""
    pipeline = build_pipeline(work).to(torch.float16)
    pipeline.save_pretrained(folder, safe_serialization=True)
    save_tokenizer(pipeline.tokenizer, folder / "tokenizer")
    put_prefix(folder / "text_encoder" / "model.safetensors")


def put_prefix(path: Path) -> None:
    """Name the text encoder's weights as transformers before 5 do, which later ones read as well.

    Without the prefix, earlier ones would start from random weights and pass over all prompts.
    """
    weights = {f"text_model.{name}": weight for name, weight in load_file(path).items()}
    save_file(weights, path, metadata={"format": "pt"})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--folder", type=Path, default=MODEL)
    args = parser.parse_args()
    export(args.work, args.folder)
    total = sum(path.stat().st_size for path in args.folder.rglob("*") if path.is_file())
    print(f"{args.folder}: {total / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
