"""`hotfolder finish`: make a draft that was given up early, all the same."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence

from hotfolder.errors import EXIT_DONE, printable
from hotfolder.history import PassedOver
from hotfolder.report.terminal import console
from hotfolder.studio import layout
from hotfolder.studio.store import passed_over

_MOST = 50


def run(options: Namespace) -> int:
    """Ask for drafts by their names, or list those that were given up."""
    studio = layout.find(options.studio)
    screen = console()
    left = passed_over.left(studio)
    for draft in [passed_over.find(left, name) for name in options.names]:
        asks = printable(passed_over.ask(studio, draft))
        screen.print(f"{printable(draft.name)} will be made: {asks} asks for it")
    if not options.names:
        screen.print("\n".join(_lines(left)))
    return EXIT_DONE


def _lines(left: Sequence[PassedOver]) -> Iterator[str]:
    """The latest first."""
    if not left:
        yield "No draft was given up early, or all have been finished since."
        return
    for draft in reversed(left[-_MOST:]):
        yield f"{draft.score:5.0%}  {printable(draft.name)}"
    if len(left) > _MOST:
        yield f"       and {len(left) - _MOST:,} before these"
    yield "The percentage is how likely you were to like it. `hotfolder finish NAME` finishes one."
