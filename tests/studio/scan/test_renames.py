"""Pictures that were only renamed count at once; all others settle as ever."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from hotfolder.images import pixels
from hotfolder.images.picture import embed
from hotfolder.recipes.recipe import Pixels, Recipe
from hotfolder.recipes.record import Record
from hotfolder.studio import entries
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import Reading
from hotfolder.studio.scan.scanner import Scanner
from tests.studio.clock import Clock

RECIPE = Recipe(
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


SETTINGS = """\
settle_seconds = 2
[photos]
prompt = "a photo"
"""


class Place:
    """A studio that was looked at, with a settled draft."""

    def __init__(self, studio: Studio) -> None:
        self.studio, self.clock = studio, Clock()
        studio.settings.write_text(SETTINGS)
        self.scanner = Scanner(studio, self.clock)
        self.draft = self.make("a.png")
        self.settle({"drafts/a.png", "hotfolder.toml"})

    def make(self, name: str, colour: int = 7) -> Path:
        image = Image.new("RGB", (32, 32), (colour, 0, 0))
        record = Record(stage="draft", pixels=pixels.pixel_hash(image))
        path = self.studio.drafts / name
        path.write_bytes(embed(pixels.encode(image), RECIPE, record))
        return path

    def settle(self, hints: set[str]) -> None:
        self.scanner.refresh(hints)
        self.clock.now += 2
        self.scanner.refresh(set())

    def moved(self, draft: Path) -> list[str]:
        """The pictures that can be refined as soon as a draft has been moved to seeds/."""
        seed = self.studio.seeds / draft.name
        draft.rename(seed)
        self.scanner.refresh({f"drafts/{draft.name}", f"seeds/{draft.name}"})
        return self.seeds()

    def seeds(self) -> list[str]:
        return [seed.path for seed in self.scanner.snapshot().seeds]


@pytest.fixture
def place(studio: Studio) -> Place:
    return Place(studio)


def test_a_settled_draft_that_is_moved(place: Place) -> None:
    """It is a seed at once, and nothing is waited for."""
    assert place.moved(place.draft) == ["seeds/a.png"]
    assert place.scanner.due_in_s() is None


@pytest.mark.parametrize(
    "order", [["drafts/a.png", "seeds/a.png"], ["seeds/a.png", "drafts/a.png"]]
)
def test_notices_may_come_one_by_one(place: Place, order: list[str]) -> None:
    """Whichever of the two is heard of first."""
    place.draft.rename(place.studio.seeds / "a.png")
    for path in order:
        place.scanner.refresh({path})
    assert place.seeds() == ["seeds/a.png"]


def test_a_draft_that_was_just_published(place: Place) -> None:
    """We wrote it whole: it has settled from the start, but not if somebody was at it since."""
    for name, is_touched in (("b.png", False), ("c.png", True)):
        draft = place.make(name)
        state = Reading.of(entries.lstat(str(draft)))
        if is_touched:
            os.utime(draft, ns=(1, 1))
        record = Record(stage="draft", pixels="0" * 64)
        place.scanner.published(f"drafts/{name}", state, RECIPE, record)
        place.scanner.refresh({f"drafts/{name}"})
        assert place.moved(draft) == ["seeds/b.png"]


def test_one_that_has_yet_to_settle(place: Place) -> None:
    """Some program may still be writing it, wherever it lies."""
    draft = place.make("b.png")
    place.scanner.refresh({"drafts/b.png"})
    assert place.moved(draft) == []
    place.settle(set())
    assert place.seeds() == ["seeds/b.png"]


def test_one_that_grew_as_it_moved(place: Place) -> None:
    """It is another file than the one that had settled."""
    with place.draft.open("ab") as stream:
        stream.write(b"more")
    assert place.moved(place.draft) == []


def test_one_with_a_file_beside_it(place: Place) -> None:
    """What its sidecar says comes later, and decides how it is refined."""
    sidecar = place.studio.drafts / "a.png.xmp"
    sidecar.write_text("<x/>")
    place.settle({"drafts/a.png.xmp"})
    sidecar.rename(place.studio.seeds / "a.png.xmp")
    assert place.moved(place.draft) == []
    place.settle({"drafts/a.png.xmp", "seeds/a.png.xmp"})
    assert place.seeds() == ["seeds/a.png"]


def test_one_that_came_back_much_later(place: Place) -> None:
    """What went long ago is forgotten: who knows what was done to it elsewhere."""
    elsewhere = place.studio.root.parent / "a.png"
    place.draft.rename(elsewhere)
    place.scanner.refresh({"drafts/a.png"})
    place.clock.now += 3
    elsewhere.rename(place.draft)
    assert place.moved(place.draft) == []


def test_one_that_is_rated_after_its_move(place: Place) -> None:
    """A program that puts the mtime back is noticed by the ctime: the picture settles anew."""
    place.moved(place.draft)
    seed = place.studio.seeds / "a.png"
    status, data = seed.stat(), seed.read_bytes()
    with seed.open("r+b") as stream:
        stream.write(data)
    os.utime(seed, ns=(status.st_atime_ns, status.st_mtime_ns))
    place.scanner.refresh({"seeds/a.png"})
    assert place.seeds() == []
    place.settle(set())
    assert place.seeds() == ["seeds/a.png"]


def test_one_that_was_repainted_as_it_moved(place: Place) -> None:
    """With its size and times put back it passes for itself, until its pixels are asked for."""
    place.scanner.published(
        "drafts/a.png",
        Reading.of(entries.lstat(str(place.draft))),
        RECIPE,
        Record(stage="draft", pixels="0" * 64),
    )
    status, size = place.draft.stat(), place.draft.stat().st_size
    data = pixels.encode_png(Image.new("RGB", (32, 32), (0, 99, 0)), {})
    with place.draft.open("r+b") as stream:
        stream.write(data + bytes(size - len(data)))
    os.utime(place.draft, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert place.moved(place.draft) == ["seeds/a.png"]
    assert place.scanner.snapshot().seeds[0].source == RECIPE
    shown = place.scanner.identity("seeds/a.png")
    assert isinstance(shown.source, Pixels)
    place.scanner.refresh(set())
    assert place.scanner.snapshot().seeds[0].source == shown.source
