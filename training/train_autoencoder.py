"""Trains the autoencoder on crops of the corpus: `python -m training.train_autoencoder`.

The latents are made smooth on purpose, since a denoiser must learn them: they carry noise, and a
mirrored or shrunken latent must decode to the mirrored or shrunken picture (after Kouzelis 2025,
"EQ-VAE"). With --decoder-only the encoder stays as it is, and latents computed before stay valid.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL

from . import checkpoint, parallel
from .architecture import LATENT_CHANNELS, build_autoencoder
from .optimizer import Optimizer
from .paint_corpus import WORK

CROP = 128
SAVE_EVERY_S = 240
ADAM_ONLY = ("conv_in.", "conv_out.", "norm")


class Crops:
    """Draws random crops from the corpus, also while it is still being painted."""

    def __init__(self, work: Path, rng: np.random.Generator) -> None:
        self.work, self.rng = work, rng
        self.opened: dict[Path, np.ndarray] = {}
        self.refresh()

    def refresh(self) -> None:
        for path in sorted(self.work.glob("corpus/*/*.npy")):
            if path not in self.opened:
                self.opened[path] = np.load(path, mmap_mode="r")
        self.chunks = list(self.opened.values())

    def draw(self, count: int) -> torch.Tensor:
        """Return crops: bfloat16, (count, 3, CROP, CROP), -1 to 1."""
        crops = np.empty((count, CROP, CROP, 3), np.uint8)
        for k in range(count):
            chunk = self.chunks[self.rng.integers(len(self.chunks))]
            y = self.rng.integers(chunk.shape[1] - CROP + 1)
            x = self.rng.integers(chunk.shape[2] - CROP + 1)
            crops[k] = chunk[self.rng.integers(len(chunk)), y : y + CROP, x : x + CROP]
        return as_tensor(crops).bfloat16()


def as_tensor(pictures: np.ndarray) -> torch.Tensor:
    """Return uint8 pictures (n, height, width, 3) as float32, (n, 3, height, width), -1 to 1."""
    x = torch.from_numpy(pictures).to(parallel.device()).permute(0, 3, 1, 2)
    return x.float().div_(127.5).sub_(1).contiguous()


def means(moments: torch.Tensor) -> torch.Tensor:
    """Return the means of the encoder's output, without the log-variances."""
    return moments[:, :LATENT_CHANNELS]


