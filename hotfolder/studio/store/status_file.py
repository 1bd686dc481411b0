"""What a daemon at work says of itself, for `hotfolder status` in another process."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec
from msgspec import Struct

from hotfolder.studio.store import local

_log = logging.getLogger(__name__)


class StatusFile(Struct, frozen=True, omit_defaults=True):
    """`pause` is why nothing at all can be done, `waits` why the files under those paths have to
    wait, `blind` why the operating system gives no notice of changes; all are sentences.
    """

    pause: str = ""
    waits: dict[str, str] = {}
    blind: str = ""


def path(root: Path) -> Path:
    """Where the status of the studio at `root` lies: in local state, or it would be synced."""
    return local.folder(root) / "bulletin.json"


def post(root: Path, status: StatusFile) -> None:
    """Post a status in place of the last one. Where that is not possible work goes on."""
    try:
        local.replace(path(root), msgspec.json.encode(status))
    except OSError as error:
        _log.warning("`hotfolder status` will not know what waits: %s", error)


def read(root: Path) -> StatusFile:
    """The last status; an empty one if there is none that can be read."""
    return local.read(path(root), StatusFile) or StatusFile()
