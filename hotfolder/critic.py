"""What a studio's owner thinks of its pictures: what the folders say, written down as judgements.

A picture in `seeds/` was picked, one in `drafts/rejected/` rejected, whoever moved it and whether
or not anything was running; a mark counts as well. What was said once holds until the owner says
something else, also when the picture is gone.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain, islice

from hotfolder.history import History
from hotfolder.stars.mark import REJECTED
from hotfolder.studio.layout import REJECTS, Studio
from hotfolder.studio.reading import Reading
from hotfolder.studio.scan.apart import BeingReadError
from hotfolder.studio.scan.glances import Glances
from hotfolder.studio.scan.listing import listing
from hotfolder.studio.scan.ratings import is_picture
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.store import opinions, trust
from hotfolder.taste.judgements import PICKED, How, Judgement, standing

_log = logging.getLogger(__name__)
_AT_ONCE = 20  # pictures: 50 ms
_OUTLASTING: frozenset[How] = frozenset({"chosen", "kept", "regretted"})  # it lies in seeds/ still
_WITH_FINALS: frozenset[How] = PICKED | {"chosen", "regretted"}
_AWAY: frozenset[How] = frozenset({"deleted", "rejected"})
_LATER_S = 0.001  # after the judgement whose place it takes
_DIGITS = re.compile(r"[0-9a-f]{8}")


class Critic:
    """Notes what is new in the folders; `judgements` are those that stand, the oldest first.

    `is_behind` says that there are pictures that have yet to be read. None is read any more when
    it does not go on (`goes_on`).
    """

    def __init__(self, studio: Studio, goes_on: Callable[[], bool] = lambda: True) -> None:
        self.judgements: dict[str, Judgement] = {}
        self.glances = Glances(studio)
        self._studio = studio
        self._goes_on = goes_on
        self._finals: Mapping[str, Collection[str]] = {}
        self._attended: tuple[int, ...] = ()
        self._read = -1  # bytes of what was written down
        self.is_behind = False
        self._met: set[str] = set()  # drafts that were looked at for what was put back

    def listen(self, scanner: Scanner) -> list[Judgement]:
        """What the folders say that was not known yet."""
        if (extent := opinions.extent(self._studio)) != self._read:
            others = trust.is_trusted(self._studio)  # else what they wrote is no opinion
            self.judgements = standing(opinions.judgements(self._studio, own_only=not others))
            self._read = extent
        said: dict[str, Judgement] = {}
        self.is_behind = False
        for judgement in self._said(scanner):
            said.setdefault(judgement.picture, judgement)  # of copies, the one in seeds/ counts
        said.pop("", None)
        news = [judgement for judgement in said.values() if self._is_new(judgement)]
        news += self._withdrawn(scanner, said)
        news += self._fates(scanner, {judgement.picture for judgement in news})
        self.judgements = standing([*self.judgements.values(), *news])
        self.glances.save()
        return news

    def chose(self, picture: str, at: float) -> None:
        """Write down that this picture goes to `seeds/` by itself, at a time in seconds since 1970.

        That it lies there is then no word of its owner's. Raises OSError.
        """
        judgement = Judgement(picture, "chosen", at)
        opinions.note(self._studio, [judgement])
        self.judgements = standing([*self.judgements.values(), judgement])

    def attend(self, scanner: Scanner, rounds: int, history: History) -> None:
        """Write down what is new, if pictures came or went since the last call, or in a new round.

        Pictures that were just published do not count: nobody has said anything of them.

        What became of finals is looked at in a new round only: they lie in a folder that is not
        watched. A disk that does not take it now is asked again in the next round.
        """
        lying = [len(scanner.readings("seeds"))]
        lying += [len(scanner.readings("drafts")) - scanner.published_count]
        now = (*lying, len(scanner.marked_drafts()), rounds)
        if (now == self._attended and not self.is_behind) or not scanner.knows_all_wishes:
            return
        self._finals = history.finals() if self._attended[-1:] != (rounds,) else {}
        self._attended = now
        if self._reads_on(scanner):
            return
        try:
            self.note(scanner)
        except OSError as error:
            _log.warning("what was picked and rejected could not be recorded: %s", error)

    def _reads_on(self, scanner: Scanner) -> bool:
        """Read some of the picked pictures that were not read; whether there are more."""
        seeds = scanner.readings("seeds").items()
        new = (file for file in seeds if is_picture(file[0]) and not self.glances.knows(*file))
        some = list(islice(new, _AT_ONCE))
        for file in some:
            self._picture(scanner, *file)
        self.is_behind = len(some) == _AT_ONCE or not self._goes_on()
        return self.is_behind

    def note(self, scanner: Scanner) -> None:
        """Write down what the folders say that was not known yet; raises OSError."""
        before = self.judgements
        try:
            news = self.listen(scanner)
            if not self._goes_on():  # what was not read may say otherwise
                self.judgements = before
                return
            opinions.note(self._studio, news)
            self._read = opinions.extent(self._studio)
        except OSError:
            self.judgements = before
            raise

    def _said(self, scanner: Scanner) -> Iterator[Judgement]:
        """What each picture's place and marks say, as far as they say anything."""
        least = scanner.config.settings.stars.least
        for path in scanner.readings("seeds"):
            if is_picture(path):
                yield self._judged(scanner, path, "picked", max(0, scanner.stars(path)))
        drafts, marked = scanner.readings("drafts"), scanner.marked_drafts()
        for path in filter(drafts.__contains__, sorted(marked)):
            stars = scanner.stars(path)
            if stars == REJECTED:
                yield self._judged(scanner, path, "rejected")
            elif stars >= least and not is_rejected(path):
                yield self._judged(scanner, path, "starred", stars)
        for path in filter(is_rejected, drafts):
            if is_picture(path):
                yield self._judged(scanner, path, "rejected")

    def _judged(self, scanner: Scanner, path: str, how: How, stars: int = 0) -> Judgement:
        reading = scanner.readings(path.partition("/")[0])[path]
        return Judgement(self._picture(scanner, path, reading), how, reading.ctime_ns / 1e9, stars)

    def _picture(self, scanner: Scanner, path: str, reading: Reading) -> str:
        """The key of a picture; empty for one that is none, or of which it is not known yet."""
        if self._goes_on():
            with suppress(BeingReadError):
                return self.glances.picture(path, reading, scanner)
        self.is_behind = True
        return ""

    def _is_new(self, judgement: Judgement) -> bool:
        known = self.judgements.get(judgement.picture)
        if known is not None and known.how in _OUTLASTING and judgement.how == "picked":
            return judgement.stars > known.stars
        return known is None or (known.how, known.stars) != (judgement.how, judgement.stars)

    def _withdrawn(self, scanner: Scanner, said: Collection[str]) -> Iterator[Judgement]:
        """Pictures that were sorted or chosen and lie among the drafts again, without a mark.

        They are known by the digits in their names, so that not all drafts have to be read.
        """
        drafts = scanner.readings("drafts")
        came, self._met = drafts.keys() - self._met, set(drafts)
        moved = {p for p, j in self.judgements.items() if j.sorted or j.how == "chosen"}
        digits = {picture[:8] for picture in moved}
        for path in came if digits else ():
            named = not digits.isdisjoint(_DIGITS.findall(path))
            if named and is_picture(path) and not is_rejected(path):
                picture = self._picture(scanner, path, drafts[path])
                if picture in self.judgements and picture not in said:
                    yield Judgement(picture, "withdrawn", drafts[path].ctime_ns / 1e9)

    def _fates(self, scanner: Scanner, told: Collection[str]) -> Iterator[Judgement]:
        """What became of the finals of picked pictures, except of those that were just `told` of.

        Where some are gone and others left, their owner has sorted them, whether the best or the
        worst were taken away. Where all are gone, that is known only of those that were thrown
        away on the light table, or rejected: others may hang on a wall.
        """
        known = self.judgements
        picks = {p: ids for p, ids in self._finals.items() if p in known and p not in told}
        here = self._lying(scanner) if picks else set()
        for picture, finals in picks.items():
            judgement, lying = known[picture], here.intersection(finals)
            how = judgement.how
            if lying and len(lying) < len(finals):
                how = "kept"
            elif lying and how == "regretted":
                how = "picked"
            elif not lying and all(f in known and known[f].how in _AWAY for f in finals):
                how = "regretted"
            if how != judgement.how and judgement.how in _WITH_FINALS:
                yield Judgement(picture, how, judgement.at + _LATER_S, judgement.stars)

    def _lying(self, scanner: Scanner) -> set[str]:
        """The ids of all finals that lie in `final/`, or in `seeds/` to be refined again."""
        ids = {id_[:8]: id_ for finals in self._finals.values() for id_ in finals}
        found: set[str] = set()
        finals = listing(self._studio.root, ["final"])
        for path, reading in chain(finals, scanner.readings("seeds").items()):
            if is_picture(path):
                named = [ids[digits] for digits in _DIGITS.findall(path) if digits in ids]
                found.update(named or [self._picture(scanner, path, reading)])
        return found


def saw(studio: Studio, pictures: Iterable[str], at: float) -> None:
    """Write down that drafts, by their keys, were certainly looked at and left as they are.

    `at` is the time in seconds since 1970. What is decided of them later, or was before, holds.
    """
    opinions.note(studio, [Judgement(picture, "seen", at) for picture in pictures])


def threw_away(studio: Studio, picture: str, at: float) -> None:
    """Write down that a picture, by its key, was thrown away, at a time in seconds since 1970."""
    opinions.note(studio, [Judgement(picture, "deleted", at)])


def brought_back(studio: Studio, picture: str, at: float) -> None:
    """Write down that a picture that was thrown away is there again."""
    opinions.note(studio, [Judgement(picture, "withdrawn", at)])


def is_rejected(path: str) -> bool:
    """Whether a picture lies where rejected ones go."""
    return path.startswith(f"{REJECTS}/")
