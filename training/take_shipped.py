"""Makes checkpoints of the shipped model, where there are none: `python -m training.take_shipped`.

Training goes on from them as from any other, with fresh optimizers. Checkpoints that are there are
left alone. Weights that do not fit start anew: those of another design's autoencoder, and with
--new-words those of words that the shipped tokenizer does not have.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from transformers import CLIPTokenizer

from . import checkpoint
from .architecture import DESIGNS, build_autoencoder, build_text_encoder, build_unet
from .export import MODEL
from .paint_corpus import WORK
from .vocabulary import tokenizer_of

EMBEDDING = "embeddings.token_embedding.weight"


def fitting(network: nn.Module, weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the network's state with every shipped weight whose shape fits, float32."""
    state = network.state_dict()
    taken = {
        name: weight.float()
        for name, weight in weights.items()
        if name in state and state[name].shape == weight.shape
    }
    print(f"{len(taken)} of {len(state)} weights fit {type(network).__name__}")
    return state | taken


def words_of(folder: Path) -> dict[str, torch.Tensor]:
    """Return the shipped text encoder's weights, without the prefix of older transformers."""
    weights = load_file(folder / "text_encoder" / "model.safetensors")
    return {name.removeprefix("text_model."): weight for name, weight in weights.items()}


def known_words(
    embedding: torch.Tensor, tokenizer: CLIPTokenizer, weights: torch.Tensor, folder: Path
) -> torch.Tensor:
    """Return the embedding (tokens, width) with those tokens taken over that are shipped."""
    shipped = json.loads((folder / "tokenizer" / "vocab.json").read_text("utf-8"))
    for token, k in tokenizer.get_vocab().items():
        if token in shipped:
            embedding[k] = weights[shipped[token]].float()
    return embedding


def take_shipped(folder: Path, work: Path, design: str = "small", new_words: bool = False) -> None:
    """Write the tokenizer, autoencoder.pt and denoiser.pt from the model in `folder`."""
    if not (work / "tokenizer").exists() and not new_words:
        shutil.copytree(folder / "tokenizer", work / "tokenizer")
    channels = DESIGNS[design].latent_channels
    if not (work / "autoencoder.pt").exists():
        weights = load_file(folder / "vae" / "diffusion_pytorch_model.safetensors")
        state = {
            "averaged": fitting(build_autoencoder(DESIGNS[design]), weights),
            "mean": torch.zeros(channels),
            "std": torch.ones(channels),
            "design": design,
        }
        checkpoint.save(state, work / "autoencoder.pt")
    if not (work / "denoiser.pt").exists():
        tokenizer, words = tokenizer_of(work), words_of(folder)
        text_encoder = build_text_encoder(len(tokenizer), tokenizer.eos_token_id)
        text = fitting(text_encoder, words)
        text[EMBEDDING] = known_words(text[EMBEDDING], tokenizer, words[EMBEDDING], folder)
        unet = load_file(folder / "unet" / "diffusion_pytorch_model.safetensors")
        state = {
            "text_encoder": text,
            "unet": fitting(build_unet(DESIGNS[design]), unet),
            "samples": 0,
        }
        checkpoint.save(state, work / "denoiser.pt")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=MODEL)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--design", choices=DESIGNS, default="small")
    parser.add_argument("--new-words", action="store_true", help="a new tokenizer, both languages")
    args = parser.parse_args()
    take_shipped(args.folder, args.work, args.design, args.new_words)


if __name__ == "__main__":
    main()
