"""The drafts that nobody judged yet, in the order in which their owner is likely to want them."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from hotfolder.critic import Critic
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.glances import Glances
from hotfolder.studio.scan.ratings import is_picture
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.store import elsewhere, opinions
from hotfolder.taste import judge
from hotfolder.taste.features import Features
from hotfolder.taste.judge import Judge
from hotfolder.taste.judgements import Judgement, counting, guessed
from hotfolder.taste.logistic import sigmoid

_AT_ONCE = 2000  # pictures whose features are in memory together
_OTHERS = 500  # pictures that nobody judged, by which features are scaled


@dataclass(frozen=True, slots=True)
class Ranking:
    """What was learned, and the scores of the drafts that were not judged yet, the best first.

    `scores` maps paths, relative to the studio, to numbers from 0 to 1: probabilities where the
    judge is `honest`, otherwise the share of these drafts that come after. There are none, and no
    judge, while fewer than `judge.LEAST` of the `count` certain judgements can be learned from.
    `judged` are the pictures whose judgements are certain, with where they lie, or "" for those
    that are gone; `known` are the features of these and some others. `keys` has what makes each
    scored picture the same one wherever it lies, by its path.
    """

    count: int
    judge: Judge | None
    scores: Mapping[str, float]
    judged: Sequence[tuple[Judgement, str]] = ()
    known: Mapping[str, Features] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)


def rank(studio: Studio, scanner: Scanner) -> Ranking:
    """Learn from all that is known, and score the drafts; nothing in the studio changes."""
    critic = Critic(studio)
    critic.listen(scanner)
    glances, stands = critic.glances, critic.judgements
    lying = pictures_lying(scanner, glances)
    new = {
        picture: paths
        for picture, paths in lying.items()
        if not (picture in stands and stands[picture].sorted) and paths[0].startswith("drafts/")
    }
    passed = guessed(stands, opinions.order(studio), new)
    judged = counting([*stands.values(), *passed])
    known = _known(studio, scanner, glances, lying, [judgement.picture for judgement in judged])
    elsewhere.tell(studio, [(j, known[j.picture]) for j in judged if j.picture in known])
    learned = judge.fit(judged, known, elsewhere=elsewhere.heard(studio))
    count = sum(judgement.certain and judgement.picture in known for judgement in judged)
    if learned is None:
        return Ranking(count, None, {})
    logits = dict(_scored(learned, _found(studio, scanner, glances, new)))
    glances.close({**scanner.readings("drafts"), **scanner.readings("seeds")})
    scores = _told(learned, {path: logits[p] for p in new if p in logits for path in new[p]})
    shown = [(j, lying.get(j.picture, [""])[0]) for j in judged if j.certain]
    keys = {path: picture for picture, paths in new.items() for path in paths}
    return Ranking(count, learned, scores, shown, known, keys)


def not_yet(ranking: Ranking) -> str:
    """Why there is no order, and what would help."""
    few = f"{ranking.count} judgement" + ("" if ranking.count == 1 else "s")
    return (
        f"not yet: {few} so far, and at least {judge.LEAST} are needed; a draft counts when you "
        "move it to seeds/, star it, move it to drafts/rejected/ or mark it as rejected"
    )


def _known(
    studio: Studio,
    scanner: Scanner,
    glances: Glances,
    lying: Mapping[str, Sequence[str]],
    judged: Collection[str],
) -> dict[str, Features]:
    """The features of judged pictures, as far as they can be had, and of the latest others."""
    wanted, known = set(judged), {}
    others: deque[Features] = deque(maxlen=_OTHERS)
    for features in opinions.features(studio):
        if features.picture in wanted:
            known[features.picture] = features
        elif features.picture in lying:
            others.append(features)
    known |= {features.picture: features for features in others}
    lacking = {p: lying[p] for p in judged if p in lying and p not in known}
    for features in _measured(scanner, glances, lacking):
        known[features.picture] = features
    return known


def pictures_lying(scanner: Scanner, glances: Glances) -> dict[str, list[str]]:
    """Where each picture of `drafts/` and `seeds/` lies, by its key."""
    lying: dict[str, list[str]] = {}
    for room in ("drafts", "seeds"):
        for path, reading in scanner.readings(room).items():
            if is_picture(path) and (picture := glances.picture(path, reading, scanner)):
                lying.setdefault(picture, []).append(path)
    return lying


def _found(
    studio: Studio, scanner: Scanner, glances: Glances, new: Mapping[str, Sequence[str]]
) -> Iterator[Features]:
    """The features of these pictures, kept or measured now."""
    left = dict(new)
    for features in opinions.features(studio):
        if left.pop(features.picture, None) is not None:
            yield features
    yield from _measured(scanner, glances, left)


def _measured(
    scanner: Scanner, glances: Glances, lying: Mapping[str, Sequence[str]]
) -> Iterator[Features]:
    """The features of pictures of which none were kept, as their files show them."""
    for path, *_ in lying.values():
        features = glances.features(path, scanner.readings(path.partition("/")[0])[path], scanner)
        if features is not None:
            yield features


def _scored(learned: Judge, pictures: Iterable[Features]) -> Iterator[tuple[str, float]]:
    """The log odds of each picture."""
    pictures = iter(pictures)
    while some := list(islice(pictures, _AT_ONCE)):
        for features, logit in zip(some, learned.logits(some).tolist(), strict=True):
            yield features.picture, logit


def _told(learned: Judge, logits: Mapping[str, float]) -> dict[str, float]:
    """Scores from log odds, the best first: probabilities, or places where those are unknown."""
    paths = sorted(logits, key=lambda path: (-logits[path], path))
    if learned.honest:
        said = sigmoid(np.array([logits[path] for path in paths]))
    else:
        said = (np.arange(len(paths))[::-1] + 0.5) / max(1, len(paths))
    return dict(zip(paths, np.round(said, 4).tolist(), strict=True))
