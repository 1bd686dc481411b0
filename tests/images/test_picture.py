"""A published picture: what is in it, and that it can be read again."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from msgspec.structs import replace
from PIL import Image

from hotfolder.errors import PictureError
from hotfolder.images import exif, infotext, metadata, pixels, recipe_text, xmp
from hotfolder.images.metadata import Metadata
from hotfolder.images.picture import embed, publishable, require_room, without_prompt
from hotfolder.images.recipe_text import Embedded
from hotfolder.recipes.encoding import PNG, Encoding, encoding
from hotfolder.recipes.recipe import Pixels, Recipe, canonical
from hotfolder.recipes.record import Record
from tests.images.made import HARD, RECIPE, RECORD, recipes, records

GOOD = recipe_text.document(RECIPE, RECORD)
IMAGE = Image.linear_gradient("L").resize((24, 16)).convert("RGB")
ENCODINGS = [PNG, encoding("jpeg"), encoding("webp"), encoding("webp", 80)]
encodings = pytest.mark.parametrize("encoding", ENCODINGS, ids=str)
LONG = replace(RECIPE, prompt="狐🦊 été, " * 900, negative_prompt="🦊" * 5_000)
FINAL = replace(RECIPE, prompt="<a> & b", source=RECIPE, strength=0.5)
LONG = replace(LONG, source=LONG, strength=0.5)


@encodings
@settings(max_examples=60, deadline=None)
@given(recipe=recipes(), record=records())
def test_what_is_published_is_read_back(encoding: Encoding, recipe: Recipe, record: Record) -> None:
    """Recipe, record and pixels of any picture come back equal, from each carrier that has them."""
    data, published = publishable(IMAGE, recipe, record, encoding)
    found = recipe_text.find(metadata.read(data))
    assert found is not None
    assert (found.recipe, found.record) == (recipe, published)
    assert found.recipe.id == recipe.id
    assert pixels.pixel_hash(pixels.decode(data)) == published.pixels
    for carrier, text in recipe_text.carriers(metadata.read(data)):
        assert recipe_text.parse(text) == (recipe, published), carrier


@encodings
def test_every_carrier_has_the_recipe(encoding: Encoding) -> None:
    """A picture of usual prompts says it several times over."""
    contents = metadata.read(publishable(IMAGE, RECIPE, RECORD, encoding)[0])
    first = {"png": ["text", "comment"], "jpeg": ["comment"], "webp": []}[encoding.format]
    assert [carrier for carrier, _ in recipe_text.carriers(contents)] == [*first, "XMP", "EXIF"]
    words = infotext.write(RECIPE, RECORD)
    assert exif.user_comment(contents.exif) == words
    assert contents.text("parameters") == (words if encoding == PNG else None)


@encodings
def test_a_long_recipe_is_carried(encoding: Encoding) -> None:
    """What does not fit into one carrier is left out there; one carrier takes any."""
    data, _ = publishable(IMAGE, LONG, RECORD, encoding)
    found = recipe_text.find(metadata.read(data))
    assert found is not None and found.recipe == LONG
    if encoding.format == "jpeg":
        assert [name for name, _ in recipe_text.carriers(metadata.read(data))] == ["comment"]
        assert len(metadata.read(data).texts) == 3


@encodings
def test_what_the_file_loses_is_recorded(encoding: Encoding) -> None:
    """The record has the pixels before and after, and the version of the library between."""
    data, record = publishable(IMAGE, RECIPE, RECORD, encoding)
    assert record.encoding == encoding
    assert (record.rendered is not None) == encoding.lossy
    assert (record.rendered or record.pixels) == pixels.pixel_hash(IMAGE)
    assert encoding.lossy == any(name.startswith("lib") for name in record.versions)
    assert publishable(IMAGE, RECIPE, RECORD, encoding) == (data, record)


def test_a_file_is_recorded_with_what_its_source_lost() -> None:
    """The library that wrote a source's file has a part in the pixels made from it."""
    made = replace(RECIPE, source=RECIPE, strength=0.5, source_encoding=encoding("jpeg"))
    assert any("jpeg" in name for name in publishable(IMAGE, made, RECORD)[1].versions)


