"""The recipe as text: written, read back, refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.errors import PictureError
from hotfolder.images import exif, metadata, recipe_text, xmp
from hotfolder.images.metadata import Metadata
from hotfolder.images.recipe_text import Embedded
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record
from tests import samples
from tests.images.made import RECIPE, RECORD, recipes, records

GOOD = recipe_text.document(RECIPE, RECORD)


@given(recipes(), records())
def test_what_is_written_is_read_back(recipe: Recipe, record: Record) -> None:
    """Any recipe and record come back equal, from printable ASCII."""
    text = recipe_text.document(recipe, record)
    assert text.isascii() and text.isprintable()
    assert recipe_text.parse(text) == (recipe, record)
    assert recipe_text.parse(text)[0].id == recipe.id


def test_eight_generations_of_20_kB_fit() -> None:
    """The bound leaves room for a long prompt in each of the deepest lineage's recipes."""
    recipe = None
    for _ in range(8):
        recipe = Recipe(
            prompt="狐" * (20_000 // 3),
            seed=1,
            width=64,
            height=64,
            multiple=8,
            model="m",
            scheduler="Euler",
            steps=4,
            guidance_scale=1.0,
            strength=None if recipe is None else 0.5,
            source=recipe,
        )
    assert recipe is not None
    assert recipe_text.parse(recipe_text.document(recipe, RECORD))[0] == recipe


def test_what_could_not_be_read_again_is_not_written() -> None:
    """A recipe that is too long, or whose prompt holds half a character, is refused at once."""
    long = Recipe(**{**_fields(RECIPE), "prompt": "🦊" * 65_536, "negative_prompt": "🦊" * 65_536})
    half = Recipe(**{**_fields(RECIPE), "prompt": "\ud83e"})
    for recipe, says in ((long, "longer than 1,048,576"), (half, "surrogates not allowed")):
        with pytest.raises(PictureError, match=says):
            recipe_text.document(recipe, RECORD)


def test_a_file_name_of_unknown_encoding_does_no_harm() -> None:
    """Half characters in the record are replaced, for a record does not decide pixels."""
    record = Record(stage="draft", pixels="0" * 64, prompt_file="caf\udce9.txt")
    read = recipe_text.parse(recipe_text.document(RECIPE, record))[1]
    assert read.prompt_file == "caf?.txt"


def _fields(recipe: Recipe) -> dict[str, object]:
    return {name: getattr(recipe, name) for name in recipe.__struct_fields__}


def _changed(key: str, value: str) -> str:
    """The good text with another JSON value under a key of the recipe."""
    data = json.loads(GOOD)
    data["recipe"][key] = "VALUE"
    return json.dumps(data).replace('"VALUE"', value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not valid"),
        ("[]", "does not contain a recipe and a record"),
        ("{}", "does not contain a recipe and a record"),
        ('{"recipe":{},"record":{}}', "schema is None"),
        ('{"recipe":[],"record":{}}', "not a JSON object"),
        (GOOD[:-1], "is not valid"),
        (GOOD.replace('"seed":7', '"seed":7,"seed":8'), "'seed' is given twice"),
        (GOOD.replace('"stage"', '"level"'), "record is not valid"),
        (_changed("guidance_scale", "NaN"), "NaN is not a number"),
        (_changed("guidance_scale", "Infinity"), "Infinity is not a number"),
        (_changed("guidance_scale", "1e999"), "too large a number"),
        (_changed("guidance_scale", "1." + "0" * 40), "a number of 42 digits"),
        (_changed("seed", "9" * 4301), "a number of 4301 digits"),
        (_changed("seed", "-1"), "recipe is not valid"),
        (_changed("steps", "1001"), "recipe is not valid"),
        (_changed("width", "100000"), "recipe is not valid"),
        (_changed("schema", "4"), "schema 4, of a later version"),
        (_changed("schema", '"' + "x" * 9999 + '"'), r"schema is 'x{199}; this"),
        (_changed("x" * 9999, "1"), r"recipe is not valid: .{200}$"),
        (_changed("prompt", r'"\ud83e"'), "surrogates not allowed"),
        (_changed("model_path", '"/etc/passwd"'), "recipe is not valid"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        (GOOD + " " * 2**20, "longer than 1,048,576 characters"),
    ],
)
def test_refuses_what_is_not_strictly_a_recipe(text: str, says: str) -> None:
    """Each refusal is a sentence that says what is wrong."""
    with pytest.raises(PictureError, match=says):
        recipe_text.parse(text)


def test_a_picture_without_our_text_has_no_recipe() -> None:
    """None means that nothing is there; a text that is no recipe is an error."""
    assert recipe_text.find(Metadata(8, 8, (("parameters", "x"),))) is None
    found = recipe_text.find(Metadata(8, 8, (("hotfolder", GOOD),)))
    assert found == Embedded(RECIPE, RECORD, "text")
    other = metadata.read(samples.sample("layout/layout_bmp.png"))
    with pytest.raises(PictureError, match="does not contain a recipe and a record"):
        recipe_text.find(other)


def _xmp(text: str) -> bytes:
    return xmp.packet(RECIPE, RECORD, text)


def _exif(text: str) -> bytes:
    return exif.block("hotfolder", "", text)


CARRIERS: dict[recipe_text.Carrier, Metadata] = {
    "text": Metadata(8, 8, (("hotfolder", GOOD),)),
    "comment": Metadata(8, 8, (("Comment", "theirs"), ("Comment", GOOD))),
    "XMP": Metadata(8, 8, xmp=_xmp(GOOD)),
    "EXIF": Metadata(8, 8, exif=_exif(GOOD)),
}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_any_carrier_is_enough(carrier: recipe_text.Carrier) -> None:
    """The recipe is found in each alone, and it is said in which."""
    assert recipe_text.find(CARRIERS[carrier]) == Embedded(RECIPE, RECORD, carrier)


def test_the_first_sound_carrier_counts() -> None:
    """A carrier that a program has garbled does not hide the next; without one it is said why."""
    garbled = (("hotfolder", GOOD[:-9]), ("Comment", GOOD.replace("1", "l")))
    found = recipe_text.find(Metadata(8, 8, garbled, _xmp("{}"), _exif(GOOD)))
    assert found == Embedded(RECIPE, RECORD, "EXIF")
    with pytest.raises(PictureError, match="is not valid"):
        recipe_text.find(Metadata(8, 8, garbled, _xmp("{}")))


def test_a_converted_comment_is_found() -> None:
    """ImageMagick writes a JPEG's comment as a PNG's text of the keyword `comment`."""
    assert recipe_text.find(Metadata(8, 8, (("comment", GOOD),))) == Embedded(
        RECIPE, RECORD, "comment"
    )


@given(st.integers(30, 400))
def test_a_long_text_comes_in_pieces(longest: int) -> None:
    """The pieces keep the limit, come in any order, and are ours; with one missing is nothing."""
    pieces = recipe_text.comments(GOOD, longest)
    assert all(len(piece) <= longest and recipe_text.is_comment(piece) for piece in pieces)
    texts = [("Comment", piece) for piece in reversed(pieces)]
    assert recipe_text.find(Metadata(8, 8, tuple(texts))) == Embedded(RECIPE, RECORD, "comment")
    assert recipe_text.find(Metadata(8, 8, tuple(texts[1:]))) is None
    assert not recipe_text.is_comment("hotfolder made this")
