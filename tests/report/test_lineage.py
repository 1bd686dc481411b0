"""Lineage in words."""

from __future__ import annotations

import msgspec

from hotfolder.recipes.recipe import Pixels
from hotfolder.recipes.record import Record
from hotfolder.report.lineage import tree
from tests.images.made import RECIPE

RECORD = Record(stage="final", pixels="0" * 64, prompt_file="castle.txt", profile="postcard")


def test_each_generation_is_a_branch_of_the_one_made_from_it() -> None:
    """A refinement of a refinement of a photo shows all three."""
    photo = Pixels(sha256="1" * 64, width=640, height=480)
    first = msgspec.structs.replace(RECIPE, source=photo, strength=0.5, prompt="the first")
    second = msgspec.structs.replace(RECIPE, source=first, strength=0.4, prompt="the second")
    lines = tree("final.png", second, RECORD, ["edited since"])
    assert lines[0] == "final.png"
    assert "edited" in lines[1]
    text = "\n".join(lines)
    assert "├── prompt     the second" in text
    assert f"└── made from picture {first.id[:8]}" in text
    assert "    ├── prompt     the first" in text
    assert "    └── made from a picture of 640x480 px from elsewhere" in text
