"""`hotfolder setup`: the torch that can use this computer's graphics card."""

from __future__ import annotations

import subprocess
from argparse import Namespace

from hotfolder.errors import EXIT_DONE, EXIT_SOME_FAILED, HotfolderError
from hotfolder.render.memory import cards
from hotfolder.report.terminal import console


def run(options: Namespace) -> int:
    """Look for a card that torch cannot use, and replace torch where that helps."""
    screen = console()
    found = cards.card()
    trouble = cards.trouble(found, _torch())
    if trouble is None:
        says = f"{found.name} is used" if found else "no graphics card was found here"
        screen.print(f"{says[0].upper()}{says[1:]}: nothing is to be set up.")
        return EXIT_DONE
    screen.print(f"{trouble.says[0].upper()}{trouble.says[1:]}.")
    if trouble.build is None:
        screen.print(trouble.advice)
        return EXIT_SOME_FAILED
    screen.print(f"{'This would help' if options.dry_run else 'Now runs'}: {trouble.build.line()}")
    if options.dry_run:
        return EXIT_SOME_FAILED
    if subprocess.run(trouble.build.command(), check=False).returncode:
        raise HotfolderError(
            "torch could not be replaced; its installer says why above. Mostly that is the "
            "network, a full disk, or a hotfolder that still runs: end it, then try again"
        )
    if trouble := cards.trouble(found, _torch()):
        raise HotfolderError(f"torch was replaced, but {trouble.says}. {trouble.advice}")
    screen.print("Done; `hotfolder doctor` says what fits on the card.")
    return EXIT_DONE


def _torch() -> cards.Torch:
    try:
        return cards.torch_in_another_process()
    except (OSError, ValueError):  # what is broken can be replaced all the same
        return cards.Torch("that is broken")
