"""Files that other programs hold open: on Windows, renaming and deleting them takes patience.

A virus scanner, an indexer, a sync client or a viewer opens a fresh file for a moment, and until it
lets go the system refuses to rename, replace or delete it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

PATIENCE_S = 5.0
# ERROR_ACCESS_DENIED, which a file that is being deleted answers as well; ERROR_SHARING_VIOLATION,
# ERROR_LOCK_VIOLATION, ERROR_USER_MAPPED_FILE
_REFUSED = frozenset({5, 32, 33, 1224})
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.01, 0.25

P = ParamSpec("P")
T = TypeVar("T")


def insist(act: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """What `act` returns, called again for some seconds while another program holds its file.

    Raises OSError: at once where that is not the reason, at last where it goes on.
    """
    pause_s, waited_s = _FIRST_PAUSE_S, 0.0
    while True:
        try:
            return act(*arguments, **named)
        except OSError as error:
            if getattr(error, "winerror", None) not in _REFUSED or waited_s >= PATIENCE_S:
                raise
        time.sleep(pause_s)
        waited_s += pause_s
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def replace(source: Path, target: Path) -> None:
    """Rename a file over another one, of which nothing stays. Raises OSError."""
    insist(source.replace, target)


def delete(path: Path) -> None:
    """Delete a file; a missing one is no error. Raises OSError."""
    insist(path.unlink, missing_ok=True)
