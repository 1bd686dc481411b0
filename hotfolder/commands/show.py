"""`hotfolder show`: what is in a picture."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from hotfolder.errors import EXIT_DONE, EXIT_SOME_FAILED, PictureError
from hotfolder.recipes import recipe as recipes
from hotfolder.report import lineage
from hotfolder.report.terminal import console
from hotfolder.studio.identity import Identity, identify
from hotfolder.studio.names import printable
from hotfolder.studio.pictures import pictures
from hotfolder.studio.reading import read_file


def run(options: Namespace) -> int:
    """Print the recipe, record and lineage of each picture, as trees or as JSON."""
    screen = console()
    failed = False
    shown: list[dict[str, Any]] = []
    for path in pictures(options.images):
        name = printable(str(path))
        try:
            identity = identify(read_file(path))
        except (OSError, PictureError) as error:
            failed = True
            says = error.strerror if isinstance(error, OSError) else str(error)
            shown.append({"file": name, "error": says})
            if not options.json:
                screen.print(f"{name}: {says}")
            continue
        shown.append({"file": name, **_facts(identity)})
        if not options.json:
            _print(name, identity)
    if options.json:
        screen.print(json.dumps(shown, indent=2))
    return EXIT_SOME_FAILED if failed else EXIT_DONE


def _facts(identity: Identity) -> dict[str, Any]:
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
        facts["carrier"] = identity.carrier
    elif identity.infotext is not None:
        facts["parameters"] = msgspec.to_builtins(identity.infotext)
    if identity.note:
        facts["note"] = identity.note
    return facts


def _print(name: str, identity: Identity) -> None:
    screen = console()
    if identity.recipe is not None and identity.record is not None:
        title = f"{name}  {identity.record.stage} {identity.recipe.id[:8]}"
        for line in lineage.tree(
            title, identity.recipe, identity.record, identity.edited, identity.carrier or ""
        ):
            screen.print(line)
        return
    size = f"{identity.pixels.width}x{identity.pixels.height}"
    if identity.infotext is not None:
        screen.print(f"{name}  {size}, made by another program")
        screen.print(f"└── prompt     {identity.infotext.prompt}")
    else:
        screen.print(f"{name}  {size}, says nothing of how it was made")
    if identity.note:
        screen.print(f"└── {identity.note}")
