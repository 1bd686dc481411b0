"""How many drafts are looked at until enough are found that please."""

from __future__ import annotations

import numpy as np

from benchmarks.taste.drafts import Array, Drafts
from benchmarks.taste.owners import Everyone, clicked, learn, scored

SELDOM = 0.16  # of all drafts


def measure(shown: Drafts, everyone: Everyone, want: int = 20) -> None:
    """Drafts that are looked at until so many are found that please; learned anew every ten."""
    print(f"\ndrafts looked at until {want} please, as a share of that without an order")
    shares, seldom = [], []
    for kind, some in everyone.items():
        for name, likes in some.items():
            ratios = []
            for turn in range(5 if kind == "none" else 1):
                rows = np.random.default_rng(300 + turn).permutation(shown.varied)
                clicks = clicked(likes, np.random.default_rng(900 + turn))
                plain = int(np.searchsorted(np.cumsum(likes[rows]), want) + 1)
                ratios.append(_looked(shown, rows, likes, clicks, want) / min(plain, len(rows)))
            print(f"  {kind}: {name}  {np.mean(ratios):.2f}", flush=True)
            if kind != "none":
                shares.append(float(np.mean(ratios)))
            if kind != "none" and likes[shown.varied].mean() < SELDOM:
                seldom.append(shares[-1])
    for who, some in (("all", shares), (f"who like less than {SELDOM:.0%}", seldom)):
        print(f"{who}: {np.mean(some):.3f}, four of five at most {np.quantile(some, 0.8):.3f}")


def _looked(shown: Drafts, rows: Array, likes: Array, clicks: Array, want: int) -> int:
    seen, left = list(rows[:15]), list(rows[15:])
    while likes[seen].sum() < want and left:
        learned = learn(shown, seen, clicks, left[:200])
        scores = scored(learned, shown, left)
        best = [left[at] for at in np.argsort(-scores, kind="stable")[:10]]
        for row in best:
            seen.append(row)
            left.remove(row)
            if likes[seen].sum() >= want:
                break
    return len(seen)
