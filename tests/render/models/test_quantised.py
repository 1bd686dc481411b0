"""Weights in few bits: what they take, where they work, what is told of them, and the same bits."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import diffusers
import msgspec
import pytest
import torch
import transformers
from accelerate import init_empty_weights
from safetensors.torch import save_file

from hotfolder.errors import RenderError
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.model import LoraFile, Model, at_revision, model_name
from hotfolder.recipes.recipe import Lora, Recipe
from hotfolder.render.engine import Engine
from hotfolder.render.memory import footprint, memory_plan
from hotfolder.render.memory.memory_plan import GIB, Budget, Workload
from hotfolder.render.models import families, quantised, scaled, validate
from hotfolder.studio.config import load
from tests.conftest import ROOT
from tests.render.models.test_adapters import lora

_RENDER = """
import sys
import msgspec
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
engine = Engine({sys.argv[1]: Model("./sd", quantize="int8")}, sys.argv[2], "cpu", 1)
recipe = msgspec.json.decode(sys.argv[3], type=Recipe)
print(pixel_hash(engine.render(recipe, plan="text-offload").image))
"""


def test_eight_bits(models: Path, tmp_path: Path, draft: Recipe, engine: Engine) -> None:
    """It draws, with LoRAs as well, says so, takes less, and another process makes the same bits.

    Nothing is printed there, whatever the libraries would like to say.
    """
    style = LoraFile(str(lora(models, "sd", tmp_path, 1)), name="ink")
    model = Model("./sd", quantize="int8", loras=[style])
    name = model_name(model)
    assert name == "sd in int8"
    own = Engine({name: model}, models, "cpu", 1)
    recipe = msgspec.structs.replace(draft, model=name)
    drawn = own.render(recipe)
    assert pixel_hash(drawn.image) != pixel_hash(engine.render(draft).image)
    assert "torchao" in drawn.facts.versions
    assert "torchao" not in engine.render(draft).facts.versions
    styled = [
        pixel_hash(own.render(msgspec.structs.replace(recipe, loras=loras)).image)
        for loras in ((Lora("ink", 1.0),), (), (Lora("ink", 1.0),))
    ]
    assert styled[0] == styled[2] != styled[1] == pixel_hash(drawn.image)

    taken, whole = own.load(name).footprint, engine.load("sd").footprint
    told = footprint.of_folder(models / "sd", "float32", quantize="int8")
    assert taken.packed
    assert told.packed
    assert taken.denoiser_bytes < whole.denoiser_bytes
    assert sum(taken.text_bytes) < sum(whole.text_bytes)
    assert told.denoiser_bytes == pytest.approx(taken.denoiser_bytes, rel=0.05)  # without scales

    again = subprocess.run(
        [sys.executable, "-c", _RENDER, name, str(models), msgspec.json.encode(recipe)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert (again.stdout.strip(), again.stderr) == (pixel_hash(drawn.image), "")


def test_where_it_has_no_effect_or_no_library(tmp_path: Path, monkeypatch: Any) -> None:
    """A sentence names the key and what to do, when a profile is checked and when it is used."""

    def says(**more: Any) -> str:
        model = Model("shipped:postcard", **more)
        found = [one.says for one in validate.troubles({"p": _profile(model)}, tmp_path)]
        with pytest.raises(RenderError) as told:
            Engine({"m": model}, tmp_path, "cpu", 1).load("m")
        assert str(told.value).startswith("model.quantize: ")
        assert not found or str(told.value).endswith(found[0])
        return str(told.value)

    here = dataclasses.replace(quantised.KINDS["nf4"], package="msgspec")  # as if it were installed
    monkeypatch.setitem(quantised.KINDS, "nf4", here)
    assert '"nf4" is for NVIDIA and AMD graphics cards; write "int8"' in says(quantize="nf4")
    nobodys = dataclasses.replace(quantised.KINDS["int8"], package="nobodys_package")
    monkeypatch.setitem(quantised.KINDS, "int8", nobodys)
    assert "nobodys_package is missing; type  hotfolder setup quantize" in says(quantize="int8")
    packed = Model("some/base", transformer="./a.gguf", quantize="fp8")
    assert quantised.useless(packed) == "a GGUF file is in few bits already; leave this out"


def _profile(model: Model) -> Any:
    return msgspec.structs.replace(load.nobody().profile("postcard"), model=model)


def test_the_name_says_it() -> None:
    """Another rounding is another model, at every revision."""
    model = Model("Qwen/Qwen-Image", quantize="nf4", vae="./soft.safetensors")
    assert model_name(model) == "Qwen/Qwen-Image with soft in nf4"
    assert at_revision("Qwen/Qwen-Image in nf4", "abc") == "Qwen/Qwen-Image@abc in nf4"


def _shapes(source: str) -> dict[str, Any]:
    """The denoiser and the text encoder of a well-known model, without numbers."""
    qwen3 = transformers.Qwen3Config(
        vocab_size=151_936,
        hidden_size=2560,
        intermediate_size=9728,
        num_hidden_layers=36,
        num_attention_heads=32,
        num_key_value_heads=8,
        head_dim=128,
        tie_word_embeddings=True,
    )
    with init_empty_weights(include_buffers=True):
        if source == "Qwen/Qwen-Image":
            # Its text encoder is counted in families alone: Qwen2.5-VL has more parts than these.
            return {"transformer": diffusers.QwenImageTransformer2DModel()}
        reader = transformers.Qwen3ForCausalLM(qwen3)
        reader.tie_weights()
        if source == "Tongyi-MAI/Z-Image-Turbo":
            return {"transformer": diffusers.ZImageTransformer2DModel(), "text_encoder": reader}
        klein = {"num_layers": 5, "num_single_layers": 20, "num_attention_heads": 24}
        klein |= {"joint_attention_dim": 7680, "guidance_embeds": False}
        return {
            "transformer": diffusers.Flux2Transformer2DModel(**klein),
            "text_encoder": reader,
        }


@pytest.mark.parametrize("profile", ["z-image-8gb", "flux2-klein-8gb", "qwen-image-8gb"])
def test_large_models_in_four_bits_fit_into_8_gb(profile: str) -> None:
    """Counted: drafts and finals within 7.5 GiB, by real shapes without numbers in them."""
    told = load.nobody().profile(profile)
    source = told.model.source
    known = families.of_source(source)
    taken = footprint.of_source(source, "bfloat16", told.model.quantize)
    assert known and taken
    for name, module in _shapes(source).items():
        assert footprint.kept(module) == known[1].numbers[name]
        counted = _bytes(module, quantised.KINDS["nf4"].bytes_each)
        found = taken.denoiser_bytes if name == "transformer" else taken.text_bytes[0]
        assert found == pytest.approx(counted, rel=0.02)
    budget = Budget(round(7.5 * GIB), 32 * GIB)
    for workload in (Workload((800, 800), guided=True), Workload((1008, 1008), img2img=True)):
        plan = memory_plan.choose(taken, budget, workload)
        assert plan is not None
        assert memory_plan.peak_bytes(plan, taken, workload) <= budget.device_bytes
        if source != "Qwen/Qwen-Image":
            assert plan.holding in ("resident", "text-offload")  # nothing passes through the card


def _bytes(module: Any, each: float) -> float:
    layers = [
        layer.weight.numel()
        for name, layer in module.named_modules()
        if type(layer) is torch.nn.Linear and not quantised.stays(name, (1, 1))
    ]
    rest = footprint.kept(module) - sum(layers)
    return sum(layers) * each + rest * 2


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (b'{"format": "float8_e4m3fn"}', ""),
        (b'{"format": "float8_e4m3fn", "convrot": true}', "float8_e4m3fn convrot"),
        (b'{"format": "mxfp8"}', "mxfp8"),
        (b"[]", "cannot be told"),
        (b"\xff{", "cannot be told"),
    ],
)
def test_how_comfyui_packed_a_layer_is_believed(told: bytes, says: str, tmp_path: Path) -> None:
    """Plain eight bits are multiplied by their scale; turned or grouped ones are refused."""
    tensors = {
        "a.weight": torch.ones(4, 4).to(torch.float8_e4m3fn),
        "a.weight_scale": torch.tensor(0.5),
        "a.comfy_quant": torch.tensor(list(told), dtype=torch.uint8),
    }
    save_file(tensors, tmp_path / "x.safetensors")
    if says:
        with pytest.raises(RenderError, match=rf"x\.safetensors .*ComfyUI packs them .*{says}"):
            scaled.read(tmp_path / "x.safetensors", torch.float32)
    else:
        read = scaled.read(tmp_path / "x.safetensors", torch.float32)
        assert list(read) == ["a.weight"]
        assert read["a.weight"].eq(0.5).all()
