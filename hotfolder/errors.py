"""The tree of errors, and the exit code of each.

HotfolderError              1   anything that a person must hear about
├── MistakesError           3   something written by a person is wrong; lists all of it at once
├── PictureError            3   a picture cannot be read, or is not what it says
│   └── PlugInMissingError  3   ... because nothing is installed that reads it
├── RenderError             3   a picture cannot be made
│   ├── ModelMissingError   3   ... because the model's files are not here
│   └── TooLargeError       3   ... because there is too little memory
├── NetworkError        3   a model cannot be fetched just now: nobody's mistake
├── DeviceLostError         3   the graphics card does not answer: no picture's fault
├── StudioMissingError     10   the folder or its marker is not there
└── StudioLockedError      75   another hotfolder works on this studio

Stopped                         not an error: a render was told to stop (BaseException)
"""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable
from dataclasses import dataclass

EXIT_DONE = 0
EXIT_SOME_FAILED = 3
EXIT_STUDIO_MISSING = 10
EXIT_LOCKED = 75
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143


class HotfolderError(Exception):
    """Says in one or more plain sentences what is wrong and what would be right."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong in a file: where (a line or a key; may be empty), and what to do.

    `lacks` says that it would be right if something were here: a profile, a LoRA, a plug-in.
    """

    where: str
    says: str
    lacks: bool = False

    def __str__(self) -> str:
        says = printable_lines(self.says)
        return f"{printable(self.where)}: {says}" if self.where else says


class MistakesError(HotfolderError):
    """Everything that is wrong in one file, found in one go."""

    exit_code = EXIT_SOME_FAILED

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        self.lacks = any(mistake.lacks for mistake in self.mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))

    def __reduce__(self) -> tuple[type[MistakesError], tuple[tuple[Mistake, ...]]]:
        return type(self), (self.mistakes,)  # it also comes from other processes


class PictureError(HotfolderError):
    """A picture cannot be read, or is not what it says: a line, whatever it quotes."""

    exit_code = EXIT_SOME_FAILED

    def __init__(self, says: str) -> None:
        super().__init__(printable(says))


class PlugInMissingError(PictureError):
    """A picture cannot be read because nothing is installed that reads its format."""


class RenderError(HotfolderError):
    """A picture cannot be made."""

    exit_code = EXIT_SOME_FAILED


class ModelMissingError(RenderError):
    """The files of the model that a recipe needs are not on this machine."""


class NetworkError(HotfolderError):
    """The network, the hub or the disk keeps a model from being fetched now; it may pass.

    `again_in_s` is how long the hub asks to be left alone, in seconds.
    """

    exit_code = EXIT_SOME_FAILED

    def __init__(self, says: str, again_in_s: float = 0.0) -> None:
        super().__init__(says)
        self.again_in_s = again_in_s


class UnwantedError(HotfolderError):
    """A picture in the making is surely unwanted: it is given up, and not kept to go on."""


class TooLargeError(RenderError):
    """A picture or its model does not fit into the memory that there is now."""


class DeviceLostError(HotfolderError):
    """The device that renders does not answer any more. No picture is to blame."""

    exit_code = EXIT_SOME_FAILED


class StudioMissingError(HotfolderError):
    """The folder, or the marker that makes it a studio, is not there."""

    exit_code = EXIT_STUDIO_MISSING


class StudioLockedError(HotfolderError):
    """Another hotfolder works on this studio."""

    exit_code = EXIT_LOCKED


class Stopped(BaseException):
    """Raised at a denoising step when the daemon shall end.

    A BaseException, so that no model code's `except Exception` can keep a render alive.
    """


def refusal(error: OSError) -> str:
    """What the operating system refuses, in words for people who do not program."""
    if getattr(error, "winerror", None) in _HELD:
        return "another program has it open"
    return _REFUSALS.get(error.errno or 0, error.strerror or str(error))


def reason(error: OSError) -> str:
    """What the operating system refuses, and where."""
    where = str(error.filename or "").encode("utf-8", "backslashreplace").decode()
    return f"{refusal(error)} ({where})" if where else refusal(error)


_HELD = frozenset({32, 33, 1224})  # Windows: a sharing violation, a lock, a mapped file
_REFUSALS = {
    errno.ENOENT: "there is no such file",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "this user's disk quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "that is not allowed",
    errno.EIO: "the disk reported an error",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open",
    errno.ENOTCONN: "the connection to the disk is lost",
    errno.ESTALE: "the connection to the disk is lost",
    errno.ETIMEDOUT: "the disk does not answer",
}


def printable(text: str) -> str:
    """`text` for a log or a terminal: controls, broken bytes and what turns text about, escaped."""
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def printable_lines(text: str) -> str:
    """`text` as `printable` has it, but for its line ends."""
    return "\n".join(map(printable, text.split("\n")))


def brief(text: str, most: int) -> str:
    """`text` on one printable line, cut between words after at most `most` characters."""
    line = printable(" ".join(text[: 2 * most].split()))
    if len(line) <= most and len(text) <= 2 * most:
        return line
    words = line[:most].rpartition(" ")[0]
    return f"{words if len(words) > most // 2 else line[: most - 1]}…"


def mistake(says: str, where: str = "", lacks: bool = False) -> MistakesError:
    """An error that holds a single mistake."""
    return MistakesError([Mistake(where, says, lacks)])


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A closing half-sentence that names the nearest known word, or all of them if they are few."""
    names = sorted(set(known))
    lower = {name.lower(): name for name in names}
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    near = near or difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
    if near:
        return f"did you mean {lower.get(near[0], near[0])!r}?"
    if names and len(names) <= 12:
        return "known are " + ", ".join(names)
    return "there is nothing like it"


def many(number: int, what: str) -> str:
    """A number of things in words: `1 picture`, `1,200 pictures`."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")
