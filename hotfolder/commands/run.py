"""`hotfolder run`: the daemon, in the foreground."""

from __future__ import annotations

import logging
import signal
import sys
from argparse import Namespace
from contextlib import nullcontext
from types import FrameType

from hotfolder.daemon import Daemon, Until
from hotfolder.errors import (
    EXIT_DONE,
    EXIT_INTERRUPTED,
    EXIT_SOME_FAILED,
    EXIT_TERMINATED,
    StudioLockedError,
)
from hotfolder.report.progress import Bars, Lines, ToProgress
from hotfolder.studio import layout
from hotfolder.studio.lock import locked


def run(options: Namespace) -> int:
    """Work until the end that the options ask for, or a signal; returns the exit code."""
    on_terminal = sys.stdout.isatty()
    ends_by_itself = options.once or options.seconds is not None
    # cron sends every line by mail, so a run that ends by itself tells it only of trouble.
    quiet = ends_by_itself and not on_terminal
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.WARNING,
        format="%(message)s" if quiet else "%(asctime)s  %(message)s",
        datefmt="%H:%M:%S",
    )
    logging.getLogger("hotfolder").setLevel(logging.WARNING if quiet else logging.INFO)
    studio = layout.find(options.studio)
    try:
        with locked(studio.root), Bars() if on_terminal else nullcontext(Lines()) as progress:
            if on_terminal:
                logging.getLogger().handlers = [ToProgress(progress)]
            progress.say(f"at work on {studio.root}; Ctrl-C ends it")
            return _work(Daemon(studio, progress), Until(options.once, options.seconds))
    except StudioLockedError:
        if quiet:
            return EXIT_DONE
        raise


def _work(daemon: Daemon, until: Until) -> int:
    caught: list[int] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        caught.append(number)
        daemon.stop()

    before = {number: signal.signal(number, on_signal) for number in _signals()}
    try:
        daemon.run(until)
    finally:
        daemon.close()
        for number, handler in before.items():
            signal.signal(number, handler)
    if caught:
        return EXIT_INTERRUPTED if caught[0] == signal.SIGINT else EXIT_TERMINATED
    return EXIT_SOME_FAILED if daemon.failures else EXIT_DONE


def _signals() -> list[signal.Signals]:
    return [signal.SIGINT, signal.SIGTERM]
