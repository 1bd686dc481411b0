"""What was learned, in words."""

from __future__ import annotations

from hotfolder.taste import judge, lessons
from tests.taste.owners import judged, known, scenes


def test_the_word_that_matters_is_named_first() -> None:
    """What is liked has the clearest effect, and what excludes it speaks against."""
    shown = scenes(150)
    learned = judge.fit(judged(shown, lambda scene: scene.subject == "castle"), known(shown))
    assert learned is not None
    found = lessons.of_words(learned, [scene.features for scene in shown])
    assert found[0].what == "castle" and found[0].effect > 0
    assert {lesson.what for lesson in found if lesson.effect < 0} & {"boat", "tree", "mill"}


def test_the_measure_that_matters_is_named() -> None:
    """Only named numbers of a kind are told."""
    shown = scenes(150)
    learned = judge.fit(judged(shown, lambda scene: scene.left > 0.3), known(shown))
    assert learned is not None
    pictures = [scene.features for scene in shown]
    [first, *_] = lessons.of_measures(learned, pictures, {"pixels.layout 1": ("right", "low")})
    assert (first.what, first.effect > 0) == ("right", True)


def test_nothing_is_said_of_what_hardly_occurs() -> None:
    """A word of four pictures is no lesson."""
    shown = scenes(30)
    learned = judge.fit(judged(shown, lambda scene: scene.left > 0), known(shown))
    assert learned is not None
    assert lessons.of_words(learned, [scene.features for scene in shown[:4]]) == []
