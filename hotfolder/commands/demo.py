"""`hotfolder demo`: the whole flow in a new studio, with the model that is included."""

from __future__ import annotations

import time
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from hotfolder.commands import regenerate
from hotfolder.daemon import Daemon, Until
from hotfolder.errors import EXIT_DONE, EXIT_SOME_FAILED, HotfolderError
from hotfolder.images import pixels, png
from hotfolder.recipes.recipe import Pixels, Recipe
from hotfolder.report import sheet
from hotfolder.report.progress import Bars
from hotfolder.report.terminal import console
from hotfolder.studio.config import load
from hotfolder.studio.create import create
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import atomic
from hotfolder.studio.store.lock import locked

if TYPE_CHECKING:
    from PIL.Image import Image

EXAMPLE = "first-steps"
STAR = """\
<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="5"/>
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def run(options: Namespace) -> int:
    """Drop a prompt file, pick two drafts, refine them, make one final again; all for real."""
    began = time.monotonic()
    if options.folder.exists() and any(options.folder.iterdir()):
        raise HotfolderError(f"{options.folder} is not empty; name another folder for the demo")
    studio, _ = create(options.folder)
    with locked(studio.root), Bars() as bars:
        bars.say(f"1. A new studio: {studio.root}")
        for example in sorted((load.shipped("examples") / EXAMPLE / "inbox").iterdir()):
            atomic.publish(studio.root, f"inbox/{example.name}", example.read_bytes())
            bars.say(f"2. A prompt file is dropped into inbox/: {example.name}")
        daemon = Daemon(studio, bars)
        daemon.run(Until(idle=True))
        drafts = sorted(studio.drafts.glob("*.png"))
        moved, starred = drafts[len(drafts) // 4], drafts[-1 - len(drafts) // 4]
        bars.say(f"3. One draft is moved to seeds/: {moved.name}")
        atomic.move(studio.root, f"drafts/{moved.name}", f"seeds/{moved.name}")
        bars.say(f"4. Another gets a star where it is: {starred.name}")
        starred.write_bytes(png.with_xmp(starred.read_bytes(), STAR))
        daemon.run(Until(idle=True))
        daemon.close()
        final = sorted(studio.final.glob("*.png"))[0]
        bars.say("5. A final is made again from its metadata alone")
        verdict = regenerate.again([final], studio, bars)
        page = _contact_sheet(studio, [moved.name, starred.name])
    took = time.monotonic() - began
    screen = console()
    screen.print(f"\nThat took {took:.0f} s. Have a look at\n  {page}\n  {studio.final}")
    screen.print(f"and go on with\n  hotfolder run {options.folder}")
    return EXIT_SOME_FAILED if daemon.failures or verdict else EXIT_DONE


def _contact_sheet(studio: Studio, picked: list[str]) -> Path:
    """One row of all drafts, the picked ones framed, and one of finals for each picked draft."""
    files = [*studio.drafts.glob("*.png"), *studio.seeds.glob("*.png")]
    files.sort(key=lambda path: path.name)
    marked = frozenset(number for number, path in enumerate(files) if path.name in picked)
    rows = [sheet.Row("drafts/  the framed ones were picked", _opened(files), marked)]
    for name, how in zip(picked, ("moved to seeds/", "given a star"), strict=True):
        source = identify((studio.seeds / name).read_bytes()).recipe
        finals = [path for path in studio.final.glob("*.png") if _source(path) == source]
        number = name.rpartition("-")[2].removesuffix(".png")
        heading = f"final/  three refinements of {number} (left), which was {how}"
        rows.append(sheet.Row(heading, _opened([studio.seeds / name, *sorted(finals)])))
    target = studio.root / "contact-sheet.png"
    target.write_bytes(pixels.encode_png(sheet.sheet("hotfolder demo", rows), {}))
    return target


def _opened(paths: list[Path]) -> list[Image]:
    return [pixels.decode(path.read_bytes()) for path in paths]


def _source(path: Path) -> Recipe | Pixels | None:
    recipe = identify(path.read_bytes()).recipe
    return recipe.source if recipe else None
