"""What the folders say: looks with a clock that the test moves."""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import shutil
import tracemalloc
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

import hotfolder
from hotfolder.errors import MistakesError, StudioMissingError, refusal
from hotfolder.history import Finished
from hotfolder.images import pixels, png
from hotfolder.images.picture import embed
from hotfolder.recipes.recipe import MAX_DEPTH, Recipe
from hotfolder.recipes.record import Record
from hotfolder.studio import entries
from hotfolder.studio.identity import Identity, identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan import config_files, portraits
from hotfolder.studio.scan.apart import Apart
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.scan.survey import Survey
from hotfolder.studio.store.ledger import Ledger
from tests import samples
from tests.forkserver import until
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
def scanner(studio: Studio, clock: Clock) -> Scanner:
    """A look that has seen the empty studio."""
    studio.settings.write_text("settle_seconds = 2\nphotos.prompt = 'a picture'\n")
    new = Scanner(studio, clock)
    _settled(new, clock)
    return new


def _settled(scanner: Scanner, clock: Clock, hints: set[str] | None = None) -> None:
    """Look, let the settling time pass, look again."""
    scanner.refresh(hints)
    clock.now += 2
    scanner.refresh(set())


def _picture(path: Path, colour: int = 7, stars: int | None = None) -> bytes:
    data = pixels.encode_png(Image.new("RGB", (40, 30), (colour, 0, 0)), {})
    data = data if stars is None else png.with_xmp(data, STAR.format(stars))
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return data


def starred(scanner: Scanner) -> list[str]:
    return [draft.path for draft in scanner.snapshot().starred]


def test_a_prompt_file_counts_once_it_has_settled(
    scanner: Scanner, studio: Studio, clock: Clock
) -> None:
    """A file that still changes asks for nothing, however often it is closed."""
    file = studio.inbox / "castle.txt"
    for text in ("a cas", "a castle", "a castle by the sea"):
        file.write_text(text)
        scanner.refresh({"inbox/castle.txt"})
        clock.now += 1.9
        scanner.refresh(set())
        assert not scanner.snapshot().prompt_files
    clock.now += 2
    assert scanner.refresh(set())
    (found,) = scanner.snapshot().prompt_files
    assert found.requests[0].prompt.text == "a castle by the sea"


def test_a_changed_prompt_file_is_another_request(
    scanner: Scanner, studio: Studio, clock: Clock
) -> None:
    """While it changes it asks for nothing; then for what it says now."""
    file = studio.inbox / "castle.txt"
    file.write_text("a castle")
    _settled(scanner, clock, {"inbox/castle.txt"})
    before = scanner.snapshot().prompt_files[0].requests[0].digest
    file.write_text("a lighthouse")
    scanner.refresh({"inbox/castle.txt"})
    assert not scanner.snapshot().prompt_files
    _settled(scanner, clock, set())
    assert scanner.snapshot().prompt_files[0].requests[0].digest != before


def test_a_file_that_is_gone_asks_for_nothing(
    scanner: Scanner, studio: Studio, clock: Clock
) -> None:
    """Taken away, a prompt file stops, and so does a seed."""
    (studio.inbox / "castle.txt").write_text("a castle")
    _picture(studio.seeds / "mine.png")
    _settled(scanner, clock)
    assert scanner.snapshot().prompt_files
    assert scanner.snapshot().seeds
    (studio.inbox / "castle.txt").unlink()
    shutil.rmtree(studio.seeds)
    scanner.refresh({"inbox/castle.txt", "seeds"})
    assert not scanner.snapshot().prompt_files
    assert not scanner.snapshot().seeds


def test_a_file_that_goes_before_it_settles(scanner: Scanner, studio: Studio, clock: Clock) -> None:
    """It is forgotten, even if nobody gave notice that it went."""
    (studio.inbox / "castle.txt").write_text("a castle")
    scanner.refresh({"inbox/castle.txt"})
    (studio.inbox / "castle.txt").unlink()
    clock.now += 2
    scanner.refresh(set())
    assert scanner.due_in_s() is None
    assert not scanner.snapshot().prompt_files


def test_a_seed_that_goes_while_it_is_read(scanner: Scanner, studio: Studio, clock: Clock) -> None:
    """Nothing is said against a picture that is no longer there."""
    _picture(studio.seeds / "mine.png")
    scanner.refresh({"seeds/mine.png"})
    clock.now += 2
    (studio.seeds / "mine.png").unlink()
    scanner._settling.forget("seeds/mine.png")
    scanner._intake._take_in("seeds/mine.png")
    snapshot = scanner.snapshot()
    assert not (snapshot.seeds or snapshot.useless_seeds or snapshot.waiting)


