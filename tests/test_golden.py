"""Pictures of every version of hotfolder are read for ever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hotfolder.errors import PictureError
from hotfolder.images import metadata, recipe_text
from hotfolder.recipes.recipe import chain
from hotfolder.studio.identity import identify

HERE = Path(__file__).parent / "golden"
PICTURES = [
    (version.name, name, expected)
    for version in sorted(HERE.glob("v*"))
    for name, expected in json.loads((version / "expected.json").read_text()).items()
]


@pytest.mark.parametrize(("version", "name", "expected"), PICTURES)
def test_golden_pictures_are_read(version: str, name: str, expected: dict[str, str]) -> None:
    """Each has its recipe, with the id of then, its record, and its pixels, unedited."""
    data = (HERE / version / name).read_bytes()
    shown = identify(data)
    assert shown.recipe is not None and shown.record is not None
    assert (shown.recipe.id, shown.pixels.sha256) == (expected["id"], expected["pixels"])
    assert not shown.edited
    assert shown.record.stage in name
    assert "été, 狐 🦊" in shown.recipe.prompt
    carriers = list(recipe_text.carriers(metadata.read(data)))
    assert len(carriers) >= 2
    assert {recipe_text.parse(text)[0].id for _, text in carriers} == {expected["id"]}


def test_golden_lineages_are_whole() -> None:
    """A final's source is the draft beside it, as its file shows it."""
    for version in sorted(HERE.glob("v*")):
        for final in version.glob("*-final.*"):
            draft = identify(final.with_name(final.name.replace("final", "draft")).read_bytes())
            shown = identify(final.read_bytes())
            assert shown.recipe is not None and shown.record is not None
            assert draft.recipe is not None and draft.record is not None
            links = chain(shown.recipe)
            record = shown.record
            for _ in links:
                assert record.source is not None
                record = record.source
            assert links[0].source == draft.recipe and record == draft.record
            lossy = draft.record.encoding if draft.record.encoding.lossy else None
            assert links[0].source_encoding == lossy


def test_a_later_version_is_named() -> None:
    """A recipe that only a later hotfolder understands is refused in a sentence that says so."""
    name = "png-draft.png"
    contents = metadata.read((HERE / "v1" / name).read_bytes())
    text = (contents.text("hotfolder") or "").replace('"schema":1', '"schema":4')
    with pytest.raises(PictureError, match="schema 4, of a later version of hotfolder"):
        recipe_text.parse(text)
