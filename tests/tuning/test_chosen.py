"""Of which pictures is learned, and of which never."""

from __future__ import annotations

import numpy as np
import pytest

from hotfolder.taste.judgements import Judgement
from hotfolder.tuning import chosen
from hotfolder.tuning.chosen import Example


def test_what_was_said_becomes_likes_and_dislikes() -> None:
    """A guess counts for a fifth; what has no prompt, or was taken back, is left out."""
    said = [
        Judgement("a", "picked"),
        Judgement("b", "starred", stars=5),
        Judgement("c", "rejected"),
        Judgement("d", "passed"),
        Judgement("e", "chosen"),
        Judgement("gone", "picked"),
    ]
    found = chosen.examples(said, dict.fromkeys("abcde", "a castle"))
    assert [(e.picture, e.liked, e.weight) for e in found] == [
        ("a", True, 1.0),
        ("b", True, 1.0),
        ("c", False, 1.0),
        ("d", False, 0.2),
    ]


@pytest.mark.parametrize(
    ("prompt", "speaks"),
    [
        ("a castle on the left", True),
        ("a shop with a sign", True),
        ('a board that says "open"', True),
        ("右に城", True),
        ("a castle by the sea, bright colours", False),
        ("a northwestern brightness", False),
    ],
)
def test_prompts_that_speak_of_sides(prompt: str, speaks: bool) -> None:
    """A picture of such a prompt is neither mirrored nor cropped."""
    assert chosen.speaks_of_sides(prompt) is speaks


def test_no_prompt_is_learned_and_held_out() -> None:
    """The split goes by prompts, is the same for the same seed, and another for another."""
    many = [Example(f"{n:064x}", f"prompt {n % 40}", n % 2 == 0) for n in range(120)]
    split = chosen.split(many, 1)
    held = {e.prompt for e in split.held_out}
    assert len(held) == 6
    assert not held & {e.prompt for e in split.learned}
    assert len(split.learned) + len(split.held_out) == 120
    assert chosen.split(many[::-1], 1).held_out[::-1] == split.held_out
    assert chosen.split(many, 2).held_out != split.held_out


def test_of_one_prompt_everything_is_learned() -> None:
    """There is no other prompt to hold out."""
    alone = [Example("a", "a castle", True), Example("b", "a castle", False)]
    assert chosen.split(alone, 0) == chosen.Split(tuple(alone), ())


def test_too_few_picks_say_how_many_are_needed() -> None:
    """Dislikes do not count."""
    few = [Example(str(n), "a castle", n < 19) for n in range(60)]
    assert "19 picked pictures" in chosen.too_few(few)
    assert str(chosen.LEAST) in chosen.too_few(few)
    assert not chosen.too_few([*few, Example("x", "a castle", True)])


def test_who_likes_a_side_is_noticed() -> None:
    """Likes with the bright spot on the left; without any favourite side it is chance."""
    random = np.random.default_rng(0)
    shown, liked = [], []
    for _ in range(80):
        picture = random.random((32, 32)) * 50
        left = bool(random.random() < 0.5)
        picture[12:20, 4:12] += 150 * left
        picture[12:20, 20:28] += 150 * (not left)
        shown.append(picture)
        liked.append(left if random.random() < 0.9 else not left)
    assert chosen.prefers_a_side(shown, liked)
    assert not chosen.prefers_a_side(shown, [n % 3 == 0 for n in range(80)])
    assert not chosen.prefers_a_side(shown, [True] * 80)


def test_the_mirror_image_of_a_like_is_a_dislike() -> None:
    """For those who prefer a side; not where a prompt speaks of sides, nor of dislikes."""
    said = [
        Example("a", "a castle", True, 0.5),
        Example("b", "a castle on the left", True, turns=False),
        Example("c", "a boat", False),
    ]
    assert chosen.opposites(said) == [Example("a", "a castle", False, 0.5, mirrored=True)]
