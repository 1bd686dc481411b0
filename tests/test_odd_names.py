"""Names that are no text: a file system takes any bytes, and no command may fail over them."""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from hotfolder import json_text
from hotfolder.cli import main
from hotfolder.daemon import Daemon, Until
from hotfolder.errors import EXIT_DONE, EXIT_SOME_FAILED, printable
from hotfolder.light.catalogue import Catalogue
from hotfolder.light.views import Question, answer
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import status_file
from hotfolder.studio.store.status_file import StatusFile
from tests.daemon_thread import at_work
from tests.forkserver import until
from tests.painter import FakeExecutor
from tests.taste import studio as drafts

ODD = os.fsdecode(b"caf\xe9 \xff")
COMMANDS = ("check", "status", "plan", "verify", "best", "taste", "stats", "sheet")

pytestmark = pytest.mark.posix("names are text there")


@pytest.fixture
def odd(studio: Studio) -> Studio:
    """A studio with such names in all its rooms: used, waiting, broken, picked, in folders."""
    studio.settings.write_text("settle_seconds = 0.05\nlook_seconds = 1\n")
    (studio.inbox / ODD).mkdir()
    (studio.inbox / ODD / f"{ODD}.txt").write_text("a castle")
    (studio.inbox / f"empty {ODD}.txt").touch()
    (studio.inbox / f"wrong {ODD}.toml").write_text("prompt = 3\n")
    for number, room in enumerate(("drafts", "seeds", f"drafts/{ODD}", "drafts/rejected", "final")):
        path = drafts.put(studio, number, folder=room)
        (studio.root / path).rename(studio.root / room / f"{number} {ODD}.png")
    Image.new("RGB", (64, 64), "navy").save(studio.seeds / f"stranger {ODD}.png")
    return studio


def _work(studio: Studio) -> None:
    with closing(Daemon(studio, executor=FakeExecutor())) as daemon:
        daemon.run(Until(idle=True))


def test_a_daemon_works_on(odd: Studio) -> None:
    """What can be used is used; what waits and what is wrong is told, also to other processes."""
    with at_work(Daemon(odd, executor=FakeExecutor())):
        until(lambda: status_file.read(odd.root).overview is not None, 60)
        posted = status_file.read(odd.root)
        until((odd.done / ODD / f"{ODD}.txt").exists, 60)
    assert (odd.failed / f"wrong {ODD}.toml").exists()
    assert posted.overview is not None
    assert printable(f"inbox/empty {ODD}.txt") in posted.overview.waiting
    assert any(ODD in name for name in posted.seen)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("is_worked_on", [False, True])
def test_every_command_describes_it(
    odd: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, is_worked_on: bool
) -> None:
    """None ends in a traceback, and what it prints can be printed."""
    monkeypatch.chdir(tmp_path)
    if is_worked_on:
        _work(odd)
    assert main([command, str(odd.root)]) in (EXIT_DONE, EXIT_SOME_FAILED)


def test_the_light_table_shows_them(odd: Studio, tmp_path: Path) -> None:
    """All pictures are in its index, also after it is opened again."""
    for _ in range(2):
        with closing(Catalogue(odd.root, tmp_path / "light.sqlite")) as catalogue:
            catalogue.refresh()
            rows = answer(catalogue, Question(room="seeds"))
            names = {Path(shown.path).name for shown in catalogue.shown(row[0] for row in rows)}
            assert names == {f"1 {ODD}.png", f"stranger {ODD}.png"}


@pytest.mark.parametrize(
    "value",
    [
        {ODD: [ODD, "é", 1.5, None]},
        StatusFile(ODD, {ODD: ODD}, seen={ODD: (1, 2, 3)}),
        "\ud800\\ud",
    ],
)
def test_json_holds_any_name(value: object) -> None:
    """It is read as it was written, and is JSON to others as well."""
    data = json_text.encode(value)
    assert json_text.decode(data, type(value)) == value
    assert json.loads(data)
    data.decode("utf-8")
