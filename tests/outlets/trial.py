"""A picture, exported for a place."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace
from PIL import Image

from hotfolder.cli import main
from hotfolder.images import metadata
from hotfolder.images.picture import publishable
from hotfolder.recipes.encoding import PNG, Encoding
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record
from tests.images.made import RECIPE, RECORD

OURS = replace(RECIPE, prompt="a castle, <lora:oils:0.7> red sky", width=64, height=48)
TOLD = replace(RECORD, studio="secret-studio", prompt_file="secret.txt", file_sha256="ab" * 32)
ORIGIN = b"/trainedAlgorithmicMedia<"


def made(
    recipe: Recipe = OURS,
    encoding: Encoding = PNG,
    record: Record = TOLD,
    size: tuple[int, int] = (64, 48),
) -> Path:
    """A picture of ours in the current folder."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    path = Path(f"a-castle{encoding.suffix}")
    path.write_bytes(publishable(image, recipe, record, encoding)[0])
    return path


def exported(place: str, *arguments: str | Path) -> Path:
    """The only copy that is made for a place; it says that an AI made it, and tells no secret."""
    assert main(["export", "--for", place, *map(str, arguments)]) == 0
    (copy,) = Path("exported").iterdir()
    data = copy.read_bytes()
    assert ORIGIN in (metadata.read(data).xmp or b"")
    for word in ("secret", "house"):
        assert word.encode() not in data and word.encode("utf-16-be") not in data
    return copy
