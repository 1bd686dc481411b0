"""What the folders say now. Keeps a snapshot up to date at the cost of what has changed."""

from __future__ import annotations

import logging
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import PurePosixPath

from hotfolder.errors import Mistake, MistakesError, PictureError, StudioMissingError
from hotfolder.images import carried
from hotfolder.images.carried import suffixes as picture_suffixes
from hotfolder.images.told import Told
from hotfolder.plan import BrokenFile, PromptFile, SeedImage, Snapshot
from hotfolder.recipes.owner import Owner
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.recipe import MAX_DEPTH, Recipe, lineage
from hotfolder.recipes.record import Record
from hotfolder.stars import detectors
from hotfolder.studio.belongings import read_owner
from hotfolder.studio.identity import identify
from hotfolder.studio.inbox import CONFLICT, Inbox, Waiting
from hotfolder.studio.layout import SETTINGS_FILE, Studio
from hotfolder.studio.matching import match
from hotfolder.studio.names import is_conflict, printable
from hotfolder.studio.reading import read_file
from hotfolder.studio.settle import Settling
from hotfolder.studio.tree import Changes, Tree

_log = logging.getLogger(__name__)
_OWNERS = ("profiles", "wildcards", SETTINGS_FILE)
_BUDGET_S = 0.02
_TOO_DEEP = (
    f"it was refined {MAX_DEPTH - 1} times already, and a picture carries at most {MAX_DEPTH} "
    "generations; save it without its metadata to begin anew"
)


