"""Each model family is called the way it wants to be called, and can be interrupted."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import diffusers
import msgspec
import pytest
import torch
from diffusers.pipelines import auto_pipeline

import hotfolder
from hotfolder.errors import RenderError, Stopped
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.recipe import Recipe
from hotfolder.render import img2img
from hotfolder.render.engine import Engine
from hotfolder.render.models import families, pipelines, scheduler_map
from tests.render import zoo
from tests.render.zoo import of


@pytest.fixture(scope="module")
def engine(zoo_models: Path) -> Engine:
    """An engine for a tiny model of each family."""
    return zoo.engine(zoo_models)


def called(engine: Engine, recipe: Recipe) -> dict[str, object]:
    """The arguments that the recipe's pipeline would be called with."""
    modules = engine.load(recipe.model).pipe
    scheduler = scheduler_map.fresh("model", modules.scheduler, torch.Generator())
    pipe = pipelines.make(modules, "txt2img", scheduler=scheduler)
    return pipelines.arguments(pipe, recipe, (64, 48))


_STRENGTHS = [(family, 0.5) for family in zoo.OURS] + [("klein", 0.1), ("pixart", 1.0)]


@pytest.mark.parametrize(("family", "strength"), _STRENGTHS)
def test_our_own_img2img_begins_with_the_picture(
    engine: Engine, draft: Recipe, final: Recipe, family: str, strength: float
) -> None:
    """With a denoiser that is always right, what comes out of any strength is the source.

    So the noise that is laid on is that of the first step, and as many steps run as were asked for.
    """
    recipe = of(family, final, source=of(family, draft), strength=strength, steps=10)
    _is_refined_to_itself(engine, recipe)


def test_our_own_img2img_with_another_scheduler(
    engine: Engine, draft: Recipe, final: Recipe
) -> None:
    """A scheduler whose noise is many times as loud makes no difference to where it begins."""
    recipe = of("pixart", final, source=of("pixart", draft), scheduler="Euler", steps=10)
    _is_refined_to_itself(engine, recipe)


def _is_refined_to_itself(engine: Engine, recipe: Recipe) -> None:
    """A refinement by this recipe ends with the latents of its source, after the right steps."""
    modules = engine.load(recipe.model).pipe
    scheduler = scheduler_map.fresh(recipe.scheduler, modules.scheduler, torch.Generator())
    pipe = pipelines.make(modules, "img2img", scheduler=scheduler)
    side = recipe.multiple * 2
    picture = torch.rand(1, 3, side, side)
    family = families.of(type(pipe).__name__)
    family.ready(pipe, recipe, (side, side))
    arguments = pipelines.arguments(pipe, recipe, (side, side))
    arguments |= {"image": picture, "generator": torch.Generator().manual_seed(1)}
    with torch.no_grad():
        img2img.begin(pipe, arguments, recipe)
        assert family.encode is not None
        latents = family.encode(pipe, picture * 2 - 1)
        if family.name.startswith("Flux2"):  # whose loop has them in a row
            latents = pipe._pack_latents(latents)
    step, steps, seen = pipe.scheduler.step, [], []

    def right(output: torch.Tensor, t: torch.Tensor, *given: Any, **named: Any) -> Any:
        sample = next(one for one in given if isinstance(one, torch.Tensor))
        signal, sigma = _levels(scheduler, t)
        noise = (sample - signal * latents) / sigma
        kind = scheduler.config.get("prediction_type", "flow")
        answers = {"epsilon": noise, "v_prediction": signal * noise - sigma * latents}
        steps.append(t)
        after = step(answers.get(kind, noise - latents), t, *given, **named)
        seen.append(after[0])
        return after

    pipe.scheduler.step = functools.wraps(step)(right)
    pipe(**arguments, output_type="latent")
    assert len(steps) == max(1, int(10 * (recipe.strength or 0)))
    torch.testing.assert_close(seen[-1], latents, atol=2e-3, rtol=1e-3)


def _levels(scheduler: Any, timestep: torch.Tensor) -> tuple[float, float]:
    """How much of the picture, and of noise, there is before the step at `timestep`."""
    if not hasattr(scheduler, "sigmas"):  # the oldest kinds
        kept = float(scheduler.alphas_cumprod[int(timestep)])
        return kept**0.5, (1 - kept) ** 0.5
    sigma = float(scheduler.sigmas[scheduler.step_index or 0])
    if hasattr(scheduler, "scale_noise"):
        return 1 - sigma, sigma
    if hasattr(scheduler, "_sigma_to_alpha_sigma_t"):
        signal, sigma = scheduler._sigma_to_alpha_sigma_t(torch.tensor(sigma, dtype=torch.float64))
        return float(signal), float(sigma)
    return 1.0, sigma


def test_ordinary_guidance(engine: Engine, draft: Recipe) -> None:
    """Most families take the guidance scale and the negative prompt as they are."""
    for family in ("sd", "sd3", "z-image"):
        recipe = msgspec.structs.replace(draft, model=family, negative_prompt="people")
        arguments = called(engine, recipe)
        assert arguments["guidance_scale"] == 4.0
        assert arguments["negative_prompt"] == "people"
        assert "true_cfg_scale" not in arguments


def test_guidance_that_needs_a_negative_prompt(engine: Engine, draft: Recipe) -> None:
    """Qwen-Image switches guidance off without a negative prompt, so it is given a space."""
    arguments = called(engine, msgspec.structs.replace(draft, model="qwen"))
    assert (arguments["true_cfg_scale"], arguments["negative_prompt"]) == (4.0, " ")


