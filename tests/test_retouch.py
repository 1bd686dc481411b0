"""Retouching, through the whole program: a mask beside a picture in `seeds/`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from hotfolder.commands import plan as plan_command
from hotfolder.daemon import Daemon, Until
from hotfolder.images import metadata, pixels, regions
from hotfolder.recipes.recipe import Recipe, lineage
from hotfolder.regenerate import regenerate
from hotfolder.render.retouch import soft
from hotfolder.studio.config import load
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import sources
from hotfolder.workshop import models_of
from tests.painter import FakeExecutor
from training.painter.picture import paint
from training.painter.scene import draw_scene

SIZE = (192, 128)
BOX = (60, 30, 120, 90)
CASTLE = 910_014  # a scene with a castle in it


def photo(studio: Studio, name: str = "photo.png", **how: object) -> Image.Image:
    """A picture in `seeds/` that nothing is known of."""
    noise = np.random.RandomState(0).randint(0, 60, (128, 192, 3)).astype(np.uint8)
    noise[:64] += 120
    picture = Image.fromarray(noise)
    picture.save(studio.seeds / name, **how)  # type: ignore[arg-type]
    return picture


def mask(path: Path, *boxes: tuple[int, int, int, int], size: tuple[int, int] = SIZE) -> None:
    """A mask with these ellipses white."""
    image = Image.new("L", size)
    for box in boxes:
        ImageDraw.Draw(image).ellipse(box, fill=255)
    image.save(path)


def made(studio: Studio) -> list[Path]:
    """The finals, after all is done."""
    daemon = Daemon(studio, executor=FakeExecutor(1))
    daemon.run(Until(idle=True))
    daemon.close()
    return sorted(studio.final.iterdir())


def note(studio: Studio, name: str = "photo.png") -> str:
    """What is told beside a picture."""
    return (studio.seeds / f"{name}.error.txt").read_text("utf-8")


@pytest.mark.slow
def test_a_retouch_is_made_again_from_its_final_alone(studio: Studio) -> None:
    """By the real model: two regions, one by one, and one that it finds by a word; the same bits.

    Outside nothing changes, and no word is looked for again.
    """
    (studio.profiles / "quick.toml").write_text(
        'extends = "postcard"\nsteps = 3\n[refine]\ncount = 1\narea = "96x96"\n'
    )
    with studio.settings.open("a") as settings:
        settings.write('profile = "quick"\n')
    pictures = {"photo": photo(studio), "scene": Image.fromarray(paint(draw_scene(CASTLE), *SIZE))}
    mask(studio.seeds / "photo.mask.png", BOX, (150, 95, 185, 122))
    (studio.seeds / "photo.retouch.txt").write_text("a red balloon")
    pictures["scene"].save(studio.seeds / "scene.png")
    (studio.seeds / "scene.txt").write_text("a castle on a hill")
    (studio.seeds / "scene.retouch.txt").write_text("castle: a ruined castle")
    daemon = Daemon(studio)
    daemon.run(Until(idle=True))
    daemon.close()
    finals = {"photo": "*balloon*", "scene": "*castle*"}
    from hotfolder.render.engine import Engine  # the quick tests need no torch

    engine = Engine(models_of(load.read_config(studio)), studio.root)
    engine.locate = None  # type: ignore[assignment,method-assign] - it is not asked again
    said = {}
    for name, picture in pictures.items():
        (final,) = studio.final.glob(finals[name])
        shown = identify(final.read_bytes())
        assert shown.recipe and shown.record and shown.image.size == SIZE
        links = [one for one in lineage(shown.recipe) if isinstance(one, Recipe)]
        said[name] = [(link.link, link.prompt, link.region and link.region.word) for link in links]
        kept = np.ones((SIZE[1], SIZE[0]), bool)
        for link in links:
            assert link.region
            left, top, width, height = link.region.around
            weights = soft(regions.mask(link.region), link.region.feather)
            kept[top : top + height, left : left + width] &= weights == 0
        assert 0.5 < kept.mean() < 1
        assert (np.asarray(shown.image)[kept] == np.asarray(picture)[kept]).all()
        remade = regenerate(shown.recipe, shown.record, engine, lambda h: sources.find(studio, h))
        assert (remade.verdict, remade.differences) == ("identical", ())
    assert said == {
        "photo": [(2, "a red balloon", ""), (1, "a red balloon", "")],
        "scene": [(1, "a ruined castle", "castle")],
    }


def test_a_mask_is_planned_aloud(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    """Where, as what, how large it is drawn; and that it is a retouch."""
    photo(studio)
    mask(studio.seeds / "photo.png.mask.png", BOX)
    (studio.seeds / "photo.retouch.txt").write_text("a red balloon\n")
    plan_command.run(type("Options", (), {"studio": studio.root})())
    said = capsys.readouterr().out
    assert "retouch seeds/photo.png at 192x128: variant 1 of 3" in said
    assert '1) the region 61x61 at 60,30, feather 7 px: "a red balloon", drawn at' in said


def test_a_mask_that_comes_later_is_another_wish(studio: Studio) -> None:
    """First refined, then retouched; a changed mask is a wish as well, the same one is not."""
    photo(studio)
    assert len(made(studio)) == 3
    mask(studio.seeds / "photo.mask.png", BOX)
    assert len(made(studio)) == 6
    assert len(made(studio)) == 6
    mask(studio.seeds / "photo.mask.png", (10, 10, 60, 60))
    assert len(made(studio)) == 9
    (studio.seeds / "photo.mask.png").unlink()
    assert len(made(studio)) == 9
    sizes = {Image.open(final).size for final in studio.final.iterdir()}
    assert SIZE in sizes and len(sizes) == 2


@pytest.mark.parametrize("name", ["photo.jpg", "photo.webp"])
def test_any_seed_is_retouched_at_its_own_size(name: str, studio: Studio) -> None:
    """JPEG and WebP as well; what they show is what stays."""
    photo(studio, name)
    seen = np.asarray(Image.open(studio.seeds / name).convert("RGB"))
    mask(studio.seeds / "photo.mask.png", BOX)
    finals = made(studio)
    assert len(finals) == 3
    for final in finals:
        pixels = np.asarray(Image.open(final).convert("RGB"))
        assert (pixels[:, :40] == seen[:, :40]).all() and (pixels[60, 90] != seen[60, 90]).any()


@pytest.mark.parametrize(
    ("size", "boxes", "says"),
    [
        ((100, 100), [(10, 10, 90, 90)], "it has 100x100 pixels and the picture 192x128"),
        (SIZE, [], "nothing in it is white"),
        (SIZE, [(-300, -300, 600, 600)], "all of it is white"),
    ],
)
def test_a_mask_that_is_none_is_told_beside_the_picture(
    size: tuple[int, int], boxes: list[tuple[int, int, int, int]], says: str, studio: Studio
) -> None:
    """The mask's name, what is wrong and what to do; other pictures are made all the same."""
    photo(studio)
    photo(studio, "other.png")
    Image.new("RGB", SIZE, (1, 2, 3)).save(studio.seeds / "other.png")
    mask(studio.seeds / "photo.mask.png", *boxes, size=size)
    assert len(made(studio)) == 3
    assert "photo.mask.png beside it cannot be used: " in note(studio) and says in note(studio)
    mask(studio.seeds / "photo.mask.png", BOX)
    assert len(made(studio)) == 6


