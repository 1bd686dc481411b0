"""Devices and worker processes that fail for good: the others go on, and no task is to blame."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hotfolder.daemon import Daemon, Until
from hotfolder.executors.orders import Done, Executor, Failed, OnReport
from hotfolder.executors.processes import Processes
from hotfolder.recipes.settings import Settings
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import status_file
from tests.daemon_thread import Said, at_work
from tests.executors.conftest import DRAFT, Ear
from tests.forkserver import until

GONE = "cuda:7"  # no computer that runs these tests has eight graphics cards
SMALL = 'extends = "postcard"\nsteps = 2\n[draft]\narea = "64x64"\ncount = 3\n'


@pytest.fixture
def small(studio: Studio) -> Studio:
    """A studio whose drafts take no time."""
    (studio.profiles / "small.toml").write_text(SMALL)
    studio.settings.write_text(
        f'profile = "small"\nsettle_seconds = 0.05\ndevices = ["{GONE}", "cpu"]\n'
    )
    (studio.inbox / "a.txt").write_text("a castle")
    return studio


def test_a_device_that_is_gone_takes_its_slot_out_alone(small: Studio) -> None:
    """The first device does not answer, which is said; the second makes all the pictures."""
    said = Said()
    daemon = Daemon(small, said)
    with at_work(daemon):
        until((small.done / "a.txt").exists, 200)
        (trouble,) = status_file.read(small.root).waits.items()
    assert len(list(small.drafts.glob("*.png"))) == 3
    assert trouble[0] == "renderer 1"
    assert trouble[1].startswith(f"{GONE}: the device does not answer (")
    assert [line for line in said.sentences if "renderer 1" in line] == [
        f"renderer 1 has failed and will be tried again later: {trouble[1]}"
    ]
    assert daemon.failures


def test_where_all_devices_are_gone_work_waits(small: Studio) -> None:
    """It is tried again after pauses; a run that ends by itself leaves it where it lies."""
    now = 0.0

    def later() -> float:
        nonlocal now
        now += 0.05
        return now

    def gone(_settings: Settings, base: Path, on_report: OnReport) -> Executor:
        return Processes([GONE], base, on_report)

    said = Said()
    daemon = Daemon(small, said, clock=later, executor=gone)
    daemon.run(Until(idle=True))
    daemon.close()
    assert daemon.failures == 3
    assert (small.inbox / "a.txt").exists()
    assert not list(small.failed.iterdir())
    assert sum("renderer 1" in line for line in said.sentences) == 1


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("/bin/false", "stopped as soon as it was started, with code 1"),
        ("/none", "there is no such file"),
    ],
)
def test_a_process_that_never_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, says: str
) -> None:
    """Its device is to blame and not its task; the slot goes on with the next process."""
    ear = Ear(Settings(devices=["cpu"]), tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", program)
        failed = ear.outcome(ear.begin(DRAFT))
    assert isinstance(failed, Failed)
    assert failed.device
    assert failed.says.startswith("cpu: ")
    assert says in failed.says
    if program == "/none":
        assert isinstance(ear.outcome(ear.begin(DRAFT)), Done)
    ear.executor.close()
