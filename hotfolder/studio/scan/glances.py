"""What pictures at hand are to taste: which picture it is wherever it lies, and its features."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from msgspec import Struct

from hotfolder import __version__
from hotfolder.errors import PictureError, printable
from hotfolder.images import metadata, pixels, recipe_text
from hotfolder.images.composition import measured
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import Reading, read_file
from hotfolder.studio.scan.apart import BeingReadError
from hotfolder.studio.scan.cache import Cache
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.store import local
from hotfolder.taste.features import Features

_LONGEST = 256


class Glance(Struct, frozen=True, omit_defaults=True):
    """A file's picture: its key, and its features where they had to be measured."""

    picture: str
    features: Features | None = None


class Glances:
    """Reads each picture once in each of its states, and remembers over restarts."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        file = local.folder(studio.root) / "glances.jsonl"
        self._known = Cache(file, Glance, f"{__version__} {sorted(measured.named())}")
        self._now: dict[str, tuple[Reading, Glance]] = {}

    def knows(self, path: str, reading: Reading) -> bool:
        """Whether a file was read in this state."""
        return self._recalled(path, reading) is not None

    def picture(self, path: str, reading: Reading, scanner: Scanner) -> str:
        """The key of a file's picture, as judgements and features have it; empty if it is none.

        Raises BeingReadError.
        """
        glance = self._recalled(path, reading)
        if glance is None:
            try:
                glance = Glance(self._key(path, scanner))
            except BeingReadError:
                raise
            except OSError:  # it may be read after a restart, so nothing is remembered of it
                self._now[path] = reading, Glance("")
                return ""
            self._keep(path, reading, glance)
        return glance.picture

    def features(self, path: str, reading: Reading, scanner: Scanner) -> Features | None:
        """The features of a file's picture, measured now; None if it is none that can be read."""
        picture = self.picture(path, reading, scanner)
        glance = self._recalled(path, reading)
        if glance is not None and glance.features is not None:
            return glance.features
        try:
            features = self._measured(path, picture)
        except (OSError, PictureError):
            return None
        self._keep(path, reading, Glance(picture, features))
        return features

    def save(self) -> None:
        """Remember what was found out."""
        self._known.save()

    def close(self, present: Collection[str]) -> None:
        """Remember what was found out of the files that are present, and nothing else."""
        self._known.close(present)

    def _recalled(self, path: str, reading: Reading) -> Glance | None:
        known = self._now.get(path)
        if known is not None and known[0] == reading:
            return known[1]
        return self._known.recall(path, reading)

    def _keep(self, path: str, reading: Reading, glance: Glance) -> None:
        self._now[path] = reading, glance
        self._known.keep(path, reading, glance)

    def _key(self, path: str, scanner: Scanner) -> str:
        """A picture of ours has its recipe's id, edited or not; another the hash of its pixels.

        Raises OSError.
        """
        try:
            ours = _ours(read_file(self._studio.root / path, below=self._studio.root))
            return ours[0].id if ours else scanner.key(path)
        except PictureError:
            return ""

    def _measured(self, path: str, picture: str) -> Features:
        data = read_file(self._studio.root / path, below=self._studio.root)
        image = pixels.decode(data)
        sides = (image.width, image.height)
        return about(picture, _ours(data), sides, measured.features(image))


def about(
    picture: str,
    ours: tuple[Recipe, Record] | None,
    sides: tuple[int, int],
    kinds: Mapping[str, bytes],
) -> Features:
    """The features of a picture, with what its recipe says, if it is ours."""
    width, height = sides
    if ours is None:
        return Features(picture, width=width, height=height, kinds=dict(kinds))
    recipe, record = ours
    return Features(
        picture,
        prompt=printable(recipe.prompt),
        profile=printable(record.profile)[:_LONGEST],
        prompt_file=printable(Path(record.prompt_file).stem)[:_LONGEST],
        width=width,
        height=height,
        kinds=dict(kinds),
    )


def _ours(data: bytes) -> tuple[Recipe, Record] | None:
    try:
        found = recipe_text.find(metadata.read(data))
    except PictureError:
        return None
    return (found.recipe, found.record) if found else None
