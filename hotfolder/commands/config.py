"""`hotfolder config`: the owner's own settings and profiles, which hold in every studio."""

from __future__ import annotations

import subprocess
import sys
from argparse import Namespace
from contextlib import suppress

from hotfolder.errors import EXIT_DONE
from hotfolder.report.terminal import console
from hotfolder.studio.config import owners_file


def run(options: Namespace) -> int:
    """Make the folder if it is missing, say where it is, and open it where there is a desktop."""
    folder = owners_file.make()
    console().print(str(folder))
    if sys.stdout.isatty():
        program = {"win32": "explorer", "darwin": "open"}.get(sys.platform, "xdg-open")
        with suppress(OSError):
            subprocess.Popen([program, folder], stderr=subprocess.DEVNULL)
    return EXIT_DONE
