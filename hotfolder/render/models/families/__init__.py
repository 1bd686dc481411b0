"""One file for each model family, with its `FAMILIES`; there is no list of them to edit."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache

from hotfolder.errors import RenderError
from hotfolder.modules import modules_of
from hotfolder.render.models.family import Family, Size


@cache
def known() -> tuple[Family, ...]:
    """All families, by the names of their files."""
    modules = modules_of(sys.modules[__name__]).values()
    return tuple(family for module in modules for family in module.FAMILIES)


@cache
def by_pipeline() -> Mapping[str, Family]:
    """All families by the names of their pipelines, those that start from a picture as well."""
    found = known()
    siblings = {family.img2img: family for family in found if family.img2img}
    return siblings | {family.pipeline: family for family in found}


def of(pipeline: str) -> Family:
    """The family of the pipeline of this name. Raises RenderError for one that is not known."""
    found = by_pipeline().get(pipeline)
    if found is None or found.refused:
        name = pipeline.removesuffix("Pipeline")
        why = f": {found.refused}" if found else ""
        raise RenderError(f"hotfolder cannot make pictures from a prompt with {name} models{why}")
    return found


def unused(pipeline: str) -> tuple[str, ...]:
    """The parts that models for the pipeline of this name have in vain."""
    found = by_pipeline().get(pipeline)
    return found.unused if found else ()


def of_checkpoint(kind: str) -> tuple[Family, str] | None:
    """The family of a checkpoint of this kind, and what has the rest that it lacks, if known."""
    fitting = [
        (beginning, family, origin)
        for family in known()
        for beginning, origin in family.single_files.items()
        if kind.startswith(beginning)
    ]
    if not fitting:
        return None
    _, family, origin = max(fitting, key=lambda one: len(one[0]))
    return family, origin


def of_source(source: str) -> tuple[Family, Size] | None:
    """The family and size of the weights at a profile's `model.source`, if well known."""
    return next(((f, f.known[source]) for f in known() if source in f.known), None)


def of_layout(layout: str) -> tuple[Family, Size]:
    """The family and size of all weights of a layout in `models/layouts`."""
    return next((f, f.layouts[layout]) for f in known() if layout in f.layouts)
