"""`hotfolder demo`: the whole flow in a new studio, with the model that comes along."""

from __future__ import annotations

import time
from argparse import Namespace
from pathlib import Path

from hotfolder.commands import regenerate
from hotfolder.daemon import Daemon, Until
from hotfolder.errors import EXIT_DONE, EXIT_SOME_FAILED, HotfolderError
from hotfolder.images import pixels, png
from hotfolder.report import sheet
from hotfolder.report.progress import Bars
from hotfolder.studio import belongings, layout, publish
from hotfolder.studio.layout import Studio
from hotfolder.studio.lock import locked

EXAMPLE = "first-steps"
_STAR = """\
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
    studio, _ = layout.init(options.folder)
    with locked(studio.root), Bars() as bars:
        bars.say(f"1. A new studio: {studio.root}")
        for example in sorted((belongings.shipped("examples") / EXAMPLE / "inbox").iterdir()):
            publish.publish(studio.root, f"inbox/{example.name}", example.read_bytes())
            bars.say(f"2. A prompt file is dropped into inbox/: {example.name}")
        daemon = Daemon(studio, bars)
        daemon.run(Until(idle=True))
        drafts = sorted(studio.drafts.rglob("*.png"))
        moved, starred = drafts[len(drafts) // 3], drafts[2 * len(drafts) // 3]
        bars.say(f"3. One draft is moved to seeds/: {moved.name}")
        publish.move(studio.root, f"drafts/{moved.name}", f"seeds/{moved.name}")
        bars.say(f"4. Another gets five stars, as a picture program writes them: {starred.name}")
        _give_stars(starred)
        daemon.run(Until(idle=True))
        finals = sorted(studio.final.rglob("*.png"))
        bars.say(f"5. Made again from its metadata alone: {finals[0].name}")
    verdict = regenerate.check([finals[0]], studio)
    _contact_sheet(studio, {moved.name, starred.name})
    bars.say(f"\nAll of this took {time.monotonic() - began:.0f} s. Have a look at")
    bars.say(f"  {studio.root / 'contact-sheet.png'}")
    bars.say(f"  {studio.final}")
    bars.say(f"and go on with:  hotfolder run {options.folder}")
    return EXIT_SOME_FAILED if daemon.failures or verdict else EXIT_DONE


def _give_stars(path: Path) -> None:
    path.write_bytes(png.with_xmp(path.read_bytes(), _STAR))


def _contact_sheet(studio: Studio, picked: set[str]) -> None:
    """One row of all drafts, the picked ones marked, and one of finals for each picked draft."""
    found = [*studio.drafts.rglob("*.png"), *studio.seeds.rglob("*.png")]
    drafts = sorted(found, key=lambda path: path.name)
