"""What the folders say now. Keeps a snapshot up to date at the cost of what has changed."""

from __future__ import annotations

import logging
import math
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import suppress
from itertools import chain, islice

import msgspec

from hotfolder.errors import StudioMissingError, refusal
from hotfolder.recipes.config import Config
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record
from hotfolder.recipes.refine import key
from hotfolder.shares import ALONE
from hotfolder.snapshot import BrokenFile, Newcomer, PromptFile, Snapshot
from hotfolder.stars import detectors
from hotfolder.studio.config.live import LiveConfig, decides
from hotfolder.studio.identity import Identity, Portrait
from hotfolder.studio.layout import SETTINGS_FILE, Studio
from hotfolder.studio.reading import Reading
from hotfolder.studio.scan import captions, folders
from hotfolder.studio.scan.apart import Apart
from hotfolder.studio.scan.config_files import ConfigFiles, Doubt
from hotfolder.studio.scan.intake import BUDGET_S, Intake, is_beside
from hotfolder.studio.scan.prompt_files import Waiting
from hotfolder.studio.scan.renames import Renames
from hotfolder.studio.scan.settle import Settling
from hotfolder.studio.scan.tree import Changes, Tree
from hotfolder.taste.advice import NONE, Advice

_log = logging.getLogger(__name__)
_EMPTY = "it is empty; write what the picture should show, and save it"
_CROWDED = ("drafts", "seeds")  # with pictures
_MOST_WITNESSES = 500
_AT_ONCE = 1000  # so many files can be asked in that time whether they have settled


