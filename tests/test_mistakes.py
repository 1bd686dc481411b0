"""What is wrong with a model is said in a sentence beside the prompt, and the rest goes on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from hotfolder.commands import check
from hotfolder.daemon import Daemon, Until
from hotfolder.errors import DeviceLostError
from hotfolder.executors.inside import Inside
from hotfolder.render.models.weights import SHIPPED
from hotfolder.studio.layout import Studio
from tests.painter import Painter

QUICK = """\
extends = "postcard"
steps = 2
[draft]
area = "64x64"
count = 1
"""
PROFILES = {
    "impossible": ('extends = "quick"\n[draft]\narea = "9x99999"', "expected sides from 16 to"),
    "corrupt": ('[model]\nsource = "./corrupt"', "is damaged, or was not downloaded whole"),
    "pickled": ('[model]\nsource = "./pickled.safetensors"', "pickled weights can run code"),
    "checkpoint": ('[model]\nsource = "./old.ckpt"', "pickled weights can run code"),
    "missing": ('[model]\nsource = "./gone.safetensors"', "there is no model at"),
    "offline": ('[model]\nsource = "somebody/something"', "is not on this computer, and"),
    "lora": (
        'extends = "quick"\n[[model.loras]]\nsource = "./other.safetensors"',
        "the LoRA 'other' does not fit this model",
    ),
    "scheduler": ('extends = "quick"\nscheduler = "Eular"', "did you mean 'Euler'?"),
}


@pytest.fixture
def spoilt(studio: Studio) -> Studio:
    """A studio with a prompt file for each profile that has a mistake, and one without."""
    root = studio.root
    shutil.copytree(SHIPPED / "postcard", root / "corrupt")
    (root / "corrupt" / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"rubbish" * 99)
    torch.save({"weights": torch.zeros(1)}, root / "pickled.safetensors")
    torch.save({"weights": torch.zeros(1)}, root / "old.ckpt")
    unet = load_file(SHIPPED / "postcard" / "unet" / "diffusion_pytorch_model.safetensors")
    layer = next(name for name in unet if name.endswith("attn1.to_q.weight"))
    place = f"unet.{layer.removesuffix('.weight')}"
    other = {f"{place}.lora_A.weight": torch.ones(2, 999)}
    other[f"{place}.lora_B.weight"] = torch.ones(999, 2)
    save_file(other, root / "other.safetensors")
    (studio.profiles / "quick.toml").write_text(QUICK)
    studio.settings.write_text('profile = "quick"\nsettle_seconds = 0.05\nlook_seconds = 1\n')
    for name, (table, _) in PROFILES.items():
        (studio.profiles / f"{name}.toml").write_text(table)
        (studio.inbox / f"{name}.toml").write_text(f'prompt = "a castle"\nprofile = "{name}"\n')
    (studio.inbox / "good.txt").write_text("a castle")
    return studio


def work(daemon: Daemon) -> Daemon:
    """Do all there is to do."""
    try:
        daemon.run(Until(idle=True))
    finally:
        daemon.close()
    return daemon


def test_each_mistake_has_its_sentence_and_the_rest_goes_on(spoilt: Studio) -> None:
    """One run: the good prompt is drawn, every other is set aside with a note that says why."""
    work(Daemon(spoilt))
    assert len(list(spoilt.drafts.glob("*.png"))) == 1
    assert (spoilt.done / "good.txt").exists()
    for name, (_, says) in PROFILES.items():
        note = (spoilt.failed / f"{name}.toml.error.txt").read_text(encoding="utf-8")
        assert says in note, name
        assert "Traceback" not in note


def test_check_tells_what_can_be_told_before(
    spoilt: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without loading a model: all but what only the network or the model itself can say."""

    class Options:
        studio = spoilt.root

    assert check.run(Options()) != 0  # type: ignore[arg-type]
    params = " ".join(capsys.readouterr().out.split())
    for name, (_, says) in PROFILES.items():
        assert (says in params) == (name not in ("offline", "lora")), name


class Unplugged(Painter):
    """A painter whose device is gone for its first pictures."""

    failures = 3

    def render_batch(self, *given: Any) -> Any:
        """Fail, or paint."""
        if Unplugged.failures:
            Unplugged.failures -= 1
            raise DeviceLostError("the device does not answer any more")
        return super().render_batch(*given)


def test_a_device_that_is_gone_sets_nothing_aside(studio: Studio) -> None:
    """A run gives up after three tries, no prompt is to blame, and the next run makes all."""
    (studio.profiles / "quick.toml").write_text(QUICK)
    studio.settings.write_text('profile = "quick"\nsettle_seconds = 0.05\nlook_seconds = 1\n')
    for name in ("one", "two"):
        (studio.inbox / f"{name}.txt").write_text(f"a castle {name}")

    def opened(settings: object, base: Path, on_report: object) -> Inside:
        return Inside(on_report, Unplugged)  # type: ignore[arg-type]

    assert work(Daemon(studio, executor=opened)).failures == 3
    assert not list(studio.failed.iterdir())
    assert {path.name for path in studio.inbox.glob("*.txt")} == {"one.txt", "two.txt"}
    work(Daemon(studio, executor=opened))
    assert {path.name for path in studio.done.iterdir()} == {"one.txt", "two.txt"}
