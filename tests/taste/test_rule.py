"""The rule by which drafts are given up: when there is one, what it costs, and what it saves."""

from __future__ import annotations

import msgspec
import numpy as np

from hotfolder.taste import judge, rule
from hotfolder.taste.features import Features
from hotfolder.taste.judgements import Judgement
from hotfolder.taste.rule import Rule
from hotfolder.taste.scale import words_of
from tests.taste import owners
from tests.taste.owners import Scene

SHOWN = owners.scenes(700)


def _likes(scene: Scene) -> bool:
    return scene.subject == "castle" and scene.left < 0


def _learned(count: int) -> Rule | None:
    return rule.learn(owners.judged(SHOWN[:count], _likes), owners.known(SHOWN[:400]))


def test_most_of_what_is_unwanted_is_given_up_and_little_else() -> None:
    """From a hundred judgements on, measured on drafts that it did not know."""
    assert _learned(99) is None
    learned = _learned(150)
    assert learned is not None and learned.count == 150
    unknown = SHOWN[400:]
    logits = [learned.of(words_of(s.features)).logit(s.features.kinds) for s in unknown]
    given_up = np.array([logit is not None and logit < learned.bound for logit in logits])
    likes = np.array([_likes(scene) for scene in unknown])
    assert given_up.mean() > 0.5
    assert given_up[likes].mean() < 0.1


def test_a_rule_says_what_the_judge_does() -> None:
    """Word for word and number for number, also after a way to another process."""
    said, known = owners.judged(SHOWN[:150], _likes), owners.known(SHOWN[:400])
    learned, fitted = rule.learn(said, known), judge.fit(said, known, without=("pixels",))
    assert learned is not None and fitted is not None
    sent = msgspec.msgpack.decode(msgspec.msgpack.encode(learned), type=Rule)
    for scene in SHOWN[400:420]:
        logit = sent.of(words_of(scene.features)).logit(scene.features.kinds)
        assert logit is not None
        np.testing.assert_allclose(logit, fitted.logits([scene.features])[0], atol=0.01)


def test_what_nobody_knows_is_not_given_up() -> None:
    """Another model's drafts have other numbers; and of picks alone nothing is sure."""
    learned = _learned(150)
    assert learned is not None
    assert learned.logit({"denoiser.middle 1 other": bytes(60)}) is None
    assert learned.logit({}) is None
    picks = [j for j in owners.judged(SHOWN[:400], lambda scene: scene.left < 0) if j.liked]
    assert len(picks) > 100 and rule.learn(picks, owners.known(SHOWN)) is None


def test_what_was_completed_by_chance_counts_for_the_like_of_it() -> None:
    """Five mills were liked, and only one in five of those was completed."""

    def judged(chance: float) -> float:
        boats = [Features(f"b{n}", prompt="a boat") for n in range(40)]
        mills = [Features(f"m{n}", prompt="a mill") for n in range(15)]
        liked = [Features(f"l{n}", prompt="a mill", chance=chance) for n in range(5)]
        said = [Judgement(one.picture, "seen") for one in [*boats, *mills]]
        said += [Judgement(one.picture, "picked") for one in liked]
        learned = judge.fit(said, {one.picture: one for one in [*boats, *mills, *liked]})
        assert learned is not None
        return float(learned.scores(mills)[0])

    assert judged(1.0) < 0.35 < 0.5 < judged(0.2)