def test_a_mask_alone_waits(studio: Studio) -> None:
    """It is no picture to refine; one that is torn is told beside the picture."""
    mask(studio.seeds / "photo.mask.png", BOX)
    assert made(studio) == []
    assert not list(studio.seeds.glob("*.error.txt"))
    photo(studio)
    data = (studio.seeds / "photo.mask.png").read_bytes()
    (studio.seeds / "photo.mask.png").write_bytes(data[:60])
    assert made(studio) == []
    assert "photo.mask.png beside it cannot be used" in note(studio)


def drafted(studio: Studio) -> Path:
    """One draft of our own, always the same: its colour must be none that is painted into it."""
    (studio.inbox / "castle.toml").write_text(
        'prompt = "a castle"\ncount = 1\nsize = "192x128"\nseed = 4\n'
    )
    daemon = Daemon(studio, executor=FakeExecutor(1))
    daemon.run(Until(idle=True))
    daemon.close()
    (draft,) = studio.drafts.iterdir()
    return draft


@pytest.mark.parametrize("kept", [True, False])
def test_a_marked_copy_retouches_the_picture_as_it_was(kept: bool, studio: Studio) -> None:
    """Whether the paint program kept its metadata or not; the mark is in no final."""
    draft = drafted(studio)
    original = identify(draft.read_bytes())
    copy = original.image.copy()
    ImageDraw.Draw(copy).ellipse(BOX, outline=(255, 0, 255), width=4)
    path = studio.seeds / f"{draft.stem} - Copy.png"
    if kept:
        data = metadata.splice(pixels.encode(copy), metadata.read(draft.read_bytes()).texts)
        path.write_bytes(data)
    else:
        copy.save(path)
    (studio.seeds / f"{draft.stem} - Copy.retouch.txt").write_text("a ruined tower")
    finals = made(studio)
    assert len(finals) == 3
    for final in finals:
        shown = identify(final.read_bytes())
        assert shown.recipe and shown.recipe.source == original.recipe
        assert shown.recipe.prompt == "a ruined tower" and shown.recipe.region
        pixels_ = np.asarray(shown.image)
        assert (pixels_[:15] == np.asarray(original.image)[:15]).all()
        assert not (pixels_ == [255, 0, 255]).all(-1).any()


