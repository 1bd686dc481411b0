"""A Ray cluster of two nodes on this computer: the contract, and what only a cluster can do.

The tests use one cluster after another, in the order in which they stand here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import psutil
import pytest

from campaigns.kit.raylets import OBJECT_STORE_BYTES, Raylets
from hotfolder.daemon import Daemon
from hotfolder.executors.orders import Cancel, Cancelled, Done, Failed, Left, Lost, Raster, Trouble
from hotfolder.executors.ray.executor import Cluster
from hotfolder.recipes.settings import ExecutorChoice, Settings
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import status_file
from tests.daemon_thread import Said, at_work
from tests.executors.conftest import DRAFT, FINAL, Ear, stepped
from tests.executors.test_contract import *  # noqa: F403 - all that a daemon relies on
from tests.forkserver import until

pytest.importorskip("ray")
LONG = msgspec.structs.replace(DRAFT, steps=1000)
PATIENCE_S = 220
pytestmark = [
    pytest.mark.timeout(1200),  # a busy computer takes minutes to start all that
    pytest.mark.skipif("HOTFOLDER_CLUSTER" not in os.environ, reason="make test-cluster"),
]


@pytest.fixture(scope="module")
def raylets() -> Iterator[Raylets]:
    """A head and another node, each with one processor; this process has their token."""
    cluster, before = Raylets(), dict(os.environ)
    try:
        cluster.start_head()
        cluster.add()
        os.environ.update(cluster.environment())
        yield cluster
    finally:
        cluster.close()
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="module")
def ear(raylets: Raylets, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ear]:
    """The executor of the cluster, when both nodes have a worker."""
    choice = ExecutorChoice("ray", raylets.address)
    opened = Ear(Settings(executor=choice), tmp_path_factory.mktemp("studio"))
    opened.wait_for(lambda: len(opened.slots) == 2)
    yield opened
    opened.executor.close()


@pytest.fixture(scope="module")
def painters(raylets: Raylets, ear: Ear, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ear]:
    """The same with workers that paint, in place of those that render."""
    ear.executor.close()
    opened = Ear(*_painting(raylets, tmp_path_factory.mktemp("studio")))
    opened.wait_for(lambda: len(opened.slots) == 2)
    yield opened
    opened.executor.close()


def _painting(raylets: Raylets, base: Path):  # type: ignore[no-untyped-def]
    def opened(settings, base, on_report):  # type: ignore[no-untyped-def]
        choice = settings.executor_choice
        return Cluster(choice, base, on_report, "tests.executors.slow_painter:on_a_worker")

    return Settings(executor=ExecutorChoice("ray", raylets.address)), base, opened


def test_the_pictures_are_those_of_this_computer(ear: Ear, tmp_path: Path) -> None:
    """Drafts and refinements have the bits that they have in process, with one thread."""
    here = Ear(Settings(devices="cpu", threads=1), tmp_path)
    try:
        for recipe in (DRAFT, FINAL):
            mine, theirs = (each.outcome(each.begin(recipe)) for each in (here, ear))
            assert isinstance(mine, Done) and isinstance(theirs, Done)
            assert (mine.picture, mine.features) == (theirs.picture, theirs.features)
            assert theirs.facts["threads"] == 1
    finally:
        here.executor.close()


def test_a_daemon_whose_workers_are_killed(raylets: Raylets, ear: Ear, studio: Studio) -> None:
    """Each picture is made once; who renders where, and how fast, can be asked meanwhile."""
    ear.executor.close()
    wanted = 24
    (studio.profiles / "small.toml").write_text(
        'extends = "postcard"\nsteps = 2\n[draft]\narea = "64x64"\n'
    )
    studio.settings.write_text('profile = "small"\nsettle_seconds = 0.05\n')
    (studio.inbox / "a.txt").write_text(f"count: {wanted}\n\na castle")
    settings, _, opened = _painting(raylets, studio.root)
    executor = partial(_with, settings, opened)
    daemon = Daemon(studio, said := Said(), executor=executor)
    with at_work(daemon):
        for made in (4, 8):
            until(lambda made=made: len(list(studio.drafts.glob("*.png"))) >= made, PATIENCE_S)
            raylets.workers()[-1].kill()
        until((studio.done / "a.txt").exists, PATIENCE_S)
        until(lambda: len(status_file.read(studio.root).renders) == 2, PATIENCE_S)
        renders = status_file.read(studio.root).renders
    assert len(list(studio.drafts.glob("*.png"))) == wanted
    assert not list(studio.failed.iterdir())
    assert sum("is cpu " in line for line in said.sentences) == 2
    assert all(", cpu " in says for says in renders.values()), renders


def _with(settings: Settings, opened, _settings: Settings, base: Path, on_report):  # type: ignore[no-untyped-def]
    return opened(settings, base, on_report)


def test_a_wrong_token_is_told(
    raylets: Raylets, ear: Ear, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, with what to do; there is no slot."""
    ear.executor.close()
    monkeypatch.setenv("RAY_AUTH_TOKEN", "0" * 32)
    stranger = Ear(*_painting(raylets, tmp_path))
    try:
        stranger.wait_for(lambda: bool(stranger.staff))
        (trouble,) = stranger.staff
        assert isinstance(trouble, Trouble)
        assert trouble.where == f"the Ray cluster at {raylets.address}"
        assert trouble.says.startswith("it wants a different token from this computer's")
        assert not stranger.slots
    finally:
        stranger.executor.close()


