"""`hotfolder config`: the owner's own settings and profiles, which hold in every studio."""

from __future__ import annotations

import subprocess
import sys
from argparse import Namespace
from contextlib import suppress

from hotfolder.errors import EXIT_DONE, HotfolderError, reason
from hotfolder.report.terminal import console
from hotfolder.studio.layout import SETTINGS_FILE
from hotfolder.studio.store import local

_SETTINGS = """\
# Your own settings. They hold in every studio on this computer, and outrank a studio's own.
# All keys of a studio's hotfolder.toml are known here. Your own profiles are files in profiles/.

# devices = "auto"
# loras = []
# keep_free_gb = 1.0

# No studio that you do not trust can raise these.
# [limits]
# refinements_per_hour = 1000
"""


def run(options: Namespace) -> int:
    """Make the folder if it is missing, say where it is, and open it where there is a desktop."""
    folder = local.config()
    try:
        local.make_folder(folder / "profiles")
        if not (folder / SETTINGS_FILE).exists():
            local.replace(folder / SETTINGS_FILE, _SETTINGS.encode())
    except OSError as error:
        raise HotfolderError(reason(error)) from None
    console().print(str(folder))
    if sys.stdout.isatty():
        program = {"win32": "explorer", "darwin": "open"}.get(sys.platform, "xdg-open")
        with suppress(OSError):
            subprocess.Popen([program, folder], stderr=subprocess.DEVNULL)
    return EXIT_DONE
