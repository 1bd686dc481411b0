"""What comes of a profile on this computer: weights here or not, sizes that fit, by which plan.

Nothing is loaded, and nothing is downloaded where HF_HUB_OFFLINE says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from hotfolder.errors import Mistake, ModelMissingError, RenderError
from hotfolder.recipes import sizes
from hotfolder.recipes.model import Model
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.refine import sizes_of
from hotfolder.render.memory import footprint, memory_plan
from hotfolder.render.memory.memory_plan import GIB, Budget, Footprint, Workload
from hotfolder.render.models import editions, quantised, single_file, split, weights

Whereabouts = Literal["here", "missing", "unusable"]
EVERYWHERE = Budget(2 * GIB, on_cpu=True)  # what any computer has


@dataclass(frozen=True, slots=True)
class Fit:
    """How a picture of a profile is rendered: its sides in px, the plan, the bytes at its peak.

    `least_bytes` is what a small picture would take, half as wide as those the model learned on.
    """

    stage: Literal["drafts", "finals"]
    sides: tuple[int, int]
    plan: str
    peak_bytes: int
    least_bytes: int
    fits: bool


@dataclass(frozen=True, slots=True)
class Prospect:
    """What comes of a profile here. `says` tells what keeps its weights from being used, if so.

    `fits` is empty where nobody knows what the model takes.
    """

    where: Whereabouts
    says: str
    fits: tuple[Fit, ...]


def prospect(profile: Profile, base: Path | None, dtype: str, budget: Budget) -> Prospect:
    """What comes of `profile` with its weights in `dtype` and the memory `room`."""
    model = profile.model
    where: Whereabouts = "here"
    says = ""
    taken = footprint.of_source(model.source, dtype, model.quantize)
    try:
        taken = _footprint(weights.locate(model, base), model, base, dtype) or taken
    except ModelMissingError as error:
        where, says = "missing", str(error)
    except (RenderError, OSError, ValueError, KeyError) as error:
        where, says = "unusable", str(error)
    if where == "here" and (lacks := quantised.lacking(model)):
        where, says = "unusable", f"model.quantize: {lacks}"
    return Prospect(where, says, fits(profile, taken, budget) if taken else ())


def obstacles(
    profile: Profile, base: Path | None, here: Callable[[str], tuple[str, Budget]]
) -> Iterator[Mistake]:
    """What keeps `profile` from being rendered on this computer: a package, sizes for its memory.

    `here` gives the number format and the budget for a profile's `model.dtype`. It takes seconds to
    find out, and is asked only about models that do not fit everywhere. Models that are not here
    and not known are passed over, and so are those that cannot be used.
    """
    if lacks := quantised.lacking(profile.model):
        yield Mistake("model.quantize", lacks)
        return
    if _all_fit(profile, base, "float32", EVERYWHERE):
        return
    dtype, budget = here(profile.model.dtype)
    taken = _known_without_looking(profile.model, base, dtype)
    for fit in fits(profile, taken, budget) if taken else ():
        if not fit.fits:
            width, height = fit.sides
            small = fit.least_bytes <= budget.device_bytes
            says = (
                f"{fit.stage} of {width}x{height} take {fit.peak_bytes / 1e9:.1f} GB of memory, "
                f"and {budget.device_bytes / 1e9:.1f} GB are free; "
                f"choose {'a smaller area, or ' if small else ''}a smaller model"
            )
            yield Mistake("draft.area" if fit.stage == "drafts" else "refine.area", says)


def _all_fit(profile: Profile, base: Path | None, dtype: str, budget: Budget) -> bool:
    taken = _known_without_looking(profile.model, base, dtype)
    return taken is None or all(fit.fits for fit in fits(profile, taken, budget))


def _known_without_looking(model: Model, base: Path | None, dtype: str) -> Footprint | None:
    """What a model takes, if that can be told without asking a library where it is."""
    source = model.source
    if source.startswith("shipped:"):
        return footprint.of_folder(editions.shipped(source), dtype, quantize=model.quantize)
    path = (base or Path()) / Path(source).expanduser()
    try:
        return (
            _footprint(path, model, base, dtype)
            if path.exists()
            else footprint.of_source(source, dtype, model.quantize)
        )
    except (RenderError, OSError, ValueError, KeyError):
        return None


def fits(profile: Profile, taken: Footprint, budget: Budget) -> tuple[Fit, ...]:
    """How drafts and finals of `profile` are rendered: square ones, all others are as large."""
    guidance = profile.guidance_scale
    for_finals = profile.refine.guidance_scale
    drafts = Workload(_sides(profile, profile.draft.area), guided=guidance > 1)
    finals = Workload(
        _final_sides(profile),
        img2img=True,
        guided=(guidance if for_finals is None else for_finals) > 1,
    )
    return (_fit("drafts", drafts, taken, budget), _fit("finals", finals, taken, budget))


def has_room(recipe: Recipe, model: Model, base: Path | None, budget: Budget, dtype: str) -> bool:
    """Whether a picture fits into such a budget; True where nobody knows what its model takes."""
    from hotfolder.render.memory.planner import workload_of

    taken = _known_without_looking(model, base, dtype)
    return taken is None or memory_plan.choose(taken, budget, workload_of(recipe)) is not None


def _fit(
    stage: Literal["drafts", "finals"], workload: Workload, taken: Footprint, budget: Budget
) -> Fit:
    chosen = memory_plan.choose(taken, budget, workload)
    plan = chosen or memory_plan.most_frugal(taken, budget, workload)
    small = replace(workload, sides=(taken.native_px // 2,) * 2)
    peak, least = (
        memory_plan.peak_bytes(plan, taken, each, budget.on_cpu) for each in (workload, small)
    )
    return Fit(stage, workload.sides, str(plan), peak, least, chosen is not None)


def _final_sides(profile: Profile) -> tuple[int, int]:
    """The sides at which the largest link of a final is drawn."""
    if not profile.refine.links:
        return _sides(profile, profile.refine.area)
    links = sizes_of(profile, sizes.size(profile.draft.area))
    largest = max((link.drawn for link in links), key=lambda drawn: drawn[0] * drawn[1])
    return sizes.render_sides(*largest, profile.model.multiple)


def _sides(profile: Profile, area: str) -> tuple[int, int]:
    return sizes.render_sides(*sizes.size(area), profile.model.multiple)


def _footprint(path: Path, model: Model, base: Path | None, dtype: str) -> Footprint | None:
    """What the weights at `path` take; None for a file of a family whose shape is not here."""
    if path.is_dir():
        chosen = split.chosen(model, path, base)
        return footprint.of_folder(path, dtype, model.variant, chosen, model.quantize)
    _, layout = single_file.family(path)
    return footprint.of_layout(layout, dtype, model.quantize) if layout else None
