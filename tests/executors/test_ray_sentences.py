"""What a cluster's owner reads, and which weights may render; no cluster is needed for that."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import msgspec
import pytest

from hotfolder import __version__
from hotfolder.commands import run
from hotfolder.errors import MistakesError
from hotfolder.parser import parser
from hotfolder.recipes import schema
from hotfolder.recipes.model import Model
from hotfolder.recipes.settings import ExecutorChoice, Settings
from hotfolder.render.models import editions

ray = pytest.importorskip("ray")
from hotfolder.executors.ray import bench  # noqa: E402
from hotfolder.executors.ray.actor import Actor  # noqa: E402
from hotfolder.executors.ray.trouble import in_words  # noqa: E402
from hotfolder.executors.ray.weights import Weights  # noqa: E402


def test_another_version_is_refused() -> None:
    """By the worker itself, before anything else of hotfolder is used."""
    hello = Actor(".", "nothing:at_all").hello("0.0.9")
    assert hello["refused"] == (
        f"it has hotfolder {__version__}, and this computer 0.0.9; install the same"
    )


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ray.exceptions.ObjectStoreFullError("full"), "the cluster's object store is full"),
        (ray.exceptions.OutOfDiskError("full"), "the cluster's object store is full"),
        (ray.exceptions.AuthenticationError("no authentication token was found"), "no token on"),
        (ray.exceptions.AuthenticationError("InvalidAuthToken"), "it wants a different token"),
        (ConnectionRefusedError(111, "refused"), "it does not answer; `ray start --head`"),
        (TimeoutError(), "it does not answer"),
        (RuntimeError("one line\nand another"), "RuntimeError: one line"),
    ],
)
def test_each_failure_has_a_sentence(error: Exception, says: str) -> None:
    """What happened, and what to do where a person can do something."""
    assert says in in_words(error)
    assert "\n" not in in_words(error)


def test_a_token_is_told_also_where_ray_hides_it() -> None:
    """The error that it raises says only that it failed to connect."""
    try:
        try:
            raise RuntimeError("RPC error: InvalidAuthToken")
        except RuntimeError as error:
            raise ConnectionError("Failed to connect") from error
    except ConnectionError as error:
        assert in_words(error).startswith("it wants a different token")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the shipped model of which somebody has changed a file."""
    changed = tmp_path_factory.mktemp("models") / "postcard"
    shutil.copytree(editions.SHIPPED / "postcard", changed)
    index = changed / "scheduler" / "scheduler_config.json"
    index.write_text(index.read_text() + "\n")
    return changed


def test_other_weights_are_refused(folder: Path) -> None:
    """By their fingerprints; a worker without the model is told apart from that."""
    model = Model(source="shipped:postcard", multiple=16)

    async def same(name: str, data: bytes) -> str:
        return bench.fingerprint(name, data, Path())

    async def other(name: str, data: bytes) -> str:
        there = msgspec.structs.replace(model, source=str(folder))
        return bench.fingerprint(name, msgspec.msgpack.encode(there), Path())

    async def none(name: str, data: bytes) -> str:
        raise ray.exceptions.RayTaskError("fingerprint", "", ValueError("there is no model"))

    async def asked() -> list[str]:
        weights = Weights(Path())
        asks = {"a": same, "b": other, "c": none}
        return [await weights.refusal("postcard", model, *one) for one in asks.items()]

    fitting, differing, missing = asyncio.run(asked())
    assert fitting == ""
    assert differing.startswith("its weights of postcard differ from those here (fingerprints ")
    assert missing == "the model postcard cannot be used there: there is no model"


def test_the_first_worker_decides_where_this_computer_has_no_weights(folder: Path) -> None:
    """All others need the same."""
    model = Model(source="/nowhere/model.safetensors")

    async def asked() -> list[str]:
        weights, said = Weights(Path()), []
        for worker, fingerprint in (("a", "1" * 64), ("b", "2" * 64), ("c", "1" * 64)):

            async def ask(name: str, data: bytes, answer: str = fingerprint) -> str:
                return answer

            said.append(await weights.refusal("model", model, worker, ask))
        return said

    first, second, third = asyncio.run(asked())
    assert (first, third) == ("", "")
    assert "222222222222 and 111111111111" in second


def test_a_worker_has_its_own_place_for_a_model(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    """By a profile of its owner's whose model has the same name; else it is where it was said."""
    elsewhere, here = Model(source="/nowhere/model", name="m"), Model(source=str(folder), name="m")
    monkeypatch.setattr(bench, "_own", lambda: {"m": here})
    found = bench.found_here({"m": elsewhere, "n": elsewhere}, Path())
    assert found == {"m": here, "n": elsewhere}


@pytest.mark.parametrize("address", ["auto", "box:6379", "192.168.1.20:6379", "[fe80::1]:6379"])
def test_addresses(address: str) -> None:
    """A computer and a port, or the cluster that this computer belongs to."""
    table = {"executor": {"address": address}}
    assert schema.convert(table, Settings).executor_choice == ExecutorChoice("ray", address)


@pytest.mark.parametrize("address", ["box", "ray://box:10001", "box:port", "a b:1"])
def test_no_addresses(address: str) -> None:
    """What cannot be one is told with an example."""
    with pytest.raises(MistakesError, match=r'expected "auto" or a computer and a port'):
        schema.convert({"executor": {"address": address}}, Settings)


@pytest.mark.parametrize(
    ("words", "choice"),
    [
        (["--executor", "ray", "--address", "box:1"], ExecutorChoice("ray", "box:1", 0.5)),
        (["--address", "box:1"], ExecutorChoice("ray", "box:1", 0.5)),
        (["--executor", "local"], ExecutorChoice("local", "auto", 0.5)),
        ([], ExecutorChoice("ray", "auto", 0.5)),
    ],
)
def test_the_command_line_outranks_the_settings(
    monkeypatch: pytest.MonkeyPatch, words: list[str], choice: ExecutorChoice
) -> None:
    """In what it names; the rest is as it was set."""
    heard: list[ExecutorChoice] = []
    monkeypatch.setattr(run, "open_executor", lambda s, *_: heard.append(s.executor_choice))
    options = parser().parse_args(["run", ".", *words])
    run._executor(options)(Settings(executor=ExecutorChoice(gpu_share=0.5)), Path(), print)
    assert heard == [choice]
