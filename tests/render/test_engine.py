"""The engine makes the same bits every time, interrupted or not."""

from __future__ import annotations

import msgspec
import pytest
import torch
from PIL import Image

from hotfolder.errors import DeviceLostError, ModelMissingError, RenderError, Stopped
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record
from hotfolder.recipes.schedulers import SCHEDULERS
from hotfolder.render.engine import Engine
from hotfolder.render.rendered import Facts, Rendered


def changed(recipe: Recipe, **values: object) -> Recipe:
    """`recipe` with other values."""
    return msgspec.structs.replace(recipe, **values)


@pytest.mark.parametrize("model", ["sd", "sdxl"])
def test_a_draft_has_the_size_of_its_recipe(engine: Engine, draft: Recipe, model: str) -> None:
    """The picture is rendered at the model's multiple and cropped to the recipe's sides."""
    rendered = engine.render(changed(draft, model=model))
    assert rendered.image.size == (70, 52)
    assert rendered.image.mode == "RGB"


@pytest.mark.parametrize("model", ["sd", "sdxl"])
def test_a_refinement_has_the_size_of_its_recipe(engine: Engine, final: Recipe, model: str) -> None:
    """Whatever the source's size, the final has the recipe's."""
    for sides in ((70, 52), (88, 65), (300, 200)):
        rendered = engine.render(changed(final, model=model), Image.new("RGB", sides, "teal"))
        assert rendered.image.size == (88, 65)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_nothing_but_the_recipe_decides_the_bits(
    engine: Engine, draft: Recipe, final: Recipe, scheduler: str
) -> None:
    """With each scheduler both stages come out alike, whatever the global generator holds."""
    hashes = set()
    for state in (1, 2):
        torch.manual_seed(state)
        first = engine.render(changed(draft, scheduler=scheduler)).image
        second = engine.render(changed(final, scheduler=scheduler), first).image
        hashes.add((pixel_hash(first), pixel_hash(second)))
    assert len(hashes) == 1


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("model", ["sd", "sdxl"])
def test_a_refinement_within_a_draft_changes_neither(
    engine: Engine, draft: Recipe, final: Recipe, model: str, scheduler: str
) -> None:
    """A draft that makes room for a refinement at any step, and that refinement, are as alone."""
    draft = changed(draft, model=model, scheduler=scheduler)
    final = changed(final, model=model, scheduler=scheduler, guidance_scale=2.5)
    source = Image.new("RGB", (70, 52), "orange")
    alone = pixel_hash(engine.render(draft).image), pixel_hash(engine.render(final, source).image)
    at = 1 + len(scheduler) % (draft.steps - 1)
    within: list[Rendered] = []

    def make_room(step: int, steps: int) -> None:
        if step == at:
            within.append(engine.render(final, source))

    outer = engine.render(draft, on_step=make_room)
    assert (pixel_hash(outer.image), pixel_hash(within[0].image)) == alone


def test_interruptions_nest(engine: Engine, draft: Recipe) -> None:
    """A refinement can itself make room, three deep; every picture is as alone."""
    recipes = [changed(draft, seed=seed) for seed in range(3)]
    alone = [pixel_hash(engine.render(recipe).image) for recipe in recipes]
    made: dict[int, str] = {}

    def render(depth: int) -> None:
        def make_room(step: int, steps: int) -> None:
            if step == 2 and depth < 2:
                render(depth + 1)

        made[depth] = pixel_hash(engine.render(recipes[depth], on_step=make_room).image)

    render(0)
    assert [made[depth] for depth in range(3)] == alone


def test_a_stopped_render_leaves_no_trace(engine: Engine, draft: Recipe) -> None:
    """After Stopped at any step the engine renders as if nothing had been."""
    whole = pixel_hash(engine.render(draft).image)
    for at in range(1, draft.steps + 1):

        def stop(step: int, steps: int, at: int = at) -> None:
            if step == at:
                raise Stopped

        with pytest.raises(Stopped):
            engine.render(draft, on_step=stop)
        assert pixel_hash(engine.render(draft).image) == whole


