"""A renderer that paints at once: for tests of what goes on around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from hotfolder.errors import RenderError
from hotfolder.executors.inside import Inside
from hotfolder.executors.orders import Executor, OnReport, Order
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.settings import Settings
from hotfolder.render.rendered import Facts, Rendered


class Painter:
    """Paints one colour, which follows from the recipe, in as many steps as the recipe says."""

    def __init__(self, models: Mapping[str, Model]) -> None:
        self._models = models

    def load(self, name: str) -> None:
        """There is nothing to load."""

    def unload(self) -> None:
        """There is nothing to unload."""

    def preview(self) -> None:
        """There is nothing to see before it is done."""

    def upscale(self, name: str, image: Image.Image) -> tuple[Image.Image, str]:
        """There is no upscaler."""
        raise RenderError(f"there is no upscaler {name!r}")

    def locate(
        self,
        recipe: Recipe,
        source: Image.Image,
        words: Sequence[str],
        detector: str,
        on_look: Callable[[int, int], None],
    ) -> dict[str, Any]:
        """A castle is in the middle of every picture, and nothing else is in any."""
        on_look(1, 1)
        middle = np.zeros((source.height, source.width), bool)
        middle[source.height // 4 : -source.height // 4, source.width // 4 : -source.width // 4] = 1
        return {word: middle if word == "castle" else None for word in words}

    def features(self) -> dict[str, bytes]:
        """There is no denoiser to look into."""
        return {}

    def encode(self, recipe: Recipe, picture: Image.Image) -> dict[str, bytes]:
        """There is no denoiser to show a picture to."""
        return {}

    def render_batch(
        self,
        recipes: Sequence[Recipe],
        source: Image.Image | None,
        on_step: Callable[[int, int], None],
        resume: Path | None,
    ) -> dict[int, Rendered]:
        """Paint all of them, calling `on_step` after each step."""
        for step in range(recipes[0].steps):
            on_step(step + 1, recipes[0].steps)
        return dict(enumerate(map(_painted, recipes)))


def _painted(recipe: Recipe) -> Rendered:
    colour = tuple(bytes.fromhex(recipe.id[:6]))
    facts = Facts(0.0, recipe.steps, "", "", 0, {}, "", "", {})
    return Rendered(Image.new("RGB", recipe.canvas, colour), facts)


@dataclass
class FakeExecutors:
    """An executor of several painters in one process, and the orders that each was given."""

    on_report: OnReport
    slots: int = 2
    given: list[tuple[int, Order]] = field(default_factory=list)
    painters: list[Inside] = field(default_factory=list)

    def give(self, slot: int, order: Order) -> None:
        """Pass an order on to a painter."""
        if not self.painters:
            self.painters = [Inside(self.on_report, Painter) for _ in range(self.slots)]
        self.given.append((slot, order))
        self.painters[slot].give(0, order)

    def close(self) -> None:
        """End all painters."""
        for painter in self.painters:
            painter.close()


@dataclass
class FakeExecutor:
    """Opens `FakeExecutors` for a daemon, and keeps those that it opened."""

    slots: int = 2
    opened: list[FakeExecutors] = field(default_factory=list)

    def __call__(self, settings: Settings, base: Path, on_report: OnReport) -> Executor:
        self.opened.append(FakeExecutors(on_report, self.slots))
        return self.opened[-1]
