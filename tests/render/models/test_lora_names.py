"""The same LoRA draws the same, whichever trainer named its layers."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file

from hotfolder.errors import RenderError
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Lora as Named
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from hotfolder.render.models.lora_names import Layers, Tensors
from tests.render import tiny_single, zoo

_RANK = 2


def _peft(stem: str, down: torch.Tensor, up: torch.Tensor) -> Tensors:
    return {f"{stem}.lora_A.weight": down, f"{stem}.lora_B.weight": up}


def _kohya(stem: str, down: torch.Tensor, up: torch.Tensor) -> Tensors:
    """With a scale that says twice its rank, and so half of `up`."""
    alpha = torch.tensor(2.0 * _RANK)
    return {
        f"{stem}.lora_down.weight": down,
        f"{stem}.lora_up.weight": up / 2,
        f"{stem}.alpha": alpha,
    }


def _old(stem: str, down: torch.Tensor, up: torch.Tensor) -> Tensors:
    return {f"{stem}.down.weight": down, f"{stem}.up.weight": up}


def _eight_bits(stem: str, down: torch.Tensor, up: torch.Tensor) -> Tensors:
    return {name: one.to(torch.float8_e4m3fn) for name, one in _peft(stem, down, up).items()}


def _default(stem: str, down: torch.Tensor, up: torch.Tensor) -> Tensors:
    return {f"{stem}.lora_A.default.weight": down, f"{stem}.lora_B.default.weight": up}


_SD = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q"
_SD_TEXT = "text_model.encoder.layers.0.self_attn.q_proj"
_LDM = "middle_block.1.transformer_blocks.0.attn1.to_q"
_FLUX = "double_blocks.0.img_attn.qkv"
_ONE = "transformer.single_transformer_blocks.0.proj_out"
_Z = "layers.0.attention.to_q"
# By family: (the layers by diffusers' paths, which share one `down`; each way to name them).
_FORMS = {
    "sd": (
        [f"unet.{_SD}"],
        {
            "kohya": (_kohya, "lora_unet_" + _SD.replace(".", "_")),
            "kohya, makers' names": (_kohya, "lora_unet_" + _LDM.replace(".", "_")),
            "ComfyUI": (_kohya, f"diffusion_model.{_LDM}"),
            "OneTrainer": (_kohya, f"lora_unet.{_SD}"),
            "PEFT": (_peft, f"base_model.model.{_SD}"),
            "PEFT of a pipeline": (_peft, f"base_model.model.unet.{_SD}"),
            "diffusers": (_old, f"unet.{_SD}.lora"),
            "diffusers' first": (_old, _SD.replace(".to_q", ".processor.to_q_lora")),
        },
    ),
    "sd, its text encoder": (
        [f"text_encoder.{_SD_TEXT}"],
        {
            "kohya": (_kohya, "lora_te_" + _SD_TEXT.replace(".", "_")),
            "OneTrainer": (_kohya, f"lora_te.{_SD_TEXT}"),
        },
    ),
    "dev": (
        [f"transformer.transformer_blocks.0.attn.to_{side}" for side in "qkv"],
        {
            "kohya": (_kohya, "lora_unet_" + _FLUX.replace(".", "_")),
            "ComfyUI": (_peft, f"diffusion_model.{_FLUX}"),
            "its makers": (_peft, _FLUX),
            "XLabs": (_old, "double_blocks.0.processor.qkv_lora1"),
        },
    ),
    "dev, one layer": (
        [_ONE],
        {
            "a trained model as it is": (_default, _ONE),
            "peft's, as it is": (_default, f"base_model.model.{_ONE.partition('.')[2]}"),
            "in eight bits": (_eight_bits, _ONE),
        },
    ),
    "z-image": (
        [f"transformer.{_Z}"],
        {
            "musubi": (_kohya, "lora_unet_" + _Z.replace(".", "_")),
            "musubi, twice": (_kohya, "lora_unet__" + _Z.replace(".", "_")),
            "ComfyUI": (_peft, f"diffusion_model.{_Z}"),
            "DiffSynth": (_default, _Z),
        },
    ),
    "lumina": (["transformer.layers.0.attn.to_q"], {"PEFT": (_peft, "layers.0.attn.to_q")}),
}


@pytest.mark.parametrize("family", _FORMS)
def test_every_way_to_name_a_layer(
    family: str, zoo_models: Path, tmp_path: Path, draft: Recipe
) -> None:
    """A file draws what the same numbers draw under diffusers' own names."""
    model = family.partition(",")[0]
    paths, forms = _FORMS[family]
    torch.manual_seed(5)
    out, into = _sides(zoo_models / model, paths[0])
    down, up = (
        # As eight bits have it, so that all files can have the same numbers.
        torch.randn(sides).to(torch.float8_e4m3fn).float()
        for sides in ((_RANK, into), (len(paths) * out, _RANK))
    )
    files = {name: write(stem, down, up) for name, (write, stem) in forms.items()}
    files["meant"] = {}
    for path, part in zip(paths, up.chunk(len(paths)), strict=True):
        files["meant"] |= _peft(path, down.clone(), part.contiguous())
    for name, tensors in files.items():
        save_file(tensors, tmp_path / f"{name}.safetensors")
    told = Model(source=str(zoo_models / model), lora_folders=[str(tmp_path)])
    engine = Engine({model: told}, tmp_path, device="cpu", threads=1)
    recipe = zoo.of(model, draft, width=32, height=32, steps=1)

    def drawn(*names: str) -> torch.Tensor:
        loras = tuple(Named(name, 1.0) for name in names)
        image = engine.render(msgspec.structs.replace(recipe, loras=loras)).image
        return torch.tensor(list(image.tobytes()), dtype=torch.int16)

    meant = drawn("meant")
    assert (meant - drawn()).abs().max() > 2
    apart = {name: int((drawn(name) - meant).abs().max()) for name in forms}
    assert all(difference <= 1 for difference in apart.values()), apart


