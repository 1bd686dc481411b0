"""All that is called a LoRA is applied as what it is, or refused by its name."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import torch
from safetensors.torch import save_file

from hotfolder.errors import RenderError
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Lora as Named
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from hotfolder.render.models import lora_kinds

ATTENTION = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"
CONVOLUTION = "lora_unet_down_blocks_0_resnets_0_conv1"
Tensors = dict[str, torch.Tensor]


def _random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape) * 0.5


def _lora(stem: str, rank: int = 2) -> Tensors:
    return {
        f"{stem}.lora_down.weight": _random(rank, 32),
        f"{stem}.lora_up.weight": _random(32, rank),
        f"{stem}.alpha": torch.tensor(1.0),
    }


def _loha(stem: str, out: int, into: int, rank: int = 2) -> Tensors:
    sides = {"a": (out, rank), "b": (rank, into)}
    factors = {f"{stem}.hada_w{n}_{k}": _random(*sides[k]) for n in "12" for k in "ab"}
    return {**factors, f"{stem}.alpha": torch.tensor(1.0)}


def _lokr(stem: str, low: bool) -> Tensors:
    second = (
        {f"{stem}.lokr_w2_a": _random(8, 2), f"{stem}.lokr_w2_b": _random(2, 8)}
        if low
        else {f"{stem}.lokr_w2": _random(8, 8)}
    )
    return {f"{stem}.lokr_w1": _random(4, 4), **second, f"{stem}.alpha": torch.tensor(1.0)}


def _meant(kind: str, tensors: Tensors, stem: str) -> torch.Tensor:
    """What a file adds to a weight, by the formulas of its kind's paper."""
    own = {key.removeprefix(f"{stem}."): tensor for key, tensor in tensors.items()}
    if kind == "loha":
        first, second = (own[f"hada_w{n}_a"] @ own[f"hada_w{n}_b"] for n in "12")
        return first * second * own["alpha"] / 2
    if "lokr_w2" in own:
        return torch.kron(own["lokr_w1"], own["lokr_w2"])
    return torch.kron(own["lokr_w1"], own["lokr_w2_a"] @ own["lokr_w2_b"]) * own["alpha"] / 2


@pytest.fixture(scope="module")
def engine(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """An engine with a folder of LoRAs of all kinds, and the same additions as plain LoRAs."""
    folder = tmp_path_factory.mktemp("kinds")
    torch.manual_seed(3)
    files: dict[str, Tensors] = {
        "loha": _loha(ATTENTION, 32, 32),
        "lokr": _lokr(ATTENTION, low=True),
        "wide": _lokr(ATTENTION, low=False),
        "conv": _loha(CONVOLUTION, 16, 16 * 9),
        "partly": {
            **_lora(ATTENTION),
            **_lora(ATTENTION.replace("mid_block_attentions_0", "down_blocks_7_attentions_0")),
        },
        "dora": {**_lora(ATTENTION), f"{ATTENTION}.dora_scale": torch.ones(32, 1)},
        "oft": {f"{ATTENTION}.oft_blocks": torch.zeros(4, 8, 8)},
        "full": {f"{ATTENTION}.diff": torch.zeros(32, 32)},
    }
    for kind, of in (("loha", "loha"), ("lokr", "lokr"), ("lokr", "wide")):
        whole = _meant(kind, files[of], ATTENTION)
        files[f"{of} as lora"] = {
            f"{ATTENTION}.lora_down.weight": torch.eye(32),
            f"{ATTENTION}.lora_up.weight": whole.contiguous(),
        }
    for name, tensors in files.items():
        save_file({k: t.contiguous() for k, t in tensors.items()}, folder / f"{name}.safetensors")
    model = Model(source=str(models / "sd"), multiple=16, lora_folders=[str(folder)])
    return Engine({"sd": model}, folder, device="cpu", threads=1)


def _with(recipe: Recipe, *names: str) -> Recipe:
    return msgspec.structs.replace(recipe, loras=tuple(Named(name, 1.0) for name in names))


@pytest.mark.parametrize("name", ["loha", "lokr", "wide"])
def test_it_adds_what_its_paper_says(name: str, engine: Engine, draft: Recipe) -> None:
    """The picture is, but for rounding, that of a LoRA made of the formula's result."""
    plain = engine.render(draft).image
    found = engine.render(_with(draft, name)).image
    meant = engine.render(_with(draft, f"{name} as lora")).image
    assert pixel_hash(found) != pixel_hash(plain)
    apart = torch.tensor(list(found.tobytes()), dtype=torch.float32)
    apart -= torch.tensor(list(meant.tobytes()), dtype=torch.float32)
    assert apart.abs().max() <= 2


def test_a_convolution_is_changed_as_well(engine: Engine, draft: Recipe) -> None:
    """A LoHa of a 3x3 convolution is put into the shape of its kernel."""
    assert pixel_hash(engine.render(_with(draft, "conv")).image) != pixel_hash(
        engine.render(draft).image
    )


@pytest.mark.parametrize(
    ("name", "says"),
    [("dora", "is a DoRA"), ("oft", "is an OFT"), ("full", "is made of whole weights")],
)
def test_other_kinds_are_refused_by_name(
    name: str, says: str, engine: Engine, draft: Recipe
) -> None:
    """What is no product of small matrices is not applied as if it were."""
    with pytest.raises(RenderError, match=f"'{name}' {says}"):
        engine.render(_with(draft, name))


def test_what_is_not_used_is_said(engine: Engine, draft: Recipe) -> None:
    """A LoRA with parts for which this model has no place works, and the record says so."""
    rendered = engine.render(_with(draft, "partly"))
    assert rendered.facts.notes == (
        "of the LoRA 'partly' 1 of 2 parts are not used: this model has no place for them",
    )
    assert engine.render(draft).facts.notes == ()


@pytest.mark.parametrize(("out", "into"), [(8, 64), (64, 8), (8, 8)])
def test_high_ranks_are_no_higher_than_the_weights(out: int, into: int) -> None:
    """A LoHa whose rank squared is more than a side of the weight is written whole."""
    tensors = _loha("x", out, into, rank=5)
    plain = lora_kinds.as_lora("x", tensors, None)
    product = plain["x.lora_up.weight"] @ plain["x.lora_down.weight"]
    first, second = (tensors[f"x.hada_w{n}_a"] @ tensors[f"x.hada_w{n}_b"] for n in "12")
    torch.testing.assert_close(product, first * second / 5, atol=1e-5, rtol=1e-4)
    assert plain["x.lora_down.weight"].shape[0] == min(out, into)
