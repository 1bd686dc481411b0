"""Endless drafts that are steered."""

from __future__ import annotations

import numpy as np

from benchmarks.taste.drafts import Array, Drafts
from benchmarks.taste.owners import Everyone, clicked, judgements
from hotfolder.taste import odds, scale, steering


def measure(shown: Drafts, everyone: Everyone, count: int = 300) -> None:
    """Endless drafts that are steered: how many please, and whether everything is still drawn.

    A draw is one of the drafts that are left, and all that is known of it is its recipe; learned
    anew every twenty. What was made is not drawn again, so what pleases gets rarer.
    """
    print(f"\nof {count} steered drafts, those that please, as a multiple of that without steering")
    gains, late, missing = [], [], 0
    for kind, some in everyone.items():
        for name, likes in some.items():
            usual = likes[shown.varied].mean()
            made = _steered(shown, likes, count)
            gain, last = likes[made].mean() / usual, likes[made[-100:]].mean() / usual
            told = [shown.told[row] for row in made]
            asked = [shown.told[row] for row in shown.varied]
            missing += sum(
                len({o[key] for o in asked} - {t[key] for t in told})
                for key in ("subject", "ground", "hour", "season", "weather")
            )
            print(f"  {kind}: {name}  {gain:.2f}, of the last hundred {last:.2f}", flush=True)
            if kind != "none":
                gains.append(gain)
                late.append(last)
    most = sum(gain >= 1.5 for gain in gains)
    print(f"mean {np.mean(gains):.2f}, of the last hundred {np.mean(late):.2f}")
    print(f"at least 1.5 for {most} of {len(gains)}; values that never came: {missing}")


def _steered(shown: Drafts, likes: Array, count: int) -> list[int]:
    clicks = clicked(likes, np.random.default_rng(900))
    left = list(np.random.default_rng(300).permutation(shown.varied))
    random, made, table = np.random.default_rng(400), [], None
    words = {row: scale.words_of(shown.features[row]) for row in left}
    while len(made) < count:
        drawn = [left[at] for at in random.choice(len(left), steering.DRAWS, replace=False)]
        best, what = 0, ("salt", str(len(made)))
        if table is not None and not steering.is_usual(0.2, *what):
            best = steering.likeliest(lambda n: words[drawn[n]], table, *what)  # noqa: B023
        made.append(drawn[best])
        left.remove(drawn[best])
        if len(made) % 20 == 0:
            said = judgements(made, clicks)
            table = odds.learn(said, {str(row): shown.features[row] for row in made})
    return made
