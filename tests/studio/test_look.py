"""What the folders say: looks with a clock that the test moves."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from hotfolder.errors import MistakesError, StudioMissingError
from hotfolder.images import pixels, png
from hotfolder.images.picture import publishable
from hotfolder.recipes.recipe import MAX_DEPTH, Recipe
from hotfolder.recipes.record import Record
from hotfolder.studio.layout import Studio
from hotfolder.studio.look import Look
from tests.studio.clock import Clock

STAR = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="{}"/>'
    "</rdf:RDF></x:xmpmeta>"
)


@pytest.fixture
def clock() -> Clock:
    """Time, at the test's command."""
    return Clock()


@pytest.fixture
def look(studio: Studio, clock: Clock) -> Look:
    """A look that has seen the empty studio."""
    studio.settings.write_text("settle_seconds = 2\n")
    new = Look(studio, clock)
    _settled(new, clock)
    return new


def _settled(look: Look, clock: Clock, hints: set[str] | None = None) -> None:
    """Look, let the settling time pass, look again."""
    look.refresh(hints)
    clock.now += 2
    look.refresh(set())


def _picture(path: Path, colour: int = 7, stars: int | None = None) -> bytes:
    data = pixels.encode_png(Image.new("RGB", (40, 30), (colour, 0, 0)), {})
    data = data if stars is None else png.with_xmp(data, STAR.format(stars))
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return data


def test_a_prompt_file_counts_once_it_has_settled(look: Look, studio: Studio, clock: Clock) -> None:
    """A file that still changes asks for nothing, however often it is closed."""
    file = studio.inbox / "castle.txt"
    for text in ("a cas", "a castle", "a castle by the sea"):
        file.write_text(text)
        look.refresh({"inbox/castle.txt"})
        clock.now += 1.9
        look.refresh(set())
        assert not look.snapshot().prompt_files
    clock.now += 2
    assert look.refresh(set())
    (found,) = look.snapshot().prompt_files
    assert found.requests[0].prompt.text == "a castle by the sea"


def test_a_changed_prompt_file_is_another_request(look: Look, studio: Studio, clock: Clock) -> None:
    """While it changes it asks for nothing; then for what it says now."""
    file = studio.inbox / "castle.txt"
    file.write_text("a castle")
    _settled(look, clock, {"inbox/castle.txt"})
    before = look.snapshot().prompt_files[0].requests[0].digest
    file.write_text("a lighthouse")
    look.refresh({"inbox/castle.txt"})
    assert not look.snapshot().prompt_files
    _settled(look, clock, set())
    assert look.snapshot().prompt_files[0].requests[0].digest != before


def test_a_file_that_is_gone_asks_for_nothing(look: Look, studio: Studio, clock: Clock) -> None:
    """Taken away, a prompt file stops, and so does a seed."""
    (studio.inbox / "castle.txt").write_text("a castle")
    _picture(studio.seeds / "mine.png")
    _settled(look, clock)
    assert look.snapshot().prompt_files
    assert look.snapshot().seeds
    (studio.inbox / "castle.txt").unlink()
    shutil.rmtree(studio.seeds)
    look.refresh({"inbox/castle.txt", "seeds"})
    assert not look.snapshot().prompt_files
    assert not look.snapshot().seeds


def test_a_file_that_goes_before_it_settles(look: Look, studio: Studio, clock: Clock) -> None:
    """It is forgotten, even if nobody gave notice that it went."""
    (studio.inbox / "castle.txt").write_text("a castle")
    look.refresh({"inbox/castle.txt"})
    (studio.inbox / "castle.txt").unlink()
    clock.now += 2
    look.refresh(set())
    assert look.due_in_s() is None
    assert not look.snapshot().prompt_files


def test_a_seed_that_goes_while_it_is_read(look: Look, studio: Studio, clock: Clock) -> None:
    """Nothing is said against a picture that is no longer there."""
    _picture(studio.seeds / "mine.png")
    look.refresh({"seeds/mine.png"})
    (studio.seeds / "mine.png").unlink()
    look._identify_seed("seeds/mine.png", 0)
    assert not look.snapshot().useless_seeds


def test_an_empty_file_waits(look: Look, studio: Studio, clock: Clock) -> None:
    """Some program will fill it; it is no mistake, and nothing waits for it."""
    (studio.inbox / "castle.txt").touch()
    _settled(look, clock)
    assert not look.snapshot().broken
    assert look.due_in_s() is None


def test_stars_from_the_setting_on_pick(look: Look, studio: Studio, clock: Clock) -> None:
    """Enough stars pick a draft, at any depth; too few, none and a rejection do not."""
    studio.settings.write_text("settle_seconds = 2\nstars_from = 3\n")
    for stars in (-1, 0, 2, 3, 5):
        _picture(studio.drafts / "below" / f"{stars}.png", stars=stars)
    _settled(look, clock)
    assert sorted(look.snapshot().starred) == ["drafts/below/3.png", "drafts/below/5.png"]


def test_a_star_taken_back_in_time_picks_nothing(look: Look, studio: Studio, clock: Clock) -> None:
    """Un-starring a draft before its turn takes the pick back."""
    _picture(studio.drafts / "a.png", stars=4)
    _settled(look, clock)
    assert look.snapshot().starred
    _picture(studio.drafts / "a.png", stars=0)
    _settled(look, clock, {"drafts/a.png"})
    assert not look.snapshot().starred


