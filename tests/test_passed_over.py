"""Drafts that are given up early: never silently, and each can be made after all."""

from __future__ import annotations

from argparse import Namespace
from contextlib import closing
from datetime import datetime

import numpy as np
import pytest

from hotfolder.commands import finish, regenerate
from hotfolder.daemon import Daemon, Until
from hotfolder.errors import EXIT_DONE, HotfolderError
from hotfolder.executors.look import Look
from hotfolder.executors.orders import Task
from hotfolder.history import History
from hotfolder.images import recipe_text
from hotfolder.recipes.settings import Taste
from hotfolder.status import status
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import advice_file, ledger, opinions, passed_over
from hotfolder.studio.store.ledger import Ledger
from hotfolder.taste.features import Features, pack
from hotfolder.taste.judgements import Judgement
from hotfolder.taste.rule import COMPLETED, Rule, Weights
from hotfolder.tutor import Tutor
from tests.images.made import RECIPE

SMALL = """\
extends = "postcard"
[draft]
area = "64x64"
count = 1
"""
SETTINGS = (
    "profile = 'small'\nsettle_seconds = 0.05\nlook_seconds = 1\n[taste]\nearly_stop = true\n"
    "hold_back = true\nusual = 0.05\n"
)


def _dislike_boats(studio: Studio, like: Features) -> None:
    """A hundred and twenty judgements of drafts by the model that has made this one."""
    random = np.random.default_rng(1)
    for number in range(120):
        what = "castle" if number % 2 else "boat"
        kinds = {kind: pack(random.normal(size=len(data))) for kind, data in like.kinds.items()}
        key = f"{number:064x}"
        opinions.keep(studio, Features(key, f"a {what}", "small", width=64, height=64, kinds=kinds))
        how = "picked" if number % 2 else "rejected"
        opinions.note(studio, [Judgement(key, how, float(number))])


def test_what_was_given_up_is_told_and_made_after_all(
    studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    """By name, with the bits that it would have had; what is wanted by number is always made.

    They were steered as well, and say so: to make one again nothing of that is needed.
    """
    (studio.profiles / "small.toml").write_text(SMALL)
    studio.settings.write_text(SETTINGS)
    (studio.inbox / "first.txt").write_text("a castle")
    with closing(Daemon(studio)) as daemon:
        daemon.run(Until(idle=True))
    (like,) = opinions.features(studio)
    _dislike_boats(studio, like)
    tutor = Tutor(studio, lambda: None)
    tutor.attend(Taste(early_stop=True, hold_back=True, usual=0.05), datetime.now().astimezone())
    tutor.close()
    for name in "abcde":
        text = f'prompt = "a {{red|blue}} boat at sea, {name}"\ncount = "endless"\n'
        (studio.inbox / f"boats-{name}.toml").write_text(text)
    (studio.inbox / "counted.txt").write_text("a boat")
    with closing(Daemon(studio)) as daemon:
        daemon.run(Until(idle=True))
        left = passed_over.left(studio)
        assert 1 <= len(left) <= 5
        assert all(draft.score < 0.2 and draft.step == 3 for draft in left)
        assert len(list(studio.drafts.glob("boat-????????.png"))) == 1
        steered = {draft.recipe for draft in left if recipe_text.parse(draft.text)[1].steered}
        made = [identify(path.read_bytes()) for path in studio.drafts.glob("*boat-at-sea*.png")]
        steered |= {one.recipe.id for one in made if one.record.steered}
        assert len(left) + len(made) == 5 and steered
        now = status(studio)
        assert (now.drafts_passed_over, now.drafts_made) == (len(left), 7 - len(left))
        assert finish.run(Namespace(studio=studio.root, names=[])) == EXIT_DONE
        listed = capsys.readouterr().out
        assert all(draft.name in listed for draft in left)

        wanted = next((draft for draft in left if draft.recipe in steered), left[0])
        for path in studio.inbox.glob("boats-*"):
            path.unlink()
        name = wanted.name.removeprefix("drafts/")
        finish.run(Namespace(studio=studio.root, names=[name]))
        daemon.run(Until(idle=True))
    made = studio.root / wanted.name
    assert identify(made.read_bytes()).recipe.id == wanted.recipe
    advice_file.path(studio.root).unlink()
    again = Namespace(images=[made], check=True, output=None, studio=studio.root)
    assert regenerate.run(again) == EXIT_DONE
    assert wanted not in passed_over.left(studio)
    assert status(studio).drafts_passed_over == len(left) - 1
    with pytest.raises(HotfolderError, match="was given up early"):
        finish.run(Namespace(studio=studio.root, names=[made.name]))


def test_a_share_is_completed_all_the_same() -> None:
    """One in ten, always the same ones, and each says how likely that was."""
    bound = Rule(100, -5.0, 0.0, {}, {"denoiser.middle 1 x": Weights((0.0,), (1.0,))})
    completed = 0
    for number in range(300):
        recipe = type(RECIPE)(**{**_fields(), "seed": number})
        look = Look(Task({1: recipe}, {}, rule=bound), lambda: {"denoiser.middle 1 x": pack([1.0])})
        try:
            look.after(3, 12)
        except HotfolderError:
            assert look.given_up is not None and look.given_up.score < 0.02
        else:
            completed += 1
            assert look.chance == COMPLETED
    assert 10 <= completed <= 60


def _fields() -> dict[str, object]:
    return {name: getattr(RECIPE, name) for name in RECIPE.__struct_fields__}


def test_the_next_draft_follows_one_that_was_given_up(studio: Studio) -> None:
    """Its number is not used again, also after a restart; it counts as left until it is made."""
    entry = ledger.PassedOver("r", 4, "a" * 64, "drafts/x.png", 0.01, 3, 12, "{}")
    history = History()
    history.begin("draft", "r", 4)
    history.apply(entry)
    assert history.next_ordinal("r") == 5 and not history.begun("draft", "r")
    Ledger(studio).append(entry)
    again = Ledger(studio).history
    assert again.next_ordinal("r") == 5 and again.left_undone == 1
    again.apply(ledger.Made("draft", "z", 0, "a" * 64, "drafts/x.png"))
    assert again.left_undone == 0
