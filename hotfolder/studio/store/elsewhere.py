"""What was judged in this owner's other studios, as this machine knows it.

Each studio's local state has the latest judgements that counted there, with what is known of the
pictures; so the others need neither be there nor be asked.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress

import msgspec

from hotfolder.studio.layout import Studio
from hotfolder.studio.store import local
from hotfolder.taste.judge import Elsewhere

_log = logging.getLogger(__name__)
_FILE = "judged.json"
_MOST = 300  # of a studio, and of all others together
_MOST_STUDIOS = 100


def tell(studio: Studio, judged: Sequence[Elsewhere]) -> None:
    """Keep what was judged here, the oldest first, for the other studios."""
    file = local.folder(studio.root) / _FILE
    told = msgspec.json.encode(judged[-_MOST:])
    with suppress(OSError):
        if file.stat().st_size == len(told) and file.read_bytes() == told:
            return
    try:
        local.replace(file, told)
    except OSError as error:
        _log.warning("what was judged here is not known to other studios: %s", error)


def heard(studio: Studio) -> list[Elsewhere]:
    """What was judged in the other studios, the oldest first."""
    own = local.folder(studio.root)
    found: list[Elsewhere] = []
    with suppress(OSError):
        folders = sorted(own.parent.iterdir())[:_MOST_STUDIOS]
        for folder in folders:
            if folder.name != own.name:
                found += local.read(folder / _FILE, list[Elsewhere]) or []
    return sorted(found, key=lambda one: one[0].at)[-_MOST:]
