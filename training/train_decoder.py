"""Trains the decoder alone, last of all: `python -m training.train_decoder --minutes 60`.

The encoder stays, so the latents and the denoiser stay valid. The decoder learns from what the
encoder writes and from what the denoiser leaves (`denoise_corpus`), by the loss and the weak critic
of `losses.py`. Goes on from decoder.pt, or begins with the decoder of autoencoder.pt.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from . import checkpoint, parallel
from .architecture import build_autoencoder
from .denoise_corpus import STEPS, denoised_path, steps_of
from .encode_corpus import latent_path
from .losses import Critic, crisp_loss, critic_loss, part_weights
from .optimizer import Optimizer
from .paint_corpus import WORK, chunk_path, parts_path
from .sizes import FACTOR, SIZES, Size
from .train_autoencoder import ADAM_ONLY, as_tensor

CROP = 10  # latents a side
NOISE = 0.15
DENOISED_SHARE = 0.5
# Every so many batches are free inventions of the denoiser, which have no target.
INVENTED_EVERY = 4
# The critic's weight falls over the last part of the training.
CRITIC_FADES = 0.7
SAVE_EVERY_S = 240


@dataclass(frozen=True, slots=True)
class Options:
    """How to train; `critic` is the share of the critic's gradient, `part` what a part weighs."""

    work: Path
    minutes: float
    lr: float
    batch: int
    critic: float
    part: float
    reach: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Latents (n, channels, h, w); pictures (n, 3, 16h, 16w), -1 to 1, and weights, or neither."""

    latents: torch.Tensor
    pictures: torch.Tensor | None = None
    weights: torch.Tensor | None = None


class Corpus:
    """Draws crops of latents with their pictures, from all chunks that are encoded."""

    def __init__(self, options: Options, rng: np.random.Generator) -> None:
        self.options, self.rng = options, rng
        self.chunks: list[tuple[Size, int]] = []
        for size in SIZES:
            for path in sorted((options.work / "latents" / size.name).glob("*.npy")):
                self.chunks.append((size, int(path.stem)))
        self.denoised = [job for job in self.chunks if denoised_path(options.work, *job).exists()]
        if not self.denoised:
            raise SystemExit(f"nothing in {options.work}: run encode_corpus, then denoise_corpus")

    def opened(self, path: Path) -> np.ndarray | None:
        return np.load(path, mmap_mode="r") if path.exists() else None

    def draw(self, invented: bool) -> Batch:
        """Return a batch of one size; `invented` ones have no pictures."""
        work, n = self.options.work, self.options.batch
        chunks = self.denoised if invented else self.chunks
        size, chunk = chunks[self.rng.integers(len(chunks))]
        encoded = np.load(latent_path(work, size, chunk), mmap_mode="r")
        again = self.opened(denoised_path(work, size, chunk))
        y = int(self.rng.integers(encoded.shape[2] - CROP + 1))
        x = int(self.rng.integers(encoded.shape[3] - CROP + 1))
        window = (..., slice(y, y + CROP), slice(x, x + CROP))
        if invented:
            free = [k for k in range(len(again)) if steps_of(k) == STEPS]
            chosen = self.rng.choice(free, n)
            return Batch(as_latents(np.stack([again[k][window] for k in chosen])))
        bound = [] if again is None else [k for k in range(len(again)) if steps_of(k) < STEPS]
        latents, places = [], []
        for _ in range(n):
            if bound and self.rng.random() < DENOISED_SHARE:
                k = int(self.rng.choice(bound))
                latents.append(as_latents(again[k][window]))
            else:
                k = int(self.rng.integers(len(encoded)))
                z = as_latents(encoded[k][window])
                amount = max(0.0, self.rng.uniform(-NOISE, NOISE))
                latents.append(z + amount * torch.randn_like(z))
            places.append(k)
        large = (
            slice(y * FACTOR, (y + CROP) * FACTOR),
            slice(x * FACTOR, (x + CROP) * FACTOR),
        )
        pictures, parts = (
            self.opened(chunk_path(work, size, chunk)),
            self.opened(parts_path(work, size, chunk)),
        )
        wanted = as_tensor(np.stack([pictures[k][large] for k in places]))
        marked = torch.from_numpy(np.stack([parts[k][large] for k in places])).to(wanted.device)
        return Batch(torch.stack(latents), wanted, part_weights(marked, self.options.part))


def as_latents(stored: np.ndarray) -> torch.Tensor:
    """Return stored float16 latents as float32, on the device that trains."""
    return torch.from_numpy(stored.astype(np.float32)).to(parallel.device())


@dataclass(slots=True)
class Networks:
    """The decoder, the one it began as, the critic, and what moves them."""

    decoder: nn.Module
    before: nn.Module
    critic: Critic
    optimizer: Optimizer
    critic_optimizer: torch.optim.Optimizer
    steps: int = 0


def start(options: Options) -> Networks:
    """Return the networks: as saved in decoder.pt, or the decoder of autoencoder.pt."""
    torch.manual_seed(0)  # All processes must start from the same critic.
    state = checkpoint.load(options.work / "autoencoder.pt")
    if state is None:
        raise SystemExit(f"no autoencoder.pt in {options.work}: train or take one first")
    design = checkpoint.design_of(state)
    vae, before = build_autoencoder(design), build_autoencoder(design)
    for network in (vae, before):
        network.load_state_dict(state["averaged"])
    saved = checkpoint.load(options.work / "decoder.pt")
    critic = Critic()
    if saved:
        vae.decoder.load_state_dict(saved["decoder"])
        critic.load_state_dict(saved["critic"])
    for network in (vae.decoder, before.decoder, critic):
        network.to(parallel.device(), memory_format=torch.channels_last)
    optimizer = Optimizer(vae.decoder, ADAM_ONLY, ema_decay=0.995)
    critic_optimizer = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.95))
    if saved:
        optimizer.restore(saved["optimizer"])
        critic_optimizer.load_state_dict(saved["critic_optimizer"])
    return Networks(
        vae.decoder, before.decoder.requires_grad_(False), critic, optimizer, critic_optimizer
    )


def gradient_of_loss(
    networks: Networks, batch: Batch, made: torch.Tensor, options: Options
) -> tuple[torch.Tensor, float]:
    """Return what the pictures' loss says to change, and the loss.

    An invention has no target: it must keep the coarse colours that the decoder gave it before.
    """
    if batch.pictures is not None:
        loss = crisp_loss(made, batch.pictures, batch.weights, options.reach)
    else:
        with torch.no_grad():
            before = networks.before(batch.latents)
        change = made - before
        loss = F.avg_pool2d(change, 4).abs().mean() + 0.3 * change.abs().mean()
    (gradient,) = torch.autograd.grad(loss, made)
    return gradient, float(loss.detach())


def critics_gradient(critic: Critic, made: torch.Tensor) -> torch.Tensor:
    """Return what the critic says to change."""
    critic.requires_grad_(False)
    (gradient,) = torch.autograd.grad(-critic(made).mean(), made)
    critic.requires_grad_(True)
    return gradient


def train_critic(networks: Networks, real: torch.Tensor, made: torch.Tensor) -> float:
    """Take one step of the critic, on the gradients of all processes; return its loss."""
    loss = critic_loss(networks.critic(real), networks.critic(made.detach()))
    networks.critic_optimizer.zero_grad()
    loss.backward()
    for weight in networks.critic.parameters():
        parallel.total(weight.grad).div_(parallel.size())
    networks.critic_optimizer.step()
    return float(loss.detach())


def critic_share(options: Options, share: float) -> float:
    """Return the critic's weight now: from nothing, full, and down to a tenth at the end."""
    rise = min(1.0, max(0.0, (share - 0.03) / 0.07))
    fall = min(1.0, max(0.1, (1 - share) / (1 - CRITIC_FADES)))
    return options.critic * rise * fall


