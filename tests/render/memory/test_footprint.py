"""What a model takes of memory is told the same by its files and by its modules."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hotfolder.errors import RenderError
from hotfolder.recipes.model import Model
from hotfolder.render.memory import footprint
from hotfolder.render.models import families, weights
from tests.render import tiny, tiny_flow

FAMILIES = {
    "sd": tiny.stable_diffusion,
    "sdxl": tiny.stable_diffusion_xl,
    "sd3": tiny_flow.stable_diffusion_3,
    "flux": tiny_flow.flux,
    "qwen": tiny_flow.qwen_image,
    "z": tiny_flow.z_image,
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_files_tell_what_modules_tell(tmp_path: Path, family: str, dtype: str) -> None:
    """The footprint read from a folder is that of the loaded pipeline."""
    folder = FAMILIES[family](tmp_path / family)
    model = Model(source=str(folder))
    pipe = weights.load(folder, model, getattr(torch, dtype))
    read = footprint.of_folder(folder, dtype)
    loaded = footprint.of_pipeline(pipe, dtype)
    assert read == loaded
    parts = ("unet", "transformer")
    denoiser = next(getattr(pipe, part) for part in parts if hasattr(pipe, part))
    assert loaded.denoiser_bytes >= sum(p.nbytes for p in denoiser.parameters())


def test_the_shipped_model_is_small() -> None:
    """Its weights take about 50 MB in float32, and it can be rendered by windows."""
    taken = footprint.of_folder(weights.SHIPPED / "postcard", "float32")
    total = taken.denoiser_bytes + sum(taken.text_bytes) + taken.vae_bytes
    assert 40_000_000 < total < 60_000_000
    assert taken.windows
    assert taken.native_px == 256


def test_the_variant_is_counted_and_not_its_neighbour(tmp_path: Path) -> None:
    """A folder with two editions of the weights is as large as the one that is loaded."""
    folder = tiny.stable_diffusion(tmp_path / "sd")
    alone = footprint.of_folder(folder, "float16", "fp16")
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.with_name("diffusion_pytorch_model.fp16.safetensors").write_bytes(weights.read_bytes())
    assert footprint.of_folder(folder, "float16", "fp16") == alone
    assert footprint.of_folder(folder, "float16") == alone


def test_sdxl_decodes_in_float32() -> None:
    """Its autoencoder overflows in float16, so it takes twice the memory that SD 1.5's takes."""
    vae = {"block_out_channels": [128, 256, 512, 512], "force_upcast": True}
    unet = {"block_out_channels": [320, 640, 1280], "down_block_types": ["DownBlock2D"] * 3}
    counts = {"unet": 100, "vae": 10}
    configs = {"unet": unet, "vae": vae}
    sdxl, sd = (
        footprint.of_parts(families.of(name), configs, counts, "float16")
        for name in ("StableDiffusionXLPipeline", "StableDiffusionPipeline")
    )
    assert sdxl.decode_bytes == 2 * sd.decode_bytes
    assert sdxl.vae_bytes == 2 * sd.vae_bytes
    assert sdxl.pass_bytes == sd.pass_bytes


def test_what_is_no_model_raises(tmp_path: Path) -> None:
    """A folder without model_index.json, and weights that are something else."""
    with pytest.raises(OSError, match="model_index"):
        footprint.of_folder(tmp_path, "float16")
    folder = tiny.stable_diffusion(tmp_path / "sd")
    (folder / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(RenderError, match="damaged"):
        footprint.of_folder(folder, "float16")
