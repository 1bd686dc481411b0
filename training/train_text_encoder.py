"""Teaches the text encoder what captions mean: `python -m training.train_text_encoder`.

It learns to tell the scene from its caption (hour, weather, subject ...), in a few minutes, before
it has seen any picture. The denoiser then starts from embeddings in which all this is plain to
see, and trains them on together with itself.
"""

import argparse
import time
from pathlib import Path
from typing import get_args

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from . import checkpoint
from .architecture import TEXT_WIDTH, build_text_encoder
from .captions import written
from .paint_corpus import WORK
from .painter import scene as scenes
from .painter.scene import Scene, draw_scene
from .vocabulary import tokenizer_of

BATCH = 128
COLOURS = (None, *get_args(scenes.Colour))
# What is told from the caption, and its possible values.
ATTRIBUTES: dict[str, tuple] = {
    "hour": scenes.HOURS,
    "weather": scenes.WEATHERS,
    "season": scenes.SEASONS,
    "ground": scenes.GROUNDS,
    "subject": scenes.SUBJECTS,
    "companion": scenes.SUBJECTS,
    "palette": scenes.PALETTES,
    "mountains": (False, True),
    "sun": (False, True),
    "stars": (False, True),
    "moon": ("none", "full", "crescent"),
    "colour": COLOURS,
    "companion_colour": COLOURS,
    "count": (1, 2, 3),
    "nearness": get_args(scenes.Nearness),
}


def labels(scene: Scene) -> list[int]:
    """Return the scene as class numbers, in the order of ATTRIBUTES."""
    return [values.index(getattr(scene, name)) for name, values in ATTRIBUTES.items()]


def train(work: Path, minutes: float) -> None:
    """Train for so many minutes and write text_encoder.pt."""
    tokenizer = tokenizer_of(work)
    torch.manual_seed(0)
    encoder = build_text_encoder(len(tokenizer), tokenizer.eos_token_id)
    head = nn.Linear(TEXT_WIDTH, sum(len(values) for values in ATTRIBUTES.values()))
    parameters = [*encoder.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=2e-3, betas=(0.9, 0.98), weight_decay=0.01)
    rng = np.random.default_rng(1)
    start, step = time.monotonic(), 0
    while (share := (time.monotonic() - start) / 60 / minutes) < 1:
        batch = [draw_scene(int(rng.integers(1 << 40, 1 << 41))) for _ in range(BATCH)]
        texts = [written(scene, rng) for scene in batch]
        ids = tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt").input_ids
        wanted = torch.tensor([labels(scene) for scene in batch])
        params = head(encoder(ids).last_hidden_state.mean(1))
        parts = params.split([len(values) for values in ATTRIBUTES.values()], dim=-1)
        losses = [F.cross_entropy(part, wanted[:, k]) for k, part in enumerate(parts)]
        optimizer.zero_grad()
        sum(losses).backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1.0, (step + 1) / 50, 1.5 * (1 - share) + 0.02)
        optimizer.step()
        step += 1
        if step % 25 == 0:
            right = [
                float((part.argmax(-1) == wanted[:, k]).float().mean())
                for k, part in enumerate(parts)
            ]
            named = ", ".join(f"{name} {r:.2f}" for name, r in zip(ATTRIBUTES, right, strict=True))
            print(
                f"{share:.2f} step {step} loss {float(sum(losses).detach()):.3f}: {named}",
                flush=True,
            )
    checkpoint.save({"text_encoder": encoder.state_dict()}, work / "text_encoder.pt")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    torch.set_num_threads(1)
    train(args.work, args.minutes)


if __name__ == "__main__":
    main()
