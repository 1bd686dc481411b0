"""Where things are in a draft, told by an eye that has seen painted scenes alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.taste.drafts import SIZES, Array


def told(shown: Sequence[Array], cache: Path) -> dict[str, Array]:
    """Where subject (0 left, 1 right) and horizon (1 low) are, and whether a moon is seen.

    Kernel ridge regression on painted scenes that no model has drawn.
    """
    file = cache / "painted.npz"
    if not file.exists():
        _paint(file)
    painted = np.load(file)
    count, found = len(painted["truth"]), {}
    for number, name in enumerate(("subject", "horizon", "moon")):
        seen = painted[name]
        spread = np.median(_apart(seen[:300], seen[:300]))
        kernel, truth = np.exp(-_apart(seen, seen) / spread), painted["truth"][:, number]
        weights = np.linalg.solve(kernel + 0.1 * np.eye(count), truth - truth.mean())
        rows = np.stack([_seen(picture)[name] for picture in shown])
        found[name] = np.exp(-_apart(rows, seen) / spread) @ weights + truth.mean()
    return found


def _paint(file: Path) -> None:
    from training.painter.picture import paint
    from training.painter.scene import draw_scene

    truth, seen, seed = [], [], 50_000_000
    while len(truth) < 2000:
        scene, seed = draw_scene(seed), seed + 1
        if scene.subject == "none" or scene.companion != "none":
            continue
        width, height = SIZES[seed % len(SIZES)]
        seen.append(_seen(paint(scene, width // 2, height // 2)))
        truth.append((scene.subject_x, scene.horizon, scene.moon != "none"))
    columns = {name: np.stack([one[name] for one in seen]) for name in seen[0]}
    np.savez(file, truth=np.array(truth, float), **columns)


def _seen(picture: Array) -> dict[str, Array]:
    """What the eye looks at: what differs from its row, edges between rows, bright spots above."""
    image = Image.fromarray(picture).resize((48, 48), Image.Resampling.BOX)
    small = np.asarray(image, np.float32) / 255
    middle = np.median(small, axis=1)
    odd = np.abs(small - middle[:, None]).sum(2)
    edges = np.abs(np.diff(middle, axis=0)).sum(1)
    sky = small.mean(2)[:24]
    spots = sky.reshape(8, 3, 16, 3).max((1, 3)) - np.median(sky)
    cells = (odd / (odd.max() + 0.05)).reshape(12, 4, 24, 2).mean((1, 3))
    return {
        "subject": 3 * np.sqrt(cells).ravel(),
        "horizon": np.r_[2 * edges / (edges.max() + 0.02), (middle - middle.mean(0)).ravel()],
        "moon": 3 * spots.ravel(),
    }


def _apart(rows: Array, others: Array) -> Array:
    apart: Array = (rows**2).sum(1)[:, None] + (others**2).sum(1) - 2 * rows @ others.T
    return apart