def _sides(folder: Path, path: str) -> tuple[int, int]:
    part, _, name = path.partition(".")
    state = load_file(next((folder / part).glob("*.safetensors")))
    found = next(n for n in state if n.endswith(name.removeprefix("text_model.") + ".weight"))
    out, into = state[found].shape
    return out, into


@pytest.mark.parametrize("layout", ["sd15", "sdxl"])
def test_the_makers_names_of_a_unet(layout: str, tmp_path: Path) -> None:
    """Every layer of a UNet is found by the name that it has in its makers' files."""
    folder = tiny_single.layouts(tmp_path / "layouts") / layout
    tiny_single.write(tmp_path / "one.safetensors", folder)
    config = json.loads((folder / "unet" / "config.json").read_text())
    unet = UNet2DConditionModel.from_config(config)
    layers = Layers(SimpleNamespace(unet=unet), "unet")
    before = "model.diffusion_model."
    tried = 0
    for name, tensor in load_file(tmp_path / "one.safetensors").items():
        if name.startswith(before) and name.endswith(".weight") and tensor.dim() > 1:
            stem = name.removeprefix(before).removesuffix(".weight")
            layer = layers.find("lora_unet_" + stem.replace(".", "_"))
            assert layer is not None, name
            assert layer.module.weight.shape == tensor.shape, name
            tried += 1
    assert tried > 100


_STEM = "lora_unet_" + _SD.replace(".", "_")
_WRONG = {
    "half": (
        {f"{_STEM}.lora_down.weight": torch.ones(2, 32)},
        "is incomplete: one matrix of .* is missing",
    ),
    "zero": (_kohya(_STEM, torch.ones(2, 32), torch.zeros(32, 2)), "changes nothing"),
    "no number": (_kohya(_STEM, torch.ones(2, 32), torch.full((32, 2), torch.nan)), "is damaged"),
    "two": (
        _default(_ONE, torch.ones(2, 32), torch.ones(32, 2))
        | {f"{_ONE}.lora_A.other.weight": torch.ones(2, 32)},
        r"holds 2 LoRAs \(default, other\); take a file of one",
    ),
    "another": (_kohya("lora_unet_some_other", torch.ones(2, 32), torch.ones(32, 2)), "not fit"),
}


@pytest.mark.parametrize("name", _WRONG)
def test_what_would_change_nothing_is_refused(
    name: str, models: Path, tmp_path: Path, draft: Recipe
) -> None:
    """A file that is cut, empty, damaged or for something else says which."""
    tensors, says = _WRONG[name]
    save_file(tensors, tmp_path / f"{name}.safetensors")
    told = Model(source=str(models / "sd"), lora_folders=[str(tmp_path)])
    engine = Engine({"sd": told}, tmp_path, device="cpu", threads=1)
    with pytest.raises(RenderError, match=says):
        engine.render(msgspec.structs.replace(draft, loras=(Named(name, 1.0),)))
