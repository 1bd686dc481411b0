"""Models in one file open without a network, or say in a sentence why they do not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from hotfolder.errors import RenderError
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from hotfolder.render.models import single_file, weights
from tests.render import tiny_single


@pytest.fixture
def layouts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Layouts like those that are included, in miniature and in their place."""
    folder = tiny_single.layouts(tmp_path / "layouts")
    monkeypatch.setattr(single_file, "LAYOUTS", folder)
    return folder


@pytest.mark.parametrize("layout", ["sd15", "sdxl"])
def test_one_file_holds_what_a_folder_would(
    layouts: Path, layout: str, tmp_path: Path, draft: Recipe
) -> None:
    """Every tensor arrives in its place, without a network, and the model draws."""
    parts = tiny_single.write(tmp_path / "model.safetensors", layouts / layout)
    pipe = weights.load(tmp_path / "model.safetensors", Model(source="x"), torch.float32)
    for name, part in parts.items():
        loaded = {
            key.removeprefix("text_model."): tensor
            for key, tensor in getattr(pipe, name).state_dict().items()
        }
        wanted = {
            key.removeprefix("text_model."): tensor for key, tensor in part.state_dict().items()
        }
        assert loaded.keys() == wanted.keys()
        assert all(torch.equal(loaded[key], wanted[key]) for key in wanted)
    model = Model(source="./model.safetensors", multiple=16)
    engine = Engine({"sd": model}, tmp_path, device="cpu", threads=1)
    assert engine.render(draft).image.size == (70, 52)


def test_marks_of_velocity_prediction_are_read(layouts: Path, tmp_path: Path) -> None:
    """A file that its trainer marked as predicting velocity runs so."""
    marks = {"v_pred": torch.zeros(1), "ztsnr": torch.zeros(1)}
    found = []
    for given in (None, marks):
        tiny_single.write(tmp_path / "one.safetensors", layouts / "sdxl", given)
        pipe = weights.load(tmp_path / "one.safetensors", Model(source="x"), torch.float32)
        found.append(pipe.scheduler)
    plain, marked = found
    assert plain.config.prediction_type == "epsilon"
    assert marked.config.prediction_type == "v_prediction"
    assert marked.config.rescale_betas_zero_snr


def test_the_layouts_have_the_right_sizes() -> None:
    """The shapes that are included have as many parameters as the published models."""
    counts = {}
    for layout in ("sd15", "sdxl"):
        folder = single_file.LAYOUTS / layout
        with torch.device("meta"):
            parts = [
                UNet2DConditionModel.from_config(UNet2DConditionModel.load_config(folder / "unet")),
                AutoencoderKL.from_config(AutoencoderKL.load_config(folder / "vae")),
                CLIPTextModel(CLIPTextConfig.from_pretrained(folder / "text_encoder")),
            ]
            if layout == "sdxl":
                config = CLIPTextConfig.from_pretrained(folder / "text_encoder_2")
                parts.append(CLIPTextModelWithProjection(config))
        counts[layout] = [sum(p.numel() for p in part.parameters()) for part in parts]
    assert counts == {
        "sd15": [859_520_964, 83_653_863, 123_060_480],
        "sdxl": [2_567_463_684, 83_653_863, 123_060_480, 694_659_840],
    }


def test_the_tokenizer_is_clips() -> None:
    """Its numbers are those that CLIP's own tokenizer gives."""
    tokenizer = single_file._tokenizer("!")
    assert len(tokenizer) == 49_408
    numbers = tokenizer("a photo of an astronaut riding a horse on mars").input_ids
    assert numbers == [49406, 320, 1125, 539, 550, 18376, 6765, 320, 4558, 525, 7496, 49407]
    padded = tokenizer("cat", padding="max_length").input_ids
    assert padded == [49406, 2368, 49407, *([0] * 74)]


def test_a_lora_is_no_model(tmp_path: Path) -> None:
    """A part of a model, or an addition to one, is told apart."""
    lora = {"lora_unet_down_blocks_0.lora_down.weight": torch.zeros(4, 8)}
    save_file(lora, tmp_path / "style.safetensors")
    with pytest.raises(RenderError, match="is not a complete model"):
        single_file.family(tmp_path / "style.safetensors")


def test_an_unknown_model_is_not_guessed(tmp_path: Path) -> None:
    """A file whose tensors no family has is not taken for Stable Diffusion 1.5."""
    save_file({"model.diffusion_model.what.weight": torch.zeros(1)}, tmp_path / "x.safetensors")
    with pytest.raises(RenderError, match="cannot be told"):
        single_file.family(tmp_path / "x.safetensors")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x80\x04\x95pickle", "pickled weights can run code"),
        (b"PK\x03\x04zipped pickle", "pickled weights can run code"),
        (b"", "is empty"),
        (b"rubbish" * 99, "was not downloaded whole"),
        (b"<html>404</html>" * 9, "is a web page"),
    ],
)
def test_what_is_no_safetensors_file_says_so(data: bytes, says: str, tmp_path: Path) -> None:
    """A pickle under another name, an error page, an empty file: a sentence names the file."""
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    with pytest.raises(RenderError, match=rf"model\.safetensors.*{says}"):
        weights.load(path, Model(source="x"), torch.float32)


def test_half_a_download_says_so(layouts: Path, tmp_path: Path) -> None:
    """A file that ends too early is damaged, whatever its header promises."""
    path = tmp_path / "model.safetensors"
    tiny_single.write(path, layouts / "sd15")
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(RenderError, match=r"model\.safetensors is damaged"):
        weights.load(path, Model(source="x"), torch.float32)


def test_a_file_without_a_part_says_so(layouts: Path, tmp_path: Path) -> None:
    """A checkpoint that lacks its autoencoder is told of in a sentence that names it."""
    path = tmp_path / "model.safetensors"
    tiny_single.write(path, layouts / "sd15")
    some = {k: v for k, v in load_file(path).items() if not k.startswith("first_stage_model.")}
    save_file(some, path)
    with pytest.raises(RenderError, match=r"model\.safetensors has no autoencoder \(VAE\)"):
        weights.load(path, Model(source="x"), torch.float32)


def test_the_layouts_are_plain_numbers() -> None:
    """Only JSON and the merges lie there: nothing that could be run, no weights."""
    kinds = {path.suffix for path in single_file.LAYOUTS.rglob("*") if path.is_file()}
    assert kinds == {".json", ".txt", ".md"}
    for path in single_file.LAYOUTS.rglob("*.json"):
        assert json.loads(path.read_text())
