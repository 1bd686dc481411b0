"""What judgements say together."""

from __future__ import annotations

from hotfolder.taste.judgements import Judgement, guessed, standing


def test_the_last_judgement_of_a_picture_holds() -> None:
    """Whatever machine wrote it, and in whatever order the lines are read."""
    said = [
        Judgement("a", "rejected", 3.0),
        Judgement("a", "picked", 1.0),
        Judgement("b", "picked", 2.0),
        Judgement("b", "withdrawn", 4.0),
    ]
    assert list(standing(said).values()) == [Judgement("a", "rejected", 3.0)]


def test_a_guess_replaces_nothing_that_is_certain() -> None:
    """A neighbour of a pick that was picked itself stays picked."""
    said = [Judgement("a", "picked", 1.0), Judgement("a", "passed", 2.0)]
    assert standing(said)["a"].how == "picked"
    assert standing(reversed(said))["a"].how == "picked"


def test_a_look_replaces_no_decision() -> None:
    """A pick that is looked at again stays picked; a draft that was seen first can be picked."""
    seen, picked = Judgement("a", "seen", 2.0), Judgement("a", "picked", 1.0)
    assert standing([picked, seen])["a"].how == "picked"
    assert standing([Judgement("a", "seen", 0.5), picked])["a"].how == "picked"


def test_more_stars_weigh_more_and_guesses_less() -> None:
    """A pick counts one, each star beyond the first a quarter more."""
    assert Judgement("a", "picked").weight == 1.0
    assert Judgement("a", "starred", stars=5).weight == 2.0
    assert Judgement("a", "passed").weight < 0.5


def test_older_neighbours_of_a_pick_were_probably_seen() -> None:
    """The three that were made last before it and lie there still; none for a rejected one."""
    stands = {
        "e": Judgement("e", "picked", 7.0),
        "c": Judgement("c", "seen", 1.0),
        "z": Judgement("z", "rejected", 8.0),
    }
    lying = {"x", "a", "b", "d", "f", "y"}
    found = guessed(stands, ["x", "a", "b", "c", "d", "gone", "e", "f", "y", "z"], lying)
    assert {(judgement.picture, judgement.how, judgement.at) for judgement in found} == {
        ("a", "passed", 7.0),
        ("b", "passed", 7.0),
        ("d", "passed", 7.0),
    }
