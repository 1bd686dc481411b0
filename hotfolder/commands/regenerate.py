"""`hotfolder regenerate`: make pictures again from what they carry, and compare."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from hotfolder.errors import EXIT_DONE, EXIT_SOME_FAILED, PictureError, printable, refusal
from hotfolder.images import metadata, picture, recipe_text
from hotfolder.recipes.recipe import Recipe, lineage
from hotfolder.regenerate import Recent, Remade, Verdict, regenerate
from hotfolder.report.progress import Bars, Lines, Progress
from hotfolder.studio import layout
from hotfolder.studio.config import load
from hotfolder.studio.identity import Identity, identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.pictures import pictures, studio_of
from hotfolder.studio.reading import read_file
from hotfolder.studio.store import atomic, sources
from hotfolder.workshop import import_engine, models_of

if TYPE_CHECKING:
    from hotfolder.render.engine import Engine

_ALL = 0  # the bar of all pictures; that of the present one has no number


def run(options: Namespace) -> int:
    """Make every named picture again; the exit code says whether all came out identical."""
    paths = list(pictures(options.images))
    named = layout.find(options.studio) if options.studio else None
    output = None if options.check else options.output or Path("regenerated")
    with _progress() as progress:
        codes = [
            again(few, studio, progress, output) for studio, few in _by_studio(paths, named).items()
        ]
    return max(codes, default=EXIT_DONE)


def again(
    paths: Sequence[Path], studio: Studio | None, progress: Progress, output: Path | None = None
) -> int:
    """Make pictures again with a studio's models and say the verdict of each.

    Writes what was made to the folder `output`, if there is one. Returns the exit code: 0 when
    every picture came out identical. Pictures of one model come one after another, and so do the
    refinements of one draft, so each is loaded and made once.
    """
    config = load.read_config(studio) if studio else load.nobody()
    engine: Engine = import_engine().Engine(models_of(config), studio.root if studio else None)
    recent = Recent()
    verdicts: Counter[Verdict] = Counter()
    loaded: tuple[str, ...] = ()
    progress.began(f"making {len(paths)} pictures again", _ALL)
    for number, (models, _, path) in enumerate(sorted((*_order(path), path) for path in paths)):
        progress.step(number, len(paths), _ALL)
        if models != loaded:
            engine.unload()
            loaded = models
        verdicts[_again(path, engine, studio, progress, recent, output)] += 1
    progress.ended(_ALL)
    progress.say(_summary(verdicts))
    return EXIT_DONE if verdicts["identical"] == len(paths) else EXIT_SOME_FAILED


def _order(path: Path) -> tuple[tuple[str, ...], str]:
    """What brings pictures together that need the same models, and then the same source."""
    try:
        ours = recipe_text.find(metadata.read(read_file(path)))
    except (OSError, PictureError):
        return (), ""
    if ours is None:
        return (), ""
    links = lineage(ours.recipe)
    models = {link.model for link in links if isinstance(link, Recipe)}
    source = ours.recipe.source
    return tuple(sorted(models)), source.id if isinstance(source, Recipe) else ours.recipe.id


def _again(
    path: Path,
    engine: Engine,
    studio: Studio | None,
    progress: Progress,
    recent: Recent,
    output: Path | None,
) -> Verdict:
    """Make one picture again, say what came of it, and write it if there is a folder for that."""
    name = printable(str(path))
    progress.began(path.name)
    try:
        shown = identify(read_file(path), studio)
        remade = _remade(shown, engine, studio, progress, recent)
    except (OSError, PictureError) as error:
        says = refusal(error) if isinstance(error, OSError) else str(error)
        progress.warn(f"{name}: cannot be made again: {says}")
        return "cannot"
    finally:
        progress.ended()
    tell = progress.say if remade.verdict == "identical" else progress.warn
    tell(f"{name}: {_in_words(remade, shown)}")
    if output is not None and remade.image is not None:
        _write(output, path, shown, remade)
    return remade.verdict


def _summary(verdicts: Mapping[Verdict, int]) -> str:
    total = sum(verdicts.values())
    says = f"{verdicts['identical']} of {total} identical"
    if differ := verdicts["differs"]:
        says += f", {differ} with other pixels"
    if lost := verdicts["cannot"]:
        says += f", {lost} that cannot be made again"
    return says


def _remade(
    shown: Identity, engine: Engine, studio: Studio | None, progress: Progress, recent: Recent
) -> Remade:
    if shown.recipe is None or shown.record is None:
        raise PictureError(shown.note or "it does not say how it was made")
    return regenerate(
        shown.recipe,
        shown.record,
        engine,
        lambda sha256: sources.search(studio, sha256) if studio else None,
        None if shown.edited else shown.image,
        recent,
        progress.step,
    )


def _in_words(remade: Remade, shown: Identity) -> str:
    reasons = "; ".join(remade.differences)
    if remade.verdict == "cannot":
        return f"cannot be made again: {reasons}"
    edited = "; this file was edited since it was made" if shown.edited else ""
    if shown.converted:
        edited = f"; this file was converted to {shown.format.upper()} since it was made"
    if remade.verdict == "identical":
        return "identical" + (f", but {reasons}" if reasons else "") + edited
    apart = ""
    if remade.psnr_db is not None:
        apart = f" by at most {remade.largest_difference} of 255 (PSNR {remade.psnr_db:.1f} dB)"
    reasons = reasons or "nothing that was recorded has changed"
    return f"the same recipe, but other pixels{apart}: {reasons}{edited}"


def _write(output: Path, path: Path, shown: Identity, remade: Remade) -> None:
    """Put a remade picture into a folder, under its old name, with what was different now."""
    assert shown.recipe and shown.record and remade.image and remade.facts  # noqa: S101
    import msgspec

    encoding = shown.record.encoding
    facts = asdict(remade.facts) | {"notes": shown.record.notes}
    record = msgspec.structs.replace(shown.record, **facts)
    data, _ = picture.publishable(remade.image, shown.recipe, record, encoding)
    output.mkdir(parents=True, exist_ok=True)
    atomic.publish(output, f"{path.stem}{encoding.suffix}", data)


def _by_studio(paths: Iterable[Path], named: Studio | None) -> dict[Studio | None, list[Path]]:
    """The pictures by the studio that has their models and sources: the named one, or their own.

    One that lies in no studio belongs to the first that another lies in.
    """
    around = {path: named or studio_of(path) for path in paths}
    first = next((studio for studio in around.values() if studio), None)
    found: dict[Studio | None, list[Path]] = {}
    for path, studio in around.items():
        found.setdefault(studio or first, []).append(path)
    return found


@contextmanager
def _progress() -> Iterator[Progress]:
    import logging
    import sys

    if sys.stdout.isatty():
        with Bars() as bars:
            yield bars
    else:
        logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
        yield Lines()
