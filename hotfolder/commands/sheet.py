"""`hotfolder sheet`: contact sheets of folders and pictures, and of a picture's lineage."""

from __future__ import annotations

import io
from argparse import Namespace
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from os import cpu_count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotfolder.errors import EXIT_DONE, EXIT_SOME_FAILED, HotfolderError, PictureError, printable
from hotfolder.images import metadata, pixels, recipe_text
from hotfolder.light.portrait import Portrait, portray
from hotfolder.light.ratings import rating_beside
from hotfolder.ranking import not_yet, rank
from hotfolder.recipes.recipe import Recipe, picked
from hotfolder.report.terminal import console
from hotfolder.studio.pictures import of_rooms, pictures, studio_of
from hotfolder.studio.reading import read_file
from hotfolder.studio.scan.survey import Survey
from hotfolder.studio.store import atomic

if TYPE_CHECKING:
    from hotfolder.report.contact import Picture

_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".pdf": "PDF"}
_DIFFERING = ("seed", "strength", "steps", "scheduler", "guidance_scale", "width", "height")
_WORDS = {"guidance_scale": "guidance"}


def run(options: Namespace) -> int:
    """Make the sheet; pictures that cannot be read are told and left out."""
    output: Path = options.output
    if output.suffix.lower() not in _FORMATS:
        raise HotfolderError(f"{output.name}: expected a name that ends in .png, .jpg or .pdf")
    paths = list(pictures(options.images))
    if not paths:
        raise HotfolderError("there are no pictures in it")
    if options.best:
        paths = best_first(paths)
    sheets, unread = _lineages(paths) if options.lineage else _contacts(paths, output)
    screen = console()
    for path, says in unread:
        screen.print(f"{printable(str(path))} was left out: {says}")
    if not sheets:
        return EXIT_SOME_FAILED
    screen.print(
        f"{printable(str(_written(output, sheets)))}: {len(paths) - len(unread):,} pictures"
    )
    return EXIT_SOME_FAILED if unread else EXIT_DONE


def best_first(paths: Sequence[Path]) -> list[Path]:
    """Pictures in the order of taste; those that were judged already come last, as they were."""
    studio = studio_of(paths[0])
    if studio is None:
        raise HotfolderError("only a studio knows its best pictures, and these are not in a studio")
    survey = Survey(studio)
    survey.look()
    ranking = rank(studio, survey.scanner)
    if ranking.judge is None:
        raise HotfolderError(not_yet(ranking))
    places = {studio.root / path: place for place, path in enumerate(ranking.scores)}
    return sorted(paths, key=lambda path: places.get(path.resolve(), len(places)))


def _contacts(paths: Sequence[Path], output: Path) -> tuple[list[Any], list[tuple[Path, str]]]:
    from hotfolder.report.contact import one_page, pages

    shown, unread = _read(paths)
    title = printable(paths[0].resolve().parent.name) if shown else ""
    if not shown:
        return [], unread
    is_pdf = output.suffix.lower() == ".pdf"
    return pages(title, shown) if is_pdf else [one_page(title, shown)], unread


def _lineages(paths: Sequence[Path]) -> tuple[list[Any], list[tuple[Path, str]]]:
    """A sheet for each draft, of a studio, among these pictures or behind a final among them."""
    from hotfolder.report.contact import lineage

    recipes = {path: recipe for path in paths if (recipe := _recipe(path)) is not None}
    studio = studio_of(paths[0])
    if studio is None:
        raise HotfolderError("a lineage is looked up in a studio, and this picture is not in one")
    wanted = {s.id if isinstance(s := picked(r), Recipe) else r.id for r in recipes.values()}
    drafts: dict[str, Path] = {}
    finals: dict[str, list[tuple[Path, Recipe]]] = {id_: [] for id_ in wanted}
    for path in of_rooms(studio.drafts, studio.seeds, studio.final):
        recipe = _recipe(path)
        if recipe is not None and recipe.id in wanted:
            drafts[recipe.id] = path
        elif recipe is not None and isinstance(source := picked(recipe), Recipe):
            finals.setdefault(source.id, []).append((path, recipe))
    sheets = []
    for id_, path in drafts.items():
        made = sorted(finals[id_], key=lambda final: final[0].name)
        ((draft, *others), _) = _read([path, *(final for final, _ in made)], whole=True)
        same = [key for key in _DIFFERING if len({getattr(r, key) for _, r in made}) == 1]
        words = [_word(made[0][1], key) for key in same] if made else []
        for number, (_, recipe) in enumerate(made[: len(others)]):
            others[number] = _told(others[number], recipe, set(same))
        sheets.append(lineage(printable(path.name), draft, others, words))
    unread = [(path, "it does not say how it was made") for path in paths if path not in recipes]
    return sheets, unread


def _told(picture: Picture, recipe: Recipe, same: set[str]) -> Picture:
    """A final with what only it has below it."""
    from dataclasses import replace

    differing = [key for key in _DIFFERING if key not in same]
    words = ", ".join(_word(recipe, key) for key in differing)
    return replace(picture, words=words)


def _word(recipe: Recipe, key: str) -> str:
    return f"{_WORDS.get(key, key)} {getattr(recipe, key)}"


def _read(
    paths: Sequence[Path], whole: bool = False
) -> tuple[list[Picture], list[tuple[Path, str]]]:
    """The pictures, small or `whole`, with a bar on a terminal; and why others cannot be read."""
    from rich.progress import track

    from hotfolder.report.contact import Picture

    shown: list[Picture] = []
    unread: list[tuple[Path, str]] = []
    with ThreadPoolExecutor(cpu_count()) as pool:
        portraits = pool.map(lambda path: portray(str(path.parent), path.name), paths)
        screen = console()
        hidden = not screen.is_terminal
        bar = track(portraits, "", len(paths), transient=True, console=screen, disable=hidden)
        for path, portrait in zip(paths, bar, strict=True):
            if not isinstance(portrait, Portrait):
                unread.append((path, portrait.says))
                continue
            facts = portrait.facts
            rating = rating_beside(path.parent, f"{path.name}.xmp")
            words = "" if facts.seed is None else f"seed {facts.seed}"
            stars = facts.stars if rating is None else rating
            image = pixels.decode(read_file(path) if whole else portrait.thumbnail)
            shown.append(Picture(image, printable(path.stem), words, stars))
    return shown, unread


def _recipe(path: Path) -> Recipe | None:
    with suppress(OSError, PictureError):
        if ours := recipe_text.find(metadata.read(read_file(path))):
            return ours.recipe
    return None


def _written(output: Path, sheets: Sequence[Any]) -> Path:
    """The file, under this name or the next one that is free."""
    data = io.BytesIO()
    kind = _FORMATS[output.suffix.lower()]
    first, *rest = sheets
    settings: dict[str, Any] = {"quality": 90} if kind == "JPEG" else {}
    if kind == "PDF":
        settings = {"save_all": True, "append_images": rest, "resolution": 150}
    elif rest:
        first = _stacked(sheets)
    first.save(data, kind, **settings)
    output.parent.mkdir(parents=True, exist_ok=True)
    for candidate in map(Path, atomic.candidates(str(output))):
        with suppress(FileExistsError), candidate.open("xb") as stream:
            stream.write(data.getvalue())
            return candidate
    raise AssertionError("candidates never end")


def _stacked(sheets: Sequence[Any]) -> Any:
    """Several sheets, one below the other."""
    from hotfolder.report.contact import stacked

    return stacked(sheets)
