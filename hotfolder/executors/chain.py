"""A chain of links, one drawn from the other; what is done of it outlives the process."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from hotfolder.executors.orders import Between, Raster
from hotfolder.images import pixels
from hotfolder.recipes.recipe import Recipe, chain

if TYPE_CHECKING:
    from PIL.Image import Image

    from hotfolder.render.rendered import Rendered

_log = logging.getLogger(__name__)
_ENDING = ".link"

Draw = Callable[["Recipe", "Image", "Image", Callable[[int, int], None]], "Rendered"]
"""From a link's recipe, its source, the picked picture and who is told of steps: its picture."""


class Kept(Struct, frozen=True):
    """The picture of a link, of the picked picture with the pixel hash `picked`."""

    recipe: str
    picked: str
    picture: Raster
    between: Between


@dataclass(frozen=True, slots=True)
class Chained:
    """A chain's last picture, and what lies between the picked one and it."""

    rendered: Rendered
    links: tuple[Between, ...]


def make(
    recipe: Recipe,
    picked: Image,
    draw: Draw,
    on_step: Callable[[int, int], None],
    states: Path | None,
) -> Chained:
    """The picture of `recipe` from that which its chain began with.

    Links that were done before, and lie in the folder `states`, are not done again. Steps are
    counted through all links. Raises what `draw` and `on_step` raise.
    """
    links = chain(recipe)
    counts = [_steps(link) for link in links]
    digest = pixels.pixel_hash(picked.convert("RGB"))
    between: list[Between] = []
    source = picked
    for number, link in enumerate(links):
        before = sum(counts[:number])
        path = states / f"{link.id}{_ENDING}" if states else None
        is_last = number == len(links) - 1
        kept = _read(path, link, digest) if path and not is_last else None
        if kept is not None:
            source = pixels.from_rgb((kept.picture.width, kept.picture.height), kept.picture.rgb)
            between.append(kept.between)
            continue

        def step(done: int, of: int, before: int = before) -> None:
            on_step(before + done, sum(counts))

        rendered = draw(link, source, picked, step)
        if is_last:
            return Chained(rendered, tuple(between))
        source = rendered.image
        between.append(Between(pixels.pixel_hash(source), asdict(rendered.facts)))
        if path is not None:
            raster = Raster(source.width, source.height, source.tobytes())
            _keep(path, Kept(link.id, digest, raster, between[-1]))
    raise AssertionError("a chain has a last link")


def forget(recipe: Recipe, states: Path) -> None:
    """Remove what was kept of a chain whose final is published."""
    for link in chain(recipe)[:-1]:
        (states / f"{link.id}{_ENDING}").unlink(missing_ok=True)


def _steps(link: Recipe) -> int:
    """How many denoising steps a link takes; what only finishes counts as one."""
    return max(1, int(link.steps * (link.strength or 0)))


def _read(path: Path, link: Recipe, picked: str) -> Kept | None:
    """The picture of a link, if it lies there, whole; what cannot be used is made again."""
    try:
        kept = msgspec.msgpack.decode(path.read_bytes(), type=Kept)
        image = pixels.from_rgb((kept.picture.width, kept.picture.height), kept.picture.rgb)
    except (OSError, msgspec.DecodeError, ValueError):
        return None
    is_right = (kept.recipe, kept.picked) == (link.id, picked)
    is_right &= image.size == (link.width, link.height)
    return kept if is_right and pixels.pixel_hash(image) == kept.between.pixels else None


def _keep(path: Path, kept: Kept) -> None:
    """Put a link's picture into a file, whole or not at all. A full disk is no reason to fail."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.msgpack.encode(kept))
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        _log.warning("a link of a chain could not be kept: %s", error)
