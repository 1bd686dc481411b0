"""`hotfolder check`: every mistake in settings, profiles, wildcards and waiting prompt files."""

from __future__ import annotations

import logging
from argparse import Namespace
from contextlib import suppress

from hotfolder.errors import EXIT_DONE, EXIT_SOME_FAILED, MistakesError
from hotfolder.recipes.owner import Owner
from hotfolder.recipes.profile import Profile
from hotfolder.render import inspection
from hotfolder.report.terminal import console
from hotfolder.studio import layout
from hotfolder.studio.belongings import examine
from hotfolder.studio.look import Look
from hotfolder.studio.names import printable


def run(options: Namespace) -> int:
    """Print every mistake; any that keeps work from being done ends the command as an error."""
    studio = layout.find(options.studio)
    logging.disable(logging.ERROR)  # all that would be logged is printed below
    owner, fatal = examine(studio)
    look = Look(studio, settle_s=0.0, owner=owner)
    snapshot = look.at_a_glance()
    screen = console()
    wrongs = [*fatal, *owner.mistakes, *inspection.troubles(_profiles(owner), studio.root)]
    for wrong in wrongs:
        screen.print(str(wrong))
    troubles = [*snapshot.broken, *snapshot.useless_seeds]
    for file in troubles:
        screen.print(f"{printable(file.path)}:")
        for line in file.says.splitlines():
            screen.print(f"    {line}")
    for path, says in snapshot.waiting.items():
        screen.print(f"{printable(path)} waits: {says}")
    for path, notes in look.notes.items():
        for note in notes:
            screen.print(f"{printable(path)}: {note}")
    if troubles or wrongs:
        return EXIT_SOME_FAILED
    screen.print("No mistakes found.")
    return EXIT_DONE


def _profiles(owner: Owner) -> dict[str, Profile]:
    """The profiles that are right in themselves; what is wrong with others is told already."""
    found = {}
    for name in owner.profiles:
        with suppress(MistakesError):
            found[name] = owner.profile(name)
    return found
