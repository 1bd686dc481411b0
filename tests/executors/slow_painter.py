"""A renderer for workers of a cluster that takes no model and a little time for each step."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from hotfolder.recipes.recipe import Recipe
from hotfolder.render.rendered import Rendered
from tests.painter import Painter

_STEP_S = 0.2


class SlowPainter(Painter):
    """Paints step by step."""

    def render_batch(
        self,
        recipes: Sequence[Recipe],
        source: Image.Image | None,
        on_step: Callable[[int, int], None],
        resume: Path | None,
    ) -> dict[int, Rendered]:
        """Paint all of them."""

        def after(step: int, steps: int) -> None:
            time.sleep(_STEP_S)
            on_step(step, steps)

        return super().render_batch(recipes, source, after, resume)


def on_a_worker(models: Mapping[str, Any], base: Path, device: str) -> SlowPainter:
    """What a worker renders with."""
    return SlowPainter(models)
