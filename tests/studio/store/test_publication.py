"""Hanging pictures, and what a new program makes of what its predecessor left."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from hotfolder.history import Entry, Made, Making
from hotfolder.images.picture import embed
from hotfolder.images.pixels import encode, pixel_hash
from hotfolder.jobs import RenderDraft, RenderFinal
from hotfolder.recipes.encoding import Encoding
from hotfolder.recipes.prompt import Prompt
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record
from hotfolder.recipes.settings import Settings
from hotfolder.studio.create import create
from hotfolder.studio.layout import Studio
from hotfolder.studio.names import TEMPORARY
from hotfolder.studio.store import atomic, local, publication
from hotfolder.studio.store.ledger import Ledger

RECIPE = Recipe(
    prompt="A castle by the sea",
    seed=7,
    width=24,
    height=16,
    multiple=8,
    model="postcard",
    scheduler="Euler",
    steps=20,
    guidance_scale=5.0,
)
IMAGE = Image.linear_gradient("L").resize((24, 16)).convert("RGB")
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
NAME = f"castle-by-the-sea-{RECIPE.id[:8]}.png"


def draft(ordinal: int = 0, **changes: Any) -> RenderDraft:
    recipe = msgspec.structs.replace(RECIPE, seed=7 + ordinal, **changes)
    prompt = Prompt(text=recipe.prompt)
    path, template = "inbox/My Prompts.txt", prompt.text
    return RenderDraft(
        path, prompt, "digest", ordinal, recipe, template, "postcard", False, (), "why"
    )


def final(record: Record | None) -> RenderFinal:
    recipe = msgspec.structs.replace(RECIPE, source=RECIPE, strength=0.5)
    return RenderFinal("seeds/a.png", RECIPE.id, 1, recipe, "postcard", record, "why")


def record(job: RenderDraft | RenderFinal, **more: Any) -> Record:
    return Record(
        stage=job.stage,
        pixels=pixel_hash(IMAGE),
        request=job.request,
        ordinal=job.ordinal,
        **more,
    )


def picture(job: RenderDraft | RenderFinal) -> bytes:
    return embed(encode(IMAGE), job.recipe, record(job))


def hang(studio: Studio, ledger: Ledger, job: RenderDraft | RenderFinal) -> str:
    """The three steps of publishing, as the renders take them."""
    path = publication.path_of(job, Settings(), NOON)
    lying = publication.announce(studio, ledger, job, path)
    try:
        lying = lying or publication.put(studio, job, path, picture(job))
    except OSError:
        publication.withdraw(ledger, job)
        raise
    publication.enter(ledger, job, lying, pixel_hash(IMAGE))
    return lying


def restarted(studio: Studio) -> Ledger:
    """The ledger of a new program that has looked after its predecessor's pictures."""
    ledger = Ledger(studio, "one")
    publication.recover(studio, ledger)
    return ledger


def entries(studio: Studio) -> list[str]:
    return [line for path in studio.ledger.iterdir() for line in path.read_text().splitlines()]


@pytest.fixture
def ledger(studio: Studio) -> Ledger:
    return Ledger(studio, "one")


@pytest.mark.parametrize(
    ("folders", "of_a_draft", "of_a_final", "of_a_foreign_final"),
    [
        ("flat", "drafts", "final", "final"),
        ("prompt", "drafts/my-prompts", "final/castle", "final"),
        ("day", "drafts/2026-05-04", "final/2026-05-04", "final/2026-05-04"),
    ],
)
def test_path_of(folders: Any, of_a_draft: str, of_a_final: str, of_a_foreign_final: str) -> None:
    """Drafts and finals lie flat, by prompt file or by day, under their prompt's first words."""
    settings = Settings(folders=folders)
    assert publication.path_of(draft(), settings, NOON) == f"{of_a_draft}/{NAME}"
    ours = final(Record(stage="draft", pixels="0" * 64, prompt_file="The Castle.txt"))
    name = f"castle-by-the-sea-{ours.recipe.id[:8]}.png"
    assert publication.path_of(ours, settings, NOON) == f"{of_a_final}/{name}"
    jpeg = dataclasses.replace(draft(), encoding=Encoding("jpeg", 92))
    assert publication.path_of(jpeg, settings, NOON) == f"{of_a_draft}/{NAME[:-4]}.jpg"
    assert publication.path_of(final(None), settings, NOON) == f"{of_a_foreign_final}/{name}"


