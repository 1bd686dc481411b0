"""A taste that changes."""

from __future__ import annotations

import numpy as np

from benchmarks.taste.drafts import Drafts
from benchmarks.taste.owners import HELD, ORDERS, Everyone, learn, scored
from hotfolder.taste.logistic import auc


def measure(shown: Drafts, everyone: Everyone) -> None:
    """A taste that changes after 100 judgements: AUC for the new one."""
    flat = {name: likes for some in everyone.values() for name, likes in some.items()}
    pairs = [
        ("castle", "night"),
        ("left", "warm"),
        ("winter", "boat or light, sunset"),
        ("boat", "trees"),
    ]
    print("\na taste that changes after 100 judgements: AUC for the new one")
    for more in (25, 50, 100):
        found = []
        for before, after in pairs:
            for turn in range(ORDERS):
                rows = np.random.default_rng(turn).permutation(shown.varied)
                held, judged = rows[-HELD:], rows[: 100 + more]
                clicks = flat[after].copy()
                clicks[rows[:100]] = flat[before][rows[:100]]
                learned = learn(shown, judged, clicks, held)
                found.append(auc(scored(learned, shown, held), flat[after][held]))
        print(f"  after {more} more: {np.mean(found):.3f}", flush=True)