class Scanner:
    """Turns file readings into a `Snapshot`; reads a file once for each of its settled states.

    A file that is seen to change has to settle; then it is in the backlog until it is read, in
    slices of `BUDGET_S`, so that the next job never waits for very many; or it is withheld. What
    was read is known to the inbox, the marks and the seeds, and making a snapshot reads nothing. At
    the first look only those drafts have to settle that carry a star.

    `config` takes the place of what lies in the studio. A scanner that does not wait takes all
    files as they lie, and remembers nothing over restarts: see `survey`. `advice` is what was
    learned of the owner, and `newcomers` are pictures from elsewhere; whoever knows puts them
    there. `minute` tells the minute of the day. `published_count` drafts were `published`.
    """

    def __init__(
        self,
        studio: Studio,
        clock: Callable[[], float] = time.monotonic,
        config: Config | None = None,
        waits: bool = True,
        minute: Callable[[], int] = folders.minute_of_day,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self.studio = studio
        self.advice = NONE
        self.shares = ALONE
        self.newcomers: Sequence[Newcomer] = ()
        self.published_count = 0
        self._apart = Apart(studio.root, wake, waits=not waits)
        self._tree = Tree(studio.root, clock)
        self._config_files = ConfigFiles(studio, self._tree, self._apart)
        self._live = LiveConfig(config or self._config_files.at_first())
        self._clock = clock
        self._waits = waits
        self._minute = minute
        self._settling = Settling(self._quiet_s())
        self._intake = Intake(studio, self._tree, self._settling, self._live, self._apart, clock)
        self._renames = Renames(self._tree, self._has_settled)
        self._looked_before = False
        self._doubt = Doubt()
        self._free = math.inf

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
        end = self._clock() + BUDGET_S
        changes, complete = self._tree.look_on(lambda: self._clock() >= end, thorough)
        self._digest(changes)
        if complete:
            if self._live.may_change:
                self._read_owner()
            self._intake.try_again()
        return complete

    def _require_marker(self) -> None:
        try:
            self.studio.marker.stat()
        except OSError as error:  # also a dead mount, and a folder that may not be read
            looked_for = f"looked for {self.studio.marker}: {refusal(error)}"
            raise StudioMissingError(f"{self.studio.root} is not there ({looked_for})") from None

    def _digest(self, changes: Changes) -> bool:
        now = self._clock()
        due = set(sorted(self._settling.ripe(now), key=_is_draft)[:_AT_ONCE])
        ripe = self._intake.ripe()
        changes |= self._tree.look_at([*due, *ripe])
        changes.gone -= changes.changed
        come = self._apart.come()
        for path in come:
            if not decides(path):
                self._intake.come(path)
        self._intake.marks.beside |= set(filter(is_beside, changes.changed))
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
                self._intake.add(path)
        if decisive or SETTINGS_FILE in come or self._config_files.is_owed:
            self._read_owner()  # before prompt files, which may need what is new
        found = self._intake.read_some()
        if self._looked_before and not self.busy:
            self._intake.close_caches()
        self._looked_before = True
        return bool(found or settled or moved or changes.gone or come)

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
        waits_s = self._intake.due_in_s(now)
        waits_s += [until_s - now for until_s in self._live.unsure_until_s(self._quiet_s())]
        waits_s += self._doubt.ends_in_s(now)
        others = self._settling.due_in_s(now), self._apart.due_in_s
        waits_s += [due_s for due_s in others if due_s is not None]
        return max(0.0, min(waits_s)) if waits_s else None

    @property
    def knows_all_wishes(self) -> bool:
        """Whether all that has settled in `inbox/` and `seeds/` is in the snapshot."""
        return self._intake.knows_all_wishes

    def snapshot(self) -> Snapshot:
        """What the folders say, as of the last refresh."""
        intake, seeds = self._intake, self._intake.seeds
        inbox = intake.inbox.entries()
        waiting = {path: entry.says for path, entry in inbox if isinstance(entry, Waiting)}
        asking = [entry for _, entry in inbox if isinstance(entry, PromptFile)]
        files, closed = folders.in_time(asking, self._settling.pending(), self._minute())
        free = self._free_bytes()
        wishes = intake.marks.wishes(self.config.settings.stars)
        texts = filter(captions.is_one, self._settling.pending())
        held = intake.marks.held().union(*map(intake.captioned, texts))
        beside = sum(map(_is_draft, intake.marks.beside))
        unsure = self._is_unsure()
        return Snapshot(
            prompt_files=files,
            broken=[] if unsure else [e for _, e in inbox if isinstance(e, BrokenFile)],
            starred=wishes.starred,
            rejected=wishes.rejected,
            unstarred=wishes.unstarred,
            seeds=seeds.images(held),
            useless_seeds=[file for file in seeds.unexplained() if file.path not in held],
            complete=intake.retries.due,
            unclear=intake.inbox.unexplained(),
            paused=intake.inbox.folders.pause,
            unseen_drafts=len(self._tree.rooms["drafts"]) - beside,
            disk_is_low=free < self.config.settings.keep_free_gb * 1e9,
            waiting={
                **{path: _EMPTY for path in self._settling.pending() if self._is_empty(path)},
                **waiting,
                **closed,
                **intake.waiting(),
                **seeds.useless,
                **self._live.waiting(),
            },
            advice=self._advice(),
            shares=self.shares,
            newcomers=self.newcomers,
        )

    def _is_unsure(self) -> bool:
        """Whether what a prompt file lacks may be in a profile or word list that comes with it."""
        unsure = self._live.is_unsure or self._config_files.come
        unsure = unsure or any(map(decides, self._settling.pending()))
        return self._doubt.holds(unsure, self._clock()) and self._waits

    def _advice(self) -> Advice:
        """What was learned, without drafts that have been moved since."""
        if not self.advice.favourites:
            return self.advice
        drafts = self._tree.rooms["drafts"]
        lying = tuple(one for one in self.advice.favourites if one.path in drafts)
        return msgspec.structs.replace(self.advice, favourites=lying)

    def _is_empty(self, path: str) -> bool:
        reading = self._tree.reading(path)
        return path.startswith("inbox/") and reading is not None and not reading.size

    def _free_bytes(self) -> float:
        """On the disk, as of the last time that this could be asked: a look tells what vanished."""
        with suppress(OSError):
            self._free = shutil.disk_usage(self.studio.root).free
        return self._free

    def read_owner_again(self) -> None:
        """See what the owner decides outside of the studio, where nobody watches.

        Where there is much to be read the scanner is `busy` with that from now on.
        """
        self._read_owner()

    @property
    def digest(self) -> int:
        """A number for the state of all files that the snapshot rests on, as `tree.digest`."""
        return self._tree.digest

    @property
    def unreadable(self) -> Set[str]:
        """The pictures whose marks could not be read, for now."""
        return self._intake.marks.unreadable

    @property
    def notes(self) -> dict[str, tuple[str, ...]]:
        """Sentences on what of prompt files and pictures from elsewhere is not used, by paths."""
        entries = (entry for _, entry in self._intake.inbox.entries())
        files = {entry.path: entry.notes for entry in entries if isinstance(entry, PromptFile)}
        return {**files, **self._intake.seeds.notes}

    def published(self, path: str, reading: Reading, recipe: Recipe, record: Record) -> None:
        """Believe a picture at once that we have just published and that is in this state still.

        It is whole, carries no mark, and is known without being read.
        """
        changes = self._tree.look_at([path])
        if self._tree.reading(path) != reading:
            with suppress(StudioMissingError):  # the next look says so
                self._digest(changes)
            return
        self.published_count += path.startswith("drafts/")
        self._settling.forget(path)
        self._intake.portraits.know(reading, Portrait.ours(recipe, record))
        self._intake.published(path, reading)

    def picked(self, draft: str, seed: str) -> None:
        """Believe a picture in `seeds/` at once that we have just put there ourselves.

        Its draft, where it is still there, asks no more for that.
        """
        before = self._tree.reading(draft)
        self._intake.marks.served(draft)
        self._tree.look_at([seed, *detectors.sidecars(seed)])
        self._intake.marks.beside |= set(filter(self._tree.reading, detectors.sidecars(seed)))
        after = self._tree.reading(seed)
        if before and after and before.file == after.file:
            self._intake.portraits.moved(seed, before, after)
        self._settling.forget(seed)
        self._intake.add(seed)

    def key(self, path: str) -> str:
        """What makes a picture the same one wherever it lies; raises as `portrait`."""
        return key(self._intake.seeds.source(path) or self.portrait(path).source)

    def portrait(self, path: str) -> Portrait:
        """What a picture is and says of itself; raises as `Portraits.of`."""
        if (reading := self._tree.reading(path)) is None:
            raise FileNotFoundError(path)
        return self._intake.portraits.of(path, reading, self.config.settings.limits)

    def identity(self, path: str) -> Identity:
        """A picked picture with its pixels, as it is now; raises as `Portraits.identity`."""
        shown = self._intake.portraits.identity(path)
        if self._intake.seeds.source(path) not in (None, shown.source):
            self._intake.add(path)  # it is another one than it was taken for
        return shown

    @property
    def reads_pixels(self) -> bool:
        """Whether the pixels of a picked picture are being read: its refinements wait for that."""
        return self._intake.portraits.reads_pixels

    def finished_elsewhere(self, paths: Iterable[str]) -> None:
        """Other machines have finished these prompt files, and their moves have yet to arrive here.

        One that is dropped again after that is another file.
        """
        for path in paths:
            self._intake.finished_elsewhere(path)

    def rest(self) -> None:
        """A look is over, and the next one may be far away."""
        self._apart.rest()

    def close(self) -> None:
        """End what is being read."""
        self._apart.close()

    def give_up(self, path: str, says: str) -> None:
        """Plan nothing for a picture in `seeds/` until it or a setting changes; `says` is why."""
        self._intake.seeds.give_up(path, says)

    def located(self, path: str) -> None:
        """Words were looked for in a picture that was picked."""
        self._intake.seeds.follow(self.config, self.stars, path)

    def put_back(self, path: str) -> None:
        """A failed file was put back into `inbox/`, or is gone."""
        self._intake.retries.done(path)

    def explained(self, path: str) -> None:
        """The owner was told what is wrong with a picture in `seeds/`, or what a file waits for."""
        self._intake.seeds.explained(path)
        self._intake.inbox.explained(path)

    def _settles(self, path: str, now: float) -> bool:
        """Whether a changed or waiting file has settled; first drafts are read as they lie."""
        reading = self._tree.reading(path)
        if reading is None:
            return False
        if folders.is_pause(path):
            self._intake.inbox.put(path, reading)
            return False
        if _is_draft(path) and not self._looked_before:
            self._intake.add_at_first_look(path)
            return False
        if self._settling.observe(path, reading, now):
            return True
        self._intake.drop(path)  # while it changes, it asks for nothing
        return False

    def _only_renamed(self, changes: Changes, now: float) -> set[str]:
        """The pictures that had settled elsewhere and were only moved."""
        if not self._looked_before:
            return set()
        renamed = self._renames.among(changes, now, self._quiet_s())
        for path, last in renamed.items():
            self._intake.drop(path)
            self._settling.forget(path)
            if reading := self._tree.reading(path):
                self._intake.portraits.moved(path, last, reading)
        return set(renamed)

    def _has_settled(self, path: str) -> bool:
        """Whether a file that lies there, or lay there until now, was whole."""
        return not (self._settling.is_pending(path) or self._intake.is_at_first_look(path))

    def readings(self, room: str) -> Mapping[str, Reading]:
        """The files of a room and its folders, as of the last refresh."""
        return self._tree.rooms[room]

    def marked_drafts(self) -> set[str]:
        """The drafts that carry a mark, or have just lost one."""
        return self._intake.marks.marked_drafts()

    def witnesses(self) -> list[str]:
        """Folders and files that differ from now if something has come, gone or been decided."""
        rooms = (room for room in self._tree.rooms if room not in _CROWDED)
        files = chain.from_iterable(self._tree.rooms[room] for room in rooms)
        return [*self._tree.folders, SETTINGS_FILE, *islice(files, _MOST_WITNESSES)]

    def stars(self, picture: str) -> int:
        """A picture's rating, from -1 for rejected to 5; 0 for one without marks."""
        return self._intake.stars(picture)

    def sidecars(self, picture: str) -> dict[str, str]:
        """The sidecars of a picture that are there: the pattern of its name to the path."""
        return self._intake.marks.sidecars(picture)

    def _forget(self, path: str, now: float) -> None:
        self._settling.forget(path)
        self._intake.gone(path, now)
        if decides(path):
            self._live.vanished(path, now)

    def _quiet_s(self) -> float:
        return self.config.settings.settle_seconds if self._waits else 0.0

    def _read_owner(self) -> None:
        if self._config_files.read_into(self._live):
            self._settling.quiet_s = self._quiet_s()
            self._apart.begin_anew()
            self._intake.follow()


def _is_draft(path: str) -> bool:
    return path.startswith("drafts/")
