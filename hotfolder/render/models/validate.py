"""What is wrong with a profile's model that can be told before anything is fetched or loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hotfolder.errors import Mistake, RenderError
from hotfolder.recipes.model import Model, lora_name, model_name
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.schedulers import misfit
from hotfolder.render import step_cache
from hotfolder.render.models import header, hub, pipelines, quantised, single_file, split, weights
from hotfolder.render.models.family import Family


def troubles(profiles: Mapping[str, Profile], base: Path | None) -> list[Mistake]:
    """Every such mistake in these profiles, by their names; relative sources start at `base`.

    A model that would have to be fetched first is passed over.
    """
    found = [
        Mistake(f"profiles/{name}.toml, {mistake.where}", mistake.says)
        for name, profile in profiles.items()
        for mistake in _of(profile, base)
    ]
    return found + _same_names(profiles)


def _of(profile: Profile, base: Path | None) -> Iterator[Mistake]:
    model = profile.model
    try:
        path = weights.here(model, base)
        family, own = _kind(path) if path else (None, {})
        whole = True
    except RenderError as error:
        yield _mistake(error, "model.source")
        family, own, whole = None, {}, False
    if family and profile.refine.count and (says := pipelines.cannot_refine(family)):
        yield Mistake("refine", says)
    if family and model.batch > 1 and not family.reads_clip:
        says = f"{family.name} models draw one picture at a time; leave it out"
        yield Mistake("model.batch", says)
    if own:
        wanted = {"scheduler": profile.scheduler, "refine.scheduler": profile.refine.scheduler}
        for key, scheduler in wanted.items():
            if scheduler and (says := misfit(scheduler, str(own.get("_class_name")), own)):
                yield Mistake(key, says)
    if says := quantised.useless(model):
        yield Mistake("model.quantize", says)
    if family and (says := step_cache.useless(model, family)):
        yield Mistake("model.step_cache", says)
    if family and model.clip_skip > 1 and not family.reads_clip:
        says = f"it has no effect on {family.name} models, which do not read by CLIP alone"
        yield Mistake("model.clip_skip", f"{says}; leave it out")
    if model.revision and path and not hub.commit_of(path):
        yield Mistake("model.revision", "only models of the hub have revisions; leave it out")
    if whole:
        yield from _parts(model, base)
    yield from _adapters(model, base)


def _parts(model: Model, base: Path | None) -> Iterator[Mistake]:
    """What is wrong with files that parts of a model are taken from, as far as their heads tell."""
    if not (model.transformer or model.text_encoder):
        return
    try:
        if all(hub.cached(one) for one in split.sources(model, base) if one.file):
            split.chosen(model, None, base)  # what is to be fetched first cannot be read yet
    except RenderError as error:
        yield _mistake(error, "model")


def _mistake(error: RenderError, key: str) -> Mistake:
    """The mistake at the key that a sentence begins with, or else at `key`."""
    own, colon, says = str(error).partition(": ")
    named = bool(colon) and own.startswith("model.")
    return Mistake(own if named else key, says if named else str(error))


def _adapters(model: Model, base: Path | None) -> Iterator[Mistake]:
    """What is wrong with the files of LoRAs and embeddings, as far as their heads tell."""
    files = [("model.loras", lora.source) for lora in model.loras]
    files += [("model.embeddings", source) for source in model.embeddings.values()]
    for key, source in files:
        if source.startswith("hub:"):
            continue
        try:
            header.read(split.locate_file(source, base, key))
        except RenderError as error:
            yield Mistake(key, str(error).removeprefix(f"{key}: "))


def _kind(path: Path) -> tuple[Family, Mapping[str, Any]]:
    """The family, and the configuration of its own scheduler, of a model that is here."""
    if path.is_file():
        family, layout = single_file.family(path)
        folder = single_file.LAYOUTS / layout if layout else None
    else:
        family, folder = weights.family(path), path
    own = folder / "scheduler" / "scheduler_config.json" if folder else None
    if own is None or not own.is_file():
        return family, {}
    try:
        config = json.loads(own.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RenderError(f"{own} cannot be read: {error}") from error
    return family, config if isinstance(config, dict) else {}


def _same_names(profiles: Mapping[str, Profile]) -> list[Mistake]:
    """Different LoRAs that pictures of one model would know by the same name."""
    known: dict[tuple[str, str], str] = {}
    found = []
    for profile_name, profile in profiles.items():
        for lora in profile.model.loras:
            key = model_name(profile.model), lora_name(lora)
            if known.setdefault(key, lora.source) != lora.source:
                says = f"another profile calls a different LoRA {key[1]!r} too; rename one"
                found.append(Mistake(f"profiles/{profile_name}.toml, model.loras", says))
    return found
