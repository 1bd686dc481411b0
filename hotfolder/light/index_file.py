"""The SQLite file in which the light table's index is kept: what stands in it, and opening it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hotfolder import held
from hotfolder.light.portrait import VERSION
from hotfolder.studio.store import local

_SCHEMA_NUMBER = 2
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS picture (
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE, room TEXT NOT NULL,
  inode INT NOT NULL, size INT NOT NULL, mtime INT NOT NULL, ctime INT NOT NULL,
  there INT NOT NULL DEFAULT 1,       -- rows of deleted pictures stay: what was seen is known
  version INT NOT NULL DEFAULT 0,     -- of the portrait; 0: yet to be read
  digest BLOB, trouble TEXT NOT NULL DEFAULT '',
  width INT NOT NULL DEFAULT 1, height INT NOT NULL DEFAULT 1, hash INT,
  own INT NOT NULL DEFAULT 0,         -- the stars in the file
  beside INT,                         -- the stars in its sidecar, if there is one
  prompt TEXT NOT NULL DEFAULT '', file TEXT NOT NULL DEFAULT '', profile TEXT NOT NULL DEFAULT '',
  recipe TEXT NOT NULL DEFAULT '', source TEXT NOT NULL DEFAULT '', seed TEXT NOT NULL DEFAULT '',
  seen INT NOT NULL DEFAULT 0,        -- Unix time in seconds
  stack INT,                          -- the picture on top of the stack that it lies in
  score REAL                          -- how much its owner will like it, 0 to 1, if known
);
CREATE INDEX IF NOT EXISTS unread ON picture (mtime DESC) WHERE there AND version <> {VERSION};
CREATE INDEX IF NOT EXISTS away ON picture (inode) WHERE NOT there;
CREATE INDEX IF NOT EXISTS by_recipe ON picture (recipe);
CREATE INDEX IF NOT EXISTS by_source ON picture (source);
CREATE TABLE IF NOT EXISTS value (
  picture INT NOT NULL REFERENCES picture ON DELETE CASCADE, name TEXT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS value_of ON value (picture);
CREATE TABLE IF NOT EXISTS stacked (within INT NOT NULL);  -- how alike pictures in stacks are
CREATE INDEX IF NOT EXISTS value_text ON value (text, name);
"""

# SQLite keeps text, and a name may be none: its half characters stand there as others that nobody
# uses, the last 2,048 of Unicode.
_AS_TEXT = {0xD800 + number: 0x10F800 + number for number in range(0x800)}
_AS_NAME = {text: half for half, text in _AS_TEXT.items()}


class _Base(sqlite3.Connection):
    """A connection that takes every name, and gives it back as it was."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        try:
            return super().execute(sql, parameters)
        except UnicodeEncodeError:
            return super().execute(sql, _as_text(parameters))

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        return super().executemany(sql, map(_as_text, parameters))


def _as_text(parameters: Iterable[Any]) -> list[Any]:
    return [
        value.translate(_AS_TEXT) if isinstance(value, str) and not value.isascii() else value
        for value in parameters
    ]


def _as_name(data: bytes) -> str:
    text = data.decode()
    return text.translate(_AS_NAME) if b"\xf4\x8f" in data else text


def opened(file: Path) -> sqlite3.Connection:
    """The base in a file; one that is damaged, or of another version, is begun anew."""
    local.private(file)
    try:
        return _connected(file)
    except sqlite3.DatabaseError:
        for path in file.parent.glob(f"{file.name}*"):
            held.delete(path)
        return _connected(file)


def _connected(file: Path) -> sqlite3.Connection:
    base = sqlite3.connect(file, check_same_thread=False, isolation_level=None, factory=_Base)
    base.text_factory = _as_name
    try:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA synchronous=NORMAL")
        base.execute("PRAGMA foreign_keys=ON")
        (schema,) = base.execute("PRAGMA user_version").fetchone()
        is_new = base.execute("SELECT 1 FROM sqlite_master").fetchone() is None
        if schema != _SCHEMA_NUMBER and not is_new:
            raise sqlite3.DatabaseError("it is of another version")
        base.executescript(f"{_SCHEMA} PRAGMA user_version = {_SCHEMA_NUMBER};")
    except sqlite3.Error:
        base.close()  # an open file cannot be deleted on Windows
        raise
    base.create_function("fold", 1, lambda text: str(text).casefold(), deterministic=True)
    return base
