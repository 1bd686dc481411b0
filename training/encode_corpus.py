"""Encodes the painted corpus once, with the trained encoder: `python -m training.encode_corpus`.

latents/WIDTHxHEIGHT/NNNN.npy, float16, (500, channels, height / 16, width / 16), unit variance;
chunk by chunk beside corpus/. Chunks that exist are left alone: remove the folder when the encoder
changes.
"""

import argparse
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from torch import nn

from . import parallel
from .export import trained_autoencoder
from .paint_corpus import WORK, chunk_path, chunks, write
from .sizes import Size
from .train_autoencoder import as_tensor, means

# Small, so that the activations stay in the cache.
BATCH = 4


def latent_path(work: Path, size: Size, chunk: int) -> Path:
    return work / "latents" / size.name / f"{chunk:04d}.npy"


def encoded(encoder: nn.Module, pictures: np.ndarray) -> np.ndarray:
    """Return the latents of uint8 pictures (n, height, width, 3): float16 (n, channels, h, w)."""
    parts = []
    for first in range(0, len(pictures), BATCH):
        x = as_tensor(pictures[first : first + BATCH]).bfloat16()
        z = means(encoder(x.contiguous(memory_format=torch.channels_last)))
        parts.append(z.half().cpu().numpy())
    return np.concatenate(parts)


def encode_chunks(work: Path, jobs: list[tuple[Size, int]]) -> None:
    """Write the latents of these chunks, on one core."""
    torch.set_num_threads(1)
    encoder = trained_autoencoder(work).encoder.requires_grad_(False)
    encoder.to(parallel.device(), torch.bfloat16, memory_format=torch.channels_last)
    for number, (size, chunk) in enumerate(jobs):
        path, source = latent_path(work, size, chunk), chunk_path(work, size, chunk)
        if path.exists() or not source.exists():
            continue
        latents = encoded(encoder, np.load(source))
        write(latents, path)
        print(f"{number + 1} of {len(jobs)}: {path}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=64000)
    parser.add_argument("--half", action="store_true", help="scenes of half the size")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    jobs = list(chunks(args.scenes, args.half))
    context = get_context("spawn")
    workers = [
        context.Process(target=encode_chunks, args=(args.work, jobs[k :: args.processes]))
        for k in range(args.processes)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
