"""`hotfolder refine`: ask for more refinements of pictures, by a wish beside each in `seeds/`."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from hotfolder.errors import (
    EXIT_DONE,
    EXIT_SOME_FAILED,
    HotfolderError,
    PictureError,
    many,
    printable,
    refusal,
)
from hotfolder.recipes.refine import key
from hotfolder.refinements import by_other_settings
from hotfolder.report.terminal import console
from hotfolder.studio import beneath, layout
from hotfolder.studio.config.load import read_config
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.pictures import pictures, studio_of
from hotfolder.studio.reading import MAX_PICTURE_BYTES, read_file
from hotfolder.studio.scan.captions import MORE
from hotfolder.studio.scan.survey import Survey
from hotfolder.studio.store import atomic
from hotfolder.studio.store.ledger import Ledger
from hotfolder.studio.store.lock import is_held

_KEYS = ("profile", "count", "area", "strength")
_SAYS = "# `hotfolder refine` wrote this; it moves to inbox/done/ when what it asks for is made.\n"


def run(options: Namespace) -> int:
    """Put a wish beside each picture, and the picture into `seeds/` if it is not there yet."""
    screen = console()
    table = {name: value for name in _KEYS if (value := getattr(options, name)) is not None}
    if not options.images and not options.again:
        raise HotfolderError("name pictures, or say --again for all picks that had other settings")
    if not options.images:
        studio = layout.find(options.studio or Path())
        survey = Survey(studio)
        snapshot = survey.look()
        seeds = by_other_settings(snapshot, Ledger(studio).history, survey.config)
        _check(table, studio)
        for seed in seeds:
            _wish(studio, seed.path, table)
            screen.print(f"{printable(seed.path)} is refined again")
        screen.print(_closing(len(seeds), [studio]))
        return EXIT_DONE
    failed, asked = False, dict[Path, Studio]()
    for path in pictures(options.images):
        try:
            studio = _studio(path, options.studio)
            _check(table, studio)
            lying = _lying(path, studio, table)
        except (OSError, PictureError) as error:
            failed = True
            says = refusal(error) if isinstance(error, OSError) else str(error)
            screen.print(f"{printable(str(path))}: {says}")
            continue
        asked[path] = studio
        screen.print(f"{printable(str(path))} is refined as {printable(lying)}")
    screen.print(_closing(len(asked), asked.values()))
    return EXIT_SOME_FAILED if failed else EXIT_DONE


def _studio(path: Path, named: Path | None) -> Studio:
    """The studio to refine a picture in: the named one, its own, or the current folder."""
    studio = layout.find(named) if named else studio_of(path)
    return studio or layout.find(Path())


def _check(table: Mapping[str, Any], studio: Studio) -> None:
    """Raises MistakesError for what no wish can ask for there."""
    from hotfolder.recipes import profile as profiles

    config = read_config(studio)
    refine = {name: value for name, value in table.items() if name != "profile"}
    profiles.override(config.profile(table.get("profile")), {"refine": refine})


def _lying(path: Path, studio: Studio, table: Mapping[str, Any]) -> str:
    """Have a picture refined; returns where it lies in `seeds/`. Raises OSError, PictureError."""
    data = read_file(path, MAX_PICTURE_BYTES)
    source = identify(data, studio).source
    for seed in Survey(studio).look().seeds:
        if seed.key == key(source):
            _wish(studio, seed.path, table)
            return seed.path
    for place in atomic.candidates(f"seeds/{path.name}"):
        if beneath.status(studio.root, place) is None and _is_free(studio, place):
            _wish(studio, place, table)  # first: a picture alone is refined as the settings say
            atomic.place(studio.root, place, data)
            return place
    raise AssertionError("candidates never end")


def _is_free(studio: Studio, place: str) -> bool:
    return beneath.status(studio.root, place + MORE) is None


def _wish(studio: Studio, place: str, table: Mapping[str, Any]) -> None:
    """Write a wish beside a picture; raises PictureError if there is one."""
    import tomli_w

    name = PurePosixPath(place).name
    if not atomic.place(studio.root, place + MORE, (_SAYS + tomli_w.dumps(table)).encode()):
        raise PictureError(f"{name}{MORE} is already beside it; wait until that is done")


def _closing(number: int, studios: Iterable[Studio]) -> str:
    if not number:
        return "Nothing to refine."
    idle = {studio.root for studio in studios if not is_held(studio.root)}
    starts = "".join(f"; `hotfolder run {printable(str(root))}` makes them" for root in idle)
    return f"{many(number, 'picture')} to refine{starts}"