def test_an_empty_file_waits(scanner: Scanner, studio: Studio, clock: Clock) -> None:
    """Some program will fill it; it is no mistake, and nothing waits for it."""
    (studio.inbox / "castle.txt").touch()
    _settled(scanner, clock)
    assert not scanner.snapshot().broken
    assert scanner.due_in_s() is None


def test_stars_from_the_setting_on_pick(scanner: Scanner, studio: Studio, clock: Clock) -> None:
    """Enough stars pick a draft, at any depth; too few, none and a rejection do not."""
    studio.settings.write_text(
        "settle_seconds = 2\nphotos.prompt = 'a picture'\n[stars]\nfrom = 3\n"
    )
    for stars in (-1, 0, 2, 3, 5):
        _picture(studio.drafts / "below" / f"{stars}.png", stars=stars)
    _settled(scanner, clock)
    assert starred(scanner) == ["drafts/below/3.png", "drafts/below/5.png"]


def test_a_star_taken_back_in_time_picks_nothing(
    scanner: Scanner, studio: Studio, clock: Clock
) -> None:
    """Un-starring a draft before its turn takes the pick back."""
    _picture(studio.drafts / "a.png", stars=4)
    _settled(scanner, clock)
    assert scanner.snapshot().starred
    _picture(studio.drafts / "a.png", stars=0)
    _settled(scanner, clock, {"drafts/a.png"})
    assert not scanner.snapshot().starred


def test_a_star_set_while_nobody_looked_is_found(studio: Studio, clock: Clock) -> None:
    """Stars set while the daemon was not running count, once the file has settled."""
    studio.settings.write_text("settle_seconds = 2\nphotos.prompt = 'a picture'\n")
    _picture(studio.drafts / "a.png", stars=4)
    _picture(studio.drafts / "b.png")
    scanner = Scanner(studio, clock)
    scanner.refresh()
    while scanner.due_in_s() == 0.0:
        scanner.refresh(set())
    assert not scanner.snapshot().starred, "a program may be writing it just now"
    _settled(scanner, clock, set())
    assert starred(scanner) == ["drafts/a.png"]


def test_conflict_copies_trigger_nothing(scanner: Scanner, studio: Studio, clock: Clock) -> None:
    """What sync clients make when two machines change one file is reported, not used."""
    (studio.inbox / "a.sync-conflict-20261101-101010-ABCDEFG.txt").write_text("a castle")
    _picture(studio.seeds / "a (anna's conflicted copy 2026-11-01).png")
    _picture(studio.drafts / "b.sync-conflict-20261101-101010-ABCDEFG.png", stars=5)
    _settled(scanner, clock)
    snapshot = scanner.snapshot()
    assert not (snapshot.prompt_files or snapshot.seeds or snapshot.starred or snapshot.broken)
    assert len(snapshot.waiting) == 3


def test_a_vanished_studio_is_not_an_empty_one(scanner: Scanner, studio: Studio) -> None:
    """Without its marker nothing in a studio counts as deleted."""
    studio.root.rename(studio.root.with_name("elsewhere"))
    with pytest.raises(StudioMissingError):
        scanner.refresh()
    assert not studio.root.exists()


def test_settings_follow_their_file(scanner: Scanner, studio: Studio, clock: Clock) -> None:
    """New settings and word lists hold at once; spoilt ones leave the old in force."""
    (studio.inbox / "castle.txt").write_text("a castle, __light__")
    _settled(scanner, clock)
    assert "light" in scanner.snapshot().broken[0].says
    (studio.wildcards / "light.txt").write_text("noon\n")
    _settled(scanner, clock)
    assert scanner.snapshot().prompt_files
    studio.settings.write_text("[stars]\nfrom = 77\n")
    _settled(scanner, clock)
    assert scanner.config.settings.stars.least == 1
    studio.settings.write_text("[stars]\nfrom = 4\n")
    _settled(scanner, clock)
    assert scanner.config.settings.stars.least == 4


def test_a_word_list_may_arrive_with_its_prompt(
    scanner: Scanner, studio: Studio, clock: Clock
) -> None:
    """A prompt file is not judged while the list that it needs is still being copied."""
    (studio.inbox / "castle.txt").write_text("a castle, __light__")
    scanner.refresh({"inbox/castle.txt"})
    clock.now += 1
    (studio.wildcards / "light.txt").write_text("noon\n")
    scanner.refresh({"wildcards/light.txt"})
    clock.now += 1
    scanner.refresh(set())
    assert not scanner.snapshot().broken
    clock.now += 1
    scanner.refresh(set())
    assert scanner.snapshot().prompt_files


