"""`hotfolder init`: make a studio."""

from __future__ import annotations

from argparse import Namespace

from hotfolder.errors import EXIT_DONE
from hotfolder.report.terminal import console
from hotfolder.studio import openness
from hotfolder.studio.create import create

_SHARED = """
Others could control this computer through the settings and profiles of a shared studio: {why}it may
not name models, folders or devices here. If you trust everybody who can write there:
                    hotfolder trust {path}"""


def run(options: Namespace) -> int:
    """Make what is missing, and say what it was and what to do next."""
    others = openness.others(options.studio)
    studio, made = create(options.studio, shared=options.shared or bool(others))
    screen = console()
    if not made:
        screen.print(f"{studio.root} is already a studio; nothing was changed.")
        return EXIT_DONE
    screen.print(f"{studio.root} is a studio now.")
    screen.print("Start it with:      hotfolder run " + str(options.studio))
    screen.print("Then put a text file with a prompt into its inbox/ folder.")
    if studio.marker in made and (options.shared or others):
        screen.print(_SHARED.format(why=f"{others}, so " if others else "", path=options.studio))
    return EXIT_DONE
