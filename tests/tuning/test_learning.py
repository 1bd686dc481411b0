"""Steps of a training: what is predicted, what pleases, and the same bits whatever happens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import torch
from diffusers import DDPMScheduler

from hotfolder.errors import RenderError, Stopped, TooLargeError
from hotfolder.images import views
from hotfolder.recipes.model import Model
from hotfolder.render.memory.memory_plan import GIB
from hotfolder.render.models.loaded import Loaded
from hotfolder.studio.config.load import nobody
from hotfolder.tuning import (
    checkpoint,
    chosen,
    course,
    denoising,
    losses,
    material,
    memory,
    result,
    school,
    trainer,
)
from hotfolder.tuning.checkpoint import Begun
from hotfolder.tuning.school import Learned
from tests.render import tiny, tiny_flow
from tests.tuning import studio as studios

BUILDERS = {
    "sd": tiny.stable_diffusion,
    "sdxl": tiny.stable_diffusion_xl,
    "sd3": tiny_flow.stable_diffusion_3,
}
STEPS = 3
PLAN = memory.Plan(together=4)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model of each family that can be tuned, and of one that cannot."""
    folder = tmp_path_factory.mktemp("models")
    for name, build in BUILDERS.items():
        build(folder / name)
    tiny.latent_consistency(folder / "lcm")
    return folder


def loaded(models: Path, family: str) -> Loaded:
    """The model, as a new process loads it."""
    model = Model(source=str(models / family), name="tiny", multiple=16)
    return school.load(model, None, "cpu", RECIPES[0])


class Quiet:
    """Hears nothing, and stops before the step `at`."""

    def __init__(self, at: int = -1) -> None:
        self.at = at

    def read(self) -> None:
        """Nothing."""

    def began(self, step: int) -> None:
        """Nothing."""

    def before_step(self, made: trainer.Trainer) -> None:
        """Stop, if it is time."""
        if made.step == self.at:
            raise Stopped

    def after_step(self, step: int, steps: int) -> None:
        """Nothing."""


PROFILE = msgspec.structs.replace(
    nobody().profile("postcard"), model=Model(source="x", name="tiny", multiple=16)
)
RECIPES = [studios.recipe_of(PROFILE, number) for number in range(24)]


def begun(family: str, plan: memory.Plan, **settings: object) -> Begun:
    """A short training of 16 likes and 8 dislikes."""
    taken = course.Course(3, STEPS, 1e-3, 2.0, batch=4, together=plan.together, check_every=2)
    pictures = tuple(
        checkpoint.Picture(
            chosen.Example(recipe.id, recipe.prompt, number < 16, turns=number != 3), "", recipe
        )
        for number, recipe in enumerate(RECIPES)
    )
    taken = msgspec.structs.replace(taken, **settings)
    return Begun("tiny", f"tiny-tuned-{family}", taken, pictures, True, "0" * 64, {}, plan)


def learn(
    models: Path,
    family: str,
    place: Path,
    stop_at: int = -1,
    plan: memory.Plan = PLAN,
    **settings: object,
) -> Learned:
    """Train in a folder, as far as it goes."""
    place.mkdir(exist_ok=True)
    wanted = begun(family, plan, **settings)
    images = [studios.image_of(number, number < 16) for number in range(24)]
    pictures = [
        (one.example, one.recipe, image) for one, image in zip(wanted.pictures, images, strict=True)
    ]
    model = loaded(models, family)
    return school.learn(wanted, place, model, "cpu", lambda: pictures, Quiet(stop_at))


def test_every_kind_of_noise_is_told_as_it_was_made(models: Path) -> None:
    """As diffusers' own scheduler has it for noise and velocity; straight for a flow."""
    latents, noise = torch.randn(2, 4, 8, 8), torch.randn(2, 4, 8, 8)
    times = torch.tensor([0.2, 0.999])
    steps = (times * 1000).long()
    for family, kind in (("sd", "v_prediction"), ("sdxl", "epsilon")):
        pipe = loaded(models, family).pipe
        told = denoising.of(pipe)
        assert told.kind == kind
        scheduler = DDPMScheduler.from_config(pipe.scheduler.config)
        noisy, wanted = told.noisy(latents, noise, times)
        torch.testing.assert_close(noisy, scheduler.add_noise(latents, noise, steps))
        truth = noise if kind == "epsilon" else scheduler.get_velocity(latents, noise, steps)
        torch.testing.assert_close(wanted, truth)
    told = denoising.of(loaded(models, "sd3").pipe)
    noisy, wanted = told.noisy(latents, noise, times)
    level = times.view(2, 1, 1, 1)
    torch.testing.assert_close(noisy - level * wanted, latents)
    assert told.times(64, torch.Generator().manual_seed(0)).mean() > 0.6  # shifted to the noise
    with pytest.raises(RenderError, match="LatentConsistencyModel models cannot be tuned"):
        loaded(models, "lcm")


