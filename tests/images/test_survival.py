"""What real programs leave of our pictures; `make survival` asks some more of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hotfolder.studio.layout import Studio
from tests.survival.matrix import left, pictures, problem
from tests.survival.programs import PROGRAMS, Program

# Those that `.ci/run` installs.
MAGICK, PNG_TOOLS = ("convert", "mogrify"), ("optipng", "pngcrush", "pngquant")
TOOLS = ("exiftool", "exiv2", "jpegtran", "cwebp", "dwebp", *MAGICK, *PNG_TOOLS)
HERE = [p for p in PROGRAMS if p.tool in TOOLS or p.name.startswith("Pillow")]


@pytest.mark.parametrize("program", HERE, ids=lambda program: program.name)
def test_the_recipe_is_found_again(
    program: Program, tool: Callable[[str], str], studio: Studio, tmp_path: Path
) -> None:
    """Wherever a carrier survives or the pixels do, in a draft and a final of each format."""
    tool(program.tool)
    tool("exiftool")
    for picture in pictures(studio):
        if picture.suffix in program.takes:
            found = left(program, picture, studio, tmp_path / picture.name)
            assert not problem(program, picture, found)