def test_a_star_set_while_nobody_looked_is_found(studio: Studio, clock: Clock) -> None:
    """Stars set while the daemon was not running count, once the file has settled."""
    studio.settings.write_text("settle_seconds = 2\n")
    _picture(studio.drafts / "a.png", stars=4)
    _picture(studio.drafts / "b.png")
    look = Look(studio, clock)
    look.refresh()
    while look.due_in_s() == 0.0:
        look.refresh(set())
    assert not look.snapshot().starred, "a program may be writing it just now"
    _settled(look, clock, set())
    assert look.snapshot().starred == ["drafts/a.png"]


def test_conflict_copies_trigger_nothing(look: Look, studio: Studio, clock: Clock) -> None:
    """What sync clients make when two machines change one file is reported, not used."""
    (studio.inbox / "a.sync-conflict-20261101-101010-ABCDEFG.txt").write_text("a castle")
    _picture(studio.seeds / "a (anna's conflicted copy 2026-11-01).png")
    _picture(studio.drafts / "b.sync-conflict-20261101-101010-ABCDEFG.png", stars=5)
    _settled(look, clock)
    snapshot = look.snapshot()
    assert not (snapshot.prompt_files or snapshot.seeds or snapshot.starred or snapshot.broken)
    assert len(snapshot.waiting) == 3


def test_a_vanished_studio_is_not_an_empty_one(look: Look, studio: Studio) -> None:
    """Without its marker nothing in a studio counts as deleted."""
    studio.root.rename(studio.root.with_name("elsewhere"))
    with pytest.raises(StudioMissingError):
        look.refresh()
    assert not studio.root.exists()


def test_settings_follow_their_file(look: Look, studio: Studio, clock: Clock) -> None:
    """New settings and word lists hold at once; spoilt ones leave the old in force."""
    (studio.inbox / "castle.txt").write_text("a castle, __light__")
    _settled(look, clock)
    assert "light" in look.snapshot().broken[0].says
    (studio.wildcards / "light.txt").write_text("noon\n")
    _settled(look, clock)
    assert look.snapshot().prompt_files
    studio.settings.write_text("stars_from = 77\n")
    _settled(look, clock)
    assert look.owner.settings.stars_from == 1
    studio.settings.write_text("stars_from = 4\n")
    _settled(look, clock)
    assert look.owner.settings.stars_from == 4


def test_a_word_list_may_arrive_with_its_prompt(look: Look, studio: Studio, clock: Clock) -> None:
    """A prompt file is not judged while the list that it needs is still being copied."""
    (studio.inbox / "castle.txt").write_text("a castle, __light__")
    look.refresh({"inbox/castle.txt"})
    clock.now += 1
    (studio.wildcards / "light.txt").write_text("noon\n")
    look.refresh({"wildcards/light.txt"})
    clock.now += 1
    look.refresh(set())
    assert not look.snapshot().broken
    clock.now += 1
    look.refresh(set())
    assert look.snapshot().prompt_files


def test_wrong_settings_forbid_to_begin(studio: Studio) -> None:
    """A studio is not worked on with settings that its owner did not mean."""
    studio.settings.write_text("stars_from = 77\n")
    with pytest.raises(MistakesError, match="stars_from"):
        Look(studio)


def test_slices_see_what_a_whole_look_sees(studio: Studio, clock: Clock) -> None:
    """A look in slices finds new, changed and vanished files among very many."""
    for number in range(300):
        _picture(studio.drafts / f"{number}.png")
    look = Look(studio, clock, settle_s=0.0)
    look.refresh()
    (studio.drafts / "7.png").unlink()
    _picture(studio.drafts / "8.png", stars=5)
    os.rename(studio.drafts / "9.png", studio.drafts / "ninth.png")  # noqa: PTH104
    clock.step = 0.001  # every reading of the clock takes a millisecond
    slices = 1
    while not look.look_on():
        slices += 1
    look.refresh(set())
    assert slices > 3
    assert look.snapshot().unseen_drafts == 299
    assert look.snapshot().starred == ["drafts/8.png"]


def test_a_picture_of_the_last_generation(look: Look, studio: Studio, clock: Clock) -> None:
    """What could not be read again is not begun; its owner is told before any work is done."""
    image = Image.new("RGB", (32, 32))
    recipe = Recipe(
        prompt="a castle",
        seed=1,
        width=32,
        height=32,
        multiple=8,
        model="postcard",
        scheduler="Euler",
        steps=2,
        guidance_scale=1.0,
    )
    for generation in range(1, MAX_DEPTH + 1):
        if generation > 1:
            recipe = msgspec.structs.replace(recipe, source=recipe, strength=0.5)
        record = Record(stage="draft", pixels=pixels.pixel_hash(image))
        data = publishable(image, recipe, record, "")
        (studio.seeds / f"{generation}.png").write_bytes(data)
    _settled(look, clock)
    assert len(look.snapshot().seeds) == MAX_DEPTH - 1
    (last,) = look.snapshot().useless_seeds
    assert last.path == f"seeds/{MAX_DEPTH}.png"
    assert "refined 7 times already" in last.says
