"""The worker of one slot: follows orders, the same in a thread or in a process of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

from msgspec.structs import replace

import hotfolder.render  # noqa: F401 - before any thread begins: see there
from hotfolder.errors import (
    DeviceLostError,
    PictureError,
    RenderError,
    Stopped,
    TooLargeError,
    UnwantedError,
    printable,
)
from hotfolder.executors import chain
from hotfolder.executors.look import Look
from hotfolder.executors.orders import (
    Between,
    Cancel,
    Cancelled,
    Done,
    Encoded,
    Failed,
    Found,
    Load,
    OnReport,
    Order,
    Outcome,
    Raster,
    Resume,
    Stepped,
    Task,
    Unload,
)
from hotfolder.images import pixels, regions
from hotfolder.images.composition import measured
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.region import Region
from hotfolder.render import link
from hotfolder.studio.store import turns

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

    from hotfolder.render.rendered import Rendered
    from hotfolder.render.sampling import OnStep

    Mask = np.ndarray[Any, np.dtype[np.bool_]]

_log = logging.getLogger(__name__)
_PREVIEWS_EVERY_S = 0.25


class Renderer(Protocol):
    """What a worker renders with; `render.engine.Engine` is one."""

    def load(self, name: str) -> Any:
        """Read a model into memory; raises RenderError."""

    def unload(self) -> None:
        """Free the memory of all models."""

    def upscale(self, name: str, image: Image) -> tuple[Image, str]:
        """A picture enlarged by the owner's upscaler of this name, and its file's SHA-256."""

    def locate(
        self, recipe: Recipe, source: Image, words: Sequence[str], detector: str, on_look: OnStep
    ) -> Mapping[str, Mask | None]:
        """Where words are in a picture: bool, (height, width), or None where it does not show them.

        By the recipe's model, or by a detector's file where one is named and knows them. `on_look`
        is called as `on_step` of `render_batch` is. Raises RenderError where the model cannot tell.
        """

    def encode(self, recipe: Recipe, picture: Image) -> dict[str, bytes]:
        """What the model of a draft's recipe thinks of a picture, packed, by kind; {} if unknown.

        Raises RenderError where it cannot be asked.
        """

    def preview(self) -> Image | None:
        """How the picture in the making looks so far: RGB, small. None where nobody can say."""

    def features(self) -> dict[str, bytes]:
        """What its model thinks of the picture in the making, packed, by kind; {} if unknown."""

    def render_batch(
        self,
        recipes: Sequence[Recipe],
        source: Image | None,
        on_step: OnStep,
        resume: Path | None,
    ) -> Mapping[int, Rendered]:
        """The first picture, and those of the others that were drawn with it, by their places.

        `on_step` is called after each step, and may raise Stopped: then the state may be saved to
        `resume`, and goes on from there later. What goes wrong is the first picture's fault.
        """


MakeRenderer = Callable[[Mapping[str, Model]], Renderer]


class Worker:
    """Renders one picture at a time, and another one between two steps of it if told to.

    `orders` ends with None. `on_report` is called with reports, from the thread that calls `run`.
    """

    def __init__(
        self, orders: SimpleQueue[Order | None], on_report: OnReport, make: MakeRenderer
    ) -> None:
        self._orders = orders
        self._on_report = on_report
        self._make = make
        self._models: Mapping[str, Model] = {}
        self._renderer: Renderer | None = None
        self._cancelled: set[int] = set()
        self._shown_at = 0.0

    def run(self) -> None:
        """Follow orders until the last."""
        while (order := self._orders.get()) is not None:
            self._follow(order)

    def _follow(self, order: Order) -> None:
        if isinstance(order, Task):
            self._render(order)
        elif isinstance(order, Cancel):
            self._cancelled.add(order.task)
        elif isinstance(order, Load):
            self._load(order)
        elif isinstance(order, Unload) and self._renderer is not None:
            self._renderer.unload()

    def _load(self, order: Load) -> None:
        """Read a model into memory. What goes wrong is told to the first task that needs it."""
        try:
            self._renderer_for(order.models).load(order.model)
        except RenderError:
            pass
        except DeviceLostError:
            self._renderer = None
        except Exception:
            _log.exception("unexpected trouble with the model %s", order.model)

    def _render(self, task: Task) -> None:
        """Make all pictures of a task, as many at a time as are drawn together."""
        waiting = dict(task.pictures)
        while waiting:
            try:
                stage: turns.Stage = "final" if task.source and not task.encodes else "draft"
                with turns.drawing(stage, lambda: self._heed(task.number)):
                    self._end(waiting, self._drawn(task, waiting))
            except Stopped:
                self._end(waiting, map(Cancelled, waiting))
            except DeviceLostError as error:
                self._renderer = None  # what it holds lies on a device that is gone
                self._end(waiting, (_device_failed(attempt, error) for attempt in waiting))
            except Exception as error:
                self._end(waiting, [_failed(next(iter(waiting)), error)])
        self._cancelled -= task.pictures.keys()

    def _end(self, waiting: dict[int, Recipe], outcomes: Iterable[Outcome]) -> None:
        """Report how pictures have ended; they wait no longer."""
        for outcome in tuple(outcomes):
            del waiting[outcome.attempt]
            self._on_report(outcome)

    def _drawn(self, task: Task, waiting: Mapping[int, Recipe]) -> Iterable[Outcome]:
        """The first picture that waits, and those that were drawn with it, or why there is none."""
        if task.number in self._cancelled:
            raise Stopped
        source = None
        if task.source is not None:
            sides = (task.source.width, task.source.height)
            source = pixels.from_rgb(sides, task.source.rgb)
        renderer = self._renderer_for(task.models)
        look = Look(task, renderer.features)

        def on_step(step: int, steps: int) -> None:
            look.after(step, steps)
            self._between_steps(task.number, step, steps)

        attempts, recipes = tuple(waiting), tuple(waiting.values())
        if task.encodes and source is not None:
            return [Encoded(attempts[0], renderer.encode(recipes[0], source))]
        if task.words and source is not None:
            found = renderer.locate(recipes[0], source, task.words, task.detector, on_step)
            return [Found(attempts[0], {word: _regions(word, found[word]) for word in found})]
        states = Path(task.states) if task.states else None
        if source is not None:
            made = _chained(renderer, recipes[0], source, on_step, states)
            return [_done(attempts[0], made.rendered, made.links)]
        resume = states / f"{recipes[0].id}.safetensors" if states else None
        try:
            drawn = renderer.render_batch(recipes, source, on_step, resume)
        except UnwantedError:
            assert look.given_up is not None  # noqa: S101 - it raised that
            return [look.given_up]
        return [_draft(attempts[at], one, look.chance) for at, one in drawn.items()]

    def _between_steps(self, task: int, step: int, steps: int) -> None:
        """Tell of a step, and follow the orders that came during it."""
        self._on_report(Stepped(task, step, steps, self._preview(step, steps)))
        self._heed(task)

    def _heed(self, task: int) -> None:
        """Follow the orders that came; after another task, wait for `Resume`."""
        paused = False
        while paused or not self._orders.empty():
            order = self._orders.get()
            if order is None:
                self._orders.put(None)  # for `run`
                raise Stopped
            self._follow(order)
            paused = isinstance(order, Task) or (paused and not isinstance(order, Resume))
            if task in self._cancelled:
                raise Stopped

    def _preview(self, step: int, steps: int) -> Raster | None:
        """What there is to see of the picture in the making, now and then."""
        now = time.monotonic()
        if self._renderer is None or step == steps or now - self._shown_at < _PREVIEWS_EVERY_S:
            return None
        if (image := self._renderer.preview()) is None:
            return None
        self._shown_at = now
        return Raster(image.width, image.height, image.tobytes())

    def _renderer_for(self, models: Mapping[str, Model]) -> Renderer:
        """The renderer for the owner's present models; another one when they have changed."""
        if self._renderer is None or models != self._models:
            if self._renderer is not None:
                self._renderer.unload()
            self._renderer, self._models = self._make(models), models
        return self._renderer


