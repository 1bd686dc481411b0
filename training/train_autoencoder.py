"""Trains the autoencoder on crops of the corpus: `python -m training.train_autoencoder`.

The latents are made smooth on purpose, since a denoiser must learn them: they carry noise, and a
mirrored or shrunken latent must decode to the mirrored or shrunken picture (after Kouzelis 2025,
"EQ-VAE"). Parts of subjects weigh more than the rest, or sails and windows are the first to go.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from torch import nn

from . import checkpoint, parallel
from .architecture import DESIGNS, SMALL, build_autoencoder
from .export import MODEL
from .losses import crisp_loss, part_weights
from .optimizer import Optimizer
from .paint_corpus import WORK

CROP = 128
SAVE_EVERY_S = 240
ADAM_ONLY = ("conv_in.", "conv_out.", "norm")


class Crops:
    """Draws random crops from the corpus, also while it is still being painted."""

    def __init__(self, work: Path, part: float, rng: np.random.Generator) -> None:
        self.work, self.part, self.rng = work, part, rng
        self.opened: dict[Path, tuple[np.ndarray, np.ndarray]] = {}
        self.refresh()

    def refresh(self) -> None:
        for path in sorted(self.work.glob("corpus/*/*.npy")):
            if path not in self.opened:
                parts = self.work / "parts" / path.relative_to(self.work / "corpus")
                self.opened[path] = np.load(path, mmap_mode="r"), np.load(parts, mmap_mode="r")
        self.chunks = list(self.opened.values())

    def draw(self, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return crops and what their pixels weigh.

        Crops: float32, (count, 3, CROP, CROP), -1 to 1; weights: float32, (count, 1, CROP, CROP).
        """
        crops = np.empty((count, CROP, CROP, 3), np.uint8)
        marked = np.empty((count, CROP, CROP), np.uint8)
        for k in range(count):
            chunk, parts = self.chunks[self.rng.integers(len(self.chunks))]
            y = self.rng.integers(chunk.shape[1] - CROP + 1)
            x = self.rng.integers(chunk.shape[2] - CROP + 1)
            n = self.rng.integers(len(chunk))
            crops[k] = chunk[n, y : y + CROP, x : x + CROP]
            marked[k] = parts[n, y : y + CROP, x : x + CROP]
        weights = part_weights(torch.from_numpy(marked).to(parallel.device()), self.part)
        return channels_last(as_tensor(crops)), weights


def as_tensor(pictures: np.ndarray) -> torch.Tensor:
    """Return uint8 pictures (n, height, width, 3) as float32, (n, 3, height, width), -1 to 1."""
    x = torch.from_numpy(pictures).to(parallel.device()).permute(0, 3, 1, 2)
    return x.float().div_(127.5).sub_(1).contiguous()


def channels_last(x: torch.Tensor) -> torch.Tensor:
    """Return the same with channels last in memory: in float32 the fastest way on a CPU."""
    return x.contiguous(memory_format=torch.channels_last)


def means(moments: torch.Tensor) -> torch.Tensor:
    """Return the means of the encoder's output, without the log-variances."""
    return moments.chunk(2, 1)[0]


