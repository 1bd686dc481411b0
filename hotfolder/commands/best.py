"""`hotfolder best`: the drafts that nobody judged yet, best first."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Iterator

from hotfolder.errors import EXIT_DONE, printable
from hotfolder.ranking import Ranking, not_yet, rank
from hotfolder.report.terminal import console
from hotfolder.studio import layout
from hotfolder.studio.scan.survey import Survey
from hotfolder.studio.store import best_copies


def run(options: Namespace) -> int:
    """Print paths and scores, for people or as JSON."""
    studio = layout.find(options.studio)
    survey = Survey(studio)
    survey.look()
    ranking = rank(studio, survey.scanner)
    best = list(_each_once(ranking))[: options.count]
    if options.copies and best:
        best_copies.lay_out(studio, [path for path, _ in best])
    screen = console()
    if options.json:
        found = [{"file": printable(path), "score": score} for path, score in best]
        screen.print(json.dumps(found, indent=2, ensure_ascii=True))
        if ranking.judge is None:
            print(f"hotfolder: {not_yet(ranking)}", file=sys.stderr)  # noqa: T201
        return EXIT_DONE
    if ranking.judge is None:
        screen.print(not_yet(ranking)[:1].upper() + not_yet(ranking)[1:])
    elif not best:
        screen.print("You have already judged every draft.")
    for place, (path, score) in enumerate(best, 1):
        said = f"{score:5.0%}" if ranking.judge and ranking.judge.honest else f"{place:4}."
        screen.print(f"{said}  {printable(path)}")
    if best and ranking.judge and not ranking.judge.honest:
        screen.print(UNKNOWN)
    if options.copies and best:
        screen.print(f"Copies, in this order: {best_copies.BEST}/")
    return EXIT_DONE


def _each_once(ranking: Ranking) -> Iterator[tuple[str, float]]:
    """Paths and scores without the copies that were laid out, unless only they are left."""
    ours, keys = f"{best_copies.BEST}/", ranking.keys
    others = {keys[path] for path in ranking.scores if not path.startswith(ours)}
    for path, score in ranking.scores.items():
        if not (path.startswith(ours) and keys[path] in others):
            yield path, score


UNKNOWN = (
    "Best first, without probabilities: it is not known which other drafts you saw and left. "
    "Reject some of them: move them to drafts/rejected/."
)
