"""Models come from the hub whole, once, and whatever the network does on the way."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub.constants
import numpy as np
import pytest
from safetensors.numpy import save_file

from hotfolder.errors import HotfolderError, ModelMissingError, NetworkError
from hotfolder.recipes.model import LoraFile, Model
from hotfolder.render.models import download, hub, weights
from hotfolder.render.models.hub import RemoteFile, Source
from tests import fakehub, repositories
from tests.fakehub import Fault, Hub, Kind

NAME = "acme/tiny"
BIG = "unet/diffusion_pytorch_model.safetensors"
WHOLE = Source(NAME)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with one model, and an empty cache that it is fetched into."""
    folder = tmp_path / "hub" / NAME
    for name, count in ((BIG, 60_000), ("vae/diffusion_pytorch_model.safetensors", 20_000)):
        (folder / name).parent.mkdir(parents=True)
        save_file({"w": np.random.default_rng(count).random(count, "float32")}, folder / name)
        (folder / name).with_name("config.json").write_text("{}")
    parts = '"unet": ["diffusers", "A"], "vae": ["diffusers", "B"]'
    (folder / "model_index.json").write_text(f'{{"_class_name": "SanaPipeline", {parts}}}')
    (folder / "README.md").write_text("not needed")
    with fakehub.serving(tmp_path / "hub") as served:
        to_hub(served, tmp_path / "cache", monkeypatch)
        yield served


