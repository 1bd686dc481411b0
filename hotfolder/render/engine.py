"""The engine: one recipe in, one picture out, the same bits every time."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from hotfolder.errors import RenderError, Stopped, TooLargeError
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.render import (
    call,
    encoding,
    environment,
    failures,
    img2img,
    locate,
    resize,
    step_cache,
)
from hotfolder.render.activations import Activations
from hotfolder.render.call import Call
from hotfolder.render.compilation import NotCompiledError
from hotfolder.render.detector import Detector
from hotfolder.render.eyes import Eyes
from hotfolder.render.memory import memory_plan, tiling
from hotfolder.render.memory.memory_plan import Plan
from hotfolder.render.memory.planner import Planner, workload_of
from hotfolder.render.models import editions, pipelines, quantised
from hotfolder.render.models.loaded import Loaded, LoadedModels
from hotfolder.render.outlines import Array, enlarged
from hotfolder.render.probe import Subject
from hotfolder.render.prompt import encode, switching
from hotfolder.render.rendered import Facts, Rendered
from hotfolder.render.sampling import Control, OnStep, Run
from hotfolder.render.upscalers import Upscalers

_log = logging.getLogger(__name__)


class Engine:
    """The models that are in memory, and `render`. Used from one thread at a time.

    `models` maps the names that recipes carry to the owner's models; their relative paths start
    at `base`. `threads` is the number of CPU threads to compute with, or says it at the start of
    each picture; `memory_bytes` is how much of the device's memory to use: by default what is free.
    """

    def __init__(
        self,
        models: Mapping[str, Model],
        base: Path | None,
        device: str | None = None,
        threads: int | Callable[[], int] | None = None,
        memory_bytes: int | None = None,
    ) -> None:
        self.device = device or environment.best_device()
        self._threads = threads or environment.default_threads()
        self._models = LoadedModels(models, base, self.device)
        self._upscalers = Upscalers(models, base, self.device)
        self._planner = Planner(self.device, memory_bytes)
        self._base = base
        self._detector: tuple[str, Detector] | None = None
        self._eyes = Eyes(base)
        self._rendering = 0
        self._runs: list[Run] = []  # the last one was begun between two steps of the one before
        environment.forbid_chance()

    def load(self, name: str) -> Loaded:
        """The model `name`, in memory with its weights where drafts of usual size want them.

        Raises ModelMissingError, or RenderError for files that cannot be used.
        """
        loaded = self._models.read(name)
        if loaded.held is None:
            side = loaded.footprint.native_px
            usual = memory_plan.Workload((side, side), guided=True)
            loaded = self._held(name, self._planner.choose(loaded.footprint, usual))
        return loaded

    def edition(self, name: str, sha256: str, commit: str = "") -> str:
        """The model `name`, or what it was for a record with this fingerprint and commit, if here.

        Raises ModelMissingError where nothing of the model is here.
        """
        earlier = editions.made_by(name, sha256)
        if earlier in self._models and earlier != name:
            return earlier
        return self._models.at_commit(name, commit) if commit else name

    def unload(self) -> None:
        """Free the memory of all models; the next render reads its model again."""
        self._models.clear()
        self._upscalers.clear()
        self._detector = None
        self._eyes.clear()
        self._planner.renew()

    def render(
        self,
        recipe: Recipe,
        source: Image.Image | None = None,
        on_step: OnStep | None = None,
        threads: int | None = None,
        resume: Path | None = None,
        plan: str = "",
    ) -> Rendered:
        """The picture that `recipe` describes; a recipe with a source needs that picture as well.

        What is to be done before and after that is `render.link`'s: this draws, at the recipe's
        `canvas`.

        `on_step(step, steps)` is called after every denoising step, from 1. It may raise
        (`Stopped` to give up), or call `render` for another picture meanwhile: every call has a
        pipeline, scheduler and generator of its own, so neither picture notices. Raises
        RenderError when the picture cannot be made, and DeviceLostError when none can.

        When `on_step` raises Stopped, what was done is saved to the file `resume`, if one is
        named and the scheduler allows it. A later call, in any process, goes on from there with the
        same bits, and removes the file at its end. A file of another picture, version or device
        is passed over.

        `plan` is the memory plan of a record, to make the same bits; by default, and where this
        version does not know it, the fastest that fits is chosen. When memory runs out the picture
        is begun again with the next plan; TooLargeError when none is left.
        """
        control = Control(on_step, resume)
        recorded = _recorded(plan)
        number, count = 1, 1
        if recorded is not None and recorded.place is not None:
            # In its place among copies of itself: what else is drawn in a batch changes no bits,
            # but how many they are does.
            number, count = recorded.place.number, recorded.place.of
        drawn = self._drawn([recipe] * count, source, control, recorded, threads)
        return drawn.get(number - 1) or drawn[0]

    def render_batch(
        self,
        recipes: Sequence[Recipe],
        source: Image.Image | None = None,
        on_step: OnStep | None = None,
        resume: Path | None = None,
    ) -> dict[int, Rendered]:
        """The first picture, and those of the others that were drawn with it, by their places.

        The others are drafts `alike` to the first one. As many as memory allows are drawn with it,
        where the family reads prompts by CLIP alone and their prompts are as long. All else is as
        `render` has it; what goes wrong is the first picture's fault.
        """
        return self._drawn(recipes, source, Control(on_step, resume))

    def locate(
        self,
        recipe: Recipe,
        source: Image.Image,
        words: Sequence[str],
        detector: str = "",
        on_look: OnStep | None = None,
    ) -> dict[str, Array | None]:
        """Where words are in a picture, by the model of `recipe`: masks, bool, (height, width).

        Words that the owner's `detector` knows, a file, are found by that. A word that is not seen
        has None. `on_look(number, of)` is called after each look,
        and may raise, or call `render` meanwhile. Raises RenderError where the model cannot tell.
        """
        with self._at_work():
            source = source.convert("RGB")
            known = self._detected(detector, source, words)
            others = [word for word in words if word not in known]
            return known | self._located(recipe, source, others, on_look)

    def encode(self, recipe: Recipe, picture: Image.Image) -> dict[str, bytes]:
        """What the denoiser thinks of a picture, as if it had drawn it by `recipe`, a draft's.

        Packed, by kind, as `Rendered.features`: the picture is encoded, and gets as much noise as
        a draft has when it is looked at. That takes one step. Nothing where nobody can look.
        """
        found: dict[str, bytes] = {}

        def once(step: int, steps: int) -> None:
            found.update(self.features())
            raise Stopped

        with suppress(Stopped):
            asked = encoding.asked(recipe, picture)
            self._drawn([asked], picture, Control(once, encodes=True))
        eye = self._models[recipe.model].eye
        return found | self._eyes.features(eye, picture)

    def upscale(self, name: str, image: Image.Image) -> tuple[Image.Image, str]:
        """`image` enlarged by the owner's upscaler of this name, and its file's SHA-256.

        Raises ModelMissingError where there is none, RenderError where it cannot be used.
        """
        with failures.in_words():
            return self._upscalers.enlarged(name, image)

    def preview(self) -> Image.Image | None:
        """How the picture in the making looks so far: RGB, small; for `on_step` to ask.

        None before a first picture of its model was finished here, and for families whose latents
        are no grid.
        """
        return self._runs[-1].preview() if self._runs else None

    def features(self) -> dict[str, bytes]:
        """What the denoiser thinks of the picture in the making; for `on_step` to ask.

        Packed, by kind; nothing before the step at which it is looked at, or where nobody looks.
        """
        return self._runs[-1].features() if self._runs else {}

    def _detected(
        self, name: str, source: Image.Image, words: Sequence[str]
    ) -> dict[str, Array | None]:
        """The masks of the words that the owner's detector knows; none without a detector."""
        if not name:
            return {}
        if self._detector is None or self._detector[0] != name:
            self._detector = name, Detector((self._base or Path()) / Path(name).expanduser())
        found = self._detector[1]
        return {word: found.mask(word, source) for word in words if word.casefold() in found.names}

    def _located(
        self, recipe: Recipe, source: Image.Image, words: Sequence[str], on_look: OnStep | None
    ) -> dict[str, Array | None]:
        """The masks, found in a picture of the size that the model knows best."""
        if not words:
            return {}
        loaded, multiple = self.load(recipe.model), recipe.multiple
        scale = loaded.footprint.native_px / (source.width * source.height) ** 0.5
        width, height = (max(1, round(side * scale / multiple)) * multiple for side in source.size)
        small = source.resize((width, height), Image.Resampling.LANCZOS)
        workload = memory_plan.Workload((2 * width, 2 * height), guided=False)
        plan = replace(self._planner.choose(loaded.footprint, workload), windows=None, place=None)
        loaded = self._held(recipe.model, plan)
        spare = functools.partial(tiling.apply, plan, compiled=loaded.compiled)
        subject = Subject(loaded, recipe, small, spare)
        with loaded.adapters.active(recipe.loras):
            masks = locate.find_all(subject, words, on_look)
        return {
            word: None if mask is None else enlarged(mask, (source.height, source.width)) > 0.5
            for word, mask in masks.items()
        }

    def _drawn(
        self,
        recipes: Sequence[Recipe],
        source: Image.Image | None,
        control: Control,
        plan: Plan | None = None,
        threads: int | None = None,
    ) -> dict[int, Rendered]:
        """The first picture and others that were drawn with it, by `plan` or the fastest one."""
        if (recipes[0].source is None) != (source is None):
            raise RenderError("a source picture is needed exactly when the recipe names one")
        with self._at_work(threads):
            return self._by_some_plan(recipes, source, control, plan)

    @contextmanager
    def _at_work(self, threads: int | None = None) -> Iterator[None]:
        """With threads of its own, and without what a picture between two steps remembers."""
        threads_before = torch.get_num_threads()
        ours = self._threads() if callable(self._threads) else self._threads
        environment.set_threads(threads or ours)
        self._rendering += 1
        aside = self._runs[-1].step_cache.aside() if self._runs else nullcontext()
        try:
            with aside, failures.in_words():
                yield
        finally:
            self._rendering -= 1
            environment.set_threads(threads_before)

    def _by_some_plan(
        self,
        recipes: Sequence[Recipe],
        source: Image.Image | None,
        control: Control,
        plan: Plan | None,
    ) -> dict[int, Rendered]:
        """The pictures, by the next plan whenever memory runs out."""
        recipe = recipes[0]
        loaded = self.load(recipe.model)
        taken, workload = loaded.footprint, workload_of(recipe)
        chosen = plan or self._planner.choose(taken, workload)
        if plan is None and len(recipes) > 1 and encode.reads_chunks(loaded.pipe):
            chosen = self._planner.together(chosen, taken, workload, len(recipes))
        if plan.compiled if plan else self._models[recipe.model].compile:
            chosen = memory_plan.compiled(chosen, loaded.held, loras=bool(recipe.loras))
        if loaded.compiled.trouble:
            chosen = replace(chosen, compiled=False)
        fell = False
        while True:
            try:
                return self._by_plan(recipes, source, control, chosen, fell)
            except NotCompiledError as error:
                _log.warning("%s: %s", recipe.model, error)
                chosen = replace(chosen, compiled=False)
                continue
            except TooLargeError:
                spared = self._planner.after(chosen, taken, workload)
                if spared is None:
                    raise
            _log.warning(
                "memory ran out for %dx%d with the plan %r; trying %r",
                *(recipe.width, recipe.height, str(chosen), str(spared)),
            )
            self._planner.give_back()
            chosen, fell = spared, True

    def _by_plan(
        self,
        recipes: Sequence[Recipe],
        source: Image.Image | None,
        control: Control,
        plan: Plan,
        fell: bool,
    ) -> dict[int, Rendered]:
        """The pictures, rendered as `plan` says; TooLargeError when memory runs out."""
        recipe = recipes[0]
        loaded = self._held(recipe.model, plan)
        circumstances = self._circumstances(loaded, recipe, plan)
        recipes = recipes[: plan.place.of if plan.place else 1]
        try:
            with loaded.adapters.active(recipe.loras):
                made = call.prepare(loaded, recipes, source, circumstances["additions"])
                rows = [recipes[at] for at in made.drawn]
                plans = memory_plan.places(plan, len(rows))
                texts = [memory_plan.after_falling(p) if fell else str(p) for p in plans]
                pixels = source and pixel_hash(source.convert("RGB"))
                same = {"recipes": [row.id for row in rows], "source": pixels, "plan": texts[0]}
                guessed = bool(self._models[recipe.model].step_cache)
                seen = None if guessed else _seen(made.pipe, rows, plan, control.encodes)
                run = Run(control, same | circumstances, self.device, loaded.preview, seen)
                images = self._sampled(made, run, loaded, recipe, plans[0])
        except (RenderError, MemoryError, RuntimeError) as error:
            loaded.mend()
            if isinstance(error, TooLargeError) or failures.ran_out(error):
                raise TooLargeError(self._planner.remedy(plan, recipe, loaded.footprint)) from error
            raise
        seconds = round(run.seconds / len(rows), 3)
        facts = [
            Facts(
                seconds,
                run.steps,
                memory_plan=text,
                notes=notes,
                file_sha256=loaded.file_sha256,
                **circumstances,
            )
            for text, notes in zip(texts, made.notes, strict=True)
        ]
        sides = recipe.canvas
        kinds = run.all_features() or [{} for _ in rows]
        eye = "" if recipe.source else self._models[recipe.model].eye
        drawn = [image and resize.crop(image, sides) for image in images]
        return {
            at: Rendered(image, fact, features | self._eyes.features(eye, image))
            for at, image, fact, features in zip(made.drawn, drawn, facts, kinds, strict=True)
            if image is not None
        }

    def _sampled(
        self, made: Call, run: Run, loaded: Loaded, recipe: Recipe, plan: Plan
    ) -> list[Image.Image | None]:
        """The pictures of one call, tiled, with prompts that switch, and in latents if need be."""
        tiling.apply(plan, made.pipe, loaded.compiled)
        if not all(one.is_still for one in made.conditioning):
            switching.switch(made.pipe, made.conditioning, lambda: run.steps)
        if recipe.source is not None and not pipelines.family(made.pipe).img2img:
            img2img.begin(made.pipe, made.arguments, recipe)
        model = self._models[recipe.model]
        run.step_cache = step_cache.begin(model, made.pipe, lambda: run.steps)
        self._runs.append(run)
        try:
            with run.seen or nullcontext(), run.step_cache.at_work():
                return run(made.pipe, made.arguments)
        finally:
            self._runs.pop()

    def _circumstances(self, loaded: Loaded, recipe: Recipe, plan: Plan) -> dict[str, Any]:
        """On what a picture is made: fields of `Facts`."""
        tools = loaded.compiled.tools(self.device) if plan.compiled else {}
        tools |= quantised.versions(self._models[recipe.model])
        return {
            "device": environment.device_name(self.device),
            "dtype": environment.word(loaded.dtype),
            "threads": torch.get_num_threads() if self.device == "cpu" else 0,
            "versions": environment.versions() | tools,
            "model_sha256": loaded.sha256,
            "model_commit": loaded.commit,
            "additions": loaded.parts | loaded.adapters.fetch(recipe),
        }

    def _held(self, name: str, plan: Plan) -> Loaded:
        return self._models.hold(name, plan.holding, alone=self._rendering <= 1)


def _seen(pipe: Any, rows: list[Recipe], plan: Plan, encodes: bool) -> Activations | None:
    """Who looks into the denoiser while it draws; None where it is not called as a whole."""
    if plan.compiled or plan.windows or plan.split_guidance:
        return None
    if rows[0].source is not None and not encodes:
        return None
    aspect = rows[0].width / rows[0].height
    step = 1 if encodes else None
    return Activations(pipe, pipelines.denoiser(pipe), len(rows), aspect, step)


def _recorded(plan: str) -> Plan | None:
    """The plan that a record names; None for none, or one that this version does not know."""
    try:
        return memory_plan.parse(plan) if plan else None
    except ValueError:
        return None
