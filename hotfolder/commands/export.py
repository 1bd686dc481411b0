"""`hotfolder export`: copies of pictures for publishing, with or without their prompts."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from hotfolder.errors import EXIT_DONE, EXIT_SOME_FAILED, PictureError, printable, refusal
from hotfolder.images import metadata, picture, pixels, stealth
from hotfolder.recipes.encoding import Format, encoding
from hotfolder.recipes.record import without_taste
from hotfolder.report.terminal import console
from hotfolder.studio.identity import Identity, identify
from hotfolder.studio.pictures import pictures, studio_of
from hotfolder.studio.reading import read_file
from hotfolder.studio.store import atomic


def run(options: Namespace) -> int:
    """Copy each picture into a folder, and say what its copy carries."""
    screen = console()
    folder: Path = options.to
    failed, copies = False, 0
    for path in pictures(options.images):
        try:
            data = read_file(path)
            shown = identify(data, studio_of(path))
            name, copy = _copy(path, data, shown, options.format, options.without_prompt)
            folder.mkdir(parents=True, exist_ok=True)
            name = atomic.publish(folder, name, copy)
        except (OSError, PictureError) as error:
            failed = True
            says = refusal(error) if isinstance(error, OSError) else str(error)
            screen.print(f"{printable(str(path))} is not copied: {says}")
            continue
        copies += 1
        screen.print(f"{printable(str(path))} -> {printable(str(folder / name))}")
    if copies:
        prompt = "says at most that it was made by AI and with which model, without any prompt"
        says = prompt if options.without_prompt else "carries its prompts and its whole recipe"
        number = "1 copy, which" if copies == 1 else f"{copies} copies; each"
        screen.print(f"{number} {says}")
    return EXIT_SOME_FAILED if failed else EXIT_DONE


def _copy(
    path: Path, data: bytes, shown: Identity, format: Format | None, without_prompt: bool
) -> tuple[str, bytes]:
    """Name and content of a picture's copy. Its pixels are encoded again only for a new format.

    Pictures are named after their prompts, so a copy without prompt is named after its pixels.
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
    if without_prompt:
        data = pixels.encode(shown.image, wanted) if convert else data
        name = f"picture-{shown.pixels.sha256[:8]}{wanted.suffix}"
        return name, picture.without_prompt(data, recipe, record)
    name = f"{path.stem}{wanted.suffix}"
    if not convert:
        return name, picture.embed(data, recipe, record)
    if shown.edited or record.encoding.lossy:
        # A record tells of one loss. What has lost more than that is an edited picture.
        return name, picture.embed(pixels.encode(shown.image, wanted), recipe, record)
    return name, picture.publishable(shown.image, recipe, record, wanted)[0]


def _bare(data: bytes, shown: Identity, format: Format | None) -> tuple[str, bytes]:
    """Name and content of a copy of another program's picture that says nothing.

    Its pixels are encoded again for a new format, for what a colour profile or an orientation
    said, and where a prompt is hidden in them.
    """
    here = metadata.format_of(data)
    wanted = encoding(format or ("jpeg" if here == "jpeg" else "webp" if here == "webp" else "png"))
    name = f"picture-{shown.pixels.sha256[:8]}{wanted.suffix}"
    if wanted.format == here and not stealth.texts(data):
        bare = metadata.bare(data)
        if pixels.pixel_hash(pixels.decode(bare)) == shown.pixels.sha256:
            return name, bare
    return name, pixels.encode(shown.image, wanted)
