"""The engine: one recipe in, one picture out, the same bits every time."""

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

from hotfolder.errors import ModelMissingError, RenderError, Stopped, did_you_mean
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.profile import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.sizes import render_sides
from hotfolder.render import (
    canvas,
    environment,
    families,
    fingerprint,
    saved,
    schedulers,
    weights,
)

_log = logging.getLogger(__name__)

OnStep = Callable[[int, int], None]
RESIDENT = "resident"  # the only memory plan so far: every module on the device, nothing tiled


@dataclass(frozen=True, slots=True)
class Facts:
    """How a picture was made; the fields are those of `recipes.record.Record`.

    `seconds` is the time of this picture alone: what `on_step` took is not in it. `threads` is 0
    where the bits do not hang on it, on anything but a CPU.
    """

    seconds: float
    steps_run: int
    device: str
    dtype: str
    threads: int
    versions: dict[str, str]
    model_sha256: str
    memory_plan: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A picture, RGB and exactly as large as its recipe says, and how it was made."""

    image: Image.Image
    facts: Facts


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory; `pipe` holds its modules and own scheduler and is never run itself."""

    pipe: Any
    dtype: torch.dtype
    sha256: str

    def mend(self) -> None:
        """Undo what a call that broke off can leave behind.

        SDXL decodes in float32 and puts its autoencoder back into float16 only after success.
        """
        if vae := getattr(self.pipe, "vae", None):
            vae.to(self.dtype)


class Engine:
    """The models that are in memory, and `render`. Used from one thread at a time.

    `models` maps the names that recipes carry to the owner's models; their relative paths start
    at `base`. `threads` is the number of CPU threads to compute with.
    """

    def __init__(
        self,
        models: Mapping[str, Model],
        base: Path | None,
        device: str | None = None,
        threads: int | None = None,
    ) -> None:
        self.device = device or environment.best_device()
        self.threads = threads or environment.default_threads()
        self._models = dict(models)
        self._base = base
        self._loaded: dict[str, Loaded] = {}
        environment.forbid_chance()

    def load(self, name: str) -> Loaded:
        """The model `name`, read into memory if it is not there yet.

        Raises ModelMissingError, or RenderError for files that cannot be used.
        """
        if name not in self._loaded:
            if name not in self._models:
                raise ModelMissingError(
                    f"no profile here has the model {name!r}; {did_you_mean(name, self._models)}"
                )
            model = self._models[name]
            path = weights.locate(model, self._base)
            dtype = environment.dtype(model.dtype, self.device)
            pipe = weights.load(path, model, dtype).to(self.device)
            self._loaded[name] = Loaded(pipe, dtype, fingerprint.fingerprint(path))
        return self._loaded[name]

    def unload(self) -> None:
        """Free the memory of all models; the next render reads its model again."""
        self._loaded.clear()
        if self.device.startswith("cuda"):
            torch.cuda.empty_cache()

    def render(
        self,
        recipe: Recipe,
        source: Image.Image | None = None,
        on_step: OnStep | None = None,
        threads: int | None = None,
        resume: Path | None = None,
    ) -> Rendered:
        """The picture that `recipe` describes; a recipe with a source needs that picture as well.

        `on_step(step, steps)` is called after every denoising step, from 1. It may raise
        (`Stopped` to give up), or call `render` for another picture meanwhile: every call has a
        pipeline, scheduler and generator of its own, so neither picture notices. Raises
        RenderError when the picture cannot be made.

        When `on_step` raises Stopped, what was done is saved to the file `resume`, if one is
        named and the scheduler allows it. A later call, in any process, goes on from there with the
        same bits, and removes the file at its end. A file of another picture, version or device
        is passed over.
        """
        if (recipe.source is None) != (source is None):
            raise RenderError("a source picture is needed exactly when the recipe names one")
        loaded = self.load(recipe.model)
        pipe, arguments = _prepared(loaded, recipe, source)
        threads_before = torch.get_num_threads()
        environment.set_threads(threads or self.threads)
        circumstances = self._circumstances(loaded)
        identity = {
            "recipe": recipe.id,
            "source": source and pixel_hash(source.convert("RGB")),
            **circumstances,
        }
        run = _Run(on_step or _ignore, resume, identity, self.device)
        try:
            image = run(pipe, arguments)
        except RenderError:
            loaded.mend()
            raise
        finally:
            environment.set_threads(threads_before)
        facts = Facts(seconds=round(run.seconds, 3), steps_run=run.steps, **circumstances)
        return Rendered(canvas.crop(image, (recipe.width, recipe.height)), facts)

    def _circumstances(self, loaded: Loaded) -> dict[str, Any]:
        """What decides the bits beside the recipe, under the names of `Facts`."""
        return {
            "device": environment.device_name(self.device),
            "dtype": str(loaded.dtype).removeprefix("torch."),
            "threads": torch.get_num_threads() if self.device == "cpu" else 0,
            "versions": environment.versions(),
            "model_sha256": loaded.sha256,
            "memory_plan": RESIDENT,
        }