def test_the_wanted_change_leads_to_likes_and_away_from_dislikes() -> None:
    """By so many times what was not foreseen; of likes alone it is plain denoising."""
    unforeseen = torch.randn(3, 4, 8, 8)
    liked = torch.tensor([True, False, True])
    change = 4.0 * unforeseen * torch.tensor([1.0, -1.0, 0.0]).view(3, 1, 1, 1)
    missed, none = losses.guided(change, unforeseen, liked, 4.0)
    torch.testing.assert_close(missed[:2], torch.zeros(2))
    assert missed[2] == none[2] > 0
    said, wanted = torch.randn(2, 3, 4, 8, 8)
    before = wanted - unforeseen
    missed, none = losses.guided(said - before, unforeseen, torch.ones(3), 1.0)
    torch.testing.assert_close(missed, (said - wanted).square().flatten(1).mean(1))
    torch.testing.assert_close(none, (before - wanted).square().flatten(1).mean(1))


@pytest.fixture(scope="module")
def wholes(models: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Learned]:
    """What comes of the training of each family in one go."""
    folder = tmp_path_factory.mktemp("whole")
    return {family: learn(models, family, folder / family) for family in BUILDERS}


@pytest.mark.parametrize("family", list(BUILDERS))
def test_the_same_bits_however_often_it_was_stopped(
    family: str, models: Path, wholes: dict[str, Learned], tmp_path: Path
) -> None:
    """Stopped after some steps, or killed since the last state was kept, it ends the same."""
    whole = wholes[family]
    state = tmp_path / "cut" / "state.safetensors"
    with pytest.raises(Stopped):
        learn(models, family, tmp_path / "cut", 1)
    earlier = state.read_bytes()
    if family == "sd":
        with pytest.raises(Stopped):
            learn(models, family, tmp_path / "cut", 2)
        state.write_bytes(earlier)
    cut = learn(models, family, tmp_path / "cut")
    files = [result.file_of(one.lora, one.denoiser) for one in (whole, cut)]
    assert files[0] == files[1]
    assert (whole.steps, whole.score) == (cut.steps, cut.score)
    if family == "sd":
        other = learn(models, family, tmp_path / "other", seed=4, steps=2)
        assert result.file_of(other.lora, other.denoiser) != files[0]


def test_memory_is_spared_without_another_result(
    models: Path, wholes: dict[str, Learned], tmp_path: Path
) -> None:
    """Activations computed again give the same bits; fewer at once the same but for rounding."""
    plain = wholes["sdxl"]
    again = learn(models, "sdxl", tmp_path / "again", plan=memory.Plan(4, checkpoints=True))
    few = learn(models, "sdxl", tmp_path / "few", plan=memory.Plan(2, checkpoints=True))
    for name, numbers in plain.lora.items():
        assert torch.equal(numbers, again.lora[name])
        torch.testing.assert_close(numbers, few.lora[name], atol=1e-4, rtol=0.02)


def test_what_is_liked_is_learned_for_other_prompts(models: Path) -> None:
    """Bright latents are liked: after a few steps those of held-out prompts are wanted too."""
    taken = begun("sd", PLAN, steps=8, check_every=8, learning_rate=5e-3)
    random = torch.Generator().manual_seed(0)
    rows = []
    for one in taken.pictures:
        bright = torch.full((1, 4, 16, 16), 2.0 if one.example.liked else -2.0)
        latents = bright + 0.1 * torch.randn(bright.shape, generator=random)
        said = {"encoder_hidden_states": torch.zeros(1, 77, 32)}
        rows.append(material.Row(one.example, latents, said))
    made = school.prepare(loaded(models, "sd").pipe, taken, rows, "cpu")
    while not made.done:
        made.go()
    assert made.score.at > 0
    assert made.score.best > 0.002


def test_a_mirror_image_is_what_is_learned_from(models: Path) -> None:
    """An example that means the mirror image has that one's latents."""
    image = studios.image_of(0, True)
    image.paste((255, 0, 0), (0, 0, 12, 20))
    one = chosen.Example("a" * 64, "a castle", False, turns=False)
    several = [
        (replace(one, mirrored=True), RECIPES[0], image),
        (one, RECIPES[0], views.mirrored(image)),
    ]
    rows = material.make(loaded(models, "sd").pipe, several, False, lambda: None)
    assert torch.equal(rows[0].views, rows[1].views)


def test_memory_plans_go_from_fast_to_sparing() -> None:
    """SDXL at 800x800 fits into 7.5 GiB, and what fits nowhere says how much it needs."""
    from hotfolder.render.memory import footprint

    sdxl = footprint.of_layout("sdxl", "float16")
    sides = (800, 800)
    large = memory.choose(sdxl, 80 * GIB, sides, 8)
    assert (large.together, large.checkpoints) == (8, False)
    plan = memory.choose(sdxl, round(7.5 * GIB), sides, 8)
    assert plan.checkpoints
    assert memory.peak_bytes(plan, sdxl, sides) <= 7.5 * GIB
    assert memory.choose(sdxl, round(4.5 * GIB), sides, 8).swapped
    with pytest.raises(TooLargeError, match="GiB of free memory"):
        memory.choose(sdxl, GIB, sides, 8)
