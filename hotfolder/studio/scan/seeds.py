"""The pictures in `seeds/`: what each is, how it is refined, and why some cannot be."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from hotfolder.errors import MistakesError, PictureError, printable
from hotfolder.recipes.config import Config
from hotfolder.recipes.links import groups
from hotfolder.recipes.model import model_name
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.prompt import parts
from hotfolder.recipes.prompt_syntax.tags import renamed
from hotfolder.recipes.recipe import MAX_DEPTH, Pixels, Recipe, lineage
from hotfolder.recipes.refine import Size, Wish, sizes_of
from hotfolder.recipes.region import Region, part
from hotfolder.recipes.settings import Limits
from hotfolder.snapshot import BrokenFile, SeedImage
from hotfolder.studio import beneath
from hotfolder.studio.config.match_model import match
from hotfolder.studio.identity import Portrait
from hotfolder.studio.layout import SETTINGS_FILE, Studio
from hotfolder.studio.names import MASK
from hotfolder.studio.reading import Reading
from hotfolder.studio.scan import captions, painted, retouches
from hotfolder.studio.scan.apart import Apart, SlowError
from hotfolder.studio.scan.captions import Caption
from hotfolder.studio.scan.limits import link_too_large
from hotfolder.studio.scan.painted import Painted
from hotfolder.studio.scan.portraits import Portraits
from hotfolder.studio.scan.retouches import Retouch
from hotfolder.studio.store import located

_log = logging.getLogger(__name__)
_TOO_DEEP = (
    f"it has already been refined too often: a picture carries at most {MAX_DEPTH} generations; "
    "save it without its metadata to start afresh"
)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A picture that was read: what it is, when it came, the texts beside it, what is marked in it.

    Of one that is a copy with a mark, `portrait` is that of the picture as it was, which lies at
    `original`.
    """

    portrait: Portrait
    arrived: tuple[int, str]
    text: captions.Text | None
    retouch: Retouch | None
    more: captions.Text | None
    marked: tuple[Region, ...]
    original: str = ""


