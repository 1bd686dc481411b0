"""Trains denoiser and text encoder on the latents: `python -m training.train_denoiser`.

Goes on from the checkpoint denoiser.pt where there is one. v-prediction (Salimans 2022) on a cosine
schedule with zero terminal SNR (Lin 2024), 10 % empty captions, several sizes; with --half scenes
of half the size, which cost a quarter, for the beginning. Errors count more where a subject is.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from torch import nn
from torch.utils.data import DataLoader, IterableDataset
from transformers import CLIPTextModel

from . import checkpoint, parallel
from .architecture import Design, build_scheduler, build_text_encoder, build_unet
from .captions import written
from .encode_corpus import latent_path
from .optimizer import Optimizer
from .paint_corpus import WORK, chunks, parts_path, seeds_of
from .painter.scene import Scene, draw_scene
from .sizes import FACTOR, Size
from .vocabulary import tokenizer_of

EMPTY_SHARE = 0.1
# Two subjects are learned last: of so many scenes the first that shows two is taken.
DRAWS_FOR_PAIR = 3
# Above this signal-to-noise ratio all levels weigh alike in the clean picture's error (Hang 2023).
SNR_LIMIT = 5.0
SAVE_EVERY_S = 300
ADAM_ONLY = ("conv_in.", "conv_out.", "norm", "embeddings", "time_embedding", "add_embedding.norm")


@dataclass(frozen=True, slots=True)
class Options:
    """How to train; `batch` counts pictures of 256x256 for each process.

    `subject` is what an error weighs where a subject is, where it weighs 1 elsewhere.
    """

    work: Path
    minutes: float
    scenes: int
    lr: float
    final_lr: float
    batch: int
    workers: int
    subject: float
    half: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """Latents (n, channels, h, w), their errors' weights (n, 1, h, w), token ids (n, 48)."""

    latents: torch.Tensor
    weights: torch.Tensor
    ids: torch.Tensor


@dataclass(frozen=True, slots=True)
class Chunk:
    """Latents float16 (n, channels, h, w); the subjects' share of each, float16 (n, h, w)."""

    latents: np.ndarray
    subjects: np.ndarray


