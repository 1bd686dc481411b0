"""Print the figures of some parts, or of all."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.taste import change, cost, encoded, looks, order, prior, prompt, steer, stop
from benchmarks.taste.drafts import drafts
from benchmarks.taste.owners import owners

PARTS = {
    "order": order.measure,
    "prompt": prompt.measure,
    "change": change.measure,
    "prior": prior.measure,
    "looks": looks.measure,
    "steer": steer.measure,
    "stop": stop.measure,
    "encoded": encoded.measure,
    "cost": cost.measure,
}


def main(folder: str, *parts: str) -> None:
    """Print the figures of these parts, or of all."""
    cache = Path(folder)
    shown = drafts(cache)
    everyone = owners(shown, cache)
    for kind, some in everyone.items():
        shares = ", ".join(
            f"{name} {likes[shown.varied].mean():.2f}" for name, likes in some.items()
        )
        print(f"{kind}: {shares}")
    for part in parts or PARTS:
        PARTS[part](shown, everyone)


if __name__ == "__main__":
    main(*sys.argv[1:])
