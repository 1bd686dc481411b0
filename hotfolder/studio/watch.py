"""Wake-up calls from the operating system: which paths may have changed. Hints, never the truth."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

_READ_ONLY = {"opened", "closed_no_write"}
_MOST = 20_000


class Watch(FileSystemEventHandler):
    """Collects hints under `root` between two calls of `take`.

    watchdog loses events without saying so (bursts, the watch limit, a replaced root), so a
    periodic look through the folders must go on beside it. What an event says happened is not
    believed; only that a path deserves a look. Our own reading would wake us, so those two kinds
    of events are dropped.
    """

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._awake = threading.Event()
        self._guard = threading.Lock()
        self._paths: set[str] = set()
        self._lost_count = False
        self._observer = Observer()
        try:
            self._observer.schedule(self, self._root, recursive=True)
            self._observer.start()
        except OSError as error:
            logging.getLogger(__name__).warning(
                "the operating system gives no notice of changes (%s); "
                "the folders are looked through from time to time instead",
                error,
            )

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Keep the paths of an event. Must not raise: that would end watchdog's thread."""
        if event.event_type in _READ_ONLY or (
            event.is_directory and event.event_type == "modified"
        ):
            return  # a folder is "modified" by every file in it, which has an event of its own
        with self._guard:
            for path in (event.src_path, event.dest_path):
                if path:
                    relative = os.path.relpath(os.fsdecode(path), self._root).replace(os.sep, "/")
                    if not relative.startswith(".hotfolder/"):
                        self._paths.add(relative)
            if len(self._paths) > _MOST:
                self._lost_count = True
                self._paths.clear()
            if self._paths or self._lost_count:
                self._awake.set()

    def take(self) -> set[str] | None:
        """The paths that may have changed since the last call; None: too many, look everywhere."""
        with self._guard:
            paths, lost = self._paths, self._lost_count
            self._paths, self._lost_count = set(), False
            self._awake.clear()
        return None if lost else paths

    def wait(self, seconds: float) -> None:
        """Return after a hint, or after `seconds`."""
        self._awake.wait(seconds)

    def wake(self) -> None:
        """End a `wait` from another thread or a signal handler."""
        self._awake.set()

    def stop(self) -> None:
        """Let go of the operating system's watch."""
        if self._observer.is_alive():
            self._observer.stop()
            self._observer.join()
