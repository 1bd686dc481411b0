"""Weights can be elsewhere while nobody needs them; the bits stay the same."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PIL import Image

from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from hotfolder.render.memory import footprint
from tests.render import forms, tiny, tiny_flow

FAMILIES = {
    "sd": (tiny.stable_diffusion, "Euler a"),
    "sdxl": (tiny.stable_diffusion_xl, "Euler a"),
    "flux": (tiny_flow.flux, "model"),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_moving_weights_changes_no_bits(
    tmp_path: Path, draft: Recipe, final: Recipe, family: str
) -> None:
    """Each holding makes the plain picture, also when it is entered in the middle of a draft."""
    make, scheduler = FAMILIES[family]
    make(tmp_path / family)
    offered = {family: Model(source=f"./{family}", multiple=tiny.MULTIPLE)}
    engine = Engine(offered, tmp_path, "cpu", threads=1)
    draft = msgspec.structs.replace(draft, model=family, scheduler=scheduler)
    final = msgspec.structs.replace(final, model=family, scheduler=scheduler)
    source = Image.new("RGB", (70, 52), "teal")
    alone = pixel_hash(engine.render(draft).image), pixel_hash(engine.render(final, source).image)
    for holding in ("text-offload", "group-offload", "resident"):
        inner: list[str] = []

        def refine(step: int, steps: int, plan: str = holding, inner: list[str] = inner) -> None:
            if step == 2:
                inner.append(pixel_hash(engine.render(final, source, plan=plan).image))

        outer = engine.render(draft, on_step=refine, plan="resident")
        assert (pixel_hash(outer.image), inner[0]) == alone


def test_eight_bits_take_half_and_leave_no_trace(
    tmp_path: Path, draft: Recipe, engine: Engine, models: Path
) -> None:
    """Weights rounded to eight bits make a similar picture; afterwards the model is whole again."""
    plain = engine.render(draft)
    rounded = engine.render(draft, plan="fp8")
    assert rounded.facts.memory_plan == "fp8"
    assert pixel_hash(rounded.image) != pixel_hash(plain.image)
    assert pixel_hash(engine.render(draft, plan="fp8").image) == pixel_hash(rounded.image)
    assert pixel_hash(engine.render(draft).image) == pixel_hash(plain.image)


def test_few_bits_can_be_elsewhere_as_well(tmp_path: Path, draft: Recipe) -> None:
    """A GGUF denoiser counts with the bytes that it has, and makes the same picture anywhere."""
    (tmp_path / "files").mkdir()
    tiny_flow.z_image(tmp_path / "zoo" / "z-image")
    place = forms.Place(tmp_path / "files", tmp_path, tmp_path / "zoo", tmp_path)
    packed, _ = forms.FORMS["Z-Image as GGUF"](place)
    engine = Engine({"sd": packed}, place.folder, "cpu", threads=1)
    drawn = msgspec.structs.replace(draft, width=32, height=32, multiple=32, scheduler="model")
    pictures = {
        pixel_hash(engine.render(drawn, plan=holding).image)
        for holding in ("resident", "text-offload", "group-offload")
    }
    assert len(pictures) == 1
    folder, file = place.folder / "base", place.folder / "one.gguf"
    told = footprint.of_folder(folder, "float32", chosen={"transformer": file})
    assert told.packed
    assert told.denoiser_bytes == file.stat().st_size
    plain_file = {"transformer": place.folder / "m.safetensors"}
    whole = footprint.of_folder(folder, "float32", chosen=plain_file)
    assert not whole.packed
    assert whole.denoiser_bytes > told.denoiser_bytes
