"""Which folders lie on network file systems."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hotfolder.studio.mounts import kind_at, remote_kind
from tests.forkserver import until

LINUX = (
    ("/", "ext4"),
    ("/mnt/nas", "nfs4"),
    ("/mnt/My Share", "cifs"),
    ("/home/me/box", "fuse.sshfs"),
    ("/mnt/usb", "fuseblk"),
    ("/mnt/nas/tmp", "tmpfs"),
    ("/mnt/over", "ext4"),
    ("/mnt/over", "nfs"),
)


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
def test_the_longest_mount_point_counts(path: str, kind: str) -> None:
    """And of two on one, the later."""
    assert kind_at(path, LINUX) == kind


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
