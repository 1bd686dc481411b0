"""Which of several draws a draft is made from: the one most likely to please, now and then any.

Nothing here is random: which belief is followed, and when a draft is drawn as ever, follows from
the studio's salt and the draft. So planning twice wants the same pictures, and a recipe needs
nothing of this to be made again.
"""

from __future__ import annotations

from collections.abc import Callable

from hotfolder.recipes.draw import derive
from hotfolder.taste.odds import BELIEFS, Odds

DRAWS = 12
_PARTS = 2**32


def is_usual(share: float, *what: str) -> bool:
    """Whether this one is among the `share`, 0 to 1, that is done as ever."""
    return derive(_PARTS, *what, "usual") < share * _PARTS


def belief(*what: str) -> int:
    """Which belief is followed for this."""
    return derive(BELIEFS, *what, "belief")


def likeliest(draw: Callable[[int], frozenset[str]], odds: Odds, *what: str) -> int:
    """The number of the best of `DRAWS` draws, from 0; of equally good ones the first.

    `draw` gives the words of each. Which belief decides follows from `what` it is for.
    """
    followed = belief(*what)
    return max(range(DRAWS), key=lambda again: odds.of(draw(again), followed))
