"""The table of odds, and the draws that are chosen by it."""

from __future__ import annotations

from collections import Counter

from hotfolder.taste import odds, steering
from hotfolder.taste.odds import BELIEFS, Odds
from tests.taste import owners


def test_words_that_please_are_worth_more_and_every_belief_is_possible() -> None:
    """Nearly all beliefs say so after many judgements, and only some after few; none under 15."""
    shown = owners.scenes(200)
    said = owners.judged(shown, lambda scene: scene.subject == "castle")
    known = owners.known(shown)

    def agreeing(count: int) -> float:
        table = odds.learn(said[:count], known)
        assert table is not None and table.count == count
        castle, boat = ({"a castle, by day": 0, what: 0} for what in ("castle", "boat"))
        better = [table.of(castle, b) > table.of(boat, b) for b in range(BELIEFS)]
        return sum(better) / BELIEFS

    assert odds.learn(said[:14], known) is None
    assert 0.5 < agreeing(15) < 1
    assert agreeing(200) == 1


def test_the_best_draw_is_chosen_and_a_share_is_drawn_as_ever() -> None:
    """Of draws with one good word the likeliest is that one; a fifth of all is usual."""
    table = Odds(20, {"castle": (1.0,) * BELIEFS})
    subjects = ["boat", "mill", "castle", "tree"]
    drawn = [frozenset([subjects[number % 4]]) for number in range(steering.DRAWS)]
    assert steering.likeliest(drawn.__getitem__, table, "a") == 2
    assert steering.likeliest(lambda _: frozenset(["mill"]), table, "a") == 0
    usual = Counter(steering.is_usual(0.2, "salt", str(n)) for n in range(2000))
    assert 0.17 < usual[True] / 2000 < 0.23
    assert len({steering.belief("salt", str(n)) for n in range(2000)}) == BELIEFS
