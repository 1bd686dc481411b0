"""Windows, tiles and halves give what the whole would, as nearly as they can."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import torch
from PIL import Image
from torch import Tensor

from hotfolder.errors import RenderError
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from hotfolder.render.memory import tiling
from hotfolder.render.memory.memory_plan import Plan, Windows
from tests.render import tiny, tiny_flow

WINDOWS = "resident, windows 64x96/16"
TILES = "resident, vae tiles 64/16"


class StableDiffusionPipeline(SimpleNamespace):
    """As much of a pipeline as windows and tiles need."""


def large(recipe: Recipe, **values: Any) -> Recipe:
    """`recipe` at a size of several windows."""
    return msgspec.structs.replace(recipe, **{"width": 210, "height": 130, **values})


@pytest.fixture
def source() -> Image.Image:
    """A picture with something to see everywhere."""
    return Image.radial_gradient("L").convert("RGB").resize((70, 52))


@pytest.mark.parametrize("overlap", [0, 1, 5, 8])
@pytest.mark.parametrize("moved", [(0, 0), (2, -2)])
def test_what_sees_one_place_at_a_time_gives_the_same(overlap: int, moved: tuple[int, int]) -> None:
    """For a function of single px, windows change nothing but the last digit."""
    whole = torch.randn(2, 3, 37, 53)
    parts = tiling.blended(
        lambda part, *_: torch.sin(part), whole, Windows(16, 20, overlap), moved=moved
    )
    torch.testing.assert_close(parts, torch.sin(whole))


def test_results_can_be_larger_or_smaller() -> None:
    """Decoding makes px of cells, encoding cells of px."""

    def grow(part: Tensor, *_: int) -> Tensor:
        return part.repeat_interleave(8, -1).repeat_interleave(8, -2)

    latents = torch.randn(1, 4, 30, 41)
    picture = tiling.blended(grow, latents, Windows(16, 16, 4), gives=8)
    torch.testing.assert_close(picture, grow(latents))
    back = tiling.blended(lambda p, *_: p[..., ::8, ::8], picture, Windows(16, 16, 4), takes=8)
    torch.testing.assert_close(back, latents)


def test_a_step_between_windows_is_smoothed() -> None:
    """Two windows that disagree by one melt over the overlap, without a jump at either end."""
    whole = torch.zeros(1, 1, 8, 56)
    values = iter([0.0, 1.0])
    row = tiling.blended(lambda part, *_: part + next(values), whole, Windows(32, 8, 8))[0, 0, 0]
    steps = row.diff().abs()
    assert row[0] == 0
    assert row[-1] == 1
    assert steps.max() < 0.25
    assert (row.diff() >= 0).all()


def test_each_window_is_told_where_it_lies() -> None:
    """The places are in cells, from the top left; windows come row by row."""
    places = []

    def note(part: Tensor, top: int, left: int) -> Tensor:
        places.append((top, left))
        return part

    tiling.blended(note, torch.zeros(1, 1, 20, 30), Windows(16, 20, 2))
    assert places == [(0, 0), (0, 14)]


@pytest.mark.parametrize("model", ["sd", "sdxl"])
@pytest.mark.parametrize("plan", [WINDOWS, TILES, "resident, split guidance"])
def test_a_plan_makes_the_same_bits_each_time(
    engine: Engine, final: Recipe, source: Image.Image, model: str, plan: str
) -> None:
    """Each plan gives the size of the recipe, its own bits, and the same ones again."""
    recipe = large(final, model=model)
    first = engine.render(recipe, source, plan=plan)
    assert first.image.size == (210, 130)
    assert first.facts.memory_plan == plan
    assert pixel_hash(engine.render(recipe, source, plan=plan).image) == pixel_hash(first.image)


@pytest.mark.parametrize("model", ["sd", "sdxl"])
def test_a_plan_leaves_nothing_behind(
    engine: Engine, final: Recipe, source: Image.Image, model: str
) -> None:
    """After renders by other plans the plain one makes the bits that it made before."""
    recipe = large(final, model=model)
    plain = pixel_hash(engine.render(recipe, source, plan="resident").image)
    engine.render(recipe, source, plan=f"{TILES}, split guidance, windows 64x96/16")
    assert pixel_hash(engine.render(recipe, source, plan="resident").image) == plain


@pytest.mark.parametrize("model", ["sd", "sdxl"])
def test_a_draft_does_not_notice_windows_within_it(
    engine: Engine, draft: Recipe, final: Recipe, source: Image.Image, model: str
) -> None:
    """A windowed refinement inside a draft, and a draft inside a windowed refinement."""
    draft = msgspec.structs.replace(draft, model=model)
    final = large(final, model=model)
    plan = f"{TILES}, windows 64x96/16"

    def refine() -> str:
        return pixel_hash(engine.render(final, source, plan=plan).image)

    def both(outer: bool) -> tuple[str, str]:
        inner: list[str] = []

        def at_two(step: int, steps: int) -> None:
            if step == 2:
                inner.append(refine() if outer else pixel_hash(engine.render(draft).image))

        if outer:
            return pixel_hash(engine.render(draft, on_step=at_two).image), inner[0]
        whole = engine.render(final, source, at_two, plan=plan)
        return inner[0], pixel_hash(whole.image)

    alone = pixel_hash(engine.render(draft).image), refine()
    assert both(outer=True) == alone
    assert both(outer=False) == alone


FAMILIES = {
    "sd": tiny.stable_diffusion,
    "sdxl": tiny.stable_diffusion_xl,
    "sd3": tiny_flow.stable_diffusion_3,
    "z": tiny_flow.z_image,
}


@pytest.mark.parametrize("family", FAMILIES)
def test_split_guidance_changes_hardly_a_bit(
    tmp_path: Path, final: Recipe, source: Image.Image, family: str
) -> None:
    """The passes one after the other give what the pair gives, but for rounding."""
    FAMILIES[family](tmp_path / family)
    offered = {family: Model(source=f"./{family}", multiple=16)}
    engine = Engine(offered, tmp_path, "cpu", threads=1)
    recipe = msgspec.structs.replace(
        final, model=family, scheduler="model", negative_prompt="people"
    )
    pair = engine.render(recipe, source, plan="resident").image
    split = engine.render(recipe, source, plan="resident, split guidance").image
    difference = _values(pair) - _values(split)
    assert difference.abs().max() <= 2


def test_one_window_is_the_whole(engine: Engine, final: Recipe, source: Image.Image) -> None:
    """A window and a tile larger than the picture change nothing at all."""
    plain = engine.render(final, source, plan="resident").image
    window = engine.render(final, source, plan="resident, vae tiles 512/64, windows 512x512/64")
    assert pixel_hash(window.image) == pixel_hash(plain)


def test_sdxl_is_told_where_a_window_lies() -> None:
    """The crop's place and size are those of the window, the original size stays."""
    ids = torch.tensor([[768.0, 1536.0, 0.0, 0.0, 768.0, 1536.0]] * 2)
    seen: list[list[float]] = []

    class UNet2DConditionModel(torch.nn.Module):
        def forward(self, sample: Tensor, t: int, added_cond_kwargs: Any, **_: Any) -> Any:
            seen.append(added_cond_kwargs["time_ids"][1].tolist())
            return (sample,)

    pipe = StableDiffusionPipeline(unet=UNet2DConditionModel(), vae_scale_factor=8)
    tiling.apply(Plan(windows=Windows(1024, 768, 128)), pipe, pipe.unet)
    latents = torch.randn(2, 4, 96, 192)
    same = pipe.unet(latents, 1, added_cond_kwargs={"time_ids": ids}, return_dict=False)[0]
    torch.testing.assert_close(same, latents)
    right = seen[1][3]
    assert seen == [
        [768, 1536, 0, 0, 768, seen[0][5]],
        [768, 1536, 0, right, 768, 1536 - right],
    ]
    assert abs(right - 512) <= 128
    assert seen[0][5] == right + 512  # both see what lies between
    assert ids[0, 3] == 0


