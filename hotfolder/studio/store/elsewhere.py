"""What was judged in this owner's other studios, as this machine knows it.

Each studio's local state has the latest judgements that counted there, with what is known of the
pictures; so the others need neither be there nor be asked.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from hotfolder import json_text
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import local
from hotfolder.taste.judge import Elsewhere

_log = logging.getLogger(__name__)
_FILE = "judged.json"
_MOST = 300  # of a studio, and of all others together
_MOST_STUDIOS = 20  # those whose owner judged something last


def tell(studio: Studio, judged: Sequence[Elsewhere]) -> None:
    """Keep what was judged here, the oldest first, for the other studios."""
    file = local.folder(studio.root) / _FILE
    told = json_text.encode(judged[-_MOST:])
    with suppress(OSError):
        if file.stat().st_size == len(told) and file.read_bytes() == told:
            return
    try:
        local.replace(file, told)
    except OSError as error:
        _log.warning("other studios cannot use what was judged here: %s", error)


def heard(studio: Studio) -> list[Elsewhere]:
    """What was judged in the other studios, the oldest first."""
    own = local.folder(studio.root)
    files = [file for file in own.parent.glob(f"*/{_FILE}") if file.parent.name != own.name]
    found: list[Elsewhere] = []
    for file in sorted(files, key=_changed_ns)[-_MOST_STUDIOS:]:
        found += local.read(file, list[Elsewhere]) or []
    return sorted(found, key=lambda one: one[0].at)[-_MOST:]


def _changed_ns(file: Path) -> int:
    """When a file was changed last; 0 for one that is gone."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0
