"""Endless drafts that are given up early."""

from __future__ import annotations

import numpy as np

from benchmarks.taste.drafts import Array, Drafts
from benchmarks.taste.known import early
from benchmarks.taste.owners import HELD, ORDERS, Everyone, clicked, judgements
from hotfolder.taste import rule, scale, steering

STOPPED = 0.23
"""What a draft costs that is given up after 3 of 12 steps, as a share of one that is completed."""


def measure(shown: Drafts, everyone: Everyone) -> None:
    """Endless drafts that are given up: what is lost, and what comes of an hour of rendering."""
    print(f"\ngiven up after a quarter, at {STOPPED} of a draft's cost; a tenth of it is completed")
    for count in (100, 200):
        gains, losses, shares = [], [], []
        for kind, some in everyone.items():
            if kind == "none":
                continue
            for name, likes in some.items():
                runs = [_given_up(shown, likes, count, turn) for turn in range(ORDERS)]
                gain, lost, given_up = np.mean(runs, axis=0)
                gains.append(gain)
                losses.append(lost)
                shares.append(given_up)
                print(f"  {count} {kind}: {name}  {gain:.2f} times as many an hour, "
                      f"{lost:.1%} of what pleases lost", flush=True)  # fmt: skip
        print(f"after {count}: {np.mean(gains):.2f} times as many, {np.mean(losses):.1%} lost "
              f"(at most {max(losses):.1%}), {np.mean(shares):.0%} given up")  # fmt: skip


def _given_up(shown: Drafts, likes: Array, count: int, turn: int) -> tuple[float, float, float]:
    rows = np.random.default_rng(100 + turn).permutation(shown.varied)
    clicks = clicked(likes, np.random.default_rng(900 + turn))
    judged, others, held = rows[:count], rows[count:-HELD], rows[-HELD:]
    seen = shown.seen_by(early)
    known = {str(row): shown.features[row] for row in (*others, *judged)}
    learned = rule.learn(judgements(judged, clicks), known)
    if learned is None:
        return 1.0, 0.0, 0.0
    given_up = np.zeros(HELD, bool)
    for at, row in enumerate(held):
        one = seen.features[row]
        logit = learned.of(scale.words_of(one)).logit(one.kinds)
        below = logit is not None and logit < learned.bound
        given_up[at] = below and not steering.is_usual(rule.COMPLETED, str(row), "given up")
    lost = likes[held][given_up].sum() / max(1, likes[held].sum())
    spent = 1 - given_up.mean() * (1 - STOPPED)
    return float((1 - lost) / spent), float(lost), float(given_up.mean())
