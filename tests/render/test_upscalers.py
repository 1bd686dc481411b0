"""Upscalers of the owner's."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hotfolder.errors import ModelMissingError, RenderError
from hotfolder.render import upscalers


def test_a_missing_upscaler_is_told(tmp_path: Path) -> None:
    """Where its folder is named, if it is not."""
    with pytest.raises(ModelMissingError, match=r"no upscaler '4x'.*upscalers = \["):
        upscalers.load("4x", [tmp_path], "cpu")


def test_without_spandrel_it_is_told_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line to type."""
    (tmp_path / "4x.safetensors").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "spandrel", None)
    with pytest.raises(RenderError, match="type  hotfolder setup upscale"):
        upscalers.load("4x", [tmp_path], "cpu")


def test_a_picture_is_enlarged_in_tiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a real network, the same bits as whole; a file that is none ends in a sentence."""
    pytest.importorskip("spandrel")
    import torch
    from safetensors.torch import save_file
    from spandrel.architectures.ESRGAN import RRDBNet

    torch.manual_seed(0)
    network = RRDBNet(in_nc=3, out_nc=3, num_filters=8, num_blocks=1, scale=2)
    weights = {name: value.contiguous() for name, value in network.state_dict().items()}
    save_file(weights, tmp_path / "2x.safetensors")
    (tmp_path / "torn.safetensors").write_bytes(b"torn")
    picture = Image.effect_noise((150, 90), 40).convert("RGB")
    upscaler = upscalers.load("2x", [tmp_path], "cpu")
    whole = upscalers.enlarge(upscaler, picture, "cpu")
    monkeypatch.setattr(upscalers, "TILE_PX", 64)
    tiled = upscalers.enlarge(upscaler, picture, "cpu")
    assert whole.size == (300, 180)
    assert np.abs(np.asarray(whole, int) - np.asarray(tiled, int)).max() <= 1
    with pytest.raises(RenderError, match=r"torn\.safetensors is no upscaler"):
        upscalers.load("torn", [tmp_path], "cpu")
