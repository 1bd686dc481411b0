"""`hotfolder taste`: what was learned from picks and rejects, and how far to believe it."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hotfolder.commands.best import UNKNOWN
from hotfolder.errors import EXIT_DONE, HotfolderError, PictureError, printable, reason
from hotfolder.images import pixels
from hotfolder.images.composition import measured
from hotfolder.ranking import Ranking, not_yet, rank
from hotfolder.report.terminal import console
from hotfolder.studio import layout
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import read_file
from hotfolder.studio.scan.survey import Survey
from hotfolder.taste import lessons
from hotfolder.taste.judge import Judge
from hotfolder.taste.lessons import Lesson

_SHOWN = 6
_BAR = 30
_STEPS = 5
_LEAST_IN_STEP = 5


def run(options: Namespace) -> int:
    """Print what was learned, for people or as JSON; with `--sheet` also as a picture."""
    studio = layout.find(options.studio)
    survey = Survey(studio)
    survey.look()
    ranking = rank(studio, survey.scanner)
    screen = console()
    if options.json:
        screen.print(json.dumps(_facts(ranking), indent=2, ensure_ascii=True))
    else:
        screen.print("\n".join(_told(ranking)))
    if options.sheet is not None and ranking.judge is not None:
        _make_sheet(studio, ranking, options.sheet)
        if not options.json:
            screen.print(f"The best and the worst of what you judged: {options.sheet}")
    return EXIT_DONE


def _facts(ranking: Ranking) -> dict[str, Any]:
    learned = ranking.judge
    if learned is None:
        return {"judgements": ranking.count, "learned": None, "says": not_yet(ranking)}
    words, measures = _lessons(learned, ranking)
    best, worst = _extremes(ranking)
    return {
        "judgements": ranking.count,
        "learned": {
            "auc": _rounded(learned.auc),
            "calibration_error": _rounded(learned.error) if learned.honest else None,
            "probabilities": learned.honest,
            "memory": None if learned.memory == float("inf") else learned.memory,
            "words": {lesson.what: round(lesson.effect, 3) for lesson in words},
            "measures": {lesson.what: round(lesson.effect, 3) for lesson in measures},
            "reliability": [
                {"said": round(said, 3), "came": round(came, 3), "judgements": count}
                for said, came, count in _reliability(learned)
            ],
            "best": [printable(path) for path, _ in best],
            "worst": [printable(path) for path, _ in worst],
        },
    }


def _told(ranking: Ranking) -> Iterator[str]:
    """The lines for people."""
    learned = ranking.judge
    if learned is None:
        yield not_yet(ranking)[:1].upper() + not_yet(ranking)[1:]
        return
    yield f"Learned from {ranking.count:,} judgements."
    if np.isfinite(learned.auc):
        yield (
            f"Of a draft that you like and one that you do not, it finds the right one in "
            f"{learned.auc:.0%} of all cases (AUC, on judgements it had not seen; 50% is chance)."
        )
    if learned.memory != float("inf"):
        yield (
            f"Your taste has changed lately: what you judged before the last {learned.memory:.0f} "
            "judgements counts for little."
        )
    words, measures = _lessons(learned, ranking)
    for title, found in (("Words", words), ("Pictures", measures)):
        yield from _columns(title, found)
    best, worst = _extremes(ranking)
    for title, some in (("Best of what you judged", best), ("Worst", worst)):
        if some:
            yield f"{title}:"
        yield from (f"  {score:4.0%}  {printable(path)}" for path, score in some)
    if not learned.honest:
        yield UNKNOWN
        return
    yield f"What it predicted and what happened (off by {learned.error:.2f} on average):"
    for said, came, count in _reliability(learned):
        bar = "#" * round(came * _BAR)
        yield f"  {said:4.0%} said  {came:4.0%} liked  {bar:<{_BAR}}  {_many(count)}"


def _columns(title: str, found: Sequence[Lesson]) -> Iterator[str]:
    """What speaks for a picture and what against it, with how much."""
    for sign, says in ((1, "speak for"), (-1, "speak against")):
        some = [lesson for lesson in found if lesson.effect * sign > 0][:_SHOWN]
        if some:
            listed = ", ".join(f"{lesson.what} ({lesson.effect:+.1f})" for lesson in some)
            yield f"{title} that {says} a draft: {listed}"


def _lessons(learned: Judge, ranking: Ranking) -> tuple[list[Lesson], list[Lesson]]:
    pictures = list(ranking.known.values())
    named = measured.named()
    return lessons.of_words(learned, pictures), lessons.of_measures(learned, pictures, named)


def _extremes(ranking: Ranking) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """The best and the worst of the judged pictures that still lie here, with their scores."""
    if ranking.judge is None:
        return [], []
    known, judged = ranking.known, ranking.judged
    lying = [(path, known[j.picture]) for j, path in judged if path and j.picture in known]
    scores = ranking.judge.scores([features for _, features in lying]).tolist()
    pairs = [(path, score) for (path, _), score in zip(lying, scores, strict=True)]
    pairs.sort(key=lambda pair: -pair[1])
    shown = min(_SHOWN, len(pairs) // 2)
    return pairs[:shown], pairs[len(pairs) - shown :]


def _reliability(learned: Judge) -> Iterator[tuple[float, float, int]]:
    """In steps of what was said: its mean, the share that was liked, and how many there were."""
    for step in range(_STEPS):
        inside = [
            (said, came)
            for said, came in learned.told
            if step == min(_STEPS - 1, int(said * _STEPS))
        ]
        if len(inside) >= _LEAST_IN_STEP:
            said, came = zip(*inside, strict=True)
            yield float(np.mean(said)), float(np.mean(came)), len(inside)


def _make_sheet(studio: Studio, ranking: Ranking, file: Path) -> None:
    from hotfolder.report.sheet import Row, sheet

    best, worst = _extremes(ranking)
    rows = []
    for heading, found in (("the best of what you judged", best), ("the worst", worst)):
        shown = []
        for path, _ in found:
            try:
                shown.append(pixels.decode(read_file(studio.root / path, below=studio.root)))
            except (OSError, PictureError):
                continue  # taken away since
        if shown:
            rows.append(Row(heading, shown))
    if not rows:
        raise HotfolderError("none of the pictures that you judged is here any more")
    if file.exists():
        raise HotfolderError(f"{file} already exists; name another file")
    try:
        sheet("What hotfolder has learned", rows).save(file)
    except (OSError, ValueError) as error:
        says = reason(error) if isinstance(error, OSError) else str(error)
        raise HotfolderError(f"{file} cannot be written: {says}") from error


def _many(count: int) -> str:
    return f"{count:,} judgement" + ("" if count == 1 else "s")


def _rounded(number: float) -> float | None:
    return round(number, 4) if np.isfinite(number) else None