def test_an_open_line_is_told_beside_the_copy(studio: Studio) -> None:
    """What is wrong, and with which picture it was compared."""
    draft = drafted(studio)
    copy = Image.open(draft).convert("RGB")
    ImageDraw.Draw(copy).arc(BOX, 40, 300, fill=(255, 0, 255), width=4)
    copy.save(studio.seeds / draft.name)
    assert made(studio) == []
    said = note(studio, draft.name)
    assert "the line that is painted into it is not closed" in said
    assert f"it was compared with drafts/{draft.name}" in said


def test_a_picture_that_was_painted_over_is_refined_as_it_is(studio: Studio) -> None:
    """A brush of many colours is no mark."""
    draft = drafted(studio)
    copy = Image.open(draft).convert("RGB")
    y, x = np.mgrid[0:60, 0:60]
    over = np.stack([40 + 3 * x, 200 - 2 * y, 60 + x + y], -1).astype(np.uint8)
    copy.paste(Image.fromarray(over), (60, 40))
    copy.save(studio.seeds / draft.name)
    assert len(made(studio)) == 3
    shown = identify(next(studio.final.iterdir()).read_bytes())
    assert shown.recipe and shown.recipe.region is None


def test_a_lost_original_is_told_beside_the_copy(studio: Studio) -> None:
    """It went between the look and the render: what is missing, and what to do."""
    draft = drafted(studio)
    copy = Image.open(draft).convert("RGB")
    ImageDraw.Draw(copy).ellipse(BOX, fill=(255, 0, 255))
    copy.save(studio.seeds / draft.name)
    daemon = Daemon(studio, executor=FakeExecutor(1))
    look = daemon._scanner.snapshot

    def lose() -> object:
        snapshot = look()
        if snapshot.seeds and draft.exists():
            draft.unlink()
        return snapshot

    daemon._scanner.snapshot = lose  # type: ignore[method-assign,assignment]
    daemon.run(Until(idle=True))
    daemon.close()
    assert f"the picture as it was, drafts/{draft.name}, is gone" in note(studio, draft.name)


def test_a_part_that_is_too_large_to_draw_is_told(studio: Studio) -> None:
    """The owner's limit holds for parts as it does for whole finals."""
    with studio.settings.open("a") as settings:
        settings.write("limits.render_megapixels = 0.01\n")
    photo(studio)
    mask(studio.seeds / "photo.mask.png", (10, 10, 150, 110))
    assert made(studio) == []
    assert "its refinements would be too large: " in note(studio)
