"""What the folders say now. Keeps a snapshot up to date at the cost of what has changed."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from hotfolder import __version__
from hotfolder.errors import PictureError, StudioMissingError, reason
from hotfolder.images.metadata import suffixes
from hotfolder.recipes.config import Config
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record
from hotfolder.snapshot import BrokenFile, PromptFile, Snapshot
from hotfolder.stars import detectors
from hotfolder.studio.config.live import LiveConfig, decides
from hotfolder.studio.identity import Identity, Portrait
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import Reading
from hotfolder.studio.scan import captions, conflicts
from hotfolder.studio.scan.backlog import Backlog, Urgency, Withheld
from hotfolder.studio.scan.cache import Cache
from hotfolder.studio.scan.conflicts import Conflicts
from hotfolder.studio.scan.inbox import Inbox, Waiting
from hotfolder.studio.scan.incomplete import Incomplete
from hotfolder.studio.scan.limits import Pace
from hotfolder.studio.scan.placeholders import Placeholders
from hotfolder.studio.scan.portraits import Portraits
from hotfolder.studio.scan.ratings import Marks, is_picture
from hotfolder.studio.scan.renames import Renames
from hotfolder.studio.scan.seeds import Seeds
from hotfolder.studio.scan.settle import Settling
from hotfolder.studio.scan.tree import Changes, Tree
from hotfolder.studio.store import local

_log = logging.getLogger(__name__)
_BUDGET_S = 0.02
_AT_ONCE = 1000  # so many files can be asked in that time whether they have settled
_FETCHING_S = 1.0
_FINISHED = "another computer has finished it and puts it away"
_QUEUES = "very many files come at once; it is read in its turn"


class Scanner:
    """Turns file readings into a `Snapshot`; reads a file once for each of its settled states.

    A file that is seen to change has to settle; then it is in the backlog until it is read, in
    slices of `_BUDGET_S`, so that the next job never waits for very many; or it is withheld. What
    was read is known to the inbox, the marks and the seeds, and making a snapshot reads nothing. At
    the first look only those drafts have to settle that carry a star.

    `config` takes the place of what lies in the studio. A scanner that does not wait takes all
    files as they lie, and remembers nothing over restarts: see `survey`.
    """

    def __init__(
        self,
        studio: Studio,
        clock: Callable[[], float] = time.monotonic,
        config: Config | None = None,
        waits: bool = True,
    ) -> None:
        self.studio = studio
        self._live = LiveConfig(studio, config)
        self._clock = clock
        self._waits = waits
        self._tree = Tree(studio.root, clock)
        self._settling = Settling(self._quiet_s())
        self._inbox = Inbox(studio)
        self._portraits = Portraits(studio, read_only=not waits)
        self._marks = Marks(studio.root, self._tree, self._settling, self._portraits)
        self._seeds = Seeds(studio, self._portraits)
        self._backlog = Backlog()
        self._withheld: dict[str, Withheld] = {}
        self._renames = Renames(self._tree, self._has_settled)
        self._incomplete = Incomplete(studio.root, clock)
        self._placeholders = Placeholders(studio.root, clock)
        self._unmarked = Cache(
            local.folder(studio.root) / "unmarked.jsonl",
            bool,
            by=f"{__version__} {detectors.names()}",
            read_only=not waits,
        )
        self._arrivals = Pace(60.0)
        self._conflicts = Conflicts(studio, self._tree)
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
            self._conflicts.learn()
            if self._live.may_change:
                self._read_owner()
            self._inbox.try_again()
            self._try_again()
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
        changes |= self._tree.look_at([*due, *ripe])
        changes.gone -= changes.changed
        self._marks.beside |= {path for path in changes.changed if _is_beside(path)}
        moved = self._only_renamed(changes, now)
        for path in changes.gone:
            self._forget(path, now)
        if (until_s := self._live.unsure_until_s(self._quiet_s())) and max(until_s) <= now:
            self._live.give_up_the_vanished()
            self._read_owner()
        changed = sorted((changes.changed | due) - moved)
        settled = [path for path in changed if self._settles(path, now)]
        settled += [path for path in ripe if not self._settling.is_pending(path)]
        decisive = [path for path in settled if decides(path)]
        for path in (*moved, *settled):
            if not decides(path):
                self._backlog.add(path, _urgency(path))
        try:
            if decisive:
                self._read_owner()  # before prompt files, which may need what is new
        except StudioMissingError:
            self._settle_again(decisive, now)
            raise
        while (file := self._next_in_turn()) and not self._turn_comes_in_s(now):
            del self._withheld[file]
            self._take_in(file)
        found = self._read_some()
        self._looked_before = True
        return bool(found or settled or moved or changes.gone)

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
        waits_s += [self._turn_comes_in_s(now)] if self._next_in_turn() else []
        waits_s += [_FETCHING_S] if self._placeholders.due else []
        waits_s += [0.0] if self._backlog.first() or self._inbox.is_due else []
        settles_in_s = self._settling.due_in_s(now)
        waits_s += [] if settles_in_s is None else [settles_in_s]
        return max(0.0, min(waits_s)) if waits_s else None

    @property
    def knows_all_wishes(self) -> bool:
        """Whether all that has settled in `inbox/` and `seeds/` is in the snapshot."""
        return not (self._backlog.has(Urgency.PROMPT, Urgency.SEED) or self._inbox.is_due)

    def snapshot(self) -> Snapshot:
        """What the folders say, as of the last refresh."""
        inbox = self._inbox.entries()
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
                **{path: withheld.says for path, withheld in self._withheld.items()},
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

    def published(self, path: str, reading: Reading, recipe: Recipe, record: Record) -> None:
        """Believe a picture at once that we have just published and that is in this state still.

        It is whole, carries no mark, and is known without being read.
        """
        changes = self._tree.look_at([path])
        if self._tree.reading(path) != reading:
            with suppress(StudioMissingError):  # the next look says so
                self._digest(changes)
            return
        self._settling.forget(path)
        self._backlog.drop(path)
        self._portraits.know(reading, Portrait.ours(recipe, record))
        if self._marks.take_for_unmarked(path):
            self._unmarked.keep(path, reading, True)

    def picked(self, draft: str, seed: str) -> None:
        """Believe a picture in `seeds/` at once that we have just put there ourselves.

        Its draft, where it is still there, asks no more for that.
        """
        before = self._tree.reading(draft)
        self._marks.served(draft)
        self._tree.look_at([seed, *detectors.sidecars(seed)])
        after = self._tree.reading(seed)
        if before and after and before.file == after.file:
            self._portraits.moved(seed, before, after)
        self._settling.forget(seed)
        self._backlog.add(seed, Urgency.SEED)

    def identity(self, path: str) -> Identity:
        """A picked picture with its pixels, as it is now; raises as `Portraits.identity`."""
        shown = self._portraits.identity(path)
        if self._seeds.source(path) not in (None, shown.source):
            self._backlog.add(path, Urgency.SEED)  # it is another one than it was taken for
        return shown

    def finished_elsewhere(self, paths: Iterable[str]) -> None:
        """Other machines have finished these prompt files, and their moves have yet to arrive here.

        One that is dropped again after that is another file.
        """
        for path in paths:
            if reading := self._tree.reading(path):
                self._inbox.remove(path)
                self._withheld[path] = Withheld("finished", _FINISHED, reading)

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
            self._backlog.add(path, Urgency.FIRST_LOOK)
            return False
        if self._settling.observe(path, reading, now):
            return True
        self._drop(path)  # while it changes, it asks for nothing
        return False

    def _only_renamed(self, changes: Changes, now: float) -> set[str]:
        """The pictures that had settled elsewhere and were only moved."""
        if not self._looked_before:
            return set()
        renamed = self._renames.among(changes, now, self._quiet_s())
        for path, last in renamed.items():
            self._drop(path)
            self._settling.forget(path)
            if reading := self._tree.reading(path):
                self._portraits.moved(path, last, reading)
        return set(renamed)

    def _has_settled(self, path: str) -> bool:
        """Whether a file that lies there, or lay there until now, was whole."""
        return not (self._settling.is_pending(path) or self._backlog.is_at_first_look(path))

    def _take_in(self, path: str) -> None:
        """Read a file of the backlog, or say why it is not used."""
        reading = self._tree.reading(path)
        room = path.partition("/")[0]
        withheld = self._withheld.get(path)
        if reading is None or self._settling.is_pending(path):
            return  # taken away since, or it changes again
        if _is_beside(path):
            picture = self._marks.picture_of(path)
            if picture and not self._is_in_conflict(picture):
                self._take_in_marks(picture)
            for captioned in self._captioned(path):
                self._backlog.add(captioned, Urgency.SEED)
            if path.startswith("seeds/") and not picture:
                self._take_in_stranger(path)
        elif self._conflicts.has(path):
            self._marks.forget(path)
            self._withheld[path] = Withheld("conflict", conflicts.SAYS)
        elif (
            withheld and withheld.why == "finished" and withheld.reading == reading
        ) or not self._placeholders.is_here(path, reading):
            return
        elif room == "inbox":
            if not (is_picture(path) and self._is_unfinished(path)) and self._is_its_turn(path):
                self._inbox.put(path, reading)
        else:
            self._take_in_marks(path)
            if room == "seeds":
                self._identify_seed(path, reading)

    def _is_in_conflict(self, path: str) -> bool:
        return path in self._withheld and self._withheld[path].why == "conflict"

    def _read_marks(self, picture: str) -> bool:
        """Read a picture's marks, unless it is known to have none; whether it has any."""
        reading = self._tree.reading(picture)
        if reading is None:
            return False
        if self._unmarked.recall(picture, reading) and self._marks.take_for_unmarked(picture):
            return False
        is_marked = self._marks.read(picture, self.config.settings)
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

    def _turn_comes_in_s(self, now: float) -> float:
        if not self._waits:
            return 0.0
        return self._arrivals.free_in_s(self.config.settings.limits.prompt_files_per_minute, now)

    def _take_in_stranger(self, path: str) -> None:
        """Say of a file in `seeds/` that it is neither a picture nor anything of a picture's."""
        if captions.is_one(path):
            if not self._captioned(path):
                self._withheld[path] = Withheld("stranger", captions.ALONE)
        elif not path.endswith(captions.NOTE) and not any(detectors.pictures(path, suffixes())):
            kinds = ", ".join(sorted(suffixes()))
            self._seeds.give_up(path, f"this kind of file is not refined; these are: {kinds}")

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

    def _try_again(self) -> None:
        """Read once more what could not be read."""
        unreadable = [path for path, file in self._withheld.items() if file.why == "unreadable"]
        for path in (*unreadable, *self._marks.unreadable):
            self._withheld.pop(path, None)
            self._backlog.add(path, _urgency(path))

    def _forget(self, path: str, now: float) -> None:
        self._settling.forget(path)
        self._marks.forget(path)
        self._drop(path)
        picture = self._marks.picture_of(path) if _is_beside(path) else None
        if picture and (reading := self._tree.reading(picture)):
            self._settling.observe(picture, reading, now)  # its marks are fewer now
        for captioned in self._captioned(path):
            self._backlog.add(captioned, Urgency.SEED)
        if decides(path):
            self._live.vanished(path, now)

    def _drop(self, path: str) -> None:
        self._inbox.remove(path)
        self._seeds.drop(path)
        self._backlog.drop(path)
        self._withheld.pop(path, None)
        self._incomplete.forget(path)
        self._placeholders.forget(path)

    def _quiet_s(self) -> float:
        return self.config.settings.settle_seconds if self._waits else 0.0

    def _read_owner(self) -> None:
        if not self._live.read():
            return
        self._settling.quiet_s = self._quiet_s()
        self._inbox.read_again()
        self._seeds.follow(self.config, self.stars)
        for path in self._marks.unidentified(self.config.settings.stars):
            self._backlog.add(path, Urgency.NEWS)

    def _identify_seed(self, path: str, reading: Reading) -> None:
        try:
            self._seeds.take_in(path, reading, self.config, self.stars(path))
        except FileNotFoundError:
            return  # taken away or changed since: the next look sees that
        except OSError as error:
            says = f"this picture cannot be read: {reason(error)}"
            self._withheld[path] = Withheld("unreadable", says)
        except PictureError as error:
            if not self._is_unfinished(path):
                self.give_up(path, f"this picture cannot be read: {error}")
        else:
            self._incomplete.forget(path)

    def _read_some(self) -> bool:
        """Read files of the backlog for a little while; whether they may ask for more.

        Of the drafts of the first look, those that carry a star have yet to settle.
        """
        end = self._clock() + _BUDGET_S
        found = False
        while self._inbox.is_due or self._backlog.first():
            found = self._read_next() or found
            if self._clock() >= end:  # one was read: a slow computer gets on as well
                break
        self._portraits.let_go()
        self._portraits.save()
        self._unmarked.save()
        if self._recalls and self._looked_before and not self.busy:
            self._recalls = False
            self._portraits.close(self._tree.rooms["seeds"])
            self._unmarked.close({**self._tree.rooms["drafts"], **self._tree.rooms["seeds"]})
        return found

    def _read_next(self) -> bool:
        """Read the most urgent file; whether it may ask for something."""
        waiting = self._backlog.first()
        if not waiting or (waiting[1] > Urgency.PROMPT and self._inbox.is_due):
            self._inbox.read_next(self.config)
            return True
        path, urgency = waiting
        found = urgency < Urgency.FIRST_LOOK
        if found:
            self._take_in(path)
        else:
            found = self._is_marked_at_first_look(path)
        self._backlog.done(path, urgency)
        return found

    def _is_marked_at_first_look(self, path: str) -> bool:
        reading = self._tree.reading(path)
        if not reading or reading.placeholder or not is_picture(path):
            return False
        if is_marked := self._read_marks(path):
            self._settling.observe(path, reading, self._clock())
        return is_marked


def _is_draft(path: str) -> bool:
    return path.startswith("drafts/")


def _is_beside(path: str) -> bool:
    """Whether a file lies among pictures and is none."""
    return path.startswith(("drafts/", "seeds/")) and not is_picture(path)


def _urgency(path: str) -> Urgency:
    room = path.partition("/")[0]
    return {"inbox": Urgency.PROMPT, "seeds": Urgency.SEED}.get(room, Urgency.NEWS)
