"""A picture -> its copy for publishing: what it is called, and what it carries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hotfolder.errors import PictureError
from hotfolder.images import metadata, picture, pixels, stealth
from hotfolder.recipes.encoding import Format, encoding
from hotfolder.recipes.record import without_taste
from hotfolder.studio.identity import Identity


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy's name and content. `done` are C2PA's names of what was done to its pixels."""

    name: str
    data: bytes
    done: tuple[str, ...] = ()


def copied(
    path: Path, data: bytes, shown: Identity, format: Format | None, without_prompt: bool
) -> Copy:
    """The copy of a picture. Its pixels are encoded again only for a new format.

    Pictures are named after their prompts, so a copy without prompt is named after its pixels.
    Raises PictureError for a picture that does not say how it was made.
    """
    recipe, record = shown.recipe, shown.record
    if recipe is None or record is None:
        if without_prompt:
            return _bare(data, shown, format)
        if shown.params is not None:
            by = f"it was made by {shown.params.program}, not by hotfolder"
            raise PictureError(f"{by}; --without-prompt copies it without what it says")
        raise PictureError(shown.note or "it does not say how it was made")
    record = without_taste(record)
    here = metadata.format_of(data)
    wanted = encoding(format or here)
    convert = wanted.format != here
    done = ("c2pa.converted",) if convert else ()
    if without_prompt:
        data = pixels.encode(shown.image, wanted) if convert else data
        name = f"picture-{shown.pixels.sha256[:8]}{wanted.suffix}"
        return Copy(name, picture.without_prompt(data, recipe, record), done)
    name = f"{path.stem}{wanted.suffix}"
    if not convert:
        return Copy(name, picture.embed(data, recipe, record))
    if shown.edited or record.encoding.lossy:
        # A record tells of one loss. What has lost more than that is an edited picture.
        return Copy(name, picture.embed(pixels.encode(shown.image, wanted), recipe, record), done)
    return Copy(name, picture.publishable(shown.image, recipe, record, wanted)[0], done)


def _bare(data: bytes, shown: Identity, format: Format | None) -> Copy:
    """The copy of another program's picture that says nothing.

    Its pixels are encoded again for a new format, for what a colour profile or an orientation
    said, and where a prompt is hidden in them.
    """
    here = metadata.format_of(data)
    wanted = encoding(format or ("jpeg" if here == "jpeg" else "webp" if here == "webp" else "png"))
    name = f"picture-{shown.pixels.sha256[:8]}{wanted.suffix}"
    if wanted.format == here and not stealth.texts(data):
        bare = metadata.bare(data)
        if pixels.pixel_hash(pixels.decode(bare)) == shown.pixels.sha256:
            return Copy(name, bare)
    return Copy(name, pixels.encode(shown.image, wanted))
