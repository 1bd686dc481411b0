"""The other machines on a studio: hears what they say, and says what this one is making."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Protocol

from msgspec.structs import replace

from hotfolder.history import History
from hotfolder.recipes.settings import Together
from hotfolder.shares import ALONE, LAPSE, MOST_CLAIMS, Shares, Word

_log = logging.getLogger(__name__)
_SETTLED = 3  # looks in which one hears of machines that began at the same time
_SILENT = 2  # looks after which a machine that is making something is asked whether it still is


class Words(Protocol):
    """Where words are read and written: `studio.store.claims.Claims`."""

    me: str

    def others(self) -> Mapping[str, Word]: ...
    def own(self) -> Word: ...
    def write(self, word: Word) -> None: ...
    def gone(self) -> dict[str, int]: ...
    def keep_gone(self, gone: Mapping[str, int]) -> None: ...


class Ledgers(Protocol):
    """What a company asks of a ledger: `studio.store.ledger.Ledger`."""

    history: History

    def reload(self) -> bool: ...
    def read_to(self, machine: str) -> int: ...


class Company:
    """Who else works on a studio, and what that leaves to this machine (`shares`).

    Time is passed in as the number of this machine's looks everywhere. `absent` are machines that
    have left, or did not answer for a while; their share is the others' until they are heard again.
    """

    def __init__(self, words: Words, ledger: Ledgers) -> None:
        self.shares: Shares = ALONE
        self.absent: dict[str, int] = {}
        self._words = words
        self._ledger = ledger
        self._together = Together()
        self._said: Word | None = None  # as it lies on the disk
        self._mine = Word()
        self._heard: dict[str, Word] = {}
        self._heard_at: dict[str, int] = {}
        self._owed_at: dict[str, int] = {}
        self._asked: dict[str, int] = {}
        self._asked_at = self._looks = self._joined_at = 0
        self._is_ready = False

    @property
    def is_on(self) -> bool:
        """Whether this machine works together with others."""
        return self._said is not None

    @property
    def waits_for(self) -> list[str]:
        """The machines that have yet to answer this one's first word in this run."""
        return [] if self._is_ready else [name for name in self._present() if self._owes(name)]

    def attend(self, together: Together, looks: int) -> None:
        """Hear the others, and see what is this machine's now."""
        if together.work == "off":
            self.leave()
            return
        new_look, self._looks = looks != self._looks, looks
        if self._said is None:
            self._join()
        self._together = together
        self._hear()
        self._lapse()
        if new_look:
            self._ask_the_silent()
        self._is_ready = self._is_ready or self._are_all_there()
        self._forget_asked(new_look)
        absent = {name: word for name, word in self._heard.items() if name in self.absent}
        adopts = looks - self._joined_at >= _SETTLED
        self.shares = Shares(
            self._words.me, self._known(), absent, dict(self._asked), self._is_ready, adopts
        )
        if new_look and self._mine.making:  # so that the others see that it is still at it
            self._mine = replace(self._mine, time=self._mine.time + 1)

    def ask(self, claims: Collection[str]) -> None:
        """Ask the others for these pictures, or (for none) whether they are there."""
        time = self._mine.time + 1
        self._asked |= dict.fromkeys(claims, time)
        self._asked_at = self._looks
        self._mine = replace(self._mine, time=time, asks=time)

    def post(self, making: Collection[str]) -> None:
        """Say what this machine is making, if that or anything else is new to the others."""
        if self._said is None:
            return
        ended = set(self._mine.making).difference(making)
        self._asked = {one: time for one, time in self._asked.items() if one not in ended}
        word = replace(
            self._mine,
            making=tuple(sorted(making))[:MOST_CLAIMS],
            asked=tuple(sorted(self._asked))[:MOST_CLAIMS],
            work=self._together.work,
            profiles=tuple(self._together.profiles),
        )
        if _what_is_made(word) != _what_is_made(self._said) and word.time == self._said.time:
            word = replace(word, time=word.time + 1)
        seen = {name: heard.time for name, heard in self._heard.items()}
        owed = any(w.asks > self._said.seen.get(name, 0) for name, w in self._heard.items())
        self._mine = word
        if word.time != self._said.time or owed:
            self._say(replace(word, seen=seen, ledger=self._ledger.read_to(self._words.me)))

    def leave(self) -> None:
        """Say that this machine makes nothing more; the others have all to themselves."""
        if self._said is not None:
            self._say(replace(self._said, time=self._mine.time + 1, making=(), asked=(), left=True))
        self.shares, self._said, self._is_ready = ALONE, None, False
        self._heard, self._heard_at, self._owed_at, self._asked = {}, {}, {}, {}

    def _join(self) -> None:
        """Begin a run with a word that all the others have to answer."""
        others, own = self._words.others(), self._words.own()
        known = [word.seen.get(self._words.me, 0) for word in others.values()]
        time = max(own.time, *known, 0) + 1
        self.absent = self._words.gone()
        self._mine = Word(time=time, since=time, asks=time)
        self._said = Word()
        self._asked_at = self._joined_at = self._looks

    def _say(self, word: Word) -> None:
        try:
            self._words.write(word)
        except OSError as error:  # it is said again in the next turn
            _log.warning("the other machines cannot be told what is being made here: %s", error)
        else:
            self._said = word

    def _hear(self) -> None:
        others, has_reloaded = self._words.others(), False
        for name, word in others.items():
            before = self._heard.get(name)
            if word == before or (before and word.time < before.time):
                continue
            if before and self._ledger.read_to(name) < word.ledger:
                if not has_reloaded:
                    has_reloaded = True
                    self._ledger.reload()
                if self._ledger.read_to(name) < word.ledger:
                    continue  # it may have made what it speaks of no more: the sync will tell
            self._heard[name], self._heard_at[name] = word, self._looks
            if word.left:
                self._lose(name)
            elif word.time > self.absent.get(name, word.time):
                del self.absent[name]
                self._words.keep_gone(self.absent)

    def _are_all_there(self) -> bool:
        """Whether the others have answered the first word; one that talks and does not is passed
        over in the end.
        """
        waited = self._looks - self._joined_at
        return waited >= 2 * LAPSE or not any(map(self._owes, self._present()))

    def _lapse(self) -> None:
        """Give up those that have owed an answer for a while, and said nothing else."""
        present = self._present()
        owing = [name for name in present if self._owes(name, self._mine.asks)]
        self._owed_at = {name: self._owed_at.get(name, self._looks) for name in owing}
        for name in owing:
            since = max(self._heard_at[name], self._owed_at[name])
            if self._looks - since >= LAPSE:
                self._lose(name)

    def _lose(self, name: str) -> None:
        if self.absent.get(name) != self._heard[name].time:
            self.absent[name] = self._heard[name].time
            self._words.keep_gone(self.absent)

    def _ask_the_silent(self) -> None:
        for name in self._present():
            word, silent = self._heard[name], self._looks - self._heard_at[name]
            is_open = self._owes(name, self._mine.asks)
            if (word.making or word.asked) and silent >= _SILENT and not is_open:
                self.ask(())
                return

    def _forget_asked(self, new_look: bool) -> None:
        """Let go of what was asked for and is made, is being made elsewhere, or wanted no more."""
        known = self._known()
        shares = Shares(self._words.me, known, asked=self._asked)
        idle = new_look and not self._mine.making
        self._asked = {
            claim: time
            for claim, time in self._asked.items()
            if not self._is_made(claim) and not shares.is_lost(claim)
            if not (idle and shares.is_granted(claim) and self._asked_at < self._looks - 1)
        }

    def _is_made(self, claim: str) -> bool:
        stage, ordinal, request = claim.split(" ", 2)
        history = self._ledger.history
        return int(ordinal) in history.made("draft" if stage == "draft" else "final", request)

    def _known(self) -> dict[str, Word]:
        """The words of all that are here, this machine's own among them."""
        mine = replace(
            self._mine, work=self._together.work, profiles=tuple(self._together.profiles)
        )
        return {self._words.me: mine, **{name: self._heard[name] for name in self._present()}}

    def _present(self) -> list[str]:
        return [name for name in self._heard if name not in self.absent]

    def _owes(self, name: str, time: int | None = None) -> bool:
        """Whether a machine has not answered this one's word of that time (or its first)."""
        wanted = self._mine.since if time is None else time
        return self._heard[name].seen.get(self._words.me, 0) < wanted


def _what_is_made(word: Word) -> object:
    return word.making, word.asked, word.work, word.profiles
