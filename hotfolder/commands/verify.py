"""`hotfolder verify`: whether pictures are what they say, without rendering anything."""

from __future__ import annotations

from argparse import Namespace
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from hotfolder.errors import EXIT_DONE, EXIT_SOME_FAILED, PictureError, printable, refusal
from hotfolder.history import Made
from hotfolder.images.likeness import ALIKE
from hotfolder.recipes.recipe import Pixels, Recipe, lineage
from hotfolder.recipes.record import Record
from hotfolder.report.terminal import console
from hotfolder.studio.identity import Identity, identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.pictures import pictures, studio_of
from hotfolder.studio.reading import read_file
from hotfolder.studio.store import archive, ledger, sketches, sources


def run(options: Namespace) -> int:
    """Print a sentence for each finding; the exit code says whether there was any.

    A picture from elsewhere claims nothing of hotfolder's, so it is none.
    """
    screen = console()
    ledgers = Ledgers()
    sound = foreign = wrong = 0
    for path in pictures(options.images):
        studio = studio_of(path)
        try:
            shown = identify(read_file(path), studio)
            findings = list(_findings(shown, studio, ledgers))
        except (OSError, PictureError) as error:
            says = refusal(error) if isinstance(error, OSError) else str(error)
            shown, findings = None, [f"it cannot be read: {says}"]
        for finding in findings:
            screen.print(f"{printable(str(path))}: {finding}")
        if findings:
            wrong += 1
        elif shown is not None and shown.recipe is None:
            foreign += 1
            by = f" ({printable(shown.params.program)})" if shown.params else ""
            screen.print(f"{printable(str(path))}: from elsewhere{by}")
        else:
            sound += 1
    aside = f", {foreign} from elsewhere" if foreign else ""
    screen.print(f"{sound} of {sound + wrong} are what they say{aside}")
    return EXIT_SOME_FAILED if wrong else EXIT_DONE


class Ledgers:
    """What each studio's ledger says was made; each is read once."""

    def __init__(self) -> None:
        self._made: dict[Path, dict[str, list[Made]]] = {}

    def made(self, studio: Studio, recipe_id: str, pixels: str) -> list[Made]:
        """The entries of pictures with this recipe, and of those with these pixels."""
        if studio.root not in self._made:
            by_both: dict[str, list[Made]] = defaultdict(list)
            self._made[studio.root] = by_both
            for entry in ledger.entries(studio.root):
                if isinstance(entry, Made):
                    by_both[entry.recipe].append(entry)
                    by_both[entry.pixels].append(entry)
        known = self._made[studio.root]
        return [*known.get(recipe_id, ()), *known.get(pixels, ())]


def _findings(shown: Identity, studio: Studio | None, ledgers: Ledgers) -> Iterator[str]:
    """A sentence for everything about a picture that is not as it says."""
    if shown.lost:
        yield "it has lost its recipe; `hotfolder restore` writes it into a copy"
        return
    if shown.note:
        yield shown.note
    if shown.recipe is None or shown.record is None:
        return
    recipe, record = shown.recipe, shown.record
    if shown.edited:
        yield _edited(shown, studio)
    elif (shown.pixels.width, shown.pixels.height) != (recipe.width, recipe.height):
        sides = f"{shown.pixels.width}x{shown.pixels.height}"
        yield f"its recipe says {recipe.width}x{recipe.height} px, and it has {sides}"
    elif studio is not None and record.studio in ("", studio.name):
        yield from _against(ledgers.made(studio, recipe.id, record.pixels), recipe, record)
    if studio is not None:
        yield from _without_source(recipe, studio)


def _edited(shown: Identity, studio: Studio | None) -> str:
    says = "it was edited: its pixels are not those that were made"
    if shown.converted and shown.record is not None:
        kind = shown.format.upper()
        made = shown.record.pixels
        alike = sketches.likeness_to(studio, made, shown.image) if studio else None
        if alike is None:
            says = f"it was converted to {kind} or edited: its pixels are not those that were made"
        elif alike >= ALIKE:
            says = f"it was converted to {kind}: it looks the same, but its bits differ"
    known = archive.find(studio, shown.pixels.sha256) if studio else None
    if known is None:
        return says
    return f"it carries the recipe of another picture; its own is {known[0].id[:8]}"


def _against(made: list[Made], recipe: Recipe, record: Record) -> Iterator[str]:
    """What the ledger says of a picture that was made in its studio."""
    same = [entry for entry in made if entry.pixels == record.pixels]
    others = sorted({entry.recipe[:8] for entry in same if entry.recipe != recipe.id})
    if others:
        says = ", ".join(others)
        yield f"it says recipe {recipe.id[:8]}, but these pixels were made from {says}"
    elif not made:
        yield f"the studio's ledger knows nothing about {recipe.id[:8]}"
    elif not same and all(entry.pixels for entry in made):
        yield f"the ledger has other pixels for {recipe.id[:8]}"


def _without_source(recipe: Recipe, studio: Studio) -> Iterator[str]:
    source = lineage(recipe)[-1]
    if isinstance(source, Pixels) and sources.find(studio, source.sha256) is None:
        yield (
            f"the picture that it was made from ({source.width}x{source.height} px, pixel hash "
            f"{source.sha256[:12]}…) is not kept here, so it cannot be made again"
        )