@pytest.mark.skipif(sys.platform == "win32", reason="time zones are not set like that there")
def test_a_time_zone_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day far from anywhere begins when that of Greenwich does."""
    monkeypatch.setenv("TZ", "XYZ99")
    time.tzset()
    try:
        path = publication.path_of(draft(), Settings(folders="day"), NOON)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert path == f"drafts/2026-05-04/{NAME}"


@pytest.mark.parametrize("name", ["Starred.txt", "rejected.toml"])
def test_folders_that_mean_something(name: str) -> None:
    """No prompt file's name makes a folder that would star or reject its drafts."""
    job = dataclasses.replace(draft(), path=f"inbox/{name}")
    folder = f"drafts/{name.partition('.')[0].lower()}-drafts"
    assert publication.path_of(job, Settings(folders="prompt"), NOON) == f"{folder}/{NAME}"


def test_hang(studio: Studio, ledger: Ledger) -> None:
    """A picture appears and is entered with its pixels' hash."""
    assert hang(studio, ledger, draft()) == f"drafts/{NAME}"
    assert (studio.drafts / NAME).read_bytes() == picture(draft())
    assert ledger.history.made("draft", "digest") == {0}
    (entered,) = entries(studio)
    assert pixel_hash(IMAGE) in entered


def test_a_taken_name(studio: Studio, ledger: Ledger) -> None:
    """A picture of that name stays; the ledger knows the name that was given."""
    (studio.drafts / NAME).write_text("theirs")
    path = hang(studio, ledger, draft())
    assert path == f"drafts/{NAME[:-4]}-2.png"
    assert path in entries(studio)[-1]
    assert (studio.drafts / NAME).read_text() == "theirs"


def test_the_same_picture_of_another_machine(studio: Studio, ledger: Ledger) -> None:
    """Two machines on one folder make one picture; an edited copy under its name is it as well."""
    (studio.drafts / NAME).write_text("theirs")
    first = hang(studio, ledger, draft())
    elsewhere = Ledger(studio, "two")
    assert hang(studio, elsewhere, draft()) == first
    assert sorted(path.name for path in studio.drafts.iterdir()) == [f"{NAME[:-4]}-2.png", NAME]
    assert elsewhere.history.made("draft", "digest") == {0}


def test_the_same_picture_was_picked(studio: Studio, ledger: Ledger) -> None:
    """What another machine made was picked before this one publishes it: it is not made twice."""
    hang(studio, ledger, draft())
    (studio.drafts / NAME).rename(studio.seeds / NAME)
    elsewhere = Ledger(studio, "two")
    assert hang(studio, elsewhere, draft()) == f"seeds/{NAME}"
    assert not list(studio.drafts.iterdir())
    assert elsewhere.history.made("draft", "digest") == {0}


@pytest.mark.parametrize(
    "full_at",
    [0, 1, pytest.param(2, marks=pytest.mark.posix("folders are not synced apart there"))],
)
def test_a_full_disk(
    studio: Studio, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, full_at: int
) -> None:
    """Whatever the disk has no more room for, a later try leaves one picture and one entry.

    Even if the picture was renamed in between.
    """
    real, left = os.fsync, [full_at]

    def fsync(descriptor: int) -> None:
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        left[0] -= 1
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="No space left"):
        hang(studio, ledger, draft())
    monkeypatch.undo()
    if full_at == 2:
        (studio.drafts / NAME).rename(studio.drafts / "renamed.png")
    hang(studio, ledger, draft())
    assert [p.name for p in studio.drafts.iterdir()] == ["renamed.png" if full_at == 2 else NAME]
    assert restarted(studio).history.unconfirmed() == ()
    assert restarted(studio).history.made("draft", "digest") == {0}


