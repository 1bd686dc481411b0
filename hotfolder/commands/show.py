"""`hotfolder show`: what is in a picture."""

from __future__ import annotations

import json
import re
from argparse import Namespace
from pathlib import Path
from typing import Any

from hotfolder.errors import EXIT_DONE, EXIT_SOME_FAILED, PictureError, printable, refusal
from hotfolder.images.generation_params import GenerationParams
from hotfolder.recipes import recipe as recipes
from hotfolder.report import lineage
from hotfolder.report.terminal import console
from hotfolder.studio.config import load
from hotfolder.studio.config.match_model import match
from hotfolder.studio.identity import Identity, identify
from hotfolder.studio.pictures import pictures, studio_of
from hotfolder.studio.reading import read_file
from hotfolder.studio.store import archive

_LABEL = re.compile(r"[│├└─ ]+(?:[a-zA-Z ]{10} )?")


def run(options: Namespace) -> int:
    """Print the recipe, record and lineage of each picture, as trees or as JSON."""
    screen = console()
    failed = False
    shown: list[dict[str, Any]] = []
    for path in pictures(options.images):
        name = printable(str(path))
        try:
            identity = identify(read_file(path), studio_of(path))
        except (OSError, PictureError) as error:
            failed = True
            says = refusal(error) if isinstance(error, OSError) else str(error)
            shown.append({"file": name, "error": says})
            if not options.json:
                screen.print(f"{name}: {says}")
            continue
        shown.append({"file": name, **_facts(path, identity)})
        if not options.json:
            if len(shown) > 1:
                screen.print()
            _print(path, identity)
    if options.json:
        screen.print(json.dumps(shown, indent=2))
    return EXIT_SOME_FAILED if failed else EXIT_DONE


def _facts(path: Path, identity: Identity) -> dict[str, Any]:
    import msgspec

    facts: dict[str, Any] = {
        "width": identity.pixels.width,
        "height": identity.pixels.height,
        "pixels": identity.pixels.sha256,
    }
    if identity.recipe is not None:
        facts["id"] = identity.recipe.id
        facts["recipe"] = json.loads(recipes.canonical(identity.recipe))
        facts["record"] = msgspec.to_builtins(identity.record)
        facts["edited"] = identity.edited
        facts["converted"] = identity.converted
        facts["carrier"] = identity.carrier
        facts["proved"] = _is_proved(path, identity)
    elif identity.params is not None:
        facts["told"] = msgspec.to_builtins(identity.params)
        facts["notes"] = list(_matched(path, identity.params))
    if identity.note:
        facts["note"] = identity.note
    return facts


def _print(path: Path, identity: Identity) -> None:
    name, params = printable(str(path)), identity.params
    size = f"{identity.pixels.width}x{identity.pixels.height}"
    notes = [identity.note] if identity.note else []
    if identity.recipe is not None and identity.record is not None:
        title = f"{name}  {identity.record.stage} {identity.recipe.id[:8]}"
        if identity.converted:
            kind = identity.format.upper()
            notes.append(f"converted to {kind} after it was made, which changes pixels, or edited")
        elif identity.edited:
            notes.append("edited after it was made: its pixels are not the recorded ones")
        if identity.lost:
            notes.append("it has lost its recipe; this studio recognised its pixels")
        if _is_proved(path, identity):
            notes.append("made on this computer, whose signed record says the same")
        else:
            notes.append("claimed by the picture; no record on this computer proves it")
        carrier = identity.carrier or ""
        _say(lineage.tree(title, identity.recipe, identity.record, notes, carrier))
    elif params is not None:
        title = f"{name}  {size}, made by {printable(params.program)}"
        _say(lineage.foreign(title, params, (*notes, *_matched(path, params))))
    else:
        _say([f"{name}  {size}, does not say how it was made", *(f"└── {n}" for n in notes)])


def _is_proved(path: Path, identity: Identity) -> bool:
    """Whether this computer has signed that it made the picture, with what the picture carries."""
    studio, recipe, record = studio_of(path), identity.recipe, identity.record
    if studio is None or recipe is None or record is None or identity.edited:
        return False
    return archive.is_proved(studio, recipe, record)


def _matched(path: Path, params: GenerationParams) -> tuple[str, ...]:
    """How a picture from elsewhere would be used in the studio that it lies in."""
    studio = studio_of(path)
    if studio is None:
        return ()
    config, _ = load.examine(studio)
    matched = match(params, config, studio)
    found = f"its model is that of your profile {matched.profile_name!r}"
    return (*([found] if matched.has_model else []), *matched.notes)


def _say(lines: list[str]) -> None:
    """Print a tree, its title bold and its branches and labels dim where there are colours."""
    from rich.text import Text

    screen = console()
    for number, line in enumerate(lines):
        text = Text(line)
        if number == 0:
            text.stylize("bold", 0, line.find("  "))
        elif branch := _LABEL.match(line):
            text.stylize("dim", 0, branch.end())
        screen.print(text)
