"""The engine: one recipe in, one picture out, the same bits every time."""

from __future__ import annotations

import gc
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from PIL import Image

from hotfolder import render
from hotfolder.errors import (
    ModelMissingError,
    RenderError,
    TooLargeError,
    did_you_mean,
)
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.profile import Model, source_name
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.sizes import render_sides
from hotfolder.render import activations, environment, failures, img2img, resize
from hotfolder.render.activations import Activations
from hotfolder.render.compilation import Compiled, NotCompiledError
from hotfolder.render.memory import devices, footprint, memory_plan, offload, tiling
from hotfolder.render.models import editions, fingerprint, pipelines, scheduler_map, weights
from hotfolder.render.models.adapters import Adapters
from hotfolder.render.preview import Preview
from hotfolder.render.prompt import clip, encode, plain_words, switching
from hotfolder.render.prompt.switching import Conditioning
from hotfolder.render.sampling import OnStep, Run, Watch
from hotfolder.taste.features import pack

_log = logging.getLogger(__name__)
_MOST_FINISHED = 64  # pictures that were drawn together with others, and were not asked for yet


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
    additions: dict[str, str]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A picture, RGB and exactly as large as its recipe says, and how it was made.

    `features` are what the denoiser thought of it, packed, by kind (`taste.features`); none where
    nothing could be seen.
    """

    image: Image.Image
    facts: Facts
    features: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory; `pipe` holds its modules and own scheduler and is never run itself.

    `held` says where its weights are; None: where they were read into, for no render yet.
    `prompts` remembers what its text encoders gave, `adapters` is what its owner gave it, and
    `vae` the name and SHA-256 of another autoencoder, if that is one of them. `compiled` is its
    denoiser for plans that want it so, `preview` how its latents look.
    """

    pipe: Any
    dtype: torch.dtype
    sha256: str
    footprint: memory_plan.Footprint
    vae: dict[str, str]
    prompts: encode.Memory
    adapters: Adapters
    compiled: Compiled
    held: memory_plan.Holding | None = None
    preview: Preview = field(default_factory=Preview)

    def mend(self) -> None:
        """Undo what a call that broke off can leave behind.

        SDXL decodes in float32 and puts its autoencoder back into float16 only after success.
        """
        if vae := getattr(self.pipe, "vae", None):
            vae.to(self.dtype)


