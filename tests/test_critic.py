"""What the folders say becomes judgements, whoever moved the pictures and whatever was running."""

from __future__ import annotations

import errno
import os
from collections import Counter

import pytest

from hotfolder.critic import Critic, brought_back, threw_away
from hotfolder.history import History, Made
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan import glances
from hotfolder.studio.scan.glances import Glances
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.scan.survey import Survey
from hotfolder.studio.store import local, opinions, trust
from tests import samples
from tests.forkserver import ForkServer, until
from tests.taste import studio as drafts

DARKTABLE = samples.sample("sidecars/darktable421_base.png.xmp")


def _scanner(studio: Studio) -> Scanner:
    survey = Survey(studio)
    survey.look()
    return survey.scanner


def _note(studio: Studio) -> Counter[str]:
    """Note what is new, as a daemon that was just started; what stands then."""
    critic = Critic(studio)
    critic.note(_scanner(studio))
    return Counter(judgement.how for judgement in critic.judgements.values())


def _lines(studio: Studio) -> int:
    return len(opinions.judgements(studio))


def test_places_and_names_are_judgements(studio: Studio) -> None:
    """Picked, rejected, starred; a draft that just lies there says nothing."""
    for number, folder in enumerate(["seeds", "drafts/rejected", "drafts/starred", "drafts"]):
        drafts.put(studio, number, folder=folder)
    assert _note(studio) == {"picked": 1, "rejected": 1, "starred": 1}
    assert _lines(studio) == 3


def test_who_is_told_to_stop_reads_and_notes_nothing_more(studio: Studio) -> None:
    """What it did not read is read and noted after the next start."""
    drafts.put(studio, 1, folder="seeds")
    Critic(studio, lambda: False).attend(scanner := _scanner(studio), 1, History())
    assert _lines(studio) == 0
    told = iter([True, False, False, False])
    critic = Critic(studio, lambda: next(told))
    critic.note(scanner)
    assert not critic.judgements and _lines(studio) == 0
    assert _note(studio) == {"picked": 1}


def test_nothing_is_noted_twice(studio: Studio) -> None:
    """However often it is looked at, renamed, or kept as a copy."""
    path = drafts.put(studio, 1)
    seed = drafts.move(studio, path, "seeds")
    _note(studio)
    (studio.root / seed).rename(studio.seeds / "my favourite.png")
    (studio.seeds / "copy.png").write_bytes((studio.seeds / "my favourite.png").read_bytes())
    (studio.drafts / "again.png").write_bytes((studio.seeds / "copy.png").read_bytes())
    assert _note(studio) == {"picked": 1}
    assert _lines(studio) == 1


def test_a_judgement_outlives_its_picture(studio: Studio) -> None:
    """Seeds that are cleared away were picked all the same."""
    seed = drafts.move(studio, drafts.put(studio, 1), "seeds")
    _note(studio)
    (studio.root / seed).unlink()
    assert _note(studio) == {"picked": 1}


def test_who_puts_a_picture_back_takes_it_back(studio: Studio) -> None:
    """A picked or rejected one that lies among the drafts again is open; it can be sorted anew."""
    seed = drafts.move(studio, drafts.put(studio, 1), "seeds")
    _note(studio)
    draft = drafts.move(studio, seed, "drafts")
    assert _note(studio) == {}
    drafts.move(studio, draft, "drafts/rejected")
    assert _note(studio) == {"rejected": 1}


def test_a_picture_that_was_edited_is_still_the_one_that_was_picked(studio: Studio) -> None:
    """Its recipe says which draft pleased."""
    path = drafts.put(studio, 1)
    key = Glances(studio).picture(
        path, (scanner := _scanner(studio)).readings("drafts")[path], scanner
    )
    data = (studio.root / path).read_bytes()
    (studio.root / path).write_bytes(data[:-12] + samples.chunk(b"tEXt", b"a\0b") + data[-12:])
    drafts.move(studio, path, "seeds")
    critic = Critic(studio)
    critic.note(_scanner(studio))
    assert list(critic.judgements) == [key]


