"""What a picture is: ours, ours but edited, somebody else's."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from hotfolder.errors import PictureError
from hotfolder.images import pixels
from hotfolder.images.picture import embed
from hotfolder.recipes.recipe import Pixels
from hotfolder.recipes.record import Record
from hotfolder.studio.identity import identify
from tests.images.made import RECIPE

DATA = Path(__file__).parent.parent / "data"


def _ours(image: Image.Image) -> bytes:
    record = Record(stage="draft", pixels=pixels.pixel_hash(image))
    return embed(pixels.encode(image), RECIPE, record)


def test_our_own_picture_has_its_recipe_as_source() -> None:
    """Its refinements contain its recipe."""
    shown = identify(_ours(Image.new("RGB", (64, 48), (1, 2, 3))))
    assert shown.recipe == RECIPE
    assert shown.source == RECIPE
    assert not shown.edited


def test_an_edited_picture_has_its_pixels_as_source() -> None:
    """Other pixels than the recorded ones: the recipe tells only what it was."""
    original = Image.new("RGB", (64, 48), (1, 2, 3))
    record = Record(stage="draft", pixels=pixels.pixel_hash(original))
    changed = Image.new("RGB", (64, 48), (9, 9, 9))
    shown = identify(embed(pixels.encode(changed), RECIPE, record))
    assert shown.edited
    assert shown.recipe == RECIPE
    assert isinstance(shown.source, Pixels)


@pytest.mark.parametrize("name", ["layout_bmp.png", "layout_bmp.jpg", "layout_bmp.webp"])
def test_prompts_of_other_programs_are_read(name: str) -> None:
    """A1111's text is found where it lies in each format."""
    shown = identify((DATA / "layout" / name).read_bytes())
    assert shown.params is not None
    assert shown.params.prompt == "un renard été 狐"
    assert shown.params.negative_prompt == "blurry"
    assert isinstance(shown.source, Pixels)


def test_a_wrong_recipe_is_noted_and_not_used() -> None:
    """A picture whose recipe does not hold is a picture from elsewhere, with a note."""
    image = Image.new("RGB", (64, 48))
    data = pixels.encode_png(image, {"hotfolder": '{"recipe": {"schema": 99}, "record": {}}'})
    shown = identify(data)
    assert shown.recipe is None
    assert "schema" in shown.note


def test_what_is_no_picture_is_refused() -> None:
    """Rubbish is an error with a sentence."""
    for data in (b"", b"hello"):
        with pytest.raises(PictureError):
            identify(data)
