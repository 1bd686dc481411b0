"""What becomes of a file that has settled: it is read when its turn comes, or withheld."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from hotfolder import __version__
from hotfolder.errors import PictureError, printable, reason
from hotfolder.images.metadata import suffixes
from hotfolder.stars import detectors
from hotfolder.studio.config.live import LiveConfig
from hotfolder.studio.layout import Studio
from hotfolder.studio.names import NOTE
from hotfolder.studio.reading import Reading
from hotfolder.studio.scan import captions, conflicts, retouches
from hotfolder.studio.scan.apart import Apart, BeingReadError, fault
from hotfolder.studio.scan.backlog import Backlog, Urgency, Withheld
from hotfolder.studio.scan.cache import Cache
from hotfolder.studio.scan.conflicts import Conflicts
from hotfolder.studio.scan.folders import Folders
from hotfolder.studio.scan.inbox import Inbox
from hotfolder.studio.scan.incomplete import Incomplete
from hotfolder.studio.scan.limits import Pace
from hotfolder.studio.scan.placeholders import Placeholders
from hotfolder.studio.scan.portraits import Portraits
from hotfolder.studio.scan.ratings import Marks, is_picture
from hotfolder.studio.scan.retries import Retries
from hotfolder.studio.scan.seeds import Seeds
from hotfolder.studio.scan.settle import Settling
from hotfolder.studio.scan.tree import Tree
from hotfolder.studio.store import local

_log = logging.getLogger(__name__)
BUDGET_S = 0.02
_FETCHING_S = 1.0
_FINISHED = "another computer has finished it and is moving it to inbox/done/"
_QUEUES = "very many files are arriving at once; this one will be read in its turn"


class Intake:
    """Reads settled files, in slices of `BUDGET_S`, into the inbox, the marks and the seeds.

    Those are public: whoever describes a studio asks them. One that does not wait takes all files
    as they lie, and remembers nothing over restarts.
    """

    def __init__(
        self,
        studio: Studio,
        tree: Tree,
        settling: Settling,
        live: LiveConfig,
        apart: Apart,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        waits = not apart.waits
        self._tree = tree
        self._settling = settling
        self._live = live
        self._clock = clock
        self._apart = apart
        self._waits = waits
        self.inbox = Inbox(studio, Folders(studio), apart)
        self.portraits = Portraits(studio, apart, read_only=not waits)
        self.marks = Marks(studio.root, tree, settling, self.portraits, apart)
        self.seeds = Seeds(studio, self.portraits, apart)
        self.retries = Retries(studio, apart)
        self.conflicts = Conflicts(studio, tree)
        self._backlog = Backlog()
        self._withheld: dict[str, Withheld] = {}
        self._incomplete = Incomplete(studio.root, clock)
        self._placeholders = Placeholders(studio.root, clock, waits=waits)
        self._unmarked = Cache(
            local.folder(studio.root) / "unmarked.jsonl",
            bool,
            by=f"{__version__} {detectors.names()}",
            read_only=not waits,
        )
        self._arrivals = Pace(60.0)
        self._recalls = True

    def add(self, path: str) -> None:
        """A file has settled."""
        self._backlog.add(path, _urgency(path))

    def add_at_first_look(self, draft: str) -> None:
        """A draft lay there before the first look: it is read, unless known to have no marks."""
        if not self._is_known_unmarked(draft):
            self._backlog.add(draft, Urgency.FIRST_LOOK)

    def is_at_first_look(self, path: str) -> bool:
        """Whether a draft lay there before the first look, and was not read since."""
        return self._backlog.is_at_first_look(path)

    def drop(self, path: str) -> None:
        """A file is gone or has begun to change: it asks for nothing."""
        self.inbox.remove(path)
        self.seeds.drop(path)
        self._backlog.drop(path)
        self._withheld.pop(path, None)
        self._incomplete.forget(path)
        self._placeholders.forget(path)

    def gone(self, path: str, now_s: float) -> None:
        """A file is gone; what it stood beside may be another thing now."""
        self.marks.forget(path)
        self.drop(path)
        picture = self.marks.picture_of(path) if is_beside(path) else None
        if picture and (reading := self._tree.reading(picture)):
            self._settling.observe(picture, reading, now_s)  # its marks are fewer now
        for captioned in self.captioned(path):
            self._backlog.add(captioned, Urgency.SEED)

    def published(self, path: str, reading: Reading) -> None:
        """A picture without marks was just put there by ourselves."""
        self._backlog.drop(path)
        if self.marks.take_for_unmarked(path):
            self._unmarked.keep(path, reading, True)

    def finished_elsewhere(self, path: str) -> None:
        """Another machine has finished a prompt file, and its move has yet to arrive here."""
        if reading := self._tree.reading(path):
            self.inbox.remove(path)
            self._withheld[path] = Withheld("finished", _FINISHED, reading)

    def try_again(self) -> None:
        """Read once more what could not be read, after each look everywhere."""
        self.conflicts.learn()
        self.inbox.try_again()
        self.retries.look(self._live.config)
        again = [path for path, file in self._withheld.items() if self._may_be_read(path, file)]
        for path in (*again, *self.marks.unreadable):
            self.come(path)

    def _may_be_read(self, path: str, file: Withheld) -> bool:
        """Whether a file that is withheld may be of use by now."""
        is_free = file.why == "conflict" and not self.conflicts.has(path)
        return is_free or file.why in ("gone", "unreadable")

    def come(self, path: str) -> None:
        """A file that could not be read, or is read elsewhere, can be asked for again."""
        if path.startswith("inbox/"):
            self.inbox.come(path)
        elif self._tree.reading(path):
            self._withheld.pop(path, None)
            self.add(path)

    def follow(self) -> None:
        """The owner's settings have changed."""
        self.inbox.read_again()
        self.retries.changed()
        self.seeds.follow(self._live.config, self.stars)
        for path in self.seeds.given_up():
            self._backlog.add(path, Urgency.SEED)
        for path in self.marks.unidentified(self._live.config.settings.stars):
            self._backlog.add(path, Urgency.NEWS)

    def ripe(self) -> list[str]:
        """Files that were incomplete or not fetched, and are to be looked at again."""
        return [*self._incomplete.late(), *self._placeholders.arrived()]

    def due_in_s(self, now_s: float) -> list[float]:
        """Seconds until something of this can bring news."""
        waits_s = self._incomplete.late_in_s()
        waits_s += [self._turn_comes_in_s(now_s)] if self._next_in_turn() else []
        waits_s += [_FETCHING_S] if self._placeholders.due else []
        waits_s += [0.0] if self._backlog.first() or self.inbox.is_due else []
        return waits_s

    @property
    def knows_all_wishes(self) -> bool:
        """Whether all that has settled in `inbox/` and `seeds/` was read."""
        return not (self._backlog.has(Urgency.PROMPT, Urgency.SEED) or self.inbox.is_due)

    def waiting(self) -> dict[str, str]:
        """What is withheld, by path, and why."""
        return {
            **self._incomplete.waiting(),
            **self._placeholders.waiting(),
            **{path: file.says for path, file in self._withheld.items() if self._holds(path, file)},
        }

    def _holds(self, path: str, file: Withheld) -> bool:
        """Whether what was said of a file is so still: the picture of a text may have come."""
        return file.why != "gone" and (file.why != "stranger" or not self.captioned(path))

    def stars(self, picture: str) -> int:
        """A picture's rating, from -1 for rejected to 5; 0 for one without marks."""
        return self.marks.stars(picture, self._live.config.settings.stars)

    def captioned(self, path: str) -> list[str]:
        """The pictures in `seeds/` whose text or mask a file is."""
        found = (*captions.pictures(path), *retouches.pictures(path))
        return [p for p in found if self._tree.reading(p) and is_picture(p)]

    def read_some(self) -> bool:
        """Read files for a little while; whether they may ask for more.

        Of the drafts of the first look, those that carry a star have yet to settle.
        """
        while (file := self._next_in_turn()) and not self._turn_comes_in_s(self._clock()):
            del self._withheld[file]
            self._take_in(file)
        end = self._clock() + BUDGET_S
        found = False
        while self.inbox.is_due or self._backlog.first():
            found = self._read_next() or found
            if self._clock() >= end:  # one was read: a slow computer gets on as well
                break
        self._apart.let_go()
        self.portraits.let_go()
        self.portraits.save()
        self._unmarked.save()
        return found

    def close_caches(self) -> None:
        """Forget what was remembered of files that are not there: once, when all were read."""
        if self._recalls:
            self._recalls = False
            self.portraits.close(self._tree.rooms["seeds"])
            self._unmarked.close({**self._tree.rooms["drafts"], **self._tree.rooms["seeds"]})

    def _read_next(self) -> bool:
        """Read the most urgent file; whether it may ask for something."""
        waiting = self._backlog.first()
        if not waiting or (waiting[1] > Urgency.PROMPT and self.inbox.is_due):
            self.inbox.read_next(self._live.config)
            return True
        path, urgency = waiting
        found = urgency < Urgency.FIRST_LOOK
        try:
            with self._apart.here(path):
                if found:
                    self._take_in(path)
                else:
                    found = self._is_marked_at_first_look(path)
        except Exception as error:  # whatever a stranger wrote, it stands alone
            _log.exception("unexpected trouble with %s", printable(path))
            self.seeds.give_up(path, fault(error))
        self._backlog.done(path, urgency)
        return found

    def _is_marked_at_first_look(self, path: str) -> bool:
        reading = self._tree.reading(path)
        if not reading or reading.placeholder or not is_picture(path):
            return False
        if is_marked := self._read_marks(path):
            self._settling.observe(path, reading, self._clock())
        return is_marked

    def _take_in(self, path: str) -> None:
        """Read a file of the backlog, or say why it is not used."""
        reading = self._tree.reading(path)
        room = path.partition("/")[0]
        if reading is None or self._settling.is_pending(path):
            return  # taken away since, or it changes again
        if is_beside(path):
            self._take_in_beside(path)
        elif self.conflicts.has(path):
            self.marks.forget(path)
            self._withheld[path] = Withheld("conflict", conflicts.SAYS)
        elif self._is_finished(path, reading) or not self._placeholders.is_here(path, reading):
            return
        elif room == "inbox":
            if not (is_picture(path) and self._is_unfinished(path)) and self._is_its_turn(path):
                self.inbox.put(path, reading)
        else:
            self._take_in_marks(path)
            if room == "seeds":
                self._identify_seed(path, reading)

    def _take_in_beside(self, path: str) -> None:
        """Read a file that stands beside a picture: marks, its text, or what has no business."""
        picture = self.marks.picture_of(path)
        if picture and not self._is_withheld(picture, "conflict"):
            self._take_in_marks(picture)
        for captioned in self.captioned(path):
            self._backlog.add(captioned, Urgency.SEED)
        if path.startswith("seeds/") and not picture:
            self._take_in_stranger(path)

    def _is_withheld(self, path: str, why: str) -> bool:
        return path in self._withheld and self._withheld[path].why == why

    def _is_finished(self, path: str, reading: Reading) -> bool:
        """Whether another machine has finished a file in this very state."""
        return self._is_withheld(path, "finished") and self._withheld[path].reading == reading

    def _read_marks(self, picture: str) -> bool:
        """Read a picture's marks, unless it is known to have none; whether it has any."""
        reading = self._tree.reading(picture)
        if reading is None:
            return False
        if self._is_known_unmarked(picture):
            return False
        is_marked = self.marks.read(picture, self._live.config.settings)
        if not is_marked and self.marks.has_read(picture):
            self._unmarked.keep(picture, reading, True)
        return is_marked

    def _is_known_unmarked(self, picture: str) -> bool:
        """Whether nothing has to be read to know that a picture has no marks."""
        reading = self._tree.reading(picture)
        known = reading is not None and self._unmarked.recall(picture, reading)
        return bool(known) and self.marks.take_for_unmarked(picture)

    def _take_in_marks(self, picture: str) -> None:
        self._read_marks(picture)
        self.seeds.follow(self._live.config, self.stars, picture)

    def _take_in_stranger(self, path: str) -> None:
        """Say of a file in `seeds/` that it is neither a picture nor anything of a picture's."""
        if captions.is_one(path) or retouches.is_one(path):
            if not self.captioned(path):
                self._withheld[path] = Withheld("stranger", captions.ALONE)
        elif not path.endswith(NOTE) and not any(detectors.pictures(path, suffixes())):
            kinds = ", ".join(sorted(suffixes()))
            self.seeds.give_up(path, f"this kind of file cannot be refined; these can: {kinds}")

    def _identify_seed(self, path: str, reading: Reading) -> None:
        beside = [file for file in retouches.paths(path) if self._tree.reading(file)]
        if any(map(self._settling.is_pending, beside)):
            return  # it is read when that has settled
        try:
            self.seeds.take_in(path, reading, self._live.config, self.stars(path))
        except FileNotFoundError:  # or is it the whole studio, for a moment? a look will tell
            self._withheld[path] = Withheld("gone", "")
        except BeingReadError as error:
            self._withheld[path] = Withheld("unreadable", error.says)
        except OSError as error:
            says = f"this picture cannot be read: {reason(error)}"
            self._withheld[path] = Withheld("unreadable", says)
        except PictureError as error:
            if not self._is_unfinished(path):
                self.seeds.give_up(path, f"this picture cannot be read: {error}")
        else:
            self._incomplete.forget(path)

    def _is_unfinished(self, path: str) -> bool:
        return self._incomplete.is_unfinished(path, self._settling.quiet_s)

    def _is_its_turn(self, path: str) -> bool:
        """Whether the owner's limits let in another prompt file now; if not it has to wait."""
        now = self._clock()
        is_its_turn = not self._turn_comes_in_s(now)
        if is_its_turn:
            self._arrivals.note(now)
        else:
            self._withheld[path] = Withheld("turn", _QUEUES)
        return is_its_turn

    def _next_in_turn(self) -> str | None:
        """The prompt file that has waited longest for its turn."""
        return next((path for path, file in self._withheld.items() if file.why == "turn"), None)

    def _turn_comes_in_s(self, now_s: float) -> float:
        if not self._waits:
            return 0.0
        per_minute = self._live.config.settings.limits.prompt_files_per_minute
        return self._arrivals.free_in_s(per_minute, now_s)


def is_beside(path: str) -> bool:
    """Whether a file lies among pictures and is none."""
    return path.startswith(("drafts/", "seeds/")) and not is_picture(path)


def _urgency(path: str) -> Urgency:
    room = path.partition("/")[0]
    return {"inbox": Urgency.PROMPT, "seeds": Urgency.SEED}.get(room, Urgency.NEWS)
