"""Which parts of a model come from files of their own, and what is left to fetch from the hub."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from hotfolder.errors import ModelMissingError, RenderError
from hotfolder.recipes.model import Model, text_encoders
from hotfolder.recipes.sources import hint, is_hub_id, source_name
from hotfolder.render.models import contents, families, header, hub, single_file
from hotfolder.render.models.family import Family

# What a text encoder is that is not here yet, by the names that its file usually has.
_NAMED = {r"t5": "T5", r"clip_?g": "CLIP-G", r"clip": "CLIP-L", r"": "LLM"}


def locate_file(
    source: str, base: Path | None, key: str, endings: tuple[str, ...] = (header.SAFETENSORS,)
) -> Path:
    """The file of weights at `source`: a path from `base`, or `hub:owner/name/FILE`.

    Raises ModelMissingError and RenderError with a sentence that names the profile's `key`.
    """
    if source.startswith("hub:"):
        wanted = hub.file_source(source)
        if (found := hub.cached(wanted)) is None:
            raise not_here(wanted)
        return found
    path = (base or Path()) / Path(source).expanduser()
    if path.suffix.lower() not in endings:
        known = " or ".join(endings)
        raise RenderError(f"{key}: {path.name} is not a {known} file; {header.misnamed(path)}")
    if not path.is_file():
        says = header.nearest(path) or hint(source)
        raise ModelMissingError(f"{key}: there is no file {path}{says}")
    if says := header.piece(path):
        raise RenderError(f"{key}: {says}")
    return path


def chosen(model: Model, path: Path | None, base: Path | None) -> dict[str, Path]:
    """The file that each part of `model` is taken from; those of `path` unless others are named.

    `path` is where `model.source` is; None for one that is not here. An autoencoder's folder is
    none of them. Raises RenderError and ModelMissingError.
    """
    found: dict[str, Path] = {}
    family: Family | None = None
    if path is not None and path.is_file():
        whole = single_file.require(path)
        family = whole.family
        assert family is not None  # noqa: S101 - `require` says so
        found[family.denoiser] = path
        found |= {_part(family, reader): path for reader in whole.readers}
        found |= {"vae": path} if whole.has_vae else {}
    if model.transformer:
        endings = (header.SAFETENSORS, header.GGUF)
        file = locate_file(model.transformer, base, "model.transformer", endings)
        own = single_file.require_denoiser(file).family
        if own is None or (family is not None and own is not family):
            raise RenderError(
                f"model.transformer: {file.name} is of {own.name if own else 'no family'}, "
                f"and model.source of {family.name if family else 'none'}"
            )
        family = own
        found[family.denoiser] = file
    if texts := text_encoders(model):
        family = family or _family_of_source(model, path)
        for text in texts:
            file = locate_file(text, base, "model.text_encoder")
            readers = contents.of_file(file).readers
            if len(readers) != 1:
                says = single_file.mistaken(file, "text encoder alone")
                raise RenderError(f"model.text_encoder: {says}")
            found[_part(family, readers[0])] = file
    if model.vae and not _is_folder(model.vae, base):
        found["vae"] = file = locate_file(model.vae, base, "model.vae")
        inside = contents.of_file(file)
        if inside.kind not in ("autoencoder", "") and not inside.has_vae:
            says = single_file.mistaken(file, "autoencoder (VAE)")
            raise RenderError(f"model.vae: {says}")
    return found


def sources(model: Model, base: Path | None) -> tuple[hub.Source, ...]:
    """All of `model` that the hub has to give: files first, then what they leave of a base.

    Raises RenderError for files that cannot be used.
    """
    files = [model.transformer, *text_encoders(model)]
    on_hub = [hub.file_source(source) for source in files if source.startswith("hub:")]
    found = list(hub.sources(model, base))
    path = (base or Path()) / Path(model.source).expanduser()
    if not found and path.is_file() and path.suffix.lower() == header.SAFETENSORS:
        if "/" in (origin := single_file.require(path).origin):
            found = [hub.Source(origin, without=tuple(sorted(chosen(model, path, base))))]
    elif found and not found[0].file and not found[0].part:
        found[0] = replace(found[0], without=tuple(sorted(set(_replaced(model, base)))))
    return (*on_hub, *found)


def told(model: Model, path: Path, base: Path | None) -> tuple[tuple[str, ...], dict[str, Path]]:
    """For a record: the parts that do not come from `path`; the other files, by their names."""
    without = () if path.is_file() else tuple(set(chosen(model, path, base)) - _counted(model))
    named = [("transformer", model.transformer), ("vae", model.vae)]
    named += [("text_encoder", text) for text in text_encoders(model)]
    endings = (header.SAFETENSORS, header.GGUF)
    files: dict[str, Path] = {}
    for key, source in named:
        if source and _is_folder(source, base):
            here = (base or Path()) / Path(source).expanduser()
            found = here if here.is_dir() else hub.cached(hub.Source(source, part=True))
            files |= {source_name(source): found} if found else {}
        elif source:
            files[source_name(source)] = locate_file(source, base, f"model.{key}", endings)
    return without, files


def folder(model: Model, path: Path) -> Path:
    """Where what `model`'s files lack is: the folder at `path`, or what has the shape of a file.

    Raises ModelMissingError for a repository that is not here yet.
    """
    if path.is_dir():
        return path
    found = single_file.require(path)
    if own := single_file.layout(found):
        return own
    wanted = hub.Source(found.origin)
    here = hub.cached(wanted)
    if here is None:
        raise ModelMissingError(
            f"{path.name} has the weights alone; the small files with its shape are those of "
            f"{found.origin}, and not on this computer; `hotfolder fetch PROFILE` fetches them"
        )
    return here


def not_here(source: hub.Source) -> ModelMissingError:
    """What to do about something of the hub's that is not on this computer."""
    return ModelMissingError(
        f"the model {source} is not on this computer; `hotfolder fetch PROFILE` fetches it, or set "
        "model.source in the profile to a folder that you have"
    )


