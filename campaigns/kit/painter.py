"""A renderer that paints in microseconds, and executors that use it.

It takes the place of torch and a model, so that a campaign's faults meet the code around them. A
picture is noise that follows from its recipe alone: PNG cannot pack it, and no two are alike.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PIL import Image

from hotfolder.errors import RenderError
from hotfolder.executors.inside import Inside
from hotfolder.executors.orders import Done, Encoded, OnReport, Order, Raster, Task
from hotfolder.render.rendered import Facts, Rendered

OnStep = Callable[[int, int], None]

step_s = 0.0
"""How long a denoising step takes; drafts that can be interrupted need some time."""

trace: Path | None = None
"""Where each render is noted when it begins: "MONOTONIC_S STAGE ID" a line.

The id is the draft's, and for a final that of the picture it refines.
"""


class Painter:
    """Paints; takes any model's name. A `hotfolder.executors.worker.Renderer`."""

    def __init__(self, models: Mapping[str, Any]) -> None:
        pass

    def load(self, name: str) -> None:
        """Nothing: there is no model."""

    def unload(self) -> None:
        """Nothing: there is no model."""

    def preview(self) -> None:
        """There is nothing to see before it is done."""

    def upscale(self, name: str, image: Image.Image) -> tuple[Image.Image, str]:
        """Nothing: there is no upscaler."""
        raise RenderError(f"there is no upscaler {name!r}")

    def features(self) -> dict[str, bytes]:
        """There is no denoiser to look into."""
        return {}

    def encode(self, recipe: Any, picture: Image.Image) -> dict[str, bytes]:
        """There is no denoiser to show a picture to."""
        return {}

    def render_batch(
        self,
        recipes: Sequence[Any],
        source: Image.Image | None,
        on_step: OnStep,
        resume: Path | None = None,
    ) -> dict[int, Rendered]:
        """The noise that belongs to each recipe, after as many steps as they ask for."""
        for recipe in recipes:
            note("draft" if source is None else "final", _named(recipe))
        steps = recipes[0].steps
        for step in range(steps):
            if step_s:
                time.sleep(step_s)
            on_step(step + 1, steps)
        facts = Facts(0.0, steps, "none", "none", 0, {}, "", "", {})
        return {at: Rendered(paint(one.id, *one.canvas), facts) for at, one in enumerate(recipes)}


class Here:
    """An executor of one slot that paints at once, in the thread that gives the order."""

    slots = 1

    def __init__(self, on_report: OnReport) -> None:
        self._on_report = on_report

    def give(self, slot: int, order: Order) -> None:
        """Paint what a task asks for."""
        if isinstance(order, Task) and order.encodes:
            self._on_report(Encoded(next(iter(order.pictures)), {}))
        elif isinstance(order, Task):
            source = None
            if order.source:
                sides = (order.source.width, order.source.height)
                source = Image.frombytes("RGB", sides, order.source.rgb)
            recipes = tuple(order.pictures.values())
            drawn = Painter({}).render_batch(recipes, source, lambda step, steps: None)
            for attempt, rendered in zip(order.pictures, drawn.values(), strict=True):
                image = rendered.image
                raster = Raster(image.width, image.height, image.tobytes())
                self._on_report(Done(attempt, raster, asdict(rendered.facts)))

    def close(self) -> None:
        """Nothing: there is nothing to let go of."""


class Press:
    """Takes the place of a pool of threads: does what is submitted at once."""

    def __init__(self, *_: object) -> None:
        pass

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """The result, or what was raised."""
        future: Future[Any] = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future

    def shutdown(self) -> None:
        """Nothing: no thread was started."""


def in_a_thread(settings: object, base: Path, on_report: OnReport) -> Inside:
    """The executor that is used for one device, with the painter."""
    return Inside(on_report, Painter)


def on_a_worker(models: Mapping[str, Any], base: Path, device: str) -> Painter:
    """The renderer of a cluster's worker."""
    return Painter(models)


def here(settings: object, base: Path, on_report: OnReport) -> Here:
    """The executor without a thread."""
    return Here(on_report)


def paint(identity: str, width: int, height: int) -> Image.Image:
    """Noise that follows from a recipe's id."""
    noise = random.Random(identity).randbytes(3 * width * height)
    return Image.frombytes("RGB", (width, height), noise)


def _named(recipe: Any) -> str:
    """The id of a draft, or of the picture that a final is made from."""
    source = recipe.source
    return recipe.id if source is None else getattr(source, "sha256", None) or source.id


def note(stage: str, identity: str) -> None:
    """Write down that a render begins now, if anybody wants to know."""
    if trace is None:
        return
    line = f"{time.monotonic():.6f} {stage} {identity}\n".encode()
    descriptor = os.open(trace, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, line)
    os.close(descriptor)
