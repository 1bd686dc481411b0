"""Messages to the owner's phone, desktop or mailbox: finals, trouble, all is made.

Many events become one message. Where it goes is the owner's to say (`[notify]` in the settings);
what others may write into a studio sends nothing anywhere: a `folder.toml` can only name a target
that the owner has given a name on this computer. Sources: the documentation of Apprise
and of desktop-notifier.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import PurePosixPath
from typing import Any

from hotfolder.errors import HotfolderError, brief, printable
from hotfolder.history import Made
from hotfolder.installation import remedy
from hotfolder.recipes.settings import DESKTOP, Notify
from hotfolder.report.progress import Preview, Progress
from hotfolder.studio.config.load import settings_alone
from hotfolder.studio.layout import Studio
from hotfolder.studio.store.ledger import Ledger

_log = logging.getLogger(__name__)
_LOOKS_EVERY_S = 2.0
_CALM_S = 12.0  # the three finals of a pick come within some seconds
_LONGEST_S = 60.0
_APART_S = 60.0
_SHOWN = 3
INSTALL = f"type  {remedy('notify')}"

Send = Callable[[str, str, str], None]
"""Takes a target, a title and a text; raises HotfolderError with a sentence."""


@dataclass(slots=True)
class Gathered:
    """What has happened since the last message. Pure: seconds are passed in."""

    finals: list[str] = field(default_factory=list)
    picks: set[str] = field(default_factory=set)
    troubles: list[str] = field(default_factory=list)
    done: bool = False
    first: float = 0.0
    last: float = 0.0

    def final(self, path: str, request: str, now: float) -> None:
        """A final of the picked picture `request` lies at `path`."""
        self._at(now)
        self.finals.append(path)
        self.picks.add(request)

    def trouble(self, sentence: str, now: float) -> None:
        """Something needs the owner."""
        self._at(now)
        self.troubles.append(sentence)

    def all_made(self, now: float) -> None:
        """Nothing that was asked for is to be made any more."""
        self._at(now)
        self.done = True

    def is_due(self, now: float, sent: float) -> bool:
        """Whether it is time for a message; the last one was `sent` then."""
        if not self._is_anything or now - sent < _APART_S:
            return False
        return now - self.last >= _CALM_S or now - self.first >= _LONGEST_S

    def message(self, about: Sequence[str]) -> str:
        """One text about everything that the owner wants to hear of; empty if that is nothing."""
        lines = []
        if self.finals and "finals" in about:
            names = [printable(PurePosixPath(path).name) for path in self.finals[:_SHOWN]]
            more = f" and {len(self.finals) - _SHOWN} more" if len(self.finals) > _SHOWN else ""
            picks = f" of {len(self.picks)} picks" if len(self.picks) > 1 else ""
            finals = f"{len(self.finals)} finals{picks} are"
            finals = finals if len(self.finals) > 1 else "1 final is"
            lines.append(f"{finals} ready: {', '.join(names)}{more}")
        if self.troubles and "trouble" in about:
            lines += [brief(printable(says), 300) for says in dict.fromkeys(self.troubles)][:_SHOWN]
            if len(self.troubles) > _SHOWN:
                lines.append(
                    f"… and {len(self.troubles) - _SHOWN} more; `hotfolder status` has all"
                )
        if self.done and "done" in about:
            lines.append("Everything that was asked for has been made.")
        return "\n".join(lines)

    @property
    def _is_anything(self) -> bool:
        return bool(self.finals or self.troubles or self.done)

    def _at(self, now: float) -> None:
        self.first = self.first if self._is_anything else now
        self.last = now


class Notifier:
    """Tells another progress everything, and the owner what matters, from a thread of its own."""

    def __init__(
        self,
        studio: Studio,
        shown: Progress,
        send: Send | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.began = shown.began
        self.ended = shown.ended
        self.say = shown.say
        self._shown = shown
        self._studio = studio
        self._send = send or deliver
        self._clock = clock
        self._guard = threading.Lock()
        self._gathered = defaultdict[str, Gathered](Gathered)  # by who is told; "": all in `to`
        self._sent: dict[str, float] = {}
        self._was_asked = False
        self._failing: set[str] = set()
        self._ledger = Ledger(studio)
        self._wanted: tuple[int, Notify] = (-1, Notify())
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notifier", daemon=True)

    def __enter__(self) -> Notifier:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(30)  # a message that is being sent; nothing of the studio takes so long
        with suppress(OSError, HotfolderError):
            self.look(at_the_end=True)

    def step(self, step: int, steps: int, which: int | None = None) -> None:
        """As the other has it."""
        self._shown.step(step, steps, which)

    def preview(self, preview: Preview, which: int | None = None) -> None:
        """As the other has it."""
        self._shown.preview(preview, which)

    def queue(self, drafts: int, finals: int) -> None:
        """Note when nothing is to be made any more."""
        self._shown.queue(drafts, finals)
        with self._guard:
            if self._was_asked and not drafts + finals:
                self._gathered[""].all_made(self._clock())
            self._was_asked = bool(drafts + finals)

    def warn(self, sentence: str) -> None:
        """Note what needs the owner."""
        self._shown.warn(sentence)
        with self._guard:
            self._gathered[""].trouble(sentence, self._clock())

    def look(self, at_the_end: bool = False) -> None:
        """See what was made, and send a message if it is time. Raises OSError, HotfolderError."""
        settings = self._settings()
        made = [entry for entry in self._ledger.news() if isinstance(entry, Made)]
        now = self._clock()
        due: dict[str, str] = {}
        with self._guard:
            for entry in made:
                if entry.stage == "final":
                    for name in [name for name in entry.notify if name in settings.named] or [""]:
                        self._gathered[name].final(entry.name, entry.request, now)
            for name, gathered in list(self._gathered.items()):
                if at_the_end or gathered.is_due(now, self._sent.get(name, float("-inf"))):
                    due[name] = self._gathered.pop(name).message(settings.about)
        for name, text in due.items():
            targets = settings.named.get(name, []) if name else settings.to
            if text and targets:
                self._sent[name] = now
                self._tell(targets, text)

    def _tell(self, targets: Iterable[str], text: str) -> None:
        for target in targets:
            try:
                self._send(target, f"hotfolder: {printable(self._studio.root.name)}", text)
                self._failing.discard(target)
            except HotfolderError as error:
                if target not in self._failing:  # said once, until it works again
                    self._shown.warn(f"no message went out by {kind(target)}: {error}")
                self._failing.add(target)

    def _run(self) -> None:
        while not self._stopping.wait(_LOOKS_EVERY_S):
            try:
                self.look()
            except (OSError, HotfolderError) as error:
                _log.debug("no messages: %s", error)

    def _settings(self) -> Notify:
        """What the settings say; they are read again when their file changes."""
        try:
            changed = self._studio.settings.stat().st_mtime_ns
        except FileNotFoundError:
            changed = 0
        if changed != self._wanted[0]:
            self._wanted = changed, settings_alone(self._studio).notify
        return self._wanted[1]


def kind(target: str) -> str:
    """How a target is called in words: the rest of it is often a secret."""
    return target.partition("://")[0]


def deliver(target: str, title: str, text: str) -> None:
    """Send one message; raises HotfolderError with a sentence."""
    if target == DESKTOP:
        _on_desktop(title, text)
        return
    sender = _apprise()
    if not sender.add(target):
        raise HotfolderError(f"{kind(target)} with this address is not known to Apprise")
    if not sender.notify(text, title=title):
        raise HotfolderError("it was not accepted; is the address right, and is the network up?")


def mistakes(notify: Notify) -> list[str]:
    """What of the targets cannot work, in sentences; nothing is sent."""
    found = []
    for target in dict.fromkeys([*notify.to, *chain.from_iterable(notify.named.values())]):
        try:
            if target == DESKTOP:
                _desktop_notifier()
            elif not _apprise().add(target):
                found.append(f"{kind(target)} with this address is not known to Apprise")
        except HotfolderError as error:
            found.append(str(error))
    return found


def _apprise() -> Any:
    try:
        from apprise import Apprise
    except ImportError:
        raise HotfolderError(f"messages need Apprise; {INSTALL}") from None
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its words hold addresses
    return Apprise()


def _desktop_notifier() -> Any:
    try:
        from desktop_notifier import DesktopNotifier
    except ImportError:
        raise HotfolderError(f"messages on the desktop need desktop-notifier; {INSTALL}") from None
    return DesktopNotifier


def _on_desktop(title: str, text: str) -> None:
    notifier = _desktop_notifier()(app_name="hotfolder")
    try:
        asyncio.run(asyncio.wait_for(notifier.send(title=title, message=text), 10))
    except Exception as error:  # what a desktop's bus raises is nowhere said
        raise HotfolderError(f"the desktop refused the message ({type(error).__name__})") from error
