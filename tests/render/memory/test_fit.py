"""What comes of a profile is known before anything is loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from hotfolder.recipes.model import Model
from hotfolder.recipes.profile import Draft, Profile, Refine
from hotfolder.render.memory import fit, footprint, memory_plan
from hotfolder.render.memory.memory_plan import GIB, Budget
from hotfolder.studio.config import load
from tests.render import tiny

CARD = Budget(int(7.5 * GIB), 32 * GIB)


def profile(source: str, **more: object) -> Profile:
    """A profile with this model."""
    return Profile(model=Model(source=source, multiple=16), **more)  # type: ignore[arg-type]


def test_each_shipped_profile_is_known() -> None:
    """What the shipped profiles need can be told before their weights are fetched."""
    config = load.nobody()
    for name in config.profiles:
        profile = config.profile(name)
        found = fit.prospect(profile, None, "float16", CARD)
        assert [fit.stage for fit in found.fits] == ["drafts", "finals"]
        shipped = profile.model.source.startswith("shipped:")
        assert found.where == ("here" if shipped else "missing")


@pytest.mark.parametrize(
    ("name", "holding"),
    [
        ("sd15", "resident"),
        ("sdxl", "text-offload"),
        ("wallpaper-1080p", "text-offload"),
        ("flux-schnell", "group-offload"),
    ],
)
def test_what_eight_gigabytes_allow(name: str, holding: str) -> None:
    """Everything up to FLUX.1 fits on a card of eight gigabytes, in the way that costs least."""
    budget = Budget(CARD.device_bytes, 64 * GIB)
    found = fit.prospect(load.nobody().profile(name), None, "float16", budget)
    drafts, finals = found.fits
    assert drafts.fits
    assert finals.fits
    assert memory_plan.parse(drafts.plan).holding == holding
    assert finals.peak_bytes <= budget.device_bytes


def test_what_is_too_large_is_told() -> None:
    """On a small computer without a graphics card the large models do not fit."""
    found = fit.prospect(load.nobody().profile("flux-schnell"), None, "float32", Budget(8 * GIB))
    assert not any(fit.fits for fit in found.fits)
    assert all(fit.peak_bytes > 40e9 for fit in found.fits)


def test_a_folder_is_measured_by_itself(tmp_path: Path) -> None:
    """An owner's own model is known by its files; refinements by the size they will have."""
    tiny.stable_diffusion(tmp_path / "sd")
    wanted = profile("./sd", draft=Draft(area="64x64"), refine=Refine(area="1600x1000"))
    found = fit.prospect(wanted, tmp_path, "float32", Budget(20_000_000))
    drafts, finals = found.fits
    assert (drafts.sides, drafts.fits, drafts.plan) == ((64, 64), True, "resident")
    assert finals.sides == (1600, 1008)
    assert not finals.fits
    assert "windows" in finals.plan


def test_what_is_no_model_is_told(tmp_path: Path) -> None:
    """A path with nothing there, and a file that is no model."""
    missing = fit.prospect(profile("./nowhere"), tmp_path, "float32", CARD)
    assert missing.where == "missing"
    assert missing.fits == ()
    (tmp_path / "model.ckpt").write_bytes(b"PK")
    broken = fit.prospect(profile("./model.ckpt"), tmp_path, "float32", CARD)
    assert broken.where == "unusable"
    assert "never opened" in broken.says


def test_a_size_that_does_not_fit_is_a_mistake(tmp_path: Path) -> None:
    """The key, what it would take and what is there; small models are not even asked about."""

    def small(dtype: str) -> tuple[str, Budget]:
        return "float32", Budget(6_000_000_000)

    def never(dtype: str) -> tuple[str, Budget]:
        raise AssertionError(dtype)

    config = load.nobody()
    assert list(fit.obstacles(config.profile("postcard"), None, never)) == []
    assert list(fit.obstacles(profile("some/model"), None, never)) == []
    large = config.profile(
        "sd15", {"draft": {"area": "2000x2000"}, "refine": {"area": "7000x7000"}}
    )
    (drafts, finals) = fit.obstacles(large, None, small)
    assert drafts.where == "draft.area"
    assert "drafts of 2000x2000 take" in drafts.says
    assert "6.0 GB are free" in drafts.says
    assert finals.where == "refine.area"


def test_the_known_numbers_are_those_of_the_layouts() -> None:
    """SD 1.5 and SDXL have as many weights as their layouts, counted without numbers."""
    import torch
    from diffusers import UNet2DConditionModel

    from hotfolder.render.models import single_file

    for layout in ("sd15", "sdxl"):
        config = single_file.LAYOUTS / layout / "unet" / "config.json"
        with torch.device("meta"):
            unet = UNet2DConditionModel.from_config(msgspec.json.decode(config.read_bytes()))
        assert footprint.of_layout(layout, "float16").denoiser_bytes == 2 * footprint.kept(unet)


def test_nothing_heavy_is_imported() -> None:
    """A prospect needs neither torch nor diffusers as long as the model is a folder or known."""
    code = (
        "import sys; from hotfolder.render.memory import footprint;"
        "footprint.of_source('Qwen/Qwen-Image', 'float16');"
        "assert 'torch' not in sys.modules and 'diffusers' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
