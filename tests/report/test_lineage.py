"""Lineage in words."""

from __future__ import annotations

import msgspec

from hotfolder.images.generation_params import GenerationParams
from hotfolder.recipes.recipe import Pixels
from hotfolder.recipes.record import Record
from hotfolder.report.lineage import foreign, tree
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


def test_what_a_source_shares_is_told_once() -> None:
    """Of a draft only what differs from its final stands there."""
    draft = msgspec.structs.replace(RECORD, stage="draft", pixels="1" * 64)
    final = msgspec.structs.replace(RECIPE, source=RECIPE, strength=0.5, seed=8)
    text = "\n".join(tree("", final, msgspec.structs.replace(RECORD, source=draft)))
    assert text.count("castle by the sea") == 1
    assert text.count("asked for") == 1
    assert f"    └── pixels     {'1' * 64}" in text


def test_what_taste_had_to_do_with_it() -> None:
    """That a draft was steered, and why it was picked by itself."""
    draft = Record(stage="draft", pixels="1" * 64, steered="draw 3 of 12")
    final = msgspec.structs.replace(RECORD, picked="auto_pick: the best draft", source=draft)
    recipe = msgspec.structs.replace(RECIPE, source=RECIPE, strength=0.5, seed=8)
    text = "\n".join(tree("", recipe, final))
    assert "├── picked     auto_pick: the best draft" in text
    assert "    ├── steered    draw 3 of 12" in text


def test_another_program_s_picture() -> None:
    """What it says in the same form, then how it would be used; nothing that moves the cursor."""
    params = GenerationParams(
        prompt="a fox\n\x1b[2Jred",
        steps=20,
        width=512,
        height=768,
        seed=7,
        model="dreamy",
        model_hash="6ce0161689ff",
        loras=("ink (0.8)", "wash"),
        others={"Clip skip": "2"},
    )
    assert foreign("fox.png", params, ["its model is unknown"]) == [
        "fox.png",
        "├── prompt     a fox ↵ \N{REPLACEMENT CHARACTER}[2Jred",
        "├── size       512x768, seed 7",
        "├── settings   dreamy (6ce0161689), 20 steps",
        "├── LoRAs      ink (0.8), wash",
        "├── others     Clip skip: 2",
        "└── note       its model is unknown",
    ]
