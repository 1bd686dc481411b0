"""A stopped picture is taken up again by another process and comes out with the same bits."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import torch
from diffusers import DDIMScheduler
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from hotfolder.errors import Stopped
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.recipe import Recipe, canonical
from hotfolder.recipes.schedulers import SCHEDULERS
from hotfolder.render import checkpoint
from hotfolder.render.engine import Engine

SOURCE = Image.new("RGB", (70, 52), "orange")


def stop_at(wanted: int, params: list[int] | None = None) -> Callable[[int, int], None]:
    """An `on_step` that stops the render after that step, and notes the steps it is told of."""

    def on_step(step: int, steps: int) -> None:
        if params is not None:
            params.append(step)
        if step == wanted:
            raise Stopped

    return on_step


def stopped(engine: Engine, recipe: Recipe, at: int, resume: Path) -> None:
    """Render until step `at` and leave the state in `resume`."""
    with pytest.raises(Stopped):
        source = SOURCE if recipe.source else None
        engine.render(recipe, source, stop_at(at), resume=resume)
    assert resume.exists()


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_every_scheduler_goes_on_where_it_stopped(
    engine: Engine, draft: Recipe, final: Recipe, scheduler: str, tmp_path: Path
) -> None:
    """Both stages, stopped at each step: the same bits, and no step is done or told twice."""
    for stage, source in ((draft, None), (final, SOURCE)):
        recipe = msgspec.structs.replace(stage, scheduler=scheduler)
        whole = engine.render(recipe, source)
        at = 1 + len(scheduler) % (whole.facts.steps_run)
        resume = tmp_path / "state"
        stopped(engine, recipe, at, resume)
        torch.manual_seed(99)
        params: list[int] = []
        again = engine.render(recipe, source, stop_at(0, params), resume=resume)
        assert pixel_hash(again.image) == pixel_hash(whole.image)
        assert params == list(range(at + 1, whole.facts.steps_run + 1))
        assert again.facts.steps_run == whole.facts.steps_run
        assert not resume.exists()


def test_another_process_goes_on(
    engine: Engine, models: Path, final: Recipe, tmp_path: Path
) -> None:
    """A new process, which knows nothing but the file, makes the same bits."""
    whole = pixel_hash(engine.render(final, SOURCE).image)
    stopped(engine, final, 2, tmp_path / "state")
    SOURCE.save(tmp_path / "source.png")
    script = """if True:
        import sys, json
        from pathlib import Path
        from PIL import Image
        from hotfolder.images.pixels import pixel_hash
        from hotfolder.recipes.model import Model
        from hotfolder.recipes.recipe import from_builtins
        from hotfolder.render.engine import Engine
        models, folder = Path(sys.argv[1]), Path(sys.argv[2])
        engine = Engine({"sd": Model(source="./sd")}, models, device="cpu", threads=1)
        recipe = from_builtins(json.loads(sys.argv[3]))
        source = Image.open(folder / "source.png")
        told = []
        tell = lambda *at: told.append(at)
        rendered = engine.render(recipe, source, tell, resume=folder / "state")
        print(json.dumps([pixel_hash(rendered.image), told]))
    """
    run = subprocess.run(
        [sys.executable, "-c", script, str(models), str(tmp_path), canonical(final)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout) == [whole, [[3, 3]]]


def test_a_render_may_stop_again_and_again(engine: Engine, draft: Recipe, tmp_path: Path) -> None:
    """A picture that is stopped after every single step still comes out the same."""
    draft = msgspec.structs.replace(draft, scheduler="DPM++ 2M SDE")
    resume = tmp_path / "state"
    for at in range(1, draft.steps + 1):
        stopped(engine, draft, at, resume)
    again = engine.render(draft, resume=resume)
    assert pixel_hash(again.image) == pixel_hash(engine.render(draft).image)


def test_nested_renders_are_both_saved(
    engine: Engine, draft: Recipe, final: Recipe, tmp_path: Path
) -> None:
    """Stopped within a refinement that interrupts a draft, both go on from where they were."""
    alone = pixel_hash(engine.render(draft).image), pixel_hash(engine.render(final, SOURCE).image)
    outer, inner = tmp_path / "outer", tmp_path / "inner"

    def interrupt(step: int, steps: int) -> None:
        if step == 2:
            engine.render(final, SOURCE, stop_at(1), resume=inner)

    with pytest.raises(Stopped):
        engine.render(draft, on_step=interrupt, resume=outer)
    assert outer.exists()
    assert pixel_hash(engine.render(final, SOURCE, resume=inner).image) == alone[1]
    assert pixel_hash(engine.render(draft, resume=outer).image) == alone[0]


@pytest.mark.parametrize("change", [{"seed": 8}, {"guidance_scale": 2.0}, {"steps": 5}])
def test_the_state_of_another_picture_is_passed_over(
    engine: Engine, draft: Recipe, change: dict[str, object], tmp_path: Path
) -> None:
    """A file that belongs to another recipe changes nothing."""
    stopped(engine, draft, 2, tmp_path / "state")
    other = msgspec.structs.replace(draft, **change)
    params: list[int] = []
    rendered = engine.render(other, on_step=stop_at(0, params), resume=tmp_path / "state")
    assert params[0] == 1
    assert pixel_hash(rendered.image) == pixel_hash(engine.render(other).image)


def test_other_circumstances_begin_anew(engine: Engine, draft: Recipe, tmp_path: Path) -> None:
    """Another number of threads or another source could change bits: the state is not used."""
    stopped(engine, draft, 2, tmp_path / "state")
    params: list[int] = []
    engine.render(draft, None, stop_at(0, params), threads=2, resume=tmp_path / "state")
    assert params[0] == 1


@pytest.mark.parametrize("damage", ["rubbish", "cut", "empty", "no header", "another shape"])
def test_a_damaged_state_begins_anew(
    engine: Engine, draft: Recipe, damage: str, tmp_path: Path
) -> None:
    """Whatever lies in the file, the picture is made."""
    resume = tmp_path / "state"
    stopped(engine, draft, 2, resume)
    if damage == "rubbish":
        resume.write_bytes(b"\x80\x04rubbish" * 99)
    elif damage == "cut":
        resume.write_bytes(resume.read_bytes()[:-100])
    elif damage == "empty":
        resume.write_bytes(b"")
    else:
        with safe_open(resume, "pt") as file:
            header = file.metadata()
        tensors = load_file(resume)
        if damage == "another shape":
            tensors["0"] = torch.zeros(3)
        else:
            header = None
        save_file(tensors, resume, header)
    rendered = engine.render(draft, resume=resume)
    assert pixel_hash(rendered.image) == pixel_hash(engine.render(draft).image)
    assert not resume.exists()


def test_a_state_that_cannot_be_written_only_costs_time(
    engine: Engine, draft: Recipe, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a place for its state a render stops as it should, and says so."""
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(Stopped):
        engine.render(draft, on_step=stop_at(1), resume=tmp_path / "file" / "state")
    assert "could not be saved" in caplog.text