def test_a_word_list_that_never_comes(scanner: Scanner, studio: Studio, clock: Clock) -> None:
    """An empty one, or one that somebody goes on writing, hides no mistake for ever."""
    (studio.wildcards / "light.txt").touch()
    (studio.inbox / "castle.toml").write_text('promt = "a castle"')
    _settled(scanner, clock)
    assert not scanner.snapshot().broken
    assert scanner.due_in_s() is not None
    clock.now += 60
    scanner.refresh(set())
    assert [file.path for file in scanner.snapshot().broken] == ["inbox/castle.toml"]
    assert [file.path for file in Survey(studio).look().broken] == ["inbox/castle.toml"]


def test_wrong_settings_forbid_to_begin(studio: Studio) -> None:
    """A studio is not worked on with settings that its owner did not mean."""
    studio.settings.write_text("[stars]\nfrom = 77\n")
    with pytest.raises(MistakesError, match=r"stars\.from"):
        Scanner(studio)


def test_a_studio_that_vanishes_after_a_look(scanner: Scanner, studio: Studio) -> None:
    """What was seen can still be told; only the next look says that nothing is there."""
    scanner.refresh()
    studio.root.rename(studio.root.with_name("away"))
    assert not scanner.snapshot().disk_is_low
    with pytest.raises(StudioMissingError):
        scanner.refresh()


