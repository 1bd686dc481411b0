"""All that there is to know of one picture, for people: its parameters and its relatives."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec

from hotfolder.errors import PictureError
from hotfolder.images import infotext, metadata, recipe_text
from hotfolder.images.foreign import readers
from hotfolder.images.generation_params import GenerationParams
from hotfolder.light.catalogue import Catalogue, Shown, builtins
from hotfolder.recipes.recipe import Recipe, chain, picked
from hotfolder.recipes.record import Record
from hotfolder.report import links
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import read_file


def details(studio: Studio, catalogue: Catalogue, shown: Shown) -> dict[str, Any]:
    """A picture with (name, value) of its parameters, its A1111 text and its relatives.

    `lineage` has the recipes that it comes from, the draft's first and its own last; `links` say
    what was done in its chain, `regions` which parts were drawn anew. Raises OSError if the picture
    has gone.
    """
    parameters: list[tuple[str, str]] = []
    text = ""
    recipe: Recipe | None = None
    with suppress(PictureError):
        contents = metadata.read(read_file(studio.root / shown.path, below=studio.root))
        if ours := recipe_text.find(contents):
            recipe = ours.recipe
            parameters = _of_recipe(ours.recipe, ours.record)
            text = infotext.write(ours.recipe, ours.record)
        elif told := readers.read(contents):
            parameters = _of_told(told)
    ancestors = _lineage(recipe) if recipe else []
    relatives = catalogue.relatives(ancestors) if ancestors else []
    return {
        **builtins(shown),
        "parameters": [(name, value) for name, value in parameters if value],
        "text": text,
        "relatives": [builtins(relative) for relative in relatives],
        "lineage": ancestors,
        "links": list(links.in_words(recipe)) if recipe else [],
        "regions": _regions(recipe) if recipe else [],
    }


def _lineage(recipe: Recipe) -> list[str]:
    """The ids of the picked pictures that a recipe leads back to, the first one first."""
    found = [recipe.id]
    while isinstance(source := picked(recipe), Recipe):
        recipe = source
        found.append(recipe.id)
    return found[::-1]


def _regions(recipe: Recipe) -> list[dict[str, Any]]:
    """The parts of a picture that were drawn anew: as recipes have them, `of` a (w, h) in px."""
    drawn = [link for link in chain(recipe) if link.region]
    return [{**msgspec.to_builtins(link.region), "of": [link.width, link.height]} for link in drawn]


def _of_recipe(recipe: Recipe, record: Record) -> list[tuple[str, str]]:
    return [
        ("prompt", recipe.prompt),
        ("negative", recipe.negative_prompt),
        ("template", record.template if record.template != recipe.prompt else ""),
        ("seed", str(recipe.seed)),
        ("size", _size(recipe.width, recipe.height)),
        ("model", recipe.model),
        ("scheduler", recipe.scheduler),
        ("steps", str(recipe.steps)),
        ("guidance", f"{recipe.guidance_scale:g}"),
        ("strength", "" if recipe.strength is None else f"{recipe.strength:g}"),
        ("loras", ", ".join(f"{lora.name} ({lora.scale:g})" for lora in recipe.loras)),
        ("profile", record.profile),
        ("file", record.prompt_file),
        ("steered", record.steered),
        ("picked", record.picked),
        ("created", record.created),
        ("seconds", f"{record.seconds:.1f}" if record.seconds else ""),
        ("device", record.device),
        ("software", record.software),
    ]


def _of_told(told: GenerationParams) -> list[tuple[str, str]]:
    return [
        ("prompt", told.prompt),
        ("negative", told.negative_prompt),
        ("seed", "" if told.seed is None else str(told.seed)),
        ("size", _size(told.width, told.height)),
        ("model", told.model),
        ("scheduler", told.scheduler or ""),
        ("steps", "" if told.steps is None else str(told.steps)),
        ("guidance", "" if told.guidance_scale is None else f"{told.guidance_scale:g}"),
        ("strength", "" if told.strength is None else f"{told.strength:g}"),
        ("software", told.program),
    ]


def _size(width: int | None, height: int | None) -> str:
    return f"{width} \N{MULTIPLICATION SIGN} {height}" if width else ""
