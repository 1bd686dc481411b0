"""A daemon that works beside a test, in a thread of its own, and what it says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from hotfolder.daemon import Daemon, Until
from hotfolder.report.progress import Lines


class Said(Lines):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def say(self, sentence: str) -> None:
        """Keep it."""
        self.sentences.append(sentence)

    warn = say


@contextmanager
def at_work(daemon: Daemon) -> Iterator[None]:
    """The daemon works meanwhile."""
    thread = threading.Thread(target=daemon.run, args=[Until()])
    thread.start()
    try:
        yield
    finally:
        daemon.stop()
        thread.join(60)
        daemon.close()