def to_hub(served: Hub, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the hub's library ask `served`, and be quick to give up."""
    for name, value in (
        ("ENDPOINT", served.url),
        ("HF_HUB_CACHE", str(cache)),
        ("HF_HUB_OFFLINE", False),
    ):
        monkeypatch.setattr(huggingface_hub.constants, name, value)
    monkeypatch.setattr(download, "STALL_S", 0.5)
    monkeypatch.setattr(download, "PAUSE_S", 0.01)


class Counted:
    """What a fetch tells: the bytes in all, and how many of them are here."""

    total = here = came = 0

    def began(self, total: int, here: int) -> None:
        """As `download.fetch` calls it."""
        self.total, self.here = total, here

    def add(self, count: int) -> None:
        """As `download.fetch` calls it."""
        self.here += count
        self.came += max(0, count)


def fetch(source: Source = WHOLE, counted: Counted | None = None) -> Counted:
    """Fetch it here and now."""
    counted = counted or Counted()
    download.fetch(source, counted.began, counted.add, lambda: False)
    return counted


def fetch_at_last(counted: Counted | None = None, tries: int = 6) -> list[str]:
    """Fetch it, again after every trouble, as the daemon does; what was said meanwhile."""
    said = []
    for _ in range(tries):
        try:
            fetch(WHOLE, counted)
            return said
        except NetworkError as error:
            said.append(str(error))
    raise AssertionError(said)


def partial(tmp_path: Path) -> list[Path]:
    """What is half fetched."""
    return list((tmp_path / "cache").rglob("*.incomplete"))


def test_a_model_lands_in_the_cache_of_all_programs(served: Hub, tmp_path: Path) -> None:
    """Its needed files lie as the hub's own library puts them, and the library finds them."""
    model = Model(NAME)
    assert weights.here(model, None) is None
    assert weights.lacking(model, None) == (WHOLE,)
    counted = fetch()
    sent = served.sent()
    assert counted.here == counted.total == sent
    found = weights.locate(model, None)
    assert found == hub.cached(WHOLE)
    known = huggingface_hub.try_to_load_from_cache(NAME, BIG)
    assert known == str(found / BIG)
    assert not (found / "README.md").exists()
    original = (served.root / NAME / BIG).read_bytes()
    assert (found / BIG).resolve().name == hashlib.sha256(original).hexdigest()
    assert weights.lacking(model, None) == ()
    assert hub.repositories()[NAME][1] == counted.total
    asked = len(served.asked)
    fetch()
    assert len(served.asked) == asked + 1  # for the list alone


FAULTS: dict[str, tuple[Kind, dict[str, object]]] = {
    "cut": ("cut", {"after": 50_000}),
    "cut at once": ("cut", {}),
    "cut again and again": ("cut", {"after": 30_000, "times": 5}),
    "reset": ("reset", {"after": 100_000}),
    "short": ("short", {"after": 70_000}),
    "stalled": ("hang", {"seconds": 1.0}),
    "500": ("status", {"code": 500}),
    "502": ("status", {"code": 502}),
    "503": ("status", {"code": 503, "times": 4}),
    "504": ("status", {"code": 504}),
    "429": ("status", {"code": 429, "headers": {"Retry-After": "1"}}),
    "408": ("status", {"code": 408}),
    "416": ("status", {"code": 416}),
    "403 of a proxy": ("status", {"code": 403}),
    "404 of a proxy": ("status", {"code": 404}),
    "511 of a portal": ("status", {"code": 511}),
    "a portal's page": ("portal", {}),
    "a portal for long": ("portal", {"times": 5}),
    "another file": ("other", {}),
}


@pytest.mark.parametrize("what", FAULTS)
@pytest.mark.parametrize("where", ["GET /cdn/acme/tiny/unet", "GET /api/", "resolve.*config.json"])
def test_trouble_on_the_way_passes(served: Hub, tmp_path: Path, what: str, where: str) -> None:
    """After every fault it goes on by itself, from the last byte, and nothing is left over."""
    kind, values = FAULTS[what]
    if kind in ("cut", "reset", "short", "other") and "unet" not in where:
        pytest.skip("too small for that")
    served.faults.append(Fault(where, kind, **values))  # type: ignore[arg-type]
    fetch_at_last()
    assert weights.lacking(Model(NAME), None) == ()
    assert partial(tmp_path) == []
    twice = served.sent() - sum(f.stat().st_size for f in (tmp_path / "cache").rglob("blobs/*"))
    assert twice <= (125_000 if what == "another file" else 16_384)


@pytest.mark.parametrize("seed", range(int(os.environ.get("HOTFOLDER_TRIALS", "12"))))
def test_trouble_at_any_moment_passes(served: Hub, tmp_path: Path, seed: int) -> None:
    """One to three faults at random bytes, and a program killed between: `make downloads` for 500.

    It ends right, no byte is kept twice but those of a file that was damaged, nothing is left.
    """
    dice = random.Random(seed)
    kinds: tuple[Kind, ...] = ("cut", "reset", "short", "status", "portal", "slow", "corrupt")
    chosen = [dice.choice(kinds) for _ in range(dice.randint(1, 3))]
    for kind in chosen:
        where = "GET" if kind in ("status", "portal") else "GET /cdn"
        code = dice.choice((429, 500, 502, 503, 504, 520, 403, 404, 408, 418))
        after = dice.randrange(240_000)
        served.faults.append(Fault(where, kind, 1, after, code, rate=4_000_000))
    counted, killed_at = Counted(), dice.randrange(320_000)
    with contextlib.suppress(NetworkError):
        download.fetch(WHOLE, counted.began, counted.add, lambda: counted.here > killed_at)
    fetch_at_last(counted)
    assert weights.lacking(Model(NAME), None) == ()
    assert partial(tmp_path) == []
    for file in (tmp_path / "cache").rglob("blobs/*"):
        assert file.name in {entry.sha for entry in download.listing(WHOLE).files}
    assert counted.came <= counted.total + 241_000 * chosen.count("corrupt")


def test_storage_of_its_own(served: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Contents lie on another server, by links that are good once: the hub is asked for new ones.

    The owner's token is for the hub alone.
    """
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: "hf_secret")
    with fakehub.serving(served.root) as storage:
        served.storage = storage
        storage.faults.append(Fault("GET /cdn/.*unet", "cut", after=100_000, times=2))
        storage.faults.append(Fault("GET /cdn/.*vae", "status", code=403))
        counted = Counted()
        fetch_at_last(counted)
    assert weights.lacking(Model(NAME), None) == ()
    assert counted.here == counted.total
    assert storage.sent() == sum(f.stat().st_size for f in served.root.rglob("*.safetensors"))
    unet = [asked.range for asked in storage.asked if "unet" in asked.line]
    assert len(unet) == 3
    assert unet[0] == "bytes=0-" != unet[1]
    assert {asked.token for asked in served.asked} == {"Bearer hf_secret"}
    assert {asked.token for asked in storage.asked} == {""}


def test_damaged_bytes_never_count(served: Hub, tmp_path: Path) -> None:
    """A file with another hash is fetched anew, and the reason is said."""
    served.faults.append(Fault("GET /cdn/acme/tiny/unet", "corrupt", after=1000))
    assert fetch_at_last() == [f"{BIG} of {NAME} arrived damaged"]
    assert weights.lacking(Model(NAME), None) == ()


def test_what_was_begun_is_gone_on_with(served: Hub, tmp_path: Path) -> None:
    """Stopped in the middle, by whatever: the next fetch asks for the rest only."""
    counted = Counted()
    stop = lambda: counted.here > 100_000  # noqa: E731
    download.fetch(WHOLE, counted.began, counted.add, stop)
    (begun,) = partial(tmp_path)
    assert weights.lacking(Model(NAME), None) == (WHOLE,)
    size = begun.stat().st_size
    assert 100_000 < size < 240_000
    assert fetch().here == counted.total
    ranges = [asked.range for asked in served.asked if "unet" in asked.line and "cdn" in asked.line]
    assert ranges == ["bytes=0-", f"bytes={size}-"]


def test_what_its_owner_must_see_to(served: Hub) -> None:
    """Each refusal has a sentence of its own, and none is taken for trouble that passes."""
    served.gated.add(NAME)
    for source, words in (
        (Source("acme/tinny"), "no model acme/tinny on the hub, or it is private"),
        (Source(NAME, "v9"), "has no revision v9"),
        (Source(NAME, file="modle.safetensors"), "has no file modle.safetensors"),
        (Source(NAME, variant="fp16"), "has no fp16 edition"),
        (WHOLE, "wants its licence accepted: log in at https://huggingface.co/acme/tiny"),
    ):
        served.gated = {NAME} if source is WHOLE else set()
        with pytest.raises(ModelMissingError, match=words):
            fetch(source)
    served.gated.clear()


def test_pickles_are_not_fetched(served: Hub) -> None:
    """A repository without safetensors is refused before a byte of it comes."""
    folder = served.root / NAME / "unet"
    (folder / "diffusion_pytorch_model.safetensors").rename(folder / "diffusion_pytorch_model.bin")
    with pytest.raises(ModelMissingError, match=r"no \.safetensors weights in unet/"):
        fetch()


def test_a_full_disk_waits(served: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Room is looked for before, and its lack is said with the numbers."""
    usage = SimpleNamespace(free=900_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(NetworkError, match=r"0\.0 GB are still .* has 0\.9 GB free; make room"):
        fetch()


def test_nobody_there(served: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """No server, no name: trouble that passes, with the host that was asked."""
    for address in ("http://127.0.0.1:9", "http://no-such-host.invalid"):
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", address)
        with pytest.raises(NetworkError, match="cannot be reached"):
            fetch()


def test_offline_means_offline(served: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """HF_HUB_OFFLINE is obeyed."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelMissingError, match="HF_HUB_OFFLINE forbids"):
        fetch()
    assert served.asked == []


def test_names_cannot_lead_out(served: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that names files outside the cache is not obeyed."""
    real = served.info(NAME)
    evil = [{"rfilename": n, "size": 1, "blobId": "0" * 40} for n in ("../x.json", "/etc/x", "a:b")]
    evil.append({"rfilename": "x.json", "size": 1, "blobId": "../../x"})
    info = {**real, "siblings": [*real["siblings"], *evil]}
    monkeypatch.setattr(served, "info", lambda _: info)
    names = {file.name for file in download.listing(WHOLE).files}
    assert names == {entry["rfilename"] for entry in real["siblings"]}


@pytest.mark.parametrize("name", repositories.LAYOUTS)
def test_only_what_is_needed(name: str) -> None:
    """Of each shipped profile's repository: one precision, one form, no pickles, no extras."""
    layout = repositories.LAYOUTS[name]
    files = [RemoteFile(file, 1, "0" * 40) for file in layout.files]
    source = Source(name, variant=layout.variant)
    assert {f.name for f in hub.needed(source, files, layout.index)} == set(layout.needed)


def test_everything_of_a_profile_is_found() -> None:
    """A model's weights, its autoencoder, LoRAs and embeddings, each from where it is."""
    model = Model(
        "owner/name",
        variant="fp16",
        vae="owner/vae",
        loras=[LoraFile("hub:owner/styles/wool.safetensors"), LoraFile("./mine.safetensors")],
        embeddings={"word": "hub:owner/words/word.safetensors"},
    )
    assert hub.sources(model, None) == (
        Source("owner/name", variant="fp16"),
        Source("owner/vae", part=True),
        Source("owner/styles", file="wool.safetensors"),
        Source("owner/words", file="word.safetensors"),
    )


def test_orphans_are_cleared(served: Hub, tmp_path: Path) -> None:
    """Half a file that nobody went on with for a week goes; younger ones stay until told."""
    blobs = hub.folder_of(WHOLE) / "blobs"
    blobs.mkdir(parents=True)
    for name, age_s in (("0" * 64, 8 * 86_400), ("1" * 64, 60)):
        file = blobs / f"{name}.incomplete"
        file.write_bytes(b"half")
        os.utime(file, (time.time() - age_s,) * 2)
    fetch()
    assert [file.name[0] for file in partial(tmp_path)] == ["1"]
    assert hub.clear_partial() == hub.partial_bytes() + 4 == 4
    assert partial(tmp_path) == []


def test_errors_are_ours(served: Hub) -> None:
    """Whatever a server answers, what is raised is a sentence."""
    answers = [b"", b"[]", b"null", b'{"sha": 3}', b'{"sha": "x", "siblings": [{}]}', b"\xff\xfe"]
    for body in answers:
        served.raw = body
        with pytest.raises(HotfolderError):
            download.listing(WHOLE)
    served.raw = None


def test_what_a_file_replaces_is_not_fetched() -> None:
    """Of a part that the owner has in a file only its small files come, with all other parts."""
    layout = repositories.LAYOUTS["black-forest-labs/FLUX.1-schnell"]
    files = [RemoteFile(file, 1, "0" * 40) for file in layout.files]
    without = ("transformer", "text_encoder_2")
    source = Source("black-forest-labs/FLUX.1-schnell", without=without)
    names = {file.name for file in hub.needed(source, files, layout.index)}
    assert "transformer/config.json" in names
    weights = {name.split("/")[0] for name in names if name.endswith(".safetensors")}
    assert weights == {"text_encoder", "vae"}
    assert not any("index" in name and name.startswith(without) for name in names)
