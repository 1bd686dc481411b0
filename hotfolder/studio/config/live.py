"""What the owner decided, as it was when it was last sound."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from hotfolder.errors import Mistake, MistakesError, PictureError
from hotfolder.recipes.config import Config
from hotfolder.studio.layout import SETTINGS_FILE

_log = logging.getLogger(__name__)
CONFIG = ("profiles", "wildcards", SETTINGS_FILE)
_AS_THEY_WERE = "settings and profiles stay as they were, because of mistakes"


class LiveConfig:
    """`config` follows the owner's files; mistakes in them are said and leave it as it was.

    A file of theirs that vanishes counts as being there for a while: some programs save like that.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self._mistakes = ""
        self._gone: dict[str, float] = {}
        _warn_of([*self.config.mistakes, *self.config.notes])

    def read(self, read: Callable[[], Config]) -> bool:
        """Have all files read again; whether the owner decides anything else now.

        `read` raises MistakesError, and PictureError for what is left unread.
        """
        before = self.config
        try:
            self.config = read()
        except (MistakesError, PictureError) as error:
            if str(error) != self._mistakes:
                self._mistakes = str(error)
                _log.error("%s:\n%s", _AS_THEY_WERE, error)
            return False
        self._mistakes = ""
        if self.config == before:
            return False
        _warn_of(set(self.config.mistakes) - set(before.mistakes))
        _warn_of(set(self.config.notes) - set(before.notes))
        return True

    @property
    def may_change(self) -> bool:
        """Whether to read all again although no file of the studio changed.

        A file that is not followed, or only in part, may be readable another time; and folders of
        LoRAs lie elsewhere, where nobody watches. A studio may be trusted meanwhile.
        """
        return bool(
            self._mistakes or self.config.mistakes or self.config.folders or self.config.notes
        )

    def vanished(self, path: str, now_s: float) -> None:
        """One of the files is gone, perhaps for a moment only."""
        self._gone[path] = now_s

    @property
    def is_unsure(self) -> bool:
        """Whether a file is gone that may come back."""
        return bool(self._gone)

    def unsure_until_s(self, quiet_s: float) -> list[float]:
        """When each file that is gone has been so for `quiet_s`."""
        return [gone_at + quiet_s for gone_at in self._gone.values()]

    def give_up_the_vanished(self) -> None:
        """They do not come back."""
        self._gone.clear()

    def waiting(self) -> dict[str, str]:
        """What the settings wait for, if they do."""
        return {SETTINGS_FILE: _AS_THEY_WERE} if self._mistakes else {}


def decides(path: str) -> bool:
    """Whether a file is one of those with which the owner decides."""
    return path.partition("/")[0] in CONFIG


def _warn_of(mistakes: Iterable[Mistake | str]) -> None:
    for wrong in mistakes:
        _log.warning("%s", wrong)
