"""What lies in `inbox/failed/`, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import PurePosixPath

from hotfolder.errors import PictureError, brief, printable
from hotfolder.studio import beneath
from hotfolder.studio.layout import Studio
from hotfolder.studio.names import NOTE
from hotfolder.studio.scan.listing import listing

_LONGEST_NOTE = 4096
_LONGEST_LINE = 200
_TOLD = 10


def reasons(studio: Studio) -> dict[str, str]:
    """Each file in `inbox/failed/` and the first line of why, the last that came in front.

    What came along with such a file and has no note of its own is not named.
    """
    found = dict(listing(studio.root, ["inbox/failed"]))
    files = [path for path in found if not path.endswith(NOTE)]
    noted = {_stem(path) for path in files if path + NOTE in found}
    files = [path for path in files if path + NOTE in found or _stem(path) not in noted]
    files.sort(key=lambda path: found[path].ctime_ns, reverse=True)
    return {printable(path): _reason(studio, path) for path in files}


def lines(failed: Mapping[str, str]) -> Iterator[str]:
    """A line for each of the first ten failed files, and how many more there are."""
    yield from (f"{path}: {why}" for path, why in islice(failed.items(), _TOLD))
    if len(failed) > _TOLD:
        yield f"and {len(failed) - _TOLD:,} more"


def _stem(path: str) -> str:
    return str(PurePosixPath(path).with_suffix(""))


def _reason(studio: Studio, path: str) -> str:
    """The first sentence of a note: it stands below a line that names the file."""
    with suppress(OSError, PictureError):
        data = beneath.read(studio.root, path + NOTE, _LONGEST_NOTE)[:_LONGEST_NOTE]
        said = [line for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
        if said:
            return brief(said[1] if said[0].endswith(":") and said[1:] else said[0], _LONGEST_LINE)
    return "there is no note beside it; put it back into inbox/ to have it read again"
