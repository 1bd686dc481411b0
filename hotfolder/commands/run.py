"""`hotfolder run`: the daemon, in the foreground."""

from __future__ import annotations

import logging
import signal
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from msgspec.structs import replace

from hotfolder.daemon import Daemon, Until
from hotfolder.endings import AskedToEnd, asked, at_once
from hotfolder.errors import (
    EXIT_DONE,
    EXIT_INTERRUPTED,
    EXIT_SOME_FAILED,
    EXIT_TERMINATED,
    StudioLockedError,
    reason,
)
from hotfolder.executors.opening import open_executor
from hotfolder.executors.orders import Executor, OnReport
from hotfolder.light.posting import Posting
from hotfolder.light.status_page import StatusPage
from hotfolder.notify import Notifier
from hotfolder.recipes.settings import Settings
from hotfolder.renders import OpenExecutor
from hotfolder.report.logs import LogFile, Printable
from hotfolder.report.progress import Lines, Logged, Progress, ToProgress, Verbose
from hotfolder.report.view import View
from hotfolder.studio import layout
from hotfolder.studio.store import local, trust
from hotfolder.studio.store.lock import locked


def run(options: Namespace) -> int:
    """Work until the end that the options ask for, or a signal; returns the exit code."""
    on_terminal = sys.stdout.isatty()
    ends_by_itself = options.once or options.seconds is not None
    # cron sends every line by mail, so a run that ends by itself tells it only of trouble.
    quiet = options.quiet or (ends_by_itself and not on_terminal and not options.verbose)
    has_view = on_terminal and not quiet
    studio = layout.find(options.studio)
    news = trust.introduce(studio)
    try:
        with at_once(), locked(studio.root), View() if has_view else nullcontext() as view:
            log = _log(studio.root, ToProgress(view) if view else _stream(quiet))
            shown: Progress = Logged(view, log) if view else Lines()
            if options.verbose:
                logging.getLogger("hotfolder").setLevel(logging.DEBUG)
                shown = Verbose(shown)
            progress = Posting(shown, studio.root)
            progress.say(f"at work on {studio.root}; Ctrl-C ends it")
            if news:
                progress.say(news)
            with (
                StatusPage(studio),
                _light(studio) if options.light else nullcontext(),
                Notifier(studio, progress) as notifier,
            ):
                daemon = Daemon(studio, notifier, executor=_executor(options))
                return _work(daemon, Until(options.once, options.seconds))
    except AskedToEnd:
        return EXIT_TERMINATED
    except StudioLockedError:
        if quiet:
            return EXIT_DONE
        raise


def _executor(options: Namespace) -> OpenExecutor:
    """The executor of the settings, or that which the command line names."""
    if options.executor is None and options.address is None:
        return open_executor
    said = {"name": options.executor, "address": options.address}

    def opened(settings: Settings, base: Path, on_report: OnReport) -> Executor:
        choice = replace(settings.executor_choice, **{k: v for k, v in said.items() if v})
        if options.address and not options.executor:
            choice = replace(choice, name="ray")
        return open_executor(replace(settings, executor=choice), base, on_report)

    return opened


@contextmanager
def _light(studio: layout.Studio) -> Iterator[None]:
    """The light table is there meanwhile."""
    from hotfolder.commands.light import invite
    from hotfolder.light.serving import listen, served
    from hotfolder.light.table import Table

    place, table = listen(), Table(studio)
    try:
        with served(table, place):
            invite(table, place, opens=True)
            yield
    finally:
        table.close()


def _log(root: Path, shown: logging.Handler) -> logging.Handler:
    """Have the log shown and kept; returns what keeps it."""
    logging.getLogger("hotfolder").setLevel(logging.INFO)
    handlers = [shown]
    try:
        handlers.append(LogFile(local.log(root)))
    except OSError as error:
        handlers.append(logging.NullHandler())
        logging.getLogger("hotfolder").warning("no log is kept: %s", reason(error))
    logging.basicConfig(level=logging.WARNING, handlers=handlers, force=True)
    return handlers[-1]


def _stream(quiet: bool) -> logging.Handler:
    """Lines on standard error; only those about trouble, and without the time, if `quiet`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(logging.WARNING if quiet else logging.NOTSET)
    form = "%(message)s" if quiet else "%(asctime)s  %(message)s"
    handler.setFormatter(Printable(form, "%H:%M:%S"))
    return handler


def _work(daemon: Daemon, until: Until) -> int:
    with asked(daemon.stop) as caught:
        try:
            daemon.run(until)
        finally:
            daemon.close()
    if caught:
        return EXIT_INTERRUPTED if caught[0] == signal.SIGINT else EXIT_TERMINATED
    return EXIT_SOME_FAILED if daemon.failures else EXIT_DONE
