"""Which folders lie on network file systems."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hotfolder.studio.scan.mounts import kind_at, linux_table, mount_output, remote_kind
from tests.forkserver import until

LINUX = """\
/dev/vda1 / ext4 rw,relatime 0 0
nas:/pictures /mnt/nas nfs4 rw,vers=4.2 0 0
//nas/share /mnt/My\\040Share cifs rw 0 0
me@box: /home/me/box fuse.sshfs rw,user_id=0 0 0
/dev/sdb1 /mnt/usb fuseblk rw 0 0
tmpfs /mnt/nas/tmp tmpfs rw 0 0
/dev/sdc1 /mnt/over ext4 rw 0 0
nas:/over /mnt/over nfs rw 0 0
"""
MACOS = """\
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
//me@nas._smb._tcp.local/Pictures on /Volumes/My Pictures (smbfs, nodev, nosuid, mounted by me)
/dev/disk4s1 on /Volumes/USB (on) (exfat, local, nodev)
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/me/studio", "ext4"),
        ("/mnt/nas", "nfs4"),
        ("/mnt/nas/studio", "nfs4"),
        ("/mnt/nas2", "ext4"),
        ("/mnt/nas/tmp/x", "tmpfs"),
        ("/mnt/My Share/studio", "cifs"),
        ("/home/me/box/studio", "fuse.sshfs"),
        ("/mnt/usb", "fuseblk"),
        ("/mnt/over/studio", "nfs"),
    ],
)
def test_the_table_of_linux(path: str, kind: str) -> None:
    """The longest mount point above a path counts, and of two on one the later."""
    assert kind_at(path, linux_table(LINUX)) == kind


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/Users/me", "apfs"),
        ("/Volumes/My Pictures/studio", "smbfs"),
        ("/Volumes/USB (on)/studio", "exfat"),
    ],
)
def test_the_output_of_mount(path: str, kind: str) -> None:
    """macOS and BSD print another table."""
    assert kind_at(path, mount_output(MACOS)) == kind


@pytest.mark.skipif(sys.platform != "linux", reason="reads the table of Linux")
def test_this_computer(tmp_path: Path) -> None:
    """The temporary folder is on a disk, and so is a folder that does not exist."""
    assert remote_kind(tmp_path) is None
    assert remote_kind(tmp_path / "gone") is None


def test_sshfs(tmp_path: Path, tool: Callable[[str], str]) -> None:
    """A real mount of sshfs is recognised, however the path to it is written."""
    server = Path("/usr/lib/openssh/sftp-server")
    if not server.exists():
        pytest.skip("sftp-server is not installed")
    for name in ("there", "here", "here-too"):
        (tmp_path / name).mkdir()
    there, here = tmp_path / "there", tmp_path / "here"
    command = [tool("sshfs"), f"localhost:{there}", str(here), "-f", "-o", "passive"]
    with subprocess.Popen([str(server)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as sftp:
        process = subprocess.Popen(command, stdin=sftp.stdout, stdout=sftp.stdin)
        try:
            until(lambda: here.is_mount() or process.poll() is not None, 20)
            if process.poll() is not None:
                pytest.skip("this computer does not allow mounts by users")
            (here / "studio").mkdir()
            (tmp_path / "link").symlink_to(here / "studio")
            assert remote_kind(here / "studio") == "fuse.sshfs"
            assert remote_kind(tmp_path / "link") == "fuse.sshfs"
            assert remote_kind(tmp_path / "here-too") is None
        finally:
            subprocess.run([tool("fusermount3"), "-u", str(here)], check=False)
            process.terminate()
            process.wait(30)
            sftp.kill()
