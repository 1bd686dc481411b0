"""`hotfolder export`: copies of pictures for publishing, with or without their prompts."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hotfolder import checksum, shelves
from hotfolder.copies import Copy, Wish, copied
from hotfolder.errors import (
    EXIT_DONE,
    EXIT_SOME_FAILED,
    HotfolderError,
    PictureError,
    did_you_mean,
    printable,
    refusal,
)
from hotfolder.images import picture
from hotfolder.outlets.known import known
from hotfolder.recipes.recipe import Recipe
from hotfolder.report.terminal import console
from hotfolder.studio.config import load
from hotfolder.studio.identity import Identity, identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.pictures import by_recipe, of_rooms, pictures, studio_of
from hotfolder.studio.reading import read_file
from hotfolder.studio.store import atomic

if TYPE_CHECKING:
    from hotfolder.credentials.certificate import Credentials

_SELF_MADE = (
    "signed with a self-made certificate: other programs will say that its issuer is unknown"
)


def run(options: Namespace) -> int:
    """Copy each picture into a folder, and say what its copy carries."""
    screen = console()
    wish = _wish(options)
    signer = _signer() if options.sign else None
    hashes = _Hashes()
    folder: Path = options.to
    failed, copies = False, 0
    for path in pictures(options.images):
        try:
            data, studio = read_file(path), studio_of(path)
            shown = identify(data, studio)
            copy = copied(
                path,
                data,
                shown,
                wish,
                hashes.of(shown, studio) if wish.outlet and wish.outlet.hashes else {},
            )
            content = signer.signed(copy, shown, studio) if signer else copy.data
            folder.mkdir(parents=True, exist_ok=True)
            name = atomic.publish(folder, copy.name, content)
        except (OSError, PictureError) as error:
            failed = True
            says = refusal(error) if isinstance(error, OSError) else str(error)
            screen.print(f"{printable(str(path))} was not copied: {says}")
            continue
        copies += 1
        screen.print(f"{printable(str(path))} -> {printable(str(folder / name))}")
    if copies:
        number = "1 copy, which" if copies == 1 else f"{copies} copies; each"
        screen.print(f"{number} {_says(wish)}")
        if signer:
            screen.print(_SELF_MADE if signer.credentials.self_made else "signed")
    return EXIT_SOME_FAILED if failed else EXIT_DONE


def _wish(options: Namespace) -> Wish:
    """How the copies are to be; raises HotfolderError for a format that an outlet does not take."""
    places = known()
    if options.outlet and options.outlet not in places:
        remedy = did_you_mean(options.outlet, places)
        raise HotfolderError(f"there is no outlet {options.outlet!r}; {remedy}")
    outlet = places[options.outlet] if options.outlet else None
    if outlet and options.format and options.format not in outlet.formats:
        takes = " or ".join(outlet.formats)
        raise HotfolderError(f"{options.outlet} takes {takes}; leave out --format")
    return Wish(options.format, options.without_prompt, outlet)


def _says(wish: Wish) -> str:
    if wish.silent:
        return "says at most that AI made it and with which model, without any prompt"
    if wish.outlet:
        return "carries its prompts and settings in the words of A1111, and no recipe"
    return "carries its prompts and its whole recipe"


@dataclass(frozen=True, slots=True)
class _Hashes:
    """What the files of LoRAs are known by elsewhere."""

    folders: dict[Path | None, tuple[Path, ...]] = field(default_factory=dict)  # by the studio

    def of(self, shown: Identity, studio: Studio | None) -> dict[str, str]:
        """The SHA-256 of the files of a picture's LoRAs, by their names, of those that are here.

        They are the same files that the picture was made with.
        """
        if shown.recipe is None or shown.record is None or not shown.recipe.loras:
            return {}
        from hotfolder.render.models import fingerprint

        found = {}
        for lora in shown.recipe.loras:
            path = shelves.find(self._shelves(studio), lora.name)
            wanted = shown.record.additions.get(lora.name)
            if path is not None and wanted and fingerprint.fingerprint(path) == wanted:
                found[lora.name] = checksum.sha256(path)
        return found

    def _shelves(self, studio: Studio | None) -> tuple[Path, ...]:
        root = studio.root if studio else None
        if root not in self.folders:
            config = load.examine(studio)[0] if studio else load.nobody()
            names = [*config.settings.loras, *config.folders]
            base = root or Path()
            self.folders[root] = tuple(base / Path(name).expanduser() for name in names)
        return self.folders[root]


@dataclass(frozen=True, slots=True)
class _Signer:
    """Signs copies; finds the drafts that they were refined from."""

    credentials: Credentials
    seeds: dict[Path, dict[str, Path]] = field(default_factory=dict)  # by the studio

    def signed(self, copy: Copy, shown: Identity, studio: Studio | None) -> bytes:
        """The content of a copy with its credentials; raises PictureError."""
        from hotfolder.credentials import manifest, signing

        if shown.recipe is None:
            raise PictureError(
                "only pictures that hotfolder made can be signed: it knows nothing about others"
            )
        source = manifest.picked(shown.recipe)
        draft = self._draft(source, studio) if studio and isinstance(source, Recipe) else None
        return signing.signed(
            copy.data, shown.recipe, self.credentials, copy.name, draft, copy.done, shown.edited
        )

    def _draft(self, recipe: Recipe, studio: Studio) -> bytes | None:
        """The draft of this recipe, without its prompt; None if it is not in the studio.

        It is known by the digits in its name, or else has to lie in seeds/, whatever its name is.
        """
        rooms = of_rooms(studio.seeds, studio.drafts)
        path = by_recipe(one for one in rooms if recipe.id[:8] in one.stem).get(recipe.id)
        if path is None:
            if studio.root not in self.seeds:
                self.seeds[studio.root] = by_recipe(of_rooms(studio.seeds))
            path = self.seeds[studio.root].get(recipe.id)
        if path is None:
            return None
        data = read_file(path, below=studio.root)
        shown = identify(data)
        if shown.recipe is None or shown.record is None or shown.edited:
            return None
        return picture.without_prompt(data, shown.recipe, shown.record)


def _signer() -> _Signer:
    from hotfolder.credentials import certificate

    return _Signer(certificate.credentials(load.owners().signing))
