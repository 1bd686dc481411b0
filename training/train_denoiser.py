"""Trains denoiser and text encoder on the latents: `python -m training.train_denoiser`.

Goes on from the checkpoint denoiser.pt where there is one. v-prediction (Salimans 2022) on a cosine
schedule with zero terminal SNR (Lin 2024), 10 % empty captions, several sizes.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from torch import nn
from torch.utils.data import DataLoader, IterableDataset
from transformers import CLIPTextModel

from . import checkpoint, parallel
from .architecture import build_scheduler, build_text_encoder, build_unet
from .encode_corpus import latent_path
from .optimizer import Optimizer
from .paint_corpus import WORK, chunks, seeds_of
from .painter.caption import caption
from .painter.scene import draw_scene
from .sizes import SIZES, Size
from .vocabulary import build_tokenizer, with_foreign_words

EMPTY_SHARE = 0.1
# Two subjects are learned last: of so many scenes the first that shows two is taken.
DRAWS_FOR_PAIR = 3
# Above this signal-to-noise ratio all levels weigh alike in the clean picture's error (Hang 2023).
SNR_LIMIT = 5.0
SAVE_EVERY_S = 300
ADAM_ONLY = ("conv_in.", "conv_out.", "norm", "embeddings", "time_embedding", "add_embedding.norm")


@dataclass(frozen=True, slots=True)
class Options:
    """How to train; `batch` counts pictures of 256x256 for each process."""

    work: Path
    minutes: float
    scenes: int
    lr: float
    final_lr: float
    batch: int
    workers: int


class Latents(IterableDataset):
    """Batches of latents with fresh captions, without end, from what has been encoded so far."""

    def __init__(self, options: Options) -> None:
        self.options, self.jobs = options, list(chunks(options.scenes))
        self.loaded: dict[Size, dict[int, np.ndarray]] = {size: {} for size in SIZES}
        self.tokenizer = build_tokenizer()
        self.refresh()

    def refresh(self) -> None:
        for size, chunk in self.jobs:
            path = latent_path(self.options.work, size, chunk)
            if chunk not in self.loaded[size] and path.exists():
                self.loaded[size][chunk] = np.load(path)
        counts = np.array([len(self.loaded[size]) for size in SIZES], dtype=float)
        self.odds = counts / counts.sum()

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        rng, drawn = np.random.default_rng(), 0
        while True:
            yield self.draw(rng)
            drawn += 1
            if drawn % 100 == 0:
                self.refresh()

    def draw(self, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """Return latents, float32 (n, 8, h, w), half of them mirrored, and token ids (n, 48).

        n falls with the area, so that every batch costs about the same."""
        size = SIZES[rng.choice(len(SIZES), p=self.odds)]
        count = max(1, round(self.options.batch * 256 * 256 / (size.width * size.height)))
        numbers = list(self.loaded[size])
        latents, texts = [], []
        for _ in range(count):
            for _ in range(DRAWS_FOR_PAIR):
                chunk = numbers[rng.integers(len(numbers))]
                k = int(rng.integers(len(self.loaded[size][chunk])))
                scene = draw_scene(seeds_of(size, chunk)[k])
                if scene.companion != "none":
                    break
            z = self.loaded[size][chunk][k]
            latents.append(z[..., ::-1] if rng.random() < 0.5 else z)
            text = caption(scene, rng)
            texts.append("" if rng.random() < EMPTY_SHARE else with_foreign_words(text, rng))
        ids = self.tokenizer(
            texts, padding="max_length", truncation=True, return_tensors="pt"
        ).input_ids
        return torch.from_numpy(np.stack(latents)).float(), ids


class Denoiser(nn.Module):
    """Text encoder and UNet, trained as one."""

    def __init__(self, text_encoder: CLIPTextModel, unet: UNet2DConditionModel) -> None:
        super().__init__()
        self.text_encoder, self.unet = text_encoder, unet

    def forward(self, noisy: torch.Tensor, t: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        """Return the predicted v for noisy latents (n, 8, h, w), timesteps (n,), token ids."""
        return self.unet(noisy, t, self.text_encoder(ids).last_hidden_state).sample


def build_denoiser(vocabulary: int, end_token: int) -> Denoiser:
    return Denoiser(build_text_encoder(vocabulary, end_token), build_unet())


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
    model = build_denoiser(tokens, end_token)
    if learned := checkpoint.load(options.work / "text_encoder.pt"):
        model.text_encoder.load_state_dict(learned["text_encoder"])
    model.to(parallel.device(), torch.bfloat16)
    optimizer = Optimizer(model, ADAM_ONLY, ema_decay=0.999)
    if not (before := checkpoint.load(options.work / "denoiser.pt")):
        return model, optimizer, 0
    optimizer.restore(before["optimizer"])
    return model, optimizer, before["samples"]


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
        z, ids = (tensor.to(device) for tensor in next(batches))
        t = draw_timesteps(len(z)).to(device)
        noisy, v = noised(z, alphas, t)
        snr = alphas[t] / (1 - alphas[t]).clamp(min=1e-6)
        error = (model(noisy.bfloat16(), t, ids).float() - v).square().mean((1, 2, 3))
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
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    final_lr = args.lr if args.final_lr is None else args.final_lr
    options = Options(
        args.work, args.minutes, args.scenes, args.lr, final_lr, args.batch, args.workers
    )
    parallel.run(train, args.processes, options)


if __name__ == "__main__":
    main()
