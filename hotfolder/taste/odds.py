"""What words are worth to an owner, as a table: by it a plan prefers draws that may please.

Each column of the table is one belief drawn from what the judge holds possible. Who follows another
belief each time tries what may be good as often as it may be the best (Thompson 1933), so nothing
is given up before enough is known of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from hotfolder.taste import judge
from hotfolder.taste.features import Features
from hotfolder.taste.judge import Elsewhere
from hotfolder.taste.judgements import Judgement

BELIEFS = 32
_SEED = 19


class Odds(Struct, frozen=True):
    """What was learned from `count` judgements: what each word adds to the log odds, by belief."""

    count: int
    words: Mapping[str, tuple[float, ...]]

    def of(self, words: Iterable[str], belief: int) -> float:
        """What these words add together, by belief number `belief` (from 0)."""
        known = (self.words[word] for word in words if word in self.words)
        return sum(values[belief % len(values)] for values in known)


def learn(
    judged: Sequence[Judgement],
    features: Mapping[str, Features],
    elsewhere: Sequence[Elsewhere] = (),
) -> Odds | None:
    """The table after these judgements, the oldest first; None while there is too little.

    Of features only the words count: nothing else is known of a picture that is not made yet. What
    was judged `elsewhere` is a prior, as in `judge.fit`.
    """
    said = {picture: replace(known, kinds={}) for picture, known in features.items()}
    lent = [(judgement, replace(known, kinds={})) for judgement, known in elsewhere]
    learned = judge.fit(judged, said, elsewhere=lent)
    if learned is None:
        return None
    random = np.random.default_rng(_SEED)
    columns = np.stack([learned.believed(random) for _ in range(BELIEFS)], axis=1)
    worth = columns[: len(learned.scale.columns)] * learned.scale.said.scale[:, None]
    table = {
        word: tuple(np.round(worth[column], 3).tolist())
        for word, column in learned.scale.columns.items()
    }
    return Odds(learned.count, table)
