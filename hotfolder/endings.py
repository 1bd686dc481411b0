"""Being asked to end: by Ctrl-C, by a service's stop, by a window that is closed; and the end."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_CLOSING_S = 20.0  # Windows itself ends a program some 5 s after its window was closed


def leave(code: int) -> NoReturn:
    """End this process as Python does, but for taking all modules apart, one by one.

    With torch that takes a second, several on a busy computer, and leaves nothing behind that is
    worth it. Threads are waited for and what was registered is called before, in Python's order.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


class AskedToEnd(BaseException):
    """This program was asked to end before it had anything to bring to its end."""


@contextmanager
def at_once() -> Iterator[None]:
    """SIGTERM ends what is done meanwhile as Ctrl-C does: it raises AskedToEnd."""

    def end(number: int, frame: FrameType | None) -> NoReturn:
        raise AskedToEnd

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def asked(on_ask: Callable[[], None]) -> Iterator[list[int]]:
    """Call `on_ask` whenever this program is asked to end; yields the signals that asked.

    It is called amid whatever goes on, or on Windows in a thread of its own, so it should only
    take note. On Windows also Ctrl-Break and closing the window ask, and for the latter the system
    is held up until this ends, for as long as it lets itself be held up.
    """
    caught: list[int] = []

    def note(number: int, frame: FrameType | None = None) -> None:
        caught.append(number)
        on_ask()

    before = {number: signal.signal(number, note) for number in _signals()}
    try:
        with _console(note):
            yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _signals() -> list[int]:
    numbers: list[int] = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        numbers.append(signal.SIGHUP)  # nohup has it ignored
    return numbers


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _CTRL_C, _CTRL_BREAK = 0, 1  # 2, 5, 6: the window is closed, the user logs off, it shuts down
    _Handler = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.DWORD)

    @contextmanager
    def _console(note: Callable[[int], None]) -> Iterator[None]:
        """Hear of what the console says at once: Python would tell only after a wait has ended."""
        ended = threading.Event()

        def hear(event: int) -> bool:
            by_key = event in (_CTRL_C, _CTRL_BREAK)
            note(signal.SIGINT if by_key else signal.SIGTERM)
            return by_key or ended.wait(_CLOSING_S) or True

        handler = _Handler(hear)
        kernel = ctypes.windll.kernel32
        kernel.SetConsoleCtrlHandler(handler, True)
        try:
            yield
        finally:
            ended.set()
            kernel.SetConsoleCtrlHandler(handler, False)
else:

    @contextmanager
    def _console(note: Callable[[int], None]) -> Iterator[None]:
        """Signals are all there is."""
        yield
