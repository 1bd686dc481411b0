"""`hotfolder profiles`: the presets one can name in a prompt file or in the settings."""

from __future__ import annotations

from argparse import Namespace

from hotfolder.errors import EXIT_DONE, MistakesError, StudioMissingError
from hotfolder.report.terminal import console
from hotfolder.studio import belongings, layout


def run(options: Namespace) -> int:
    """List the profiles with what they are for, or show one with all its settings as TOML."""
    try:
        owner = belongings.read_owner(layout.find(options.studio))
    except StudioMissingError:
        owner = belongings.nobody()
    screen = console()
    if options.name is not None:
        import msgspec
        import tomli_w

        settings = msgspec.to_builtins(owner.profile(options.name))
        screen.print(tomli_w.dumps(_without_none(settings)), end="")
        return EXIT_DONE
    width = max(map(len, owner.profiles))
    for name in sorted(owner.profiles):
        mark = "*" if name == owner.settings.profile else " "
        try:
            says = owner.profile(name).description
        except MistakesError:
            says = "(has mistakes: see `hotfolder check`)"
        screen.print(f"{mark} {name:{width}}  {says}")
    screen.print("\n* is used where a prompt file names none. `hotfolder profiles NAME` shows one.")
    return EXIT_DONE


def _without_none(table: dict[str, object]) -> dict[str, object]:
    """TOML has no word for nothing: such keys are left out."""
    return {
        key: _without_none(value) if isinstance(value, dict) else value
        for key, value in table.items()
        if value is not None
    }
