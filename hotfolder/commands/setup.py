"""`hotfolder setup`: the torch that can use the graphics card, and what can be added."""

from __future__ import annotations

import subprocess
from argparse import Namespace

from hotfolder import installation
from hotfolder.errors import EXIT_DONE, EXIT_SOME_FAILED, HotfolderError
from hotfolder.render.memory import cards
from hotfolder.report.terminal import console


def run(options: Namespace) -> int:
    """Install the extras that are named, or else the torch that can use the card."""
    if options.extras:
        return _add(options.extras, options.dry_run)
    return _torch_for_the_card(options.dry_run)


def _add(extras: list[str], dry_run: bool) -> int:
    torch = _torch()
    packages = [each for extra in extras for each in installation.requirements(extra)]
    # What is brought along must fit the torch that is here, which stays.
    command = installation.command(*packages, *cards.kept(torch))
    _say(command, dry_run)
    if dry_run:
        return EXIT_DONE
    _run(command, "nothing was added")
    console().print("Done.")
    return EXIT_DONE


def _torch_for_the_card(dry_run: bool) -> int:
    screen = console()
    found = cards.card()
    trouble = cards.trouble(found, _torch())
    if trouble is None:
        says = f"{found.name} is used" if found else "no graphics card was found here"
        screen.print(f"{says[0].upper()}{says[1:]}: there is nothing to set up.")
        return EXIT_DONE
    screen.print(f"{trouble.says[0].upper()}{trouble.says[1:]}.")
    if trouble.build is None:
        screen.print(trouble.advice)
        return EXIT_SOME_FAILED
    _say(trouble.build.command(), dry_run)
    if dry_run:
        return EXIT_SOME_FAILED
    _run(trouble.build.command(), "torch could not be replaced")
    if trouble := cards.trouble(found, _torch()):
        raise HotfolderError(f"torch was replaced, but {trouble.says}. {trouble.advice}")
    screen.print("Done; `hotfolder doctor` says what fits on the card.")
    return EXIT_DONE


def _say(command: list[str], dry_run: bool) -> None:
    line = installation.line(command)
    console().print(f"{'This would help' if dry_run else 'Now runs'}: {line}")


def _run(command: list[str], says: str) -> None:
    if subprocess.run(command, check=False).returncode:
        raise HotfolderError(
            f"{says}; the installer says why above. Usually it is the network, a full disk, or a "
            "hotfolder that is still running: stop it, then try again"
        )


def _torch() -> cards.Torch:
    try:
        return cards.torch_in_another_process()
    except (OSError, ValueError):  # what is broken can be replaced all the same
        return cards.Torch("that is broken")
