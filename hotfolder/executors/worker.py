"""The worker of one slot: follows orders, the same in a thread or in a process of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

import hotfolder.render  # noqa: F401 - before any thread begins: see there
from hotfolder.errors import DeviceLostError, RenderError, Stopped, TooLargeError
from hotfolder.executors.orders import (
    Cancel,
    Cancelled,
    Done,
    Failed,
    Load,
    OnReport,
    Order,
    Raster,
    Resume,
    Stepped,
    Task,
    Unload,
)
from hotfolder.images import pixels
from hotfolder.recipes.profile import Model
from hotfolder.recipes.recipe import Recipe

if TYPE_CHECKING:
    from PIL.Image import Image

    from hotfolder.render.engine import Rendered
    from hotfolder.render.sampling import OnStep

_log = logging.getLogger(__name__)
_PREVIEWS_EVERY_S = 0.25


class Renderer(Protocol):
    """What a worker renders with; `render.engine.Engine` is one."""

    def load(self, name: str) -> Any:
        """Read a model into memory; raises RenderError."""

    def unload(self) -> None:
        """Free the memory of all models."""

    def preview(self) -> Image | None:
        """How the picture in the making looks so far: RGB, small. None where nobody can say."""

    def render(
        self,
        recipe: Recipe,
        source: Image | None,
        on_step: OnStep,
        *,
        resume: Path | None,
        batch_with: Sequence[Recipe],
    ) -> Rendered:
        """The recipe's picture, calling `on_step` after each denoising step.

        What `on_step` stops by `Stopped` may be saved to `resume`, and goes on from there later.
        The pictures of `batch_with` may be drawn with it, for the calls that ask for them.
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
            self._cancelled.add(order.attempt)
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
        try:
            self._on_report(self._done(task))
        except Stopped:
            self._on_report(Cancelled(task.attempt))
        except TooLargeError as error:  # other programs may give memory back
            self._on_report(Failed(task.attempt, str(error), expected=False))
        except RenderError as error:
            self._on_report(Failed(task.attempt, str(error), expected=True))
        except DeviceLostError as error:
            self._renderer = None  # what it holds lies on a device that is gone
            self._on_report(Failed(task.attempt, str(error), expected=False, device=True))
        except Exception as error:
            _log.exception("unexpected trouble with a render")
            self._on_report(
                Failed(task.attempt, f"{type(error).__name__}: {error}", expected=False)
            )
        self._cancelled.discard(task.attempt)

    def _done(self, task: Task) -> Done:
        if task.attempt in self._cancelled:
            raise Stopped
        source = None
        if task.source is not None:
            sides = (task.source.width, task.source.height)
            source = pixels.from_rgb(sides, task.source.rgb)

        def on_step(step: int, steps: int) -> None:
            self._between_steps(task.attempt, step, steps)

        renderer = self._renderer_for(task.models)
        resume = Path(task.state) if task.state else None
        rendered = renderer.render(
            task.recipe, source, on_step, resume=resume, batch_with=task.batch_with
        )
        image = rendered.image
        raster = Raster(image.width, image.height, image.tobytes())
        return Done(task.attempt, raster, asdict(rendered.facts), rendered.features)

    def _between_steps(self, attempt: int, step: int, steps: int) -> None:
        """Follow the orders that came during a step; after another task, wait for `Resume`."""
        self._on_report(Stepped(attempt, step, steps, self._preview(step, steps)))
        paused = False
        while paused or not self._orders.empty():
            order = self._orders.get()
            if order is None:
                self._orders.put(None)  # for `run`
                raise Stopped
            self._follow(order)
            paused = isinstance(order, Task) or (paused and not isinstance(order, Resume))
            if attempt in self._cancelled:
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
