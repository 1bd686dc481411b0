"""The owner's own settings and profiles, as far as commands write them: what is there stays."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from hotfolder.errors import HotfolderError, reason
from hotfolder.studio.layout import SETTINGS_FILE
from hotfolder.studio.store import local

SETTINGS = """\
# Your own settings. They hold in every studio on this computer, and outrank a studio's own.
# All keys of a studio's hotfolder.toml are known here. Your own profiles are files in profiles/.

# devices = "auto"
# loras = []
# embeddings = []
# keep_free_gb = 1.0

# Where other computers run hotfolder on the same synced or shared studio as well: which part of
# the work is this one's, "all", "drafts" or "refinements".
# together.work = "all"

# Where pictures are rendered: by the computers of a Ray cluster (needs `hotfolder setup ray`).
# [executor]
# name = "ray"
# address = "192.168.1.20:6379"

# No studio that you do not trust can raise these.
# [limits]
# refinements_per_hour = 1000

# With what `hotfolder export --sign` signs: two PEM files, the key without a passphrase. Without
# them a certificate is made once, for which nobody vouches.
# [signing]
# certificate = "certificates.pem"
# key = "key.pem"
"""


def path() -> Path:
    """Where the owner's settings are."""
    return local.config() / SETTINGS_FILE


def make() -> Path:
    """Make the folder of settings and profiles if it is missing; the folder."""
    folder = local.config()
    try:
        local.make_folder(folder / "profiles")
        if not path().exists():
            local.replace(path(), SETTINGS.encode())
    except OSError as error:
        raise HotfolderError(reason(error)) from None
    return folder


def add(key: str, folders: Sequence[str]) -> list[str]:
    """Add to a list of folders in the owner's settings; those that were not in it.

    Comments and all else in the file stay. Raises HotfolderError where that cannot be done.
    """
    make()
    try:
        text = path().read_text(encoding="utf-8")
        if key not in tomlkit.parse(text):
            text = _with_key(text, key)
        document = tomlkit.parse(text)
        known = [str(one) for one in document[key]]
        new = [folder for folder in folders if folder not in known]
        if new:
            document[key] = [*known, *new]
            local.replace(path(), tomlkit.dumps(document).encode())
    except OSError as error:
        raise HotfolderError(reason(error)) from None
    except (TOMLKitError, ValueError, TypeError) as error:
        raise HotfolderError(f"{path()} cannot be read: {error}") from None
    return new


def _with_key(text: str, key: str) -> str:
    """`text` with an empty list of this name: where it stands as a comment, or above all tables."""
    line = f"{key} = []"
    commented = re.sub(rf"^# *{key} *= *\[\] *$", line, text, count=1, flags=re.MULTILINE)
    return commented if commented != text else f"{line}\n{text}"


def add_profile(name: str, text: str, taken: Collection[str]) -> tuple[str, Path]:
    """Write a profile of the owner's under `name`, or that with a number; its name and file."""
    folder = make() / "profiles"
    number, free = 1, name
    while free in taken or (folder / f"{free}.toml").exists():
        number += 1
        free = f"{name}-{number}"
    file = folder / f"{free}.toml"
    try:
        file.touch(0o600, exist_ok=False)  # nothing of the owner's is written over
        local.replace(file, text.encode())
    except OSError as error:
        raise HotfolderError(reason(error)) from None
    return free, file
