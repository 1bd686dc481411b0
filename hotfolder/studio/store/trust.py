"""Which studios this machine's owner trusts: a record in local state, one for each studio.

A studio's settings and profiles steer the machine that works on it. So one that came from elsewhere
is restricted until its owner says otherwise here.
"""

from __future__ import annotations

import logging

from msgspec import Struct

from hotfolder.studio import openness
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import local

_log = logging.getLogger(__name__)


class Standing(Struct, frozen=True):
    """Whether a studio is trusted; `studio` is its name, since another may take its place."""

    trusted: bool
    studio: str


def is_trusted(studio: Studio) -> bool:
    """Whether the owner of this machine trusts a studio."""
    introduce(studio)
    standing = _read(studio)
    return standing is not None and standing.trusted


def introduce(studio: Studio) -> str:
    """Decide about a studio that is seen for the first time; a sentence about it, or "".

    It came from elsewhere, unless this machine worked on it before there were records, and nobody
    else may write there: then it is its owner's own.
    """
    if _read(studio) is not None:
        return ""
    known = local.log(studio.root).exists()
    trusted = known and not openness.others(studio.root)
    record(studio, trusted)
    if trusted:
        return (
            f"{studio.root} is trusted, since this computer has worked on it before; "
            f"`hotfolder trust --not {studio.root}` revokes that"
        )
    return (
        f"{studio.root} was not made on this computer, or is shared, so it cannot name models, "
        f"folders or devices here; `hotfolder trust {studio.root}` lets it"
    )


def record(studio: Studio, trusted: bool) -> None:
    """Keep what the owner says. Where that is not possible the studio stays as it was."""
    standing = Standing(trusted, studio.name)
    try:
        local.write(local.folder(studio.root) / "trust.json", standing)
    except OSError as error:
        _log.warning("whether %s is trusted could not be saved: %s", studio.root, error)


def _read(studio: Studio) -> Standing | None:
    standing = local.read(local.folder(studio.root) / "trust.json", Standing)
    if standing is None:
        return None
    return standing if standing.studio == studio.name else Standing(False, standing.studio)