def test_windows_move_from_step_to_step() -> None:
    """A border lies elsewhere in each step, always in the same place for the same noise level."""
    borders: list[int] = []

    class UNet2DConditionModel(torch.nn.Module):
        def forward(self, sample: Tensor, t: Tensor, **_: Any) -> Any:
            borders.append(8 * sample.shape[-1])
            return (sample,)

    pipe = StableDiffusionPipeline(unet=UNet2DConditionModel(), vae_scale_factor=8)
    tiling.apply(Plan(windows=Windows(1024, 1024, 64)), pipe, pipe.unet)
    levels = torch.arange(981, 0, -66)
    for level in (*levels, *levels):
        pipe.unet(torch.zeros(1, 4, 128, 248), level)
    first, again = borders[::2][: len(levels)], borders[::2][len(levels) :]
    assert first == again
    assert len(set(first)) > 4
    assert min(first) < 1000
    assert max(first) > 1050
    assert all(side % 32 == 0 and abs(side - 1024) <= 128 for side in first)


def test_what_is_compiled_is_called() -> None:
    """By windows, one sample at a time or whole; and not where the plan does not say so."""
    seen: list[tuple[int, ...]] = []

    class UNet2DConditionModel(torch.nn.Identity):
        """A denoiser that must not be called itself."""

    def compiled(sample: Tensor, *_: Any, **__: Any) -> tuple[Tensor]:
        seen.append(tuple(sample.shape))
        return (sample,)

    latents = torch.randn(2, 4, 8, 16)
    for plan in (
        Plan(compiled=True),
        Plan(compiled=True, windows=Windows(64, 64, 0), split_guidance=True),
    ):
        pipe = StableDiffusionPipeline(unet=UNet2DConditionModel(), vae_scale_factor=8)
        tiling.apply(plan, pipe, compiled)
        torch.testing.assert_close(pipe.unet(latents, 1)[0], latents)
    assert seen == [(2, 4, 8, 16), *[(1, 4, 8, 8)] * 4]


