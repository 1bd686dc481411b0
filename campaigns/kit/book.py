"""What people did to a studio and may expect of it: written by campaigns, read by the checker."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Owned:
    """A file of somebody's: its bytes, its mtime, and the folders where it may lie by now.

    `path` is where it was put, relative to the studio. Files that are read are moved by the daemon
    to one of the `folders`; there a number may be added to a name that is taken.
    """

    path: str
    sha256: str
    mtime_ns: int
    folders: list[str]


@dataclass(slots=True)
class Book:
    """Everything that a studio owes the people who use it.

    `prompts`: how many drafts each text shall have. `maybe`: texts that may have up to so many,
    earlier versions of a file. `refused`: names of files in inbox/ that shall end in failed/ with
    a note, `refusable` of those that may since a part of them arrived. `deleted`: how many drafts
    of a text people took away. `copies`: how many copies of a picture's bytes (by SHA-256) people
    made. `finals`: how many finals a picture in seeds/ has.
    """

    prompts: dict[str, int] = field(default_factory=dict)
    maybe: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    refusable: list[str] = field(default_factory=list)
    deleted: dict[str, int] = field(default_factory=dict)
    copies: dict[str, int] = field(default_factory=dict)
    files: list[Owned] = field(default_factory=list)
    finals: int = 3

    def own(self, root: Path, path: Path, *folders: str) -> None:
        """From now on this file is somebody's, and nobody may change it."""
        data, status = path.read_bytes(), path.stat()
        name = path.relative_to(root).as_posix()
        here = name.rpartition("/")[0]
        digest = hashlib.sha256(data).hexdigest()
        self.files.append(Owned(name, digest, status.st_mtime_ns, [here, *folders]))

    def write(self, path: Path) -> None:
        """Write it to disk, whole or not at all."""
        beside = path.with_name(path.name + ".new")
        beside.write_text(json.dumps(asdict(self)), "ascii")
        beside.replace(path)