def step(networks: Networks, batch: Batch, share: float, options: Options) -> tuple[float, float]:
    """Take one step; return the losses of the pictures (0 for inventions) and of the critic."""
    made = networks.decoder(batch.latents.contiguous(memory_format=torch.channels_last))
    out = made.detach().requires_grad_(True)
    gradient, loss = gradient_of_loss(networks, batch, out, options)
    weight, critics_loss = critic_share(options, share), 0.0
    if weight > 0:
        critics = critics_gradient(networks.critic, out)
        gradient = gradient + weight * gradient.norm() / (critics.norm() + 1e-9) * critics
    made.backward(gradient)
    warm = min(1.0, (networks.steps + 1) / 30, 1.6 * (1 - share) + 0.01)
    networks.optimizer.step(options.lr * warm)
    if options.critic > 0 and batch.pictures is not None:
        critics_loss = train_critic(networks, batch.pictures, out)
    networks.steps += 1
    return (loss if batch.pictures is not None else 0.0), critics_loss


def train(rank: int, options: Options) -> None:
    """Train for so many minutes; the learning rate falls over the last two thirds of them."""
    networks = start(options)
    rng = np.random.default_rng(time.time_ns() + rank)
    torch.manual_seed(int(rng.integers(1 << 31)))
    corpus, clock = Corpus(options, rng), parallel.Clock(options.minutes)
    sums, saved, lap = np.zeros(2), time.monotonic(), time.monotonic()
    while (share := clock.share()) < 1:
        invented = networks.steps % INVENTED_EVERY == INVENTED_EVERY - 1
        sums += step(networks, corpus.draw(invented), share, options)
        if networks.steps % 40 == 0 and rank == 0:
            loss, critics = sums / (40 * (1 - 1 / INVENTED_EVERY))
            pace = (time.monotonic() - lap) / 40
            print(
                f"{share:.3f} step {networks.steps} loss {loss:.4f} critic {critics:.3f}, "
                f"{pace:.2f} s a step",
                flush=True,
            )
            sums, lap = np.zeros(2), time.monotonic()
        if rank == 0 and time.monotonic() - saved > SAVE_EVERY_S:
            save(options.work, networks)
            saved = time.monotonic()
    if rank == 0:
        save(options.work, networks)


def save(work: Path, networks: Networks) -> None:
    """Write decoder.pt: averaged weights, the critic, both optimizers."""
    state = {
        "decoder": networks.decoder.state_dict() | networks.optimizer.averaged(),
        "critic": networks.critic.state_dict(),
        "optimizer": networks.optimizer.state(),
        "critic_optimizer": networks.critic_optimizer.state_dict(),
    }
    checkpoint.save(state, work / "decoder.pt")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--batch", type=int, default=6, help="for each process")
    parser.add_argument("--critic", type=float, default=0.3, help="its weight; above 0.35: halos")
    parser.add_argument("--part", type=float, default=3.0, help="what parts of subjects weigh")
    parser.add_argument("--reach", type=int, default=2, help="pixels an edge may move for nothing")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    options = Options(
        args.work, args.minutes, args.lr, args.batch, args.critic, args.part, args.reach
    )
    parallel.run(train, args.processes, options)


if __name__ == "__main__":
    main()
