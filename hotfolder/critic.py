"""What a studio's owner thinks of its pictures: what the folders say, written down as judgements.

A picture in `seeds/` was picked, one in `drafts/rejected/` rejected, whoever moved it and whether
or not anything was running; a mark counts as well. What was said once holds until the owner says
something else, also when the picture is gone.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterable, Iterator

from hotfolder.stars.mark import REJECTED
from hotfolder.studio.layout import REJECTS, Studio
from hotfolder.studio.reading import Reading
from hotfolder.studio.scan.glances import Glances
from hotfolder.studio.scan.ratings import is_picture
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.store import opinions, trust
from hotfolder.taste.judgements import How, Judgement, standing

_log = logging.getLogger(__name__)
_DIGITS = re.compile(r"[0-9a-f]{8}")


class Critic:
    """Notes what is new in the folders; `judgements` are those that stand, the oldest first."""

    def __init__(self, studio: Studio) -> None:
        self.judgements: dict[str, Judgement] = {}
        self.glances = Glances(studio)
        self._studio = studio
        self._attended: tuple[int, ...] = ()
        self._has_read = False
        self._met: set[str] = set()  # drafts that were looked at for what was put back

    def listen(self, scanner: Scanner) -> list[Judgement]:
        """What the folders say that was not known yet."""
        if not self._has_read:
            others = trust.is_trusted(self._studio)  # else what they wrote is no opinion
            self.judgements = standing(opinions.judgements(self._studio, own_only=not others))
            self._has_read = True
        said: dict[str, Judgement] = {}
        for judgement in self._said(scanner):
            said.setdefault(judgement.picture, judgement)  # of copies, the one in seeds/ counts
        said.pop("", None)
        news = [judgement for judgement in said.values() if self._is_new(judgement)]
        news += self._withdrawn(scanner, said)
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

    def attend(self, scanner: Scanner, rounds: int) -> None:
        """Write down what is new, if pictures came or went since the last call, or in a new round.

        A disk that does not take it now is asked again in the next round.
        """
        lying = [len(scanner.readings(room)) for room in ("seeds", "drafts")]
        now = (*lying, len(scanner.marked_drafts()), rounds)
        if now == self._attended or not scanner.knows_all_wishes:
            return
        self._attended = now
        try:
            self.note(scanner)
        except OSError as error:
            _log.warning("what was picked and rejected could not be noted: %s", error)

    def note(self, scanner: Scanner) -> None:
        """Write down what the folders say that was not known yet; raises OSError."""
        before = self.judgements
        try:
            opinions.note(self._studio, self.listen(scanner))
        except OSError:
            self.judgements = before
            raise

    def _said(self, scanner: Scanner) -> Iterator[Judgement]:
        """What each picture's place and marks say, as far as they say anything."""
        least = scanner.config.settings.stars.least
        for path, reading in scanner.readings("seeds").items():
            if is_picture(path):
                yield self._judged(path, reading, "picked", max(0, scanner.stars(path)))
        drafts, marked = scanner.readings("drafts"), scanner.marked_drafts()
        for path in filter(drafts.__contains__, sorted(marked)):
            stars = scanner.stars(path)
            if stars == REJECTED:
                yield self._judged(path, drafts[path], "rejected")
            elif stars >= least and not is_rejected(path):
                yield self._judged(path, drafts[path], "starred", stars)
        for path in filter(is_rejected, drafts):
            if is_picture(path):
                yield self._judged(path, drafts[path], "rejected")

    def _judged(self, path: str, reading: Reading, how: How, stars: int = 0) -> Judgement:
        return Judgement(self.glances.picture(path, reading), how, reading.ctime_ns / 1e9, stars)

    def _is_new(self, judgement: Judgement) -> bool:
        known = self.judgements.get(judgement.picture)
        if known is not None and known.how == "chosen" and judgement.how == "picked":
            return judgement.stars > 0
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
                picture = self.glances.picture(path, drafts[path])
                if picture in self.judgements and picture not in said:
                    yield Judgement(picture, "withdrawn", drafts[path].ctime_ns / 1e9)


def saw(studio: Studio, pictures: Iterable[str], at: float) -> None:
    """Write down that drafts, by their keys, were certainly looked at and left as they are.

    `at` is the time in seconds since 1970. What is decided of them later, or was before, holds.
    """
    opinions.note(studio, [Judgement(picture, "seen", at) for picture in pictures])


def is_rejected(path: str) -> bool:
    """Whether a picture lies where rejected ones go."""
    return path.startswith(f"{REJECTS}/")
