"""Pictures, masks and marks that take long to decode: never in the loop itself."""

from __future__ import annotations

import io
from collections import Counter

import pytest
from PIL import Image, ImageDraw

from hotfolder.daemon import Daemon, Until
from hotfolder.images import pixels, strokes
from hotfolder.jobs import Work
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan import apart, portraits
from hotfolder.studio.scan.apart import SlowError
from tests.painter import FakeExecutor

SIZE = (192, 128)
BOX = (60, 30, 120, 90)


def run(studio: Studio) -> None:
    """A daemon until all is done."""
    daemon = Daemon(studio, executor=FakeExecutor(1))
    daemon.run(Until(idle=True))
    daemon.close()


def test_a_large_photo_with_a_large_mask(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """What they are, what is marked and the pixels to draw from are all found out elsewhere."""
    monkeypatch.setattr(apart, "_QUICK_PX", 10_000)
    Image.new("RGB", SIZE, (90, 60, 30)).save(studio.seeds / "photo.png")
    mask = Image.new("L", SIZE)
    ImageDraw.Draw(mask).ellipse(BOX, fill=255)
    mask.save(studio.seeds / "photo.mask.png")
    decode, here = pixels.decode, []

    def noted(data: bytes, *more: object) -> Image.Image:
        here.append(Image.open(io.BytesIO(data)).size)
        return decode(data, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(pixels, "decode", noted)
    run(studio)
    finals = sorted(studio.final.iterdir())
    assert len(finals) == 3 and here == []
    shown = identify(finals[0].read_bytes())
    assert shown.recipe and shown.recipe.region and shown.image.size == SIZE


def test_nothing_spins_while_pixels_are_read(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who needs them begins when they have come, and does not ask in each turn until then."""
    monkeypatch.setattr(portraits, "require_quick_picture", _slow)
    photo = Image.new("RGB", SIZE, (90, 60, 30))
    photo.save(studio.seeds / "photo.png")
    (studio.seeds / "photo.retouch.txt").write_text("castle: with flags")
    photo.save(studio.inbox / "view.png")
    (studio.inbox / "view.txt").write_text("count: 2\n\na castle")
    begun: Counter[tuple[str, int]] = Counter()
    begin = Daemon._begin

    def counted(daemon: Daemon, job: Work, slot: int) -> None:
        begun[job.path, job.ordinal] += 1
        begin(daemon, job, slot)

    monkeypatch.setattr(Daemon, "_begin", counted)
    run(studio)
    assert len(list(studio.final.iterdir())) == 3 and list(studio.drafts.iterdir())
    assert max(begun.values()) < 9  # and not in each turn


def _slow(*_: object) -> None:
    raise SlowError


def test_a_mark_in_a_copy(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparing it with the picture as it was takes a fifth of a second and more."""
    (studio.inbox / "castle.toml").write_text('prompt = "a castle"\ncount = 1\nsize = "192x128"\n')
    run(studio)
    (draft,) = studio.drafts.iterdir()
    copy = Image.open(draft).convert("RGB")
    ImageDraw.Draw(copy).ellipse(BOX, outline=(255, 0, 255), width=4)
    copy.save(studio.seeds / draft.name)
    monkeypatch.setattr(strokes, "find", None)
    run(studio)
    shown = identify(next(studio.final.iterdir()).read_bytes())
    assert shown.recipe and shown.recipe.region
