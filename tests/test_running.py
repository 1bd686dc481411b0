"""How hotfolder starts: what a studio can make Python import, and what its logs let others see."""

from __future__ import annotations

import json
import logging
import signal
from pathlib import Path

import pytest

from hotfolder import cli
from hotfolder.errors import EXIT_TERMINATED
from hotfolder.report.logs import LogFile
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import archive, lock
from tests.conftest import ROOT, Run


def test_nothing_is_imported_from_a_studio(studio: Studio, hotfolder: Run) -> None:
    """A file that is named like a module and lies in the current folder is no module."""
    for name in ("argparse", "torch", "msgspec", "numpy", "json"):
        (studio.root / f"{name}.py").write_text("open('RAN', 'w').write('x')\n")
    done = hotfolder("status", cwd=studio.root)
    assert done.returncode == 0, done.stderr
    assert not (studio.root / "RAN").exists()


def test_a_stop_before_the_work_has_begun_is_one_too(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGTERM while the ledger is read ends the program at once, with the code of a stop."""

    def told_meanwhile(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr("hotfolder.commands.run.Daemon", told_meanwhile)
    assert cli.main(["run", str(studio.root)]) == EXIT_TERMINATED
    assert not lock.is_held(studio.root)


def test_a_log_is_private_and_cannot_be_forged(tmp_path: Path) -> None:
    """Escapes are shown, further lines are indented, and only its owner reads it."""
    file = tmp_path / "state/hotfolder.log"
    log = logging.Logger("test")
    log.addHandler(handler := LogFile(file))
    log.warning("%s", "one\n02:02:02  FORGED\x1b]0;title\x07 \u202etxt")
    handler.close()
    first, second = file.read_text("utf-8").splitlines()
    assert first.endswith("one") and second.startswith("    02:02:02")
    assert "\x1b" not in second and "\\u202e" in second
    assert file.stat().st_mode & 0o077 == 0


def test_what_is_proved_and_what_is_claimed(studio: Studio, hotfolder: Run) -> None:
    """Only what this computer signed itself proves a recipe; a copy of its words does not."""
    from hotfolder.images import metadata, recipe_text

    data = (ROOT / "tests/golden/v1/png-draft.png").read_bytes()
    (studio.drafts / "a.png").write_bytes(data)
    [shown] = json.loads(hotfolder("show", "--json", studio.drafts / "a.png").stdout)
    assert shown["proved"] is False
    ours = recipe_text.find(metadata.read(data))
    assert ours is not None
    archive.enter(studio, ours.recipe, ours.record)
    [shown] = json.loads(hotfolder("show", "--json", studio.drafts / "a.png").stdout)
    assert shown["proved"] is True
    [file] = studio.recipes.glob("*/*.jsonl")
    file.write_bytes(file.read_bytes().replace(b'"mac":"', b'"mac":"0'))
    [shown] = json.loads(hotfolder("show", "--json", studio.drafts / "a.png").stdout)
    assert shown["proved"] is False
