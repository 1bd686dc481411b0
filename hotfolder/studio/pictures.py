"""Pictures that a person names on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from hotfolder.errors import (
    HotfolderError,
    PictureError,
    StudioMissingError,
    printable,
)
from hotfolder.images import metadata, recipe_text
from hotfolder.images.metadata import suffixes
from hotfolder.studio import beneath, layout
from hotfolder.studio.layout import Studio
from hotfolder.studio.names import is_private_folder, is_temporary
from hotfolder.studio.reading import read_file


def pictures(paths: Iterable[Path]) -> Iterator[Path]:
    """The files among `paths`, and all pictures below the folders among them, sorted by name.

    Raises HotfolderError for a folder of a studio in whose place somebody has put a link.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        try:
            yield from _below(path)
        except NotADirectoryError as error:
            raise HotfolderError(f"{printable(str(path))}: {error.strerror}") from None


def of_rooms(*rooms: Path) -> Iterator[Path]:
    """All pictures in these folders of a studio; none in one that somebody has made a link of."""
    for room in rooms:
        with suppress(NotADirectoryError):
            yield from _below(room)


def _below(folder: Path) -> Iterator[Path]:
    root, inside = beneath.within(folder) or (folder, "")
    for name in sorted(beneath.files(root, inside)):
        path = folder / name[len(inside) :].lstrip("/")
        *folders, last = path.relative_to(folder).parts
        private = any(map(is_private_folder, folders))
        if path.suffix.lower() in suffixes() and not private and not is_temporary(last):
            yield path


def by_recipe(paths: Iterable[Path]) -> dict[str, Path]:
    """Which of these pictures was made by which recipe, by its id; others are passed over."""
    found: dict[str, Path] = {}
    for path in paths:
        try:
            ours = recipe_text.find(metadata.read(read_file(path)))
        except (OSError, PictureError):
            continue
        if ours:
            found.setdefault(ours.recipe.id, path)
    return found


def studio_of(path: Path) -> Studio | None:
    """The studio that a file lies in, at any depth; None for a file from elsewhere."""
    for folder in path.resolve().parents:
        try:
            return layout.find(folder)
        except StudioMissingError:
            continue
    return None
