"""What a denoiser learns from, made once: latents of pictures, and what their prompts say to it.

Afterwards autoencoder and text encoders are needed no more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from hotfolder import replacement
from hotfolder.images import views
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.models import pipelines
from hotfolder.render.models.family import scaled_latents
from hotfolder.render.prompt import clip
from hotfolder.tuning import denoising
from hotfolder.tuning.chosen import Example

if TYPE_CHECKING:
    from PIL.Image import Image

_CROPPED = 0.92  # of each side, at a place that follows from the picture


@dataclass(frozen=True, slots=True)
class Row:
    """One picture as a denoiser sees it: its `views`, (views, …), and what it is told, (1, …)."""

    example: Example
    views: Tensor
    heard: Mapping[str, Tensor]

    @property
    def shape(self) -> tuple[object, ...]:
        """What rows have in common that fit into one batch."""
        return tuple(self.views.shape[1:]), *(tuple(t.shape) for t in self.heard.values())


@torch.no_grad()
def make(
    pipe: Any,
    pictures: Iterable[tuple[Example, Recipe, Image]],
    mirrored: bool,
    each: Callable[[], None],
) -> list[Row]:
    """The rows of these pictures, whose sides the model takes; `each` is called after each.

    Views are the picture, one that is cropped a little and, if `mirrored`, their mirror images;
    only the first where a prompt speaks of sides.
    """
    said: dict[str, dict[str, Tensor]] = {}
    tuning = denoising.of(pipe).tuning
    rows = []
    for example, recipe, image in pictures:
        if recipe.prompt not in said:
            embeds = _embeds(pipe, recipe)
            said[recipe.prompt] = {name: t.float().cpu() for name, t in embeds.items()}
        latents = torch.cat([_latents(pipe, one) for one in _views(example, image, mirrored)])
        rows.append(Row(example, latents, tuning.hears(said[recipe.prompt], image.size)))
        each()
    return rows


def keep(file: Path, rows: Sequence[Row]) -> None:
    """Put rows into a file of this machine's; what they share is there once. Raises OSError."""
    tensors: dict[str, Tensor] = {}
    first: dict[int, str] = {}
    places: dict[str, str] = {}
    for number, row in enumerate(rows):
        for name, tensor in {"views": row.views, **row.heard}.items():
            key = f"{number}.{name}"
            places[key] = first.setdefault(tensor.data_ptr(), key)
            if places[key] == key:
                tensors[key] = tensor.contiguous()
    replacement.replace(file, save(tensors, {"places": json.dumps(places)}))


def kept(file: Path, chosen: Sequence[Example]) -> list[Row] | None:
    """The rows of these examples, in their order, from a file; None where it has not got them."""
    try:
        with safe_open(file, "pt") as read:
            places = json.loads((read.metadata() or {})["places"])
            tensors = {name: read.get_tensor(name) for name in read.keys()}  # noqa: SIM118
        told: list[dict[str, Tensor]] = [{} for _ in chosen]
        for key, place in places.items():
            number, _, name = key.partition(".")
            told[int(number)][name] = tensors[place]
        return [
            Row(example, one.pop("views"), one) for example, one in zip(chosen, told, strict=True)
        ]
    except (OSError, SafetensorError, ValueError, KeyError, IndexError):
        return None


def _embeds(pipe: Any, recipe: Recipe) -> dict[str, Tensor]:
    """What the text encoders say to a recipe's prompt, at its first step."""
    embeds = pipelines.family(pipe).tuning.embeds  # type: ignore[union-attr]
    if embeds is not None:
        return embeds(pipe, recipe.prompt)
    plain = msgspec.structs.replace(recipe, loras=(), embeddings=())
    return clip.arguments(pipe, [clip.encode(pipe, plain, {})])


def _latents(pipe: Any, image: Image) -> Tensor:
    """float32, on the CPU, without chance: the mode of what the autoencoder says."""
    picture = torch.from_numpy(views.signed(image)).unsqueeze(0)
    latents: Tensor = scaled_latents(pipe, picture.to(pipe.vae.device, pipe.vae.dtype))
    return latents.float().cpu()


def _views(example: Example, image: Image, mirrored: bool) -> list[Image]:
    if example.mirrored:
        image = views.mirrored(image)
    if not example.turns:
        return [image]
    seen = [image, views.cropped(image, _CROPPED, int(example.picture[:8], 16))]
    return [*seen, *map(views.mirrored, seen)] if mirrored else seen
