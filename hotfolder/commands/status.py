"""`hotfolder status`: what lies where, what is waiting and why."""

from __future__ import annotations

import json
from argparse import Namespace
from itertools import takewhile
from typing import Any

from hotfolder.errors import EXIT_DONE, StudioLockedError
from hotfolder.images.carried import suffixes as picture_suffixes
from hotfolder.plan import RenderDraft, RenderFinal, drafts_wanted, plan
from hotfolder.report.terminal import console
from hotfolder.studio import layout
from hotfolder.studio.ledger import Ledger
from hotfolder.studio.lock import locked
from hotfolder.studio.look import Look
from hotfolder.studio.names import printable


def run(options: Namespace) -> int:
    """Print the studio's state, for people or as JSON."""
    facts = _facts(layout.find(options.studio))
    screen = console()
    if options.json:
        screen.print(json.dumps(facts, indent=2, ensure_ascii=True))
        return EXIT_DONE
    screen.print(facts["studio"])
    screen.print(
        "  " + ("at work" if facts["running"] else "not running; `hotfolder run` starts it")
    )
    rows = {
        "inbox": f"{facts['prompt_files']} prompt files, {facts['drafts_wanted']} drafts to make"
        + (f", {facts['endless_files']} endless" if facts["endless_files"] else ""),
        "drafts": f"{facts['drafts_lying']} pictures lying there, {facts['drafts_made']} ever made",
        "seeds": f"{facts['seeds']} picked pictures, {facts['finals_wanted']} refinements to make",
        "final": f"{facts['finals_lying']} pictures lying there, {facts['finals_made']} ever made",
    }
    for room, text in rows.items():
        screen.print(f"  {room:7} {text}")
    for reason in facts["held_back"]:
        screen.print(f"  held back: {reason}")
    for path, says in {**facts["waiting"], **facts["broken"]}.items():
        screen.print(f"  {path}: {says}")
    return EXIT_DONE


def _facts(studio: layout.Studio) -> dict[str, Any]:
    look = Look(studio, settle_s=0.0)
    snapshot = look.at_a_glance()
    history = Ledger(studio.ledger).history
    finals = takewhile(
        lambda job: not isinstance(job, RenderDraft), plan(snapshot, history, look.owner)
    )
    settings, totals = look.owner.settings, history.totals()
    held_back = []
    if snapshot.disk_is_low:
        held_back.append(f"everything, the disk has less than {settings.keep_free_gb:g} GB free")
    if snapshot.unseen_drafts >= settings.pause_endless_at:
        held_back.append(f"endless drafts, drafts/ holds {snapshot.unseen_drafts} pictures")
    return {
        "studio": str(studio.root),
        "running": _is_running(studio),
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
        "waiting": {printable(path): says for path, says in snapshot.waiting.items()},
        "broken": {printable(f.path): f.says for f in (*snapshot.broken, *snapshot.useless_seeds)},
    }


def _is_running(studio: layout.Studio) -> bool:
    try:
        with locked(studio.root):
            return False
    except StudioLockedError:
        return True
