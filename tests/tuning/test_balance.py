"""Likes and dislikes weighed until their prompts are alike."""

from __future__ import annotations

import pytest

from hotfolder.tuning.balance import balanced
from hotfolder.tuning.chosen import Example

SUBJECTS = ("castle", "boat", "tree", "mill")
HOURS = ("at night", "at noon", "at dawn")


def drafts(liked: dict[str, float]) -> list[Example]:
    """240 drafts, of which such shares are liked of each subject."""
    found = []
    for number in range(240):
        subject = SUBJECTS[number % 4]
        place = (number // 4 * 7) % 60 / 60
        prompt = f"a {subject} {HOURS[number // 4 % 3]}"
        found.append(Example(f"{number:064x}", prompt, place < liked[subject]))
    return found


def share(examples: list[Example], liked: bool, word: str) -> float:
    """How much of all weight the pictures of a word have."""
    of = [one for one in examples if one.liked == liked]
    return sum(one.weight for one in of if word in one.prompt) / sum(one.weight for one in of)


def test_who_likes_castles_teaches_no_castles() -> None:
    """Most likes are castles and few dislikes are, by number; by weight they are as many."""
    said = drafts({"castle": 0.8, "boat": 0.1, "tree": 0.1, "mill": 0.1})
    assert share(said, True, "castle") - share(said, False, "castle") > 0.6
    found = balanced(said)
    assert abs(share(found, True, "castle") - share(found, False, "castle")) < 0.05
    assert [one.picture for one in found] == [one.picture for one in said]
    assert all(0 < one.weight <= 1 for one in found)


def test_what_words_do_not_tell_counts_alike() -> None:
    """A taste that no word tells changes no weight by much."""
    found = balanced(drafts(dict.fromkeys(SUBJECTS, 0.5)))
    likes = [one.weight for one in found if one.liked]
    assert max(likes) < 1.5 * min(likes)


@pytest.mark.parametrize("share_liked", [0.0, 1.0])
def test_likes_alone_stay_as_they_are(share_liked: float) -> None:
    """There is nothing that they could be weighed against."""
    said = drafts(dict.fromkeys(SUBJECTS, share_liked))
    assert balanced(said) == said
