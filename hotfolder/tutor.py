"""Learns beside the rendering what a plan may ask of taste, and keeps it."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from hotfolder.backoff import LONGEST_PAUSE_S
from hotfolder.errors import HotfolderError
from hotfolder.ranking import Ranking, rank
from hotfolder.recipes.settings import Taste
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.survey import Survey
from hotfolder.studio.store import advice_file, elsewhere, opinions, trust
from hotfolder.taste import odds, rule
from hotfolder.taste.advice import Favourite
from hotfolder.taste.features import Features
from hotfolder.taste.judgements import Judgement, counting, guessed, standing
from hotfolder.taste.odds import Odds
from hotfolder.taste.rule import Rule

_log = logging.getLogger(__name__)
_NEWS = 20  # it is learned anew when the judgements have become a twentieth more
_OTHERS = 500  # drafts that nobody judged, by which features are scaled
_NIGHT = 3  # o'clock


class Tutor:
    """Learns in a thread of its own when there is something new; `advice` is what came of it.

    `wake` is called from that thread when it has learned.
    """

    def __init__(self, studio: Studio, wake: Callable[[], None]) -> None:
        self.advice = advice_file.read(studio.root)
        self._studio = studio
        self._wake = wake
        self._learned_from = Taste(), 0
        self._again_at = float("-inf")
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether something is being learned."""
        return self._thread is not None and self._thread.is_alive()

    def attend(self, wanted: Taste, now: datetime) -> bool:
        """Begin to learn, if that is wanted and there are new judgements; whether it has begun.

        `now` is the local time. Raises OSError.
        """
        learns = wanted.hold_back or wanted.early_stop
        if self.busy or not (learns or wanted.auto_pick):
            return False
        picks = bool(wanted.auto_pick) and self.advice.picked_at < due_since(wanted, now)
        picks = picks and now.timestamp() >= self._again_at
        if learns:
            extent = opinions.extent(self._studio)
            before, known = self._learned_from
            learns = wanted != before or abs(extent - known) * _NEWS > known
            self._learned_from = (wanted, extent) if learns else self._learned_from
        if not (picks or learns):
            return False
        learn = (wanted, learns, now.timestamp() if picks else None)
        self._thread = threading.Thread(target=self._learn, args=learn, name="tutor", daemon=True)
        self._thread.start()
        return True

    def close(self, waits: bool = True) -> None:
        """Let go; who `waits` does so until what is being learned is known."""
        if self._thread is not None and waits:
            self._thread.join()

    def _learn(self, wanted: Taste, learns: bool, picks_at: float | None) -> None:
        learned = self.advice
        try:
            if learns:
                judged = known_judgements(self._studio)
                table = learn_odds(self._studio, judged) if wanted.hold_back else None
                stops = learn_rule(self._studio, judged) if wanted.early_stop else None
                learned = replace(learned, odds=table, rule=stops)
            if picks_at is not None:
                found = favourites(self._studio, wanted)
                learned = replace(learned, favourites=found, picked_at=picks_at)
        except Exception as error:
            self._again_at = (picks_at or 0.0) + LONGEST_PAUSE_S
            if isinstance(error, HotfolderError | OSError):
                _log.warning("what was picked and rejected could not be learned from: %s", error)
            else:
                _log.exception("unexpected trouble with what was picked and rejected")
        if learned != self.advice:
            advice_file.keep(self._studio.root, learned)
            self.advice = learned
        self._wake()


def due_since(wanted: Taste, now: datetime) -> float:
    """The last moment, in seconds since 1970, at which favourites were to be looked for."""
    if wanted.every == "hour":
        return now.timestamp() - 3600
    night = now.replace(hour=_NIGHT, minute=0, second=0, microsecond=0)
    return (night if night <= now else night - timedelta(days=1)).timestamp()


def known_judgements(studio: Studio) -> list[Judgement]:
    """The judgements that count here, and those that can be guessed, the oldest first."""
    others = trust.is_trusted(studio)
    judged = counting(standing(opinions.judgements(studio, own_only=not others)).values())
    order = opinions.order(studio)
    stands = {judgement.picture: judgement for judgement in judged}
    return counting([*judged, *guessed(stands, order, set(order))])


def learn_odds(studio: Studio, judged: Sequence[Judgement]) -> Odds | None:
    """What words are worth after these judgements; None while there is too little to learn from."""
    return odds.learn(judged, _known(opinions.words(studio), judged), elsewhere.heard(studio))


def learn_rule(studio: Studio, judged: Sequence[Judgement]) -> Rule | None:
    """By what drafts are given up after these judgements; None while there is too little."""
    return rule.learn(judged, _known(opinions.features(studio), judged))


def _known(drafts: Iterable[Features], judged: Sequence[Judgement]) -> dict[str, Features]:
    """The features of judged drafts and of the latest others, the oldest first."""
    wanted = {judgement.picture for judgement in judged}
    known: dict[str, Features] = {}
    others: deque[str] = deque()
    for draft in drafts:
        known[draft.picture] = draft
        if draft.picture not in wanted:
            others.append(draft.picture)
            if len(others) > _OTHERS:
                known.pop(others.popleft(), None)
    return known


def favourites(studio: Studio, wanted: Taste) -> tuple[Favourite, ...]:
    """The best of the drafts that nobody judged, with the reason why they are picked."""
    survey = Survey(studio)
    survey.look()
    ranking = rank(studio, survey.scanner)
    keys = ranking.keys
    best = [path for path in ranking.scores if keys.get(path)][: wanted.auto_pick]
    return tuple(
        Favourite(path, keys[path], _why(ranking, path, wanted), survey.scanner.sidecars(path))
        for path in best
    )


def _why(ranking: Ranking, path: str, wanted: Taste) -> str:
    judged = f"by {ranking.count:,} judgements"
    if ranking.judge and ranking.judge.honest:
        judged = f"{ranking.scores[path]:.0%} likely to please {judged}"
    best = (
        "the best draft" if wanted.auto_pick == 1 else f"one of the {wanted.auto_pick} best drafts"
    )
    return f"auto_pick: {best}, {judged}"
