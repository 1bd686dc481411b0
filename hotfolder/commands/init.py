"""`hotfolder init`: make a studio."""

from __future__ import annotations

from argparse import Namespace

from hotfolder.errors import EXIT_DONE
from hotfolder.report.terminal import console
from hotfolder.studio.create import create


def run(options: Namespace) -> int:
    """Make what is missing, and say what it was and what to do next."""
    studio, made = create(options.studio)
    screen = console()
    if not made:
        screen.print(f"{studio.root} is a studio already; nothing was changed.")
        return EXIT_DONE
    screen.print(f"{studio.root} is a studio now.")
    screen.print("Start it with:      hotfolder run " + str(options.studio))
    screen.print("Then put a text file with a prompt into its folder inbox/.")
    return EXIT_DONE