def test_sd3_is_rendered_by_windows(tmp_path: Path, final: Recipe, source: Image.Image) -> None:
    """A transformer whose latents are a picture takes windows like a UNet."""
    tiny_flow.stable_diffusion_3(tmp_path / "sd3")
    engine = Engine({"sd3": Model(source="./sd3", multiple=16)}, tmp_path, "cpu", threads=1)
    recipe = large(final, model="sd3", scheduler="model")
    plan = f"{TILES}, split guidance, windows 64x96/16"
    images = [engine.render(recipe, source, plan=plan).image for _ in range(2)]
    assert images[0].size == (210, 130)
    assert pixel_hash(images[0]) == pixel_hash(images[1])


def test_other_transformers_refuse_windows(
    tmp_path: Path, final: Recipe, source: Image.Image
) -> None:
    """A model that takes its latents as tokens says that windows are not for it."""
    tiny_flow.flux(tmp_path / "flux")
    engine = Engine({"flux": Model(source="./flux", multiple=16)}, tmp_path, "cpu", threads=1)
    recipe = large(final, model="flux", scheduler="model")
    with pytest.raises(RenderError, match="cannot be rendered by windows"):
        engine.render(recipe, source, plan=WINDOWS)
    assert "windows" not in engine.render(recipe, source).facts.memory_plan


def test_tiles_work_for_any_kind_of_encoding() -> None:
    """A tiled encode gives what encode gives: the moments of a distribution."""
    torch.manual_seed(0)
    whole = tiny.vae()
    pipe = StableDiffusionPipeline(unet=torch.nn.Identity(), vae=whole, vae_scale_factor=8)
    tiling.apply(Plan(tiles=Windows(64, 64, 16)), pipe, pipe.unet)
    picture = torch.rand(1, 3, 120, 96)
    with torch.no_grad():
        tiled = pipe.vae.encode(picture).latent_dist
        plain = whole.encode(picture).latent_dist
    assert tiled.mean.shape == plain.mean.shape
    assert (tiled.mean - plain.mean).abs().mean() < plain.mean.std()


def _values(image: Image.Image) -> Tensor:
    return torch.tensor(list(image.tobytes()), dtype=torch.int16)


def test_each_forward_sees_one_sample() -> None:
    """Tensors and lists of one entry for each sample are split, everything else is passed on."""
    seen = []

    def forward(sample: Tensor, **more: Any) -> tuple[Tensor]:
        seen.append((len(sample), len(more["texts"]), more["scale"].shape, more["kind"]))
        return (sample,)

    batch = torch.arange(3.0).reshape(3, 1)
    texts = [torch.zeros(2), torch.zeros(5), torch.zeros(1)]
    (whole,) = tiling._one_by_one(forward)(batch, texts=texts, scale=torch.tensor(2.0), kind="x")
    assert seen == [(1, 1, torch.Size([]), "x")] * 3
    assert torch.equal(whole, batch)


def test_ids_of_another_length_are_left_alone() -> None:
    """Only SDXL's six numbers say where a crop lies; the refiner's five mean something else."""
    five, part = torch.arange(5.0).reshape(1, 5), torch.zeros(1, 4, 8, 8)
    assert tiling._placed(five, part, 1, 1, 8) is five
