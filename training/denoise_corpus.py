"""Makes latents as the denoiser leaves them: `python -m training.denoise_corpus`.

denoised/WIDTHxHEIGHT/NNNN.npy, float16, (n, channels, h, w): of the first pictures of a chunk the
latents, with the noise of the last steps of sampling put on and taken off again, guided by a
caption (`steps_of`). The decoder learns from them to draw what it will be given, not only what the
encoder writes.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionPipeline

from . import parallel
from .captions import written
from .encode_corpus import latent_path
from .export import build_pipeline
from .paint_corpus import WORK, chunks, seeds_of, write
from .painter.scene import draw_scene
from .sizes import Size

BATCH = 16
STEPS = 12
GUIDANCE = 3.5
# Batch after batch: how many of the last steps are done again. All of them: a free invention.
REDONE = (1, 2, 3, 4, STEPS)


def steps_of(k: int) -> int:
    """Return how many steps the k-th latent of a chunk went back."""
    return REDONE[k // BATCH % len(REDONE)]


def denoised_path(work: Path, size: Size, chunk: int) -> Path:
    return work / "denoised" / size.name / f"{chunk:04d}.npy"


@torch.no_grad()
def denoised(
    pipeline: StableDiffusionPipeline, z: torch.Tensor, texts: list[str], steps: int, seed: int
) -> torch.Tensor:
    """Return latents (n, channels, h, w) after going so many steps back and forth again."""
    scheduler = type(pipeline.scheduler).from_config(pipeline.scheduler.config)
    scheduler.set_timesteps(STEPS)
    scheduler.set_begin_index(STEPS - steps)
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(z.shape, generator=generator).to(z.device)
    first = scheduler.timesteps[STEPS - steps]
    x = noise if steps == STEPS else scheduler.add_noise(z, noise, first.repeat(len(z)))
    ids = pipeline.tokenizer(
        [""] * len(texts) + texts, padding="max_length", truncation=True, return_tensors="pt"
    ).input_ids
    words = pipeline.text_encoder(ids.to(z.device))[0].to(pipeline.unet.dtype)
    for t in scheduler.timesteps[STEPS - steps :]:
        both = torch.cat([x, x]).to(words.dtype)
        without, told = pipeline.unet(both, t, words).sample.float().chunk(2)
        x = scheduler.step(
            without + GUIDANCE * (told - without), t, x, generator=generator
        ).prev_sample
    return x


def denoise_chunk(pipeline: StableDiffusionPipeline, work: Path, size: Size, chunk: int, n: int):
    """Write the latents of the first n pictures of a chunk, unless they are there."""
    path, source = denoised_path(work, size, chunk), latent_path(work, size, chunk)
    if path.exists() or not source.exists():
        return
    latents = np.load(source)[:n]
    seeds = seeds_of(size, chunk)[: len(latents)]
    rng = np.random.default_rng(seeds[0])
    texts = [written(draw_scene(seed), rng) for seed in seeds]
    parts = []
    for k in range(0, len(latents), BATCH):
        z = torch.from_numpy(latents[k : k + BATCH]).float().to(parallel.device())
        x = denoised(pipeline, z, texts[k : k + BATCH], steps_of(k), seeds[k])
        parts.append(x.half().cpu().numpy())
    write(np.concatenate(parts), path)
    print(path, flush=True)


def denoise_chunks(rank: int, work: Path, scenes: int, count: int) -> None:
    """Write this process's share of the chunks."""
    pipeline = build_pipeline(work).to(parallel.device())
    pipeline.unet.to(torch.bfloat16, memory_format=torch.channels_last)
    for size, chunk in list(chunks(scenes))[rank :: parallel.size()]:
        denoise_chunk(pipeline, work, size, chunk, count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=64000)
    parser.add_argument("--count", type=int, default=80, help="of each chunk")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    parallel.run(denoise_chunks, args.processes, args.work, args.scenes, args.count)


if __name__ == "__main__":
    main()
