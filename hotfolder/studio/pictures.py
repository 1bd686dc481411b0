"""Pictures that a person names on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from hotfolder.errors import PictureError, StudioMissingError
from hotfolder.images import metadata, recipe_text
from hotfolder.images.metadata import suffixes
from hotfolder.studio import beneath, layout
from hotfolder.studio.layout import Studio
from hotfolder.studio.names import is_private_folder, is_temporary
from hotfolder.studio.reading import read_file


def pictures(paths: Iterable[Path]) -> Iterator[Path]:
    """The files among `paths`, and all pictures below the folders among them, sorted by name."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for name in sorted(beneath.files(path, "")):
            *folders, last = name.split("/")
            private = any(map(is_private_folder, folders))
            below = path / name
            if below.suffix.lower() in suffixes() and not private and not is_temporary(last):
                yield below


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
