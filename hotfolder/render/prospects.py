"""What comes of a profile on this computer: weights here or not, sizes that fit, by which plan.

Nothing is loaded, and nothing is downloaded where HF_HUB_OFFLINE says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hotfolder.errors import ModelMissingError, RenderError
from hotfolder.recipes import sizes
from hotfolder.recipes.profile import Model, Profile
from hotfolder.render import footprint, known, memory, single_file, weights
from hotfolder.render.memory import Footprint, Room, Task

Whereabouts = Literal["here", "missing", "unusable"]


@dataclass(frozen=True, slots=True)
class Fit:
    """How a picture of a profile is rendered: its sides in px, the plan, the bytes at its peak."""

    stage: Literal["drafts", "finals"]
    sides: tuple[int, int]
    plan: str
    peak_bytes: int
    fits: bool


@dataclass(frozen=True, slots=True)
class Prospect:
    """What comes of a profile here. `says` tells what keeps its weights from being used, if so.

    `fits` is empty where nobody knows what the model takes.
    """

    where: Whereabouts
    says: str
    fits: tuple[Fit, ...]


def prospect(profile: Profile, base: Path | None, dtype: str, room: Room) -> Prospect:
    """What comes of `profile` with its weights in `dtype` and the memory `room`."""
    model = profile.model
    where: Whereabouts = "here"
    says = ""
    taken = known.footprint_of(model.source, dtype)
    try:
        taken = _footprint(weights.locate(model, base), model, dtype) or taken
    except ModelMissingError as error:
        where, says = "missing", str(error)
    except (RenderError, OSError, ValueError, KeyError) as error:
        where, says = "unusable", str(error)
    return Prospect(where, says, fits(profile, taken, room) if taken else ())


def fits(profile: Profile, taken: Footprint, room: Room) -> tuple[Fit, ...]:
    """How drafts and finals of `profile` are rendered: square ones, all others are as large."""
    guidance = profile.guidance_scale
    for_finals = profile.refine.guidance_scale
    drafts = Task(_sides(profile, profile.draft.area), guided=guidance > 1)
    finals = Task(
        _sides(profile, profile.refine.area),
        img2img=True,
        guided=(guidance if for_finals is None else for_finals) > 1,
    )
    return (_fit("drafts", drafts, taken, room), _fit("finals", finals, taken, room))


def _fit(stage: Literal["drafts", "finals"], task: Task, taken: Footprint, room: Room) -> Fit:
    chosen = memory.choose(taken, room, task)
    plan = chosen or memory.most_frugal(taken, room, task)
    peak = memory.peak_bytes(plan, taken, task)
    return Fit(stage, task.sides, str(plan), peak, chosen is not None)


def _sides(profile: Profile, area: str) -> tuple[int, int]:
    return sizes.render_sides(*sizes.size(area), profile.model.multiple)


def _footprint(path: Path, model: Model, dtype: str) -> Footprint | None:
    """What the weights at `path` take; None for a file of a family whose shape is not here."""
    if path.is_dir():
        return footprint.of_folder(path, dtype, model.variant)
    _, layout = single_file.family(path)
    return known.of_layout(layout, dtype) if layout else None