def _counted(model: Model) -> set[str]:
    """What is part of a repository's fingerprint although a file takes its place.

    So that the fingerprints of models with another autoencoder stay what they always were.
    """
    return set() if model.transformer or model.text_encoder else {"vae"}


def _replaced(model: Model, base: Path | None) -> Iterator[str]:
    """The parts of a repository that files take the place of, as far as can be told already."""
    known = families.of_source(model.source)
    family = known[0] if known else None
    if model.transformer:
        yield from ("transformer", "unet")
        try:
            endings = (header.SAFETENSORS, header.GGUF)
            file = locate_file(model.transformer, base, "model.transformer", endings)
            family = single_file.require_denoiser(file).family
        except ModelMissingError:
            pass
    if model.vae:
        yield from {"vae"} - _counted(model)
    for text in text_encoders(model) if family else ():
        assert family is not None  # noqa: S101
        yield _part(family, _reader(text, base))


def _reader(text: str, base: Path | None) -> str:
    """What a text encoder is: by its header, or by its name while it is not here."""
    try:
        readers = contents.of_file(locate_file(text, base, "model.text_encoder")).readers
        return readers[0] if readers else ""
    except ModelMissingError:
        name = text.rpartition("/")[2].lower()
        return next(reader for mark, reader in _NAMED.items() if re.search(mark, name))


def _part(family: Family, reader: str) -> str:
    """The part of a family's pipelines that is this text encoder (`Contents.readers`)."""
    if reader in ("CLIP-L", "CLIP-G"):
        return {"CLIP-L": "text_encoder", "CLIP-G": "text_encoder_2"}[reader]
    if reader in family.readers:
        return family.readers[reader]
    number = family.tokenizer.removeprefix("tokenizer")
    return f"text_encoder{number}" if number.startswith("_") else "text_encoder"


def _family_of_source(model: Model, path: Path | None) -> Family:
    if path is not None and (path / "model_index.json").is_file():
        index = json.loads((path / "model_index.json").read_text(encoding="utf-8"))
        return families.of(index["_class_name"])
    if known := families.of_source(model.source):
        return known[0]
    raise RenderError("model.text_encoder: which model it is for is not known before that is here")


def _is_folder(source: str, base: Path | None) -> bool:
    """Whether an autoencoder is a folder of diffusers' or of the hub, and no file."""
    path = (base or Path()) / Path(source).expanduser()
    return path.is_dir() or (is_hub_id(source) and not path.exists())
