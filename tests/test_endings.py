"""Being asked to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hotfolder.endings import asked

ROOT = Path(__file__).parent.parent

WAITS = """
import sys, threading, time
from hotfolder.endings import asked
news = threading.Event()
with asked(news.set) as caught:
    print("waits", flush=True)
    news.wait(30)
    print(caught, flush=True)
"""


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


@pytest.mark.posix("a closed window is no signal there")
def test_a_closed_window_asks_but_not_under_nohup(monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGHUP is heard, unless it was to be ignored."""
    with asked(lambda: None) as caught:
        signal.raise_signal(signal.SIGHUP)
    assert caught == [signal.SIGHUP]
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with asked(lambda: None) as caught:
            signal.raise_signal(signal.SIGHUP)
        assert caught == []
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.skipif(sys.platform != "win32", reason="a console of Windows")
def test_ctrl_break_ends_a_wait_at_once(tmp_path: Path) -> None:
    """A wait of the main thread ends within half a second, which Python alone would let go on."""
    assert sys.platform == "win32"
    script = tmp_path / "waits.py"
    script.write_text(WAITS)
    waits = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        creationflags=subprocess.CREATE_NEW_PROCESS_GROUP,
    )
    assert waits.stdout is not None
    assert waits.stdout.readline() == "waits\n"
    begin = time.monotonic()
    os.kill(waits.pid, signal.CTRL_BREAK_EVENT)
    assert waits.stdout.readline() == f"[{signal.SIGINT!r}]\n"
    assert time.monotonic() - begin < 0.5
    assert waits.wait(30) == 0
