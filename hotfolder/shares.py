"""Which pictures of a shared studio this machine makes, and which its peers do. Pure.

Each machine says of itself, in a small file of its own (its `Word`), what it is making. A picture
belongs to the machine that a hash of its claim and the machines' names chooses, so nobody has to
ask for what is his own, however slow the sync. One that has run out of work asks for a part of what
the others still have, and begins with that when each of them has answered, and so has seen the
question before it began anything else. No clock is compared with another machine's: a word carries
a number that grows, the numbers of the others that it has seen, and how long its ledger was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta, Struct

from hotfolder.recipes.record import Stage

LAPSE = 10
"""So many looks everywhere without an answer, and a machine's claims and share are the others'."""

MOST_MACHINES = 16
MOST_CLAIMS = 1000
_MOST_ASKED = 64

Part = Literal["off", "all", "drafts", "refinements"]
Count = Annotated[int, Meta(ge=0, lt=2**60)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Claims = Annotated[tuple[Name, ...], Meta(max_length=MOST_CLAIMS)]


class Word(Struct, frozen=True):
    """What a machine says of itself.

    `time` grows with every word, `since` is the one of its first in this run, `asks` the last that
    wants an answer. `seen` are the times of the others' words that it knew of when it wrote, and
    `ledger` the length of its ledger in bytes: a word counts for who has read so much of that.
    `making` are the claims of the pictures that it is making, `asked` of those that belonged to
    others. `work` and `profiles` are what it takes at all; `left` is its last word in a run.
    """

    time: Count = 0
    since: Count = 0
    asks: Count = 0
    ledger: Count = 0
    seen: Annotated[dict[Name, Count], Meta(max_length=4 * MOST_MACHINES)] = {}
    making: Claims = ()
    asked: Claims = ()
    work: Part = "all"
    profiles: Claims = ()
    left: bool = False

    def takes(self, stage: Stage, profile: str) -> bool:
        """Whether its machine makes pictures of this stage and profile at all."""
        stages = {"all": True, "drafts": stage == "draft", "refinements": stage == "final"}
        return stages.get(self.work, False) and (not self.profiles or profile in self.profiles)


Whose = Literal["ours", "orphaned", "to ask for", "theirs"]


@dataclass(frozen=True, slots=True)
class Shares:
    """Who makes what, as this machine knows it. By default it is alone, and makes everything.

    `words` are the words of the machines that are there, its own (under the name `me`) among them,
    `absent` those of the ones that are not. What would be theirs is orphaned: it is begun last,
    should one of them be back and nobody know it yet, and not at all until this machine `adopts`.
    `asked` maps the claims that it asked for to the time of the word in which it did. Until it is
    `ready` its peers have not answered its first word, and nothing is begun.
    """

    me: str = ""
    words: Mapping[str, Word] = field(default_factory=dict)
    absent: Mapping[str, Word] = field(default_factory=dict)
    asked: Mapping[str, int] = field(default_factory=dict)
    ready: bool = True
    adopts: bool = True

    @property
    def is_alone(self) -> bool:
        """Whether there is nobody to share with, and everything is this machine's."""
        return not self.me

    @property
    def turns(self) -> tuple[Whose, ...]:
        """What may be begun, in this order."""
        return ("ours",) if self.is_alone else ("ours", "orphaned")

    def whose(self, claim: str, stage: Stage, profile: str) -> Whose:
        """Who may begin the picture of a claim now."""
        if self.is_alone:
            return "ours"
        mine = self.words[self.me]
        if not self.ready or not mine.takes(stage, profile):
            return "theirs"
        if claim in self.asked:
            won = not self.is_lost(claim) and self.is_granted(claim)
            return "ours" if won else "theirs"
        if any(claim in word.making or claim in word.asked for _, word in self._others()):
            return "theirs"
        takers = _takers(self.words, stage, profile)
        if first(takers, claim) != self.me:
            return "to ask for"
        takers += _takers(self.absent, stage, profile)
        if first(takers, claim) == self.me:
            return "ours"
        return "orphaned" if self.adopts else "theirs"

    def tends(self, path: str) -> bool:
        """Whether this machine moves a file aside, or puts a note beside it: one alone does."""
        return self.is_alone or (self.ready and first(list(self.words), path) == self.me)

    def yields(self, claim: str) -> bool:
        """Whether another machine is making the same picture, and is the one to go on."""
        rivals = [name for name, word in self._others() if claim in word.making]
        return any(_rank(name, claim) > _rank(self.me, claim) for name in rivals)

    def to_ask(self, claims: Sequence[str]) -> tuple[str, ...]:
        """Which of those that others have not begun to ask for: some of the last.

        None while there is still something of an earlier question to begin. They are as many as
        this machine is likely to make while the others make the rest.
        """
        if not claims or any(one not in self.words[self.me].making for one in self.asked):
            return ()
        share = len(claims) // (2 * len(self.words))
        return tuple(claims[-max(1, min(_MOST_ASKED, share)) :])

    def is_granted(self, claim: str) -> bool:
        """Whether every other machine has seen that this one asked for a picture."""
        return self._is_answered(self.asked[claim])

    def is_lost(self, claim: str) -> bool:
        """Whether a picture that this machine asked for is another's: begun, or asked for too."""
        others = self._others()
        rivals = [name for name, word in others if claim in word.asked]
        begun = any(claim in word.making for _, word in others)
        return begun or any(_rank(name, claim) > _rank(self.me, claim) for name in rivals)

    def _is_answered(self, time: int) -> bool:
        return all(word.seen.get(self.me, 0) >= time for _, word in self._others())

    def _others(self) -> list[tuple[str, Word]]:
        return [(name, word) for name, word in self.words.items() if name != self.me]


ALONE = Shares()


def claim(stage: Stage, request: str, ordinal: int) -> str:
    """What names a picture among machines, before there is a recipe."""
    return f"{stage} {ordinal} {request}"


def first(machines: Sequence[str], what: str) -> str:
    """The machine to which something belongs, the same on all that know of the same machines.

    Rendezvous hashing: when one comes or goes, only what it has or had changes hands.
    """
    return max(machines, key=lambda machine: _rank(machine, what))


def _takers(words: Mapping[str, Word], stage: Stage, profile: str) -> list[str]:
    return [name for name, word in words.items() if word.takes(stage, profile)]


def _rank(machine: str, what: str) -> bytes:
    return hashlib.blake2b(f"{machine} {what}".encode("utf-8", "replace"), digest_size=8).digest()
