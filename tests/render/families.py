"""The table of families: `make families`.

A tiny model of each family draws, is refined, interrupted by another picture, stopped and taken up
by another engine, and makes its picture again from its record. `docs/families.md` says which can do
what, and a test that it says so truly.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import msgspec

from hotfolder.errors import Stopped
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from hotfolder.render.models import diffusers_folder, families, quantised
from hotfolder.render.models.family import Family
from hotfolder.render.rendered import Rendered
from tests.render import zoo
from tests.render.forms import IN_FILES

DOCUMENT = Path(__file__).parents[2] / "docs" / "families.md"
_DRAFT = Recipe(
    prompt="a castle by the sea",
    seed=7,
    width=70,
    height=52,
    multiple=16,
    model="",
    scheduler="model",
    steps=4,
    guidance_scale=4.0,
)
_FINAL_SIDES = (88, 65)


@dataclass(frozen=True, slots=True)
class Row:
    """What a model of one family showed."""

    drafts: bool
    refined: bool
    preempted: bool
    resumed: bool
    regenerated: bool


def row(family: str, first: Engine, second: Engine) -> Row:
    """What the tiny model `family` shows in an engine, and in another that takes it up.

    The refinement is stopped after its first step, within which a draft was made.
    """
    draft = zoo.of(family, _DRAFT)
    width, height = _FINAL_SIDES
    final = msgspec.structs.replace(
        draft, seed=8, width=width, height=height, steps=5, strength=0.6, source=draft
    )
    drawn = first.render(draft)
    refined = first.render(final, drawn.image)
    within: list[Rendered] = []

    def leave(step: int, steps: int) -> None:
        within.append(first.render(draft))
        raise Stopped

    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder, "state")
        try:
            first.render(final, drawn.image, leave, resume=state)
        except Stopped:
            saved = state.exists()
        steps: list[int] = []
        taken_up = second.render(
            final, drawn.image, lambda step, _: steps.append(step), resume=state
        )
    again = second.render(draft, plan=drawn.facts.memory_plan)
    return Row(
        drafts=drawn.image.size == (draft.width, draft.height),
        refined=refined.image.size == _FINAL_SIDES and 0 < refined.facts.steps_run <= final.steps,
        preempted=_same(within[0], drawn),
        resumed=saved and 1 not in steps and _same(taken_up, refined),
        regenerated=_same(again, drawn),
    )


def is_quantised(family: str, models: Path) -> bool:
    """Whether the model `family` in the folder `models` draws in eight bits, wherever they are."""
    one, other = (
        Engine({family: Model(f"./{family}", quantize="int8")}, models, "cpu", 1) for _ in "ab"
    )
    recipe = zoo.of(family, _DRAFT, width=32, height=32, steps=2)
    drawn = one.render(recipe, plan="resident")
    moved = other.render(recipe, plan="group-offload")
    part = getattr(one.load(family).pipe, families.of(_pipeline(models, family)).denoiser)
    return quantised.is_packed(part) and _same(drawn, moved)


def _pipeline(models: Path, family: str) -> str:
    return diffusers_folder.pipeline_class(models / family)


def _same(one: Rendered, other: Rendered) -> bool:
    return pixel_hash(one.image) == pixel_hash(other.image)


def shown(models: Path) -> dict[str, list[str]]:
    """The pipelines that a model in the zoo is of, with the names of those models."""
    found: dict[str, list[str]] = {}
    for name in zoo.FAMILIES:
        found.setdefault(_pipeline(models, name), []).append(name)
    return found


def document(models: Path) -> str:
    """What `docs/families.md` should say."""
    tried = shown(models)
    opened = [family for family in families.known() if not family.refused]
    lines = ["# Families of models", "", _INTRODUCTION, "", _head()]
    lines += [_line(family, tried.get(family.pipeline, [])) for family in opened]
    lines += ["", "## Not drawn with", "", _REFUSED, ""]
    lines += [f"- **{f.name}**: {f.refused}." for f in families.known() if f.refused]
    return "\n".join(lines) + "\n"


def _head() -> str:
    names = ["Family", *(field.name for field in fields(Row)), *IN_FILES]
    names += ["quantised", "refined by", "tokens read"]
    return f"| {' | '.join(names)} |\n|{' --- |' * len(names)}"


def _line(family: Family, tried: list[str]) -> str:
    ticks = ["✓" if tried else "untested"] * len(fields(Row))
    ticks += ["✓" if set(tried) & models else "" for models in IN_FILES.values()]
    ticks.append("✓" if tried else "untested")
    own = "diffusers" if family.img2img else "hotfolder"
    reads = "all" if family.reads_clip else str(family.tokens or "as many as its tokenizer")
    return f"| {family.name} | {' | '.join(ticks)} | {own} | {reads} |"


_INTRODUCTION = """\
Every text-to-image pipeline of diffusers is here, by diffusers' name for it; a test finds those
that are missing. A tick stands for a test with a tiny model of the family: it draws; it refines a
draft; a picture in progress is interrupted by another one, or stopped and resumed by another
engine, and comes out with the same bits; and so does one that is made again from its record.
The three columns on files stand for `make forms`, where models in files draw the same as the same
weights in a folder; [model-files.md](model-files.md) has more on these. Quantised ones draw with
weights that `quantize = "int8"` rounds, with the same bits wherever those weights are.

`make families` tries them all and writes this page. `make bits` does so with every scheduler that
fits, and resumes pictures in another process."""
_REFUSED = "If a profile names one of these, it is refused, with the reason."


def _main() -> int:
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        models = zoo.build(Path(temporary))
        failed = list(_tried(models, zoo.engine(models), zoo.engine(models)))
        if not failed:
            DOCUMENT.write_text(document(models), encoding="utf-8")
    print(f"{len(zoo.FAMILIES)} models in {time.monotonic() - started:.0f} s")
    return 1 if failed else 0


def _tried(models: Path, first: Engine, second: Engine) -> Iterator[str]:
    print("  ".join(["model       ", *(f.name for f in fields(Row)), "quantised"]))
    for name in zoo.FAMILIES:
        found = row(name, first, second)
        ticks = (*astuple(found), is_quantised(name, models))
        print(f"{name:12}", *("yes" if tick else "NO" for tick in ticks), sep="  ")
        first.unload()
        second.unload()
        if not all(ticks):
            yield name


if __name__ == "__main__":
    sys.exit(_main())
