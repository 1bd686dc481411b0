"""Finished pictures on their way into the studio."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from hotfolder import publishing
from hotfolder.errors import PictureError, printable
from hotfolder.executors.chain import forget
from hotfolder.executors.orders import Done, Encoded, Found, GivenUp, Outcome
from hotfolder.jobs import Encode, Locate, Render, RenderDraft, Work
from hotfolder.publishing import Publication, Published
from hotfolder.recipes.record import seconds
from hotfolder.report.progress import Progress
from hotfolder.slots import Attempt
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import located
from hotfolder.studio.store.ledger import Ledger

Ended = Published | Exception | None
"""A job's picture, or what went wrong; None for a job that nobody wants any more."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A picture whose file is written, and that is yet to be entered."""

    attempt: Attempt
    steps: Publication


class Press:
    """Puts finished pictures into the studio.

    Each is encoded, hashed and written by a thread of its own while the next one renders, which
    `on_printed` is told from that thread; the ledger is written in the caller's thread alone.
    `states` is the folder of what was saved of unfinished renders.
    """

    def __init__(
        self,
        studio: Studio,
        ledger: Ledger,
        progress: Progress,
        states: Path,
        on_printed: Callable[[Printed], None],
    ) -> None:
        self._studio = studio
        self._ledger = ledger
        self._progress = progress
        self._states = states
        self._on_printed = on_printed
        self._thread = ThreadPoolExecutor(1, "press")
        self._printing: dict[int, Attempt] = {}

    @property
    def attempts(self) -> Collection[Attempt]:
        """What is being published."""
        return self._printing.values()

    def close(self) -> None:
        """Wait until all that has been rendered is written."""
        self._thread.shutdown()

    def publish(self, attempt: Attempt, done: Done) -> Iterator[Ended]:
        """Begin to publish a picture; how its job ends here if that cannot be, or is not needed."""
        job = attempt.job
        assert isinstance(job, Render)  # noqa: S101 - what was looked for is found, not done
        steps = publishing.publish(
            self._studio, self._ledger, job, attempt.source, done, attempt.settings
        )
        try:
            next(steps)
        except StopIteration:
            yield None
        except OSError as error:
            yield error
        else:
            self._printing[attempt.number] = attempt
            printed = self._thread.submit(next, steps)
            printed.add_done_callback(lambda _: self._on_printed(Printed(attempt, steps)))

    def enter(self, printed: Printed) -> Published | Exception:
        """Enter a printed picture in the ledger; the picture, or what went wrong."""
        job = printed.attempt.job
        del self._printing[printed.attempt.number]
        try:
            next(printed.steps)
        except StopIteration as end:
            published: Published = end.value
            forget(job.recipe, self._states)
            says = f"{job.why}, {seconds(published.record):.1f} s"
            self._progress.say(f"{printable(published.path)}  {says}")
            return published
        except Exception as error:
            return error
        raise AssertionError("a publication has two parts in the ledger's thread")

    def pass_over(self, attempt: Attempt, news: GivenUp) -> Exception | None:
        """Enter a draft that was given up as such; what went wrong, if anything."""
        job = attempt.job
        assert isinstance(job, RenderDraft)  # noqa: S101 - nothing else has a rule
        try:
            path = publishing.pass_over(self._studio, self._ledger, job, news, attempt.settings)
        except (OSError, PictureError) as error:
            return error
        how = f"given up after {news.step} of {news.steps} steps"
        self._progress.say(f"{printable(path)}  {how}: {news.score:.0%} likely to please")
        return None

    def keep(self, job: Work, news: Found) -> Exception | None:
        """Keep what is known of words that were looked for; what went wrong, if anything."""
        assert isinstance(job, Locate)  # noqa: S101 - nothing else looks for words
        assert job.recipe.source is not None  # noqa: S101 - they are looked for in a picture
        by = job.detector or job.recipe.model
        try:
            located.keep(self._studio.root, job.recipe.source, by, news.regions)
        except OSError as error:
            return error
        for word, regions in news.regions.items():
            says = "is found in it" if regions else "is not seen in it"
            self._progress.say(printable(f"{job.path}  {word} {says}"))
        return None

    def keep_encoded(self, attempt: Attempt, news: Outcome) -> Exception | None:
        """Keep what is known of a picture that was shown to a model; what went wrong, if anything.

        Where it could not be shown, that is what its pixels say.
        """
        job, source = attempt.job, attempt.source
        assert isinstance(job, Encode) and source  # noqa: S101 - nothing else is only shown
        seen = news.features if isinstance(news, Encoded) else {}
        try:
            publishing.keep_encoded(self._studio, job, source, seen)
        except OSError as error:
            return error
        return None