@encodings
def test_what_the_owner_put_there_stays(encoding: Encoding) -> None:
    """Stars, EXIF and comments of a copy are still there when the recipe is written into it."""
    stars = xmp.packet(RECIPE, RECORD).replace(b">0</xmp:Rating>", b">4</xmp:Rating>")
    theirs = exif.block("Shotwell", "mine", "")
    of_format = {"png": (("Author", "me"), ("comment", "mine")), "jpeg": (("Comment", "mine"),)}
    texts = of_format.get(encoding.format, ())
    owned = metadata.splice(pixels.encode(IMAGE, encoding), texts, stars, theirs)
    contents = metadata.read(embed(owned, RECIPE, RECORD))
    assert contents.xmp is not None and xmp.properties(stars).items() < _said(contents).items()
    assert xmp.document(contents.xmp) == recipe_text.document(RECIPE, RECORD)
    assert contents.texts[: len(texts)] == texts
    assert contents.exif is not None and b"Shotwell\0" in contents.exif
    assert recipe_text.find(contents) is not None
    assert metadata.read(embed(embed(owned, RECIPE, RECORD), RECIPE, RECORD)) == contents
    again = metadata.read(embed(embed(owned, RECIPE, RECORD), FINAL, RECORD))
    assert {recipe_text.parse(text)[0] for _, text in recipe_text.carriers(again)} == {FINAL}


def _said(contents: Metadata) -> dict[str, tuple[str, ...]]:
    return xmp.properties(contents.xmp)


@encodings
def test_what_cannot_be_added_to_stays(encoding: Encoding) -> None:
    """Broken XMP and EXIF are left as they are; a WebP that has nothing else is refused."""
    owned = metadata.splice(pixels.encode(IMAGE, encoding), xmp=b"<broken", exif=b"rubbish")
    if encoding.format == "webp":
        with pytest.raises(PictureError, match="no recipe can be added"):
            embed(owned, RECIPE, RECORD)
        return
    contents = metadata.read(embed(owned, RECIPE, RECORD))
    assert (contents.xmp, contents.exif) == (b"<broken", b"rubbish")
    assert recipe_text.find(contents) is not None


@encodings
def test_without_prompt_nothing_is_said_but_the_origin(encoding: Encoding) -> None:
    """No word of the prompts, not even in another writing, is left anywhere in the file."""
    secret = replace(RECIPE, prompt="Wolpertinger", negative_prompt="Elwetritsch")
    secret = replace(secret, source=secret, strength=0.5)
    record = replace(RECORD, template="{Wolpertinger|Elwetritsch}")
    data, _ = publishable(IMAGE, secret, record, encoding)
    data = without_prompt(data, secret, record)
    for word in ("Wolpertinger", "Elwetritsch"):
        for code in ("utf-8", "utf-16-be", "utf-16-le"):
            assert word.encode(code) not in data
    contents = metadata.read(data)
    assert recipe_text.find(contents) is None and contents.texts == ()
    assert b"/trainedAlgorithmicMedia<" in (contents.xmp or b"")
    assert exif.user_comment(contents.exif) is None
    assert b"hotfolder" in (contents.exif or b"")


def test_too_much_is_said_before_rendering() -> None:
    """Prompts that no picture carries and sides that no WebP has are refused in words."""
    require_room(LONG, RECORD, PNG)
    large = replace(RECIPE, prompt="🦊" * 60_000, negative_prompt="🦊" * 30_000)
    with pytest.raises(PictureError, match=r"take 1,080,\d{3} bytes; a picture carries at most"):
        require_room(large, RECORD, PNG)
    wide = replace(RECIPE, width=16_384)
    require_room(wide, RECORD, PNG)
    with pytest.raises(PictureError, match="16384x16 is too large for WebP, whose sides have at"):
        require_room(wide, RECORD, encoding("webp"))
    large = replace(RECIPE, width=6_000, height=6_000)
    require_room(large, RECORD, encoding("jpeg"))
    with pytest.raises(PictureError, match="more than can be read again: at most 34,000,000"):
        require_room(large, RECORD, PNG)