def test_a_studio_that_vanishes_while_files_are_read(
    scanner: Scanner, studio: Studio, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is back as it was: what could not be read then is read at the next look everywhere."""
    (studio.inbox / "castle.txt").write_text("a castle")
    _picture(studio.seeds / "seed.png")
    _picture(studio.drafts / "star.png", stars=5)
    scanner.refresh()
    clock.now += 2
    read_some, away = scanner._intake.read_some, studio.root.with_name("away")

    def vanish() -> bool:
        studio.root.rename(away)
        try:
            return read_some()
        finally:
            away.rename(studio.root)

    monkeypatch.setattr(scanner._intake, "read_some", vanish)
    scanner.refresh(set())
    monkeypatch.undo()
    while not scanner.look_on():
        pass
    scanner.refresh(set())
    snapshot = scanner.snapshot()
    assert [file.path for file in snapshot.prompt_files] == ["inbox/castle.txt"]
    assert [seed.path for seed in snapshot.seeds] == ["seeds/seed.png"]
    assert [draft.path for draft in snapshot.starred] == ["drafts/star.png"]


def test_it_rests_after_a_death_over_the_settings(studio: Studio) -> None:
    """They are read elsewhere then, and once; nothing else looks into them, and it rests."""
    with Apart(studio.root).here("hotfolder.toml"):
        pass
    scanner = Scanner(studio)
    scanner.refresh()
    asked = set[str]()

    def is_at_rest() -> bool:
        scanner.refresh(set())
        asked.update(name for _, name in scanner._apart._wishes)
        return not scanner.busy

    until(is_at_rest, 20)
    assert asked == {"read_config"}
    scanner.close()


def at_rest(scanner: Scanner) -> list[str]:
    """What was asked for elsewhere until it rests, in order."""
    asked: list[Any] = []

    def is_at_rest() -> bool:
        scanner.refresh(set())
        asked.extend(wish for wish in scanner._apart._wishes.values() if wish not in asked)
        return not scanner.busy

    until(is_at_rest, 20)
    return [wish.call[0].__name__ for wish in asked]


@pytest.mark.slow
@pytest.mark.parametrize("is_sound", [True, False])
def test_it_rests_after_a_death_over_a_picture(studio: Studio, is_sound: bool) -> None:
    """Its marks, what it is and what is marked in it: each is looked for elsewhere, and once."""
    _picture(studio.seeds / "a.png")
    if not is_sound:
        (studio.seeds / "a.png").write_bytes(b"no picture")
    mask = Image.new("RGB", (40, 30))
    mask.paste((255, 255, 255), (5, 5, 30, 20))
    mask.save(studio.seeds / "a.mask.png")
    with Apart(studio.root).here("seeds/a.png"):
        pass
    scanner = Scanner(studio)
    scanner.refresh()
    asked = at_rest(scanner)
    assert sorted(asked) == (["marks", "portray", "read"] if is_sound else ["marks", "portray"])
    assert len(scanner.snapshot().seeds) == is_sound
    assert len(scanner.snapshot().useless_seeds) != is_sound
    scanner.close()


def test_settings_that_a_vanishing_studio_kept_from_being_read(
    scanner: Scanner, studio: Studio, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are read when it is back, although no file has changed since."""
    studio.settings.write_text("settle_seconds = 2\n[stars]\nfrom = 4\n")
    with monkeypatch.context() as patch:
        patch.setattr(config_files, "_QUICK_BYTES", 0)
        patch.setattr(config_files, "read_config", vanished)
        _settled(scanner, clock)
        with pytest.raises(StudioMissingError):
            until(lambda: scanner.refresh(set()) and False, 20)
    scanner.refresh()
    assert scanner.config.settings.stars.least == 4
    scanner.close()


def vanished(studio: Studio) -> None:
    """A studio that has gone."""
    raise StudioMissingError("it is not there")


def test_a_folder_says_more_while_a_file_in_it_is_read(
    scanner: Scanner, studio: Studio, clock: Clock
) -> None:
    """What was read without that is read once more."""
    folder = studio.inbox / "castles"
    folder.mkdir()
    (folder / "a.txt").write_text(f"a castle{' by the sea' * 1000}")
    _settled(scanner, clock)
    (folder / "folder.toml").write_text("count = 7\n")
    _settled(scanner, clock)
    at_rest(scanner)
    (file,) = scanner.snapshot().prompt_files
    assert [request.count for request in file.requests] == [7]
    scanner.close()


def test_a_picture_that_cannot_be_read_for_a_moment_keeps_its_star(
    scanner: Scanner, studio: Studio, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has taken it back, and it is no new one when it is seen again."""
    for room in (studio.drafts, studio.seeds):
        _picture(room / "a.png", stars=5)
    _settled(scanner, clock)
    with monkeypatch.context() as patch:
        patch.setattr(portraits, "read_file", _held)
        for room in (studio.drafts, studio.seeds):
            (room / "a.png").touch()
        _settled(scanner, clock)
        assert scanner.unreadable == {"drafts/a.png", "seeds/a.png"}
        assert not scanner.snapshot().unstarred
    scanner.refresh()
    while not scanner.look_on():
        pass
    scanner.refresh(set())
    (draft,) = scanner.snapshot().starred
    assert not draft.changed and not scanner.unreadable


def _held(*_: object, **__: object) -> bytes:
    raise PermissionError(errno.EACCES, "another program holds it")


def test_a_picture_without_an_end_that_cannot_be_read_then(
    scanner: Scanner, studio: Studio, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried at the next look everywhere, and nothing is due before."""
    whole = _picture(studio.seeds / "a.png")
    (studio.seeds / "a.png").write_bytes(whole[:-20])
    _settled(scanner, clock)
    assert "still being copied" in scanner.snapshot().waiting["seeds/a.png"]
    clock.now += 100
    with monkeypatch.context() as patch:
        patch.setattr(portraits, "read_file", _held)
        scanner.refresh(set())
        assert not scanner.busy
    while not scanner.look_on():
        pass
    scanner.refresh(set())
    assert [file.path for file in scanner.snapshot().useless_seeds] == ["seeds/a.png"]


def test_other_limits_let_a_picture_in(scanner: Scanner, studio: Studio, clock: Clock) -> None:
    """Its owner does what the note says, and it is refined."""
    settings = studio.settings.read_text()
    studio.settings.write_text(f"{settings}[limits]\npicture_megapixels = 0.001\n")
    _settled(scanner, clock)
    _picture(studio.seeds / "a.png")
    _settled(scanner, clock)
    (useless,) = scanner.snapshot().useless_seeds
    assert "picture_megapixels" in useless.says
    studio.settings.write_text(settings)
    _settled(scanner, clock)
    assert [seed.path for seed in scanner.snapshot().seeds] == ["seeds/a.png"]
    assert not scanner.snapshot().useless_seeds


def test_what_was_said_of_a_file_ends_with_its_reason(
    scanner: Scanner, studio: Studio, clock: Clock
) -> None:
    """A text was alone before its picture came, a copy is none when its original is gone."""
    (studio.seeds / "a.txt").write_text("a castle")
    _picture(studio.seeds / "b.png")
    _settled(scanner, clock)
    _picture(studio.seeds / f"b-{platform.node()}.png")
    _settled(scanner, clock)
    assert len(scanner.snapshot().waiting) == 2
    _picture(studio.seeds / "a.png")
    (studio.seeds / "b.png").unlink()
    _settled(scanner, clock)
    while not scanner.look_on():
        pass
    scanner.refresh(set())
    assert not scanner.snapshot().waiting
    assert len(scanner.snapshot().seeds) == 2


def test_slices_see_what_a_whole_look_sees(studio: Studio, clock: Clock) -> None:
    """A look in slices finds new, changed and vanished files among very many."""
    for number in range(300):
        _picture(studio.drafts / f"{number}.png")
    scanner = Scanner(studio, clock, waits=False)
    scanner.refresh()
    (studio.drafts / "7.png").unlink()
    _picture(studio.drafts / "8.png", stars=5)
    os.rename(studio.drafts / "9.png", studio.drafts / "ninth.png")  # noqa: PTH104
    clock.step = 0.001  # every reading of the clock takes a millisecond
    slices = 1
    while not scanner.look_on():
        slices += 1
    scanner.refresh(set())
    assert slices > 3
    assert scanner.snapshot().unseen_drafts == 299
    assert starred(scanner) == ["drafts/8.png"]


def test_a_picture_of_the_last_generation(scanner: Scanner, studio: Studio, clock: Clock) -> None:
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
        data = embed(pixels.encode(image), recipe, record)
        (studio.seeds / f"{generation}.png").write_bytes(data)
    _settled(scanner, clock)
    assert len(scanner.snapshot().seeds) == MAX_DEPTH - 1
    (last,) = scanner.snapshot().useless_seeds
    assert last.path == f"seeds/{MAX_DEPTH}.png"
    assert "already been refined too often" in last.says


@pytest.mark.parametrize("room", ["seeds", "inbox"])
@pytest.mark.parametrize("suffix", [".png", ".jpeg", ".webp"])
def test_a_copy_that_pauses(
    scanner: Scanner, studio: Studio, clock: Clock, room: str, suffix: str
) -> None:
    """A picture without its end waits, for much longer than it takes to settle."""
    whole = samples.drawn(suffix[1:])
    path, file = f"{room}/mine{suffix}", studio.root / room / f"mine{suffix}"
    (studio.root / room / "mine.txt").write_text("a castle")
    for size in (40, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:size])
        _settled(scanner, clock)
        clock.now += 50
        scanner.refresh(set())
        snapshot = scanner.snapshot()
        assert not (snapshot.seeds or snapshot.broken or snapshot.useless_seeds)
        assert "still being copied" in snapshot.waiting[path]
        assert scanner.due_in_s() == 10
    file.write_bytes(whole)
    _settled(scanner, clock)
    snapshot = scanner.snapshot()
    assert [file.path for file in (*snapshot.seeds, *snapshot.prompt_files)] == [path]
    assert not snapshot.waiting


@pytest.mark.parametrize("room", ["seeds", "inbox"])
def test_a_picture_that_was_cut_off(
    scanner: Scanner, studio: Studio, clock: Clock, room: str
) -> None:
    """When its end does not come its owner is told, once."""
    (studio.root / room / "mine.png").write_bytes(_picture(studio.root / "whole.png")[:-9])
    _settled(scanner, clock)
    clock.now += 60
    scanner.refresh(set())
    snapshot = scanner.snapshot()
    (params,) = (*snapshot.broken, *snapshot.useless_seeds)
    assert params.path == f"{room}/mine.png"
    assert scanner.due_in_s() is None


@pytest.mark.posix("sparse files are told otherwise there")
def test_what_a_sync_program_holds_back(scanner: Scanner, studio: Studio, clock: Clock) -> None:
    """Files that are only names are fetched before they are read, drafts not at all at first."""
    for path in (studio.inbox / "a.txt", studio.seeds / "b.png"):
        with path.open("wb") as stream:
            stream.truncate(1000)
    scanner.refresh()
    clock.now += 2
    scanner.refresh(set())
    assert set(scanner.snapshot().waiting) == {"inbox/a.txt", "seeds/b.png"}
    assert scanner.due_in_s() is not None
    assert not scanner.snapshot().broken

    def params() -> bool:
        scanner.refresh(set())
        return [file.path for file in scanner.snapshot().broken] == ["inbox/a.txt"]

    until(params, 10)  # it is here now, and holds nothing but zeros
    (studio.inbox / "a.txt").write_text("a castle")
    _settled(scanner, clock)
    assert scanner.snapshot().prompt_files


def test_copies_by_onedrive(scanner: Scanner, studio: Studio, clock: Clock) -> None:
    """A copy with the name of a known machine is one while the file is there, or done with."""
    Ledger(studio, "LAPTOP-0a1b2c3d").append(Finished("x", {}))
    while not scanner.look_on():
        pass
    (studio.inbox / "castle.txt").write_text("a castle")
    (studio.inbox / "tower-LAPTOP.txt").write_text("a tower")
    (studio.inbox / "castle-LAPTOP.txt").write_text("a castle by the sea")
    (studio.done / "mill.txt").write_text("a mill")
    (studio.inbox / "mill-LAPTOP.txt").write_text("a mill by the sea")
    _settled(scanner, clock)
    snapshot = scanner.snapshot()
    found = [file.path for file in snapshot.prompt_files]
    assert found == ["inbox/castle.txt", "inbox/tower-LAPTOP.txt"]
    assert set(snapshot.waiting) == {"inbox/castle-LAPTOP.txt", "inbox/mill-LAPTOP.txt"}


def test_files_that_cannot_be_read_for_a_while(
    scanner: Scanner, studio: Studio, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fails spoils nothing: what it keeps back waits, and is read later."""

    def fail(*arguments: object, **options: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    (studio.inbox / "a.txt").write_text("a castle")
    _picture(studio.inbox / "b.png")
    (studio.inbox / "b.txt").write_text("a tower")
    _picture(studio.seeds / "c.png")
    with monkeypatch.context() as patch:
        patch.setattr(entries, "open_", fail)
        _settled(scanner, clock)
        snapshot = scanner.snapshot()
        assert not (snapshot.broken or snapshot.useless_seeds or snapshot.seeds)
        assert set(snapshot.waiting) == {"inbox/a.txt", "inbox/b.png", "seeds/c.png"}
        assert all("error" in says for says in snapshot.waiting.values())
    while not scanner.look_on():
        pass
    scanner.refresh(set())
    snapshot = scanner.snapshot()
    assert (len(snapshot.prompt_files), len(snapshot.seeds)) == (2, 1)
    assert not snapshot.waiting


def test_belongings_that_cannot_be_read_for_a_while(
    scanner: Scanner, studio: Studio, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings stay as they were, which is said, and the new ones are read later."""

    real = entries.open_

    def fail(path: str | Path, *arguments: Any, **options: Any) -> int:
        if str(path).endswith((".toml", ".txt")):
            raise OSError(errno.EIO, "Input/output error")
        return real(path, *arguments, **options)

    studio.settings.write_text(
        "settle_seconds = 2\nphotos.prompt = 'a picture'\n[stars]\nfrom = 4\n"
    )
    (studio.wildcards / "light.txt").write_text("noon\n")
    with monkeypatch.context() as patch:
        patch.setattr(entries, "open_", fail)
        _settled(scanner, clock)
        assert scanner.config.settings.stars.least == 1
        assert "stay as they were" in scanner.snapshot().waiting["hotfolder.toml"]
    while not scanner.look_on():
        pass
    assert scanner.config.settings.stars.least == 4
    assert scanner.config.words == {"light": ["noon"]}
    assert not scanner.snapshot().waiting


def test_settings_that_are_gone_for_a_moment(
    scanner: Scanner, studio: Studio, clock: Clock
) -> None:
    """While a program saves them the old ones hold, and no profile is said to be missing."""
    (studio.profiles / "mine.toml").write_text('extends = "postcard"\n')
    (studio.inbox / "a.toml").write_text('prompt = "a castle"\nprofile = "mine"\n')
    studio.settings.write_text(
        "settle_seconds = 2\nphotos.prompt = 'a picture'\n[stars]\nfrom = 4\n"
    )
    _settled(scanner, clock)
    for file in (studio.profiles / "mine.toml", studio.settings):
        file.rename(file.with_name(f"{file.name}~"))
        scanner.refresh({file.relative_to(studio.root).as_posix()})
        clock.now += 1
        scanner.refresh(set())
        assert scanner.config.settings.stars.least == 4
        assert scanner.snapshot().prompt_files
        file.with_name(f"{file.name}~").rename(file)
        _settled(scanner, clock)
    studio.settings.unlink()
    (studio.profiles / "mine.toml").unlink()
    _settled(scanner, clock)
    assert scanner.config.settings.stars.least == 1
    assert "mine" in scanner.snapshot().broken[0].says


def test_word_lists_and_profiles_are_real_files(studio: Studio, tmp_path: Path) -> None:
    """A link in a shared folder brings nothing from outside of it, and a pipe blocks nothing."""
    secret = tmp_path / "secret.txt"
    secret.write_text("password\n")
    (studio.wildcards / "a.txt").symlink_to(secret)
    os.mkfifo(studio.wildcards / "b.txt")
    os.mkfifo(studio.profiles / "c.toml")
    config = Scanner(studio).config
    assert not any(config.words.values())
    assert sorted(wrong.where.partition(",")[0] for wrong in config.mistakes)[-2:] == [
        "wildcards/a.txt",
        "wildcards/b.txt",
    ]


@pytest.mark.parametrize("code", [errno.ENOTCONN, errno.ESTALE, errno.EACCES, errno.EIO])
def test_a_dead_mount_is_a_missing_studio(
    scanner: Scanner, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """Whatever a lost share answers, nothing counts as deleted."""

    def fail(*arguments: object, **options: object) -> object:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "stat", fail)
    monkeypatch.setattr(shutil, "disk_usage", fail)
    with pytest.raises(StudioMissingError, match=refusal(OSError(code, ""))):
        scanner.refresh()
    assert not scanner.snapshot().disk_is_low


def test_seeds_are_decoded_once(
    studio: Studio, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new program does not read pictures that have not changed since the last one looked."""
    studio.settings.write_text("settle_seconds = 2\nphotos.prompt = 'a picture'\n")
    for number in range(5):
        _picture(studio.seeds / f"{number}.png", number)
    _settled(Scanner(studio, clock), clock)
    first = Scanner(studio, clock)
    _settled(first, clock)
    known = sorted(first.snapshot().seeds, key=lambda seed: seed.path)
    assert len(known) == 5
    _picture(studio.seeds / "2.png", 77)
    read: list[str] = []

    def counted(data: bytes, *more: Any) -> Identity:
        read.append(hashlib.sha256(data).hexdigest())
        return identify(data, *more)

    monkeypatch.setattr(portraits, "identify", counted)
    again = Scanner(studio, clock)
    _settled(again, clock)
    found = sorted(again.snapshot().seeds, key=lambda seed: seed.path)
    assert read == [hashlib.sha256((studio.seeds / "2.png").read_bytes()).hexdigest()]
    assert [a == b for a, b in zip(found, known, strict=True)] == [True, True, False, True, True]


def test_very_many_seeds_hold_up_nobody(scanner: Scanner, studio: Studio, clock: Clock) -> None:
    """They are read in slices; until all are known no draft may begin."""
    for number in range(60):
        _picture(studio.seeds / f"{number}.png", number)
    scanner.refresh()
    clock.now += 2
    clock.step = 0.001
    scanner.refresh(set())
    assert 0 < len(scanner.snapshot().seeds) < 60
    assert not scanner.knows_all_wishes
    while scanner.due_in_s() == 0.0:
        scanner.refresh(set())
    assert scanner.knows_all_wishes
    assert len(scanner.snapshot().seeds) == 60


def test_a_file_that_another_machine_has_finished(
    scanner: Scanner, studio: Studio, clock: Clock
) -> None:
    """Until its move arrives it asks for nothing; dropped again it is another request."""
    for name in ("a.txt", "b.txt"):
        (studio.inbox / name).write_text(f"a castle {name}")
    scanner.refresh()
    scanner.finished_elsewhere({"inbox/a.txt", "inbox/gone.txt"})
    clock.now += 2
    scanner.refresh(set())
    scanner.finished_elsewhere({"inbox/b.txt"})
    snapshot = scanner.snapshot()
    assert not snapshot.prompt_files
    assert set(snapshot.waiting) == {"inbox/a.txt", "inbox/b.txt"}
    (studio.inbox / "a.txt").unlink()
    scanner.refresh({"inbox/a.txt"})
    (studio.inbox / "a.txt").write_text("a castle a.txt")
    (studio.inbox / "b.txt").write_text("a castle b.txt")
    _settled(scanner, clock)
    assert len(scanner.snapshot().prompt_files) == 2
    assert not scanner.snapshot().waiting


def test_drafts_are_read_once(
    studio: Studio, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new program reads only drafts that have changed, that had a mark, or have one beside."""
    studio.settings.write_text("settle_seconds = 2\nphotos.prompt = 'a picture'\n")
    for name in "abcde":
        _picture(studio.drafts / f"{name}.png", stars=4 if name == "a" else None)

    def started() -> tuple[Scanner, list[str]]:
        read: list[str] = []

        def counted(path: Path, *more: object, **options: object) -> bytes:
            read.append(path.name)
            return path.read_bytes()

        monkeypatch.setattr(portraits, "read_file", counted)
        new = Scanner(studio, clock)
        new.refresh()
        while new.due_in_s() is not None:
            clock.now += new.due_in_s() or 0.0
            new.refresh(set())
        return new, read

    _, read = started()
    assert {"a.png", "b.png", "c.png", "d.png", "e.png"} <= set(read)
    _picture(studio.drafts / "b.png", stars=5)
    (studio.drafts / "c.png.xmp").write_text(STAR.format(3))
    scanner, read = started()
    assert set(read) >= {"a.png", "b.png", "c.png"}
    assert not {"d.png", "e.png"} & set(read)
    starred = [draft.path for draft in scanner.snapshot().starred]
    assert starred == ["drafts/a.png", "drafts/b.png", "drafts/c.png"]
    os.setxattr(studio.drafts / "d.png", "user.baloo.rating", b"8")
    scanner, _ = started()
    assert "drafts/d.png" in [draft.path for draft in scanner.snapshot().starred]


def test_a_mark_that_cannot_be_read_for_a_while(
    scanner: Scanner, studio: Studio, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fails takes no star away for good, and is not remembered as none."""

    def fail(*arguments: object, **options: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    _picture(studio.drafts / "a.png", stars=4)
    with monkeypatch.context() as patch:
        patch.setattr(entries, "open_", fail)
        _settled(scanner, clock)
        assert not scanner.snapshot().starred
    while not scanner.look_on():
        pass
    scanner.refresh(set())
    assert [draft.path for draft in scanner.snapshot().starred] == ["drafts/a.png"]


def test_a_marker_that_cannot_be_read_for_a_moment(
    scanner: Scanner, studio: Studio, clock: Clock
) -> None:
    """What settled in that moment is taken in when the marker is back."""
    (studio.profiles / "wide.toml").write_text('extends = "postcard"\n')
    (studio.inbox / "castle.txt").write_text("a castle")
    scanner.refresh()
    clock.now += 2
    marker = studio.marker.read_bytes()
    studio.marker.write_text("torn")
    with pytest.raises(StudioMissingError):
        scanner.refresh(set())
    studio.marker.write_bytes(marker)
    _settled(scanner, clock, set())
    assert [file.path for file in scanner.snapshot().prompt_files] == ["inbox/castle.txt"]
    assert "wide" in scanner.config.profiles


def test_many_drafts_at_once(scanner: Scanner, studio: Studio, clock: Clock) -> None:
    """They are read in slices, and a prompt file that came after them does not wait for them."""
    for number in range(60):
        _picture(studio.drafts / f"{number}.png", stars=5)
    (studio.inbox / "castle.txt").write_text("a castle")
    scanner.refresh()
    clock.now += 2
    clock.step = 0.001
    scanner.refresh(set())
    assert len(scanner.snapshot().prompt_files) == 1
    assert 0 < len(starred(scanner)) < 60
    while scanner.due_in_s() == 0.0:
        scanner.refresh(set())
    assert len(starred(scanner)) == 60


def test_nothing_is_kept_of_what_has_gone(scanner: Scanner, studio: Studio, clock: Clock) -> None:
    """Memory follows the files that lie there: few hundred bytes for each, none afterwards."""

    def come_and_go(name: str) -> tuple[int, int]:
        """What is held of 200 drafts, and of none, in bytes."""
        paths = {f"drafts/{name}{number}.png" for number in range(200)}
        for path in paths:
            (studio.root / path).write_bytes(data)
        _settled(scanner, clock, paths)
        held = taken()
        for path in paths:
            (studio.root / path).unlink()
        _settled(scanner, clock, paths)
        assert scanner.snapshot().unseen_drafts == 0
        return held, taken()

    def taken() -> int:
        """What our own code has taken: other tests' threads may still import something."""
        ours = tracemalloc.Filter(True, f"{Path(hotfolder.__file__).parent}/*")
        traces = tracemalloc.take_snapshot().filter_traces([ours]).statistics("filename")
        return sum(trace.size for trace in traces)

    data = _picture(studio.drafts / "first.png")
    (studio.drafts / "first.png").unlink()
    tracemalloc.start()
    try:
        come_and_go("a")
        _, before = come_and_go("b")
        held, after = come_and_go("c")
    finally:
        tracemalloc.stop()
    assert after - before < 200 * 10
    assert held - before < 200 * 400
