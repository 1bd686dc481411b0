"""A published picture: what is in it, and that it can be read again."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from PIL import Image

from hotfolder.images import carried, document, pixels
from hotfolder.images.picture import publishable
from hotfolder.recipes.recipe import Recipe, canonical
from hotfolder.recipes.record import Record
from tests.images.made import HARD, RECIPE, RECORD, recipes, records, texts

IMAGE = Image.linear_gradient("L").resize((24, 16)).convert("RGB")


@settings(max_examples=60, deadline=None)
@given(recipes(), records(), texts)
def test_what_is_published_is_read_back(recipe: Recipe, record: Record, parameters: str) -> None:
    """Recipe, record, parameters and pixels of any picture come back equal."""
    data = publishable(IMAGE, recipe, record, parameters)
    read = carried.read(data)
    assert document.recipe(read) == (recipe, record)
    assert read.text("parameters") == parameters
    assert pixels.pixel_hash(pixels.decode(data)) == pixels.pixel_hash(IMAGE)


def test_pillow_reads_the_same_texts() -> None:
    """Other programs find the texts under the same keywords."""
    data = publishable(IMAGE, RECIPE, RECORD, HARD)
    with Image.open(io.BytesIO(data)) as image:
        assert image.text["parameters"] == HARD
        told = json.loads(image.text["hotfolder"])
    assert told["recipe"] == json.loads(canonical(RECIPE))
    assert told["record"]["template"] == RECORD.template


def test_exiftool_reads_the_same_texts(tool: Callable[[str], str], tmp_path: Path) -> None:
    """A program that knows nothing of us shows the parameters and our text."""
    path = tmp_path / "draft.png"
    path.write_bytes(publishable(IMAGE, RECIPE, RECORD, "狐\nSteps: 20"))
    command = [tool("exiftool"), "-json", "-PNG:Parameters", "-PNG:Hotfolder", str(path)]
    shown = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)[0]
    assert shown["Parameters"] == "狐\nSteps: 20"
    assert document.parse(shown["Hotfolder"]) == (RECIPE, RECORD)