def test_the_xmp_packet_says_what_it_is() -> None:
    """IPTC's fields for AI, no stars, and a composite where the source is a person's picture."""
    said = xmp.properties(xmp.packet(replace(RECIPE, prompt=HARD), RECORD))
    short = {name.rpartition("}")[2]: value for name, (value,) in said.items()}
    assert short["Rating"] == "0"
    assert short["DigitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert short["AIPromptInformation"] == HARD.replace("\0", "\ufffd")
    assert short["AISystemUsed"] == "hotfolder, model postcard"
    photo = Pixels(sha256="0" * 64, width=24, height=16)
    composite = xmp.packet(replace(RECIPE, source=photo, strength=0.5), RECORD)
    assert b"/compositeWithTrainedAlgorithmicMedia<" in composite
    assert composite.isascii()


def test_a_property_is_found_in_any_writing() -> None:
    """exiv2 turns elements into attributes; what is broken or hostile has no properties."""
    text = recipe_text.document(replace(RECIPE, prompt=HARD + "<lora:x:1> & 'y'"), RECORD)
    packet = xmp.packet(RECIPE, RECORD, text)
    assert xmp.document(packet) == text
    element = packet[packet.index(b"<hotfolder:document>") : packet.index(b"\n</rdf:Description")]
    value = element.removeprefix(b"<hotfolder:document>").removesuffix(b"</hotfolder:document>")
    attribute = b' hotfolder:document="' + value.replace(b'"', b"&quot;") + b'">'
    rewritten = packet.replace(element, b"").replace(b'd7e1#">', b'd7e1#"' + attribute)
    assert xmp.document(rewritten) == text
    for old in (packet, rewritten):
        new = xmp.added(old, GOOD)
        assert new is not None and xmp.document(new) == GOOD
        assert xmp.properties(new).keys() == xmp.properties(old).keys()
    for other in (None, b"", b"<x", packet + bytes(xmp.MAX_BYTES), b"<!DOCTYPE x []>" + packet):
        assert xmp.document(other) is None


def test_pillow_reads_the_same_texts() -> None:
    """Other programs find the texts under the same keywords."""
    recipe = replace(RECIPE, prompt=HARD)
    data, record = publishable(IMAGE, recipe, RECORD)
    with Image.open(io.BytesIO(data)) as image:
        assert image.text["parameters"] == infotext.write(recipe, record)
        params = json.loads(image.text["hotfolder"])
    assert params["recipe"] == json.loads(canonical(recipe))
    assert params["record"]["template"] == RECORD.template


@encodings
def test_other_programs_read_the_same(
    encoding: Encoding, tool: Callable[[str], str], tmp_path: Path
) -> None:
    """exiftool finds text, XMP and EXIF in each format, with nothing to complain of but order."""
    path = tmp_path / f"draft{encoding.suffix}"
    recipe = replace(RECIPE, prompt="un été 狐, <lora:ink:0.8>")
    data, record = publishable(IMAGE, recipe, RECORD, encoding)
    path.write_bytes(data)
    command = [tool("exiftool"), "-json", "-G1", "-a", str(path)]
    shown = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)[0]
    assert shown["XMP-xmp:Rating"] == 0
    assert shown["XMP-iptcExt:AIPromptInformation"] == recipe.prompt
    assert shown["IFD0:Software"].startswith("hotfolder")
    comment = shown["ExifIFD:UserComment"]
    assert comment.replace("\n", ".") == infotext.write(recipe, record).replace("\n", ".")
    assert recipe_text.parse(shown["XMP-hotfolder:Document"]) == (recipe, record)
    if encoding == PNG:
        assert recipe_text.parse(shown["PNG:Hotfolder"]) == (recipe, record)
    if encoding.format == "jpeg":
        assert recipe_text.parse(shown["File:Comment"]) == (recipe, record)


def test_a_found_recipe_names_its_carrier() -> None:
    """The PNG's text comes first, since most programs keep it as it is."""
    data, record = publishable(IMAGE, RECIPE, RECORD)
    assert recipe_text.find(metadata.read(data)) == Embedded(RECIPE, record, "text")