class Look:
    """Turns file readings into a `Snapshot`; reads a file once for each of its settled states.

    Drafts are many: at the first look they are read in slices of `_BUDGET_S`, so that the next job
    never waits for them, and only one that carries a star has to settle. `settle_s` takes the
    place of the owner's setting, `owner` of what lies in the studio.
    """

    def __init__(
        self,
        studio: Studio,
        clock: Callable[[], float] = time.monotonic,
        settle_s: float | None = None,
        owner: Owner | None = None,
    ) -> None:
        self.studio = studio
        self.owner = owner or read_owner(studio)
        self._warn_of(self.owner.mistakes)
        self._clock = clock
        self._tree = Tree(studio.root)
        self._settle_s = settle_s
        self._settling = Settling(self._quiet_s())
        self._inbox = Inbox(studio)
        self._seeds: dict[str, SeedImage] = {}
        self._told: dict[str, Told] = {}
        self._seed_notes: dict[str, tuple[str, ...]] = {}
        self._ratings: dict[str, int] = {}
        self._unread: deque[str] = deque()
        self._useless_seeds: dict[str, str] = {}
        self._explained: set[str] = set()
        self._waiting: dict[str, str] = {}
        self._looked_before = False

    def refresh(self, hints: set[str] | None = None) -> bool:
        """Look at the hinted paths, or everywhere; whether the snapshot may say something new.

        Raises StudioMissingError where the studio or its marker has vanished: everything in it
        would otherwise look deleted.
        """
        self._require_marker()
        tree = self._tree
        return self._digest(tree.look_everywhere() if hints is None else tree.look_at(hints))

    def look_on(self) -> bool:
        """Go on for a moment with a look everywhere; whether it is complete. Raises as above."""
        self._require_marker()
        end = self._clock() + _BUDGET_S
        changes, complete = self._tree.look_on(lambda: self._clock() >= end)
        self._digest(changes)
        return complete

    def _require_marker(self) -> None:
        if not self.studio.marker.is_file():
            raise StudioMissingError(f"{self.studio.root} has vanished, or its marker has")

    def _digest(self, changes: Changes) -> bool:
        now = self._clock()
        due = set(self._settling.pending()) if self._settling.due_in_s(now) == 0.0 else set()
        again = self._tree.look_at(due)
        changes = Changes(changes.changed | again.changed, changes.gone | again.gone)
        for path in changes.gone:
            self._forget(path)
        settled = [path for path in sorted(changes.changed | due) if self._settles(path, now)]
        for path in sorted(settled, key=lambda path: not _is_owners(path)):
            self._take_in(path)  # profiles and word lists first: prompt files may need them
        self._looked_before = True
        return bool(settled or changes.gone or self._read_some_drafts())

    def at_a_glance(self) -> Snapshot:
        """The snapshot of a studio that is only to be described: nothing is waited for."""
        self.refresh()
        while self.busy:
            self.refresh(set())
        return self.snapshot()

    @property
    def busy(self) -> bool:
        """Whether files have yet to settle or to be read: more may be known soon."""
        return bool(self._unread) or self.due_in_s() is not None

    @property
    def expects_prompts(self) -> bool:
        """Whether a file in `inbox/` has yet to settle: it may ask for pictures soon."""
        return any(path.startswith("inbox/") for path in self._settling.pending())

    def due_in_s(self) -> float | None:
        """Seconds until another refresh can bring news without any new event; None: not at all."""
        return 0.0 if self._unread else self._settling.due_in_s(self._clock())

    def snapshot(self) -> Snapshot:
        """What the folders say, as of the last refresh."""
        inbox = self._inbox.entries(self.owner)
        waiting = {path: entry.says for path, entry in inbox if isinstance(entry, Waiting)}
        free = shutil.disk_usage(self.studio.root).free
        least = self.owner.settings.stars_from
        # What a prompt file lacks may be in a profile or word list that arrives with it.
        unsure = any(map(_is_owners, self._settling.pending()))
        return Snapshot(
            prompt_files=[entry for _, entry in inbox if isinstance(entry, PromptFile)],
            broken=[] if unsure else [e for _, e in inbox if isinstance(e, BrokenFile)],
            starred=[path for path, stars in self._ratings.items() if stars >= least],
            seeds=list(self._seeds.values()),
            useless_seeds=[
                BrokenFile(path, says)
                for path, says in self._useless_seeds.items()
                if path not in self._explained
            ],
            unseen_drafts=len(self._tree.rooms["drafts"]),
            disk_is_low=free < self.owner.settings.keep_free_gb * 1e9,
            waiting={**waiting, **self._waiting, **self._useless_seeds},
        )

    @property
    def notes(self) -> dict[str, tuple[str, ...]]:
        """Sentences on what cannot be used of pictures from elsewhere, by their paths."""
        return {**self._inbox.notes, **self._seed_notes}

    def take_in(self, path: str) -> None:
        """Believe a file at once that we have just put there ourselves."""
        self._tree.look_at([path])
        self._settling.forget(path)
        self._take_in(path)

    def give_up(self, path: str, says: str) -> None:
        """Plan nothing for a picture in `seeds/` until it changes; `says` is why."""
        self._seeds.pop(path, None)
        self._useless_seeds[path] = says

    def explained(self, path: str) -> None:
        """The owner was told what is wrong with a picture in `seeds/`."""
        self._explained.add(path)

    def _settles(self, path: str, now: float) -> bool:
        """Whether a changed or waiting file has settled; first drafts are read as they lie."""
        reading = self._tree.reading(path)
        if reading is None:
            return False
        if path.startswith("drafts/") and not self._looked_before:
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
        if room == "inbox":
            self._inbox.put(path, reading)
        elif _is_owners(path):
            self._read_owner()
        elif PurePosixPath(path).suffix.lower() not in picture_suffixes():
            return
        elif is_conflict(path):
            self._waiting[path] = CONFLICT
        elif room == "drafts":
            if stars := self._stars(path):
                self._ratings[path] = stars
        else:
            self._identify_seed(path, reading.ctime_ns)

    def _forget(self, path: str) -> None:
        self._settling.forget(path)
        self._drop(path)
        if _is_owners(path):
            self._read_owner()

    def _drop(self, path: str) -> None:
        self._inbox.remove(path)
        self._seeds.pop(path, None)
        self._told.pop(path, None)
        self._seed_notes.pop(path, None)
        self._ratings.pop(path, None)
        self._waiting.pop(path, None)
        self._useless_seeds.pop(path, None)
        self._explained.discard(path)

    def _warn_of(self, mistakes: Iterable[Mistake]) -> None:
        for wrong in mistakes:
            _log.warning("%s", wrong)

    def _quiet_s(self) -> float:
        settings = self.owner.settings
        return settings.settle_seconds if self._settle_s is None else self._settle_s

    def _read_owner(self) -> None:
        known = self.owner.mistakes
        try:
            self.owner = read_owner(self.studio)
        except MistakesError as error:
            _log.error("settings and profiles stay as they were, because of mistakes:\n%s", error)
            return
        self._warn_of(set(self.owner.mistakes) - set(known))
        self._settling.quiet_s = self._quiet_s()
        self._inbox.read_again()
        for path, seed in self._seeds.items():
            name, profile = self._profile_of(path, seed.record)
            self._seeds[path] = replace(seed, profile_name=name, profile=profile)

    def _identify_seed(self, path: str, ctime_ns: int) -> None:
        try:
            shown = identify(read_file(self.studio.root / path))
        except FileNotFoundError:
            return  # taken away since: the next look sees that
        except (PictureError, OSError) as error:
            self.give_up(path, f"this picture cannot be read: {error}")
            return
        if shown.note:
            _log.warning("%s: %s", printable(path), shown.note)
        if isinstance(shown.source, Recipe) and len(lineage(shown.source)) >= MAX_DEPTH:
            self.give_up(path, _TOO_DEEP)
            return
        said = shown.recipe or shown.told
        if shown.told:
            self._told[path] = shown.told
        name, profile = self._profile_of(path, shown.record)
        for note in self._seed_notes.get(path, ()):
            _log.warning("%s: %s", printable(path), note)
        self._seeds[path] = SeedImage(
            path=path,
            source=shown.source,
            arrived=(ctime_ns, path),
            profile_name=name,
            profile=profile,
            record=shown.record,
            prompt=said.prompt if said else "",
            negative=said.negative_prompt if said else "",
        )

    def _profile_of(self, path: str, record: Record | None) -> tuple[str, Profile]:
        """Name and profile that a picture in `seeds/` is refined with."""
        if path not in self._told:
            return self.owner.profile_of(record)
        matched = match(self._told[path], self.owner, self.studio)
        self._seed_notes[path] = matched.notes
        return matched.profile_name, matched.profile

    def _stars(self, path: str) -> int:
        """How many stars a draft has; 0 also for a rejected one and for what is no picture."""
        try:
            rating = detectors.rating(carried.read(read_file(self.studio.root / path)))
        except (PictureError, OSError):
            return 0
        return max(0, rating or 0)

    def _read_some_drafts(self) -> bool:
        """Read drafts of the first look for a little while; whether a starred one was found."""
        end = self._clock() + _BUDGET_S
        found = False
        while self._unread and self._clock() < end:
            path = self._unread.popleft()
            reading = self._tree.reading(path)
            if reading and self._stars(path):
                self._settling.observe(path, reading, self._clock())
                found = True
        return found


def _is_owners(path: str) -> bool:
    """Whether a file is one of those with which the owner decides."""
    return path.partition("/")[0] in _OWNERS
