"""Machines that share a studio over a slow sync, in a world without threads, files and clocks.

Each plans with the real `plan` and talks with the real `Company`; only the sync is made up. Words
and ledgers arrive late, each in its own time, so that a word may be there before the entries it
counts on.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from hotfolder.company import Company
from hotfolder.history import History, Made
from hotfolder.jobs import Ask, RenderDraft, RenderFinal, claim_of
from hotfolder.plan import plan
from hotfolder.recipes.config import Config
from hotfolder.recipes.settings import Together
from hotfolder.shares import Word
from hotfolder.snapshot import Snapshot

LOOK = 10  # moments between two looks everywhere


@dataclass
class Machine:
    """A daemon: one slot, pictures that take `pace` moments, and what has arrived here."""

    me: str
    world: World
    together: Together
    pace: int = 5
    history: History = field(default_factory=History)
    log: list[Made] = field(default_factory=list)
    words: dict[str, Word] = field(default_factory=dict)
    ledgers: dict[str, list[Made]] = field(default_factory=dict)
    known: Counter[str] = field(default_factory=Counter)
    kept: dict[str, int] = field(default_factory=dict)
    making: tuple[RenderDraft | RenderFinal, int] | None = None
    is_on: bool = True

    def __post_init__(self) -> None:
        self.company = Company(self, self)

    # What a company asks of words:
    def others(self) -> Mapping[str, Word]:
        return dict(self.words)

    def own(self) -> Word:
        return Word()

    def write(self, word: Word) -> None:
        self.world.sends(self, lambda peer: peer.words.__setitem__(self.me, word))

    def gone(self) -> dict[str, int]:
        return dict(self.kept)

    def keep_gone(self, gone: Mapping[str, int]) -> None:
        self.kept = dict(gone)

    # and of a ledger:
    def reload(self) -> bool:
        for name, entries in self.ledgers.items():
            for entry in entries[self.known[name] :]:
                self.history.apply(entry)
            self.known[name] = len(entries)
        return True

    def read_to(self, machine: str) -> int:
        return len(self.log) if machine == self.me else self.known[machine]

    def turn(self, now: int) -> None:
        """One turn of a daemon's loop."""
        if now % LOOK == 0:
            self.reload()
        self.company.attend(self.together, now // LOOK)
        if self.making and self.company.shares.yields(claim_of(self.making[0])):
            self._end()
        if self.making and self.making[1] <= now:
            self._publish()
        snapshot = replace(self.world.snapshot, shares=self.company.shares)
        for job in plan(snapshot, self.history, self.world.config):
            if isinstance(job, Ask):
                self.company.ask(job.claims)
            elif isinstance(job, RenderDraft | RenderFinal):
                if self.making is None:
                    self.history.begin(job.stage, job.request, job.ordinal)
                    self.making = job, now + self.pace
                    self.world.begun += 1
                break
        self.company.post([claim_of(self.making[0])] if self.making else [])

    def stop(self) -> None:
        """End as a service does that is told to."""
        if self.making:
            self._end()
        self.company.leave()
        self.is_on = False

    def _publish(self) -> None:
        assert self.making
        job = self.making[0]
        self.reload()
        if job.ordinal not in self.history.made(job.stage, job.request):
            self.world.made[claim_of(job)] += 1
            entry = Made(job.stage, job.request, job.ordinal, job.recipe.id, "drafts/x.png")
            self.log.append(entry)
            self.world.sends(self, lambda peer: peer.ledgers.setdefault(self.me, []).append(entry))
        self._end()
        if self.log and self.log[-1].recipe == job.recipe.id:
            self.history.apply(self.log[-1])

    def _end(self) -> None:
        assert self.making
        job, self.making = self.making[0], None
        self.history.end(job.stage, job.request, job.ordinal)


@dataclass
class World:
    """Machines, what a studio asks of them, and a sync that takes up to `delay` moments."""

    snapshot: Snapshot
    config: Config
    chance: random.Random
    delay: int = 6
    machines: list[Machine] = field(default_factory=list)
    stalled: set[str] = field(default_factory=set)
    made: Counter[str] = field(default_factory=Counter)
    begun: int = 0
    now: int = 0
    _mail: dict[tuple[str, str, bool], list[tuple[int, Callable[[Machine], object]]]] = field(
        default_factory=dict
    )

    def add(self, name: str, work: str = "all", pace: int = 5) -> Machine:
        """One more machine."""
        machine = Machine(name, self, Together(work=work), pace)  # type: ignore[arg-type]
        for other in self.machines:  # a sync brings what was there before
            machine.ledgers[other.me] = list(other.log)
            if other.company.is_on:
                machine.words.update({other.me: other.company._said or Word()})
            if self.now == 0:  # they worked together before, and all stopped
                other.words[name] = machine.words[other.me] = Word(left=True)
        self.machines.append(machine)
        return machine

    def sends(self, sender: Machine, deed: Callable[[Machine], object]) -> None:
        """What happens at all others when it has arrived, in the order in which it was sent."""
        is_word = "words" in deed.__code__.co_names
        for peer in self.machines:
            if peer is not sender:
                due = self.now + self.chance.randint(1, self.delay)
                self._mail.setdefault((sender.me, peer.me, is_word), []).append((due, deed))

    def run(self, until: Callable[[], bool], longest: int = 20_000) -> None:
        """Go on until something holds; raises AssertionError if it takes too long."""
        end = self.now + longest
        while not until():
            assert self.now < end, f"made {len(self.made)}: {self.made}"
            self.now += 1
            self._deliver()
            for machine in self.machines:
                if machine.is_on and self.chance.random() < 0.8:
                    machine.turn(self.now)

    def _deliver(self) -> None:
        peers = {machine.me: machine for machine in self.machines}
        for (sender, receiver, _), waiting in self._mail.items():
            if self.stalled & {sender, receiver}:
                continue
            while waiting and waiting[0][0] <= self.now:
                waiting.pop(0)[1](peers[receiver])
