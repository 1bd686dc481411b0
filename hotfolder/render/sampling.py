"""One call of a pipeline: its steps and seconds, its state when it is stopped, its failures."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from hotfolder import held
from hotfolder.errors import RenderError, Stopped, TooLargeError
from hotfolder.render import activations, checkpoint, failures
from hotfolder.render.activations import Activations
from hotfolder.render.compilation import NotCompiledError
from hotfolder.render.models import pipelines
from hotfolder.render.preview import Preview
from hotfolder.render.step_cache import StepCache
from hotfolder.taste.features import pack

_log = logging.getLogger(__name__)

OnStep = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Control:
    """Who is told of each step, and where the state of a render goes that is stopped.

    `encodes`: the denoiser is looked into at the first step, of whatever picture.
    """

    on_step: OnStep | None = None
    resume: Path | None = None
    encodes: bool = False


class Run:
    """One call of a pipeline: counts steps and seconds, saves and resumes, words its failures."""

    def __init__(
        self,
        control: Control,
        identity: Mapping[str, Any],
        device: str,
        preview: Preview,
        seen: Activations | None = None,
    ) -> None:
        self.steps = 0
        self.step_cache = StepCache()
        self._preview = preview
        self._latents: torch.Tensor | None = None
        self.seconds = 0.0
        self._on_step = control.on_step or _ignore
        self._resume = resume = control.resume
        self._identity = identity
        self._state = checkpoint.read(resume, identity, device) if resume else None
        self._forward: checkpoint.Forward | None = None
        self._generators: list[torch.Generator] = []
        self._started = 0.0
        self._raised: BaseException | None = None
        self.seen = seen

    def __call__(self, pipe: Any, arguments: dict[str, Any]) -> list[Image.Image | None]:
        """The pictures that the pipeline draws, RGB: one for each generator.

        The first is always one; where another came to no picture, there is None.
        """
        given = arguments["generator"]
        self._generators = given if isinstance(given, list) else [given]
        pipelines.listen(pipe, arguments, self._after_step)
        if self._state is not None:
            self._forward = checkpoint.Forward(pipe)
        self._started = time.perf_counter()
        try:
            drawn = pipe(**arguments, output_type="np", return_dict=False)[0]
        except Exception as error:
            if error is self._raised or failures.lost(error):
                raise
            self._forget()
            if isinstance(error, NotCompiledError):
                raise
            if failures.ran_out(error):
                raise TooLargeError(failures.TOO_LARGE) from error
            raise RenderError(f"{type(pipe).__name__} failed: {error}") from error
        finally:
            self._raised = None  # its traceback would keep the latents of a stopped render alive
            latents, self._latents = self._latents, None
        self.seconds += time.perf_counter() - self._started
        self._forget()
        first = _image(drawn[0])
        if latents is not None:
            self._preview.learn(latents, first)
        others = (_image(v) if np.isfinite(v).all() else None for v in drawn[1:])
        return [first, *others]

    def features(self) -> dict[str, bytes]:
        """What the denoiser thinks of the first picture so far, packed; nothing before it is seen.

        By kind, version and model, as `taste.features` has it.
        """
        pictures = self.all_features()
        return pictures[0] if pictures else {}

    def all_features(self) -> list[dict[str, bytes]]:
        """The same of each picture; nothing where nobody looks."""
        if self.seen is None:
            return []
        suffix = f" {activations.VERSION} {self._identity['model_sha256'][:8]}"
        return [
            {name + suffix: pack(numbers) for name, numbers in picture.items()}
            for picture in self.seen.features()
        ]

    def preview(self) -> Image.Image | None:
        """How the picture looks after its last step; None where that cannot be said."""
        return None if self._latents is None else self._preview.shown(self._latents)

    def _after_step(self, pipe: Any, steps: int, latents: torch.Tensor) -> None:
        self.steps += 1
        if self._forward is not None and self._state is not None:
            self._forward.first = False
            if self.steps == self._state.steps:
                self._forward.end()
                self._forward = None
                others = self.step_cache.states()
                checkpoint.restore(self._state, pipe, self._generators, latents, others)
                self.seconds += self._state.seconds
            return
        started = time.perf_counter()
        if self.seen is not None:
            self.seen.after(self.steps)
        self._latents = latents
        try:
            self._on_step(self.steps, steps)
        except BaseException as error:
            self._raised = error
            if isinstance(error, Stopped) and (
                self.steps < steps or pipelines.family(pipe).decodes_latents
            ):
                self._save(pipe, latents, self.seconds + started - self._started)
            raise
        if self.seen is not None:
            self.seen.before(self.steps + 1)
        self.seconds -= time.perf_counter() - started

    def _save(self, pipe: Any, latents: torch.Tensor, seconds: float) -> None:
        if self._resume is None:
            return
        others = self.step_cache.states()
        state = checkpoint.capture(pipe, self._generators, latents, self.steps, seconds, others)
        try:
            checkpoint.write(self._resume, state, self._identity)
        except OSError as error:
            _log.warning("the picture in the making could not be saved: %s", error)

    def _forget(self) -> None:
        """A picture that is made needs no saved state, and one that failed should begin anew."""
        if self._resume is not None:
            held.delete(self._resume)


def _image(values: np.ndarray[Any, Any]) -> Image.Image:
    """The picture of float values, (height, width, 3), 0..1; RenderError where some are none."""
    if not np.isfinite(values).all():
        raise RenderError(
            "the model produced invalid values (NaN); another scheduler, more steps or "
            'dtype = "float32" in the profile can help'
        )
    return Image.fromarray((values * 255).round().astype(np.uint8)).convert("RGB")


def _ignore(step: int, steps: int) -> None:
    """What a caller who wants to know nothing does after each step."""
