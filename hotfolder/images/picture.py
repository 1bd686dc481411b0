"""A rendered image + its recipe and record -> the bytes of the picture to publish."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hotfolder import __version__
from hotfolder.errors import PictureError
from hotfolder.images import exif, infotext, metadata, pixels, recipe_text, xmp
from hotfolder.images.metadata import COMMENT, Metadata, Room
from hotfolder.recipes.encoding import PNG, Encoding
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record

if TYPE_CHECKING:
    from PIL.Image import Image

PARAMETERS = "parameters"  # where A1111 and all that read its pictures look


def publishable(
    image: Image, recipe: Recipe, record: Record, encoding: Encoding = PNG
) -> tuple[bytes, Record]:
    """The file of `image` that carries its recipe, and the record that it carries with it.

    That is `record` with what the encoding made of the pixels and by which library. Raises
    PictureError if the recipe is too long to be read again.
    """
    data = pixels.encode(image, encoding)
    shown = pixels.decode(data) if encoding.lossy else image
    record = replace(
        record,
        pixels=pixels.pixel_hash(shown),
        rendered=pixels.pixel_hash(image) if encoding.lossy else None,
        encoding=encoding,
        versions={**record.versions, **pixels.encoders(encoding, recipe.source_encoding)},
    )
    return embed(data, recipe, record), record


def embed(data: bytes, recipe: Recipe, record: Record) -> bytes:
    """The same picture, its pixels untouched, with `recipe` and `record` in every carrier.

    XMP and EXIF that are there are its owner's, with stars perhaps: they stay, and are added to. A
    carrier into which the recipe does not fit is left as it is. Raises PictureError if the recipe
    is too long to be read again, or if no carrier takes it.
    """
    text = recipe_text.document(recipe, record)
    parameters = infotext.write(recipe, record)
    present = metadata.read(data)
    room = metadata.room(data)
    if present.xmp:
        packet = xmp.added(present.xmp, text)
        packet = packet if packet and len(packet) <= room.xmp_bytes else None
    else:
        packet = _packet(recipe, record, text, room)
    block = _block(parameters, text, present, room, _sides(data))
    data = metadata.splice(data, list(_texts(text, parameters, present, room)), packet, block)
    if recipe_text.find(metadata.read(data)) is None:
        raise PictureError("its XMP and EXIF are in a form to which no recipe can be added")
    return data


def without_prompt(data: bytes, recipe: Recipe, record: Record) -> bytes:
    """The same picture, its pixels untouched, that says that and how an AI made it, and no more.

    Neither a prompt nor a recipe is in it, nor anything else that it carried before.
    """
    packet = xmp.packet(recipe, record, prompt=False)
    block = exif.block(f"hotfolder {__version__}", "", "", sides=_sides(data))
    return metadata.splice(metadata.bare(data), xmp=packet, exif=block)


def with_parameters(
    data: bytes, recipe: Recipe, record: Record, hashes: Mapping[str, str] | None = None
) -> bytes:
    """The same picture, its pixels untouched, with prompts and settings in the words of A1111.

    It says that an AI made it, too, and carries neither a recipe nor anything else. With `hashes`,
    the SHA-256 of LoRAs' files, it names the files of model and LoRAs by theirs. The fingerprint of
    a model in several files is left out: nobody else knows it.
    """
    parameters = infotext.write(recipe, replace(record, model_sha256=""), hashes)
    room = metadata.room(data)
    texts = [(PARAMETERS, parameters)] if room.text not in (None, COMMENT) else []
    packets = [xmp.packet(recipe, record), xmp.packet(recipe, record, prompt=False)]
    packet = next(packet for packet in packets if len(packet) <= room.xmp_bytes)
    block = _block(parameters, "", Metadata(0, 0), room, _sides(data))
    return metadata.splice(metadata.bare(data), texts, packet, block)


def require_room(recipe: Recipe, record: Record, encoding: Encoding) -> None:
    """Raises PictureError with a sentence if the picture could not carry these, or be so large.

    For before the picture is rendered: of its record may be missing what is known afterwards.
    """
    recipe_text.require_room(recipe, record)
    pixels.require_room(recipe.width, recipe.height, encoding)


def _texts(text: str, parameters: str, present: Metadata, room: Room) -> Iterator[tuple[str, str]]:
    if room.text == COMMENT:
        for keyword, comment in present.texts:
            if not recipe_text.is_comment(comment):
                yield keyword, comment
        for comment in recipe_text.comments(text, room.text_bytes):
            yield COMMENT, comment
    elif room.text:
        if len(parameters.encode("utf-8", "replace")) <= room.text_bytes:
            yield PARAMETERS, parameters
        yield room.text, text
        if recipe_text.is_comment(present.text(recipe_text.PNG_COMMENT) or text):
            yield recipe_text.PNG_COMMENT, text


def _packet(recipe: Recipe, record: Record, text: str, room: Room) -> bytes:
    """The fullest XMP packet that fits."""
    packets = [
        xmp.packet(recipe, record, text),
        xmp.packet(recipe, record),
        xmp.packet(recipe, record, prompt=False),
    ]
    return next(packet for packet in packets if len(packet) <= room.xmp_bytes)


def _sides(data: bytes) -> tuple[int, int] | None:
    """The sides of a JPEG, whose EXIF has to say them; None for any other picture."""
    if metadata.format_of(data) != "jpeg":
        return None
    head = metadata.read(data)
    return head.width, head.height


def _block(
    parameters: str, text: str, present: Metadata, room: Room, sides: tuple[int, int] | None
) -> bytes | None:
    """The fullest EXIF block that fits, with all that the picture's own has; None for none."""
    software = f"hotfolder {__version__}"
    for comment, history in ((parameters, text), (parameters, ""), ("", text), ("", "")):
        block = exif.block(software, comment, history, present.exif, sides)
        if block is not None and len(block) <= room.exif_bytes:
            return block
    return None
