"""What the folders say now. Keeps a snapshot up to date at the cost of what has changed."""

from __future__ import annotations

import logging
import platform
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping

from hotfolder import __version__
from hotfolder.errors import PictureError, StudioMissingError, reason
from hotfolder.recipes.config import Config
from hotfolder.snapshot import BrokenFile, PromptFile, Snapshot
from hotfolder.stars import detectors
from hotfolder.studio import beneath
from hotfolder.studio.config.live import LiveConfig, decides
from hotfolder.studio.layout import Studio
from hotfolder.studio.names import copied_from, is_conflict
from hotfolder.studio.reading import Reading
from hotfolder.studio.scan import captions
from hotfolder.studio.scan.cache import Memory
from hotfolder.studio.scan.inbox import CONFLICT, Inbox, Waiting
from hotfolder.studio.scan.incomplete import Incomplete
from hotfolder.studio.scan.limits import Pace
from hotfolder.studio.scan.placeholders import Placeholders
from hotfolder.studio.scan.ratings import Marks, is_picture
from hotfolder.studio.scan.seeds import Seeds
from hotfolder.studio.scan.settle import Settling
from hotfolder.studio.scan.tree import Changes, Tree
from hotfolder.studio.store import local
from hotfolder.studio.store.ledger import LEDGER

_log = logging.getLogger(__name__)
_BUDGET_S = 0.02
_AT_ONCE = 1000  # so many files can be asked in that time whether they have settled
_FETCHING_S = 1.0
_MOST_MACHINES = 100
_FINISHED = "another computer has finished it and puts it away"
_QUEUES = "very many files come at once; it is read in its turn"


