"""`hotfolder trust`: let a studio from elsewhere steer this computer, or no longer."""

from __future__ import annotations

from argparse import Namespace

from hotfolder.errors import EXIT_DONE
from hotfolder.report.terminal import console
from hotfolder.studio import layout, openness
from hotfolder.studio.store import trust


def run(options: Namespace) -> int:
    """Keep what the owner says, and say what it means."""
    studio = layout.find(options.studio)
    trust.record(studio, trusted=not options.no)
    screen = console()
    if options.no:
        screen.print(
            f"{studio.root} is not trusted: it cannot name models, folders or devices here."
        )
        return EXIT_DONE
    screen.print(f"{studio.root} is trusted: its settings and profiles are followed in full.")
    if others := openness.others(studio.root):
        screen.print(f"Note: {others}; anybody who can write there decides for you.")
    return EXIT_DONE
