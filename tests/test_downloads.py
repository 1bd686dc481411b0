"""A model that is on its way holds up nobody but those who wait for it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from hotfolder.daemon import Daemon, Until
from hotfolder.downloads import Downloads
from hotfolder.render.models import download, hub
from hotfolder.report.progress import Lines
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import status_file
from tests import fakehub
from tests.conftest import ROOT, Run
from tests.daemon_thread import Said, at_work
from tests.fakehub import Fault, Hub, Kind
from tests.forkserver import until
from tests.painter import FakeExecutor
from tests.render.models.test_download import to_hub
from tests.studio.clock import Clock

NAME = "acme/tiny"
WEIGHTS = "unet/diffusion_pytorch_model.safetensors"
SMALL = 'extends = "postcard"\nsteps = 2\n[draft]\narea = "32x32"\ncount = 1\n'
FAR = f'extends = "small"\n[model]\nsource = "{NAME}"\n'
SETTINGS = 'profile = "small"\nsettle_seconds = 0.05\nlook_seconds = 0.5\nkeep_free_gb = 0\n'


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with one model of a megabyte."""
    folder = tmp_path / "hub" / NAME
    (folder / "unet").mkdir(parents=True)
    save_file({"w": np.zeros(250_000, "float32")}, folder / WEIGHTS)
    (folder / "unet" / "config.json").write_text("{}")
    index = '{"_class_name": "SanaPipeline", "unet": ["diffusers", "A"]}'
    (folder / "model_index.json").write_text(index)
    with fakehub.serving(tmp_path / "hub") as served:
        to_hub(served, tmp_path / "cache" / "hub", monkeypatch)
        yield served


@pytest.fixture
def small(studio: Studio) -> Studio:
    """A studio whose default model is here, and another profile's on the hub."""
    (studio.profiles / "small.toml").write_text(SMALL)
    (studio.profiles / "far.toml").write_text(FAR)
    studio.settings.write_text(SETTINGS)
    return studio


def drop(studio: Studio, name: str, profile: str) -> None:
    (studio.inbox / f"{name}.toml").write_text(f'prompt = "a mill"\nprofile = "{profile}"\n')


def done(studio: Studio, name: str) -> bool:
    return (studio.done / f"{name}.toml").exists()


def waits(studio: Studio) -> str:
    return status_file.read(studio.root).waits.get("inbox/far.toml", "")


def test_others_go_on_meanwhile(small: Studio, served: Hub) -> None:
    """Pictures of other models are made while one is fetched; `status` says how far it is."""
    served.faults.append(Fault("GET /cdn", "slow", times=-1, rate=5_000))
    with at_work(Daemon(small, said := Said(), executor=FakeExecutor())):
        drop(small, "far", "far")
        until(lambda: "fetching acme/tiny" in waits(small), 30)
        drop(small, "near", "small")
        until(lambda: done(small, "near"), 30)
        assert not done(small, "far")
        served.faults.clear()
        until(lambda: done(small, "far"), 30)
    assert any("the model acme/tiny is here" in sentence for sentence in said.sentences)
    assert list(small.failed.iterdir()) == []


def test_it_waits_for_the_network(small: Studio, served: Hub) -> None:
    """While the hub fails a prompt file waits with the reason, and goes on by itself."""
    served.faults.append(Fault(".", "status", times=-1, code=503))
    with at_work(Daemon(small, said := Said(), executor=FakeExecutor())):
        drop(small, "far", "far")
        until(lambda: "of its own (status 503); hotfolder will try again" in waits(small), 30)
        note = small.inbox / "far.toml.error.txt"
        until(note.exists, 30)
        says = note.read_text()
        assert says.startswith(
            "far.toml is not used yet, because:\n\nthe model acme/tiny cannot be"
        )
        served.faults.clear()
        until(lambda: done(small, "far"), 30)
    assert list(small.failed.iterdir()) == []
    assert not note.exists()
    warned = [s for s in said.sentences if s.startswith("inbox/far.toml waits")]
    assert len(warned) == 1


def test_what_is_asked_for_is_not_forgotten(tmp_path: Path) -> None:
    """Its time may come between the moment at which it was asked for and the end of that turn."""
    clock = Clock()
    downloads = Downloads(tmp_path, Lines(), lambda: None, clock)
    downloads._delays.postpone("the model x", "it is held up", clock.now)
    downloads.show(clock.now + 0.9)
    clock.now += 1
    downloads.show(clock.now - 0.1)
    assert downloads._delays.tries("the model x") == 1
    downloads.show(clock.now)
    assert downloads._delays.tries("the model x") == 0


def test_a_licence_is_its_owners_business(small: Studio, served: Hub) -> None:
    """What no waiting mends is explained beside the prompt file, once."""
    served.gated.add(NAME)
    with at_work(Daemon(small, executor=FakeExecutor())):
        drop(small, "far", "far")
        until((small.failed / "far.toml.error.txt").exists, 30)
    note = (small.failed / "far.toml.error.txt").read_text()
    assert "wants its licence accepted: log in at https://huggingface.co/acme/tiny" in note


