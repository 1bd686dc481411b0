"""Models on their way from the hub, beside all rendering: how far, and what holds them up."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from hotfolder.backoff import Backoff
from hotfolder.errors import HotfolderError, NetworkError, RenderError
from hotfolder.recipes.model import Model
from hotfolder.render.models import download, hub, split, weights
from hotfolder.report.durations import spoken
from hotfolder.report.progress import Progress
from hotfolder.waiting import Wait, until

_log = logging.getLogger(__name__)
_BAR = -1  # no picture has this number
SHOWN_EVERY_S = 2.0
_LOGGED_EVERY_S = 60.0
_MOST_MODELS = 64

Key = tuple[hub.Source, ...]


@dataclass(slots=True)
class Fetch:
    """One model on its way. Its numbers are written by the thread that fetches it.

    `total` and `here` are bytes, the latter with those that came in earlier tries.
    """

    sources: Key
    wanted_by: str
    began_s: float
    total: int = 0
    here: int = 0
    came: int = 0

    def begin(self, total: int, here: int) -> None:
        """Another part of it has so many bytes, of which so many are here."""
        self.total += total
        self.here += here

    def add(self, count: int) -> None:
        """So many more bytes came; fewer than none where they have to come again."""
        self.here += count
        self.came += count

    def sentence(self, now_s: float) -> str:
        """How far it is: bytes, speed and time left."""
        says = f"fetching {self.sources[0]}"
        if not self.total:
            return f"{says}: asking the hub"
        says += f": {self.here / 1e9:.1f} of {self.total / 1e9:.1f} GB"
        speed = self.came / max(now_s - self.began_s, 1e-9)
        if speed < 1:
            return f"{says}, nothing has arrived yet"
        left_s = (self.total - self.here) / speed
        return f"{says}, {speed / 1e6:.1f} MB/s, {spoken(left_s)} left"


class Downloads:
    """Fetches one model at a time, in a thread that nobody waits for when the program ends.

    Relative paths of models start at `base`. `wake` is called from that thread when there are
    news. What the network, the hub or the disk holds up is tried again by itself, and nobody's
    prompt file is to blame; what its owner must see to is raised by `require`, once.
    """

    def __init__(
        self,
        base: Path,
        progress: Progress,
        wake: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base = base
        self._progress = progress
        self._wake = wake
        self._clock = clock
        self._complete: set[Key] = set()
        self._here: list[Model] = []  # of which nothing has to be fetched
        self._refused: dict[Key, Exception] = {}
        self._delays = Backoff()
        self._not_before: dict[str, float] = {}
        self._wanted_by: dict[str, str] = {}
        self._current: Fetch | None = None
        self._news: dict[str, str] = {}
        self._ended: SimpleQueue[tuple[Fetch, Exception | None]] = SimpleQueue()
        self._stopping = threading.Event()
        self._shown_s = self._logged_s = float("-inf")

    @property
    def busy(self) -> bool:
        """Whether a model is on its way."""
        return self._current is not None

    def lacks(self, model: Model) -> bool:
        """Whether anything of `model` would have to be fetched first."""
        return bool(self._key(model))

    def hold_up(self, model: Model, path: str) -> bool:
        """Whether the render of `path` has to wait for its model, which is fetched meanwhile."""
        key = self._key(model)
        if not key or key in self._refused:
            return False
        now, name = self._clock(), _name(key)
        waits = self._delays.has(name, now) or now < self._not_before.get(name, now)
        if not waits and self._current is None:
            self._current = Fetch(key, path, now)
            self._logged_s = now
            threading.Thread(
                target=self._run, args=(self._current,), name="download", daemon=True
            ).start()
        return True

    def require(self, model: Model) -> None:
        """Raise what the owner of `model` must see to before it can be fetched, if anything."""
        if (error := self._refused.pop(self._key(model), None)) is not None:
            raise error

    def collect(self) -> int:
        """Take note of what has ended; how many fetches were held up for the first time."""
        held_up = 0
        while not self._ended.empty():
            fetch, error = self._ended.get()
            self._current = None
            self._hide()
            name = _name(fetch.sources)
            if name in self._wanted_by and (error is None or isinstance(error, RenderError)):
                self._news[self._wanted_by[name]] = ""
            if error is None:
                self._complete.add(fetch.sources)
                self._delays.end(name)
                self._progress.say(f"{name} is here ({fetch.total / 1e9:.1f} GB)")
            elif isinstance(error, RenderError):
                self._refused[fetch.sources] = error
            else:
                held_up += self._postpone(fetch, error)
        return held_up

    def _postpone(self, fetch: Fetch, error: Exception) -> bool:
        """Try again later; whether that is the first time."""
        if not isinstance(error, HotfolderError):
            _log.error("unexpected trouble with %s", _name(fetch.sources), exc_info=error)
        now, name = self._clock(), _name(fetch.sources)
        says = f"{name} cannot be downloaded now: {error}; hotfolder will try again"
        self._wanted_by[name] = fetch.wanted_by
        if isinstance(error, NetworkError):
            self._not_before[name] = now + error.again_in_s
        first = self._delays.postpone(name, says, now)
        if first:
            self._progress.warn(f"{fetch.wanted_by} waits: {says}")
            self._news[fetch.wanted_by] = says
        return first

    def news(self) -> dict[str, str]:
        """The files that have come to wait for the network since the last call, and why.

        "" for those that wait for it no more.
        """
        found, self._news = self._news, {}
        return found

    def show(self, asked_at: float) -> None:
        """Tell a terminal how far it is, now and then, and once a minute a log.

        Forgets what was held up, if its time had come at `asked_at` and nobody asked for it then.
        """
        fetch, now = self._current, self._clock()
        self._delays.forget_past(asked_at, (_name(fetch.sources),) if fetch else ())
        if fetch is None:
            return
        if now >= self._shown_s + SHOWN_EVERY_S:
            self._hide()
            self._progress.began(fetch.sentence(now), _BAR)
            self._shown_s = now
        if now >= self._logged_s + _LOGGED_EVERY_S:
            self._progress.say(fetch.sentence(now))
            self._logged_s = now

    def _hide(self) -> None:
        if self._shown_s > float("-inf"):
            self._progress.ended(_BAR)
            self._shown_s = float("-inf")

    def reasons(self) -> Mapping[str, str]:
        """Why files have to wait for their models, by their paths."""
        fetch = self._current
        going = {fetch.wanted_by: fetch.sentence(self._clock())} if fetch else {}
        delayed = {self._wanted_by[name]: says for name, says in self._delays.reasons().items()}
        return delayed | going

    def waits(self, now: float) -> Iterator[Wait]:
        """Until fetches that were held up are tried again, and until there is more to show."""
        shown = [now + SHOWN_EVERY_S] if self._current else []
        again_at = [*self._delays.ends_at(), *self._not_before.values(), *shown]
        return until(again_at, now, "a model that is fetched")

    def close(self) -> None:
        """Let go of the network; what has come is kept for the next time."""
        self._stopping.set()

    def _key(self, model: Model) -> Key:
        if model in self._here:
            return ()
        try:
            key = split.sources(model, self._base)
            if key and key not in self._complete and weights.lacking(model, self._base):
                return key
        except RenderError:  # which the render says in its turn
            return ()
        self._complete.add(key)
        self._here = [*self._here[-_MOST_MODELS:], model]
        return ()

    def _run(self, fetch: Fetch) -> None:
        error: Exception | None = None
        try:
            for source in fetch.sources:
                download.fetch(source, fetch.begin, fetch.add, self._stopping.is_set)
        except Exception as caught:
            error = caught
        if not self._stopping.is_set():
            self._ended.put((fetch, error))
            self._wake()


def _name(key: Key) -> str:
    return f"the model {key[0]}"
