"""What this machine keeps for itself: nobody else can read it, and no token gets into anything."""

from __future__ import annotations

import logging
import os
import stat
import sys
from pathlib import Path

import pytest
from PIL import Image

from hotfolder.commands import run
from hotfolder.daemon import Daemon, Until
from hotfolder.light.table import Table
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.apart import Apart
from hotfolder.studio.store import local
from tests.daemon_thread import Said
from tests.painter import FakeExecutor

TOKEN = "hf_" + "NoBodyMayEverSeeThis" * 2


@pytest.fixture
def worked(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """A studio in which everything that keeps something has worked, under a lax umask."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("HUGGING_FACE_HUB_TOKEN", TOKEN)
    before = os.umask(0)
    try:
        (studio.inbox / "a.toml").write_text('prompt = "a castle"\ncount = 2\n')
        (studio.inbox / "b.toml").write_text("promt = 1\n")
        Image.new("RGB", (64, 64), "red").save(studio.seeds / "photo.png")
        log = run._log(studio.root, logging.NullHandler())
        logging.getLogger("hotfolder").warning("something happened")
        daemon = Daemon(studio, Said(), executor=FakeExecutor(slots=1))
        daemon.run(Until(idle=True))
        daemon.close()
        Table(studio).close()
        Apart(studio.root).close()
        log.close()
    finally:
        os.umask(before)
        logging.basicConfig(handlers=[], force=True)
    return studio


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps it in the user's own folder")
def test_local_state_is_private(worked: Studio) -> None:
    """Files and folders are for this user alone, whatever the umask says."""
    top = local.folder(worked.root).parent.parent
    kept = [top, *top.rglob("*")]
    assert {"journal", "trust.json", "hotfolder.log", "key"} <= {
        path.name.partition("-")[0] for path in kept
    }
    shared = {path: path.lstat().st_mode for path in kept}
    assert [path for path, mode in shared.items() if stat.S_IMODE(mode) & 0o077] == []


def test_a_token_is_nowhere(worked: Studio) -> None:
    """No log, record, picture or note has the hub's token, nor a part of it."""
    places = (worked.root, local.folder(worked.root).parent.parent, local.config())
    files = [path for place in places for path in place.rglob("*") if path.is_file()]
    assert len(list(worked.drafts.glob("*.png"))) == 2
    assert len(files) > 20
    assert [path for path in files if TOKEN[5:25].encode() in path.read_bytes()] == []


def test_a_file_is_private_from_its_first_moment(tmp_path: Path) -> None:
    """Also one that a library writes into, and the folders above it."""
    before = os.umask(0)
    try:
        file = local.private(tmp_path / "a/b/c.sqlite")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent, file.parent.parent)]
    assert modes == [0o600, 0o700, 0o700] or sys.platform == "win32"