def picture_loss(made: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return L1 plus L1 of the gradients plus coarser L1, float32: edges count in flat pictures."""
    error = made.float() - wanted.float()
    across, down = error[..., 1:] - error[..., :-1], error[..., 1:, :] - error[..., :-1, :]
    fine = error.abs().mean() + across.abs().mean() + down.abs().mean()
    return fine + F.avg_pool2d(error, 4).abs().mean() + 0.5 * error.square().mean()


def transformed(
    z: torch.Tensor, x: torch.Tensor, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return latents and pictures, both mirrored half of the time, both shrunken now and then."""
    if rng.random() < 0.5:
        z, x = z.flip(-1), x.flip(-1)
    if rng.random() < 0.2:
        side = int(rng.integers(4, z.shape[-1]))
        z = F.interpolate(z, (side, side), mode="bilinear", antialias=True)
        x = F.interpolate(x.float(), (16 * side, 16 * side), mode="bilinear", antialias=True)
    return z, x


@dataclass(slots=True)
class Statistics:
    """Running mean and deviation of each latent channel, float32 (8,)."""

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
            self.mean, self.std = both[:LATENT_CHANNELS].clone(), both[LATENT_CHANNELS:].clone()

    def normalized(self, latents: torch.Tensor) -> torch.Tensor:
        return (latents - self.mean.view(-1, 1, 1)) / self.std.view(-1, 1, 1)


@dataclass(frozen=True, slots=True)
class Options:
    """How to train; `noise` is the largest noise on the latents, whose deviation is 1."""

    work: Path
    minutes: float
    lr: float
    batch: int
    noise: float
    decoder_only: bool

    @property
    def path(self) -> Path:
        return self.work / "autoencoder.pt"


def start(options: Options) -> tuple[AutoencoderKL, Optimizer, Statistics]:
    """Return the autoencoder, its optimizer and statistics: as saved, or fresh."""
    torch.manual_seed(0)
    vae, saved = build_autoencoder(), checkpoint.load(options.path)
    if saved:
        vae.load_state_dict(saved["averaged"])
    vae.to(parallel.device(), torch.bfloat16)
    vae.encoder.requires_grad_(not options.decoder_only)
    optimizer = Optimizer(vae, ADAM_ONLY, ema_decay=0.998)
    statistics = Statistics(torch.zeros(LATENT_CHANNELS), torch.ones(LATENT_CHANNELS))
    if saved:
        statistics = Statistics(saved["mean"], saved["std"], updates=100)
        optimizer.restore(saved["optimizer"])
    statistics.mean = statistics.mean.to(parallel.device())
    statistics.std = statistics.std.to(parallel.device())
    return vae, optimizer, statistics


def errors(
    vae: AutoencoderKL,
    statistics: Statistics,
    x: torch.Tensor,
    options: Options,
    rng: np.random.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the loss on these crops and, for the log, the mean squared error, 0 to 1."""
    with torch.set_grad_enabled(not options.decoder_only):
        raw = means(vae.encoder(x)).float()
    if not options.decoder_only:
        statistics.update(raw.detach())
    z = statistics.normalized(raw)
    spread = z.square().mean()
    amount = torch.rand(len(z), 1, 1, 1, device=z.device) * options.noise
    z = z + amount * torch.randn_like(z)
    z, wanted = (z, x) if options.decoder_only else transformed(z, x, rng)
    made = vae.decoder(z.bfloat16())
    square = (made.detach().float() - wanted.float()).div(2).square().mean()
    return picture_loss(made, wanted) + 5e-4 * spread, square


def train(rank: int, options: Options) -> None:
    """Train for so many minutes; the learning rate falls over the last two thirds of them."""
    vae, optimizer, statistics = start(options)
    rng = np.random.default_rng(time.time_ns() + rank)
    torch.manual_seed(int(rng.integers(1 << 31)))
    crops, clock = Crops(options.work, rng), parallel.Clock(options.minutes)
    step, squares, saved = 0, 0.0, time.monotonic()
    while (share := clock.share()) < 1:
        loss, square = errors(vae, statistics, crops.draw(options.batch), options, rng)
        loss.backward()
        optimizer.step(options.lr * min(1.0, (step + 1) / 50, 1.5 * (1 - share) + 0.01))
        step, squares = step + 1, squares + float(square)
        if step % 50 == 0:
            if rank == 0:
                done = step * options.batch * parallel.size()
                rate = done / (time.monotonic() - clock.start)
                print(
                    f"{share:.3f} step {step} psnr {-10 * np.log10(squares / 50):.2f} dB, "
                    f"{rate:.0f} crops/s",
                    flush=True,
                )
            squares = 0.0
            crops.refresh()
        if rank == 0 and time.monotonic() - saved > SAVE_EVERY_S:
            save(options, vae, optimizer, statistics)
            saved = time.monotonic()
    if rank == 0:
        save(options, vae, optimizer, statistics)


def save(
    options: Options, vae: AutoencoderKL, optimizer: Optimizer, statistics: Statistics
) -> None:
    """Write the checkpoint: averaged weights, the latents' statistics, the optimizer's state."""
    averaged = {name: weight.float() for name, weight in vae.state_dict().items()}
    if options.decoder_only:
        # The working copy of the encoder is rounded to bfloat16; the saved one must not change.
        before = checkpoint.load(options.path)
        averaged |= {k: v for k, v in before["averaged"].items() if k.startswith("encoder.")}
    averaged |= optimizer.averaged()
    state = {"averaged": averaged, "optimizer": optimizer.state()}
    checkpoint.save(state | {"mean": statistics.mean, "std": statistics.std}, options.path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--decoder-only", action="store_true")
    parser.add_argument("--batch", type=int, default=8, help="for each process")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    noise = 0.1 if args.decoder_only else 0.25
    options = Options(args.work, args.minutes, args.lr, args.batch, noise, args.decoder_only)
    parallel.run(train, args.processes, options)


if __name__ == "__main__":
    main()
