"""Wake-up calls from the operating system: which paths may have changed. Hints, never the truth."""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import sys
import threading
import warnings
from contextlib import suppress
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from hotfolder.studio.mounts import remote_kind

_log = logging.getLogger(__name__)
# What watchdog wonders about is no matter for its owner; under cron that would be sent by mail.
logging.getLogger("watchdog").propagate = False
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"watchdog\.")
_READ_ONLY = {"opened", "closed_no_write"}
_MOST = 20_000
_FULL = "this user's limit of watched folders has been reached"
_DELETE_SELF = 0x400


class Watch(FileSystemEventHandler):
    """Collects hints under `root` between two calls of `take`.

    watchdog loses events without saying so (a full disk of watches, a replaced root), so a periodic
    look through the folders must go on beside it. What an event says happened is not believed; only
    that a path deserves a look. Our own reading would wake us, so those two kinds of events are
    dropped. `blind` says why nothing, or not everything, can be heard; empty if all is well.
    """

    def __init__(self, root: Path) -> None:
        self.blind = ""
        self._root = str(root)
        self._awake = threading.Event()
        self._guard = threading.Lock()
        self._paths: set[str] = set()
        self._lost_count = False
        self._heard = threading.Event()
        self._asked = False
        self._was_deaf = False
        self._identity: tuple[int, int] | None = None
        self._complaints = _Complaints(self)
        logging.getLogger("watchdog").addHandler(self._complaints)
        self._begin()

    def renew(self) -> None:
        """Begin to watch anew: what was there may have been replaced. What was missed is lost."""
        self._end()
        self._begin()
        self.lose()

    def check(self) -> None:
        """Begin anew if nothing is heard any more of the folder that is the studio now.

        On Linux that is tried: opening a file to read it is an event as well, and has to be heard
        until the next check. Raises OSError if there is no studio.
        """
        deaf = not self.blind and (_is_full(self._root) or not self._hears())
        cured = self.blind == _FULL and not _is_full(self._root)
        again = deaf and self._was_deaf
        if deaf or cured:
            self.renew()
        if again:
            self._is_blind("the operating system does not answer")
        self._was_deaf = deaf
        if sys.platform == "linux":
            self._heard.clear()
            self._asked = True
            (Path(self._root) / ".hotfolder" / "studio.json").read_bytes()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Keep the paths of an event. Must not raise: that would end watchdog's thread."""
        self._heard.set()
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

    def lose(self) -> None:
        """Some hints were lost: look everywhere."""
        with self._guard:
            self._lost_count = True
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
        self._end()  # with a last complaint perhaps, which nobody needs to read
        logging.getLogger("watchdog").removeHandler(self._complaints)

    def _hears(self) -> bool:
        """Whether the folder that is the studio now is the watched one, and was heard of."""
        if not self._observer.is_alive() or _identity(self._root) != self._identity:
            return False
        return self._heard.is_set() or not self._asked

    def _begin(self) -> None:
        self._observer = Observer()
        self._asked = False
        try:
            self._identity = _identity(self._root)
            self._observer.schedule(self, self._root, recursive=True)
            self._observer.start()
        except OSError as error:
            self._observer.unschedule_all()
            # Watchdog's own words: ENOSPC is no full disk here.
            self._is_blind(error.strerror or str(error))
            return
        kind = remote_kind(Path(self._root))
        if _is_full(self._root):
            self._is_blind(_FULL)
        elif kind:
            # That is as it should be: no reason for cron to send mail.
            self._is_blind(f"{kind} does not report what other computers do", logging.INFO)
        else:
            self.blind = ""

    def _is_blind(self, why: str, level: int = logging.WARNING) -> None:
        if why != self.blind:
            says = "no notice of changes (%s); folders are looked through every few seconds instead"
            _log.log(level, says, why)
        self.blind = why

    def _end(self) -> None:
        if self._observer.is_alive():
            with suppress(OSError):  # what was watched may be gone
                self._observer.stop()
            self._observer.join()


class _Complaints(logging.Handler):
    """Hears of overflows: watchdog only writes them to its log."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(logging.WARNING)
        self._watch = watch

    def emit(self, record: logging.LogRecord) -> None:
        """Whatever watchdog complains of, it may have lost something by it."""
        _log.info("%s", record.getMessage())
        self._watch.lose()


def _is_full(root: str) -> bool:
    """Whether Linux would refuse to watch one more folder; watchdog passes over that."""
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None, use_errno=True)
    descriptor = library.inotify_init1(os.O_CLOEXEC)
    if descriptor < 0:
        return False
    failed = library.inotify_add_watch(descriptor, os.fsencode(root), _DELETE_SELF) < 0
    code = ctypes.get_errno()
    os.close(descriptor)
    return failed and code == errno.ENOSPC


def _identity(root: str) -> tuple[int, int]:
    status = os.stat(root)  # noqa: PTH116
    return status.st_dev, status.st_ino
