"""What a model is given besides its own weights: LoRAs, words with a meaning of their own.

All of it is the owner's, from safetensors alone, and never melted into the weights: that could not
be undone bit for bit. An active LoRA is a state of the shared modules, so a render puts it on when
it begins and puts back what was on before when it ends; renders nest, and never overlap.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from hotfolder import shelves
from hotfolder.errors import RenderError, did_you_mean
from hotfolder.recipes.model import Model, lora_name
from hotfolder.recipes.recipe import Lora, Recipe
from hotfolder.render.models import (
    contents,
    fingerprint,
    header,
    lora_kinds,
    lora_names,
    pipelines,
    single_file,
    split,
    weights,
)

_log = logging.getLogger(__name__)

# A word's vectors lie in a file under one of these names, for the first and the second encoder.
_VECTORS = (("emb_params", "clip_l", "*"), ("clip_g",))

# Where trainers write what a LoRA is for.
_MADE_FOR = ("modelspec.architecture", "ss_base_model_version")

Vectors = tuple[torch.Tensor | None, ...]


@dataclass(slots=True)
class Adapters:
    """The additions of one loaded model, each read when it is first asked for.

    `pipe` holds the model's modules, `model` says where the owner's files are, with relative paths
    from `base`; `path` is the model's own.
    """

    pipe: Any
    model: Model
    base: Path | None
    path: Path
    dtype: torch.dtype
    _fingerprints: dict[str, str] = field(default_factory=dict)
    _words: dict[str, Vectors] = field(default_factory=dict)
    _unfit: dict[str, str] = field(default_factory=dict)
    _left_out: dict[str, str] = field(default_factory=dict)
    _active: tuple[Lora, ...] = ()
    _filter: dict[str, Any] = field(default_factory=dict)

    def fetch(self, recipe: Recipe) -> dict[str, str]:
        """Read what `recipe` names and is not here yet; its names and fingerprints.

        Raises RenderError, or ModelMissingError, with the name of what cannot be had.
        """
        names = [lora.name for lora in recipe.loras]
        if len(set(names)) < len(names):
            raise RenderError("two LoRAs have the same name; rename one in the profile")
        for name in names:
            if name not in self._fingerprints:
                self._read_lora(name)
        for word in recipe.embeddings:
            if word not in self._words and word not in self._unfit:
                self._read_word(word)
        read = [*names, *(word for word in recipe.embeddings if word in self._words)]
        return {name: self._fingerprints[name] for name in read}

    def words(self, recipe: Recipe) -> dict[str, Vectors]:
        """The vectors of every word that `recipe` names, after `fetch`."""
        return {word: self._words[word] for word in recipe.embeddings if word in self._words}

    def filter(self, recipe: Recipe) -> dict[str, Any]:
        """The model's own safety checker as components of a pipeline, if `recipe` wants it."""
        if recipe.safety_checker and not self._filter:
            parts = weights.safety_checker(self.path, self.dtype)
            self._filter = {
                name: part.to(self.pipe.device) if isinstance(part, torch.nn.Module) else part
                for name, part in parts.items()
            }
        return self._filter if recipe.safety_checker else {}

    @contextmanager
    def active(self, loras: tuple[Lora, ...]) -> Iterator[None]:
        """Have exactly these LoRAs work on the model, and afterwards those that did before."""
        before = self._active
        if loras == before:
            yield
            return
        self._put_on(loras)
        try:
            yield
        finally:
            self._put_on(before)

    def _put_on(self, loras: tuple[Lora, ...]) -> None:
        self._active = loras
        if loras:
            self.pipe.enable_lora()
            names = [_adapter(lora.name) for lora in loras]
            self.pipe.set_adapters(names, [self._scales(lora) for lora in loras])
        elif any(_adapters(module) for module in self.pipe.components.values()):
            self.pipe.disable_lora()

    def _scales(self, lora: Lora) -> float | dict[str, float]:
        """How strongly a LoRA works on each module, where that is not the same on all."""
        if lora.text_scale is None:
            return lora.scale
        return {
            name: lora.text_scale if name.startswith("text_encoder") else lora.scale
            for name, module in self.pipe.components.items()
            if _adapter(lora.name) in _adapters(module)
        }

    def _read_lora(self, name: str) -> None:
        offered = {lora_name(lora): lora.source for lora in self.model.loras}
        path = self._file(name, offered, self.model.lora_folders, "LoRA", "model.loras")
        family = pipelines.family(self.pipe).name
        if not hasattr(self.pipe, "load_lora_weights"):
            raise RenderError(f"{family} models take no LoRA; take {name!r} out of the profile")
        _require(path, "LoRA", name)
        file = lora_kinds.as_lora(name, _floats(path), self.pipe)
        fitting = lora_kinds.spellings(file, self.pipe)
        taken = next((one for one in fitting if self._takes(one.tensors, _adapter(name))), None)
        if taken is None:
            made_for = filter(None, map(header.read(path).metadata.get, _MADE_FOR))
            unknown = "another kind of model, or its layers have unknown names"
            raise RenderError(
                f"the LoRA {name!r} does not fit this model, which is of {family}: "
                f"it was made for {next(made_for, unknown)[:90]}"
            )
        self._fingerprints[name] = fingerprint.fingerprint(path)
        if taken.lost:
            self._left_out[name] = (
                f"of the LoRA {name!r} {taken.lost} of {taken.parts} parts are not used: "
                "this model has no place for them"
            )
            _log.warning("%s", self._left_out[name])

    def _takes(self, tensors: lora_names.Tensors, adapter: str) -> bool:
        """Whether the model takes these tensors as a LoRA; it is off then, and there."""
        try:
            own = {key: tensor.to(self.dtype) for key, tensor in tensors.items()}
            self.pipe.load_lora_weights(own, adapter_name=adapter)
            return any(adapter in _adapters(part) for part in self.pipe.components.values())
        except Exception as error:
            _log.debug("as a LoRA it does not fit: %s", error)
            for module in self.pipe.components.values():
                if adapter in _adapters(module):
                    module.delete_adapters(adapter)
            return False
        finally:
            self._put_on(self._active)  # loading puts the new one on

    def _read_word(self, word: str) -> None:
        model = self.model
        family = pipelines.family(self.pipe)
        if word not in model.embeddings and not family.reads_clip:
            self._unfit[word] = ""
            return
        path = self._file(
            word, model.embeddings, model.embedding_folders, "embedding", "model.embeddings"
        )
        try:
            self._words[word] = self._vectors(word, path)
            self._fingerprints[word] = fingerprint.fingerprint(path)
        except RenderError as error:
            if word in model.embeddings:
                raise
            # A folder has files for several families, and a prompt its own words.
            self._unfit[word] = f"{error}; its name is read as a word"
            _log.warning("%s", self._unfit[word])

    def notes(self, recipe: Recipe) -> tuple[str, ...]:
        """Sentences on the LoRAs and embeddings of a recipe that do not fit, or not all of them."""
        loras = (self._left_out.get(lora.name) for lora in recipe.loras)
        words = (self._unfit.get(word) for word in recipe.embeddings)
        return tuple(filter(None, (*loras, *words)))

    def _vectors(self, word: str, path: Path) -> Vectors:
        """An embedding's vectors, for each text encoder. Raises RenderError where they misfit."""
        _require(path, "embedding", word)
        tensors = _floats(path)
        encoders = [getattr(self.pipe, name, None) for name in ("text_encoder", "text_encoder_2")]
        if len(tensors) == 1 and encoders[1] is None:
            tensors = dict.fromkeys(
                _VECTORS[0], *tensors.values()
            )  # diffusers writes its word there
        vectors: list[torch.Tensor | None] = []
        for encoder, keys in zip(encoders, _VECTORS, strict=True):
            found = next((tensors[key] for key in keys if key in tensors), None)
            width = None if found is None else found.shape[-1]
            wanted = None if encoder is None else encoder.config.hidden_size
            if width != wanted:
                raise RenderError(
                    f"the embedding {word!r} does not fit this model: its vectors have "
                    f"{width or 'no'} numbers where the model's have {wanted or 'none'}"
                )
            vectors.append(
                None if found is None else found.reshape(-1, found.shape[-1]).to(self.dtype)
            )
        return tuple(vectors)

    def _file(
        self, name: str, offered: dict[str, str], folders: list[str], what: str, key: str
    ) -> Path:
        """Where the owner has a LoRA or an embedding: named in a profile, or in a folder."""
        if name in offered:
            return split.locate_file(offered[name], self.base, key)
        here = [(self.base or Path()) / Path(folder).expanduser() for folder in folders]
        if (path := shelves.find(here, name)) is not None:
            return path
        known = [*offered, *(p.stem for f in here if f.is_dir() for p in shelves.files(f))]
        where = "no profile and no folder here" if here else "no profile here"
        raise RenderError(f"{where} has the {what} {name!r}; {did_you_mean(name, known)}")


def _require(path: Path, kind: contents.Kind, name: str) -> None:
    """Raise RenderError for a file that is known to be something else than `kind`."""
    if contents.of_file(path).kind not in (kind, ""):
        raise RenderError(f"the {kind} {name!r}: {single_file.mistaken(path, kind)}")


def _adapters(module: Any) -> Any:
    """The LoRAs that a module holds, on or off, by the names that peft knows them by."""
    return getattr(module, "peft_config", None) or {}


def _adapter(name: str) -> str:
    """`name` as peft takes it: a part of a module's path, so without dots."""
    return "".join(f"_{ord(c):x}_" if c in "./\\ " else c for c in name)


def _floats(path: Path) -> dict[str, torch.Tensor]:
    """The tensors in a file, none in eight bits, with which nothing can be computed.

    Raises RenderError for one that is no whole safetensors file.
    """
    header.read(path)
    found = load_file(path)
    small = {name for name, one in found.items() if one.is_floating_point() and one.itemsize == 1}
    return {name: one.float() if name in small else one for name, one in found.items()}
