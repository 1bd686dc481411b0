"""One call of a pipeline: an object of its own, and the arguments to call it with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image

from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.sizes import render_sides
from hotfolder.render import resize
from hotfolder.render.models import pipelines, scheduler_map
from hotfolder.render.models.loaded import Loaded
from hotfolder.render.prompt import clip, encode, plain_words
from hotfolder.render.prompt.switching import Conditioning


@dataclass(frozen=True, slots=True)
class Call:
    """What is called, and for which pictures.

    `drawn` are the places of these pictures among the recipes that were asked for: the first, and
    those whose prompts are as long. `conditioning` is theirs where it is known here. `notes` are
    sentences on what is not read of each of their prompts.
    """

    pipe: Any
    arguments: dict[str, Any]
    drawn: list[int]
    conditioning: list[Conditioning]
    notes: list[tuple[str, ...]]


@torch.no_grad()
def prepare(
    loaded: Loaded,
    recipes: Sequence[Recipe],
    source: Image.Image | None,
    additions: Mapping[str, str],
) -> Call:
    """A call that draws the first of these recipes, and those of the others that fit in."""
    recipe = recipes[0]
    mode: pipelines.Mode = "txt2img" if source is None else "img2img"
    # Noise from CPU generators, one for each picture: the same on every device.
    generators = [torch.Generator("cpu").manual_seed(one.seed) for one in recipes]
    alone = generators[0]
    chance = generators if len(generators) > 1 else alone
    scheduler = scheduler_map.fresh(recipe.scheduler, loaded.pipe.scheduler, chance)
    others = loaded.adapters.filter(recipe)
    pipe = pipelines.make(loaded.pipe, mode, scheduler=scheduler, **others)
    loaded.prompts.attach(pipe, f"{recipe.loras} {additions}")
    words = loaded.adapters.words(recipe)
    conditioning: list[Conditioning] = []
    if encode.reads_chunks(pipe):
        conditioning = [clip.encode(pipe, one, words) for one in recipes]
    else:
        plain_words.require(recipe, words, pipelines.family(pipe).name)
    drawn = [at for at, one in enumerate(conditioning) if one.shape == conditioning[0].shape] or [0]
    generators[:] = [generators[at] for at in drawn]  # the scheduler has this list as well
    sides = render_sides(*recipe.canvas, recipe.multiple)
    pipelines.family(pipe).ready(pipe, recipe, sides)
    arguments = pipelines.arguments(pipe, plain_words.in_words(recipe), sides)
    arguments["generator"] = generators if len(generators) > 1 else alone
    told = loaded.prompts.tell(pipe, arguments, recipe)
    notes = [(*loaded.adapters.notes(recipes[at]), *told) for at in drawn]
    conditioning = [conditioning[at] for at in drawn] if conditioning else []
    if conditioning:
        arguments |= clip.arguments(pipe, conditioning)
        del arguments["prompt"]
        arguments.pop("negative_prompt", None)
    if source is not None:
        fitted = resize.fit(source, recipe.canvas)
        arguments["image"] = _tensor(resize.pad(fitted, sides))
    return Call(pipe, arguments, drawn, conditioning, notes)


def _tensor(image: Image.Image) -> torch.Tensor:
    """float32, (1, 3, height, width), 0..1, contiguous.

    Contiguous because strides change bits: diffusers' own conversion leaves channels last.
    """
    pixels = torch.from_numpy(np.array(image, dtype=np.float32) / 255.0)
    return pixels.permute(2, 0, 1).unsqueeze(0).contiguous()
