"""`hotfolder restore`: a picture that lost all it carried gets a copy that has its recipe again."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from hotfolder.errors import (
    EXIT_DONE,
    EXIT_SOME_FAILED,
    PictureError,
    StudioMissingError,
    printable,
    refusal,
)
from hotfolder.images import picture
from hotfolder.report.terminal import console
from hotfolder.studio import layout
from hotfolder.studio.identity import Identity, identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.pictures import pictures, studio_of
from hotfolder.studio.reading import read_file
from hotfolder.studio.store import archive, atomic, sketches


def run(options: Namespace) -> int:
    """Find each picture by its pixels and write a copy; the originals stay as they are."""
    screen = console()
    failed = False
    for path in pictures(options.images):
        try:
            says = _restored(path, options.to, _studio(path, options.studio), options.likely)
        except (OSError, PictureError) as error:
            failed = True
            says = refusal(error) if isinstance(error, OSError) else str(error)
        screen.print(f"{printable(str(path))}: {says}")
    return EXIT_SOME_FAILED if failed else EXIT_DONE


def _restored(path: Path, to: Path | None, studio: Studio, likely: bool) -> str:
    """What was done, in words; raises PictureError for a picture that nothing is known of."""
    data = read_file(path)
    shown = identify(data, studio)
    if shown.recipe is not None and not shown.lost and not shown.edited:
        return "it still has its recipe"
    pixels = shown.pixels.sha256
    ours = archive.find(studio, pixels) or archive.search(studio, pixels)
    how = "restored"
    if ours is None:
        alike, ours = _most_alike(shown, studio)
        recipe, record = ours
        says = f"it looks like the {record.stage} {recipe.id[:8]} ({alike:.1%} alike)"
        if not likely:
            raise PictureError(f"{says}; --likely gives a copy that recipe")
        how = f"{says.removeprefix('it ')}; its recipe is in the copy,"
    folder = to or path.parent
    folder.mkdir(parents=True, exist_ok=True)
    name = atomic.publish(folder, f"{path.stem}-restored{path.suffix}", picture.embed(data, *ours))
    recipe, record = ours
    proof = "proved by" if archive.is_proved(studio, recipe, record) else "not proved by"
    where = printable(str(folder / name))
    return f"{record.stage} {recipe.id[:8]}, {proof} this computer's records, {how} as {where}"


def _most_alike(shown: Identity, studio: Studio) -> tuple[float, archive.Ours]:
    """The picture made in a studio that this one was before it lost pixels, too, and how alike.

    Raises PictureError if there is none.
    """
    found = sketches.alike(studio, shown.image)
    known = [(score, ours) for score, pixels in found if (ours := archive.find(studio, pixels))]
    if not known:
        raise PictureError(f"nothing that looks like it was made in {printable(str(studio.root))}")
    return known[0]


def _studio(path: Path, named: Path | None) -> Studio:
    """The studio that a picture was made in: the one named, around it, or the current folder."""
    if named is not None:
        return layout.find(named)
    around = studio_of(path)
    if around is not None:
        return around
    try:
        return layout.find(Path())
    except StudioMissingError:
        says = "it is not in a studio; name the one it was made in with --studio"
        raise PictureError(says) from None
