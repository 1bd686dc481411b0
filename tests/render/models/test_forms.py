"""The forms of files that people have draw as the same weights in a folder, or say why not."""

from __future__ import annotations

import inspect
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from diffusers.loaders import single_file_model, single_file_utils
from huggingface_hub import constants

from hotfolder.errors import RenderError
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from hotfolder.render.models import single_file
from tests.render import heads, tiny_single
from tests.render.forms import FORMS, Place

# `make forms` goes through all of them.
_TRIED = FORMS if "HOTFOLDER_FORMS" in os.environ else list(FORMS)[::7]
_WITH_TEXT = {f"text_encoders.clip_l.transformer.{heads.CLIP}": [77, 768]}
# diffusers converts these for their makers' width alone; the tiny models have another.
_WIDTHS = {
    "FluxTransformer2DModel": {"inner_dim = 3072": "inner_dim = 32"},
    "ChromaTransformer2DModel": {"inner_dim = 3072": "inner_dim = 32"},
    "Lumina2Transformer2DModel": {"q_dim = 2304": "q_dim = 24", "v_dim = 768": "v_dim = 8"},
}


@pytest.fixture(scope="module")
def layouts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The layouts that are included, in miniature."""
    return tiny_single.layouts(tmp_path_factory.mktemp("tiny") / "layouts")


@pytest.fixture
def place(
    tmp_path: Path, zoo_models: Path, layouts: Path, monkeypatch: pytest.MonkeyPatch
) -> Place:
    """Where a form is made, with conversions for tiny widths."""
    monkeypatch.setattr(single_file, "LAYOUTS", layouts)
    monkeypatch.setattr(single_file, "tokenizers", tiny_single.tokenizers)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    for name, changes in _WIDTHS.items():
        known = single_file_model.SINGLE_FILE_LOADABLE_CLASSES[name]
        narrowed = _narrowed(known["checkpoint_mapping_fn"], changes)
        monkeypatch.setitem(known, "checkpoint_mapping_fn", narrowed)
    (tmp_path / "files").mkdir()
    return Place(tmp_path / "files", layouts, zoo_models, tmp_path / "hub")


def _narrowed(function: Any, changes: dict[str, str]) -> Any:
    source = inspect.getsource(function)
    for old, new in changes.items():
        assert old in source
        source = source.replace(old, new)
    made: dict[str, Any] = {}
    exec(source, {**vars(single_file_utils)}, made)  # noqa: S102
    return made[function.__name__]


def _align(pipe: Any) -> None:
    """Have all weights begin at round addresses: on a CPU, bits of small products hang on that."""
    for part in pipe.components.values():
        if isinstance(part, torch.nn.Module):
            for weight in part.parameters():
                weight.data = weight.data.clone()


@pytest.mark.parametrize("name", _TRIED)
def test_a_form_draws_as_its_folder_does(name: str, place: Place, draft: Recipe) -> None:
    """The same weights give the same pixels, whatever files they lie in."""
    found, wanted = FORMS[name](place)
    engine = Engine({"file": found, "folder": wanted}, place.folder, device="cpu", threads=1)
    for model in ("file", "folder"):
        _align(engine.load(model).pipe)
    recipe = msgspec.structs.replace(
        draft, width=32, height=32, multiple=32, steps=2, scheduler="model"
    )
    pictures = [
        pixel_hash(engine.render(msgspec.structs.replace(recipe, model=model)).image)
        for model in ("file", "folder")
    ]
    assert pictures[0] == pictures[1]
    assert len(FORMS) >= 40


_REFUSED = {
    "a LoRA": (heads.LORA, "is a LoRA: name its folder"),
    "an embedding": (heads.EMBEDDING, "is an embedding: name its folder"),
    "a ControlNet": (heads.CONTROLNET, "is a ControlNet, which hotfolder does not use"),
    "a VAE": (heads.VAE, r'is an autoencoder \(VAE\): write vae = "x\.safetensors"'),
    "a text encoder": (heads.T5, 'is a text encoder: write text_encoder = "x'),
    "an upscaler": (heads.UPSCALER, "cannot be told"),
    "SD 1.x for inpainting": (heads.INPAINTING, "made for inpainting"),
    "a refiner": (heads.REFINER, "is a refiner, which cannot start a picture"),
    "FLUX.1 fill": ({**heads.FLUX_FILL, "vae.x": [1]}, "made for inpainting"),
    "a video model": (heads.WAN, "made for videos"),
    "a denoiser alone": (heads.QWEN, 'write source = "Qwen/Qwen-Image" and transformer = "x'),
    "FLUX.1 in nf4": ({**heads.NF4, **_WITH_TEXT}, "bitsandbytes' four-bit format"),
}


@pytest.mark.parametrize("name", _REFUSED)
def test_what_is_no_model_says_what_it_is(name: str, tmp_path: Path) -> None:
    """One sentence has the file's name, what it is, and where it belongs or what would do."""
    shapes, says = _REFUSED[name]
    heads.write(tmp_path / "x.safetensors", shapes, "U8" if "nf4" in name else "F16")
    with pytest.raises(RenderError, match=rf"x\.safetensors.*{says}"):
        single_file.require(tmp_path / "x.safetensors")


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ({"transformer": "./lora.safetensors"}, "is no denoiser: it is a LoRA"),
        ({"transformer": "./gone.safetensors"}, r"model\.transformer: there is no file"),
        ({"transformer": "./old.ckpt"}, "pickled weights can run code"),
        ({"transformer": "./z.safetensors"}, "has no denoiser that fits this model"),
        ({"text_encoder": "./vae.safetensors"}, "vae.safetensors is no text encoder alone"),
        ({"text_encoder": "./llm.safetensors"}, "has no text encoder that fits this model"),
        ({"text_encoder": "./vae.safetensors"}, r"it is an autoencoder \(VAE\): write vae ="),
        (
            {"vae": "./lora.safetensors"},
            r"lora\.safetensors is no autoencoder \(VAE\): it is a LoRA",
        ),
        ({"vae": "./vae.safetensors"}, "has no autoencoder that fits this model"),
        ({"vae": "./short.sft"}, r"rename it to end in \.safetensors"),
        ({"text_encoder": "./reader.gguf"}, "among GGUF files only denoisers are used"),
    ],
)
def test_a_part_that_does_not_fit(
    model: dict[str, str], says: str, zoo_models: Path, tmp_path: Path, draft: Recipe
) -> None:
    """Each key of split files refuses what it cannot use, with the file's name."""
    heads.write(tmp_path / "lora.safetensors", {"lora_unet_a.lora_down.weight": [2, 2]})
    heads.write(tmp_path / "vae.safetensors", {"decoder.conv_in.weight": [2, 2]})
    heads.write(tmp_path / "z.safetensors", {"layers.0.adaLN_modulation.0.weight": [2, 2]})
    heads.write(tmp_path / "llm.safetensors", {"model.layers.0.self_attn.q_proj.weight": [2, 2]})
    for name in ("old.ckpt", "short.sft", "reader.gguf"):
        (tmp_path / name).write_bytes(b"PK")
    told = Model(source=str(zoo_models / "z-image"), **model)
    engine = Engine({"sd": told}, tmp_path, device="cpu", threads=1)
    with pytest.raises(RenderError, match=says):
        engine.render(draft)
