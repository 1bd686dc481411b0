"""Who else may write into a folder, as far as this computer can tell."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from hotfolder.studio.mounts import remote_kind

_SYNCED = {
    "dropbox": "Dropbox",
    "onedrive": "OneDrive",
    "google drive": "Google Drive",
    "my drive": "Google Drive",
    "googledrive": "Google Drive",
    "mobile documents": "iCloud Drive",
    "nextcloud": "Nextcloud",
    "owncloud": "ownCloud",
    "pcloud": "pCloud",
    "mega": "MEGA",
    "syncthing": "Syncthing",
}
_LEFT_BY = {
    ".stfolder": "Syncthing",
    ".dropbox": "Dropbox",
    ".dropbox.cache": "Dropbox",
    ".sync": "Resilio Sync",
    ".nextcloudsync.log": "Nextcloud",
    ".owncloudsync.log": "ownCloud",
}


def others(root: Path) -> str:
    """Half a sentence on who else may write there, such as "it is synced by Dropbox"; or "".

    `root` need not be there yet.
    """
    real = Path(os.path.realpath(root))
    above = [folder for folder in (real, *real.parents) if folder != Path.home()]
    for folder in above:
        first = folder.name.casefold().partition(" - ")[0].partition("-")[0].rstrip()
        if name := _SYNCED.get(folder.name.casefold()) or _SYNCED.get(first):
            return f"it is synced by {name}"
        for left, name in _LEFT_BY.items():
            if (folder / left).exists():
                return f"it is synced by {name}"
    there = next((folder for folder in (real, *real.parents) if folder.is_dir()), real)
    if remote_kind(there):
        return "it is on a network drive"
    return _writers(real) if real.is_dir() else ""


def _writers(folder: Path) -> str:
    """What the permissions of a folder say; Windows has others, which are not read."""
    if sys.platform == "win32":
        return ""
    found = folder.stat()
    if found.st_mode & stat.S_IWOTH:
        return "every user of this computer may write there"
    if found.st_mode & stat.S_IWGRP and not _is_private(found.st_gid):
        return "other users of this computer may write there"
    return "" if found.st_uid in (os.geteuid(), 0) else "it belongs to another user"


def _is_private(group: int) -> bool:
    """Whether a group has one user alone, as most Linux systems make one for each."""
    if sys.platform == "win32":
        return True
    import grp
    import pwd

    try:
        known, user = grp.getgrgid(group), pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return group == os.getegid()
    return known.gr_name == user and set(known.gr_mem) <= {user}
