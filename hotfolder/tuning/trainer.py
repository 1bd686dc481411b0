"""The steps of a training. What happens at one follows from the seed and its number alone.

So a state is the LoRA, the optimiser and a number, and goes on with the same bits wherever it was
cut off.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from hotfolder.tuning import losses
from hotfolder.tuning.course import Course
from hotfolder.tuning.denoising import Denoising
from hotfolder.tuning.material import Row

NAME = "tuned"
_CLIP = 1.0  # of the gradient's norm
_HALVES_SCALE = 1024.0  # gradients below float16's least are none
_ASKED = 32  # held-out likes at a check, and as many dislikes
_LEVELS = 2  # noise levels of each


@dataclass(slots=True)
class Score:
    """What held-out pictures say: the best check so far, and how many since were no better.

    `best` is the share of the wanted change that there is; 0 for none.
    """

    best: float = float("-inf")
    at: int = 0
    worse: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures of one shape: latents with noise, what is wanted of them, and whether liked."""

    noisy: Tensor
    wanted: Tensor
    times: Tensor
    heard: dict[str, Tensor]
    liked: Tensor

    def pieces(self, count: int) -> Iterator[Batch]:
        """Its parts of at most so many pictures."""
        for first in range(0, len(self.liked), count):
            part = slice(first, first + count)
            yield Batch(
                self.noisy[part],
                self.wanted[part],
                self.times[part],
                {name: tensor[part] for name, tensor in self.heard.items()},
                self.liked[part],
            )


