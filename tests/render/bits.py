"""The bit campaign: `make bits`.

Every family, both stages, every scheduler that fits: rendered whole, then interrupted at a random
step by another picture, then stopped at a random step and taken up again by a new process. All must
have the same bits. Prints a table; ends with an error if a single picture differs. Families are
done one after another, so it may be given in parts: `make bits FAMILIES=sd,sdxl`.
"""

from __future__ import annotations

import argparse
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

from hotfolder.errors import RenderError, Stopped
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

    `whole` is "" for one that could not be drawn. `recipe` is the canonical text; `state` names the
    file with its state, "" if none was left.
    """

    family: str
    stage: str
    scheduler: str
    recipe: str
    whole: str
    preempted: bool
    state: str

    def __str__(self) -> str:
        return f"{self.family} {self.stage} {self.scheduler}:"


def cases(engine: Engine, family: str, folder: Path) -> Iterator[Case]:
    """Each scheduler of a family, in both stages; states are left in `folder`."""
    dice = random.Random(family)
    own = engine.load(family).pipe.scheduler
    for scheduler in sorted(offered(kind(type(own).__name__, own.config))):
        for recipe in _recipes(family, scheduler, dice):
            try:
                yield _case(engine, recipe, folder, dice)
            except RenderError as error:
                print(f"{family} {scheduler}: {error}")
                stage = "final" if recipe.source else "draft"
                yield Case(family, stage, scheduler, canonical(recipe), "", False, "")


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
    command = [sys.executable, "-m", "tests.render.bits", "--resume", str(models), str(manifest)]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    params: list[bool] = json.loads(run.stdout)
    return params


def _resume(models: Path, manifest: Path) -> list[bool]:
    engine, same = zoo.engine(models), []
    for line in json.loads(manifest.read_text()):
        case = Case(**line)
        if not case.state:
            same.append(False)
            continue
        recipe = from_builtins(json.loads(case.recipe))
        params: list[int] = []
        rendered = engine.render(
            recipe,
            SOURCE if recipe.source else None,
            lambda step, steps, params=params: params.append(step),
            resume=manifest.parent / case.state,
        )
        went_on = 1 not in params
        same.append(went_on and pixel_hash(rendered.image) == case.whole)
    return same


def campaign(models: Path, folder: Path, families: Iterable[str]) -> list[str]:
    """Run it and print its table; a line for every case that failed."""
    print(f"{'family':12} {'stage':6} schedulers  preempted  saved and resumed")
    failed: list[str] = []
    comparisons = 0
    for family in families:
        judged = _judged(models, folder, family)
        comparisons += 2 * len(judged)
        for stage in ("draft", "final"):
            row = [(c.preempted, same) for c, same in judged if c.stage == stage]
            preempted, went_on = (sum(column) for column in zip(*row, strict=True))
            counts = f"{len(row):10}  {preempted:9}  {went_on:17}"
            print(f"{family:12} {stage:6} {counts}", flush=True)
        failed += [f"{case} interrupted" for case, _ in judged if not case.preempted]
        failed += [f"{case} saved and resumed" for case, same in judged if not same]
    print(f"{comparisons - len(failed)} of {comparisons} comparisons identical")
    return failed


def _judged(models: Path, folder: Path, family: str) -> list[tuple[Case, bool]]:
    """The cases of a family, and whether each has the same bits when a new process goes on."""
    found = list(cases(zoo.engine(models), family, folder))
    manifest = folder / f"{family}.json"
    manifest.write_text(json.dumps([asdict(case) for case in found]))
    return list(zip(found, resumed(models, manifest), strict=True))


def _main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.render.bits", description=__doc__)
    parser.add_argument("--families", metavar="NAME,…", help="only these of the tiny models")
    parser.add_argument("--resume", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.resume:
        print(json.dumps(_resume(*options.resume)))
        return 0
    families = options.families.split(",") if options.families else list(zoo.FAMILIES)
    if unknown := set(families) - zoo.FAMILIES.keys():
        parser.error(f"no tiny model is called {', '.join(unknown)}; {', '.join(zoo.FAMILIES)} are")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        models, states = Path(temporary, "models"), Path(temporary, "states")
        states.mkdir()
        for family in families:
            zoo.FAMILIES[family](models / family)
        failed = campaign(models, states, families)
    print(f"in {time.monotonic() - started:.0f} s")
    for case in failed:
        print(f"differs: {case}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(_main())
