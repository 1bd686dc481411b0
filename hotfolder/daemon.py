"""The loop: look, plan, do one thing, look again."""

from __future__ import annotations

import itertools
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from hotfolder import workshop
from hotfolder.backoff import LONGEST_PAUSE_S
from hotfolder.company import Company
from hotfolder.critic import Critic
from hotfolder.downloads import Downloads
from hotfolder.errors import (
    HotfolderError,
    StudioMissingError,
    printable,
    reason,
)
from hotfolder.executors.opening import open_executor
from hotfolder.gate import Gate
from hotfolder.jobs import (
    Ask,
    Chore,
    Explain,
    Finish,
    Job,
    Locate,
    Pick,
    RenderDraft,
    SetAside,
    TryAgain,
    Work,
)
from hotfolder.newcomers import Newcomers
from hotfolder.notices import Notices
from hotfolder.plan import plan
from hotfolder.renders import OpenExecutor, Renders
from hotfolder.report.progress import Lines, Progress
from hotfolder.setbacks import Setbacks
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.apart import BeingReadError
from hotfolder.studio.scan.schedule import Schedule
from hotfolder.studio.store import moves, publication
from hotfolder.studio.store.claims import Claims
from hotfolder.studio.store.ledger import Ledger
from hotfolder.studio.store.status_file import StatusFile
from hotfolder.studio.store.twins import Twins
from hotfolder.taste.rule import Rule
from hotfolder.tutor import Tutor
from hotfolder.waiting import Sparingly, Wait, soonest

_log = logging.getLogger(__name__)
_LISTEN_S = 2.0  # between two looks at what the other machines say
_PATIENCE_S = 30.0  # and 40 settling times: it takes 31 to tell that a picture was cut off


@dataclass(frozen=True, slots=True)
class Until:
    """How long a run goes on.

    `idle`: until all is done, with one draft for each endless file. `seconds`: endless files go on
    until this much time has passed, then the run ends. Neither: until it is told to stop.
    """

    idle: bool = False
    seconds: float | None = None


