"""`hotfolder check`: every mistake in settings, profiles, wildcards and waiting prompt files."""

from __future__ import annotations

from argparse import Namespace

from hotfolder.errors import EXIT_DONE, EXIT_SOME_FAILED
from hotfolder.report.terminal import console
from hotfolder.studio import layout
from hotfolder.studio.look import Look
from hotfolder.studio.names import printable


def run(options: Namespace) -> int:
    """Print every mistake; mistakes of the owner's own files end the command as an error."""
    studio = layout.find(options.studio)
    snapshot = Look(studio, settle_s=0.0).at_a_glance()
    screen = console()
    troubles = [*snapshot.broken, *snapshot.useless_seeds]
    for file in troubles:
        screen.print(f"{printable(file.path)}:")
        for line in file.says.splitlines():
            screen.print(f"    {line}")
    for path, says in snapshot.waiting.items():
        screen.print(f"{printable(path)} waits: {says}")
    if troubles:
        return EXIT_SOME_FAILED
    screen.print("No mistakes found.")
    return EXIT_DONE