def transformed(
    z: torch.Tensor, x: torch.Tensor, weights: torch.Tensor, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return latents, pictures and weights: mirrored half of the time, shrunken now and then."""
    if rng.random() < 0.5:
        z, x, weights = z.flip(-1), x.flip(-1), weights.flip(-1)
    if rng.random() < 0.2:
        side = int(rng.integers(4, z.shape[-1]))
        z = F.interpolate(z, (side, side), mode="bilinear", antialias=True)
        x = F.interpolate(x, (16 * side, 16 * side), mode="bilinear", antialias=True)
        weights = F.interpolate(weights, (16 * side, 16 * side))
    return z, x, weights


@dataclass(slots=True)
class Statistics:
    """Running mean and deviation of each latent channel, float32 (channels,)."""

    mean: torch.Tensor
    std: torch.Tensor
    updates: int = 0

    def update(self, latents: torch.Tensor) -> None:
        pace = 0.02 if self.updates > 50 else 0.3
        self.mean.lerp_(latents.mean((0, 2, 3)), pace)
        self.std.lerp_(latents.std((0, 2, 3)), pace)
        self.updates += 1
        if self.updates % 20 == 0:
            both = parallel.total(torch.cat([self.mean, self.std])) / parallel.size()
            self.mean, self.std = (half.clone() for half in both.chunk(2))

    def normalized(self, latents: torch.Tensor) -> torch.Tensor:
        return (latents - self.mean.view(-1, 1, 1)) / self.std.view(-1, 1, 1)


@dataclass(frozen=True, slots=True)
class Options:
    """How to train; `noise` is the largest noise on the latents, whose deviation is 1.

    `part` is what a pixel of a subject weighs; `anchor` what it costs to leave the latents of the
    shipped encoder, 0 for freedom; `design` counts only for a training that begins.
    """

    work: Path
    minutes: float
    lr: float
    batch: int
    noise: float
    part: float
    anchor: float
    design: str

    @property
    def path(self) -> Path:
        return self.work / "autoencoder.pt"


def start(options: Options) -> tuple[AutoencoderKL, Optimizer, Statistics, str]:
    """Return the autoencoder, its optimizer, statistics and design: as saved, or fresh."""
    torch.manual_seed(0)
    saved = checkpoint.load(options.path)
    design = saved["design"] if saved else options.design
    vae, channels = build_autoencoder(DESIGNS[design]), DESIGNS[design].latent_channels
    if saved:
        vae.load_state_dict(saved["averaged"])
    vae.to(parallel.device(), memory_format=torch.channels_last)
    optimizer = Optimizer(vae, ADAM_ONLY, ema_decay=0.998)
    statistics = Statistics(torch.zeros(channels), torch.ones(channels))
    if saved:
        statistics = Statistics(saved["mean"], saved["std"], updates=100)
    if saved and "optimizer" in saved:
        optimizer.restore(saved["optimizer"])
    statistics.mean = statistics.mean.to(parallel.device())
    statistics.std = statistics.std.to(parallel.device())
    return vae, optimizer, statistics, design


def shipped_encoder() -> nn.Module:
    """Return the encoder of the shipped model, to stay near to."""
    vae = AutoencoderKL.from_pretrained(MODEL / "vae").requires_grad_(False)
    return vae.encoder.to(parallel.device(), memory_format=torch.channels_last)


def errors(
    vae: AutoencoderKL,
    anchor: nn.Module | None,
    statistics: Statistics,
    crops: tuple[torch.Tensor, torch.Tensor],
    options: Options,
    rng: np.random.Generator,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the loss on crops with weights and, for the log, two mean squared errors.

    That of the pictures, 0 to 1, and how far the latents are from the anchor's, in variances.
    """
    x, weights = crops
    raw = means(vae.encoder(x))
    statistics.update(raw.detach())
    z = statistics.normalized(raw)
    spread = z.square().mean()
    away = torch.zeros(())
    if anchor is not None:
        # The shipped latents have unit variance already.
        away = (raw - means(anchor(x))).square().mean()
    amount = torch.rand(len(z), 1, 1, 1, device=z.device) * options.noise
    z, wanted, weights = transformed(z + amount * torch.randn_like(z), x, weights, rng)
    made = vae.decoder(channels_last(z))
    square = (made.detach() - wanted).div(2).square().mean()
    loss = crisp_loss(made, wanted, weights) + 5e-4 * spread + options.anchor * away
    return loss, square, away.detach()


def train(rank: int, options: Options) -> None:
    """Train for so many minutes; the learning rate falls over the last two thirds of them."""
    vae, optimizer, statistics, design = start(options)
    rng = np.random.default_rng(time.time_ns() + rank)
    torch.manual_seed(int(rng.integers(1 << 31)))
    crops, clock = Crops(options.work, options.part, rng), parallel.Clock(options.minutes)
    anchor = shipped_encoder() if options.anchor else None
    if anchor is not None and DESIGNS[design].latent_channels != SMALL.latent_channels:
        raise SystemExit(f"{design} has other latents than the shipped model: leave --anchor out")
    step, squares, ways, saved = 0, 0.0, 0.0, time.monotonic()
    while (share := clock.share()) < 1:
        drawn = crops.draw(options.batch)
        loss, square, away = errors(vae, anchor, statistics, drawn, options, rng)
        loss.backward()
        optimizer.step(options.lr * min(1.0, (step + 1) / 50, 1.5 * (1 - share) + 0.01))
        step, squares, ways = step + 1, squares + float(square), ways + float(away)
        if step % 50 == 0:
            if rank == 0:
                done = step * options.batch * parallel.size()
                rate = done / (time.monotonic() - clock.start)
                print(
                    f"{share:.3f} step {step} psnr {-10 * np.log10(squares / 50):.2f} dB, "
                    f"{ways / 50:.3f} from the anchor, {rate:.1f} crops/s",
                    flush=True,
                )
            squares, ways = 0.0, 0.0
            crops.refresh()
        if rank == 0 and time.monotonic() - saved > SAVE_EVERY_S:
            save(options.path, vae, optimizer, statistics, design)
            saved = time.monotonic()
    if rank == 0:
        save(options.path, vae, optimizer, statistics, design)


def save(
    path: Path, vae: AutoencoderKL, optimizer: Optimizer, statistics: Statistics, design: str
) -> None:
    """Write the checkpoint: averaged weights, the latents' statistics, the optimizer's state."""
    averaged = {name: weight.float() for name, weight in vae.state_dict().items()}
    state = {"averaged": averaged | optimizer.averaged(), "optimizer": optimizer.state()}
    latents = {"mean": statistics.mean, "std": statistics.std, "design": design}
    checkpoint.save(state | latents, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--noise", type=float, default=0.25, help="on latents of deviation 1")
    parser.add_argument("--part", type=float, default=3.0, help="what parts of subjects weigh")
    parser.add_argument(
        "--anchor", type=float, default=0.0, help="cost of leaving the latents of the shipped model"
    )
    parser.add_argument("--design", choices=DESIGNS, default="wide")
    parser.add_argument("--batch", type=int, default=8, help="for each process")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    options = Options(
        args.work,
        args.minutes,
        args.lr,
        args.batch,
        args.noise,
        args.part,
        args.anchor,
        args.design,
    )
    parallel.run(train, args.processes, options)


if __name__ == "__main__":
    main()
