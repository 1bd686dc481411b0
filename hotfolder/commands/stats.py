"""`hotfolder stats`: how much, how fast, and what gets picked."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING

from hotfolder.errors import EXIT_DONE, PictureError, printable
from hotfolder.images import metadata, recipe_text
from hotfolder.report.tally import Share, Tally, tally
from hotfolder.report.terminal import console
from hotfolder.studio import layout
from hotfolder.studio.layout import Studio
from hotfolder.studio.pictures import of_rooms
from hotfolder.studio.reading import read_file
from hotfolder.studio.store import archive

if TYPE_CHECKING:
    from rich.table import Table

_MOST = 20


def run(options: Namespace) -> int:
    """Print what a studio's pictures add up to: tables, JSON, or a picture of both."""
    studio = layout.find(options.studio)
    found = tally(archive.everything(studio), frozenset(_picked(studio)))
    screen = console()
    if options.json:
        screen.print(json.dumps(asdict(found), indent=2, ensure_ascii=True))
    else:
        for line in _lines(found):
            screen.print(line)
        for kind, shares in found.shares.items():
            screen.print(_table(kind, shares))
    if options.picture is not None:
        from hotfolder.report.chart import chart

        chart(studio.root.name, found).save(options.picture)
        screen.print(f"drawn as {printable(str(options.picture))}")
    return EXIT_DONE


def _picked(studio: Studio) -> Iterator[str]:
    """The ids of the recipes of the pictures in `seeds/`."""
    for path in of_rooms(studio.seeds):
        with suppress(OSError, PictureError):
            if ours := recipe_text.find(metadata.read(read_file(path))):
                yield ours.recipe.id


def _lines(found: Tally) -> Iterator[str]:
    if not found.drafts:
        yield "No drafts have been made here yet."
        return
    share = f"{100 * found.picked / found.drafts:.0f} %"
    picked = f"{found.picked:,} of them picked ({share})"
    yield f"{found.drafts:,} drafts, {picked}; {found.finals:,} finals"
    if found.an_hour:
        yield f"{found.an_hour:,.0f} drafts an hour while it worked"
    times = [f"a {stage} {s:.1f} s" for stage, s in found.seconds.items() if s]
    if times:
        yield f"half of the pictures took less than: {', '.join(times)}"


def _table(kind: str, shares: tuple[Share, ...]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title_justify="left")
    table.add_column(kind, overflow="ellipsis", no_wrap=True)
    for title in ("drafts", "picked", ""):
        table.add_column(title, justify="right", no_wrap=True)
    for share in shares[:_MOST]:
        row = [printable(share.name), f"{share.drafts:,}", f"{share.picked:,}"]
        table.add_row(*row, f"{100 * share.rate:.0f} %")
    if len(shares) > _MOST:
        table.add_row(f"and {len(shares) - _MOST} more")
    return table
