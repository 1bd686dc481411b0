"""Sequences of deeds, looks, jobs and crashes on the real studio code, drawn by hypothesis.

No process and no real time: `Look`, `plan`, the workshop and the ledger work in a studio on disk
under a clock that is passed in. Each sequence ends in peace; then the disk is read. Between any two
steps the next job is never a draft while a settled picture in `seeds/` waits (I7).
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

import hotfolder.press
import hotfolder.studio.scan.config_files
from campaigns.kit import checker, daemons, painter, people
from campaigns.kit.book import Book
from campaigns.kit.table import Tally
from hotfolder import workshop
from hotfolder.jobs import Chore, Job, RenderDraft
from hotfolder.plan import plan
from hotfolder.renders import Renders
from hotfolder.report.progress import Lines
from hotfolder.studio import beneath
from hotfolder.studio.config import load
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.store import moves, publication, trust
from hotfolder.studio.store.ledger import Ledger

TITLE = "sequences drawn by hypothesis on the real studio code"
COUNT = 10_000
NAIVE = 0
_STEPS = 14
_SETTLE_S = 0.05


def run(kind: daemons.Kind, seed: int, count: int, work: Path, tally: Tally) -> None:
    """Run `count` sequences; the naive writer has no such core to run them on."""
    tally.asked = ("I1", "I2", "I3", "I4", "I5", "I7")
    if kind == "naive":
        return
    hotfolder.press.ThreadPoolExecutor = painter.Press
    os.environ["XDG_STATE_HOME"] = str(work / "state")
    logging.disable()
    # Settings and profiles stay as they are here, and reading them takes longer than all the rest.
    pattern, book = _pattern(work)
    trust.record(Studio(pattern), trusted=True)
    config = load.read_config(Studio(pattern))
    hotfolder.studio.scan.config_files.read_config = lambda studio: config
    workshop.models_of = lambda config: {}
    Sequence.tally, Sequence.work, Sequence.pattern = tally, work, pattern
    Sequence.known = book.prompts
    settings = hypothesis.settings(
        max_examples=count,
        stateful_step_count=_STEPS,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
        verbosity=hypothesis.Verbosity.quiet,
    )
    hypothesis.stateful.run_state_machine_as_test(
        hypothesis.seed(seed)(Sequence), settings=settings
    )


def _nothing() -> None:
    """Nobody has to be woken."""


class Crash(BaseException):
    """The program ends here."""


class Sequence(RuleBasedStateMachine):
    """One studio, its people, and a program that is restarted now and then."""

    tally: Tally
    work: Path
    pattern: Path
    known: dict[str, int]

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(dir=self.work)) / "studio"
        shutil.copytree(self.pattern, self.root)
        self.studio = Studio(self.root)
        trust.record(self.studio, trusted=True)  # a copy lies at another place
        self.now = 1000.0
        self.book = Book()
        self.drops: Counter[str] = Counter()
        self.calls_left: int | None = None
        self.hints: set[str] = set()
        self.wrong: list[str] = []
        self.deeds: list[str] = []

    @initialize()
    def begin(self) -> None:
        """The program starts."""
        self.ledger = Ledger(self.studio, "here")
        publication.recover(self.studio, self.ledger)
        moves.confirm(self.studio, self.ledger)
        self.scanner = Scanner(self.studio, lambda: self.now)
        self.renders = Renders(self.studio, self.ledger, Lines(), painter.here, _nothing)
        self.renders._open(self.scanner.config.settings)
        list(self.renders.ended())
        self.scanner.refresh()

    @rule(name=st.sampled_from("abc"), text=st.sampled_from("xyz"), touched=st.booleans())
    def drop(self, name: str, text: str, touched: bool) -> None:
        """A prompt file arrives, or one of that name is written over."""
        path = self.root / "inbox" / f"{name}.txt"
        self.deeds.append(f"drop {name} {text}")
        self.drops[text] += 1
        path.write_text(f"a boat {text}\n")
        if touched:
            os.utime(path, (1, 1))
        self.hints.add(f"inbox/{path.name}")

    @rule(name=st.sampled_from("abc"))
    def withdraw(self, name: str) -> None:
        """A prompt file is taken away."""
        self.deeds.append(f"withdraw {name}")
        (self.root / "inbox" / f"{name}.txt").unlink(missing_ok=True)
        self.hints.add(f"inbox/{name}.txt")

    @rule()
    def mistake(self) -> None:
        """A prompt file with a mistake arrives."""
        self.deeds.append("mistake")
        (self.root / "inbox" / "wrong.toml").write_text('promt = "a boat"\n')
        self.hints.add("inbox/wrong.toml")

    @rule(deed=st.sampled_from(("move", "copy", "star", "rename", "delete")), data=st.data())
    def handle(self, deed: str, data: st.DataObject) -> None:
        """Somebody moves, copies, stars, renames or deletes a draft."""
        drafts = sorted((self.root / "drafts").glob("*.png"))
        if not drafts:
            return
        draft = data.draw(st.sampled_from(drafts))
        self.deeds.append(f"{deed} {draft.name}")
        picked = self.root / "seeds" / draft.name
        self.hints |= {f"drafts/{draft.name}", f"seeds/{draft.name}"}
        if deed == "move" and not picked.exists():
            draft.rename(picked)
        elif deed == "copy" and not picked.exists():
            shutil.copyfile(draft, picked)
            self._copied(draft)
        elif deed == "star" and b"xmp:Rating" not in draft.read_bytes():
            draft.write_bytes(people.starred(draft.read_bytes()))
        elif deed == "rename":
            renamed = draft.with_name(f"mine {draft.name}")
            draft.rename(renamed)
            self.hints.add(f"drafts/{renamed.name}")
        elif deed == "delete":
            self._delete(draft)

    @rule()
    def conflict(self) -> None:
        """A sync client puts conflict copies beside a seed and a prompt file."""
        for path in [*(self.root / "seeds").glob("*.png"), *(self.root / "inbox").glob("?.txt")]:
            copy = path.with_name(f"{path.stem}.sync-conflict-20260504-120000-ABCDEFG{path.suffix}")
            if not copy.exists() and ".sync-conflict-" not in path.name:
                shutil.copyfile(path, copy)
                self.deeds.append(f"conflict {copy.name}")
                self._copied(copy)
                self.hints.add(copy.relative_to(self.root).as_posix())
                return

    @rule(seconds=st.sampled_from((0.01, 0.06, 5.0)))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    @rule(params=st.booleans())
    def notice(self, params: bool) -> None:
        """The program looks: where it was told to, or everywhere as the events were lost."""
        self.scanner.refresh(self.hints if params else None)
        self.hints = set()

    @rule(times=st.integers(1, 4))
    def work_on(self, times: int) -> None:
        """The program does what is first, a few times."""
        for _ in range(times):
            if not self.turn():
                return

    @rule(calls=st.integers(0, 12))
    def crash_in_work(self, calls: int) -> None:
        """The program ends at some call into the operating system, and starts again."""
        self.deeds.append(f"crash after {calls} calls")
        with _crashing(calls), contextlib.suppress(Crash):
            while self.turn():
                pass
        self.begin()

    @precondition(lambda self: bool(self.hints))
    @rule()
    def lose_events(self) -> None:
        """What happened is not reported."""
        self.hints = set()

    def turn(self) -> bool:
        """Look where something settles, plan, do the first job; whether there was one."""
        self.scanner.refresh(set())
        snapshot = self.scanner.snapshot()
        job = next(plan(snapshot, self.ledger.history, self.scanner.config), None)
        if job is None:
            return False
        if isinstance(job, RenderDraft):
            made = self.ledger.history
            waiting = [
                seed.path
                for seed in snapshot.seeds
                if len(made.made("final", seed.key)) < seed.profile.refine.count
            ]
            self.wrong += [f"a draft is next while {path} waits" for path in waiting]
        kind = type(job).__name__
        try:
            path = self._do(job)
        except FileNotFoundError:
            self.scanner.refresh({job.path})
            return True
        self.deeds.append(f"{kind} {job.path} -> {path}")
        if kind == "Pick":
            self.scanner.picked(job.path, path)
        elif kind == "Explain":
            self.scanner.explained(job.path)
        if not kind.startswith("Render"):
            self.scanner.refresh({job.path, *getattr(job, "beside", ())})
        return True

    def _do(self, job: Job) -> str:
        """Do one job, as the daemon does with an executor that is done at once."""
        if isinstance(job, Chore):
            return workshop.do(job, self.studio, self.ledger, Lines())
        source = workshop.source_of(job, self.scanner.identity)
        self.renders.begin(job, 0, source, self.scanner.config)
        while True:
            for _, how in self.renders.ended():
                if isinstance(how, Exception):
                    raise how
                if how is not None:
                    if how.state is not None:
                        self.scanner.published(how.path, how.state, job.recipe, how.record)
                    return how.path

    def teardown(self) -> None:
        """Peace: nothing more happens but looks and work; then the disk is read."""
        if not hasattr(self, "scanner"):
            return
        before = self._prompt_files()
        if self.tally.runs % 2:
            self.begin()
        for _ in range(4):
            self.scanner.refresh()
            self.now += 1.0
            while self.turn() or self.scanner.busy:
                self.now += _SETTLE_S
        self._judge(before)
        shutil.rmtree(self.root.parent)

    def _prompt_files(self) -> list[tuple[str, str]]:
        found = []
        for path in (self.root / "inbox").iterdir():
            if path.is_file() and ".sync-conflict-" not in path.name:
                found.append((path.name, hashlib.sha256(path.read_bytes()).hexdigest()))
        return found

    def _judge(self, prompt_files: list[tuple[str, str]]) -> None:
        """What is violated now."""
        book = self.book
        done = [path.read_text().strip() for path in (self.root / "inbox" / "done").iterdir()]
        book.prompts = dict(self.known)
        for text, times in self.drops.items():
            wanted = people.DRAFTS * done.count(f"a boat {text}")
            book.prompts[f"a boat {text}"] = wanted
            book.maybe[f"a boat {text}"] = people.DRAFTS * times - wanted
        failed = self.root / "inbox" / "failed"
        found = checker.check(self.root, asdict(book))
        found["I2"] = [case for case in found.get("I2", []) if "/wrong" not in case]
        if len(list(failed.glob("*.error.txt"))) != len(list(failed.glob("wrong*.toml"))):
            found["I2"].append("a file with a mistake has no note, or more than one")
        for name, digest in prompt_files:
            folder = "failed" if name == "wrong.toml" else "done"
            lies = (self.root / "inbox" / folder).glob(f"{Path(name).stem}*")
            if digest not in {hashlib.sha256(path.read_bytes()).hexdigest() for path in lies}:
                found["I4"] = [*found.get("I4", []), f"{name} is neither done nor failed"]
        found["I7"] = self.wrong
        self.tally.runs += 1
        self.tally.faults += len(self.deeds)
        if any(found.values()):
            self.tally.add(found, f"sequence {self.tally.runs}: {'; '.join(self.deeds)}")

    def _delete(self, draft: Path) -> None:
        gone = checker.read(draft)
        draft.unlink()
        rooms = [self.root / "drafts", self.root / "seeds"]
        others = [path for room in rooms for path in room.glob("*.png")]
        if gone.recipe and gone.identity not in {checker.read(path).identity for path in others}:
            text = gone.recipe["prompt"]
            self.book.deleted[text] = self.book.deleted.get(text, 0) + 1

    def _copied(self, path: Path) -> None:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self.book.copies[digest] = self.book.copies.get(digest, 0) + 1


def _pattern(work: Path) -> tuple[Path, Book]:
    """A studio with a few drafts to handle."""
    place = people.studio(work, "pattern")
    users = people.People(place, "pattern")
    users.drop(people.copied)
    daemons.finish("hotfolder", place)
    return place.root, users.book


@contextlib.contextmanager
def _crashing(calls: int):  # type: ignore[no-untyped-def]
    """After so many calls that change the disk the program ends, before the next one."""
    places = [(os, name) for name in ("fsync", "unlink", "mkdir", "link")]
    places.append((beneath, "_rename"))
    real = [getattr(module, name) for module, name in places]
    left = [calls]

    def ending(function):  # type: ignore[no-untyped-def]
        def call(*arguments: object, **options: object) -> object:
            if left[0] == 0:
                raise Crash
            left[0] -= 1
            return function(*arguments, **options)

        return call

    for (module, name), function in zip(places, real, strict=True):
        setattr(module, name, ending(function))
    try:
        yield
    finally:
        for (module, name), function in zip(places, real, strict=True):
            setattr(module, name, function)
