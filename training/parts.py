"""A judge of parts: are all sails, towers and lamp rooms there? `python -m training.parts`.

A small network marks which part of a subject is seen at each pixel; what makes a subject whole is
then counted (`whole`). It learns from painted scenes alone, sharp and soft, some of which lack a
part, so that it does not see four blades wherever there is a windmill.
"""

import argparse
import itertools
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from . import checkpoint
from .paint_corpus import WORK
from .painter.picture import paint_parts
from .painter.scene import Subject, draw_scene
from .painter.shapes import PARTS, Part
from .sizes import SIZES

SIDE = 128
BATCH = 16
# So many pictures of a batch lack something.
LACKING = 5
# Smallest area of a part that counts, of the area of the picture.
SMALLEST = 8 / SIDE**2
# Of several equal parts each has at least this share of the largest one's area.
EQUAL = 0.25
LOST: dict[Subject, dict[Part, int]] = {
    "windmill": {"blade": 4},
    "lighthouse": {"lamp room": 1, "roof": 1},
    "castle": {"roof": 8},
    "boat": {"sail": 1, "jib": 1},
}


class Marker(nn.Module):
    """Pictures (n, 3, 128, 128), -1 to 1, to scores of nothing and each part (n, 8, 128, 128)."""

    def __init__(self, widths: tuple[int, ...] = (16, 32, 48, 64)) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, widths[0], 3, padding=1)
        self.down = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(a, b, 3, stride=2, padding=1),
                nn.GroupNorm(8, b),
                nn.SiLU(),
                nn.Conv2d(b, b, 3, padding=1),
                nn.GroupNorm(8, b),
                nn.SiLU(),
            )
            for a, b in itertools.pairwise(widths)
        )
        self.up = nn.ModuleList(
            nn.Sequential(nn.Conv2d(a + b, a, 3, padding=1), nn.GroupNorm(8, a), nn.SiLU())
            for a, b in itertools.pairwise(widths)
        )
        self.last = nn.Conv2d(widths[0], 1 + len(PARTS), 1)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        levels = [F.silu(self.first(pictures))]
        for down in self.down:
            levels.append(down(levels[-1]))
        x = levels.pop()
        for up in reversed(self.up):
            beside = levels.pop()
            x = up(torch.cat([beside, F.interpolate(x, beside.shape[-2:])], 1))
        return self.last(x)


def as_input(pictures: np.ndarray) -> torch.Tensor:
    """Return uint8 pictures (n, height, width, 3) as the judge's input, float32."""
    x = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float()
    return F.interpolate(x / 127.5 - 1, (SIDE, SIDE), mode="area")


def marks(marker: Marker, pictures: np.ndarray) -> np.ndarray:
    """Return the part seen at each pixel, as `paint_parts` does: int (n, 128, 128)."""
    with torch.no_grad():
        return np.concatenate(
            [
                marker(as_input(pictures[k : k + 32])).argmax(1).numpy()
                for k in range(0, len(pictures), 32)
            ]
        )


def pieces(labels: np.ndarray, part: Part) -> int:
    """Return how many separate pieces of a part there are, none far smaller than the largest."""
    mask = torch.from_numpy(labels == 1 + PARTS.index(part)).float()[None]
    # Each pixel has a number; the highest one spreads over all that touch.
    numbers = torch.arange(1.0, mask.numel() + 1).view_as(mask) * mask
    while not torch.equal(spread := F.max_pool2d(numbers, 3, 1, 1) * mask, numbers):
        numbers = spread
    areas = torch.unique(numbers[numbers > 0], return_counts=True)[1]
    if not len(areas):
        return 0
    return int((areas >= max(SMALLEST * labels.size, EQUAL * int(areas.max()))).sum())


def has_lamp_room(labels: np.ndarray) -> bool:
    """Whether a lamp room is seen, and a roof that is higher than it and no narrower."""
    rooms, roofs = (np.argwhere(labels == 1 + PARTS.index(p)) for p in ("lamp room", "roof"))
    least = SMALLEST * labels.size
    return len(rooms) >= least and len(roofs) >= least and roofs[:, 0].mean() < rooms[:, 0].mean()


WHOLE: dict[Subject, Callable[[np.ndarray], bool]] = {
    "windmill": lambda labels: pieces(labels, "blade") == 4,
    "lighthouse": has_lamp_room,
    "castle": lambda labels: pieces(labels, "roof") >= 4,
    "boat": lambda labels: pieces(labels, "sail") >= 1 and pieces(labels, "jib") >= 1,
}