def test_stopped_ends_all_that_is_nested(engine: Engine, draft: Recipe, final: Recipe) -> None:
    """Stopped within a refinement that interrupts a draft ends both, and leaves no trace."""
    source = Image.new("RGB", (70, 52), "orange")
    whole = pixel_hash(engine.render(draft).image)

    def stop(step: int, steps: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        engine.render(draft, on_step=lambda *_: engine.render(final, source, on_step=stop))
    assert pixel_hash(engine.render(draft).image) == whole


def test_what_on_step_raises_comes_through(engine: Engine, draft: Recipe) -> None:
    """A mistake of the caller's own is not taken for a failed picture."""

    def wrong(step: int, steps: int) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        engine.render(draft, on_step=wrong)


def test_every_step_is_told(engine: Engine, draft: Recipe, final: Recipe) -> None:
    """Steps count from 1 to the number that runs: all for a draft, steps x strength for a final."""
    params: list[tuple[int, int]] = []
    source = engine.render(draft, on_step=lambda *at: params.append(at)).image
    assert params == [(1, 4), (2, 4), (3, 4), (4, 4)]
    params.clear()
    rendered = engine.render(final, source, on_step=lambda *at: params.append(at))
    assert params == [(1, 3), (2, 3), (3, 3)]
    assert rendered.facts.steps_run == 3


def test_the_facts_fill_a_record(engine: Engine, draft: Recipe) -> None:
    """The facts bear the record's names and say with what the picture was made."""
    facts = engine.render(draft, threads=2).facts
    fields = {field: getattr(facts, field) for field in Facts.__slots__}
    record = Record(stage="draft", pixels="0" * 64, **fields)
    assert record.threads == 2
    assert record.dtype == "float32"
    assert record.device.startswith("cpu ")
    assert len(record.model_sha256) == 64
    assert {"torch", "diffusers", "transformers"} <= set(record.versions)
    assert record.seconds > 0


def test_threads_are_put_back(engine: Engine, draft: Recipe) -> None:
    """A picture made with another thread count leaves torch as it was."""
    before = torch.get_num_threads()
    engine.render(draft, threads=before + 1)
    assert torch.get_num_threads() == before


def test_the_prompt_the_seed_and_the_source_matter(
    engine: Engine, draft: Recipe, final: Recipe
) -> None:
    """Other recipes give other pictures."""
    pictures = [
        engine.render(draft),
        engine.render(changed(draft, seed=9)),
        engine.render(changed(draft, prompt="a lonely lighthouse, moon and stars")),
        engine.render(changed(draft, negative_prompt="people")),
        engine.render(final, Image.new("RGB", (70, 52), "red")),
        engine.render(final, Image.new("RGB", (70, 52), "blue")),
    ]
    assert len({pixel_hash(rendered.image) for rendered in pictures}) == len(pictures)


def test_transparency_is_no_latent(engine: Engine, final: Recipe) -> None:
    """A source with an alpha channel gives the same picture as without."""
    plain = engine.render(final, Image.new("RGB", (70, 52), "red")).image
    clear = engine.render(final, Image.new("RGBA", (70, 52), (255, 0, 0, 128))).image
    assert pixel_hash(clear) == pixel_hash(plain)


def test_a_source_where_none_belongs_is_refused(engine: Engine, draft: Recipe) -> None:
    """A source picture and a recipe's source belong together."""
    with pytest.raises(RenderError, match="source"):
        engine.render(draft, Image.new("RGB", (70, 52)))


def test_an_unknown_model_is_named(engine: Engine, draft: Recipe) -> None:
    """A recipe whose model no profile offers says so, and names the nearest."""
    with pytest.raises(ModelMissingError, match="did you mean 'sdxl'"):
        engine.render(changed(draft, model="sd-xl"))


def test_an_impossible_size_is_a_render_error(engine: Engine, draft: Recipe) -> None:
    """What diffusers refuses becomes an error of this picture."""
    with pytest.raises(RenderError, match="divisible"):
        engine.render(changed(draft, width=69, multiple=1))


def test_unloaded_models_come_back_alike(engine: Engine, draft: Recipe) -> None:
    """After unloading, the next render reads the model again and makes the same bits."""
    before = pixel_hash(engine.render(draft).image)
    engine.unload()
    assert pixel_hash(engine.render(draft).image) == before


@pytest.mark.parametrize(
    "says", ["CUDA error: unspecified launch failure\nmore", "UR_RESULT_ERROR_DEVICE_LOST"]
)
def test_a_device_that_is_gone_is_no_pictures_fault(
    engine: Engine, draft: Recipe, says: str
) -> None:
    """What a failed device says in the middle of a picture becomes an error of its own."""

    def fail(*_: object) -> None:
        raise RuntimeError(says)

    handle = engine.load("sd").pipe.unet.register_forward_hook(fail)
    try:
        with pytest.raises(DeviceLostError, match="the device does not answer any more"):
            engine.render(draft)
    finally:
        handle.remove()
    assert engine.render(draft).image.size == (70, 52)
