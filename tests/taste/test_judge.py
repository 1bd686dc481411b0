"""The judge: when it speaks, what it learns, what it says of itself."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import pytest

from hotfolder.taste import judge
from hotfolder.taste.judgements import Judgement
from hotfolder.taste.logistic import auc
from tests.taste.owners import Scene, judged, known, scenes


def _auc(learned: judge.Judge | None, held: list[Scene], likes: Callable[[Scene], bool]) -> float:
    assert learned is not None
    scores = learned.scores([scene.features for scene in held])
    return auc(scores, np.array([likes(scene) for scene in held]))


@pytest.mark.parametrize(
    "likes",
    [
        lambda scene: scene.subject == "castle",
        lambda scene: scene.hour == "at night",
        lambda scene: scene.left > 0.4,
        lambda scene: scene.subject in ("castle", "boat") and scene.hour != "by day",
        lambda scene: scene.subject != "tree",
    ],
    ids=["a subject", "an hour", "a place", "both", "a dislike"],
)
def test_it_learns_each_kind_of_taste(likes: Callable[[Scene], bool]) -> None:
    """After 80 judgements pictures that it never saw are in the right order."""
    shown, held = scenes(80), scenes(200, seed=1)
    learned = judge.fit(judged(shown, likes), known(shown + held))
    assert _auc(learned, held, likes) > 0.9


def test_it_says_nothing_below_fifteen_judgements() -> None:
    """Guesses do not count, and neither do judgements of pictures that nothing is known of."""
    shown = scenes(40)
    said = judged(shown, lambda scene: scene.subject == "castle")
    assert judge.fit(said[:14], known(shown)) is None
    guesses = [msgspec.structs.replace(j, how="passed") for j in said[14:]]
    assert judge.fit(said[:14] + guesses, known(shown)) is None
    unknown = [Judgement(f"gone {n}", "picked", float(n)) for n in range(20)]
    assert judge.fit(said[:14] + unknown, known(shown)) is None
    assert judge.fit(said[:15], known(shown)) is not None


def test_another_studio_of_its_owner_is_a_prior() -> None:
    """The same taste is found sooner; another one does little harm; neither counts as said here."""
    shown, held, there = scenes(30), scenes(200, seed=1), scenes(100, seed=2)

    def likes(scene: Scene) -> bool:
        return scene.subject == "castle" and scene.hour != "by day"

    def lent(likes: Callable[[Scene], bool]) -> list[judge.Elsewhere]:
        said = judged(there, likes)
        return [(one, scene.features) for one, scene in zip(said, there, strict=True)]

    said, of = judged(shown, likes), known(shown + held)
    plain, same, other = (
        judge.fit(said, of, elsewhere=before)
        for before in ((), lent(likes), lent(lambda scene: scene.left > 0.3))
    )
    assert same is not None and same.count == 30 and len(same.told) == 30
    assert _auc(same, held, likes) > max(0.95, _auc(plain, held, likes))
    assert _auc(other, held, likes) > _auc(plain, held, likes) - 0.1
    assert judge.fit(said[:14], of, elsewhere=lent(likes)) is None


def test_looks_alone_teach_nothing() -> None:
    """Who only looks has not decided anything; one pick makes the difference."""
    shown = scenes(40)
    looks = judged(shown, lambda _: False)
    assert judge.fit(looks, known(shown)) is None
    assert judge.fit([*looks[:-1], Judgement(looks[-1].picture, "picked", 99.0)], known(shown))


def test_scores_are_probabilities_that_hold() -> None:
    """Of an owner who is not always sure, what was said is what came."""
    random = np.random.default_rng(5)
    shown, held = scenes(400), scenes(600, seed=1)
    chance = {True: 0.7, False: 0.1}

    def likes(scene: Scene) -> bool:
        return bool(random.random() < chance[scene.subject == "castle"])

    learned = judge.fit(judged(shown, likes), known(shown + held))
    assert learned is not None
    assert learned.error < 0.1
    for castle, share in chance.items():
        some = [scene.features for scene in held if (scene.subject == "castle") is castle]
        assert learned.scores(some).mean() == pytest.approx(share, abs=0.1)


def test_a_taste_that_changes_is_followed() -> None:
    """Some judgements after the change the old taste counts for little."""
    shown, held = scenes(190), scenes(200, seed=1)

    def new(scene: Scene) -> bool:
        return scene.hour == "at night"

    before = judged(shown[:120], lambda scene: scene.subject == "castle")
    after = judged(shown[120:], new, begin=1000.0)
    learned = judge.fit(before + after, known(shown + held))
    assert _auc(learned, held, new) > 0.9
    assert learned is not None and learned.memory < 1000


def test_a_taste_that_stays_forgets_nothing() -> None:
    """Without a change all judgements count alike."""
    shown = scenes(150)
    learned = judge.fit(judged(shown, lambda scene: scene.left > 0), known(shown))
    assert learned is not None and learned.memory == float("inf")


def test_it_is_honest_only_where_it_is_known_what_was_left() -> None:
    """Picks alone, and picks with a few rejects, order pictures; they give no probabilities."""
    shown, held = scenes(120), scenes(200, seed=1)

    def likes(scene: Scene) -> bool:
        return scene.subject == "castle"

    certain = judged(shown, likes)
    picks = [judgement for judgement in certain if judgement.liked]
    learned = judge.fit(picks, known(shown + held))
    assert learned is not None and not learned.honest
    assert _auc(learned, held, likes) > 0.8
    whole = judge.fit(certain, known(shown + held))
    assert whole is not None and whole.honest


def test_it_can_do_without_a_family_of_features() -> None:
    """A judge that may not look at pixels knows words and the denoiser alone."""
    shown = scenes(60)
    said = judged(shown, lambda scene: scene.subject == "castle")
    learned = judge.fit(said, known(shown), without=("pixels",))
    assert learned is not None
    assert {name.partition(".")[0] for name in learned.scale.kinds} == {"denoiser"}


def test_pictures_of_another_model_or_of_none_are_judged_as_well() -> None:
    """What a picture lacks counts as usual: it is scored by what is known of it."""
    shown, held = scenes(100), scenes(100, seed=1)

    def bare(scene: Scene) -> Scene:
        kinds = {n: v for n, v in scene.features.kinds.items() if n.startswith("pixels")}
        return Scene("", "", scene.left, msgspec.structs.replace(scene.features, kinds=kinds))

    def likes(scene: Scene) -> bool:
        return scene.left > 0.2

    others = [bare(scene) for scene in held]
    learned = judge.fit(judged(shown, likes), known(shown + others))
    assert _auc(learned, others, likes) > 0.8


def test_learning_twice_is_learning_the_same() -> None:
    """Nothing random is in it."""
    shown = scenes(60)
    said = judged(shown, lambda scene: scene.hour == "by day")
    first, second = (judge.fit(said, known(shown)) for _ in range(2))
    assert first is not None and second is not None
    pictures = [scene.features for scene in shown]
    assert (first.scores(pictures) == second.scores(pictures)).all()