class Engine:
    """The models that are in memory, and `render`. Used from one thread at a time.

    `models` maps the names that recipes carry to the owner's models; their relative paths start
    at `base`. `threads` is the number of CPU threads to compute with, `memory_bytes` how much of
    the device's memory to use: by default what is free.
    """

    def __init__(
        self,
        models: Mapping[str, Model],
        base: Path | None,
        device: str | None = None,
        threads: int | None = None,
        memory_bytes: int | None = None,
    ) -> None:
        self.device = device or environment.best_device()
        self.threads = threads or environment.default_threads()
        self._models = dict(models)
        self._base = base
        self._loaded: dict[str, Loaded] = {}
        self._memory_bytes = memory_bytes
        with failures.in_words():
            self._room = self._free_room()
        self._rendering = 0
        self._runs: list[Run] = []  # the last one was begun between two steps of the one before
        self._finished: OrderedDict[str, Rendered] = OrderedDict()
        environment.forbid_chance()

    def load(self, name: str) -> Loaded:
        """The model `name`, in memory with its weights where drafts of usual size want them.

        Raises ModelMissingError, or RenderError for files that cannot be used.
        """
        loaded = self._read(name)
        if loaded.held is None:
            side = loaded.footprint.native_px
            usual = self._planned(loaded.footprint, memory_plan.Task((side, side), guided=True))
            loaded = self._placed(name, usual.holding)
        return loaded

    def edition(self, name: str, sha256: str) -> str:
        """The model `name`, or the earlier edition of it with this fingerprint, if one is here."""
        earlier = editions.made_by(name, sha256)
        return earlier if earlier in self._models else name

    def unload(self) -> None:
        """Free the memory of all models; the next render reads its model again."""
        self._loaded.clear()
        self._finished.clear()
        with failures.in_words():
            self._give_back()
            self._room = self._free_room()

    def render(
        self,
        recipe: Recipe,
        source: Image.Image | None = None,
        on_step: OnStep | None = None,
        threads: int | None = None,
        resume: Path | None = None,
        plan: str = "",
        batch_with: Sequence[Recipe] = (),
    ) -> Rendered:
        """The picture that `recipe` describes; a recipe with a source needs that picture as well.

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

        `batch_with` are drafts `alike` to this one that will be asked for next. As many as memory
        allows are drawn with it, where the family reads prompts by CLIP alone, and kept for the
        calls that ask for them.
        """
        if not plan and (ready := self._finished.pop(recipe.id, None)) is not None:
            return ready
        if (recipe.source is None) != (source is None):
            raise RenderError("a source picture is needed exactly when the recipe names one")
        threads_before = torch.get_num_threads()
        environment.set_threads(threads or self.threads)
        self._rendering += 1
        try:
            with failures.in_words():
                watch = Watch(on_step, resume)
                recorded = _recorded(plan)
                if recorded is not None:
                    return self._as_recorded(recipe, source, watch, recorded)
                (_, picture), *others = self._render_together([recipe, *batch_with], source, watch)
        finally:
            self._rendering -= 1
            environment.set_threads(threads_before)
        self._finished |= {other.id: drawn for other, drawn in others}
        while len(self._finished) > _MOST_FINISHED:
            self._finished.popitem(last=False)
        return picture

    def preview(self) -> Image.Image | None:
        """How the picture in the making looks so far: RGB, small; for `on_step` to ask.

        None before a first picture of its model was finished here, and for families whose latents
        are no grid.
        """
        return self._runs[-1].preview() if self._runs else None

    def _as_recorded(
        self, recipe: Recipe, source: Image.Image | None, watch: Watch, plan: memory_plan.Plan
    ) -> Rendered:
        """The picture as `plan` says, in its place among as many copies of itself.

        What else is drawn in a batch changes no bits, but how many they are does.
        """
        number, count = (plan.place.number, plan.place.of) if plan.place else (1, 1)
        drawn = self._render_together([recipe] * count, source, watch, plan)
        return drawn[min(number, len(drawn)) - 1][1]

    def _render_together(
        self,
        wanted: list[Recipe],
        source: Image.Image | None,
        watch: Watch,
        plan: memory_plan.Plan | None = None,
    ) -> list[tuple[Recipe, Rendered]]:
        """The first picture that is wanted, and others that were drawn with it.

        By `plan` or the fastest one, and when memory runs out by the next.
        """
        recipe = wanted[0]
        loaded = self.load(recipe.model)
        taken, task = loaded.footprint, _task(recipe)
        chosen = plan or self._planned(taken, task)
        if plan is None and len(wanted) > 1 and encode.reads_chunks(loaded.pipe):
            chosen = memory_plan.together(chosen, taken, self._room, task, len(wanted))
        if plan.compiled if plan else self._models[recipe.model].compile:
            chosen = memory_plan.compiled(chosen, loaded.held, loras=bool(recipe.loras))
        if loaded.compiled.trouble:
            chosen = replace(chosen, compiled=False)
        fell = False
        while True:
            try:
                return self._by_plan(wanted, source, watch, chosen, fell)
            except NotCompiledError as error:
                _log.warning("%s: %s", recipe.model, error)
                chosen = replace(chosen, compiled=False)
                continue
            except TooLargeError:
                spared = self._next_plan(chosen, taken, task)
                if spared is None:
                    raise
            _log.warning(
                "memory ran out for %dx%d with the plan %r; trying %r",
                *(recipe.width, recipe.height, str(chosen), str(spared)),
            )
            self._give_back()
            chosen, fell = spared, True

    def _by_plan(
        self,
        wanted: list[Recipe],
        source: Image.Image | None,
        watch: Watch,
        plan: memory_plan.Plan,
        fell: bool,
    ) -> list[tuple[Recipe, Rendered]]:
        """The pictures, rendered as `plan` says; TooLargeError when memory runs out."""
        recipe = wanted[0]
        loaded = self._placed(recipe.model, plan.holding)
        additions = loaded.vae | loaded.adapters.fetch(recipe)
        tools = loaded.compiled.tools(self.device) if plan.compiled else {}
        circumstances: dict[str, Any] = {
            "device": environment.device_name(self.device),
            "dtype": environment.word(loaded.dtype),
            "threads": torch.get_num_threads() if self.device == "cpu" else 0,
            "versions": environment.versions() | tools,
            "model_sha256": loaded.sha256,
            "additions": additions,
        }
        pixels = source and pixel_hash(source.convert("RGB"))
        try:
            with loaded.adapters.active(recipe.loras):
                wanted = wanted[: plan.place.of if plan.place else 1]
                rows, pipe, arguments, conditioning = _prepared(loaded, wanted, source, additions)
                plans = memory_plan.places(plan, len(rows))
                texts = [memory_plan.after_falling(p) if fell else str(p) for p in plans]
                ids = [row.id for row in rows]
                same = {"recipes": ids, "source": pixels, "plan": texts[0], **circumstances}
                seen = _seen(pipe, rows, plan)
                run = Run(watch, same, self.device, loaded.preview, seen)
                tiling.apply(plans[0], pipe, loaded.compiled)
                if not all(one.is_still for one in conditioning):
                    switching.switch(pipe, conditioning, lambda: run.steps)
                if source is not None and not pipelines.family(pipe).img2img:
                    img2img.begin(pipe, arguments, recipe)
                self._runs.append(run)
                try:
                    with seen or nullcontext():
                        images = run(pipe, arguments)
                finally:
                    self._runs.pop()
        except (RenderError, MemoryError, RuntimeError) as error:
            loaded.mend()
            if isinstance(error, TooLargeError) or failures.ran_out(error):
                raise TooLargeError(self._remedy(plan, recipe, loaded.footprint)) from error
            raise
        seconds = round(run.seconds / len(rows), 3)
        facts = [Facts(seconds, run.steps, memory_plan=text, **circumstances) for text in texts]
        sides = (recipe.width, recipe.height)
        kinds = _kinds(seen, loaded.sha256) if seen else [{} for _ in rows]
        return [
            (row, Rendered(resize.crop(image, sides), fact, features))
            for row, image, fact, features in zip(rows, images, facts, kinds, strict=True)
            if image is not None
        ]

    def _read(self, name: str) -> Loaded:
        """The model `name`, read from its files if it is not in memory yet."""
        if name not in self._loaded:
            if name not in self._models:
                raise ModelMissingError(
                    f"no profile here has the model {name!r}; {did_you_mean(name, self._models)}"
                )
            model = self._models[name]
            path = weights.locate(model, self._base)
            # Models since Stable Diffusion XL, which read by more than CLIP, came in bfloat16.
            wide = not weights.family(path).reads_clip
            dtype = environment.dtype(model.dtype, self.device, wide=wide)
            try:
                pipe = weights.load(path, model, dtype)
                vae = self._other_autoencoder(pipe, model, dtype)
            except MemoryError as error:
                raise TooLargeError(f"there is too little memory to read {name}") from error
            taken = footprint.of_pipeline(pipe, environment.word(dtype))
            edition = editions.find(model.source)
            self._loaded[name] = Loaded(
                pipe,
                dtype,
                edition.sha256 if edition else fingerprint.fingerprint(path),
                taken,
                vae,
                encode.Memory(),
                Adapters(pipe, model, self._base, path, dtype),
                Compiled(pipelines.denoiser(pipe)),
            )
        return self._loaded[name]

    def _other_autoencoder(self, pipe: Any, model: Model, dtype: torch.dtype) -> dict[str, str]:
        """Give `pipe` the autoencoder of the owner's choice, if any; its name and SHA-256."""
        if not model.vae:
            return {}
        path, vae = weights.autoencoder(model.vae, self._base, dtype)
        pipelines.take_autoencoder(pipe, vae, path)
        return {source_name(model.vae): fingerprint.fingerprint(path)}

    def _planned(self, taken: memory_plan.Footprint, task: memory_plan.Task) -> memory_plan.Plan:
        """The fastest plan that fits; where by the estimates none does, the one most likely to."""
        chosen = memory_plan.choose(taken, self._room, task)
        return chosen or memory_plan.most_frugal(taken, self._room, task)

    def _next_plan(
        self, failed: memory_plan.Plan, taken: memory_plan.Footprint, task: memory_plan.Task
    ) -> memory_plan.Plan | None:
        """The plan after one that failed, if any is left.

        What a plan takes by the estimates was too much, so from now on there is less than that.
        """
        peak = memory_plan.peak_bytes(failed, taken, task, self._room.on_cpu)
        self._room = replace(self._room, device_bytes=min(self._room.device_bytes, peak - 1))
        return memory_plan.choose(taken, self._room, task)

    def _remedy(
        self, failed: memory_plan.Plan, recipe: Recipe, taken: memory_plan.Footprint
    ) -> str:
        """What to do when memory ran out with a plan, for whoever wrote the profile."""
        task = _task(recipe)
        peak = memory_plan.peak_bytes(failed, taken, task, self._room.on_cpu)
        room = replace(self._room, device_bytes=peak - 1)
        key = "draft.area" if recipe.source is None else "refine.area"
        smaller = memory_plan.largest(taken, room, task)
        advice = "choose a profile with a smaller model"
        if smaller:
            advice = f'set {key} = "{smaller[0]}x{smaller[1]}" or smaller in its profile'
        return (
            f"{failures.TOO_LARGE}, {recipe.width}x{recipe.height}; "
            f"close programs that need much memory, or {advice}"
        )

    def _placed(self, name: str, wanted: memory_plan.Holding) -> Loaded:
        """The model `name` with its weights where a plan wants them, or taking even less."""
        loaded = self._read(name)
        order = get_args(memory_plan.Holding)
        if loaded.held is not None and "fp8" in (wanted, loaded.held) and wanted != loaded.held:
            if self._rendering > 1:
                raise TooLargeError("there is too little memory while another picture is made")
            del self._loaded[name]
            loaded = self._read(name)
        if loaded.held is None or order.index(wanted) > order.index(loaded.held):
            try:
                offload.hold(loaded.pipe, self.device, wanted)
            except (RuntimeError, MemoryError) as error:
                del self._loaded[name]
                if not failures.ran_out(error):
                    raise
                raise TooLargeError(f"there is too little memory for {name}") from error
            self._loaded[name] = loaded = replace(loaded, held=wanted)
        return loaded

    def _free_room(self) -> memory_plan.Room:
        room = devices.room(self.device)
        return replace(room, device_bytes=self._memory_bytes) if self._memory_bytes else room

    def _give_back(self) -> None:
        """Return what nobody uses any more to the device, and to the operating system."""
        gc.collect()
        render.trim()
        if self.device.startswith("cuda"):
            torch.cuda.empty_cache()
        elif self.device.startswith("xpu"):
            torch.xpu.empty_cache()
        elif self.device.startswith("mps"):
            torch.mps.empty_cache()


