"""What is new, for all open pages: short events from any thread to each page's stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from hotfolder import json_text

_MOST_WAITING = 100
_BEATS_EVERY_S = 10.0  # a page takes three times that for silence


class News:
    """Passes events on to the pages that listen. One that does not keep up is told to look anew."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pages: set[asyncio.Queue[dict[str, str]]] = set()
        self._is_open = True

    @property
    def has_readers(self) -> bool:
        """Whether any page listens."""
        return bool(self._pages)

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """The loop in which pages listen."""
        self._loop = loop

    def tell(self, event: str, data: Any = None) -> None:
        """Pass an event on; from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            message = {"event": event, "data": json_text.encode(data).decode()}
            self._loop.call_soon_threadsafe(self._pass_on, message)

    def close(self) -> None:
        """End all streams."""
        self._is_open = False
        self.tell("bye")

    async def stream(self) -> AsyncIterator[dict[str, str]]:
        """The events from now on; in between one that says nothing but that somebody is there."""
        queue: asyncio.Queue[dict[str, str]] = asyncio.Queue(_MOST_WAITING)
        self._pages.add(queue)
        try:
            yield {"event": "hello", "data": "null"}
            while self._is_open:
                try:
                    yield await asyncio.wait_for(queue.get(), _BEATS_EVERY_S)
                except TimeoutError:
                    yield {"event": "beat", "data": "null"}
        finally:
            self._pages.discard(queue)

    def _pass_on(self, message: dict[str, str]) -> None:
        for queue in self._pages:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait({"event": "changed", "data": "null"})
            queue.put_nowait(message)
