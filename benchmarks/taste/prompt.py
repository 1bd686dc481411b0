"""Drafts of one prompt, where words say nothing."""

from __future__ import annotations

import numpy as np

from benchmarks.taste.drafts import SAME, Drafts
from benchmarks.taste.known import early
from benchmarks.taste.owners import ORDERS, Everyone, learn, scored
from hotfolder.taste.logistic import auc


def measure(shown: Drafts, everyone: Everyone) -> None:
    """Drafts of one prompt, after 200 judgements of others: words say nothing there."""
    whole, begun = [], []
    for kind in ("place", "hour and palette", "mixed"):
        for likes in everyone[kind].values():
            for number in range(len(SAME)):
                held = np.flatnonzero(shown.alike == number)
                if not 4 <= likes[held].sum() <= len(held) - 4:
                    continue
                for turn in range(ORDERS):
                    rows = np.random.default_rng(turn).permutation(shown.varied)[:200]
                    for scores, seen in ((whole, shown), (begun, shown.seen_by(early))):
                        learned = learn(seen, rows, likes, held)
                        scores.append(auc(scored(learned, seen, held), likes[held]))
    told = f"{np.mean(whole):.3f} ({len(whole)} cases), at a quarter {np.mean(begun):.3f}"
    print(f"\nwithin one prompt, after 200 judgements of other prompts: AUC {told}")
