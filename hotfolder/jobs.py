"""What is to be done: one kind of job for each thing that hotfolder does, as plain data. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from hotfolder.recipes.encoding import PNG, Encoding
from hotfolder.recipes.prompt import Prompt
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record, Stage
from hotfolder.shares import claim
from hotfolder.taste import words


@dataclass(frozen=True, slots=True)
class Pick:
    """Move or copy a starred draft and its sidecars to `seeds/`.

    `by_itself`: it has no star; it is among the best, and its owner asked for that.
    """

    path: str
    key: str
    sidecars: Mapping[str, str] = field(default_factory=dict)
    copy: bool = False
    why: str = "it has a star"
    by_itself: bool = False

    @property
    def beside(self) -> tuple[str, ...]:
        """The files that move with it."""
        return tuple(self.sidecars.values())


@dataclass(frozen=True, slots=True)
class Reject:
    """Move a rejected draft and its sidecars to `drafts/rejected/`."""

    path: str
    sidecars: Mapping[str, str] = field(default_factory=dict)
    why: str = "it is rejected"

    @property
    def beside(self) -> tuple[str, ...]:
        """The files that move with it."""
        return tuple(self.sidecars.values())


@dataclass(frozen=True, slots=True)
class PutBack:
    """Move a picture whose star was taken back from `seeds/` to `drafts/`, with its sidecars."""

    path: str
    sidecars: Mapping[str, str] = field(default_factory=dict)
    why: str = "its star was removed"

    @property
    def beside(self) -> tuple[str, ...]:
        """The files that move with it."""
        return tuple(self.sidecars.values())


@dataclass(frozen=True, slots=True)
class SetAside:
    """Move a prompt file that cannot be read to `inbox/failed/`, with a note beside it."""

    path: str
    says: str
    beside: tuple[str, ...] = ()
    why: str = "there is a mistake in it"
    lacks: bool = False


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Put a failed file back into `inbox/`: what it lacked is here now."""

    path: str
    beside: tuple[str, ...] = ()
    why: str = "what was missing is here now"


@dataclass(frozen=True, slots=True)
class Explain:
    """Put a note beside a picture in `seeds/` that cannot be refined, or a file that waits."""

    path: str
    says: str
    why: str = "it cannot be refined"

    @property
    def beside(self) -> tuple[str, ...]:
        """The files that move with it."""
        return ()


@dataclass(frozen=True, slots=True)
class Finish:
    """Move a prompt file to `inbox/done/`: all that it asked for was made.

    `notes` are sentences on what of it was not used.
    """

    path: str
    through: Mapping[str, int]
    beside: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    why: str = "all its drafts are made"


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the other machines for pictures that are theirs to make, by their claims."""

    claims: tuple[str, ...]
    path: str = ""
    why: str = "this machine has nothing of its own to make"

    @property
    def beside(self) -> tuple[str, ...]:
        """No file moves."""
        return ()


@dataclass(frozen=True, slots=True)
class RenderDraft:
    """Make one draft of a prompt. `request` is the prompt's digest.

    `steered` says that it was chosen among several draws, and by what; empty if it was not.
    `notify` are the names of those who are told of its finals.
    """

    path: str
    prompt: Prompt
    request: str
    ordinal: int
    recipe: Recipe
    template: str
    profile_name: str
    endless: bool
    beside: tuple[str, ...]
    why: str
    encoding: Encoding = PNG
    steered: str = ""
    notes: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()

    @property
    def stage(self) -> Stage:
        """What its picture is."""
        return "draft"

    @property
    def words(self) -> frozenset[str]:
        """What taste reads of its recipe."""
        sides = (self.recipe.width, self.recipe.height)
        return drafts_words(self.recipe.prompt, sides, self.profile_name, self.path)

    @property
    def prompt_file(self) -> str:
        """The name of the prompt file behind the picture."""
        return PurePosixPath(self.path).name


def drafts_words(prompt: str, sides: tuple[int, int], profile: str, path: str) -> frozenset[str]:
    """What taste reads of a draft's recipe; `path` is that of its prompt file."""
    tags = [("profile", profile), ("file", PurePosixPath(path).stem)]
    return words.tagged(prompt, *sides, tags)


@dataclass(frozen=True, slots=True)
class RenderFinal:
    """Make one refinement of a picture in `seeds/`. `request` is the key of what is wanted of it.

    Of a marked copy `original` is where the picture lies as it was.
    `picked` says why that picture went there by itself; empty if it did not. `notify` are the names
    of those who are told of it.
    """

    path: str
    request: str
    ordinal: int
    recipe: Recipe
    profile_name: str
    record: Record | None
    why: str
    encoding: Encoding = PNG
    beside: tuple[str, ...] = ()
    original: str = ""
    picked: str = ""
    wanted: int = 0
    notes: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()

    @property
    def stage(self) -> Stage:
        """What its picture is."""
        return "final"

    @property
    def prompt_file(self) -> str:
        """The name of the prompt file behind the picture; empty for a picture from elsewhere."""
        return self.record.prompt_file if self.record else ""


@dataclass(frozen=True, slots=True)
class Locate:
    """Look for words in a picture in `seeds/`, by the model of `recipe`; no picture is made.

    `request` is the key of the retouch that needs them, which comes to so many finals as are
    `wanted`; `ordinal` comes before all of theirs. With a `detector`, that looks for them.
    """

    path: str
    request: str
    words: tuple[str, ...]
    recipe: Recipe
    wanted: int = 0
    detector: str = ""
    ordinal: int = -1
    why: str = "its retouch says them"

    @property
    def stage(self) -> Stage:
        """What it is for."""
        return "final"

    @property
    def beside(self) -> tuple[str, ...]:
        """The files that move with it."""
        return ()


@dataclass(frozen=True, slots=True)
class Encode:
    """Show a picture from elsewhere to the model of `recipe`, a draft's, so that taste knows it.

    `request` is the picture's key, and `ours` how it was made, if it is no stranger but what was
    known of it is lost. No picture is made.
    """

    path: str
    request: str
    recipe: Recipe
    ours: tuple[Recipe, Record] | None = None
    ordinal: int = -1
    why: str = "it came from elsewhere"

    @property
    def stage(self) -> Stage:
        """What it is taken for."""
        return "draft"

    @property
    def beside(self) -> tuple[str, ...]:
        """No file moves."""
        return ()


Render = RenderDraft | RenderFinal
Work = Render | Locate | Encode
"""What an executor does."""


def claim_of(job: Work) -> str:
    """What names a job among machines."""
    return claim(job.stage, job.request, job.ordinal)


Sort = Pick | Reject | PutBack
Chore = SetAside | TryAgain | Explain | Sort | Finish
Job = Chore | Ask | Work