@dataclass(slots=True)
class Trainer:
    """A LoRA in the making on `denoiser`, which has it as its only one.

    `swapped`: the denoiser's blocks come to the device by themselves.
    """

    denoiser: Any
    denoising: Denoising
    course: Course
    learned: Sequence[Row]
    held_out: Sequence[Row]
    optimizer: Any
    device: str
    swapped: bool = False
    step: int = 0
    done: bool = False
    score: Score = field(default_factory=Score)
    best: dict[str, Tensor] = field(default_factory=dict)

    def go(self) -> float:
        """Take one step, and ask the held-out pictures when it is time; the loss."""
        batch = self._batch(_random(self.course.seed, self.step))
        for group in self.optimizer.param_groups:
            group["lr"] = self.course.rate(self.step)
        loss = self._learn(batch)
        torch.nn.utils.clip_grad_norm_(self._parameters(), _CLIP)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        if self.step % self.course.check_every == 0 or self.step >= self.course.steps:
            self.check()
        return loss

    def check(self) -> None:
        """Ask the held-out pictures, and decide whether this is the end."""
        found = self.asked()
        if found > self.score.best or not self.held_out:
            self.score = Score(found, self.step)
            self.best = snapshot(self.denoiser)
        else:
            self.score.worse += 1
        over = self.step >= self.course.steps
        self.done = over or (bool(self.held_out) and self.score.worse >= self.course.patience)

    def leave(self) -> None:
        """Take all weights from the device."""
        self._move("cpu")

    def come(self) -> None:
        """Put all weights onto the device."""
        self._move(self.device)

    def _move(self, device: str) -> None:
        if self.device == "cpu":
            return
        if not self.swapped:
            self.denoiser.to(device)
        for values in self.optimizer.state.values():
            for key, value in values.items():
                if isinstance(value, Tensor) and value.ndim:
                    values[key] = value.to(device)
        if device == "cpu" and self.device.startswith("cuda"):
            torch.cuda.empty_cache()

    @torch.no_grad()
    def asked(self) -> float:
        """The share of the change that held-out pictures want: below 0 for one against it."""
        random = _random(self.course.seed, -1)
        missed, wanted = 0.0, 0.0
        halves = self._halves(self.held_out)
        asked = [half[n] for half in halves for n in _some(half, min(_ASKED, len(half)), random)]
        for rows in _alike(asked):
            several = [row for row in rows for _ in range(_LEVELS)]
            latents = torch.stack([row.views[0] for row in several])
            times = self.denoising.times(len(several), random)
            noise = torch.randn(latents.shape, generator=random)
            batch = self._noisy(several, latents, times, noise)
            for piece in batch.pieces(self.course.together):
                by_it, by_none = self._missed(piece)
                missed, wanted = missed + float(by_it.sum()), wanted + float(by_none.sum())
        return 1 - missed / wanted if wanted else 0.0

    def _learn(self, batch: Batch) -> float:
        """Add the gradients of a batch, piece by piece; the loss."""
        scale = _HALVES_SCALE if self.denoiser.dtype == torch.float16 else 1.0
        total = 0.0
        for piece in batch.pieces(self.course.together):
            loss = self._missed(piece)[0].sum() / len(batch.liked)
            torch.autograd.backward(loss * scale)
            total += float(loss.detach())
        for parameter in self._parameters() if scale != 1.0 else ():
            parameter.grad.div_(scale)
        return total

    def _parameters(self) -> list[Any]:
        """What has a gradient."""
        several = [p for group in self.optimizer.param_groups for p in group["params"]]
        return [parameter for parameter in several if parameter.grad is not None]

    def _missed(self, piece: Batch) -> tuple[Tensor, Tensor]:
        """How far each prediction is from what is wanted of it, and how far without the LoRA."""
        with torch.no_grad(), without(self.denoiser):
            before = self._said(piece)
        change = self._said(piece) - before
        unforeseen = piece.wanted.to(self.device) - before
        return losses.guided(change, unforeseen, piece.liked, self.course.strength)

    def _said(self, piece: Batch) -> Tensor:
        """What the denoiser predicts, float32."""
        dtype = self.denoiser.dtype
        noisy = piece.noisy.to(self.device, dtype)
        heard = {name: t.to(self.device, dtype) for name, t in piece.heard.items()}
        casts = dtype != torch.float32
        with torch.autocast(self.device.partition(":")[0], dtype) if casts else nullcontext():
            said = self.denoising.predicted(self.denoiser, noisy, piece.times, heard)
        return said.float()

    def _batch(self, random: torch.Generator) -> Batch:
        """What is learned at a step: rows of one shape, likes first.

        Of likes alone nothing is known of what tells them from dislikes: such shapes are left out.
        """
        alike = [self._halves(rows) for rows in _alike(self.learned)]
        several = [halves for halves in alike if all(halves)]
        likes = torch.tensor([float(len(halves[0])) for halves in several])
        halves = several[_one(likes, random)]
        count = max(1, self.course.batch // len(halves))
        taken = [half[place] for half in halves for place in _some(half, count, random)]
        if len(halves) == 2:
            taken[count:] = _twins(taken[:count], halves[1], taken[count:], random)
        latents = torch.stack([row.views[_below(len(row.views), random)] for row in taken])
        # A like and the dislike in its place have the same noise, which tells them apart sooner.
        times = self.denoising.times(count, random).repeat(len(halves))
        noise = torch.randn((count, *latents.shape[1:]), generator=random)
        return self._noisy(taken, latents, times, torch.cat([noise] * len(halves)))

    def _halves(self, rows: Sequence[Row]) -> list[list[Row]]:
        """The likes among rows and, if anything is learned from them, the dislikes."""
        wanted = (True,) if self.course.method == "picks" else (True, False)
        return [[row for row in rows if row.example.liked == liked] for liked in wanted]

    def _noisy(self, rows: Sequence[Row], latents: Tensor, times: Tensor, noise: Tensor) -> Batch:
        """These views of rows with noise."""
        noisy, wanted = self.denoising.noisy(latents, noise, times)
        return Batch(
            noisy,
            wanted,
            times,
            {name: torch.cat([row.heard[name] for row in rows]) for name in rows[0].heard},
            torch.tensor([row.example.liked for row in rows], device=self.device),
        )


def add_lora(denoiser: Any, layers: Sequence[str], course: Course) -> None:
    """Put a new LoRA on a denoiser: the same for the same seed, and without effect so far."""
    from peft import LoraConfig

    denoiser.requires_grad_(False)
    config = LoraConfig(
        r=course.rank, lora_alpha=course.rank, target_modules=list(layers), init_lora_weights=True
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(course.seed)
        denoiser.add_adapter(config, adapter_name=NAME)
    for parameter in weights(denoiser).values():
        parameter.data = parameter.data.float()


def weights(denoiser: Any) -> dict[str, torch.nn.Parameter]:
    """The numbers of the LoRA, by their names, in a fixed order."""
    return {n: p for n, p in sorted(denoiser.named_parameters()) if f".{NAME}." in n}


def snapshot(denoiser: Any) -> dict[str, Tensor]:
    """A copy of the LoRA as it is now, on the CPU."""
    return {name: p.detach().cpu().clone() for name, p in weights(denoiser).items()}


@contextmanager
def without(denoiser: Any) -> Iterator[None]:
    """The denoiser as it was before."""
    denoiser.disable_adapters()
    try:
        yield
    finally:
        denoiser.enable_adapters()


def _random(seed: int, step: int) -> torch.Generator:
    """The chance of one step: on the CPU, so the same on every device."""
    digest = hashlib.sha256(f"{seed} {step}".encode()).digest()
    return torch.Generator("cpu").manual_seed(int.from_bytes(digest[:7], "big"))


def _alike(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows by what fits into one batch."""
    shapes: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        shapes.setdefault(row.shape, []).append(row)
    return list(shapes.values())


def _some(rows: Sequence[Row], count: int, random: torch.Generator) -> list[int]:
    """Places of so many rows, by their weights, as few twice as can be."""
    weight = torch.tensor([row.example.weight for row in rows])
    found: list[int] = []
    while len(found) < count:
        few = min(len(rows), count - len(found))
        found += torch.multinomial(weight, few, generator=random).tolist()
    return found


def _twins(
    likes: list[Row], others: Sequence[Row], drawn: list[Row], random: torch.Generator
) -> list[Row]:
    """What stands opposite each like: every other time a dislike of its prompt, if there is one."""
    found = list(drawn)
    for place in range(0, len(likes), 2):
        prompt = likes[place].example.prompt
        same = [other for other in others if other.example.prompt == prompt]
        if same:
            found[place] = same[_below(len(same), random)]
    return found


def _one(weight: Tensor, random: torch.Generator) -> int:
    return int(torch.multinomial(weight, 1, generator=random))


def _below(count: int, random: torch.Generator) -> int:
    return int(torch.randint(count, (1,), generator=random))
