"""Copies that sync clients make of a file that was changed in two places."""

from __future__ import annotations

import platform

from hotfolder.studio import beneath
from hotfolder.studio.layout import Studio
from hotfolder.studio.names import copied_from, is_conflict
from hotfolder.studio.scan.tree import Tree
from hotfolder.studio.store.ledger import LEDGER

_MOST_MACHINES = 100
SAYS = "a sync program made this copy because a file was changed in two places; it is not used"


class Conflicts:
    """Tells such copies by their names; some clients put a computer's name there."""

    def __init__(self, studio: Studio, tree: Tree) -> None:
        self._studio = studio
        self._tree = tree
        self.learn()

    def learn(self) -> None:
        """See which computers work here or did, as far as a sync client may use their names."""
        ledgers = beneath.names(self._studio.root, LEDGER)[:_MOST_MACHINES]
        named = (name.removesuffix(".jsonl").rpartition("-")[0] for name in ledgers)
        self._machines = {platform.node(), *named} - {""}

    def has(self, path: str) -> bool:
        """Whether a sync client made this copy of a file."""
        if is_conflict(path):
            return True
        original = copied_from(path, self._machines)
        if original is None:
            return False
        done = original.replace("inbox/", "inbox/done/", 1)
        return bool(self._tree.reading(original)) or beneath.is_file(self._studio.root, done)
