"""`hotfolder status`: what lies where, what is waiting and why."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from hotfolder.errors import EXIT_DONE, StudioMissingError, many, printable
from hotfolder.status import Progress, Status, status
from hotfolder.studio import layout
from hotfolder.studio.scan import failed
from hotfolder.studio.store.lock import is_held

_BEST = 10
_FILES = 10
_RENDERERS = 20


def run(options: Namespace) -> int:
    """Print the studio's state, for people or as JSON."""
    try:
        studio = layout.find(options.studio)
    except StudioMissingError:
        root = options.studio.resolve()
        if is_held(root):  # so it is no place for another studio
            says = f"{root} is not there now; hotfolder is running, and goes on when it is back"
            raise StudioMissingError(says) from None
        raise
    now = status(studio)
    if options.json:
        facts = {**msgspec.to_builtins(now), "taste": _taste(studio)}
        told = json.dumps(facts, indent=2, ensure_ascii=True)
    else:
        told = "\n".join(_lines(now))
    sys.stdout.write(f"{told}\n")  # rich would take longer to import than all else
    return EXIT_DONE


def _lines(now: Status) -> Iterator[str]:
    """The lines for people."""
    root = now.studio
    yield root
    if now.pause:
        yield f"  waits: {now.pause}"
    elif now.running:
        yield "  at work"
    else:
        yield f"  not running; `hotfolder run {root}` starts it"
    files, picked = now.prompt_files, now.seeds
    to_make, to_refine = now.drafts_wanted, now.finals_wanted
    endless = f", {now.endless_files} endless" if now.endless_files else ""
    yield f"  inbox   {many(files, 'prompt file')}, {many(to_make, 'draft')} to make{endless}"
    for path, progress in islice(now.files.items(), _FILES):
        yield f"          {path}: {progress.made:,}/{_wanted(progress)}"
    if len(now.files) > _FILES:
        yield f"          and {len(now.files) - _FILES:,} more"
    passed = now.drafts_passed_over
    listed = f", {passed:,} given up early (`hotfolder finish` lists them)" if passed else ""
    yield f"  drafts  {many(now.drafts_lying, 'picture')}, {now.drafts_made:,} ever made{listed}"
    yield f"  seeds   {many(picked, 'picture')}, {many(to_refine, 'refinement')} to make"
    yield f"  final   {many(now.finals_lying, 'picture')}, {now.finals_made:,} ever made"
    if now.steering:
        yield f"  steered {now.steering}"
    for number, (name, says) in enumerate(islice(now.renders.items(), _RENDERERS)):
        yield f"  {'' if number else 'renders':8}{name}: {says}"
    if len(now.renders) > _RENDERERS:
        yield f"          and {len(now.renders) - _RENDERERS:,} more"
    yield f"  log     {now.log}"
    starts = " and ".join(now.started_by)
    yield f"  starts  {f'by itself ({starts})' if starts else 'only by hand'}"
    for title, sentences in (
        ("Held back", now.held_back),
        ("Waiting", [f"{path}: {says}" for path, says in now.waiting.items()]),
        ("With mistakes", [f"{path}: {says}" for path, says in now.broken.items()]),
        ("Not used", [f"{path}: {says}" for path, some in now.notes.items() for says in some]),
        ("Set aside; fix them and put them back into inbox/", list(failed.lines(now.failed))),
    ):
        if sentences:
            yield f"{title}:"
        yield from (f"  {line}" for says in sentences for line in says.splitlines())


def _wanted(progress: Progress) -> str:
    return "endless" if progress.wanted == "endless" else f"{progress.wanted:,}"


def _taste(studio: layout.Studio) -> dict[str, Any]:
    """How many judgements there are, and the best drafts, if there is an order of them yet."""
    from hotfolder.ranking import rank
    from hotfolder.studio.scan.survey import Survey

    survey = Survey(studio)
    survey.look()
    ranking = rank(studio, survey.scanner)
    best = islice(ranking.scores.items(), _BEST)
    return {
        "judgements": ranking.count,
        "best": [{"file": printable(path), "score": score} for path, score in best],
    }
