"""What the folders say now: prompt files, seed images and marks, as plain data. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from hotfolder.recipes.profile import Profile
from hotfolder.recipes.prompt import Prompt
from hotfolder.recipes.recipe import Pixels, Recipe
from hotfolder.recipes.record import Record
from hotfolder.recipes.refine import Wish, key
from hotfolder.shares import ALONE, Shares
from hotfolder.taste import advice
from hotfolder.taste.advice import Advice


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt of a file, with the profile it asks for and its overrides laid over that.

    `notes` are sentences on what of it is not used.
    """

    prompt: Prompt
    digest: str
    count: int | Literal["endless"]
    profile_name: str
    profile: Profile
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PromptFile:
    """A readable prompt file. `arrived` orders files by when they came, smallest first.

    `beside` are files that belong to it and move with it: a picture's text. Files of a larger
    `priority` are drawn first; `only` is the time of the day in which this one is drawn from.
    `notify` are the names of those who are told of the finals.
    """

    path: str
    requests: tuple[Request, ...]
    arrived: tuple[int, str]
    beside: tuple[str, ...] = ()
    priority: int = 0
    only: str = ""
    notify: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what of it is not used, each once."""
        return tuple(dict.fromkeys(note for one in self.requests for note in one.notes))


@dataclass(frozen=True, slots=True)
class BrokenFile:
    """A prompt file with mistakes; `says` is what its owner shall read.

    `lacks` says that it may be right as soon as something has come that is not here.
    """

    path: str
    says: str
    beside: tuple[str, ...] = ()
    lacks: bool = False


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file in `inbox/failed/` that lacks nothing any more, and the files that belong to it."""

    path: str
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SeedImage:
    """A picture in `seeds/`. `source` is its recipe, or its bare pixels if it is not (only) ours.

    `prompt` and `negative` are what a foreign picture says of itself. `profile` is the one that its
    refinements follow. `notes` are sentences on what is not used of what it says. With `wishes` it
    is retouched, and not refined; where it is a marked copy, `original` is the picture as it was.
    `key` is what makes it the same picture wherever it lies, worked out once because a plan asks
    for it again and again; `request` is that of what is wanted of it. `more` is the file beside it
    that asks for more than the settings do.
    """

    path: str
    source: Recipe | Pixels
    arrived: tuple[int, str]
    profile_name: str
    profile: Profile
    record: Record | None = None
    prompt: str = ""
    negative: str = ""
    notes: tuple[str, ...] = ()
    wishes: tuple[Wish, ...] = ()
    more: str = ""
    original: str = ""
    key: str = field(init=False)
    request: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", key(self.source))
        object.__setattr__(self, "request", key(self.source, self.wishes))

    @property
    def finals(self) -> int:
        """How many finals it shall have."""
        return self.profile.refine.count if self.wishes else self.profile.refine.finals

    @property
    def sought(self) -> tuple[str, ...]:
        """The words among its wishes that are still to be looked for in it."""
        return tuple(dict.fromkeys(wish.word for wish in self.wishes if wish.region is None))


@dataclass(frozen=True, slots=True)
class Starred:
    """A picture whose marks ask for something.

    `key` is what makes it the same picture wherever it lies. `changed` says that a mark was seen
    to be set, not only to be there. `sidecars` maps the patterns of its sidecars' names to their
    paths.
    """

    path: str
    key: str
    changed: bool = False
    sidecars: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A picture of which taste knows no more than its file shows.

    `key` is what makes it the same picture wherever it lies, `source` its recipe or its bare
    pixels, `prompt` what it says of itself, and `ours` how it was made, if it is no stranger.
    """

    path: str
    key: str
    source: Recipe | Pixels
    prompt: str = ""
    ours: tuple[Recipe, Record] | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the folders say now. Paths are relative to the studio, with forward slashes.

    `waiting` says of files that cannot be worked on yet what they wait for. `advice` is what was
    learned of their owner. `paused` is the file for which nothing is rendered at all. `unclear` are
    files in `inbox/` that wait for their owner. `complete` are failed files that are tried again.
    `shares` says which of all this is to be done here, where other machines work as well.
    `newcomers` have yet to be shown to the model.
    """

    prompt_files: Sequence[PromptFile] = ()
    broken: Sequence[BrokenFile] = ()
    starred: Sequence[Starred] = ()
    rejected: Sequence[Starred] = ()
    unstarred: Sequence[Starred] = ()
    seeds: Sequence[SeedImage] = ()
    useless_seeds: Sequence[BrokenFile] = ()
    unclear: Sequence[BrokenFile] = ()
    complete: Sequence[FailedFile] = ()
    unseen_drafts: int = 0
    disk_is_low: bool = False
    paused: str = ""
    waiting: Mapping[str, str] = field(default_factory=dict)
    advice: Advice = advice.NONE
    shares: Shares = ALONE
    newcomers: Sequence[Newcomer] = ()
