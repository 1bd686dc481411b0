"""A new studio of an owner who has judged in another one before."""

from __future__ import annotations

import numpy as np

from benchmarks.taste.drafts import Array, Drafts
from benchmarks.taste.owners import HELD, Everyone, clicked, judgements, scored
from hotfolder.taste import judge
from hotfolder.taste.logistic import auc

BEFORE = 150  # judgements in the other studio
STEPS = (15, 30, 60)  # and in this one


def measure(shown: Drafts, everyone: Everyone) -> None:
    """AUC without another studio, with one of the same taste, and with one of another taste."""
    flat = [likes for kind, some in everyone.items() if kind != "none" for likes in some.values()]
    print(f"\nAUC in a new studio; elsewhere {BEFORE} judgements")
    for count in STEPS:
        found: dict[str, list[float]] = {"none": [], "the same": [], "another": []}
        for number, likes in enumerate(flat):
            other = flat[(number + len(flat) // 2) % len(flat)]
            for name, before in (("none", None), ("the same", likes), ("another", other)):
                found[name].append(_begun(shown, likes, count, before))
        told = ", ".join(f"{name} {np.nanmean(values):.3f}" for name, values in found.items())
        print(f"  after {count} judgements here: {told}", flush=True)


def _begun(shown: Drafts, likes: Array, count: int, before: Array | None) -> float:
    rows = np.random.default_rng(100).permutation(shown.varied)
    clicks, held = clicked(likes, np.random.default_rng(900)), rows[-HELD:]
    here, there = rows[:count], rows[200 : 200 + BEFORE]
    known = {str(row): shown.features[row] for row in (*held, *here)}
    lent = []
    if before is not None:
        said = judgements(there, clicked(before, np.random.default_rng(901)))
        lent = [(one, shown.features[int(one.picture)]) for one in said]
    learned = judge.fit(judgements(here, clicks), known, elsewhere=lent)
    return auc(scored(learned, shown, held), likes[held])
