"""Which file systems bring no notice of what another computer changes there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_REMOTE = re.compile(
    r"nfs\d?|cifs|smb\d?|smbfs|afpfs|webdav|davfs|9p|afs|ceph|glusterfs|lustre|beegfs|gpfs|ncpfs"
    r"|vboxsf|vmhgfs|prl_fs|virtiofs|drvfs"
    r"|(mac|osx)fuse|fuse(\..+)?"  # sshfs, rclone, Google Drive, ...; disks are "fuseblk"
)
_DRIVE_REMOTE = 4


def remote_kind(path: Path) -> str | None:
    """The name of the network file system that `path` lies on; None if it is a disk of our own.

    None as well where that cannot be found out.
    """
    real = os.path.realpath(path)
    if sys.platform == "win32":
        return _windows_kind(real)
    try:
        kinds = _linux_mounts() if sys.platform == "linux" else _other_mounts()
    except (OSError, subprocess.SubprocessError):
        return None
    kind = kind_at(real, kinds)
    return kind if _REMOTE.fullmatch(kind) else None


def kind_at(path: str, mounts: Iterator[tuple[str, str]]) -> str:
    """The kind of the mount that `path` lies on; of (mount point, kind), the latest mount last."""
    found, longest = "", -1
    for point, kind in mounts:
        below = point.rstrip("/") + "/"
        if (path + "/").startswith(below) and len(below) >= longest:
            found, longest = kind, len(below)
    return found


def linux_table(text: str) -> Iterator[tuple[str, str]]:
    """Mount points and kinds of /proc/self/mounts, where spaces are written as octal numbers."""
    for line in text.splitlines():
        _, point, kind, *_ = line.split(" ")
        yield re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), point), kind


def mount_output(text: str) -> Iterator[tuple[str, str]]:
    """Mount points and kinds of what `mount` prints on macOS and BSD."""
    for line in text.splitlines():
        if match := re.fullmatch(r".* on (.+) \((\w+)[,)].*", line):
            yield match[1], match[2]


def _linux_mounts() -> Iterator[tuple[str, str]]:
    # Bytes that are no text become what file names have in their place.
    return linux_table(os.fsdecode(Path("/proc/self/mounts").read_bytes()))


def _other_mounts() -> Iterator[tuple[str, str]]:
    done = subprocess.run(["/sbin/mount"], capture_output=True, timeout=10, check=True)
    return mount_output(os.fsdecode(done.stdout))


def _windows_kind(path: str) -> str | None:
    if sys.platform != "win32":
        return None
    import ctypes

    drive = os.path.splitdrive(path)[0] + "\\"
    is_remote = ctypes.windll.kernel32.GetDriveTypeW(drive) == _DRIVE_REMOTE
    return "a network drive" if is_remote or drive.startswith("\\\\") else None
