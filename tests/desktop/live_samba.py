"""A studio on a share: another machine stars drafts through Samba, on this one's loopback."""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from hotfolder.commands.demo import STAR
from hotfolder.images import png
from tests.forkserver import ForkServer, comes_true, until
from tests.stars.test_finder import RED_AND_STAR, TAGS, apple_double
from tests.test_stars import Sorting, at_work

SETTINGS = """\
[global]
  server role = standalone server
  map to guest = Bad User
  smb ports = {port}
  bind interfaces only = yes
  interfaces = lo
  disable netbios = yes
  load printers = no
  private dir = {state}
  lock directory = {state}
  state directory = {state}
  cache directory = {state}
  pid directory = {state}
  ncalrpc dir = {state}/rpc
  log file = {state}/log
[studio]
  path = {share}
  guest ok = yes
  read only = no
  force user = {user}
  ea support = yes
"""


class Share:
    """A studio whose daemon is at work, and a client of the share that it lies on."""

    def __init__(self, sorting: Sorting, port: int, outside: Path) -> None:
        self.sorting = sorting
        self._port = port
        self._outside = outside

    def run(self, *commands: str) -> None:
        """Run commands of smbclient."""
        address = ["-p", str(self._port), "-N", "//127.0.0.1/studio"]
        subprocess.run(
            ["smbclient", *address, "-c", "; ".join(commands)], check=True, capture_output=True
        )

    def put(self, path: str, data: bytes) -> None:
        """Write a file through the share."""
        local = self._outside / "file"
        local.write_bytes(data)
        self.run(f'put "{local}" "{path}"')

    def is_picked(self, name: str) -> bool:
        """Whether a draft comes to lie in `seeds/`."""
        return comes_true((self.sorting.studio.seeds / name).exists, 30)


@pytest.fixture
def share(forkserver: ForkServer, tmp_path: Path) -> Iterator[Share]:
    """Samba on a port of its own."""
    smbd = shutil.which("smbd", path=f"{os.environ['PATH']}:/usr/sbin")
    assert smbd and shutil.which("smbclient"), "Samba is not installed; see packages.txt"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    state = tmp_path / "state"
    state.mkdir(mode=0o755)
    with at_work(forkserver, tmp_path / "studio") as sorting:
        user = sorting.studio.root.owner()
        text = SETTINGS.format(port=port, state=state, share=sorting.studio.root, user=user)
        (tmp_path / "smb.conf").write_text(text)
        command = [smbd, "--foreground", "--no-process-group", f"--configfile={tmp_path}/smb.conf"]
        # At its end Samba ends all processes of its group: it gets one of its own.
        server = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            until(lambda: _answers(port), 30)
            yield Share(sorting, port, tmp_path)
        finally:
            server.terminate()
            server.wait(10)


def test_stars_over_a_share(share: Share) -> None:
    """A file rated elsewhere, an attribute, a sidecar, a Mac's `._NAME`, a name, a move."""
    rated, tagged, beside, mac, named, moved = (share.sorting.draft("png") for _ in range(6))
    share.put(f"drafts/{rated.name}", png.with_xmp(_picture(200), STAR))
    assert share.is_picked(rated.name)
    share.run(f'setea "drafts/{tagged.name}" baloo.rating 8')
    assert share.is_picked(tagged.name)
    share.put(f"drafts/{beside.name}.xmp", STAR.encode())
    assert share.is_picked(beside.name)
    share.put(f"drafts/._{mac.name}", apple_double({TAGS: RED_AND_STAR}))
    assert share.is_picked(mac.name)
    share.run(f'rename "drafts/{named.name}" "drafts/named_fav.png"')
    assert share.is_picked("named_fav.png")
    share.run(f'rename "drafts/{moved.name}" "seeds/{moved.name}"')
    assert share.is_picked(moved.name)
    assert not list(share.sorting.studio.drafts.glob("*.png"))


def _picture(shade: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (24, 16), (shade, 1, 2)).save(buffer, "PNG")
    return buffer.getvalue()


def _answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