def test_a_crash_before_the_picture(studio: Studio, ledger: Ledger) -> None:
    """Announced and never published: it is not known as made, and will be made."""
    ledger.append(Making("draft", "digest", 0, draft().recipe.id, f"drafts/{NAME}"))
    (studio.drafts / f"{TEMPORARY}{local.machine()}-0a.tmp").write_bytes(picture(draft())[:100])
    again = restarted(studio).history
    assert not again.made("draft", "digest")
    assert again.unconfirmed() == ()
    assert list(studio.drafts.iterdir()) == []


@pytest.mark.parametrize(
    "place", [f"drafts/{NAME}", "drafts/renamed.png", "seeds/deep/er/mine.png", "final/x.PNG"]
)
def test_a_crash_before_the_entry(studio: Studio, ledger: Ledger, place: str) -> None:
    """Published and not entered: it is found, even renamed or moved, and not made twice."""
    hang(studio, ledger, draft(1))
    ledger.append(Making("draft", "digest", 0, draft().recipe.id, f"drafts/{NAME}"))
    (studio.root / place).parent.mkdir(parents=True, exist_ok=True)
    (studio.root / place).write_bytes(picture(draft()))
    again = restarted(studio).history
    assert again.made("draft", "digest") == {0, 1}
    assert again.unconfirmed() == ()
    assert f'"name":"{place}"' in entries(studio)[-1]


def test_another_picture_under_the_announced_name(studio: Studio, ledger: Ledger) -> None:
    """What a picture is stands inside it: a file of that name alone proves nothing."""
    hang(studio, ledger, draft(1))
    ledger.append(Making("draft", "digest", 0, draft().recipe.id, f"drafts/{NAME}"))
    (studio.drafts / NAME).write_bytes(picture(draft(2)))
    assert restarted(studio).history.made("draft", "digest") == {1}


@pytest.mark.parametrize("name", ["publish", "append"])
@pytest.mark.parametrize("calls", range(3))
def test_neither_twice_nor_never(
    studio: Studio, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, name: str, calls: int
) -> None:
    """Wherever the program ends, after a restart there is one picture and one entry."""
    place: Any = atomic if name == "publish" else Ledger
    real, left = getattr(place, name), [calls]

    def function(*arguments: Any) -> Any:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return real(*arguments)

    hang(studio, ledger, draft(1))
    monkeypatch.setattr(place, name, function)
    with contextlib.suppress(KeyboardInterrupt):
        hang(studio, ledger, draft())
    monkeypatch.undo()
    again = restarted(studio)
    if 0 not in again.history.made("draft", "digest"):
        hang(studio, again, draft())
    assert len(list(studio.drafts.iterdir())) == 2
    assert restarted(studio).history.made("draft", "digest") == {0, 1}
    assert sum('"made"' in line and draft().recipe.id in line for line in entries(studio)) == 1


def test_recover_changes_nothing(studio: Studio, ledger: Ledger) -> None:
    """After a run that ended well there is nothing to enter."""
    hang(studio, ledger, draft())
    hang(studio, ledger, final(None))
    before = entries(studio)
    restarted(studio)
    assert entries(studio) == before


def test_a_lost_ledger(studio: Studio, ledger: Ledger) -> None:
    """The pictures say what was made: stage, request and number; each is entered once."""
    for job in (draft(), draft(1), final(None)):
        hang(studio, ledger, job)
    (studio.seeds / "copy.png").write_bytes((studio.drafts / NAME).read_bytes())
    before = set(entries_of(ledger))
    (studio.ledger / "one.jsonl").unlink()
    again = restarted(studio)
    assert set(entries_of(again)) == before
    assert again.history.totals() == {"draft": 2, "final": 1}
    assert publication.rebuild(studio, again) == 0


