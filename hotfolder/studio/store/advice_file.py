"""What was learned last, kept in local state, so that other commands plan by the same table."""

from __future__ import annotations

import logging
from pathlib import Path

from hotfolder.studio.store import local
from hotfolder.taste import advice
from hotfolder.taste.advice import Advice

_log = logging.getLogger(__name__)


def path(root: Path) -> Path:
    """Where the advice for the studio at `root` lies."""
    return local.folder(root) / "advice.json"


def keep(root: Path, learned: Advice) -> None:
    """Keep what was learned, in place of what was before. Where that cannot be, work goes on."""
    file = path(root)
    try:
        local.write(file, learned)
    except OSError as error:
        _log.warning("what was learned is known only to this run: %s", error)


def read(root: Path) -> Advice:
    """What was learned last; nothing if there is nothing that can be read."""
    return local.read(path(root), Advice) or advice.NONE