class _Run:
    """One call of a pipeline: counts steps and seconds, saves and resumes, words its failures."""

    def __init__(
        self, on_step: OnStep, resume: Path | None, identity: Mapping[str, Any], device: str
    ) -> None:
        self.steps = 0
        self.seconds = 0.0
        self._on_step = on_step
        self._resume = resume
        self._identity = identity
        self._state = saved.read(resume, identity, device) if resume else None
        self._forward: saved.Forward | None = None
        self._generator = torch.Generator("cpu")
        self._started = 0.0
        self._raised: BaseException | None = None

    def __call__(self, pipe: Any, arguments: dict[str, Any]) -> Image.Image:
        """The picture that the pipeline draws, RGB."""
        self._generator = arguments["generator"]
        families.listen(pipe, arguments, self._after_step)
        if self._state is not None:
            self._forward = saved.Forward(pipe)
        self._started = time.perf_counter()
        try:
            image: Image.Image = pipe(**arguments).images[0]
        except torch.OutOfMemoryError as error:
            raise RenderError("the device has too little memory for this size") from error
        except Exception as error:
            if error is self._raised:
                raise
            self._forget()
            raise RenderError(f"{type(pipe).__name__} failed: {error}") from error
        finally:
            self._raised = None  # its traceback would keep the latents of a stopped render alive
        self.seconds += time.perf_counter() - self._started
        self._forget()
        return image.convert("RGB")

    def _after_step(self, pipe: Any, steps: int, latents: torch.Tensor) -> None:
        self.steps += 1
        if self._forward is not None and self._state is not None:
            if self.steps == self._state.steps:
                self._forward.end()
                self._forward = None
                saved.restore(self._state, pipe, self._generator, latents)
                self.seconds += self._state.seconds
            return
        started = time.perf_counter()
        try:
            self._on_step(self.steps, steps)
        except BaseException as error:
            self._raised = error
            if isinstance(error, Stopped):
                self._save(pipe, latents, self.seconds + started - self._started)
            raise
        self.seconds -= time.perf_counter() - started

    def _save(self, pipe: Any, latents: torch.Tensor, seconds: float) -> None:
        if self._resume is None:
            return
        state = saved.capture(pipe, self._generator, latents, self.steps, seconds)
        try:
            saved.write(self._resume, state, self._identity)
        except OSError as error:
            _log.warning("the picture in the making could not be saved: %s", error)

    def _forget(self) -> None:
        """A picture that is made needs no saved state, and one that failed should begin anew."""
        if self._resume is not None:
            self._resume.unlink(missing_ok=True)


def _prepared(
    loaded: Loaded, recipe: Recipe, source: Image.Image | None
) -> tuple[Any, dict[str, Any]]:
    """A pipeline of its own for this picture, and the arguments to call it with."""
    mode: families.Mode = "txt2img" if source is None else "img2img"
    # Noise from a CPU generator: the same on every device.
    generator = torch.Generator("cpu").manual_seed(recipe.seed)
    scheduler = schedulers.fresh(recipe.scheduler, loaded.pipe.scheduler, generator)
    pipe = families.pipeline(loaded.pipe, mode, scheduler)
    sides = render_sides(recipe.width, recipe.height, recipe.multiple)
    arguments = {**families.arguments(pipe, recipe, sides), "generator": generator}
    if source is not None:
        fitted = canvas.fit(source, (recipe.width, recipe.height))
        arguments["image"] = _tensor(canvas.pad(fitted, sides))
    return pipe, arguments


def _tensor(image: Image.Image) -> torch.Tensor:
    """float32, (1, 3, height, width), 0..1, contiguous.

    Contiguous because strides change bits: diffusers' own conversion leaves channels last.
    """
    pixels = torch.from_numpy(np.array(image, dtype=np.float32) / 255.0)
    return pixels.permute(2, 0, 1).unsqueeze(0).contiguous()


def _ignore(step: int, steps: int) -> None:
    """What a caller who wants to know nothing does after each step."""