def test_a_picture_that_could_not_be_read_is_read_after_a_restart(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A drive that fails for a moment costs no judgement."""

    def fail(*_: object, **__: object) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    drafts.move(studio, drafts.put(studio, 1), "seeds")
    with monkeypatch.context() as failing:
        failing.setattr(glances, "read_file", fail)
        critic = Critic(studio)
        assert critic.listen(_scanner(studio)) == []
        assert not critic.is_behind, "it would be asked for in each turn"
    assert _note(studio) == {"picked": 1}


def _with_finals(studio: Studio) -> tuple[str, History, list[str]]:
    """A picked draft and its three finals: its key, what was made, where they lie."""
    drafts.move(studio, drafts.put(studio, 1), "seeds")
    [key] = [j.picture for j in Critic(studio).listen(_scanner(studio))]
    paths, history = [drafts.put(studio, n, folder="final") for n in (31, 32, 33)], History()
    for number, path in enumerate(paths):
        recipe = identify((studio.root / path).read_bytes()).recipe.id
        history.apply(Made("final", key, number, recipe, path))
    return key, history, paths


def _stands(studio: Studio, history: History) -> Counter[str]:
    """What stands when a daemon that was just started has seen the folders."""
    critic = Critic(studio)
    critic.attend(_scanner(studio), 1, history)
    return Counter(judgement.how for judgement in critic.judgements.values())


def test_finals_that_were_sorted_confirm_a_pick(studio: Studio) -> None:
    """One is gone and others are left, under whatever names; that holds when all are gone."""
    key, history, paths = _with_finals(studio)
    assert _stands(studio, history) == {"picked": 1}
    (studio.root / paths[1]).rename(studio.final / "the best.png")
    assert _stands(studio, history) == {"picked": 1}
    (studio.root / paths[0]).unlink()
    critic = Critic(studio)
    critic.attend(_scanner(studio), 1, history)
    [kept] = critic.judgements.values()
    assert (kept.picture, kept.how, kept.liked, kept.weight) == (key, "kept", True, 1.25)
    before = _lines(studio)
    for path in studio.final.iterdir():
        path.unlink()
    assert _stands(studio, history) == {"kept": 1}
    assert _lines(studio) == before


def test_who_throws_all_finals_away_regrets_the_pick(studio: Studio) -> None:
    """On the light table, or as rejected ones; finals that are merely gone may hang on a wall."""
    _, history, paths = _with_finals(studio)
    recipes = sorted(*history.finals().values())
    critic = Critic(studio)
    for path in paths:
        (studio.root / path).rename(studio.root / path.rpartition("/")[2])
    critic.attend(_scanner(studio), 1, history)
    assert Counter(j.how for j in critic.judgements.values()) == {"picked": 1}
    for recipe in recipes[1:]:
        threw_away(studio, recipe, 9e9)
    assert _stands(studio, history) == {"picked": 1, "deleted": 2}
    threw_away(studio, recipes[0], 9e9)
    critic.attend(_scanner(studio), 2, history)
    assert Counter(j.how for j in critic.judgements.values()) == {"regretted": 1, "deleted": 3}
    for path in paths:
        (studio.root / path.rpartition("/")[2]).rename(studio.root / path)
    for recipe in recipes:
        brought_back(studio, recipe, 9.1e9)
    assert _stands(studio, history) == {"picked": 1}


def test_stars_are_counted(studio: Studio) -> None:
    """The mark of a program, in the file beside a picture, with its number of stars."""
    path = drafts.put(studio, 1)
    (studio.root / f"{path}.xmp").write_bytes(DARKTABLE)
    critic = Critic(studio)
    critic.note(_scanner(studio))
    [judgement] = critic.judgements.values()
    assert judgement.how == "starred" and judgement.stars >= 1


def test_what_is_no_picture_is_no_judgement(studio: Studio) -> None:
    """Broken files and notes in seeds/ say nothing."""
    (studio.seeds / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (studio.seeds / "note.txt").write_text("x")
    assert _note(studio) == {}


def test_a_picture_from_elsewhere_is_a_judgement_too(studio: Studio) -> None:
    """What its owner refines pleases; it is known by its pixels."""
    (studio.seeds / "photo.jpg").write_bytes(samples.drawn("JPEG"))
    assert _note(studio) == {"picked": 1}


@pytest.mark.parametrize("trusted", [True, False])
def test_other_computers_count_only_where_they_are_trusted(studio: Studio, trusted: bool) -> None:
    """What others wrote into a restricted studio is no opinion of its owner's."""
    trust.record(studio, trusted)
    studio.taste.mkdir()
    (studio.taste / "other-12345678.jsonl").write_bytes(b'{"picture":"z","how":"picked"}\n')
    critic = Critic(studio)
    critic.listen(_scanner(studio))
    assert list(critic.judgements) == (["z"] if trusted else [])


def test_no_judgement_is_lost_when_the_daemon_is_killed(
    studio: Studio, forkserver: ForkServer
) -> None:
    """Killed at once, after a moment or later, with a line torn: afterwards each is there once."""
    paths = [drafts.put(studio, number) for number in range(9)]
    for turn in range(3):
        daemon = forkserver.start("run", studio.root)
        if turn:
            until(lambda n=turn: len(_noted(studio)) == 3 * n, 60)
        for path in paths[3 * turn : 3 * turn + 3]:
            drafts.move(studio, path, "drafts/rejected")
        forkserver.kill(daemon)
        if turn == 1:
            with (studio.taste / f"{local.machine()}.jsonl").open("ab") as stream:
                stream.write(b'{"picture":"torn')
    forkserver.wait(forkserver.start("run", "--once", studio.root), 120)
    assert len(_noted(studio)) == len(set(_noted(studio))) == 9


def _noted(studio: Studio) -> list[str]:
    return [judgement.picture for judgement in opinions.judgements(studio)]
