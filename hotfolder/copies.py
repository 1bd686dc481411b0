"""A picture -> its copy for publishing: what it is called, and what it carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from hotfolder.errors import PictureError
from hotfolder.images import fitting, metadata, picture, pixels, stealth
from hotfolder.outlets.outlet import Outlet
from hotfolder.recipes.encoding import Encoding, Format, encoding
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record, without_taste
from hotfolder.studio.identity import Identity

_ANYWHERE = Outlet(formats=("png", "jpeg", "webp"), carries="origin")


@dataclass(frozen=True, slots=True)
class Wish:
    """How copies are to be: their format, if not the picture's own, and what they may say.

    With an `outlet` they are as it takes them.
    """

    format: Format | None = None
    without_prompt: bool = False
    outlet: Outlet | None = None

    @property
    def silent(self) -> bool:
        """Whether copies say no more than that an AI made them."""
        return self.without_prompt or (self.outlet is not None and self.outlet.carries == "origin")


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy's name and content. `done` are C2PA's names of what was done to its pixels."""

    name: str
    data: bytes
    done: tuple[str, ...] = ()


def copied(path: Path, data: bytes, shown: Identity, wish: Wish, hashes: Mapping[str, str]) -> Copy:
    """The copy of a picture. Its pixels are encoded again only for a new format, size or shape.

    Pictures are named after their prompts, so a copy without prompt is named after its pixels.
    `hashes` are the SHA-256 of the files of its LoRAs. Raises PictureError for a picture that does
    not say how it was made, unless nothing is to be said of it.
    """
    recipe, record = shown.recipe, shown.record
    if recipe is None or record is None:
        if not wish.silent:
            raise PictureError(_untold(shown))
        bare, wanted, done = _bare(data, shown, wish)
        return Copy(f"picture-{shown.pixels.sha256[:8]}{wanted.suffix}", bare, done)
    record = without_taste(record)
    if wish.outlet is None and not wish.silent:
        return _whole(path, data, shown, recipe, record, wish.format)
    bare, wanted, done = _bare(data, shown, wish)
    if wish.silent:
        name = f"picture-{shown.pixels.sha256[:8]}{wanted.suffix}"
        return Copy(name, picture.without_prompt(bare, recipe, record), done)
    said = hashes if wish.outlet is not None and wish.outlet.hashes else None
    content = picture.with_parameters(bare, recipe, replace(record, template=""), said)
    return Copy(f"{path.stem}{wanted.suffix}", content, done)


def _untold(shown: Identity) -> str:
    if shown.params is not None:
        by = f"it was made by {shown.params.program}, not by hotfolder"
        return f"{by}; --without-prompt copies it without what it says"
    return shown.note or "it does not say how it was made"


def _whole(
    path: Path, data: bytes, shown: Identity, recipe: Recipe, record: Record, format: Format | None
) -> Copy:
    """The copy that carries everything."""
    here = metadata.format_of(data)
    wanted = encoding(format or here)
    name = f"{path.stem}{wanted.suffix}"
    if wanted.format == here:
        return Copy(name, picture.embed(data, recipe, record))
    if shown.edited or record.encoding.lossy:
        # A record tells of one loss. What has lost more than that is an edited picture.
        content = picture.embed(pixels.encode(shown.image, wanted), recipe, record)
    else:
        content = picture.publishable(shown.image, recipe, record, wanted)[0]
    return Copy(name, content, ("c2pa.converted",))


def _bare(data: bytes, shown: Identity, wish: Wish) -> tuple[bytes, Encoding, tuple[str, ...]]:
    """The copy's file with nothing but pixels in it, its encoding, and what was done to it.

    Pixels are also encoded again for what a colour profile or an orientation said, and where a
    prompt is hidden in them.
    """
    outlet = wish.outlet or _ANYWHERE
    here = metadata.format_of(data)
    wanted = encoding(
        wish.format or (here if here in outlet.formats else outlet.formats[0]), outlet.quality
    )
    image = fitting.within(shown.image, outlet.widest_px, outlet.longest_px)
    done = [] if image is shown.image else ["c2pa.resized"]
    if outlet.ratios and (shaped := fitting.banded(image, outlet.ratios)) is not image:
        image, done = (
            fitting.within(shaped, outlet.widest_px, outlet.longest_px),
            [*done, "c2pa.edited"],
        )
    if wanted.format != here:
        done.append("c2pa.converted")
    if not done and outlet.quality is None and not stealth.texts(data):
        bare = metadata.bare(data)
        if pixels.pixel_hash(pixels.decode(bare)) == shown.pixels.sha256:
            return bare, wanted, ()
    return pixels.encode(image, wanted), wanted, tuple(done)
