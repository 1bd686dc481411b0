"""Paperwork: what a finished, broken or picked file's move leaves behind, and in which order."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import PurePosixPath

from hotfolder.errors import printable, printable_lines
from hotfolder.explanations import more
from hotfolder.history import Finished, Finishing, Picked, Picking
from hotfolder.jobs import Explain, Finish, Pick, PutBack, Reject, SetAside, TryAgain
from hotfolder.stars import detectors
from hotfolder.studio import beneath, entries
from hotfolder.studio.entries import Status
from hotfolder.studio.layout import REJECTS, Studio
from hotfolder.studio.reading import MAX_PICTURE_BYTES
from hotfolder.studio.store import atomic
from hotfolder.studio.store.ledger import Ledger

_LONGEST_NOTE = 16_384  # characters; 64 kB at most
_NOTE = ".note.txt"
_ERROR = ".error.txt"
LACKS = "When what it lacks is here, it is tried again by itself."
"""How the notes end of files that may be right as soon as something has come."""

_RETURN = "\n\nWhen it is fixed, put the file back into inbox/.\n"


def finish(studio: Studio, ledger: Ledger, job: Finish) -> str:
    """Move a prompt file to `inbox/done/`; returns where it lies now.

    The move is announced first and confirmed afterwards: after a crash between the two, `confirm`
    can tell a file that was not moved yet from one that was dropped once more.
    """
    to = _free(studio, _aside(job.path, "done"))
    here = _require(studio, job.path)
    times = here.st_ctime_ns, here.st_mtime_ns
    ledger.append(Finishing(job.path, to, dict(job.through), job.beside, *times, here.st_ino))
    moved = atomic.move(studio.root, job.path, to, here)
    for path in job.beside:
        _move_beside(studio, path, moved)
    if job.notes:
        name, notes = PurePosixPath(job.path).name, "\n\n".join(job.notes)
        _note(studio, moved, f"{name} was used, but:\n\n{notes}\n", _NOTE)
    ledger.append(Finished(to, dict(job.through), job.path))
    return moved


def confirm(studio: Studio, ledger: Ledger) -> None:
    """Bring announced moves to their end that a crash cut off."""
    for move in ledger.history.unconfirmed_moves():
        here, there = beneath.status(studio.root, move.file), beneath.status(studio.root, move.to)
        if here and there and here.st_nlink > 1 and entries.same_file(here, there):
            beneath.unlink(studio.root, move.file)  # half a rename: one file under two names
            here = None
        if here and not there and _never_left(move, here):
            continue  # the plan finds it finished, and announces it again
        if there and not here:
            for path in move.beside:
                _move_beside(studio, path, move.to)
        ledger.append(Finished(move.to, move.through, move.file))
    for pick in ledger.history.unconfirmed_picks():
        if beneath.status(studio.root, pick.to) and not beneath.status(studio.root, pick.file):
            _follow(studio, pick.sidecars)
            ledger.append(Picked(pick.to, pick.picture, pick.why))


def _never_left(move: Finishing, here: Status) -> bool:
    """Whether a file is the one that was to be moved, and not one that is dropped anew.

    Whoever moved it back left its inode and its mtime as they were, and gave it another ctime; in a
    copy of the studio, which took its place in between, only the mtime is as it was.
    """
    if move.ctime_ns in (0, here.st_ctime_ns):
        return True
    return move.inode not in (0, here.st_ino) and move.mtime_ns == here.st_mtime_ns


def set_aside(studio: Studio, job: SetAside) -> str:
    """Move a broken file to `inbox/failed/` with a note beside it; returns where it lies now.

    It is moved last: after a crash before that it is found in the inbox, and set aside again.
    """
    here = _require(studio, job.path)
    to = _free(studio, _aside(job.path, "failed"))
    name = PurePosixPath(job.path).name
    ending = f"\n\n{LACKS}{_RETURN[1:]}" if job.lacks else _RETURN
    _note(studio, to, f"{_because(name)}{_explained(job.says)}{ending}")
    for path in job.beside:
        _move_beside(studio, path, to)
    return atomic.move(studio.root, job.path, to, here)


def try_again(studio: Studio, job: TryAgain) -> str:
    """Move a failed file back into `inbox/`; returns where it lies now. Our note goes."""
    here = _require(studio, job.path)
    to = f"inbox/{job.path.removeprefix('inbox/failed/')}"
    moved = atomic.move(studio.root, job.path, to, here)
    for path in job.beside:
        _move_beside(studio, path, moved)
    _remove_note(studio, f"{job.path}{_ERROR}", _because(PurePosixPath(job.path).name))
    return moved


def _because(name: str) -> str:
    return f"{printable(name)} was not used, because:\n\n"


def explain(studio: Studio, job: Explain) -> str:
    """Put a note beside a file, unless the same note lies there already; returns its path."""
    return _note(studio, job.path, f"{_not_yet(job.path)}{_explained(job.says)}\n")


def _explained(says: str) -> str:
    """What is said, and where there is more about it."""
    return "\n\n".join(filter(None, (says, more(says))))


def take_back(studio: Studio, path: str) -> None:
    """Take away the note that `explain` put beside a file, for it waits no more."""
    _remove_note(studio, _beside(path), _not_yet(path))


def _not_yet(path: str) -> str:
    verb = "refined" if path.startswith("seeds/") else "used yet"
    return printable_lines(f"{PurePosixPath(path).name} is not {verb}, because:\n\n")


def pick(studio: Studio, ledger: Ledger, job: Pick) -> str:
    """Move or copy a starred draft and its sidecars to `seeds/`; returns where it lies now.

    The move is announced first, so that after a crash `confirm` can send the sidecars after it.
    """
    here = _require(studio, job.path)
    to, sidecars = _place(studio, job.path, "seeds", job.sidecars)
    if job.copy:
        for path, target in ((job.path, to), *sidecars.items()):
            data = beneath.read(studio.root, path, MAX_PICTURE_BYTES)
            copied = atomic.publish(studio.root, target, data)
            beneath.copy_attributes(studio.root, path, studio.root, copied)
    else:
        ledger.append(Picking(job.path, to, job.key, sidecars, _reason(job)))
        atomic.move(studio.root, job.path, to, here)
        _follow(studio, sidecars)
    ledger.append(Picked(to, job.key, _reason(job)))
    return to


def _reason(job: Pick) -> str:
    """Why a picture is picked, where that is no star."""
    return job.why if job.by_itself else ""


def reject(studio: Studio, job: Reject) -> str:
    """Move a rejected draft and its sidecars to `drafts/rejected/`; returns where it lies now."""
    return _move(studio, job, REJECTS)


def put_back(studio: Studio, job: PutBack) -> str:
    """Move a picture and its sidecars back to `drafts/`; returns where it lies now."""
    return _move(studio, job, "drafts")


def _move(studio: Studio, job: Reject | PutBack, folder: str) -> str:
    to, sidecars = _place(studio, job.path, folder, job.sidecars)
    atomic.move(studio.root, job.path, to)
    _follow(studio, sidecars)
    return to


def _place(
    studio: Studio, path: str, folder: str, sidecars: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    """Where in `folder` a draft and its sidecars can go and still have matching names.

    `sidecars` maps patterns to paths; the second of the two maps those paths to the new ones.
    """
    for to in atomic.candidates(f"{folder}/{PurePosixPath(path).name}"):
        moves = {old: detectors.sidecar(pattern, to) for pattern, old in sidecars.items()}
        if not any(beneath.status(studio.root, target) for target in (to, *moves.values())):
            return to, moves
    raise AssertionError("candidates never end")


def _follow(studio: Studio, sidecars: Mapping[str, str]) -> None:
    """Move sidecars after their picture; one that is gone meanwhile has nothing to say."""
    for path, target in sidecars.items():
        with suppress(FileNotFoundError):
            atomic.move(studio.root, path, target)


def _aside(path: str, folder: str) -> str:
    below = path.removeprefix("inbox/").removeprefix("seeds/")
    return f"inbox/{folder}/{below}"


def _require(studio: Studio, path: str) -> Status:
    """The file that a job is about, which is moved or none; raises FileNotFoundError."""
    found = beneath.status(studio.root, path)
    if found is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    return found


def _free(studio: Studio, path: str) -> str:
    """The path itself, or the first numbered one that is not taken."""
    names = atomic.candidates(path)
    return next(name for name in names if beneath.status(studio.root, name) is None)


def _move_beside(studio: Studio, path: str, moved: str) -> None:
    if beneath.status(studio.root, path):
        target = PurePosixPath(moved).with_suffix(PurePosixPath(path).suffix)
        atomic.move(studio.root, path, str(target))


def _note(studio: Studio, path: str, text: str, ending: str = _ERROR) -> str:
    """A note beside a file, named after it. A name too long for that is cut."""
    note = _beside(path, ending)
    data = printable_lines(text)[:_LONGEST_NOTE].encode("utf-8", "backslashreplace")
    if beneath.is_file(studio.root, note) and beneath.read(studio.root, note, len(data)) == data:
        return note
    return atomic.publish(studio.root, note, data)


def _remove_note(studio: Studio, note: str, begin: str) -> None:
    """Remove a note that begins with what we write, and with nothing that its owner does."""
    begins = begin.encode("utf-8", "backslashreplace")
    if not beneath.is_file(studio.root, note):
        return
    if beneath.read(studio.root, note, MAX_PICTURE_BYTES).startswith(begins):
        beneath.unlink(studio.root, note)


def _beside(path: str, ending: str = _ERROR) -> str:
    """Where a file's note lies."""
    name = atomic.fitting(PurePosixPath(path).name, 240)
    return f"{PurePosixPath(path).parent}/{name}{ending}"