def test_nothing_but_the_state_is_left(engine: Engine, draft: Recipe, tmp_path: Path) -> None:
    """The folder is made, and holds one small file that any reader of safetensors opens."""
    resume = tmp_path / "states" / draft.id
    stopped(engine, draft, 2, resume)
    assert [path.name for path in resume.parent.iterdir()] == [draft.id]
    assert resume.stat().st_size < 100_000
    assert load_file(resume)
    assert b"a castle by the sea" not in resume.read_bytes()


def test_a_scheduler_that_keeps_more_than_numbers(draft: Recipe, tmp_path: Path) -> None:
    """Where a scheduler holds what cannot be saved, no file is left and the picture begins anew."""
    scheduler = DDIMScheduler()
    scheduler.noise_sampler = object()
    state = checkpoint.State(1, 1.0, torch.zeros(1), [torch.zeros(1)], vars(scheduler))
    assert not checkpoint.write(tmp_path / "state", state, {})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("on_device", [True, False])
def test_what_was_on_the_device_goes_back_there(on_device: bool) -> None:
    """And what was in main memory stays there: a scheduler's counters, say."""
    written = {"tensor": "0", "stride": [1], "device": on_device}
    tensor = checkpoint._read(written, {"0": torch.zeros(2)}, "meta")
    assert tensor.device.type == ("meta" if on_device else "cpu")
