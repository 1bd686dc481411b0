"""File names: which are not for us, and what our own pictures are called."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

TEMPORARY = ".hotfolder-"
"""How the temp files begin that a picture is written into before it appears."""

AT_WORK = "_exiftool_tmp"
"""How a file's name ends into which exiftool writes before it takes the picture's place."""

NOTE = ".error.txt"
"""How the names of our own notes end, which lie beside what they speak of."""

MASK = ".mask.png"
"""How the name of a mask ends that lies beside a picture in `seeds/`."""

_TEMPORARY = re.compile(
    r"""
      ^\.                                  # hidden: .DS_Store, ._name, .syncthing.*, .name.XXXXXX
    | ^~\$ | ^~syncthing~                  # Office's locks, Syncthing on Windows
    | ~$ | ^\#.*\#$                        # editors' backups
    | \.(part|filepart|partial|crdownload|tmp|temp|swp|swx|download)$
    | _exiftool_tmp$ | _original$          # exiftool at work, and what it leaves
    | ^((eh)?thumbs(_vista)?\.db|desktop\.ini|4913)$  # Windows; vim probes a folder with 4913
    | ^Icon[\r\uf00d]?$                  # a folder's picture on macOS
    | [:.]Zone\.Identifier(:\$DATA)?$    # where a file was downloaded from
    | \.(lnk|url|webloc|desktop|gdoc|gsheet|gslides|icloud)$  # leads elsewhere
    | \.(bak|orig|save)$                 # copies of editors
    | \.(opdownload|crswap|dtapart|aria2|unconfirmed|xltd|td|ffs_(db|tmp|lock))$
    | \.!(sync|qb|ut|bt)$                # unfinished downloads
    | \.(goutputstream.*|kate-swp|lock)$ | \.sb-[0-9a-f]{8}-\w{6}$ | -journal$
    | ^sed[A-Za-z0-9]{6}$                  # sed -i
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Most names are of this kind, and are told quickly: none of the above matches one.
_PLAIN = re.compile(r"\w[^.]*\.(?:png|jpe?g|webp|xmp|txt|toml|json)")
_FOLDER = re.compile(r"^(\.|@eaDir$|#recycle$|\$RECYCLE\.BIN$|lost\+found$)", re.IGNORECASE)
# Anchored at the end, since "Romeo (Conflicts and all).txt" is a title.
_CONFLICT = re.compile(
    r"""
      \.sync-conflict-\d{8}-\d{6}(-[A-Z0-9]+)?$                # Syncthing
    | \ \([^()]*\bconflicted\ copy\ \d{4}-\d\d-\d\d[^()]*\)$    # Dropbox, Nextcloud
    | _conflict-\d{8}-\d{6}$                                   # ownCloud and old Nextcloud
    # Dropbox and Seafile in their languages: a word for conflict and a date
    | \ ?[(\uff08][^()\uff08\uff09]*
      (confli[ct]|konflik|kollision|name\ clash|tegenstrijdig|modstridende|motstridi|ristiriitai
      |\u00fctk\u00f6z|\u00e7ak\u0131\u015fan|bercanggah|xung\ \u0111\u1ed9t
      |\u03b4\u03b9\u03ad\u03bd\u03b5\u03be|\ucda9\ub3cc
      |\u043a\u043e\u043d\u0444\u043b[\u0438\u0456]\u043a\u0442|\u7af6\u5408|\u51b2\u7a81|\u885d\u7a81)
      [^()\uff08\uff09]*\d{4}-\d\d-\d\d[^()\uff08\uff09]*[)\uff09]$
    | \ \(case\ conflict(\ \d+)?\)$                         # Dropbox
    | _\w{3}-\d\d-\d{6}-\d{4}_conflict(\(\d+\))?$           # Synology
    | \ \[conflicted(\ \d+)?\]$ | \.conflict(\.\d+)?$        # pCloud; Resilio
    """,
    re.VERBOSE | re.IGNORECASE,
)


def is_mask(path: str) -> bool:
    """Whether a file says which part of the picture beside it is to be drawn anew."""
    return path.startswith("seeds/") and path.lower().endswith(MASK)


def is_temporary(name: str) -> bool:
    """Whether a file of this name belongs to some program's work in progress."""
    return not _PLAIN.fullmatch(name) and _TEMPORARY.search(name) is not None


def is_private_folder(name: str) -> bool:
    """Whether a folder of this name is some program's own."""
    return _FOLDER.match(name) is not None


def is_conflict(name: str) -> bool:
    """Whether a sync client made this copy because two machines changed one file."""
    return _CONFLICT.search(PurePosixPath(name).stem) is not None


def is_inside(path: str, *rooms: str) -> bool:
    """Whether a path that was read from a file leads below one of these folders of the studio.

    It is relative and has no `..`, no empty part, no drive and no character that is none in a name.
    """
    parts = path.split("/")
    plain = all(part not in ("", ".", "..") for part in parts) and "\0" not in path
    foreign = "\\" in path or ":" in path  # separators and drives, where Windows reads them
    if not plain or (foreign and sys.platform == "win32"):
        return False
    return any(path.startswith(f"{room}/") for room in rooms)


def copied_from(path: str, machines: Iterable[str]) -> str | None:
    """The file that a path would be OneDrive's conflict copy of; None if it cannot be one.

    OneDrive adds the name of a computer (`castle-LAPTOP.txt`), as a person might. So it is one only
    if that file exists, and `machines` are known to work on the studio.
    """
    file = PurePosixPath(path)
    for machine in machines:
        pattern = rf"(.+)-{re.escape(machine)}(-\d+)?"
        if copy := re.fullmatch(pattern, file.stem, re.IGNORECASE | re.DOTALL):
            return str(file.with_name(copy[1] + file.suffix))
    return None


def slug(text: str, length: int = 36) -> str:
    """A readable, portable piece of a file name made of a prompt's first words.

    Letters of any script stay, a leading article does not. At most `length` characters and 120
    bytes in UTF-8.
    """
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r"<[^<>]*>", " ", text)
    words = "".join(c if _is_of_a_word(c) else " " for c in text.lower()).split()
    if len(words) > 1 and words[0] in {"a", "an", "the"}:
        words = words[1:]
    kept = ""
    for word in words:
        longer = f"{kept}-{word}" if kept else word[:length]
        if len(longer) > length:
            break
        kept = longer
    while len(kept.encode()) > 120:
        kept = kept[:-1]
    return kept.strip("-") or "picture"


def _is_of_a_word(character: str) -> bool:
    """Whether it is a letter, a digit, or a mark that many scripts write their vowels with."""
    kind = unicodedata.category(character)
    return kind[0] in "LN" or (kind in ("Mn", "Mc") and not "\ufe00" <= character <= "\ufe0f")
