"""The bit campaign: `make bits`.

Every family, both stages, every scheduler that fits: rendered whole, then interrupted at a random
step by another picture, then stopped at a random step and taken up again by a new process. All must
have the same bits. Prints a table; ends with an error if a single picture differs.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
from PIL import Image

from hotfolder.errors import Stopped
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.recipe import Recipe, canonical, from_builtins
from hotfolder.recipes.schedulers import kind, offered
from hotfolder.render.engine import Engine
from tests.render import zoo

SOURCE = Image.radial_gradient("L").resize((64, 48)).convert("RGB")
STEPS = 5


@dataclass(frozen=True, slots=True)
class Case:
    """One picture, the pixel hash of its whole render, and what came of interrupting it.

    `recipe` is the canonical text; `state` names the file with its state, "" if none was left.
    """

    family: str
    stage: str
    scheduler: str
    recipe: str
    whole: str
    preempted: bool
    state: str


def cases(engine: Engine, families: Iterable[str], folder: Path, most: int) -> Iterator[Case]:
    """At most `most` schedulers of each family, in both stages; states are left in `folder`."""
    dice = random.Random(6)
    for family in families:
        own = engine.load(family).pipe.scheduler
        names = list(offered(kind(type(own).__name__, own.config)))
        for scheduler in sorted(dice.sample(names, min(most, len(names)))):
            for recipe in _recipes(family, scheduler, dice):
                yield _case(engine, recipe, folder, dice)


def _recipes(family: str, scheduler: str, dice: random.Random) -> Iterator[Recipe]:
    draft = Recipe(
        prompt="a mill by the river",
        seed=dice.randrange(2**32),
        width=64,
        height=48,
        multiple=16,
        model=family,
        scheduler="model",
        steps=STEPS,
        guidance_scale=3.0,
    )
    draft = zoo.of(family, draft, scheduler=scheduler)
    yield draft
    seed = dice.randrange(2**32)
    yield msgspec.structs.replace(draft, seed=seed, strength=0.7, source=draft)


def _case(engine: Engine, recipe: Recipe, folder: Path, dice: random.Random) -> Case:
    source = SOURCE if recipe.source else None
    rendered = engine.render(recipe, source)
    whole, steps = pixel_hash(rendered.image), rendered.facts.steps_run
    other = zoo.of(recipe.model, recipe, seed=1, source=None, strength=None, steps=2)
    at = dice.randint(1, steps)

    def make_room(step: int, _: int) -> None:
        if step == at:
            engine.render(other)

    preempted = pixel_hash(engine.render(recipe, source, make_room).image) == whole
    state = folder / recipe.id
    # These cannot go on from after their last step.
    last = steps - (recipe.model in ("sprint", "lcm"))
    stop = dice.randint(1, last)

    def leave(step: int, _: int) -> None:
        if step == stop:
            raise Stopped

    with suppress(Stopped):
        engine.render(recipe, source, leave, resume=state)
    return Case(
        recipe.model,
        "draft" if source is None else "final",
        recipe.scheduler,
        canonical(recipe),
        whole,
        preempted,
        state.name if state.exists() else "",
    )


def resumed(models: Path, manifest: Path) -> list[bool]:
    """Whether each case of `manifest`, taken up in a new process, has the bits of the whole."""
    command = [sys.executable, "-m", "tests.render.bits", str(models), str(manifest)]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    params: list[bool] = json.loads(run.stdout)
    return params


def _resume(models: Path, manifest: Path) -> list[bool]:
    engine, same = zoo.engine(models), []
    for line in json.loads(manifest.read_text()):
        case = Case(**line)
        recipe = from_builtins(json.loads(case.recipe))
        params: list[int] = []
        rendered = engine.render(
            recipe,
            SOURCE if recipe.source else None,
            lambda step, steps, params=params: params.append(step),
            resume=manifest.parent / case.state if case.state else None,
        )
        went_on = bool(case.state) and 1 not in params
        same.append(went_on and pixel_hash(rendered.image) == case.whole)
    return same


def campaign(models: Path, folder: Path, families: Iterable[str], most: int) -> list[str]:
    """Run it and print its table; a line for every case that failed."""
    found = list(cases(zoo.engine(models), families, folder, most))
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps([asdict(case) for case in found]))
    judged = list(zip(found, resumed(models, manifest), strict=True))
    print(f"{'family':10} {'stage':6} schedulers  preempted  saved and resumed")
    for family, stage in dict.fromkeys((case.family, case.stage) for case in found):
        row = [(c.preempted, same) for c, same in judged if (c.family, c.stage) == (family, stage)]
        preempted, went_on = (sum(column) for column in zip(*row, strict=True))
        print(f"{family:10} {stage:6} {len(row):10}  {preempted:9}  {went_on:17}")
    same = sum(case.preempted + went_on for case, went_on in judged)
    print(f"{same} of {2 * len(judged)} comparisons identical")
    return [
        f"{case.family} {case.stage} {case.scheduler}: "
        + ("resumed" if case.preempted else "preempted")
        for case, went_on in judged
        if not (case.preempted and went_on)
    ]


def _main() -> int:
    if len(sys.argv) > 1:
        print(json.dumps(_resume(Path(sys.argv[1]), Path(sys.argv[2]))))
        return 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        models, states = Path(temporary, "models"), Path(temporary, "states")
        states.mkdir()
        failed = campaign(zoo.build(models), states, zoo.FAMILIES, most=99)
    print(f"in {time.monotonic() - started:.0f} s")
    for case in failed:
        print(f"differs: {case}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(_main())
