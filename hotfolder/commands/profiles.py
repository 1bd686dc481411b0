"""`hotfolder profiles`: the presets one can name in a prompt file or in the settings."""

from __future__ import annotations

from argparse import Namespace

from hotfolder.errors import EXIT_DONE, MistakesError, StudioMissingError
from hotfolder.report.terminal import console
from hotfolder.studio import layout
from hotfolder.studio.config import load


def run(options: Namespace) -> int:
    """List the profiles with what they are for, or show one with all its settings as TOML."""
    try:
        config = load.read_config(layout.find(options.studio))
    except StudioMissingError:
        config = load.nobody()
    screen = console()
    if options.name is not None:
        import msgspec
        import tomli_w

        settings = msgspec.to_builtins(config.profile(options.name))
        screen.print(tomli_w.dumps(_without_none(settings)), end="")
        return EXIT_DONE
    width = max(map(len, config.profiles))
    for name in sorted(config.profiles):
        mark = "*" if name == config.settings.profile else " "
        try:
            says = config.profile(name).description
        except MistakesError:
            says = "(has mistakes: see `hotfolder check`)"
        screen.print(f"{mark} {name:{width}}  {says}")
    screen.print("\n* is used when a prompt file names none. `hotfolder profiles NAME` shows one.")
    return EXIT_DONE


def _without_none(table: dict[str, object]) -> dict[str, object]:
    """TOML has no word for nothing: such keys are left out."""
    return {
        key: _without_none(value) if isinstance(value, dict) else value
        for key, value in table.items()
        if value is not None
    }
