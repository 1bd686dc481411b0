"""What pictures are: each is read, parsed and decoded once in each state of its file."""

from __future__ import annotations

import errno
import logging
from collections import OrderedDict
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

from hotfolder import __version__
from hotfolder.errors import PictureError, printable
from hotfolder.images import metadata
from hotfolder.images.metadata import Metadata
from hotfolder.recipes.settings import Limits
from hotfolder.studio import beneath
from hotfolder.studio.identity import Identity, Portrait, identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import Reading, read_file, read_settled
from hotfolder.studio.scan.apart import Apart, SlowError, require_quick_picture
from hotfolder.studio.scan.cache import Cache
from hotfolder.studio.scan.limits import check_picture
from hotfolder.studio.store import local

_log = logging.getLogger(__name__)
_MOST_KNOWN = 256
_MOST_PX = 16_000_000  # of the picture whose pixels are kept: 48 MB


@dataclass(frozen=True, slots=True)
class Opened:
    """A file's bytes, what they carry (None: it is not a picture), and its state after the read."""

    path: str
    data: bytes
    contents: Metadata | None
    reading: Reading


class Portraits:
    """What the pictures of a studio are, by the states of their files.

    Those in `seeds/` are remembered over restarts, unless `read_only`; the last few also while they
    are moved. Of the picture that was identified last the pixels are kept as well: those that are
    refined next.
    """

    def __init__(self, studio: Studio, apart: Apart, read_only: bool) -> None:
        self._studio = studio
        self._apart = apart
        self._opened: Opened | None = None
        self._known: OrderedDict[Reading, Portrait] = OrderedDict()
        self._refused: OrderedDict[Reading, tuple[Limits, PictureError]] = OrderedDict()
        self._last: tuple[Reading, Identity] | None = None
        file = local.folder(studio.root) / "seeds.jsonl"
        self._memory = Cache(file, Portrait, __version__, read_only)

    def open(self, path: str) -> Opened:
        """A file as it is now, read and parsed once until `let_go`; raises as `read_file`."""
        opened = self._opened
        if opened and (opened.path, opened.reading) == (path, self._reading(path)):
            return opened
        data = self._read(path)
        try:
            contents = metadata.read(data)
        except PictureError:
            contents = None  # whoever identifies it says why
        self._opened = Opened(path, data, contents, self._reading(path))
        return self._opened

    def let_go(self) -> None:
        """Keep no file's bytes any longer."""
        self._opened = None

    def of(self, path: str, reading: Reading, limits: Limits) -> Portrait:
        """What the picture is that settled in this state, identified if nobody has yet.

        Raises PictureError if it is none that can be read, OSError if it cannot be read now (also
        while it is being read elsewhere), and FileNotFoundError if it has left the state in which
        it settled.
        """
        seen = self._known.get(reading) or self._memory.recall(path, reading)
        if seen is None:
            seen = self._identified(path, reading, limits)
            if seen.note:
                _log.warning("%s: %s", printable(path), seen.note)
        if path.startswith("seeds/") and reading not in self._known:
            self._memory.keep(path, reading, seen)
        self.know(reading, seen)
        return seen

    def _identified(self, path: str, reading: Reading, limits: Limits) -> Portrait:
        if not self._apart.is_suspect(path):
            opened = self.open(path)
            _require_state(path, opened.reading, reading)
            check_picture(opened.data, limits, opened.contents)
            with suppress(SlowError):
                require_quick_picture(len(opened.data), opened.contents)
                shown = identify(opened.data, self._studio, opened.contents)
                self._keep(reading, shown)
                return Portrait.of(shown)
        return self._portrayed(path, reading, limits)

    def _portrayed(self, path: str, reading: Reading, limits: Limits) -> Portrait:
        """The same, read elsewhere: once for these limits, also where it cannot be read."""
        before, refused = self._refused.get(reading, (None, None))
        if refused is not None and before == limits:
            raise refused.with_traceback(None)
        try:
            return self._apart.read(path, reading, portray, self._studio, path, reading, limits)
        except PictureError as error:
            self._refused[reading] = limits, error
            while len(self._refused) > _MOST_KNOWN:
                self._refused.popitem(last=False)
            raise

    def know(self, reading: Reading, portrait: Portrait) -> None:
        """What a picture is whose file is in this state."""
        self._known[reading] = portrait
        self._known.move_to_end(reading)
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)

    def moved(self, path: str, before: Reading, after: Reading) -> None:
        """A file that was only renamed lies at `path` now; that may have changed its ctime."""
        if portrait := self._known.pop(before, None):
            self.know(after, portrait)
            if path.startswith("seeds/"):
                self._memory.keep(path, after, portrait)
        if self._last and self._last[0] == before:
            self._last = after, self._last[1]

    def identity(self, path: str) -> Identity:
        """A picture with its pixels as they are now.

        Raises as `identify` and `read_file`, and BeingReadError where that takes a while.
        """
        now = self._reading(path)
        if self._last and self._last[0] == now:
            return self._last[1]
        shown = self._shown(path, now)
        self._keep(now, shown)
        if self._known.get(now, shown).source != shown.source:
            del self._known[now]  # it was changed as it was moved, and its times were put back
        return shown

    @property
    def reads_pixels(self) -> bool:
        """Whether the pixels of a picture are being read elsewhere."""
        return self._apart.reads(show)

    def _shown(self, path: str, now: Reading) -> Identity:
        if not self._apart.is_suspect(path):
            data = self._read(path)
            contents = metadata.read(data)
            with suppress(SlowError):
                require_quick_picture(len(data), contents)
                return identify(data, self._studio, contents)
        return self._apart.read_alone(path, now, show, self._studio, path)

    def save(self) -> None:
        """Remember what was found out."""
        self._memory.save()

    def close(self, present: Collection[str]) -> None:
        """All pictures of the start are known: nothing is recalled any more."""
        self._memory.close(present)

    def _read(self, path: str) -> bytes:
        return read_file(self._studio.root / path, below=self._studio.root)

    def _reading(self, path: str) -> Reading:
        status = beneath.status(self._studio.root, path)
        if status is None:
            raise FileNotFoundError(errno.ENOENT, "it is gone", path)
        return Reading.of(status)

    def _keep(self, reading: Reading, shown: Identity) -> None:
        is_small = shown.image.width * shown.image.height <= _MOST_PX
        self._last = (reading, shown) if is_small else None


def portray(studio: Studio, path: str, reading: Reading, limits: Limits) -> Portrait:
    """What the picture is that settled in this state; raises as `Portraits.of`."""
    data = read_settled(studio.root / path, reading, below=studio.root)
    contents = metadata.read(data)
    check_picture(data, limits, contents)
    return Portrait.of(identify(data, studio, contents))


def show(studio: Studio, path: str) -> Identity:
    """The picture that lies there now, with its pixels; raises as `Portraits.identity`."""
    return identify(read_file(studio.root / path, below=studio.root), studio)


def _require_state(path: str, now: Reading, settled: Reading) -> None:
    # Some file systems count inodes anew at each look; what a writer changes is one of these.
    if (now.size, now.mtime_ns) != (settled.size, settled.mtime_ns):
        raise FileNotFoundError(errno.ENOENT, "it has changed since", path)
