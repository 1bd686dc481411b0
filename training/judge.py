"""A classifier that tells from a picture what it shows: `python -m training.judge` trains it.

It is the measure of the model's obedience, so it is trained on painted scenes only, and its own
accuracy on scenes it never saw is printed beside whatever it is used for.
"""

import argparse
import itertools
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from . import checkpoint
from .paint_corpus import WORK, seeds_of
from .painter import scene as scenes
from .painter.picture import paint
from .painter.scene import Scene, draw_scene
from .sizes import SIZES

SIDE = 192  # A second subject may be a fifth of the picture wide, and pale.
BATCH = 64
# Two subjects are the hardest to tell: of so many scenes the first that shows two is taken.
DRAWS_FOR_PAIR = 2
CLASSES: dict[str, tuple] = {
    "hour": scenes.HOURS,
    "weather": scenes.WEATHERS,
    "season": scenes.SEASONS,
    "ground": scenes.GROUNDS,
    "palette": scenes.PALETTES,
    "mountains": (False, True),
}
# Subjects are told one by one, since a picture may show two.
SUBJECTS = tuple(subject for subject in scenes.SUBJECTS if subject != "none")


class Block(nn.Module):
    """A convolution that halves the sides, and one more beside an identity."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1)
        self.norm = nn.GroupNorm(8, outputs)
        self.more = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.norm_more = nn.GroupNorm(8, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.silu(self.norm(self.down(x)))
        return x + F.silu(self.norm_more(self.more(x)))


class Judge(nn.Module):
    """Convolutions, averaged: pictures (n, 3, 192, 192), -1 to 1, to scores (n, outputs)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 24, 3, stride=2, padding=1),
            nn.SiLU(),
            *[Block(a, b) for a, b in itertools.pairwise((24, 32, 64, 128, 192))],
        )
        outputs = sum(len(values) for values in CLASSES.values()) + len(SUBJECTS)
        self.head = nn.Linear(2 * 192, outputs)

    def features(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return float32 (n, 384): mean and maximum over the picture."""
        maps = self.body(pictures)
        return torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], -1)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(pictures))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge sees in one picture."""

    classes: dict[str, object]
    subjects: frozenset[str]


def as_input(pictures: np.ndarray) -> torch.Tensor:
    """Return uint8 pictures (n, height, width, 3) as the judge's input, float32."""
    x = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float()
    return F.interpolate(x / 127.5 - 1, (SIDE, SIDE), mode="area")


def wanted(scene: Scene) -> list[int]:
    """Return the right answers: a class number per question, then 0 or 1 per subject."""
    params = [values.index(getattr(scene, name)) for name, values in CLASSES.items()]
    return params + [int(subject in (scene.subject, scene.companion)) for subject in SUBJECTS]


def loss_of(scores: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
    sizes = [len(values) for values in CLASSES.values()]
    parts = scores[:, : sum(sizes)].split(sizes, -1)
    loss = sum(F.cross_entropy(part, answers[:, k]) for k, part in enumerate(parts))
    present = answers[:, len(sizes) :].float()
    return loss + 4 * F.binary_cross_entropy_with_logits(scores[:, sum(sizes) :], present)


def verdicts(judge: Judge, pictures: np.ndarray) -> list[Verdict]:
    """Return what the judge sees in uint8 pictures (n, height, width, 3)."""
    with torch.no_grad():
        scores = judge(as_input(pictures))
    sizes = [len(values) for values in CLASSES.values()]
    parts = scores[:, : sum(sizes)].split(sizes, -1)
    result = []
    for k in range(len(scores)):
        classes = {
            name: values[int(part[k].argmax())]
            for (name, values), part in zip(CLASSES.items(), parts, strict=True)
        }
        present = scores[k, sum(sizes) :] > 0
        seen = frozenset(s for s, p in zip(SUBJECTS, present.tolist(), strict=True) if p)
        result.append(Verdict(classes, seen))
    return result


def load_judge(work: Path = WORK) -> Judge:
    judge = Judge()
    judge.load_state_dict(torch.load(work / "judge.pt", weights_only=True)["judge"])
    return judge.eval()


def train(work: Path, minutes: float) -> None:
    """Train for so many minutes of one processor; goes on from judge.pt.

    It sees the square pictures of the corpus.
    """
    size = SIZES[0]
    paths = sorted((work / "corpus" / size.name).glob("*.npy"))
    chunks = [(np.load(path, mmap_mode="r"), seeds_of(size, int(path.stem))) for path in paths]
    torch.manual_seed(0)
    judge, rng = Judge().to(memory_format=torch.channels_last), np.random.default_rng()
    if before := checkpoint.load(work / "judge.pt"):
        judge.load_state_dict(before["judge"])
    optimizer = torch.optim.AdamW(judge.parameters(), lr=2e-3, weight_decay=0.01)
    start, step = time.process_time(), 0
    while (share := (time.process_time() - start) / 60 / minutes) < 1:
        pictures, answers = [], []
        for _ in range(BATCH):
            for _ in range(DRAWS_FOR_PAIR):
                chunk, seeds = chunks[rng.integers(len(chunks))]
                k = int(rng.integers(len(chunk)))
                scene = draw_scene(seeds[k])
                if scene.companion != "none":
                    break
            picture = chunk[k]
            pictures.append(picture[:, ::-1] if rng.random() < 0.5 else picture)
            answers.append(wanted(scene))
        x = as_input(np.stack(pictures))
        if rng.random() < 0.4:
            # Generated pictures are softer than painted ones; softness must not decide anything.
            x = F.interpolate(F.avg_pool2d(x, 2), (SIDE, SIDE), mode="bilinear")
        loss = loss_of(judge(x), torch.tensor(answers))
        optimizer.zero_grad()
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1.0, (step + 1) / 50, 1.5 * (1 - share) + 0.01)
        optimizer.step()
        step += 1
        if step % 50 == 0:
            print(f"{share:.2f} step {step} loss {float(loss.detach()):.3f}", flush=True)
    checkpoint.save({"judge": judge.state_dict()}, work / "judge.pt")


def accuracy(judge: Judge, count: int = 600) -> str:
    """Return in words how often the judge is right on painted scenes it never saw."""
    drawn = [draw_scene(seed) for seed in range(count)]
    seen = verdicts(judge, np.stack([paint(scene, 256, 256) for scene in drawn]))
    pairs = list(zip(drawn, seen, strict=True))
    parts = [
        f"{name} {np.mean([v.classes[name] == getattr(s, name) for s, v in pairs]):.3f}"
        for name in CLASSES
    ]
    main = np.mean([s.subject in v.subjects for s, v in pairs if s.subject != "none"])
    both = np.mean(
        [{s.subject, s.companion} <= v.subjects for s, v in pairs if s.companion != "none"]
    )
    return ", ".join([*parts, f"subject {main:.3f}", f"both of two subjects {both:.3f}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    torch.set_num_threads(1)
    train(args.work, args.minutes)
    print(accuracy(load_judge(args.work)))


if __name__ == "__main__":
    main()
