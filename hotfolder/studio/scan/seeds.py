"""The pictures in `seeds/`: what each is, how it is refined, and why some cannot be."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import replace

from hotfolder import __version__
from hotfolder.images.generation_params import GenerationParams
from hotfolder.recipes.config import Config
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.recipe import MAX_DEPTH, Recipe, lineage
from hotfolder.recipes.record import Record
from hotfolder.snapshot import BrokenFile, SeedImage
from hotfolder.studio.config.match_model import match
from hotfolder.studio.identity import Portrait, identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.names import printable
from hotfolder.studio.reading import Reading, read_settled
from hotfolder.studio.scan.cache import Memory
from hotfolder.studio.scan.limits import check_picture, too_large
from hotfolder.studio.store import local

_log = logging.getLogger(__name__)
_TOO_DEEP = (
    f"it was refined {MAX_DEPTH - 1} times already, and a picture carries at most {MAX_DEPTH} "
    "generations; save it without its metadata to begin anew"
)


class Seeds:
    """Picked pictures that have settled, each read once in each of its states.

    What they are is remembered over restarts, unless `read_only`. `useless` says of those that
    cannot be refined why, `notes` what cannot be used of pictures from elsewhere.
    """

    def __init__(self, studio: Studio, read_only: bool) -> None:
        self.useless: dict[str, str] = {}
        self.notes: dict[str, tuple[str, ...]] = {}
        self._studio = studio
        self._images: dict[str, SeedImage] = {}
        self._told: dict[str, GenerationParams] = {}
        self._explained: set[str] = set()
        file = local.folder(studio.root) / "seeds.jsonl"
        self._portraits = Memory(file, Portrait, __version__, read_only)

    def take_in(self, path: str, reading: Reading, config: Config, stars: int) -> None:
        """Find out what a picture of so many stars is.

        Raises PictureError if it is none that can be read, OSError if it cannot be read now, and
        FileNotFoundError if it has left the state in which it settled.
        """
        seen = self._portraits.recall(path, reading) or self._portrayed(path, reading, config)
        if isinstance(seen.source, Recipe) and len(lineage(seen.source)) >= MAX_DEPTH:
            self.give_up(path, _TOO_DEEP)
            return
        if seen.params:
            self._told[path] = seen.params
        name, profile = self._profile_of(path, seen.record, config, stars)
        if says := too_large(profile.refine.area, config.settings.limits):
            self.give_up(path, f"its refinements would be too large: {says}")
            return
        for note in self.notes.get(path, ()):
            _log.warning("%s: %s", printable(path), note)
        self._images[path] = SeedImage(
            path=path,
            source=seen.source,
            arrived=(reading.ctime_ns, path),
            profile_name=name,
            profile=profile,
            record=seen.record,
            prompt=seen.prompt,
            negative=seen.negative,
        )

    def follow(self, config: Config, stars: Callable[[str], int], path: str | None = None) -> None:
        """Have one picture, or all of them, refined as owner and stars want it now."""
        for known in [path] if path else list(self._images):
            if seed := self._images.get(known):
                name, profile = self._profile_of(known, seed.record, config, stars(known))
                self._images[known] = replace(seed, profile_name=name, profile=profile)

    def give_up(self, path: str, says: str) -> None:
        """Plan nothing for a picture until it changes; `says` is why."""
        self._images.pop(path, None)
        self.useless[path] = says

    def explained(self, path: str) -> None:
        """The owner was told what is wrong with a picture."""
        self._explained.add(path)

    def drop(self, path: str) -> None:
        """A picture is gone, or has begun to change."""
        self._images.pop(path, None)
        self._told.pop(path, None)
        self.notes.pop(path, None)
        self.useless.pop(path, None)
        self._explained.discard(path)

    def images(self, held: Collection[str]) -> list[SeedImage]:
        """Those that can be refined, but for the `held` ones."""
        return [seed for path, seed in self._images.items() if path not in held]

    def unexplained(self) -> list[BrokenFile]:
        """Those of whose uselessness the owner does not know yet."""
        wrong = self.useless.items()
        return [BrokenFile(path, says) for path, says in wrong if path not in self._explained]

    def save(self) -> None:
        """Remember what was found out."""
        self._portraits.save()

    def close(self, present: Collection[str]) -> None:
        """All pictures of the start are known: nothing is recalled any more."""
        self._portraits.close(present)

    def _portrayed(self, path: str, reading: Reading, config: Config) -> Portrait:
        data = read_settled(self._studio.root / path, reading)
        check_picture(data, config.settings.limits)
        seen = Portrait.of(identify(data, self._studio))
        self._portraits.keep(path, reading, seen)
        if seen.note:
            _log.warning("%s: %s", printable(path), seen.note)
        return seen

    def _profile_of(
        self, path: str, record: Record | None, config: Config, stars: int
    ) -> tuple[str, Profile]:
        """Name and profile that a picture is refined with."""
        if path not in self._told or config.settings.stars.preset(stars):
            return config.profile_of(record, stars)
        matched = match(self._told[path], config, self._studio)
        self.notes[path] = matched.notes
        return matched.profile_name, matched.profile
