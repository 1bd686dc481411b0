"""Models that read sentences get bare words, and it is said what had no effect."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec
import pytest

from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.model import Model
from hotfolder.recipes.prompt_syntax.read import read
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from hotfolder.render.prompt import plain_words
from tests.render import tiny_flow

PROMPT = r"a (castle:1.4) by the [sea:lake:0.5] BREAK \(dawn\) AND fog"


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        ("a castle", ""),
        (r"a \(castle\)", ""),
        (
            "a (castle:1.4)",
            "Flux models read plain words, so the weight of (castle:1.4) has no effect",
        ),
        (
            PROMPT,
            "Flux models read plain words, so the weight of (castle:1.4), BREAK, "
            "what changes from step to step and AND have no effect",
        ),
        (
            "[a|b] (c) (d:0.5)",
            "Flux models read plain words, so weights such as that of (c:1.1) and what "
            "changes from step to step have no effect",
        ),
    ],
)
def test_what_has_no_effect(prompt: str, says: str) -> None:
    """In one sentence."""
    assert plain_words.unused(read(prompt, "", 20).tree, "Flux") == says


def test_bare_words_are_drawn(
    tmp_path: Path, draft: Recipe, caplog: pytest.LogCaptureFixture
) -> None:
    """The picture is that of the words alone, as they are at the end; that is told once."""
    tiny_flow.flux(tmp_path / "flux")
    model = Model(source="./flux", multiple=16)
    engine = Engine({"flux": model}, tmp_path, "cpu", 1)
    wanted = msgspec.structs.replace(draft, model="flux", scheduler="model")
    bare = msgspec.structs.replace(wanted, prompt="a castle by the lake (dawn), fog")
    tree = read(PROMPT, "", wanted.steps).tree
    syntax = msgspec.structs.replace(wanted, prompt=PROMPT, tree=tree)
    with caplog.at_level(logging.WARNING):
        pictures = [pixel_hash(engine.render(one).image) for one in (bare, syntax, syntax)]
    assert len(set(pictures)) == 1
    assert caplog.text.count("Flux models read plain words") == 1
    assert plain_words.of_model(model, tmp_path, tree).startswith("Flux models read plain words")
    assert plain_words.of_model(Model(source="shipped:postcard"), None, tree) == ""
