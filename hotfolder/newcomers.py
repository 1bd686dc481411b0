"""Pictures of which taste knows no more than their files show, while there is something to learn.

They came from elsewhere, or what was known of them was lost. Each is shown to the model once, when
one is in memory anyway: the least of all work, and never much of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from hotfolder.critic import Critic
from hotfolder.errors import PictureError
from hotfolder.history import History
from hotfolder.jobs import Encode, Work
from hotfolder.recipes.recipe import Recipe
from hotfolder.snapshot import Newcomer
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import Reading
from hotfolder.studio.scan.apart import BeingReadError
from hotfolder.studio.scan.ratings import is_picture
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.store.opinions import Kept
from hotfolder.taste.judge import LEAST

_AT_ONCE = 5  # pictures that are read: 50 ms
_DIGITS = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?![0-9a-f])")


class Newcomers:
    """Finds them in `seeds/` and `drafts/`, and tells a scanner.

    `is_behind` says that there are files that have yet to be read.
    """

    def __init__(self, studio: Studio, critic: Critic) -> None:
        self.is_behind = False
        self._critic = critic
        self._kept = Kept(studio)
        self._met: dict[str, Reading] = {}
        self._found: dict[str, Newcomer] = {}
        self._attended: tuple[int, ...] = ()
        self._being_made: set[str] = set()

    def begun(self, job: Work) -> None:
        """A job has begun, or cannot: one that is shown to the model is no newcomer any more."""
        if isinstance(job, Encode):
            self._found.pop(job.path, None)

    def attend(self, scanner: Scanner, rounds: int, history: History) -> None:
        """Look for more if pictures came or went since the last call, or in a new round."""
        rooms = [scanner.readings(room) for room in ("seeds", "drafts")]
        self._being_made = {making.recipe for making in history.unconfirmed()}
        now = (*map(len, rooms), rounds, len(self._being_made))
        if now != self._attended or self.is_behind:
            self._attended = now
            judged = sum(judgement.certain for judgement in self._critic.judgements.values())
            self.is_behind = judged >= LEAST and self._looks_on(
                scanner, chain(*(room.items() for room in rooms))
            )
        here = (one for path, one in self._found.items() if any(path in room for room in rooms))
        scanner.newcomers = tuple(here)

    def _looks_on(self, scanner: Scanner, lying: Iterable[tuple[str, Reading]]) -> bool:
        """Read some of what is new; whether there is more."""
        if self._kept.read_on():
            return True
        some = list(islice(self._unmet(lying), _AT_ONCE))
        for path, reading in some:
            self._met[path] = reading
            if newcomer := self._newcomer(path, reading, scanner):
                self._found[path] = newcomer
        return len(some) == _AT_ONCE

    def _unmet(self, lying: Iterable[tuple[str, Reading]]) -> Iterator[tuple[str, Reading]]:
        """The pictures that were not read in their present state, and do not have names of ours."""
        for path, reading in lying:
            if self._met.get(path) != reading and is_picture(path):
                if self._kept.digits.isdisjoint(_DIGITS.findall(path)):
                    yield path, reading
                else:
                    self._met[path] = reading

    def _newcomer(self, path: str, reading: Reading, scanner: Scanner) -> Newcomer | None:
        """What there is to know of a picture; None for one that is known, or is none."""
        try:
            picture = self._critic.glances.picture(path, reading, scanner)
            if not picture or picture[:8] in self._kept.digits:
                return None
            if picture in self._being_made:  # what is known of it is just being kept
                del self._met[path]
                return None
            shown = scanner.portrait(path)
        except BeingReadError:
            del self._met[path]  # it comes again
            return None
        except (OSError, PictureError):
            return None
        source, record = shown.source, shown.record
        ours = (source, record) if isinstance(source, Recipe) and record else None
        return Newcomer(path, picture, source, shown.prompt, ours)