def test_a_run_that_ends_does_not_wait_for_ever(small: Studio, served: Hub) -> None:
    """`run --once` fetches what it needs, and leaves the file for the next run if it cannot."""
    served.faults.append(Fault(".", "status", times=-1))
    drop(small, "far", "far")
    daemon = Daemon(small, executor=FakeExecutor())
    daemon.run(Until(idle=True))
    daemon.close()
    assert daemon.failures == 1
    assert (small.inbox / "far.toml").exists()
    served.faults.clear()
    again = Daemon(small, executor=FakeExecutor())
    again.run(Until(idle=True))
    again.close()
    assert again.failures == 0
    assert done(small, "far")


def test_nothing_is_fetched_unasked(small: Studio, served: Hub) -> None:
    """A default model is not fetched before somebody wants a picture of it."""
    small.settings.write_text(SETTINGS.replace('"small"', '"far"'))
    with at_work(Daemon(small, executor=FakeExecutor())):
        drop(small, "near", "small")
        until(lambda: done(small, "near"), 30)
    assert served.asked == []


def environment(served: Hub, tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "HF_ENDPOINT": served.url,
        "HF_HOME": str(tmp_path / "cache"),
        "HF_HUB_OFFLINE": "0",
        "PYTHONUTF8": "1",
        "PYTHONPATH": str(ROOT),
    }


STOPS = int(os.environ.get("HOTFOLDER_STOPS", "2"))
SOON_S = 2.0 if STOPS > 2 else 50.0  # tests run beside others; `make downloads` alone
KINDS: tuple[Kind, ...] = ("slow", "hang", "status", "cut", "reset")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(STOPS))
def test_it_ends_at_once(small: Studio, served: Hub, tmp_path: Path, seed: int) -> None:
    """Ctrl-C and a service's stop wait for no network, at whatever moment of a download.

    Then the next one goes on, and nothing is left that is not the hub's.
    """
    dice = random.Random(seed)
    number = (signal.SIGINT, signal.SIGTERM)[seed % 2]
    kind, after = dice.choice(KINDS), dice.randrange(1_000_000)
    fault = Fault("GET /cdn", kind, times=-1, after=after, rate=dice.choice((50_000, 500_000)))
    served.faults.append(fault)
    drop(small, "far", "far")
    command = [sys.executable, "-m", "hotfolder", "run", str(small.root)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environment(served, tmp_path), **quiet) as process:  # type: ignore[call-overload]
        moment = dice.choice(("revision", "cdn"))
        until(lambda: any(moment in asked.line for asked in served.asked), 120)
        time.sleep(dice.random() * (3.0 if STOPS > 2 else 0.2))
        began = time.monotonic()
        process.send_signal(number)
        assert process.wait(60) == 128 + number
        took_s = time.monotonic() - began
    print(f"{seed}: {kind} after {after} bytes, ended in {took_s:.2f} s")
    assert took_s < SOON_S
    assert (small.inbox / "far.toml").exists()
    served.faults.clear()
    download.fetch(hub.Source(NAME), lambda total, here: None, lambda count: None, lambda: False)
    assert list((tmp_path / "cache").rglob("*.incomplete")) == []
    assert list(small.failed.iterdir()) == []


def test_fetch_and_models(hotfolder: Run, small: Studio, served: Hub, tmp_path: Path) -> None:
    """`fetch` says size and licence and goes on where it broke off; `models` says what is here."""
    offline = {**os.environ}
    os.environ.update(environment(served, tmp_path))
    try:
        served.faults.append(Fault("GET /cdn", "cut", times=-1, after=400_000))
        served.faults.append(Fault("GET /cdn", "status", times=-1))
        served.faults[0].times = 1
        broken = hotfolder("fetch", "far", "--studio", small.root)
        assert broken.returncode == 3
        assert "https://huggingface.co/acme/tiny" in broken.stdout
        assert "give the same command to go on from there" in broken.stdout
        assert "Downloads that broke off" in hotfolder("models", "--studio", small.root).stdout
        served.faults.clear()
        assert hotfolder("fetch", "far", "--studio", small.root).returncode == 0
        again = hotfolder("fetch", "far", "small", "--studio", small.root)
        assert again.stdout == "far: its model is here\nsmall: its model is here\n"
        then = f"{NAME}@{served.commit(NAME)}"
        by_name = hotfolder("fetch", then, "--studio", small.root)
        assert by_name.stdout == f"{then}: its model is here\n"
        models = hotfolder("models", "--studio", small.root).stdout
        assert "acme/tiny\n    1.0 MB, used by far\n" in models
        assert "broke off" not in models
        nothing = hotfolder("fetch", "--studio", small.root)
        assert nothing.returncode == 3
        assert "name the profiles whose models to fetch, or say --all" in nothing.stderr
    finally:
        os.environ.clear()
        os.environ.update(offline)
