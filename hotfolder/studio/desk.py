"""Paperwork: what a finished, broken or picked file's move leaves behind, and in which order."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from hotfolder.history import Finished, Finishing
from hotfolder.plan import Explain, Finish, Pick, SetAside
from hotfolder.studio import publish
from hotfolder.studio.layout import Studio
from hotfolder.studio.ledger import Ledger

_RETURN = "\n\nWhen it is right, put the file back into inbox/.\n"


def finish(studio: Studio, ledger: Ledger, job: Finish) -> str:
    """Move a prompt file to `inbox/done/`; returns where it lies now.

    The move is announced first and confirmed afterwards: after a crash between the two, `confirm`
    can tell a file that was not moved yet from one that was dropped once more.
    """
    to = _free(studio, _aside(job.path, "done"))
    ctime_ns = (studio.root / job.path).stat().st_ctime_ns
    ledger.append(Finishing(job.path, to, dict(job.through), job.beside, ctime_ns))
    moved = publish.move(studio.root, job.path, to)
    for path in job.beside:
        _move_beside(studio, path, moved)
    ledger.append(Finished(to, dict(job.through), job.path))
    return moved


def confirm(studio: Studio, ledger: Ledger) -> None:
    """Bring announced moves to their end that a crash cut off."""
    for move in ledger.history.unconfirmed_moves():
        here, there = _status(studio.root / move.file), _status(studio.root / move.to)
        if here and there and here.st_nlink > 1 and os.path.samestat(here, there):
            (studio.root / move.file).unlink()  # half a rename: one file under two names
            here = None
        if here and not there and move.ctime_ns in (0, here.st_ctime_ns):
            continue  # the plan finds it finished, and announces it again
        if there and not here:
            for path in move.beside:
                _move_beside(studio, path, move.to)
        ledger.append(Finished(move.to, move.through, move.file))


def set_aside(studio: Studio, job: SetAside) -> str:
    """Move a broken file to `inbox/failed/` with a note beside it; returns where it lies now.

    It is moved last: after a crash before that it is found in the inbox, and set aside again.
    """
    to = _free(studio, _aside(job.path, "failed"))
    name = PurePosixPath(job.path).name
    _note(studio, to, f"{name} was not used, because:\n\n{job.says}{_RETURN}")
    for path in job.beside:
        _move_beside(studio, path, to)
    return publish.move(studio.root, job.path, to)


def explain(studio: Studio, job: Explain) -> str:
    """Put a note beside a picture, unless the same note lies there already; returns its path."""
    name = PurePosixPath(job.path).name
    return _note(studio, job.path, f"{name} is not refined, because:\n\n{job.says}\n")


def pick(studio: Studio, job: Pick) -> str:
    """Move a starred draft to `seeds/`; returns where it lies now."""
    return publish.move(studio.root, job.path, f"seeds/{PurePosixPath(job.path).name}")


def _aside(path: str, folder: str) -> str:
    below = path.removeprefix("inbox/")
    return f"inbox/{folder}/{below}"


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _free(studio: Studio, path: str) -> str:
    """The path itself, or the first numbered one that is not taken."""
    names = publish.candidates(studio.root / path)
    return publish.relative(studio.root, next(name for name in names if not name.exists()))


def _move_beside(studio: Studio, path: str, moved: str) -> None:
    if (studio.root / path).exists():
        target = PurePosixPath(moved).with_suffix(PurePosixPath(path).suffix)
        publish.move(studio.root, path, str(target))


def _note(studio: Studio, path: str, text: str) -> str:
    """`NAME.error.txt` beside a file. A name too long for that is cut."""
    name = publish.fitting(PurePosixPath(path).name, 240)
    note = f"{PurePosixPath(path).parent}/{name}.error.txt"
    data = text.encode("utf-8", "backslashreplace")
    existing = studio.root / note
    if existing.is_file() and existing.read_bytes() == data:
        return note
    return publish.publish(studio.root, note, data)
