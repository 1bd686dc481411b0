"""Lets pages of the light table see what the daemon does, whichever process serves them."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from hotfolder.images import pixels
from hotfolder.report.progress import Preview, Progress
from hotfolder.studio.store import making_file
from hotfolder.studio.store.making_file import Making, MakingFile

_EVERY_S = 0.25
_KEPT = 12
_HOUR_S = 3600.0


class Posting:
    """Tells another progress everything, and posts it in local state a few times a second."""

    def __init__(
        self, shown: Progress, root: Path, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._shown = shown
        self._root = root
        self._clock = clock
        self._guard = threading.Lock()
        self._making: dict[int, Making] = {}
        self._said: deque[str] = deque(maxlen=_KEPT)
        self._warned: deque[str] = deque(maxlen=_KEPT)
        self._made_at: deque[float] = deque(maxlen=1000)
        self._posted_at = float("-inf")

    def began(self, what: str, which: int | None = None) -> None:
        """Another picture is being made."""
        if which is not None:
            with self._guard:
                self._making[which] = Making(what)
        self._shown.began(what, which)

    def step(self, step: int, steps: int, which: int | None = None) -> None:
        """One more step of it."""
        with self._guard:
            if which in self._making:
                self._making[which] = replace(self._making[which], step=step, steps=steps)
        self._shown.step(step, steps, which)
        self._post()

    def preview(self, preview: Preview, which: int | None = None) -> None:
        """How it looks so far."""
        image = pixels.from_rgb((preview.width, preview.height), preview.rgb)
        data = pixels.encode(image)
        with self._guard:
            if which in self._making:
                self._making[which] = replace(self._making[which], preview=data)
                self._posted_at = float("-inf")
        self._shown.preview(preview, which)
        self._post()

    def ended(self, which: int | None = None) -> None:
        """It is done, or given up."""
        with self._guard:
            if self._making.pop(which, None) if which is not None else None:
                self._made_at.append(self._clock())
        self._shown.ended(which)
        self._post()

    def queue(self, drafts: int, finals: int) -> None:
        """Passed on."""
        self._shown.queue(drafts, finals)

    def say(self, sentence: str) -> None:
        """A result."""
        with self._guard:
            self._said.append(sentence)
            self._posted_at = float("-inf")
        self._shown.say(sentence)
        self._post()

    def warn(self, sentence: str) -> None:
        """A trouble."""
        with self._guard:
            self._warned.append(sentence)
            self._posted_at = float("-inf")
        self._shown.warn(sentence)
        self._post()

    def _post(self) -> None:
        """Post it unless that was done a moment ago. A disk that does not take it is no trouble."""
        now = self._clock()
        with self._guard:
            if now - self._posted_at < _EVERY_S and self._making:
                return
            self._posted_at = now
            made = [at for at in self._made_at if at > now - _HOUR_S]
            span_s = now - made[0] if len(made) > 1 else 0.0
            posted = MakingFile(
                tuple(self._making.values()),
                tuple(self._said),
                tuple(self._warned),
                (len(made) - 1) / span_s * _HOUR_S if span_s > 0 else 0.0,
            )
            with suppress(OSError):
                making_file.post(self._root, posted)