def whole(labels: np.ndarray, subject: Subject) -> bool:
    """Whether a subject has all that makes it whole, in labels (height, width).

    A windmill has four blades, a lighthouse a lamp room under its roof, a castle four towers with
    their roofs, a boat both sails.
    """
    return WHOLE[subject](labels)


def lacking(subject: Subject, rng: np.random.Generator) -> dict[Part, int]:
    """Return some of a subject's parts to leave out."""
    return {part: int(rng.integers(most + 1)) for part, most in LOST.get(subject, {}).items()}


def draw_batch(
    chunks: list[tuple[np.ndarray, np.ndarray]], rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return pictures, some softened, and their labels: (n, 3, 128, 128), int (n, 128, 128)."""
    pictures, labels = [], []
    while len(pictures) < LACKING:
        scene = draw_scene(int(rng.integers(1 << 29, 1 << 30)))
        if scene.subject in LOST:
            picture, parts = paint_parts(scene, 256, 256, lacking(scene.subject, rng))
            pictures.append(picture)
            labels.append(parts)
    while len(pictures) < BATCH:
        chunk, parts = chunks[rng.integers(len(chunks))]
        k = int(rng.integers(len(chunk)))
        pictures.append(chunk[k])
        labels.append(parts[k])
    x, y = as_input(np.stack(pictures)), torch.from_numpy(np.stack(labels)[:, ::2, ::2].astype(int))
    if rng.random() < 0.5:
        x, y = x.flip(-1), y.flip(-1)
    if rng.random() < 0.6:
        # Generated pictures are softer than painted ones; softness must not decide anything.
        side = int(rng.integers(SIDE // 2, SIDE))
        x = F.interpolate(x, (side, side), mode="bilinear", antialias=True)
        x = F.interpolate(x, (SIDE, SIDE), mode="bilinear")
    return x.contiguous(memory_format=torch.channels_last), y


def load_marker(work: Path = WORK) -> Marker:
    marker = Marker()
    marker.load_state_dict(torch.load(work / "parts.pt", weights_only=True)["marker"])
    return marker.eval()


def found_in_painted(marker: Marker, count: int = 60) -> dict[Subject, float]:
    """Return of each subject the share of painted scenes, never seen, in which it is whole."""
    shares = {}
    for subject in WHOLE:
        pictures, seed = [], 0
        while len(pictures) < count:
            scene = draw_scene(seed)
            seed += 1
            if scene.subject == subject and scene.palette == "natural":
                pictures.append(paint_parts(scene, 256, 256)[0])
        seen = marks(marker, np.stack(pictures))
        shares[subject] = float(np.mean([whole(labels, subject) for labels in seen]))
    return shares


def train(work: Path, minutes: float) -> None:
    """Train for so many minutes on the square pictures of the corpus; goes on from parts.pt."""
    name = SIZES[0].name
    chunks = [
        (np.load(path, mmap_mode="r"), np.load(work / "parts" / name / path.name, mmap_mode="r"))
        for path in sorted((work / "corpus" / name).glob("*.npy"))
    ]
    torch.manual_seed(0)
    marker, rng = Marker().to(memory_format=torch.channels_last), np.random.default_rng()
    if before := checkpoint.load(work / "parts.pt"):
        marker.load_state_dict(before["marker"])
    optimizer = torch.optim.AdamW(marker.parameters(), lr=3e-3, weight_decay=0.01)
    # Parts are small; without this nearly everything would be "nothing".
    weights = torch.tensor([0.5, 0.8, *[1.2] * (len(PARTS) - 1)])
    start, step = time.monotonic(), 0
    while (share := (time.monotonic() - start) / 60 / minutes) < 1:
        x, y = draw_batch(chunks, rng)
        loss = F.cross_entropy(marker(x), y, weights)
        optimizer.zero_grad()
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * min(1.0, (step + 1) / 50, 1.5 * (1 - share) + 0.01)
        optimizer.step()
        step += 1
        if step % 50 == 0:
            print(f"{share:.2f} step {step} loss {float(loss.detach()):.3f}", flush=True)
    checkpoint.save({"marker": marker.state_dict()}, work / "parts.pt")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    torch.set_num_threads(1)
    train(args.work, args.minutes)
    print(found_in_painted(load_marker(args.work)))


if __name__ == "__main__":
    main()