def test_a_lost_ledger_is_made_anew_at_once_or_not_at_all(studio: Studio, ledger: Ledger) -> None:
    """Told to stop amid it, it enters nothing: a ledger with some pictures lacks the rest."""
    for job in (draft(), draft(1), draft(2)):
        hang(studio, ledger, job)
    (studio.ledger / "one.jsonl").unlink()
    told = iter([True, True, False, False])
    again = Ledger(studio, "one")
    publication.recover(studio, again, lambda: next(told))
    assert not any(again.history.totals().values()) and not list(studio.ledger.iterdir())
    assert restarted(studio).history.totals()["draft"] == 3


def entries_of(ledger: Ledger) -> list[tuple[str, frozenset[int]]]:
    history = ledger.history
    return [
        ("draft", frozenset(history.made("draft", "digest"))),
        ("final", frozenset(history.made("final", RECIPE.id))),
    ]


def test_a_draft_of_another_studio(studio: Studio, tmp_path: Path) -> None:
    """Where the ledger is lost, a picture that another studio made counts for nothing here."""
    other, _ = create(tmp_path / "other")
    for number, name in enumerate((other.name, studio.name, "")):
        job = draft(number)
        of_studio = record(job, studio=name)
        data = embed(encode(IMAGE), job.recipe, of_studio)
        (studio.seeds / f"{number}.png").write_bytes(data)
    assert restarted(studio).history.made("draft", "digest") == {1, 2}


def test_pictures_that_say_nothing(studio: Studio) -> None:
    """Foreign, damaged and linked pictures, and ours without a request, are passed over."""
    IMAGE.save(studio.drafts / "foreign.png")
    (studio.drafts / "damaged.png").write_bytes(picture(draft())[:200])
    (studio.drafts / "text.png").write_text("no picture")
    (studio.drafts / "folder.png").mkdir()
    outside = studio.root.parent / "outside.png"
    outside.write_bytes(picture(draft()))
    (studio.drafts / "link.png").symlink_to(outside)
    wishless = embed(encode(IMAGE), RECIPE, Record(stage="draft", pixels="0" * 64))
    (studio.drafts / "wishless.png").write_bytes(wishless)
    assert restarted(studio).history.totals() == {"draft": 0, "final": 0}


def test_half_written_files_are_removed(studio: Studio) -> None:
    """Temp files of ours go from every folder that we write to; others stay."""
    rooms = (studio.drafts, studio.final, studio.seeds, studio.failed, studio.sources)
    for room in rooms:
        (room / f"{TEMPORARY}{local.machine()}-0a.tmp").write_text("torn")
        (room / ".other.tmp").write_text("theirs")
    restarted(studio)
    assert [sorted(path.name for path in room.iterdir()) for room in rooms] == 5 * [[".other.tmp"]]


def test_temp_files_of_another_machine_stay(studio: Studio) -> None:
    """It may be writing them just now."""
    theirs = studio.drafts / f"{TEMPORARY}another-0a.tmp"
    theirs.write_text("half")
    restarted(studio)
    assert theirs.exists()


def test_an_entry_of_another_machine(studio: Studio, ledger: Ledger) -> None:
    """A picture that another machine entered is not announced as lost."""
    entry: Entry = Made("draft", "digest", 0, draft().recipe.id, "drafts/x.png")
    ledger.append(Making("draft", "digest", 0, draft().recipe.id, f"drafts/{NAME}"))
    Ledger(studio, "two").append(entry)
    again = restarted(studio)
    assert again.history.unconfirmed() == ()
    assert not any('"lost"' in line for line in entries(studio))


def test_a_vanished_studio(tmp_path: Path, studio: Studio, ledger: Ledger) -> None:
    """Where the studio has gone nothing is made; the picture is neither entered nor published."""
    studio.root.rename(tmp_path / "moved")
    with pytest.raises(FileNotFoundError):
        hang(studio, ledger, draft())
    assert not studio.root.exists()
    assert not ledger.history.made("draft", "digest")
