"""Where everything lies in a studio."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from hotfolder.errors import PictureError, StudioMissingError, refusal
from hotfolder.studio import beneath

SETTINGS_FILE = "hotfolder.toml"
_MARKER_BYTES = 2**12
REJECTS = "drafts/rejected"
"""Where rejected drafts go, if the owner wants that."""


@dataclass(frozen=True, slots=True)
class Studio:
    """The places in a studio. `root` is absolute."""

    root: Path

    @property
    def inbox(self) -> Path:
        """Where prompt files are dropped."""
        return self.root / "inbox"

    @property
    def done(self) -> Path:
        """Where finished prompt files go."""
        return self.root / "inbox" / "done"

    @property
    def failed(self) -> Path:
        """Where prompt files with mistakes go."""
        return self.root / "inbox" / "failed"

    @property
    def drafts(self) -> Path:
        """Small pictures to look through."""
        return self.root / "drafts"

    @property
    def seeds(self) -> Path:
        """Picked pictures."""
        return self.root / "seeds"

    @property
    def final(self) -> Path:
        """Refinements."""
        return self.root / "final"

    @property
    def profiles(self) -> Path:
        """The owner's presets."""
        return self.root / "profiles"

    @property
    def wildcards(self) -> Path:
        """The owner's word lists."""
        return self.root / "wildcards"

    @property
    def settings(self) -> Path:
        """The owner's settings."""
        return self.root / SETTINGS_FILE

    @property
    def ledger(self) -> Path:
        """What was made, a file for each machine."""
        return self.root / ".hotfolder" / "ledger"

    @property
    def sources(self) -> Path:
        """Kept pictures that others were made from."""
        return self.root / ".hotfolder" / "sources"

    @property
    def recipes(self) -> Path:
        """The recipe of every picture ever made, by its pixels."""
        return self.root / ".hotfolder" / "recipes"

    @property
    def schemas(self) -> Path:
        """By which editors complete and check the owner's TOML files."""
        return self.root / ".hotfolder" / "schemas"

    @property
    def taste(self) -> Path:
        """What the owner's taste is learned from."""
        return self.root / ".hotfolder" / "taste"

    @property
    def marker(self) -> Path:
        """What makes this folder a studio."""
        return self.root / beneath.MARKER

    @property
    def salt(self) -> str:
        """The studio's own random text, made by `init`: two studios draw different pictures."""
        try:
            data = beneath.read(self.root, beneath.MARKER, _MARKER_BYTES)
            salt = str(json.loads(data)["salt"])
            salt.encode()  # half characters cannot be hashed
        except (OSError, PictureError, ValueError, KeyError, TypeError, RecursionError):
            raise StudioMissingError(_not_a_studio(self)) from None
        return salt

    @property
    def name(self) -> str:
        """What pictures say of where they come from: it tells studios apart, and no secret."""
        return hashlib.sha256(f"studio\n{self.salt}".encode()).hexdigest()[:16]


def find(path: Path) -> Studio:
    """The studio at `path`; raises StudioMissingError where there is none."""
    studio = Studio(path.resolve())
    studio.salt  # noqa: B018 - the marker decides whether this is a studio
    return studio


def around(path: Path) -> Path | None:
    """The folder above `path` that is a studio; None if there is none, or it cannot be seen."""
    marker = Studio(Path("/")).marker.relative_to("/")
    for folder in path.resolve().parents:
        try:
            if (folder / marker).is_file():
                return folder
        except OSError:
            return None
    return None


def _not_a_studio(studio: Studio) -> str:
    root = studio.root
    try:
        is_there, has_marker = root.is_dir(), studio.marker.exists()
    except OSError as error:
        return f"the folder {root} cannot be read: {refusal(error)}"
    if root.is_file():
        return f"{root} is a file; expected a studio's folder"
    if not is_there:
        return f"there is no folder {root}; `hotfolder init {root}` makes a studio there"
    if has_marker:
        return (
            f"the studio's marker {studio.marker} is damaged or may not be read; put it back from "
            f"a backup, or delete it and let `hotfolder init {root}` make another"
        )
    if above := around(root):
        return f"{root} is a folder in the studio {above}; name that one instead"
    return f"{root} is not a studio; `hotfolder init {root}` makes it one and touches nothing in it"