class Seeds:
    """Picked pictures that have settled, each read once in each of its states.

    What they are is known by their `portraits`. `useless` says of those that
    cannot be refined why, `notes` what cannot be used of pictures from elsewhere.
    """

    def __init__(self, studio: Studio, portraits: Portraits, apart: Apart) -> None:
        self.useless: dict[str, str] = {}
        self.notes: dict[str, tuple[str, ...]] = {}
        self._studio = studio
        self._seen: dict[str, _Seen] = {}
        self._images: dict[str, SeedImage] = {}
        self._explained: set[str] = set()
        self._portraits = portraits
        self._apart = apart
        self._strokes: dict[str, tuple[Reading, Painted | None]] = {}

    def take_in(self, path: str, reading: Reading, config: Config, stars: int) -> None:
        """Find out what a picture of so many stars is.

        Raises PictureError if it is none that can be read, OSError if it cannot be read now, and
        FileNotFoundError if it has left the state in which it settled.
        """
        portrait = self._portraits.of(path, reading, config.settings.limits)
        text = captions.beside(self._studio, path)
        retouch = retouches.beside(self._studio, path)
        more = captions.more(self._studio, path)
        arrived = (reading.ctime_ns, path)
        seen = _Seen(portrait, arrived, text, retouch, more, ())
        try:
            if retouch and retouch.mask:
                limits = config.settings.limits
                seen = replace(seen, marked=self._masked(path, retouch, portrait, limits))
            elif painted := self._painted(path, reading, portrait):
                as_it_was, marked = painted.portrait, painted.marked
                seen = replace(seen, portrait=as_it_was, marked=marked, original=painted.path)
        except PictureError as error:
            self.give_up(path, str(error))
            return
        self._seen[path] = seen
        self._judge(path, config, stars)
        for note in self.notes.get(path, ()):
            _log.warning("%s: %s", printable(path), note)

    def follow(self, config: Config, stars: Callable[[str], int], path: str | None = None) -> None:
        """Have one picture, or all of them, refined as owner and stars want it now."""
        for known in [path] if path else list(self._seen):
            if known in self._seen:
                self._judge(known, config, stars(known))

    def give_up(self, path: str, says: str) -> None:
        """Plan nothing for a picture until it or a setting changes; `says` is why."""
        self._seen.pop(path, None)
        self._refuse(path, says)

    def explained(self, path: str) -> None:
        """The owner was told what is wrong with a picture."""
        self._explained.add(path)

    def drop(self, path: str) -> None:
        """A picture is gone, or has begun to change."""
        self._seen.pop(path, None)
        self._strokes.pop(path, None)
        self._images.pop(path, None)
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

    def given_up(self) -> list[str]:
        """Those that could not be read or refined, as other settings may allow."""
        return [path for path in self.useless if path not in self._seen]

    def source(self, path: str) -> Recipe | Pixels | None:
        """What the refinements of a picture start from, as far as it is known."""
        seen = self._seen.get(path)
        return seen.portrait.source if seen else None

    def _judge(self, path: str, config: Config, stars: int) -> None:
        """How a picture is refined by what is known of it, or why it is not."""
        seen = self._seen[path]
        portrait = seen.portrait
        try:
            caption = self._caption(seen, config, stars)
        except MistakesError as error:
            where = f"{printable(seen.text.name)} beside it" if seen.text else "its profile"
            self._refuse(path, f"{where} has a mistake: {error}")
            return
        try:
            caption = captions.with_more(seen.more, caption, config) if seen.more else caption
        except MistakesError as error:
            assert seen.more  # noqa: S101 - nothing else was read here
            self._refuse(path, f"{printable(seen.more.name)} beside it has a mistake: {error}")
            return
        self.notes[path] = caption.notes
        try:
            wishes = self._wishes(seen, caption.profile, config, stars)
        except PictureError as error:
            self._refuse(path, str(error))
            return
        links = len(wishes) or sum(1 for _ in groups(caption.profile.refine.chain))
        if len(_generations(portrait.source)) + links > MAX_DEPTH:
            self._refuse(path, _TOO_DEEP)
            return
        made = sizes_of(caption.profile, (portrait.source.width, portrait.source.height), config)
        around = (wish.region.around[2:] for wish in wishes if wish.region)
        parts = (Size(size, size) for size in around)
        for number, size in enumerate(parts if wishes else made, 1):
            if says := link_too_large(size, config.settings.limits):
                where = f" (link {number})" if number > 1 else ""
                self._refuse(path, f"its refinements would be too large{where}: {says}")
                return
        if not caption.prompt and portrait.record is None:
            self._refuse(path, _without_prompt(path, portrait))
            return
        self.useless.pop(path, None)
        self._explained.discard(path)
        self._images[path] = SeedImage(
            path=path,
            source=portrait.source,
            arrived=seen.arrived,
            profile_name=caption.profile_name,
            profile=caption.profile,
            record=portrait.record,
            prompt=caption.prompt,
            negative=caption.negative,
            notes=caption.notes,
            wishes=wishes,
            more=str(PurePosixPath(path).with_name(seen.more.name)) if seen.more else "",
            original=seen.original,
        )

    def _masked(
        self, path: str, found: Retouch, portrait: Portrait, limits: Limits
    ) -> tuple[Region, ...]:
        """What the mask beside a picture marks."""
        status = beneath.status(self._studio.root, found.mask)
        if status is None:
            raise FileNotFoundError(errno.ENOENT, "it is gone", found.mask)
        size = portrait.source.width, portrait.source.height
        asked = self._studio, found.mask, size, limits
        try:
            if not self._apart.is_suspect(path):
                with suppress(SlowError):
                    return retouches.read(*asked, quick=True)
            return self._apart.read(path, Reading.of(status), retouches.read, *asked)
        except PictureError as error:
            raise PictureError(f"{found.name} beside it cannot be used: {error}") from None

    def _painted(self, path: str, reading: Reading, portrait: Portrait) -> Painted | None:
        """What is painted into a picture, looked for once in each state of its file."""
        known = self._strokes.get(path)
        if known is None or known[0] != reading:
            found = None
            if ids := painted.copy_of(self._studio, path, portrait):
                found = self._apart.read(path, reading, painted.look, self._studio, path, ids)
            known = self._strokes[path] = reading, found
        return known[1]

    def _wishes(
        self, seen: _Seen, profile: Profile, config: Config, stars: int
    ) -> tuple[Wish, ...]:
        """What is to be drawn anew in a picture; PictureError for words that say nothing."""
        source, limits = seen.portrait.source, config.settings.limits
        size = source.width, source.height
        by = profile.model.detector or model_name(profile.model)

        def where(word: str) -> Sequence[Region] | None:
            return located.of(self._studio.root, source, by, word)

        line = config.settings.stars.part(stars)
        if line and not (seen.retouch or seen.marked):
            word, prompt = part(line)
            mask_name = printable(PurePosixPath(seen.arrived[1]).stem) + MASK
            return retouches.by_words({word: prompt}, mask_name, size, profile, where)
        return retouches.wishes(seen.marked, seen.retouch, size, profile, limits, where)

    def _caption(self, seen: _Seen, config: Config, stars: int) -> Caption:
        """What a picture is refined with: the text beside it, what it says, or the owner's words.

        A preset for its stars comes before the profile of any of them. Raises MistakesError.
        """
        portrait, photos = seen.portrait, config.settings.photos
        if seen.text is not None and portrait.record is None:
            caption = captions.read(seen.text, config, self._studio)
        elif portrait.params is not None and portrait.params.prompt:
            matched = match(portrait.params, config, self._studio)
            name, profile, notes = matched.profile_name, matched.profile, matched.notes
            prompt = renamed(portrait.prompt, matched.loras)
            caption = Caption(prompt, portrait.negative, name, profile, notes)
        elif portrait.record is not None:
            name, profile = config.profile_of(portrait.record)
            unused = (_unused(seen.text.name),) if seen.text else ()
            caption = Caption(portrait.prompt, portrait.negative, name, profile, unused)
        else:
            name = photos.profile or config.settings.profile
            profile = config.profile(name)
            fixed = ", ".join(parts(profile.fixed))
            caption = Caption(photos.prompt.strip() or fixed, photos.negative, name, profile)
        if preset := config.settings.stars.preset(stars):
            caption = replace(caption, profile_name=preset, profile=config.profile(preset))
        return caption

    def _refuse(self, path: str, says: str) -> None:
        self._images.pop(path, None)
        if self.useless.get(path) != says:
            self._explained.discard(path)
        self.useless[path] = says


def _generations(source: Recipe | Pixels) -> tuple[Recipe | Pixels, ...]:
    return lineage(source) if isinstance(source, Recipe) else (source,)


def _unused(text: str) -> str:
    name = f"{PurePosixPath(text).stem}{captions.MORE}"
    return (
        f"{printable(text)} beside it is not used, because the picture has a prompt "
        f"of its own; other settings belong in {printable(name)}"
    )


def _without_prompt(path: str, portrait: Portrait) -> str:
    unclear = portrait.params.unclear if portrait.params else ""
    why = portrait.note or unclear or "nothing says what it shows"
    name = printable(PurePosixPath(path).with_suffix(".txt").name)
    return (
        f"{why}; put a text file {name} with a prompt beside it, or a prompt for all such "
        f'pictures into {SETTINGS_FILE}, below a line [photos]:  prompt = "a photo"'
    )
