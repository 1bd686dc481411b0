"""`hotfolder best`: the drafts that nobody judged yet, best first."""

from __future__ import annotations

import json
import sys
from argparse import Namespace

from hotfolder.errors import EXIT_DONE, printable
from hotfolder.ranking import not_yet, rank
from hotfolder.report.terminal import console
from hotfolder.studio import layout
from hotfolder.studio.scan.survey import Survey


def run(options: Namespace) -> int:
    """Print paths and scores, for people or as JSON."""
    studio = layout.find(options.studio)
    survey = Survey(studio)
    survey.look()
    ranking = rank(studio, survey.scanner)
    best = list(ranking.scores.items())[: options.count]
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
        screen.print("Every draft has been judged already.")
    for place, (path, score) in enumerate(best, 1):
        said = f"{score:5.0%}" if ranking.judge and ranking.judge.honest else f"{place:4}."
        screen.print(f"{said}  {printable(path)}")
    if best and ranking.judge and not ranking.judge.honest:
        screen.print(UNKNOWN)
    return EXIT_DONE


UNKNOWN = (
    "Best first, without probabilities: nobody knows which of the other drafts you saw and left. "
    "Reject some of them: move them to drafts/rejected/."
)