def shares_of(parts: np.ndarray) -> np.ndarray:
    """Return which share of each latent's pixels shows a subject: uint8 parts to float16."""
    n, height, width = parts.shape
    blocks = parts.reshape(n, height // FACTOR, FACTOR, width // FACTOR, FACTOR) > 0
    return blocks.mean((2, 4)).astype(np.float16)


class Latents(IterableDataset):
    """Batches of latents with fresh captions, without end, from what has been encoded so far."""

    def __init__(self, options: Options) -> None:
        self.options, self.jobs = options, list(chunks(options.scenes, options.half))
        self.loaded: dict[Size, dict[int, Chunk]] = {size: {} for size, _ in self.jobs}
        self.tokenizer = tokenizer_of(options.work)
        self.refresh()

    def refresh(self) -> None:
        for size, chunk in self.jobs:
            path = latent_path(self.options.work, size, chunk)
            if chunk not in self.loaded[size] and path.exists():
                parts = np.load(parts_path(self.options.work, size, chunk), mmap_mode="r")
                self.loaded[size][chunk] = Chunk(np.load(path), shares_of(parts))
        counts = np.array([len(chunks) for chunks in self.loaded.values()], dtype=float)
        self.odds = counts / counts.sum()

    def __iter__(self) -> Iterator[Batch]:
        rng, drawn = np.random.default_rng(), 0
        while True:
            yield self.draw(rng)
            drawn += 1
            if drawn % 100 == 0:
                self.refresh()

    def draw(self, rng: np.random.Generator) -> Batch:
        """Return a batch of one size, half of the latents mirrored.

        Their number falls with the area, so that every batch costs about the same."""
        size = list(self.loaded)[rng.choice(len(self.loaded), p=self.odds)]
        count = max(1, round(self.options.batch * 256 * 256 / (size.width * size.height)))
        numbers = list(self.loaded[size])
        latents, subjects, texts = [], [], []
        for _ in range(count):
            for _ in range(DRAWS_FOR_PAIR):
                number = numbers[rng.integers(len(numbers))]
                chunk = self.loaded[size][number]
                k = int(rng.integers(len(chunk.latents)))
                scene = draw_scene(seeds_of(size, number)[k])
                if scene.companion != "none":
                    break
            mirrored = rng.random() < 0.5
            turn = slice(None, None, -1 if mirrored else 1)
            latents.append(chunk.latents[k][..., turn])
            subjects.append(chunk.subjects[k][..., turn])
            told = in_mirror(scene) if mirrored else scene
            texts.append("" if rng.random() < EMPTY_SHARE else written(told, rng))
        ids = self.tokenizer(
            texts, padding="max_length", truncation=True, return_tensors="pt"
        ).input_ids
        share = torch.from_numpy(np.stack(subjects)).float()[:, None]
        weights = 1 + (self.options.subject - 1) * share
        return Batch(torch.from_numpy(np.stack(latents)).float(), weights, ids)


def in_mirror(scene: Scene) -> Scene:
    """Return the scene as its mirrored picture shows it: left is right."""
    places = ("subject_x", "companion_x", "light_x")
    return replace(scene, **{place: 1 - getattr(scene, place) for place in places})


class Denoiser(nn.Module):
    """Text encoder and UNet, trained as one."""

    def __init__(self, text_encoder: CLIPTextModel, unet: UNet2DConditionModel) -> None:
        super().__init__()
        self.text_encoder, self.unet = text_encoder, unet

    def forward(self, noisy: torch.Tensor, t: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        """Return the predicted v for noisy latents (n, channels, h, w) at timesteps (n,)."""
        return self.unet(noisy, t, self.text_encoder(ids).last_hidden_state).sample


def build_denoiser(vocabulary: int, end_token: int, design: Design) -> Denoiser:
    return Denoiser(build_text_encoder(vocabulary, end_token), build_unet(design))


def signal(steps: int = 1000) -> torch.Tensor:
    """Return the share of signal variance at each timestep, float32 (steps,), 1 down to 0."""
    return build_scheduler().alphas_cumprod.float().clone()[:steps]


def noised(
    z: torch.Tensor, alphas: torch.Tensor, t: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (noisy latents, their v) at timesteps `t`."""
    noise = torch.randn_like(z)
    a, s = alphas[t].sqrt().view(-1, 1, 1, 1), (1 - alphas[t]).sqrt().view(-1, 1, 1, 1)
    return a * z + s * noise, a * noise - s * z


def draw_timesteps(count: int) -> torch.Tensor:
    """Return timesteps, one to a stratum, int64 (count,); few of low noise, which is easy."""
    u = (torch.randperm(count) + torch.rand(count)) / count
    return (1000 * u**0.8).long().clamp(max=999)


def start(options: Options, tokens: int, end_token: int) -> tuple[Denoiser, Optimizer, int]:
    """Return the model, its optimizer and the samples it has seen: as saved, or fresh."""
    torch.manual_seed(0)  # All processes must start from the same weights.
    design = checkpoint.design_of(checkpoint.load(options.work / "autoencoder.pt"))
    model = build_denoiser(tokens, end_token, design)
    before = checkpoint.load(options.work / "denoiser.pt")
    if before:
        model.text_encoder.load_state_dict(before["text_encoder"])
        model.unet.load_state_dict(before["unet"])
    elif learned := checkpoint.load(options.work / "text_encoder.pt"):
        model.text_encoder.load_state_dict(learned["text_encoder"])
    model.to(parallel.device(), torch.bfloat16)
    optimizer = Optimizer(model, ADAM_ONLY, ema_decay=0.999)
    if before and "optimizer" in before:
        optimizer.restore(before["optimizer"])
    return model, optimizer, before["samples"] if before else 0


class Log:
    """Gathers errors of v by noise level, in four quarters of the schedule."""

    def __init__(self, samples: int) -> None:
        self.samples, self.at = samples, time.monotonic()
        self.sums, self.counts = torch.zeros(4), torch.zeros(4)

    def add(self, t: torch.Tensor, error: torch.Tensor) -> None:
        self.sums.index_add_(0, t.cpu() // 250, error.detach().cpu())
        self.counts.index_add_(0, t.cpu() // 250, torch.ones(len(t)))

    def line(self, samples: int) -> str:
        rate = (samples - self.samples) / (time.monotonic() - self.at)
        errors = " ".join(f"{error:.3f}" for error in self.sums / self.counts)
        return f"samples {samples}, {rate:.0f}/s, error of v from little noise to much: {errors}"


def train(rank: int, options: Options) -> None:
    """Train for so many minutes; the learning rate goes straight from `lr` to `final_lr`."""
    data = Latents(options)
    model, optimizer, samples = start(options, len(data.tokenizer), data.tokenizer.eos_token_id)
    torch.manual_seed(time.time_ns() % (1 << 31) + rank)
    device, clock = parallel.device(), parallel.Clock(options.minutes)
    batches = iter(DataLoader(data, batch_size=None, num_workers=options.workers))
    alphas = signal().to(device)
    first_step, saved, log = optimizer.steps, time.monotonic(), Log(samples)
    while (share := clock.share()) < 1:
        batch = next(batches)
        z, weights = batch.latents.to(device), batch.weights.to(device)
        t = draw_timesteps(len(z)).to(device)
        noisy, v = noised(z, alphas, t)
        snr = alphas[t] / (1 - alphas[t]).clamp(min=1e-6)
        error = (model(noisy.bfloat16(), t, batch.ids.to(device)).float() - v).square()
        error = (error * weights / weights.mean()).mean((1, 2, 3))
        (error * (snr.clamp(max=SNR_LIMIT) + 1) / (snr + 1)).mean().backward()
        warm = min(1.0, (optimizer.steps + 1) / 100, (optimizer.steps - first_step + 1) / 20)
        optimizer.step(warm * (options.lr + (options.final_lr - options.lr) * share))
        samples += len(z) * parallel.size()
        log.add(t, error)
        if rank == 0 and optimizer.steps % 50 == 0:
            print(f"{share:.3f} step {optimizer.steps} {log.line(samples)}", flush=True)
            log = Log(samples)
        if rank == 0 and time.monotonic() - saved > SAVE_EVERY_S:
            save(options.work / "denoiser.pt", model, optimizer, samples)
            saved = time.monotonic()
    if rank == 0:
        save(options.work / "denoiser.pt", model, optimizer, samples)


def save(path: Path, model: Denoiser, optimizer: Optimizer, samples: int) -> None:
    """Write the checkpoint: averaged weights of both networks and the optimizer's state."""
    averaged = {k: v.float() for k, v in model.state_dict().items()} | optimizer.averaged()
    parts = {
        part: {
            k.removeprefix(part + "."): v for k, v in averaged.items() if k.startswith(part + ".")
        }
        for part in ("text_encoder", "unet")
    }
    checkpoint.save({**parts, "optimizer": optimizer.state(), "samples": samples}, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--scenes", type=int, default=64000)
    parser.add_argument("--lr", type=float, default=1.5e-3)
    parser.add_argument("--final-lr", type=float, default=None, help="as --lr where not given")
    parser.add_argument("--batch", type=int, default=32, help="pictures for each process")
    parser.add_argument("--workers", type=int, default=0, help="that draw batches; 0 on a CPU")
    parser.add_argument("--subject", type=float, default=2.0, help="what a subject's errors weigh")
    parser.add_argument("--half", action="store_true", help="scenes of half the size")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    final_lr = args.lr if args.final_lr is None else args.final_lr
    options = Options(
        args.work,
        args.minutes,
        args.scenes,
        args.lr,
        final_lr,
        args.batch,
        args.workers,
        args.subject,
        args.half,
    )
    parallel.run(train, args.processes, options)


if __name__ == "__main__":
    main()
