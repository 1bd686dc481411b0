"""What is to be started: a command that works where there is no PATH, no locale, nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hotfolder.errors import HotfolderError
from hotfolder.studio.store import local

# They say where programs, local state and models lie; the shell of a person knows, cron does not.
_KEPT = (
    "PYTHONPATH",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "HF_HOME",
    "HF_HUB_CACHE",
    "HF_HUB_OFFLINE",
)


@dataclass(frozen=True, slots=True)
class Service:
    """Work on the studio at `root`. `name` is unique to it, and a name of a file and a service."""

    root: Path
    name: str
    environment: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, root: Path) -> Service:
        """The service for a studio, with what the present environment says of places."""
        kept = tuple((name, os.environ[name]) for name in _KEPT if os.environ.get(name))
        environment = (("PYTHONUTF8", "1"), *kept)
        texts = (str(root), sys.executable, *(value for _, value in kept))
        if any(not text.isprintable() for text in texts):
            raise HotfolderError(f"no service can be made for a path like {str(root)!r}; rename it")
        return cls(root, f"hotfolder-{local.folder(root).name}", environment)

    def command(self, *options: str) -> tuple[str, ...]:
        """The arguments that start it: this very Python, whatever is first in a PATH."""
        return (sys.executable, "-P", "-m", "hotfolder", "run", *options, str(self.root))


def call(command: Sequence[str], text: bytes | None = None) -> bytes:
    """What a program prints; raises HotfolderError with what it says if it fails."""
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, check=False, env=environment, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HotfolderError(f"`{' '.join(command)}` does not work: {error}") from None
    if done.returncode:
        says = done.stderr.decode("utf-8", "replace").strip() or f"exit code {done.returncode}"
        raise HotfolderError(f"`{' '.join(command)}` failed: {says}")
    return done.stdout
