"""How often, of two drafts that were never judged, the one that pleases comes first."""

from __future__ import annotations

import numpy as np

from benchmarks.taste.drafts import Array, Drafts
from benchmarks.taste.known import LOOKS
from benchmarks.taste.owners import HELD, ORDERS, Everyone, clicked, learn, scored
from hotfolder.taste.logistic import auc, calibration_error

STEPS = (50, 100, 200)  # judgements


def measure(shown: Drafts, everyone: Everyone) -> None:
    """AUC on drafts that were never judged, and how far probabilities are off."""
    print(f"\nAUC on {HELD} held-out drafts after {STEPS} judgements, {ORDERS} orders")
    for family, look in LOOKS.items():
        seen = shown.seen_by(look) if look else shown
        found: dict[int, list[float]] = {n: [] for n in STEPS}
        errors: dict[int, list[float]] = {n: [] for n in STEPS}
        lines = []
        for kind, some in everyone.items():
            for name, likes in some.items():
                means = []
                for count in STEPS:
                    runs = [
                        _order(seen, likes, count, turn, look is None) for turn in range(ORDERS)
                    ]
                    means.append(float(np.nanmean([run[0] for run in runs])))
                    if kind != "none":
                        errors[count].append(float(np.mean([run[1] for run in runs])))
                        found[count].append(means[-1])
                lines.append(f"  {kind}: {name}  " + " ".join(f"{m:.3f}" for m in means))
        told = [
            f"{np.mean(found[n]):.3f} (4 of 5: {np.quantile(found[n], 0.2):.3f})" for n in STEPS
        ]
        off = " ".join(f"{np.mean(errors[n]):.3f}" for n in STEPS)
        print(f"{family:18s} {'  '.join(told)}   calibration error {off}", flush=True)
        if family == "all":
            print("\n".join(lines))


def _order(
    shown: Drafts, likes: Array, count: int, turn: int, by_chance: bool
) -> tuple[float, float]:
    rows = np.random.default_rng(100 + turn).permutation(shown.varied)
    held, clicks = rows[-HELD:], clicked(likes, np.random.default_rng(900 + turn))
    if by_chance:
        scores = np.random.default_rng(turn).random(HELD)
    else:
        scores = scored(learn(shown, rows[:count], clicks, held), shown, held)
    return auc(scores, likes[held]), calibration_error(scores, clicks[held])
