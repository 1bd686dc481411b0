"""Which of the owner's profiles fits a picture from elsewhere, and what of it cannot be used.

A picture names a model. Only the owner's profiles say where models are, so all that can be done
with the name is to look for it there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hotfolder import checksum, shelves
from hotfolder.errors import MistakesError, printable
from hotfolder.images.generation_params import GenerationParams
from hotfolder.prompts import check, paragraphs
from hotfolder.recipes import library
from hotfolder.recipes.config import Config
from hotfolder.recipes.model import Model, model_name
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.prompt_syntax.tags import renamed
from hotfolder.recipes.schedulers import MODEL_OWN
from hotfolder.studio.layout import Studio

_SHOWN = 8
_SAMPLERS = ("sampler", "schedulers", "scheduler", "schedule type")


@dataclass(frozen=True, slots=True)
class Matched:
    """The profile for a picture, whether it has the picture's own model, and what is not used.

    `notes` are sentences for the owner; empty where all is used. `loras` maps names of the picture
    to the owner's names of the same files.
    """

    profile_name: str
    profile: Profile
    has_model: bool
    notes: tuple[str, ...] = ()
    loras: Mapping[str, str] = field(default_factory=dict)


def match(
    params: GenerationParams,
    config: Config,
    studio: Studio,
    preferred: str = "",
    pasted: bool = False,
) -> Matched:
    """The profile that has the model that `params` name, or the owner's default one.

    The settings told are laid over a profile only if it has that model: steps and guidance of one
    model mean nothing to another. Models are known by their names, or by the hash of their file
    where that is remembered from using it. Of several profiles with it `preferred` comes first.
    Somebody who `pasted` settings that name no model means the default one.
    """
    fitting = [name for name, model in _models(config) if _is(model, name, params, studio.root)]
    if pasted and not names_model(params):
        fitting = [config.settings.profile]
    order = [preferred, config.settings.profile, *fitting]
    name = next((name for name in order if name in fitting), None)
    rule = {"emphasis": params.emphasis} if params.emphasis else {}
    profile = config.profile(name, rule)
    loras = _by_hash(params, config, profile, studio.root)
    notes = tuple(_notes(params, config, name, loras))
    if name is None:
        return Matched(config.settings.profile, profile, False, notes, loras)
    scheduler = None if _leaves_to_model(config, name) else params.scheduler
    overrides = paragraphs.overrides(params.steps, params.guidance_scale, scheduler, None, None)
    return Matched(name, config.profile(name, overrides | rule), True, notes, loras)


def _by_hash(
    params: GenerationParams, config: Config, profile: Profile, root: Path
) -> dict[str, str]:
    """The LoRAs that a picture knows by other names than their owner: by the hashes of the files.

    Files are read for it once, and their hashes remembered.
    """
    shelf = config.shelf(profile)
    listed = [*profile.model.lora_folders, *config.settings.loras]
    folders = [root / Path(folder).expanduser() for folder in listed]
    found: dict[str, str] = {}
    for name, digits in params.lora_hashes.items():
        if library.named(shelf.loras, name) is None:
            own = library.named(shelf.loras, digits[: library.AUTOV2])
            if own := own or shelves.hashed(folders, digits):
                found[name] = own
    return found


def names_model(params: GenerationParams) -> bool:
    """Whether a picture or text says which model it was made with."""
    return bool(params.model or params.model_hash)


def _leaves_to_model(config: Config, profile_name: str) -> bool:
    """Whether a profile leaves the scheduler to the model: not all models take any other."""
    return config.profile(profile_name).scheduler == MODEL_OWN


def _models(config: Config) -> Iterator[tuple[str, Model]]:
    for name in config.profiles:
        try:
            yield name, config.profile(name).model
        except MistakesError:
            continue  # told to those who use it


def _is(model: Model, profile_name: str, params: GenerationParams, root: Path) -> bool:
    """Whether a profile's model is the one that a picture names."""
    wanted = _plain(params.model)
    names = {profile_name, model_name(model).partition("@")[0], _file_name(model.source)}
    if wanted and wanted in map(_plain, names):
        return True
    if not params.model_hash or not model.source.lower().endswith(".safetensors"):
        return False
    file = root / Path(model.source).expanduser()
    known = checksum.remembered(file) if file.is_file() else None
    return known is not None and known.startswith(params.model_hash)


def _file_name(source: str) -> str:
    return re.split(r"[\\/:]", source)[-1].removesuffix(".safetensors")


def _plain(name: str) -> str:
    """What programs keep of a model's name, however they write it."""
    return re.sub(r"[\W_]+", "", name.lower())


def _notes(
    params: GenerationParams, config: Config, profile_name: str | None, loras: Mapping[str, str]
) -> Iterator[str]:
    if params.unclear:
        yield params.unclear
    if profile_name is None and names_model(params):
        named = f"its model {_quoted(params.model)}" if params.model else "its model"
        hashed = f" ({params.model_hash[:10]})" if params.model_hash else ""
        yield (
            f"{named}{hashed} is in none of your profiles; "
            f"{config.settings.profile!r} is used, with its own settings"
        )
    profile = config.profile(profile_name)
    text, negative = renamed(paragraphs.prompt_of(params), loras), params.negative_prompt
    yield from check.notes(text, negative, profile, config.shelf(profile), literal=True)
    if params.scheduler and profile_name and _leaves_to_model(config, profile_name):
        sampler = f"its sampler {params.scheduler!r}"
        yield f"{sampler} is not used: {profile_name!r} leaves it to the model"
    samplers = [text for key, text in params.others.items() if key.lower() in _SAMPLERS]
    if samplers and params.scheduler is None:
        yield f"its sampler {_quoted(' '.join(samplers))} has no counterpart here"
    rest = [f"{key} {text}" for key, text in params.others.items() if key.lower() not in _SAMPLERS]
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
