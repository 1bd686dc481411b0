"""The settings, profiles and word lists of an owner: read, and whether more are on their way."""

from __future__ import annotations

from collections.abc import Iterable

from hotfolder.recipes.config import Config
from hotfolder.studio import beneath
from hotfolder.studio.config.live import CONFIG, LiveConfig
from hotfolder.studio.config.load import read_config
from hotfolder.studio.layout import SETTINGS_FILE, Studio
from hotfolder.studio.reading import Reading
from hotfolder.studio.scan.apart import Apart, BeingReadError
from hotfolder.studio.scan.tree import Tree

_QUICK_BYTES = 2**17  # of all of them together
_UNSURE_S = 60.0


class ConfigFiles:
    """Reads what the owner decides; in another process where there is much of it.

    `come`: they are being read there. `is_owed`: the studio went away before they were.
    """

    def __init__(self, studio: Studio, tree: Tree, apart: Apart) -> None:
        self.come = self.is_owed = False
        self._studio = studio
        self._tree = tree
        self._apart = apart

    def at_first(self) -> Config:
        """What the owner decided, before anything can be done; raises MistakesError."""
        if not self._apart.is_suspect(SETTINGS_FILE):
            with self._apart.here(SETTINGS_FILE):
                return read_config(self._studio)
        state = _state(self._lying())
        return self._apart.wait_for(SETTINGS_FILE, state, read_config, self._studio)

    def _lying(self) -> Iterable[tuple[str, Reading]]:
        """The files as they lie, which nobody has looked at yet."""
        root = self._studio.root
        for room in CONFIG:
            for path in [room] if room == SETTINGS_FILE else beneath.files(root, room):
                if (status := beneath.status(root, path)) is not None:
                    yield path, Reading.of(status)

    def read_into(self, live: LiveConfig) -> bool:
        """Have `live` follow them; whether the owner decides anything else now."""
        self.is_owed = True
        try:
            is_new = live.read(self._now)
        except BeingReadError:
            self.come, self.is_owed = True, False
            return False
        self.come = self.is_owed = False
        return is_new

    def _now(self) -> Config:
        """What the owner decided; raises MistakesError, and what `Apart.read` raises."""
        files = [item for room in CONFIG for item in self._tree.rooms[room].items()]
        size = sum(reading.size for _, reading in files)
        if size <= _QUICK_BYTES and not self._apart.is_suspect(SETTINGS_FILE):
            with self._apart.here(SETTINGS_FILE):
                return read_config(self._studio)
        return self._apart.read(SETTINGS_FILE, _state(files), read_config, self._studio)


def _state(files: Iterable[tuple[str, Reading]]) -> Reading:
    """One state for all of them: any other if one of them changes, and the same after a restart."""
    digests = sorted(reading.digest(path) for path, reading in files)
    return Reading(0, hash(tuple(digests)), 0, 0, 0)


class Doubt:
    """Whether what a prompt file lacks may be in a profile or word list that arrives with it.

    Not for ever: somebody may go on writing, or have left an empty file.
    """

    def __init__(self) -> None:
        self._since: float | None = None

    def holds(self, unsure: bool, now: float) -> bool:
        """Whether there is doubt; `unsure` is whether there was a reason to, a moment ago."""
        if not unsure:
            self._since = None
            return False
        if self._since is None:
            self._since = now
        return now - self._since < _UNSURE_S

    def ends_in_s(self, now: float) -> list[float]:
        """Seconds until it ends by itself, if there is any."""
        if self._since is None or now - self._since > _UNSURE_S:
            return []
        return [self._since + _UNSURE_S - now]