def test_guidance_that_is_switched_off(engine: Engine, draft: Recipe) -> None:
    """A guidance scale of 0 or 1 switches it off, and saves the second pass."""
    for family in ("schnell", "qwen"):
        recipe = msgspec.structs.replace(draft, model=family, guidance_scale=0.0)
        arguments = called(engine, recipe)
        assert arguments["true_cfg_scale"] == 1.0
        assert "negative_prompt" not in arguments


def test_guidance_that_the_model_reads(engine: Engine, draft: Recipe) -> None:
    """FLUX.1 dev reads the guidance scale as a number, and has no negative prompt."""
    recipe = msgspec.structs.replace(draft, model="dev", negative_prompt="people")
    arguments = called(engine, recipe)
    assert (arguments["guidance_scale"], arguments["true_cfg_scale"]) == (4.0, 1.0)
    assert "negative_prompt" not in arguments


def test_schnell_reads_short_prompts(engine: Engine, draft: Recipe) -> None:
    """FLUX.1 schnell was trained on prompts of 256 tokens at most, dev on 512."""
    schnell = called(engine, msgspec.structs.replace(draft, model="schnell"))
    assert schnell["max_sequence_length"] == 256
    assert "max_sequence_length" not in called(engine, msgspec.structs.replace(draft, model="dev"))


def test_a_scheduler_that_does_not_fit(engine: Engine, draft: Recipe) -> None:
    """Naming a scheduler for noise prediction with a flow-matching model is told in words."""
    with pytest.raises(RenderError, match="flow matching"):
        engine.render(msgspec.structs.replace(draft, model="sd3", scheduler="DDIM"))


@pytest.mark.parametrize("family", ["sprint", "lcm", "schnell"])
def test_stopped_after_the_last_step(
    engine: Engine, draft: Recipe, family: str, tmp_path: Path
) -> None:
    """Where the last step leaves more than latents, the picture is begun again; same bits."""
    draft = of(family, draft)
    whole = pixel_hash(engine.render(draft).image)

    def stop(step: int, steps: int) -> None:
        if step == steps:
            raise Stopped

    with pytest.raises(Stopped):
        engine.render(draft, on_step=stop, resume=tmp_path / "state")
    assert (tmp_path / "state").exists() == (family == "schnell")
    assert pixel_hash(engine.render(draft, resume=tmp_path / "state").image) == whole


def test_the_table_of_families_is_diffusers_own() -> None:
    """Every pipeline in it exists, and it knows each img2img sibling that takes a strength."""
    offered = {
        family: auto_pipeline.AUTO_IMAGE2IMAGE_PIPELINES_MAPPING.get(name)
        for name, family in auto_pipeline.AUTO_TEXT2IMAGE_PIPELINES_MAPPING.items()
    }
    for family in families.known():
        name, sibling = family.pipeline, family.img2img
        if name == "KolorsPipeline" or family.refused:
            continue  # Kolors is a stand-in where sentencepiece is not installed
        accepted = pipelines.accepted(getattr(diffusers, sibling or name))
        assert ("strength" in accepted) == bool(sibling)
        known = offered.get(getattr(diffusers, name))
        if known is not None and "strength" in pipelines.accepted(known):
            assert known.__name__ == sibling


def test_a_file_makes_a_family_known(tmp_path: Path) -> None:
    """A file in `families` is all that it takes: checks, memory, single files and prompts know."""
    package = Path(hotfolder.__file__).parent
    copy = tmp_path / "hotfolder"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__", "postcard"))
    (copy / "render" / "models" / "families" / "wonder.py").write_text(
        "from hotfolder.render.models.family import Family, Size\n"
        "SIZE = Size({'dim': 64}, {'transformer': 9_000, 'text_encoder': 50, 'vae': 7})\n"
        "FAMILIES = [Family('WonderPipeline', tokens=99, pairs=False, known={'some/wonder': SIZE},"
        " single_files={'wonder-': ''})]\n"
    )
    model = tmp_path / "model"
    (model / "tokenizer").mkdir(parents=True)
    (model / "model_index.json").write_text('{"_class_name": "WonderPipeline"}')
    code = (
        "from pathlib import Path\n"
        "from hotfolder.recipes.model import Model; from hotfolder.recipes.profile import Profile\n"
        "from hotfolder.render.memory import footprint\n"
        "from hotfolder.render.models import families, validate, weights\n"
        f"profile = Profile(model=Model(source={str(model)!r}, multiple=16))\n"
        "assert weights.family(Path(profile.model.source)).tokens == 99\n"
        "assert families.of_checkpoint('wonder-large')[0].name == 'Wonder'\n"
        "taken = footprint.of_source('some/wonder', 'float16')\n"
        "assert (taken.denoiser_bytes, taken.pairs) == (18_000, False)\n"
        "print(*(mistake.says for mistake in validate.troubles({'p': profile}, None)))\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    assert "Wonder models draw from text only" in found.stdout


def test_there_is_no_other_list_of_families() -> None:
    """No module but a family's own names its pipelines or networks."""
    package = Path(hotfolder.__file__).parent
    names = {name.removesuffix("Pipeline") for name in families.by_pipeline()}
    quoted = rf"['\"]({'|'.join(names)})(?=[A-Z'\"])"
    networks = re.compile(rf"{quoted}|\w+Transformer2DModel|UNet2D\w+")
    others = {
        path.relative_to(package).as_posix(): found.group()
        for path in package.rglob("*.py")
        if path.parent.name != "families" and (found := networks.search(path.read_text("utf-8")))
    }
    assert others == {}
