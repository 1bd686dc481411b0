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
_ASKED = 48  # held-out pictures at a check
_LEVELS = 2  # noise levels of each
_FOLLOWS = 0.1  # of the way, at each step


@dataclass(slots=True)
class Score:
    """What held-out pictures say: the best check so far, and how many since were no better."""

    best: float = float("-inf")
    at: int = 0
    worse: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures of one shape: latents with noise, what is wanted of them, and whether liked.

    The first half are likes and the second half dislikes, where there are both; `paired` says of
    each place in the halves whether these two are of one prompt, and have one noise.
    """

    noisy: Tensor
    wanted: Tensor
    times: Tensor
    heard: dict[str, Tensor]
    liked: Tensor
    weight: Tensor
    paired: Tensor

    @property
    def likes(self) -> int:
        """How many are liked."""
        return int(self.liked.sum())

    def pieces(self, count: int) -> Iterator[Batch]:
        """Its parts of at most so many pictures; a like stays with the dislike in its place."""
        half = len(self.paired)
        rows, width = (half, max(1, count // 2)) if half else (len(self.liked), count)
        for first in range(0, rows, width):
            places = list(range(first, min(first + width, rows)))
            both = [*places, *(place + half for place in places)] if half else places
            yield Batch(
                self.noisy[both],
                self.wanted[both],
                self.times[both],
                {name: tensor[both] for name, tensor in self.heard.items()},
                self.liked[both],
                self.weight[both],
                self.paired[places] if half else self.paired,
            )


@dataclass(slots=True)
class Trainer:
    """A LoRA in the making on `denoiser`, which has it as its only one.

    `reference` is where gains are seen from; `before` what held-out pictures said at first.
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
    reference: float = 0.0
    before: float = 0.0
    score: Score = field(default_factory=Score)
    best: dict[str, Tensor] = field(default_factory=dict)

    def go(self) -> float:
        """Take one step, and ask the held-out pictures when it is time; the loss."""
        batch = self._batch(_random(self.course.seed, self.step))
        for group in self.optimizer.param_groups:
            group["lr"] = self.course.rate(self.step)
        loss = self._learn(batch)
        parameters = [p for p in weights(self.denoiser).values() if p.grad is not None]
        torch.nn.utils.clip_grad_norm_(parameters, _CLIP)
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
        """How well held-out pictures are told with the LoRA: likes better, dislikes worse."""
        random = _random(self.course.seed, -1)
        found = [torch.zeros(0)]
        for rows in _alike(self.held_out[:_ASKED]):
            latents = torch.stack([row.views[0] for row in rows for _ in range(_LEVELS)])
            times = self.denoising.times(len(latents), random)
            noise = torch.randn(latents.shape, generator=random)
            noisy, wanted = self.denoising.noisy(latents, noise, times)
            heard = {
                name: torch.cat([row.heard[name] for row in rows for _ in range(_LEVELS)])
                for name in rows[0].heard
            }
            several = [row.example for row in rows for _ in range(_LEVELS)]
            batch = Batch(
                noisy,
                wanted,
                times,
                heard,
                torch.tensor([one.liked for one in several], device=self.device),
                torch.tensor([one.weight for one in several], device=self.device),
                torch.zeros(0, dtype=torch.bool),
            )
            found += [self._answers(piece).cpu() for piece in batch.pieces(self.course.together)]
        answers = torch.cat(found).double()
        return float(answers.mean()) if len(answers) else 0.0

    def _answers(self, piece: Batch) -> Tensor:
        """What each of these held-out pictures says: utility, or minus a like's error."""
        error = self._error(piece.noisy, piece.wanted, piece.times, piece.heard)
        if self.course.method == "picks":
            return -error[piece.liked]
        with without(self.denoiser):
            before = self._error(piece.noisy, piece.wanted, piece.times, piece.heard)
        sign = torch.where(piece.liked, 1.0, -1.0)
        return torch.sigmoid(sign * self.course.beta * (before - error)) * piece.weight

    def _learn(self, batch: Batch) -> float:
        """Add the gradients of a batch, piece by piece; the loss."""
        scale = _HALVES_SCALE if self.denoiser.dtype == torch.float16 else 1.0
        total, gains = 0.0, []
        for piece in batch.pieces(self.course.together):
            loss, gain = self._loss(piece, batch.likes, len(batch.liked))
            torch.autograd.backward(loss * scale)
            total += float(loss.detach())
            gains.append(gain)
        for parameter in weights(self.denoiser).values():
            if parameter.grad is not None:
                parameter.grad.div_(scale)
        if self.course.method == "preference":
            self._refer(torch.cat(gains), batch.liked)
        return total

    def _loss(self, piece: Batch, likes: int, rows: int) -> tuple[Tensor, Tensor]:
        """What a piece of a batch with so many likes adds to its loss, and the gains of it."""
        course = self.course
        error = self._error(piece.noisy, piece.wanted, piece.times, piece.heard)
        plain = error[piece.liked].sum() / max(1, likes)
        if course.method == "picks":
            return plain, error.detach()
        with torch.no_grad(), without(self.denoiser):
            before = self._error(piece.noisy, piece.wanted, piece.times, piece.heard)
        gain = before - error
        each = losses.unpaired(gain, piece.liked, self.reference, course.beta) * piece.weight
        if piece.paired.any():
            half = len(piece.paired)
            pairs = losses.paired(gain[:half], gain[half:], course.beta) * piece.weight[half:]
            both = torch.cat([piece.paired, piece.paired])
            each = torch.where(both, torch.cat([pairs, pairs]), each)
        return course.denoising * plain + each.sum() / rows, gain.detach()

    def _refer(self, gain: Tensor, liked: Tensor) -> None:
        """Let the point of reference follow the gains of likes and dislikes."""
        sides = [gain[mask].mean() for mask in (liked, ~liked) if mask.any()]
        now = max(0.0, float(torch.stack(sides).mean()))
        self.reference += (now - self.reference) * _FOLLOWS

    def _error(
        self, noisy: Tensor, wanted: Tensor, times: Tensor, heard: dict[str, Tensor]
    ) -> Tensor:
        """The mean squared error of each picture's prediction, (n,), float32."""
        dtype = self.denoiser.dtype
        noisy = noisy.to(self.device, dtype)
        heard = {name: t.to(self.device, dtype) for name, t in heard.items()}
        casts = dtype != torch.float32
        with torch.autocast(self.device.partition(":")[0], dtype) if casts else nullcontext():
            said = self.denoising.predicted(self.denoiser, noisy, times, heard)
        return (said.float() - wanted.to(self.device)).square().flatten(1).mean(1)

    def _batch(self, random: torch.Generator) -> Batch:
        """What is learned at a step: rows of one shape, likes first."""
        alike = _alike(self.learned)
        sizes = torch.tensor([float(len(rows)) for rows in alike])
        rows = alike[_one(sizes, random)]
        liked = [row for row in rows if row.example.liked]
        others = [] if self.course.method == "picks" else [r for r in rows if not r.example.liked]
        half = self.course.batch if not (liked and others) else max(1, self.course.batch // 2)
        taken = [liked[i] for i in _some(liked, half, random)] if liked else []
        twins = [_twin(row, others, random) for row in taken] if others else []
        left = [others[i] for i in _some(others, half, random)] if others else []
        halves = [twin or other for twin, other in zip(twins, left, strict=True)] if taken else left
        return self._mixed([*taken, *halves], twins, random)

    def _mixed(self, rows: list[Row], twins: list[Row | None], random: torch.Generator) -> Batch:
        """These rows with noise: the same for a like and the dislike in its place."""
        half = len(twins) or len(rows)
        views = [row.views[_below(len(row.views), random)] for row in rows]
        latents = torch.stack(views)
        times = self.denoising.times(half, random)
        noise = torch.randn((half, *latents.shape[1:]), generator=random)
        if twins:
            times, noise = torch.cat([times, times]), torch.cat([noise, noise])
        noisy, wanted = self.denoising.noisy(latents, noise, times)
        heard = {name: torch.cat([row.heard[name] for row in rows]) for name in rows[0].heard}
        return Batch(
            noisy,
            wanted,
            times,
            heard,
            torch.tensor([row.example.liked for row in rows], device=self.device),
            torch.tensor([row.example.weight for row in rows], device=self.device),
            torch.tensor([twin is not None for twin in twins], device=self.device),
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


def _twin(row: Row, others: Sequence[Row], random: torch.Generator) -> Row | None:
    """A dislike of the same prompt."""
    same = [other for other in others if other.example.prompt == row.example.prompt]
    return same[_below(len(same), random)] if same else None


def _one(weight: Tensor, random: torch.Generator) -> int:
    return int(torch.multinomial(weight, 1, generator=random))


def _below(count: int, random: torch.Generator) -> int:
    return int(torch.randint(count, (1,), generator=random))
