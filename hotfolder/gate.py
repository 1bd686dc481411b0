"""Which of the planned jobs may begin now, and which have to wait for their turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from hotfolder.downloads import Downloads
from hotfolder.jobs import Ask, Encode, Job, RenderDraft, RenderFinal, Work, claim_of
from hotfolder.plan import following
from hotfolder.renders import Renders
from hotfolder.setbacks import Setbacks
from hotfolder.studio.scan.limits import Pace
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.store.ledger import Ledger
from hotfolder.workshop import starts_from_picture

_SHOWN_PER_HOUR = 300  # pictures from elsewhere: each takes about a tenth of a draft's time


class Gate:
    """Lets jobs begin, or wait: for a model, for another try, for what the owner's limits allow.

    A run that ends by itself makes one draft of each endless file, and none when nothing renders
    any more.
    """

    def __init__(
        self,
        scanner: Scanner,
        ledger: Ledger,
        setbacks: Setbacks,
        renders: Renders,
        downloads: Downloads,
        clock: Callable[[], float],
    ) -> None:
        self._scanner = scanner
        self._ledger = ledger
        self._setbacks = setbacks
        self._renders = renders
        self._downloads = downloads
        self._clock = clock
        self._ends = False
        self._served: set[str] = set()
        self._finals = Pace(3600.0)
        self._shown = Pace(3600.0)

    def begin(self, ends: bool) -> None:
        """A run begins; `ends` is whether it ends by itself."""
        self._ends = ends
        self._served.clear()

    def first(self, jobs: Iterable[Job]) -> Job | None:
        """The first job that need not wait."""
        for job in jobs:
            if not self._must_wait(job):
                return job
            if isinstance(job, RenderDraft) and not self._scanner.knows_all_wishes:
                break  # as all that come after it
        return None

    def passed(self, job: Work) -> None:
        """A job has begun."""
        self._served.add(job.path)
        if isinstance(job, RenderFinal):
            self._finals.note(self._clock())
        elif isinstance(job, Encode):
            self._shown.note(self._clock())

    def came_to_nothing(self, job: Work) -> None:
        """A job that had begun went wrong."""
        self._served.discard(job.path)

    @property
    def refinements_per_hour(self) -> int:
        """How many refinements the owner allows to be begun in an hour."""
        return self._scanner.config.settings.limits.refinements_per_hour

    def refines_in_s(self) -> float:
        """Seconds until the owner's limits allow another refinement."""
        return self._finals.free_in_s(self.refinements_per_hour, self._clock())

    def following(self, job: Work) -> Iterator[RenderDraft]:
        """The drafts that may be drawn with a job's."""
        if isinstance(job, RenderDraft) and not (job.endless and self._ends):
            snapshot = self._scanner.snapshot()
            yield from following(job, snapshot, self._ledger.history, self._scanner.config)

    def is_unwanted(self, job: Work) -> bool:
        """Whether nobody wants any more what has begun, or another machine makes it."""
        if self._scanner.shares.yields(claim_of(job)):
            return True
        if job.ordinal in self._ledger.history.made(job.stage, job.request):
            return True  # another machine was sooner
        return isinstance(job, RenderDraft) and not self._setbacks.lies_there(job)

    def _must_wait(self, job: Job) -> bool:
        """Whether a job's turn is over: it has just failed, or was an endless file's only one."""
        if isinstance(job, Ask):
            return False
        if self._setbacks.must_wait(job):
            return True
        if isinstance(job, Work) and self._ends and self._renders.have_failed:
            return True
        if isinstance(job, RenderDraft) and not self._scanner.knows_all_wishes:
            return True  # a picture that was picked may be among the rest
        if isinstance(job, RenderFinal) and self.refines_in_s() > 0:
            return True
        if isinstance(job, Work) and self._scanner.reads_pixels and starts_from_picture(job):
            return True
        if isinstance(job, Encode) and not self._renders.has_model:
            return True  # none is read for that
        if isinstance(job, Encode) and self._shown.free_in_s(_SHOWN_PER_HOUR, self._clock()) > 0:
            return True
        if isinstance(job, Work) and self._model_is_missing(job):
            return True
        endless = isinstance(job, RenderDraft) and job.endless
        return endless and self._ends and job.path in self._served

    def _model_is_missing(self, job: Work) -> bool:
        """Whether a job's model has to be fetched first, which goes on meanwhile.

        A run that ends by itself does not try again what was held up.
        """
        models = self._renders.models_of(job, self._scanner.config)
        lacking = next((model for model in models if self._downloads.lacks(model)), None)
        return lacking is not None and self._downloads.hold_up(lacking, job.path)
