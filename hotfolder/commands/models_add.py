"""`hotfolder models add`: profiles for models that other programs have on this computer."""

from __future__ import annotations

import os
import re
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from hotfolder.errors import EXIT_DONE, MistakesError, did_you_mean, mistake, printable
from hotfolder.recipes.config import Config
from hotfolder.report.terminal import console
from hotfolder.studio.config import load, owners_file
from hotfolder.studio.names import slug

if TYPE_CHECKING:
    from hotfolder.render.models.inventory import Found, Inventory

_PICKLED = "skipped: {} pickled (.ckpt, .pt), which can run code and are never opened"


@dataclass(frozen=True, slots=True)
class Offer:
    """One line that can be chosen: a model for a profile, or a folder for the settings."""

    name: str
    says: str
    model: Found | None = None
    folder: Path | None = None
    setting: str = ""


def run(options: Namespace) -> int:
    """List what lies there and write profiles for what is chosen; returns the exit code."""
    from hotfolder.render.models import inventory

    config = load.nobody()
    here = inventory.take(options.path.expanduser().absolute())
    offers = _offers(here, config)
    _list(here, offers, config)
    chosen = _chosen(options, offers)
    if not chosen:
        return EXIT_DONE
    screen = console()
    for offer in chosen:
        if offer.model is not None:
            name, file = _write(offer.model, here, config)
            screen.print(f"profile {name}: {file}")
    for setting in ("loras", "embeddings"):
        folders = [str(o.folder) for o in chosen if o.setting == setting and o.folder]
        if folders and (added := owners_file.add(setting, folders)):
            screen.print(f"{setting} in {owners_file.path()}: {', '.join(added)}")
    if first := next((offer for offer in chosen if offer.model), None):
        assert first.model is not None  # noqa: S101
        name = _known(first.model, load.nobody())
        screen.print(f'To draw with it: profile = "{name}" in a prompt file or hotfolder.toml')
    return EXIT_DONE


def _offers(here: Inventory, config: Config) -> list[Offer]:
    from hotfolder.render.models.inventory import companions, family_name

    found = []
    for one in here.models:
        if one.trouble or _known(one, config):
            continue
        words = [family_name(one.what)]
        if one.what.prediction == "v_prediction":
            words.append("v-prediction")
        if one.what.kind == "denoiser":
            texts = [text.name for text in companions(one, here.text_encoders)]
            words.append("its denoiser alone" + (f", with {', '.join(texts)}" if texts else ""))
        words.append(_size(one.bytes))
        found.append(Offer(one.name, ", ".join(words), model=one))
    for setting, what, folders in (
        ("loras", "LoRAs", here.loras),
        ("embeddings", "embeddings", here.embeddings),
    ):
        for folder, count in folders.items():
            says = f"a folder of {count} {what if count > 1 else what.removesuffix('s')}"
            found.append(Offer(str(folder), says, folder=folder, setting=setting))
    return found


def _list(here: Inventory, offers: Sequence[Offer], config: Config) -> None:
    screen = console()
    lines = [f"{here.program}:"] if here.program else []
    width = max((len(printable(offer.name)) for offer in offers), default=0)
    for number, offer in enumerate(offers, 1):
        lines.append(f"{number:>4}  {printable(offer.name):<{width}}  {offer.says}")
    for one in here.models:
        if known := _known(one, config):
            lines.append(f"      {printable(one.name)}: profile {known} has it already")
    lines += [f"   -  {printable(one.trouble)}" for one in here.models if one.trouble]
    if here.text_encoders:
        names = ", ".join(printable(one.name) for one in here.text_encoders)
        lines.append(f"      text encoders, for denoisers alone: {names}")
    if here.others:
        lines.append(f"      {here.others} other files (VAEs, ControlNets, upscalers, …)")
    if here.pickled:
        lines.append(f"   -  {_PICKLED.format(here.pickled)}")
    screen.print("\n".join(lines or ["There are no models here."]))


def _chosen(options: Namespace, offers: Sequence[Offer]) -> list[Offer]:
    """What the command line names, or the person at the terminal."""
    if not offers:
        return []
    if options.all:
        return list(offers)
    if options.names:
        return [offer for name in options.names for offer in _named(name, offers)]
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        console().print("Nothing was written. Name what to add, or say --all.")
        return []
    return _asked(offers)


def _named(name: str, offers: Sequence[Offer]) -> list[Offer]:
    if name.isdecimal() and 1 <= int(name) <= len(offers):
        return [offers[int(name) - 1]]
    matching = [o for o in offers if fnmatch(o.name.lower(), name.lower()) or _last(o) == name]
    if not matching:
        known = [_last(offer) for offer in offers]
        raise mistake(f"there is no {name!r} among them; {did_you_mean(name, known)}")
    return matching


def _last(offer: Offer) -> str:
    return offer.folder.name if offer.folder else offer.name


def _asked(offers: Sequence[Offer]) -> list[Offer]:
    """What a person chooses by numbers; asked again until it is understood."""
    while True:
        try:
            said = input("Add which? (for example 1 3-5, or all; Enter: none) ").strip().lower()
        except EOFError:
            return []
        if not said:
            return []
        if said == "all":
            return list(offers)
        numbers = numbered(said, len(offers))
        if numbers:
            return [offers[number - 1] for number in numbers]
        console().print(f"That was not understood; type numbers from 1 to {len(offers)}.")


def numbered(said: str, most: int) -> list[int]:
    """The numbers from 1 to `most` that "1 3-5, 7" names; none where it says anything else."""
    found: list[int] = []
    for word in re.split(r"[\s,;]+", said.strip()):
        match = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", word)
        if not match:
            return []
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last <= most:
            return []
        found += [number for number in range(first, last + 1) if number not in found]
    return found


def _write(model: Found, here: Inventory, config: Config) -> tuple[str, Path]:
    """Write a profile for `model` under a name that nothing has yet; the name and the file."""
    from hotfolder.render.models import presets
    from hotfolder.render.models.inventory import companions

    alone = model.what.kind == "denoiser"
    texts = companions(model, here.text_encoders) if alone else ()
    return owners_file.add_profile(
        slug(model.name) or "model", presets.profile(model, texts, here.program), config.profiles
    )


def _known(model: Found, config: Config) -> str:
    """The owner's profile that has this model already, "" for none."""
    for name in config.profiles:
        try:
            has = config.profile(name).model
        except MistakesError:
            continue
        if any(_same(source, model.path) for source in (has.source, has.transformer) if source):
            return name
    return ""


def _same(source: str, path: Path) -> bool:
    named = Path(source).expanduser()
    return named.is_absolute() and os.path.normcase(named) == os.path.normcase(path)


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
