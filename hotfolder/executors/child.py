"""A process that an executor starts: orders go in on its standard input, reports come out."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import IO

PATIENCE_S = 10.0
# Ctrl-C and a closed window reach all programs of a console: the daemon says what is to be done.
_NO_CONSOLE = 0
if sys.platform == "win32":
    _NO_CONSOLE = subprocess.CREATE_NO_WINDOW


def start(
    module: str, *arguments: str, environment: Mapping[str, str], errors: IO[bytes] | None = None
) -> subprocess.Popen[bytes]:
    """Run a module of hotfolder; raises OSError if no process can be started.

    It finds what this process finds, and nothing in the folder that happens to be current. What it
    writes as errors goes to `errors`, or where this process's go.
    """
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env={**environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        creationflags=_NO_CONSOLE,
    )


def end(process: subprocess.Popen[bytes], patience_s: float = PATIENCE_S) -> None:
    """Give no more orders, at which it ends; one that does not in time is killed."""
    if process.stdin is None:
        return
    with contextlib.suppress(OSError):
        process.stdin.close()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