def _chained(
    renderer: Renderer, recipe: Recipe, picked: Image, on_step: OnStep, states: Path | None
) -> chain.Chained:
    """A refinement's picture, from the picked one by all links of its chain."""

    def draw(own: Recipe, source: Image, picked: Image, on_step: OnStep) -> Rendered:
        resume = states / f"{own.id}.safetensors" if states else None

        def by_model(prepared: Image | None) -> Rendered:
            return renderer.render_batch([own], prepared, on_step, resume)[0]

        return link.make(own, source, picked, by_model, renderer.upscale)

    return chain.make(recipe, picked, draw, on_step, states)


def _regions(word: str, mask: Any) -> tuple[Region, ...]:
    """The regions where a word is; none where it was not seen."""
    try:
        return () if mask is None else regions.of(mask)
    except PictureError as error:
        raise RenderError(f'where "{printable(word)}" is cannot be found: {error}') from error


def _done(attempt: int, rendered: Rendered, links: tuple[Between, ...] = ()) -> Done:
    image = rendered.image
    raster = Raster(image.width, image.height, image.tobytes())
    return Done(attempt, raster, asdict(rendered.facts), rendered.features, links)


def _draft(attempt: int, rendered: Rendered, chance: float) -> Done:
    """As above, and what taste may learn from the picture: measured here, where there is time."""
    done = _done(attempt, rendered)
    kinds = {**done.features, **measured.features(rendered.image)}
    return replace(done, features=kinds, chance=chance)


def _failed(attempt: int, error: Exception) -> Failed:
    """Why a picture cannot be made, in a sentence where somebody foresaw it."""
    if isinstance(error, RenderError):
        # Where memory is short, other programs may give some back.
        return Failed(attempt, str(error), expected=not isinstance(error, TooLargeError))
    _log.error("unexpected trouble with a render", exc_info=error)
    return Failed(attempt, f"{type(error).__name__}: {error}", expected=False)


def _device_failed(attempt: int, error: DeviceLostError) -> Failed:
    return Failed(attempt, str(error), expected=False, device=True)
