"""Which file systems bring no notice of what another computer changes there."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import psutil

_REMOTE = re.compile(
    r"nfs\d?|cifs|smb\d?|smbfs|afpfs|webdav|davfs|9p|afs|ceph|glusterfs|lustre|beegfs|gpfs|ncpfs"
    r"|vboxsf|vmhgfs|prl_fs|virtiofs|drvfs"
    r"|(mac|osx)fuse|fuse(\..+)?"  # sshfs, rclone, Google Drive, ...; disks are "fuseblk"
)


def remote_kind(path: Path) -> str | None:
    """The name of the network file system that `path` lies on; None if it is a disk of our own.

    None as well where that cannot be found out.
    """
    real = os.path.realpath(path)
    if sys.platform == "win32" and real.startswith("\\\\"):
        return "a network drive"  # an address, which no drive stands for
    try:
        mounts = psutil.disk_partitions(all=True)
    except (OSError, psutil.Error):
        return None
    if sys.platform == "win32":
        drive = os.path.splitdrive(real)[0].casefold() + "\\"
        remote = {m.mountpoint.casefold() for m in mounts if "remote" in m.opts.split(",")}
        return "a network drive" if drive in remote else None
    kind = kind_at(real, ((mount.mountpoint, mount.fstype) for mount in mounts))
    return kind if _REMOTE.fullmatch(kind) else None


def kind_at(path: str, mounts: Iterable[tuple[str, str]]) -> str:
    """The kind of the mount that `path` lies on; of (mount point, kind), the latest mount last."""
    found, longest = "", -1
    for point, kind in mounts:
        below = point.rstrip("/") + "/"
        if (path + "/").startswith(below) and len(below) >= longest:
            found, longest = kind, len(below)
    return found
