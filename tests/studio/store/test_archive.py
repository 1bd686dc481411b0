"""Recipes are found by a picture's pixels, whatever became of the picture."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from hotfolder.images.picture import publishable
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.record import Record
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import archive, local
from tests import samples
from tests.images.made import RECIPE, RECORD

IMAGE = Image.linear_gradient("L").resize((24, 16)).convert("RGB")
MADE = msgspec.structs.replace(RECORD, pixels=pixel_hash(IMAGE))


def test_a_picture_that_lost_everything_is_known(studio: Studio) -> None:
    """Its pixels lead to its recipe and record."""
    bare = samples.drawn("PNG")
    assert identify(bare, studio).recipe is None
    archive.enter(studio, RECIPE, MADE)
    shown = identify(bare, studio)
    assert (shown.recipe, shown.record, shown.lost) == (RECIPE, MADE, True)
    assert shown.source == RECIPE
    assert identify(bare).recipe is None, "only in its own studio"


def test_what_a_picture_carries_itself_counts(studio: Studio) -> None:
    """The archive is asked only for what says nothing."""
    other = msgspec.structs.replace(RECIPE, prompt="another")
    archive.enter(studio, other, MADE)
    shown = identify(publishable(IMAGE, RECIPE, MADE)[0], studio)
    assert (shown.recipe, shown.lost) == (RECIPE, False)


def test_the_record_of_a_source_is_no_other_picture_s(studio: Studio) -> None:
    """A final's line has its draft's pixel hash in it as well, and is not the draft's line."""
    pixels = f"{MADE.pixels[:2]}{'0' * 62}"
    final = Record(stage="final", pixels=pixels, source=MADE)
    archive.enter(studio, msgspec.structs.replace(RECIPE, source=RECIPE, strength=0.5), final)
    assert archive.find(studio, MADE.pixels) is None
    archive.enter(studio, RECIPE, MADE)
    assert archive.find(studio, MADE.pixels) == (RECIPE, MADE)


def test_torn_and_foreign_lines_are_passed_over(studio: Studio) -> None:
    """A crash in the middle of a line, rubbish, and what a later version wrote."""
    archive.enter(studio, RECIPE, MADE)
    (file,) = studio.recipes.rglob("*.jsonl")
    whole = file.read_bytes()
    torn = whole[: len(whole) // 2]
    later = whole.replace(b'"schema":1', b'"schema":99')
    file.write_bytes(torn + b"\n\xff\xfe" + MADE.pixels.encode() + later + torn)
    assert archive.find(studio, MADE.pixels) is None
    archive.enter(studio, RECIPE, MADE)
    assert archive.find(studio, MADE.pixels) == (RECIPE, MADE)


def test_each_machine_writes_for_itself(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sync program never sees two writers on one file; all are read."""
    archive.enter(studio, RECIPE, MADE)
    mine = studio.recipes / local.machine()
    theirs = studio.recipes / "another-machine"
    mine.rename(theirs)
    archive.enter(studio, RECIPE, msgspec.structs.replace(MADE, pixels="f" * 64))
    assert {folder.name for folder in studio.recipes.iterdir()} == {mine.name, theirs.name}
    assert archive.find(studio, MADE.pixels) == (RECIPE, MADE)


def test_a_picture_that_lies_there_leads_to_its_source(studio: Studio) -> None:
    """Without an archive: a final carries the recipe and the record of its draft."""
    recipe = msgspec.structs.replace(RECIPE, source=RECIPE, strength=0.5)
    final = Record(stage="final", pixels=pixel_hash(IMAGE), source=RECORD)
    (studio.final / "a.png").write_bytes(publishable(IMAGE, recipe, final)[0])
    (studio.drafts / "rubbish.png").write_bytes(b"x")
    assert archive.find(studio, RECORD.pixels) is None
    assert archive.search(studio, RECORD.pixels) == (RECIPE, RECORD)
    assert archive.search(studio, "1" * 64) is None


def test_many_pictures_cost_nothing_at_the_start_and_little_to_find(studio: Studio) -> None:
    """Of 20,000 recipes less than a hundredth is read to find one."""
    archive.enter(studio, RECIPE, MADE)
    (file,) = studio.recipes.rglob("*.jsonl")
    line = file.read_bytes()
    for shard in range(256):
        name = f"{shard:02x}.jsonl"
        lines = (
            line.replace(MADE.pixels.encode(), f"{shard:02x}{k:062x}".encode()) for k in range(78)
        )
        file.with_name(name).write_bytes(b"".join(lines))
    size = sum(path.stat().st_size for path in studio.recipes.rglob("*.jsonl"))
    read = Path(file).stat().st_size
    assert read < size / 100
    begin = time.process_time()
    assert archive.find(studio, f"7f{70:062x}") is not None
    assert time.process_time() - begin < 5
    shutil.rmtree(studio.recipes)
    assert archive.find(studio, MADE.pixels) is None
    archive.enter(studio, RECIPE, MADE)


@pytest.mark.parametrize("is_empty", [False, True])
def test_a_studio_that_has_gone(studio: Studio, tmp_path: Path, is_empty: bool) -> None:
    """Nothing is made where it was, nor in the empty folder below a mount."""
    studio.root.rename(tmp_path / "away")
    if is_empty:
        studio.root.mkdir()
    with pytest.raises(FileNotFoundError):
        archive.enter(studio, RECIPE, MADE)
    assert not is_empty or not list(studio.root.iterdir())
    assert is_empty or not studio.root.exists()