class Scanner:
    """Turns file readings into a `Snapshot`; reads a file once for each of its settled states.

    Drafts are many: they are read in slices of `_BUDGET_S`, so that the next job never waits for
    them, and at the first look only one that carries a star has to settle. `settle_s` takes the
    place of the owner's setting, `owner` of what lies in the studio.
    """

    def __init__(
        self,
        studio: Studio,
        clock: Callable[[], float] = time.monotonic,
        settle_s: float | None = None,
        config: Config | None = None,
    ) -> None:
        self.studio = studio
        self._live = LiveConfig(studio, config)
        self._clock = clock
        self._tree = Tree(studio.root, clock)
        self._settle_s = settle_s
        self._settling = Settling(self._quiet_s())
        self._inbox = Inbox(studio)
        self._marks = Marks(studio.root, self._tree, self._settling)
        self._seeds = Seeds(studio, read_only=settle_s is not None)
        self._unread: deque[str] = deque()  # drafts of the first look
        self._settled: deque[str] = deque()  # later ones, and what lies beside them
        self._unidentified: deque[str] = deque()
        self._incomplete = Incomplete(studio.root, clock)
        self._placeholders = Placeholders(studio.root, clock)
        self._unmarked = Memory(
            local.folder(studio.root) / "unmarked.jsonl",
            bool,
            by=f"{__version__} {detectors.names()}",
            read_only=settle_s is not None,
        )
        self._waiting: dict[str, str] = {}
        self._unreadable: dict[str, str] = {}
        self._finished: dict[str, Reading] = {}
        self._queue: dict[str, str] = {}
        self._arrivals = Pace(60.0)
        self._machines = self._known_machines()
        self._looked_before = False
        self._recalls = True

    @property
    def config(self) -> Config:
        """What the owner decided, as it was when it was last sound."""
        return self._live.config

    def refresh(self, hints: set[str] | None = None) -> bool:
        """Look at the hinted paths, or everywhere; whether the snapshot may say something new.

        Raises StudioMissingError where the studio or its marker has vanished: everything in it
        would otherwise look deleted.
        """
        self._require_marker()
        tree = self._tree
        return self._digest(tree.look_everywhere() if hints is None else tree.look_at(hints))

    def look_on(self, thorough: bool = True) -> bool:
        """Go on for a moment with a look everywhere; whether it is complete. Raises as above.

        `thorough` is as `Tree.look_on` has it.
        """
        self._require_marker()
        end = self._clock() + _BUDGET_S
        changes, complete = self._tree.look_on(lambda: self._clock() >= end, thorough)
        self._digest(changes)
        if complete:
            self._machines = self._known_machines()
            if self._live.may_change:
                self._read_owner()
            self._inbox.try_again()
            self._take_again([*self._unreadable, *self._marks.unreadable])
        return complete

    def _require_marker(self) -> None:
        try:
            self.studio.marker.stat()
        except OSError as error:  # also a dead mount, and a folder that may not be read
            looked_for = f"looked for {self.studio.marker}: {error.strerror}"
            raise StudioMissingError(f"{self.studio.root} is not there ({looked_for})") from None

    def _digest(self, changes: Changes) -> bool:
        now = self._clock()
        due = set(sorted(self._settling.ripe(now), key=_is_draft)[:_AT_ONCE])
        ripe = [*self._incomplete.late(), *self._placeholders.arrived()]
        again = self._tree.look_at([*due, *ripe])
        changes = Changes(changes.changed | again.changed, changes.gone | again.gone)
        self._marks.beside |= {path for path in changes.changed if _is_beside(path)}
        for path in changes.gone:
            self._forget(path, now)
        if (until_s := self._live.unsure_until_s(self._quiet_s())) and max(until_s) <= now:
            self._live.give_up_the_vanished()
            self._read_owner()
        settled = [path for path in sorted(changes.changed | due) if self._settles(path, now)]
        settled += [path for path in ripe if not self._settling.is_pending(path)]
        settled.sort(key=lambda path: not decides(path))
        for number, path in enumerate(settled):
            if _is_draft(path):
                self._settled.append(path)
                continue
            try:
                self._take_in(path)  # profiles and word lists first: prompt files may need them
            except StudioMissingError:
                self._settle_again(settled[number:], now)
                raise
        while self._queue and not self._queue_moves_in_s(now):
            path = next(iter(self._queue))
            del self._queue[path]
            self._take_in(path)
        found = self._read_some()
        self._looked_before = True
        return bool(found or settled or changes.gone)

    def at_a_glance(self) -> Snapshot:
        """The snapshot of a studio that is only to be described: nothing is waited for."""
        self.refresh()
        while self.busy:
            self.refresh(set())
        return self.snapshot()

    @property
    def busy(self) -> bool:
        """Whether files have yet to settle or to be read: more may be known soon."""
        return self.due_in_s() is not None

    @property
    def expects_prompts(self) -> bool:
        """Whether a file in `inbox/` has yet to settle: it may ask for pictures soon."""
        return any(path.startswith("inbox/") for path in self._settling.pending())

    def due_in_s(self) -> float | None:
        """Seconds until another refresh can bring news without any new event; None: not at all."""
        now = self._clock()
        waits_s = self._incomplete.late_in_s()
        waits_s += [until_s - now for until_s in self._live.unsure_until_s(self._quiet_s())]
        waits_s += [self._queue_moves_in_s(now)] if self._queue else []
        waits_s += [_FETCHING_S] if self._placeholders.due else []
        waits_s += [0.0] if self._unread or self._settled or self._unidentified else []
        settles_in_s = self._settling.due_in_s(now)
        waits_s += [] if settles_in_s is None else [settles_in_s]
        return max(0.0, min(waits_s)) if waits_s else None

    @property
    def knows_all_seeds(self) -> bool:
        """Whether all pictures in `seeds/` that have settled are in the snapshot."""
        return not self._unidentified

    def snapshot(self) -> Snapshot:
        """What the folders say, as of the last refresh."""
        inbox = self._inbox.entries(self.config)
        waiting = {path: entry.says for path, entry in inbox if isinstance(entry, Waiting)}
        free = self._free_bytes()
        wishes = self._marks.wishes(self.config.settings.stars)
        texts = filter(captions.is_one, self._settling.pending())
        held = self._marks.held().union(*map(self._captioned, texts))
        # What a prompt file lacks may be in a profile or word list that arrives with it.
        unsure = self._live.is_unsure or any(map(decides, self._settling.pending()))
        return Snapshot(
            prompt_files=[entry for _, entry in inbox if isinstance(entry, PromptFile)],
            broken=[] if unsure else [e for _, e in inbox if isinstance(e, BrokenFile)],
            starred=wishes.starred,
            rejected=wishes.rejected,
            unstarred=wishes.unstarred,
            seeds=self._seeds.images(held),
            useless_seeds=[file for file in self._seeds.unexplained() if file.path not in held],
            unseen_drafts=len(self._tree.rooms["drafts"]) - sum(map(_is_draft, self._marks.beside)),
            disk_is_low=free < self.config.settings.keep_free_gb * 1e9,
            waiting={
                **waiting,
                **self._incomplete.waiting(),
                **self._placeholders.waiting(),
                **self._unreadable,
                **dict.fromkeys(self._finished, _FINISHED),
                **self._queue,
                **self._waiting,
                **self._seeds.useless,
                **self._live.waiting(),
            },
        )

    def _free_bytes(self) -> int:
        try:
            return shutil.disk_usage(self.studio.root).free
        except OSError as error:
            raise StudioMissingError(
                f"{self.studio.root} is not there ({error.strerror})"
            ) from None

    @property
    def notes(self) -> dict[str, tuple[str, ...]]:
        """Sentences on what cannot be used of pictures from elsewhere, by their paths."""
        return {**self._inbox.notes, **self._seeds.notes}

    def picked(self, draft: str, seed: str) -> None:
        """Believe a picture in `seeds/` at once that we have just put there ourselves.

        Its draft, where it is still there, asks no more for that.
        """
        self._marks.served(draft)
        self._tree.look_at([seed, *detectors.sidecars(seed)])
        self._settling.forget(seed)
        self._take_in(seed)

    def finished_elsewhere(self, paths: Iterable[str]) -> None:
        """Other machines have finished these prompt files, and their moves have yet to arrive here.

        One that is dropped again after that is another file.
        """
        for path in paths:
            if reading := self._tree.reading(path):
                self._inbox.remove(path)
                self._finished[path] = reading

    def give_up(self, path: str, says: str) -> None:
        """Plan nothing for a picture in `seeds/` until it changes; `says` is why."""
        self._seeds.give_up(path, says)

    def explained(self, path: str) -> None:
        """The owner was told what is wrong with a picture in `seeds/`."""
        self._seeds.explained(path)

    def _settles(self, path: str, now: float) -> bool:
        """Whether a changed or waiting file has settled; first drafts are read as they lie."""
        reading = self._tree.reading(path)
        if reading is None:
            return False
        if _is_draft(path) and not self._looked_before:
            self._unread.append(path)
            return False
        if self._settling.observe(path, reading, now):
            return True
        self._drop(path)  # while it changes, it asks for nothing
        return False

    def _take_in(self, path: str) -> None:
        reading = self._tree.reading(path)
        room = path.partition("/")[0]
        if reading is None:
            return
        if decides(path):
            self._read_owner()
        elif _is_beside(path):
            picture = self._marks.picture_of(path)
            if picture and picture not in self._waiting:
                self._take_in_marks(picture)
            self._unidentified.extend(self._captioned(path))
        elif self._is_conflict(path):
            self._marks.forget(path)
            self._waiting[path] = CONFLICT
        elif self._finished.get(path) == reading or not self._placeholders.is_here(path, reading):
            return
        elif room == "inbox":
            if not (is_picture(path) and self._is_unfinished(path)) and self._is_its_turn(path):
                self._inbox.put(path, reading)
        else:
            self._take_in_marks(path)
            if room == "seeds":
                self._unidentified.append(path)

    def _read_marks(self, picture: str) -> bool:
        """Read a picture's marks, unless it is known to have none; whether it has any."""
        reading = self._tree.reading(picture)
        if reading is None:
            return False
        if self._unmarked.recall(picture, reading) and self._marks.take_for_unmarked(picture):
            return False
        is_marked = self._marks.read(picture)
        if not is_marked and self._marks.has_read(picture):
            self._unmarked.keep(picture, reading, True)
        return is_marked

    def _take_in_marks(self, picture: str) -> None:
        self._read_marks(picture)
        self._seeds.follow(self.config, self.stars, picture)

    def readings(self, room: str) -> Mapping[str, Reading]:
        """The files of a room and its folders, as of the last refresh."""
        return self._tree.rooms[room]

    def marked_drafts(self) -> set[str]:
        """The drafts that carry a mark, or have just lost one."""
        return self._marks.marked_drafts()

    def stars(self, picture: str) -> int:
        """A picture's rating, from -1 for rejected to 5; 0 for one without marks."""
        return self._marks.stars(picture, self.config.settings.stars)

    def _is_its_turn(self, path: str) -> bool:
        """Whether the owner's limits let in another prompt file now; if not it queues."""
        now = self._clock()
        is_its_turn = not self._queue_moves_in_s(now)
        if is_its_turn:
            self._arrivals.note(now)
        else:
            self._queue[path] = _QUEUES
        return is_its_turn

    def _queue_moves_in_s(self, now: float) -> float:
        if self._settle_s is not None:
            return 0.0  # who only describes a studio does not wait
        return self._arrivals.free_in_s(self.config.settings.limits.prompt_files_per_minute, now)

    def _is_conflict(self, path: str) -> bool:
        """Whether a sync client made this copy of a file."""
        if is_conflict(path):
            return True
        original = copied_from(path, self._machines)
        if original is None:
            return False
        done = original.replace("inbox/", "inbox/done/", 1)
        return bool(self._tree.reading(original)) or beneath.is_file(self.studio.root, done)

    def _known_machines(self) -> set[str]:
        """The names of computers that work here or did, as far as a sync client may use them."""
        ledgers = beneath.names(self.studio.root, LEDGER)[:_MOST_MACHINES]
        named = (name.removesuffix(".jsonl").rpartition("-")[0] for name in ledgers)
        return {platform.node(), *named} - {""}

    def _captioned(self, path: str) -> list[str]:
        """The pictures in `seeds/` whose text a file is."""
        return [p for p in captions.pictures(path) if self._tree.reading(p) and is_picture(p)]

    def _is_unfinished(self, path: str) -> bool:
        return self._incomplete.is_unfinished(path, self._settling.quiet_s)

    def _settle_again(self, paths: Iterable[str], now: float) -> None:
        """Wait for these files once more: the studio went away before they were taken in."""
        for path in paths:
            if reading := self._tree.reading(path):
                self._settling.observe(path, reading, now)

    def _take_again(self, paths: Iterable[str]) -> None:
        for path in tuple(paths):
            self._unreadable.pop(path, None)
            self._take_in(path)

    def _forget(self, path: str, now: float) -> None:
        self._settling.forget(path)
        self._marks.forget(path)
        self._drop(path)
        picture = self._marks.picture_of(path) if _is_beside(path) else None
        if picture and (reading := self._tree.reading(picture)):
            self._settling.observe(picture, reading, now)  # its marks are fewer now
        self._unidentified.extend(self._captioned(path))
        if decides(path):
            self._live.vanished(path, now)

    def _drop(self, path: str) -> None:
        self._inbox.remove(path)
        self._seeds.drop(path)
        self._waiting.pop(path, None)
        self._incomplete.forget(path)
        self._unreadable.pop(path, None)
        self._finished.pop(path, None)
        self._queue.pop(path, None)
        self._placeholders.forget(path)

    def _quiet_s(self) -> float:
        settings = self.config.settings
        return settings.settle_seconds if self._settle_s is None else self._settle_s

    def _read_owner(self) -> None:
        if not self._live.read():
            return
        self._settling.quiet_s = self._quiet_s()
        self._inbox.read_again()
        self._seeds.follow(self.config, self.stars)

    def _identify_seed(self, path: str) -> None:
        reading = self._tree.reading(path)
        if reading is None or self._settling.is_pending(path):
            return  # taken away since, or it changes again
        try:
            self._seeds.take_in(path, reading, self.config, self.stars(path))
        except FileNotFoundError:
            return  # taken away or changed since: the next look sees that
        except OSError as error:
            self._unreadable[path] = f"this picture cannot be read: {reason(error)}"
        except PictureError as error:
            if not self._is_unfinished(path):
                self.give_up(path, f"this picture cannot be read: {error}")
        else:
            self._incomplete.forget(path)

    def _read_some(self) -> bool:
        """Read new pictures for a little while, picked ones first; whether they may ask for more.

        Of the drafts of the first look, those that carry a star have yet to settle.
        """
        end = self._clock() + _BUDGET_S
        found = bool(self._unidentified or self._settled)
        while self._unidentified and self._clock() < end:
            self._identify_seed(self._unidentified.popleft())
        while self._settled and self._clock() < end:
            self._take_in(self._settled.popleft())
        while self._unread and self._clock() < end:
            path = self._unread.popleft()
            reading = self._tree.reading(path)
            if not reading or reading.placeholder or not is_picture(path):
                continue
            if self._read_marks(path):
                self._settling.observe(path, reading, self._clock())
                found = True
        self._seeds.save()
        self._unmarked.save()
        if self._recalls and self._looked_before and not self.busy:
            self._recalls = False
            self._seeds.close(self._tree.rooms["seeds"])
            self._unmarked.close({**self._tree.rooms["drafts"], **self._tree.rooms["seeds"]})
        return found


def _is_draft(path: str) -> bool:
    return path.startswith("drafts/")


def _is_beside(path: str) -> bool:
    """Whether a file lies among pictures and is none."""
    return path.startswith(("drafts/", "seeds/")) and not is_picture(path)
