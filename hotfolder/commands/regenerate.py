"""`hotfolder regenerate`: make pictures again from what they carry, and compare."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from hotfolder.errors import EXIT_DONE, EXIT_SOME_FAILED, PictureError
from hotfolder.images import picture
from hotfolder.regenerate import Recent, Remade, regenerate
from hotfolder.report.progress import Bars, Lines, Progress
from hotfolder.studio import belongings, layout, publish, sources
from hotfolder.studio.identity import Identity, identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.names import printable
from hotfolder.studio.pictures import pictures, studio_of
from hotfolder.studio.reading import read_file
from hotfolder.workshop import import_engine, models_of

if TYPE_CHECKING:
    from hotfolder.render.engine import Engine


def run(options: Namespace) -> int:
    """Make every named picture again; the exit code says whether all came out identical."""
    paths = list(pictures(options.images))
    studio = layout.find(options.studio) if options.studio else next(_studios(paths), None)
    output = None if options.check else options.output or Path("regenerated")
    with _progress() as progress:
        return again(paths, studio, progress, output)


def again(
    paths: Sequence[Path], studio: Studio | None, progress: Progress, output: Path | None = None
) -> int:
    """Make pictures again with a studio's models and say the verdict of each.

    Writes what was made to the folder `output`, if there is one. Returns the exit code: 0 when
    every picture came out identical.
    """
    owner = belongings.read_owner(studio) if studio else belongings.nobody()
    engine: Engine = import_engine().Engine(models_of(owner), studio.root if studio else None)
    recent = Recent()
    identical, total = 0, len(paths)
    for number, path in enumerate(paths, 1):
        name = printable(str(path))
        progress.began(f"making {number} of {total} again")
        try:
            shown = identify(read_file(path))
            remade = _remade(shown, engine, studio, progress, recent)
        except (OSError, PictureError) as error:
            progress.warn(f"{name}: cannot be made again: {error}")
            continue
        finally:
            progress.ended()
        identical += remade.verdict == "identical"
        tell = progress.say if remade.verdict == "identical" else progress.warn
        tell(f"{name}: {_in_words(remade, shown)}")
        if output is not None and remade.image is not None:
            _write(output, path, shown, remade)
    progress.say(f"{identical} of {total} identical")
    return EXIT_DONE if identical == total else EXIT_SOME_FAILED


def _remade(
    shown: Identity, engine: Engine, studio: Studio | None, progress: Progress, recent: Recent
) -> Remade:
    if shown.recipe is None or shown.record is None:
        raise PictureError(shown.note or "it does not say how it was made")
    return regenerate(
        shown.recipe,
        shown.record,
        engine,
        lambda sha256: sources.find(studio, sha256) if studio else None,
        shown.image,
        recent,
        progress.step,
    )


def _in_words(remade: Remade, shown: Identity) -> str:
    if remade.verdict == "identical":
        return "identical" + (", but this file was edited since it was made" * shown.edited)
    reasons = "; ".join(remade.differences)
    if remade.verdict == "cannot":
        return f"cannot be made again: {reasons}"
    apart = ""
    if remade.psnr_db is not None:
        apart = f" by at most {remade.largest_difference} of 255 (PSNR {remade.psnr_db:.1f} dB)"
    return f"the same recipe, but other pixels{apart}: {reasons or 'nothing known has changed'}"


def _write(output: Path, path: Path, shown: Identity, remade: Remade) -> None:
    """Put a remade picture into a folder, under its old name, with what was different now."""
    assert shown.recipe and shown.record and remade.image and remade.facts  # noqa: S101
    import msgspec

    encoding = shown.record.encoding
    record = msgspec.structs.replace(shown.record, **asdict(remade.facts))
    data, _ = picture.publishable(remade.image, shown.recipe, record, encoding)
    output.mkdir(parents=True, exist_ok=True)
    publish.publish(output, f"{path.stem}{encoding.suffix}", data)


def _studios(paths: Iterable[Path]) -> Iterator[Studio]:
    for path in paths:
        if studio := studio_of(path):
            yield studio


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
