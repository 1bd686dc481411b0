"""Being asked to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hotfolder.endings import AskedToEnd, asked, at_once
from tests.windows import console

ROOT = Path(__file__).parent.parent

SAVES = """
import sys, threading, time
from hotfolder.endings import asked
from tests.windows import console
news = threading.Event()
with asked(news.set) as caught:
    console.say(int(sys.argv[1]))
    print("heard" if news.wait(60) else "deaf", [int(number) for number in caught], flush=True)
    time.sleep(0.5)  # as a picture's state is saved
    print("saved", flush=True)
"""


LEAVES = """
import atexit, sys, threading, time
from hotfolder import endings
class Slow:
    def __del__(self):
        print("taken apart")
kept = sys.modules["kept"] = Slow()
def work():
    news.wait()
    print("worked")
news = threading.Event()
threading.Thread(target=work).start()
atexit.register(lambda: print("registered"))
threading.Timer(0.01, news.set).start()
print("main", end=", not flushed, ")
endings.leave(7)
"""


def test_the_end_waits_for_work_and_takes_nothing_apart() -> None:
    """Threads end, then what is registered is done, all is written, and the code is the own."""
    done = subprocess.run(
        [sys.executable, "-c", LEAVES], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 7, done.stderr
    assert done.stdout == "main, not flushed, worked\nregistered\n"


def test_signals_are_noted_and_nothing_is_raised() -> None:
    """Whoever is amid its work goes on until it looks; afterwards all is as it was."""
    before = signal.getsignal(signal.SIGINT)
    news = threading.Event()
    with asked(news.set) as caught:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        assert news.is_set()
    assert caught == [signal.SIGINT, signal.SIGTERM]
    assert signal.getsignal(signal.SIGINT) is before


def test_before_there_is_anything_to_bring_to_an_end_it_ends_at_once() -> None:
    """What was opened is closed; a question that is asked meanwhile is heard as ever."""
    before, closed = signal.getsignal(signal.SIGTERM), []
    with pytest.raises(AskedToEnd), at_once():
        try:
            with asked(lambda: None) as caught:
                signal.raise_signal(signal.SIGTERM)
            assert caught == [signal.SIGTERM]
            signal.raise_signal(signal.SIGTERM)
        finally:
            closed.append(True)
    assert closed and signal.getsignal(signal.SIGTERM) is before


@pytest.mark.posix("a closed window is no signal there")
def test_a_closed_window_asks_but_not_under_nohup(monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGHUP is heard, unless it was to be ignored."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # these tests may run under nohup
    try:
        with asked(lambda: None) as caught:
            signal.raise_signal(signal.SIGHUP)
        assert caught == [signal.SIGHUP]
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with asked(lambda: None) as caught:
            signal.raise_signal(signal.SIGHUP)
        assert caught == []
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.skipif(sys.platform != "win32", reason="a console of Windows")
@pytest.mark.parametrize("event", console.EVENTS)
def test_what_a_console_says_is_heard_and_waits(event: str) -> None:
    """Also amid a wait, which Python lets go on; nothing is ended before all is saved."""
    number = signal.SIGINT if event.startswith("ctrl") else signal.SIGTERM
    done = subprocess.run(
        [sys.executable, "-c", SAVES, str(console.EVENTS[event])],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=200,
        check=False,
    )
    assert done.stdout == f"heard [{int(number)}]\nsaved\n", done.stderr