class Daemon:
    """Works on one studio. There is no queue and no state worth keeping: all is in the folders.

    Pictures are rendered elsewhere while this goes on looking, so a picture that is picked
    interrupts a draft at its next denoising step. `waits_for` is what the last rest was for.
    """

    def __init__(
        self,
        studio: Studio,
        progress: Progress | None = None,
        clock: Callable[[], float] = time.monotonic,
        executor: OpenExecutor = open_executor,
    ) -> None:
        self.waits_for: Wait | None = None
        self._studio = studio
        self._progress = progress or Lines()
        self._clock = clock
        self._schedule = Schedule(studio, clock)
        self._scanner, self._watch = self._schedule.scanner, self._schedule.watch
        self._ledger = Ledger(studio)
        self._renders = Renders(
            studio,
            self._ledger,
            self._progress,
            executor,
            self._watch.wake,
            clock,
        )
        self._downloads = Downloads(studio.root, self._progress, self._watch.wake, clock)
        self._stopping = threading.Event()
        self._until = Until()
        self._ends_at = float("inf")
        self._recovered = False
        self._quiet_since = self._turn_at = clock()
        self._setbacks = Setbacks(studio, self._scanner, self._progress, clock)
        self._gate = Gate(
            self._scanner, self._ledger, self._setbacks, self._renders, self._downloads, clock
        )
        self._critic = Critic(studio, self._goes_on)
        self._newcomers = Newcomers(studio, self._critic)
        self._tutor = Tutor(studio, self._watch.wake)
        self._company = Company(Claims(studio.root), self._ledger)
        self._twins = Twins(studio)
        self._rounds = 0
        self._notices = Notices(studio.root, self._scanner, self._ledger, self._progress, clock)
        self._noted: dict[str, dict[str, None]] = {}
        self._review = Sparingly(clock)
        self._pause_s = 0.0

    @property
    def failures(self) -> int:
        """How often something went wrong and was set aside, or had to wait."""
        return self._setbacks.failures

    def stop(self) -> None:
        """End the run at the next denoising step. For signal handlers and other threads."""
        self._stopping.set()
        self._watch.wake()

    def _goes_on(self) -> bool:
        """Whether nobody has told it to stop."""
        return not self._stopping.is_set()

    def close(self) -> None:
        """Let go of the operating system's watch and of the models."""
        self._watch.stop()
        self._scanner.close()
        self._downloads.close()
        self._tutor.close(waits=not self._stopping.is_set())
        self._renders.close()

    def run(self, until: Until) -> None:
        """Work until the end that `until` describes, or until told to stop.

        Raises StudioMissingError if the studio vanishes during a run that ends by itself.
        """
        self._until = until
        self._gate.begin(ends=until.idle)
        self._schedule.begin_anew()
        self._quiet_since = self._clock()
        if until.seconds is not None:
            self._ends_at = self._clock() + until.seconds
        self._recovered = False
        self._notices.begin()
        try:
            while not self._stopping.is_set() and self._clock() < self._ends_at:
                if not self._turn():
                    break
        except BaseException:
            self._renders.cancel(_any)
            raise
        finally:
            self._wind_up()
            self._company.leave()
        self._notices.leave()

    def _turn(self) -> bool:
        """Look, plan, and do one thing or wait for news; whether to go on."""
        self._turn_at = self._clock()
        try:
            if self._schedule.go_on():
                self._after_a_round()
            self._make_up()
            self._on_report()
            if self._ledger.has_more:
                self._ledger.reload()
            self._company.attend(self._scanner.config.settings.together, self._rounds)
            self._scanner.shares = self._company.shares
            # Last, since all of these may have read on: a file that is finished is no new one.
            self._scanner.finished_elsewhere(self._ledger.finished_elsewhere())
            unwanted = _any if self._notices.paused else self._gate.is_unwanted
            self._review.do(lambda: self._renders.cancel(unwanted))
            job = self._first_job()
            if not self._goes_on():
                return False  # or else what takes long would begin now
        except (StudioMissingError, OSError) as error:
            if self._until.idle:
                raise self._in_words(error) from error
            self._pause(str(self._in_words(error)))
            return True
        if self._pause_s:
            # Another folder may be in the place of the one that was watched, and that is known of.
            self._pause_s = 0.0
            self._watch.renew()
            self._schedule.begin_anew()
            return True
        if isinstance(job, Chore):
            self._do(job)
        elif isinstance(job, Ask):
            self._company.ask(job.claims)
            self._say_what_is_made()
            return True
        elif job is not None and (slot := self._slot_for(job)) is not None:
            self._begin(job, slot)
            self._say_what_is_made()
        else:
            self._renders.go_on()
            return self._rest(job)
        self._quiet_since = self._clock()
        return True

    def _make_up(self) -> None:
        """Bring to its end what a crash or a failing disk cut off. Costs nothing if it did not."""
        if not self._recovered:
            publication.recover(self._studio, self._ledger, self._goes_on)
            self._recovered = self._goes_on()
        moves.confirm(self._studio, self._ledger)

    def _rest(self, job: Job | None) -> bool:
        """Nothing can be done until there are news; `job` waits for a slot. False: the run is over.

        Meanwhile the model that will be needed is loaded, or the one that is not is unloaded.
        """
        now = self._clock()
        due_s = self._due_in_s()
        self._downloads.show(self._turn_at)
        self._say_what_is_made()
        at_work = self._renders.busy or self._downloads.busy or self._tutor.busy
        idle = job is None and not at_work
        if idle and due_s is None:
            self._renders.forget()
        if idle and self._until.idle and self._is_over(due_s):
            return False
        settings = self._scanner.config.settings
        unloads_in_s = self._unloads_in_s(now)
        soon = self._scanner.expects_prompts or (unloads_in_s > 0 and not self._until.idle)
        if job or soon:
            self._renders.open(settings)
            if not self._downloads.lacks(self._scanner.config.profile(None).model):
                self._renders.load(self._scanner.config)
        elif unloads_in_s <= 0:
            self._renders.unload()
        if self._setbacks.reasons():
            self._setbacks.forget_past(self._turn_at, self._renders.paths)
        self._post()
        self._notices.queue()
        self.waits_for = soonest(self._waits(now, idle))
        if idle:
            self._progress.began("waiting for prompt files and picks")
        self._watch.wait(max(0.0, self.waits_for.seconds))
        if idle:
            self._progress.ended()
        return True

    def _is_over(self, due_s: float | None) -> bool:
        """Whether a run that ends by itself ends here."""
        return (due_s is None and not self._waits_for_others()) or self._out_of_patience()

    def _waits_for_others(self) -> bool:
        """Whether pictures are wanted that other machines make, or have yet to say so."""
        if self._company.shares.is_alone:
            return False
        return bool(self._company.waits_for) or any(self._notices.wanted())

    def _say_what_is_made(self) -> None:
        """Tell the other machines on the studio, if there are any."""
        if self._company.is_on:
            self._company.post(self._renders.claims)

    def _waits(self, now: float, idle: bool) -> Iterator[Wait]:
        """All that may end a rest without any notice."""
        yield Wait(self._schedule.round_in_s(), "a look everywhere")
        yield Wait(self._ends_at - now, "the end of the run")
        if (due_s := self._due_in_s()) is not None:
            yield Wait(due_s, "a file that settles or is read")
        if (owed_in_s := self._review.owed_in_s()) is not None:
            yield Wait(owed_in_s, "a look at what is being made")
        yield from self._setbacks.waits(now)
        yield from self._renders.waits(now)
        yield from self._downloads.waits(now)
        if (refines_in_s := self._gate.refines_in_s()) > 0:
            yield Wait(refines_in_s, "the limit of refinements")
        if self._company.is_on:
            settle_s = self._scanner.config.settings.settle_seconds
            yield Wait(min(_LISTEN_S, settle_s), "a word of the other machines")
        if self._notices.disk_is_low:
            yield Wait(self._setbacks.longest_pause_s(), "room on the disk")
        if (posts_in_s := self._notices.posts_in_s()) is not None:
            yield Wait(posts_in_s, "the next post for `hotfolder status`")
        if idle and (unloads_in_s := self._unloads_in_s(now)) > 0:
            yield Wait(unloads_in_s, "the model's unloading")

    def _due_in_s(self) -> float | None:
        """Seconds until there can be news without any notice; None: none are to come."""
        behind = self._ledger.has_more or self._critic.is_behind
        behind = behind or (self._newcomers.is_behind and self._renders.has_model)
        due_s = self._schedule.due_in_s()
        return 0.0 if behind and due_s is None else due_s

    def _unloads_in_s(self, now: float) -> float:
        """Seconds until the model is unloaded, if nothing happens."""
        idle_s = 60 * self._scanner.config.settings.unload_after_minutes
        return idle_s - (now - self._quiet_since)

    def _wind_up(self) -> None:
        """Bring what is being rendered to its end, at once if told to stop, and publish it."""
        while self._renders.busy:
            if self._stopping.is_set():
                self._renders.cancel(_any)
                self._renders.abandon()
            self._renders.go_on()
            self._watch.wait(LONGEST_PAUSE_S)
            self._watch.take()
            self._on_report()

    def _out_of_patience(self) -> bool:
        """Whether files have kept changing for so long that a run that ends must end."""
        patience_s = _PATIENCE_S + 40 * self._scanner.config.settings.settle_seconds
        return self._clock() - self._quiet_since > patience_s

    def _after_a_round(self) -> None:
        """See what other machines have entered, and whether the watch still hears anything."""
        self._ledger.reload()
        self._watch.check()
        self._rounds += 1
        if self._company.is_on:
            self._take_back_twins()

    def _take_back_twins(self) -> None:
        """Take back what another machine has made as well, while the two could not hear each
        other, and which is to stay there.
        """
        rooms = map(self._scanner.readings, ("drafts", "seeds"))
        lying, marked = itertools.chain(*rooms), self._scanner.marked_drafts()
        for path, other in list(self._twins.take_back(lying, marked)):
            self._progress.say(
                f"{printable(path)} was made by another machine as well, and is withdrawn in "
                f"favour of {printable(other)}"
            )
            self._scanner.refresh({path})

    def _first_job(self) -> Job | None:
        self._scanner.advice = self._tutor.advice
        snapshot = self._scanner.snapshot()
        least_gb = self._scanner.config.settings.keep_free_gb
        self._setbacks.failures += self._notices.disk(snapshot.disk_is_low, least_gb)
        self._notices.pause(snapshot.paused)
        self._critic.attend(self._scanner, self._rounds, self._ledger.history)
        if self._renders.has_model:  # none is read for that
            self._newcomers.attend(self._scanner, self._rounds, self._ledger.history)
        wanted = self._scanner.config.settings.taste
        self._tutor.attend(wanted, datetime.now().astimezone())
        jobs = plan(snapshot, self._ledger.history, self._scanner.config)
        return self._gate.first(jobs)

    def _do(self, job: Chore) -> None:
        """Do a chore, and take note of what it has changed in the folders."""
        if isinstance(job, Finish):
            noted = self._noted.pop(job.path, {})
            job = replace(job, notes=tuple(dict.fromkeys([*job.notes, *noted])))
        try:
            if isinstance(job, Pick) and job.by_itself:
                self._critic.chose(job.key, time.time())  # before it lies there as if picked
            path = workshop.do(job, self._studio, self._ledger, self._progress)
        except Exception as error:
            self._cope(job, error)
            return
        self._setbacks.over(job)
        if isinstance(job, Pick):
            self._scanner.picked(job.path, path)
        elif isinstance(job, Explain):
            self._scanner.explained(job.path)
        elif isinstance(job, TryAgain):
            self._scanner.put_back(job.path)
        if isinstance(job, Explain | SetAside):
            self._setbacks.failures += 1
        here = {path} if isinstance(job, TryAgain) else set()
        with suppress(StudioMissingError):  # the next turn says so
            self._scanner.refresh({job.path, *job.beside, *here})

    def _begin(self, job: Work, slot: int) -> None:
        """Begin to render a picture, or to look for words in one."""
        models = self._renders.models_of(job, self._scanner.config)
        try:
            for model in models:
                self._downloads.require(model)
            source = workshop.source_of(job, self._scanner.identity)
            following, rule = self._gate.following(job), self._rule_for(job)
            self._renders.begin(job, slot, source, self._scanner.config, following, rule)
        except BeingReadError:
            return  # the job comes again when its picture has come
        except Exception as error:
            self._cope(job, error)
        else:
            self._gate.passed(job)
        self._newcomers.begun(job)

    def _slot_for(self, job: Work) -> int | None:
        """Where a job can begin now."""

        def wanted() -> float:
            if isinstance(job, RenderDraft) and job.endless:
                return math.inf
            return self._notices.wanted()[0]

        return self._renders.slot_for(job, self._scanner.config, wanted)

    def _rule_for(self, job: Work) -> Rule | None:
        """By which a draft may be given up: what is wanted by number never is."""
        wanted = self._scanner.config.settings.taste.early_stop
        endless = isinstance(job, RenderDraft) and job.endless
        return self._tutor.advice.rule if wanted and endless else None

    def _on_report(self) -> None:
        """Take note of the pictures that were published, and of those that will not be."""
        self._setbacks.failures += self._downloads.collect()
        workshop.tell(self._studio, self._downloads.news())
        for job, how in self._renders.ended():
            if isinstance(how, Exception):
                self._gate.came_to_nothing(job)
                self._cope(job, how)
            elif isinstance(job, Locate):
                self._setbacks.over(job)
                self._scanner.located(job.path)
            elif how is not None:
                self._setbacks.over(job)
                if how.record.notes and isinstance(job, RenderDraft):
                    self._noted.setdefault(job.path, {}).update(dict.fromkeys(how.record.notes))
                if how.state is not None:
                    self._scanner.published(how.path, how.state, job.recipe, how.record)
            self._quiet_since = self._clock()

    def _cope(self, job: Job, error: Exception) -> None:
        """What goes wrong with one job never stops the others."""
        if aside := self._setbacks.cope(job, error):
            self._do(aside)

    def _pause(self, says: str) -> None:
        """Say why nothing at all can be done, and wait: longer each time, until it can."""
        self._setbacks.failures += 1
        if not self._pause_s:
            self._progress.warn(f"{says}; hotfolder waits until it is back")
        self._post(says)
        self._pause_s = min(self._setbacks.longest_pause_s(), max(1.0, 2 * self._pause_s))
        self._stopping.wait(self._pause_s)

    def _post(self, pause: str = "") -> None:
        """Tell `hotfolder status` what waits, if that has changed."""
        waits = {printable(path): says for path, says in self._setbacks.reasons().items()}
        if self._gate.refines_in_s() > 0:
            limit = self._gate.refinements_per_hour
            waits["seeds/"] = f"{limit} refinements were started within an hour"
        waits |= {printable(path): says for path, says in self._downloads.reasons().items()}
        waits |= self._renders.troubles()
        for name in self._company.waits_for:
            waits[f"the computer {name}"] = "has not yet confirmed that it knows about this one"
        staff = self._renders.staff()
        self._notices.post(StatusFile(printable(pause), waits, self._watch.blind, staff))

    def _in_words(self, error: Exception) -> HotfolderError:
        """Why the folders cannot be looked at."""
        if isinstance(error, OSError):
            return HotfolderError(f"{self._studio.root} cannot be worked on: {reason(error)}")
        return StudioMissingError(str(error))


def _any(job: Work) -> bool:
    """Every job is meant."""
    return True
