"""The models that are in memory, and where their weights are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

import torch

from hotfolder.errors import ModelMissingError, TooLargeError, did_you_mean
from hotfolder.recipes.model import Model, at_other_revision, at_other_step_cache, at_revision
from hotfolder.render import environment, failures
from hotfolder.render.compilation import Compiled
from hotfolder.render.memory import footprint, memory_plan, offload
from hotfolder.render.models import editions, fingerprint, hub, pipelines, quantised, weights
from hotfolder.render.models.adapters import Adapters
from hotfolder.render.preview import Preview
from hotfolder.render.prompt import encode


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory; `pipe` holds its modules and own scheduler and is never run itself.

    `sha256` is its fingerprint, `file_sha256` the plain SHA-256 of the one file that it is of, ""
    for a folder. `commit` is that of the hub which its files are of, if they are the hub's. `held`
    says where its weights are; None: where they were read into, for no render yet.
    `prompts` remembers what its text encoders gave, `adapters` is what its owner gave it, and
    `parts` the names and SHA-256 of files that parts of it were taken from, besides its own.
    `compiled` is its denoiser for plans that want it so, `preview` how its latents look.
    """

    pipe: Any
    dtype: torch.dtype
    sha256: str
    file_sha256: str
    commit: str
    footprint: memory_plan.Footprint
    parts: dict[str, str]
    prompts: encode.PromptCache
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


class LoadedModels:
    """Reads models from their files, and moves their weights to where a plan wants them.

    `models` maps the names that recipes carry to the owner's models; their relative paths start
    at `base`.
    """

    def __init__(self, models: Mapping[str, Model], base: Path | None, device: str) -> None:
        self._models = dict(models)
        self._base = base
        self._device = device
        self._loaded: dict[str, Loaded] = {}

    def __contains__(self, name: str) -> bool:
        """Whether the owner has a model of this name."""
        return name in self._models

    def __getitem__(self, name: str) -> Model:
        """The owner's model of this name, with another step cache, or at another revision here.

        Raises ModelMissingError. A picture may name any revision, so none is fetched for it.
        """
        if name in self._models:
            return self._models[name]
        if cached := at_other_step_cache(name, self._models):
            return cached
        model = at_other_revision(name, self._models)
        if model is None:
            raise ModelMissingError(
                f"no profile here has the model {name!r}; {did_you_mean(name, self._models)}"
            )
        hub.require_kept(model, self._base)
        return model

    def at_commit(self, name: str, commit: str) -> str:
        """The name of the model `name` as it was at a commit, if that is here; else `name`.

        Raises ModelMissingError, which names the commit, where nothing of the model is here.
        """
        then = at_revision(name, commit)
        try:
            if hub.commit_of(weights.locate(self[name], self._base)) == commit:
                return name
        except ModelMissingError:
            return self._at(then)
        try:
            return self._at(then)
        except ModelMissingError:
            return name

    def _at(self, name: str) -> str:
        weights.locate(self[name], self._base)
        return name

    def clear(self) -> None:
        """Free the memory of all models."""
        self._loaded.clear()

    def read(self, name: str) -> Loaded:
        """The model `name`, read from its files if it is not in memory yet.

        Raises ModelMissingError, RenderError for files that cannot be used, and TooLargeError.
        """
        if name not in self._loaded:
            model = self[name]
            path = weights.locate(model, self._base)
            # Models since Stable Diffusion XL, which read by more than CLIP, came in bfloat16.
            wide = not weights.family(path).reads_clip
            dtype = environment.dtype(model.dtype, self._device, wide=wide)
            marks = fingerprint.begin(model, path, self._base)
            try:
                pipe = weights.load(path, model, dtype, self._base)
                quantised.pack(pipe, model, pipelines.family(pipe).denoiser, self._device)
            except MemoryError as error:
                raise TooLargeError(f"there is too little memory to read {name}") from error
            taken = footprint.of_pipeline(pipe, environment.word(dtype))
            edition = editions.find(model.source)
            known = marks()
            self._loaded[name] = Loaded(
                pipe,
                dtype,
                edition.sha256 if edition else known.model,
                known.file,
                hub.commit_of(path),
                taken,
                known.parts,
                encode.PromptCache(),
                Adapters(pipe, model, self._base, path, dtype),
                Compiled(pipelines.denoiser(pipe)),
            )
        return self._loaded[name]

    def hold(self, name: str, wanted: memory_plan.Holding, *, alone: bool = True) -> Loaded:
        """The model `name` with its weights where a plan wants them, or taking even less.

        `alone`: no other picture is being made, so a model may be read again that was rounded to
        eight bits. Raises as `read`.
        """
        loaded = self.read(name)
        order = get_args(memory_plan.Holding)
        if loaded.held is not None and "fp8" in (wanted, loaded.held) and wanted != loaded.held:
            if not alone:
                raise TooLargeError("there is too little memory while another picture is made")
            del self._loaded[name]
            loaded = self.read(name)
        if loaded.held is None or order.index(wanted) > order.index(loaded.held):
            try:
                offload.hold(loaded.pipe, self._device, wanted)
            except (RuntimeError, MemoryError) as error:
                del self._loaded[name]
                if not failures.ran_out(error):
                    raise
                raise TooLargeError(f"there is too little memory for {name}") from error
            self._loaded[name] = loaded = replace(loaded, held=wanted)
        return loaded
