"""Which of the owner's profiles fits a picture from elsewhere, and what of it cannot be used.

A picture names a model. Only the owner's profiles say where models are, so all that can be done
with the name is to look for it there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hotfolder import checksum
from hotfolder.errors import MistakesError
from hotfolder.images.told import Told
from hotfolder.prompts import paragraphs
from hotfolder.recipes.owner import Owner
from hotfolder.recipes.profile import Model, Profile, model_name
from hotfolder.recipes.schedulers import MODEL_OWN
from hotfolder.studio.layout import Studio
from hotfolder.studio.names import printable

_SHOWN = 8
_SAMPLERS = ("sampler", "schedulers", "scheduler", "schedule type")


@dataclass(frozen=True, slots=True)
class Matched:
    """The profile for a picture, whether it has the picture's own model, and what is not used.

    `notes` are sentences for the owner; empty where all is used.
    """

    profile_name: str
    profile: Profile
    has_model: bool
    notes: tuple[str, ...] = ()


def match(told: Told, owner: Owner, studio: Studio, preferred: str = "") -> Matched:
    """The profile that has the model of which `told` tells, or the owner's default one.

    The settings told are laid over a profile only if it has that model: steps and guidance of one
    model mean nothing to another. Models are known by their names, or by the hash of their file
    where that is remembered from using it. Of several profiles with it `preferred` comes first.
    """
    fitting = [name for name, model in _models(owner) if _is(model, name, told, studio.root)]
    order = [preferred, owner.settings.profile, *fitting]
    name = next((name for name in order if name in fitting), None)
    notes = tuple(_notes(told, owner, name))
    if name is None:
        return Matched(owner.settings.profile, owner.profile(None), False, notes)
    scheduler = None if _leaves_to_model(owner, name) else told.scheduler
    overrides = paragraphs.overrides(told.steps, told.guidance_scale, scheduler, None, None)
    return Matched(name, owner.profile(name, overrides), True, notes)


def _leaves_to_model(owner: Owner, profile_name: str) -> bool:
    """Whether a profile leaves the scheduler to the model: not all models take any other."""
    return owner.profile(profile_name).scheduler == MODEL_OWN


def _models(owner: Owner) -> Iterator[tuple[str, Model]]:
    for name in owner.profiles:
        try:
            yield name, owner.profile(name).model
        except MistakesError:
            continue  # told to those who use it


def _is(model: Model, profile_name: str, told: Told, root: Path) -> bool:
    """Whether a profile's model is the one that a picture names."""
    wanted = _plain(told.model)
    names = {profile_name, model_name(model).partition("@")[0], _file_name(model.source)}
    if wanted and wanted in map(_plain, names):
        return True
    if not told.model_hash or not model.source.endswith(".safetensors"):
        return False
    file = root / Path(model.source).expanduser()
    known = checksum.remembered(file) if file.is_file() else None
    return known is not None and known.startswith(told.model_hash)


def _file_name(source: str) -> str:
    return re.split(r"[\\/:]", source)[-1].removesuffix(".safetensors")


def _plain(name: str) -> str:
    """What programs keep of a model's name, however they write it."""
    return re.sub(r"[\W_]+", "", name.lower())


def _notes(told: Told, owner: Owner, profile_name: str | None) -> Iterator[str]:
    if profile_name is None and (told.model or told.model_hash):
        named = f"its model {_quoted(told.model)}" if told.model else "its model"
        hashed = f" ({told.model_hash[:10]})" if told.model_hash else ""
        yield (
            f"{named}{hashed} is in none of your profiles; "
            f"{owner.settings.profile!r} is used, with its own settings"
        )
    if told.loras:
        yield f"LoRAs that are not used: {_listed(told.loras)}"
    if told.scheduler and profile_name and _leaves_to_model(owner, profile_name):
        yield f"its sampler {told.scheduler!r} is not used: {profile_name!r} leaves it to the model"
    samplers = [text for key, text in told.others.items() if key.lower() in _SAMPLERS]
    if samplers and told.scheduler is None:
        yield f"its sampler {_quoted(' '.join(samplers))} has no counterpart here"
    rest = [f"{key} {text}" for key, text in told.others.items() if key.lower() not in _SAMPLERS]
    if rest:
        yield f"settings that are not used: {_listed(rest)}"


def _listed(texts: tuple[str, ...] | list[str]) -> str:
    shown = [_short(text) for text in texts[:_SHOWN]]
    more = len(texts) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _quoted(text: str) -> str:
    return f"'{_short(text)}'"


def _short(text: str) -> str:
    """Text from anywhere for a log: one line, not long."""
    return printable(text if len(text) <= 60 else text[:59] + "…")
