"""`hotfolder status`: what lies where, what is waiting and why."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from hotfolder.commands.service import managers
from hotfolder.errors import EXIT_DONE, HotfolderError, StudioMissingError
from hotfolder.images.metadata import suffixes as picture_suffixes
from hotfolder.jobs import RenderDraft, RenderFinal
from hotfolder.plan import drafts_wanted, plan
from hotfolder.report.terminal import console
from hotfolder.services.task import Task
from hotfolder.studio import layout
from hotfolder.studio.names import printable
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.store import local, status_file
from hotfolder.studio.store.ledger import Ledger
from hotfolder.studio.store.lock import is_held
from hotfolder.studio.store.status_file import StatusFile


def run(options: Namespace) -> int:
    """Print the studio's state, for people or as JSON."""
    try:
        studio = layout.find(options.studio)
    except StudioMissingError:
        root = options.studio.resolve()
        if is_held(root):  # so it is no place for another studio
            says = f"{root} is not there now; hotfolder runs, and goes on when it is back"
            raise StudioMissingError(says) from None
        raise
    facts = _facts(studio)
    screen = console()
    if options.json:
        screen.print(json.dumps(facts, indent=2, ensure_ascii=True))
    else:
        screen.print("\n".join(_told(facts)))
    return EXIT_DONE


def _told(facts: dict[str, Any]) -> Iterator[str]:
    """The lines for people."""
    root = facts["studio"]
    yield root
    if facts["pause"]:
        yield f"  waits: {facts['pause']}"
    elif facts["running"]:
        yield "  at work"
    else:
        yield f"  not running; `hotfolder run {root}` starts it"
    files, picked = facts["prompt_files"], facts["seeds"]
    to_make, to_refine = facts["drafts_wanted"], facts["finals_wanted"]
    endless = f", {facts['endless_files']} without end" if facts["endless_files"] else ""
    yield f"  inbox   {_many(files, 'prompt file')}, {_many(to_make, 'draft')} to make{endless}"
    yield f"  drafts  {_many(facts['drafts_lying'], 'picture')}, {facts['drafts_made']:,} ever made"
    yield f"  seeds   {_many(picked, 'picture')}, {_many(to_refine, 'refinement')} to make"
    yield f"  final   {_many(facts['finals_lying'], 'picture')}, {facts['finals_made']:,} ever made"
    yield f"  log     {facts['log']}"
    starts = " and ".join(facts["started_by"])
    yield f"  starts  {f'by itself ({starts})' if starts else 'when you start it'}"
    for title, sentences in (
        ("Held back", facts["held_back"]),
        ("Waiting", [f"{path}: {says}" for path, says in facts["waiting"].items()]),
        ("With mistakes", [f"{path}: {says}" for path, says in facts["broken"].items()]),
    ):
        if sentences:
            yield f"{title}:"
        yield from (f"  {line}" for says in sentences for line in says.splitlines())


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _facts(studio: layout.Studio) -> dict[str, Any]:
    scanner = Scanner(studio, settle_s=0.0)
    snapshot = scanner.at_a_glance()
    history = Ledger(studio.ledger).history
    finals = takewhile(
        lambda job: not isinstance(job, RenderDraft), plan(snapshot, history, scanner.config)
    )
    settings, totals = scanner.config.settings, history.totals()
    running = is_held(studio.root)
    posted = status_file.read(studio.root) if running else StatusFile()
    held_back = []
    if snapshot.disk_is_low:
        held_back.append(f"everything: the disk has less than {settings.keep_free_gb:g} GB free")
    if snapshot.unseen_drafts >= settings.pause_endless_at:
        held_back.append(
            f"drafts without end: {_many(snapshot.unseen_drafts, 'picture')} lie in drafts/; look "
            "through them, or raise pause_endless_at in hotfolder.toml"
        )
    if posted.blind:
        held_back.append(f"notices of changes: {posted.blind}; new files are seen a little later")
    broken = {printable(f.path): f.says for f in (*snapshot.broken, *snapshot.useless_seeds)}
    waiting = {printable(path): says for path, says in snapshot.waiting.items()} | posted.waits
    return {
        "studio": printable(str(studio.root)),
        "running": running,
        "pause": posted.pause,
        "prompt_files": len(snapshot.prompt_files),
        "endless_files": sum(
            any(request.count == "endless" for request in file.requests)
            for file in snapshot.prompt_files
        ),
        "drafts_wanted": drafts_wanted(snapshot, history),
        "drafts_lying": snapshot.unseen_drafts,
        "drafts_made": totals["draft"],
        "seeds": len(snapshot.seeds),
        "finals_wanted": sum(isinstance(job, RenderFinal) for job in finals),
        "finals_lying": sum(
            p.suffix.lower() in picture_suffixes() for p in studio.final.rglob("*")
        ),
        "finals_made": totals["final"],
        "held_back": held_back,
        "waiting": {path: says for path, says in waiting.items() if path not in broken},
        "broken": broken,
        "log": printable(str(local.log(studio.root))),
        "started_by": _started_by(studio),
    }


def _started_by(studio: layout.Studio) -> list[str]:
    """What starts hotfolder on this studio by itself, as far as that can be found out."""
    try:
        return managers(Task.of(studio.root))
    except HotfolderError:
        return []