def test_a_killed_worker_costs_what_it_was_making(raylets: Raylets, painters: Ear) -> None:
    """That is told once; the other one goes on, and the slot's next task finds a new worker."""
    given = [painters.begin(LONG, slot) for slot in (0, 1)]
    for number in given:
        painters.heard(stepped(number))
    raylets.workers()[0].kill()
    lost = painters.heard(lambda report: isinstance(report, Lost))[-1]
    assert isinstance(lost, Lost)
    slot = given.index(lost.attempt)
    assert isinstance(painters.outcome(painters.begin(DRAFT, slot)), Done)
    other = 1 - slot
    painters.give(Cancel(given[other]), other)
    assert isinstance(painters.outcome(given[other]), Cancelled)


def test_a_node_that_comes_and_goes(raylets: Raylets, painters: Ear) -> None:
    """It paints as soon as it is there; when it goes, its slot does, and the others paint on."""
    given = [painters.begin(LONG, slot) for slot in (0, 1)]
    raylets.add()
    painters.wait_for(lambda: len(painters.slots) == 3)
    assert isinstance(painters.outcome(painters.begin(DRAFT, 2)), Done)
    came = painters.slots[2]
    painters.heard(stepped(painters.begin(LONG, 2)))
    raylets.kill(raylets.nodes.pop())
    painters.wait_for(lambda: len(painters.slots) == 2)
    assert painters.staff[-1] == Left(came)
    for slot, number in enumerate(given):
        painters.give(Cancel(number), slot)
        assert isinstance(painters.outcome(number), Cancelled)


def test_a_full_object_store_is_told(raylets: Raylets, painters: Ear) -> None:
    """A source for which there is room neither in it nor on the disk; smaller ones are painted."""
    width = OBJECT_STORE_BYTES // 2500
    large = Raster(width, 1000, bytes(3 * width * 1000))
    failed = painters.outcome(painters.begin(FINAL, source=large))
    assert isinstance(failed, Failed) and "the cluster's object store is full" in failed.says
    assert isinstance(painters.outcome(painters.begin(FINAL)), Done)


def test_a_head_that_dies_and_returns(raylets: Raylets, painters: Ear) -> None:
    """All slots leave, which is told; they come back with it, and work goes on."""
    painters.begin(LONG)
    for node in raylets.nodes:
        raylets.kill(node)
    painters.wait_for(lambda: not painters.slots and bool(_troubles(painters)))
    raylets.start_head()
    raylets.add()
    painters.wait_for(lambda: len(painters.slots) == 2)
    assert isinstance(painters.outcome(painters.begin(DRAFT)), Done)
    painters.executor.close()
    psutil.wait_procs(raylets.workers(), PATIENCE_S)
    assert not raylets.workers(), "an executor that is closed leaves nothing behind"


def _troubles(ear: Ear) -> list[str]:
    return [one.says for one in ear.staff if isinstance(one, Trouble) and one.says]