def _seen(pipe: Any, rows: list[Recipe], plan: memory_plan.Plan) -> Activations | None:
    """Who looks into the denoiser while it draws; None where it is not called as a whole."""
    if rows[0].source is not None or plan.compiled or plan.windows or plan.split_guidance:
        return None
    aspect = rows[0].width / rows[0].height
    return Activations(pipe, pipelines.denoiser(pipe), len(rows), aspect)


def _kinds(seen: Activations, model: str) -> list[dict[str, bytes]]:
    """What was seen of each picture, packed, by kind, version and model."""
    suffix = f" {activations.VERSION} {model[:8]}"
    return [{name + suffix: pack(n) for name, n in numbers.items()} for numbers in seen.features()]


def _task(recipe: Recipe) -> memory_plan.Task:
    """What the memory plan has to know of a recipe."""
    sides = render_sides(recipe.width, recipe.height, recipe.multiple)
    return memory_plan.Task(sides, recipe.source is not None, recipe.guidance_scale > 1)


def _recorded(plan: str) -> memory_plan.Plan | None:
    """The plan that a record names; None for none, or one that this version does not know."""
    try:
        return memory_plan.parse(plan) if plan else None
    except ValueError:
        return None


@torch.no_grad()
def _prepared(
    loaded: Loaded,
    recipes: list[Recipe],
    source: Image.Image | None,
    additions: Mapping[str, str],
) -> tuple[list[Recipe], Any, dict[str, Any], list[Conditioning]]:
    """A pipeline of its own for the first of these recipes, and the arguments to call it with.

    Those of the others that it draws as well are the ones whose prompts are as long. Their
    conditioning comes last, where it is known here.
    """
    recipe = recipes[0]
    mode: pipelines.Mode = "txt2img" if source is None else "img2img"
    # Noise from CPU generators, one for each picture: the same on every device.
    generators = [torch.Generator("cpu").manual_seed(one.seed) for one in recipes]
    alone = generators[0]
    chance = generators if len(generators) > 1 else alone
    scheduler = scheduler_map.fresh(recipe.scheduler, loaded.pipe.scheduler, chance)
    others = loaded.adapters.filter(recipe)
    pipe = pipelines.make(loaded.pipe, mode, scheduler=scheduler, **others)
    loaded.prompts.attach(pipe, f"{recipe.loras} {additions}")
    words = loaded.adapters.words(recipe)
    conditioning: list[Conditioning] = []
    if encode.reads_chunks(pipe):
        conditioning = [clip.encode(pipe, one, words) for one in recipes]
    else:
        plain_words.require(recipe, words, pipelines.family(pipe).name)
    kept = [at for at, one in enumerate(conditioning) if one.shape == conditioning[0].shape] or [0]
    generators[:] = [generators[at] for at in kept]  # the scheduler has this list as well
    sides = render_sides(recipe.width, recipe.height, recipe.multiple)
    arguments = pipelines.arguments(pipe, plain_words.in_words(recipe), sides)
    arguments["generator"] = generators if len(generators) > 1 else alone
    loaded.prompts.tell(pipe, arguments, recipe)
    pictures = [conditioning[at] for at in kept] if conditioning else []
    if pictures:
        arguments |= clip.arguments(pipe, pictures)
        del arguments["prompt"]
        arguments.pop("negative_prompt", None)
    if source is not None:
        fitted = resize.fit(source, (recipe.width, recipe.height))
        arguments["image"] = _tensor(resize.pad(fitted, sides))
    return [recipes[at] for at in kept], pipe, arguments, pictures


def _tensor(image: Image.Image) -> torch.Tensor:
    """float32, (1, 3, height, width), 0..1, contiguous.

    Contiguous because strides change bits: diffusers' own conversion leaves channels last.
    """
    pixels = torch.from_numpy(np.array(image, dtype=np.float32) / 255.0)
    return pixels.permute(2, 0, 1).unsqueeze(0).contiguous()
