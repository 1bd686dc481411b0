"""Tags of the macOS Finder: in an extended attribute, or in the `._NAME` that shares keep it in.

Source of the layout: Apple's XNU, `bsd/vfs/vfs_xattr.c` (AppleDouble with an attribute header);
RFC 1740, appendix A. All numbers are big-endian.
"""

from __future__ import annotations

import plistlib
import re
import struct
from collections.abc import Iterator
from xml.parsers.expat import ExpatError

from hotfolder.stars.mark import DraftFile, Mark, words

SIDECARS = ("._{name}",)
MAX_BYTES = 64 * 2**10

# On Linux in the user namespace; Samba's streams_xattr adds its own prefix and ending, and where no
# names are translated a colon is U+F022 there.
_TAGS = re.compile(
    r"(user\.)?(DosStream\.)?com\.apple\.metadata[:\uf022]_kMDItemUserTags(:\$DATA)?"
)
_MAGIC, _VERSION, _FINDER_INFO = 0x00051607, 0x00020000, 9
_HEAD, _ENTRY = struct.Struct(">II16xH"), struct.Struct(">III")
_ATTRIBUTES, _ATTRIBUTE = struct.Struct(">4s4xIII12xHH"), struct.Struct(">IIHB")
_BEFORE_ATTRIBUTES = 34  # 32 bytes of Finder info and two of padding
_MOST_ATTRIBUTES = 128


def marks(draft: DraftFile) -> Iterator[Mark]:
    """The names of the tags. `Red\\n6`, a tag with its colour, is named `Red`."""
    for name, value in draft.xattrs.items():
        if _TAGS.fullmatch(name):
            yield words("attribute", *_tags(value))
    try:
        attributes = dict(_apple_double(draft.beside.get(SIDECARS[0], b"")))
    except struct.error:
        return
    for name, value in attributes.items():
        if _TAGS.fullmatch(name):
            yield words(SIDECARS[0], *_tags(value))


def _tags(value: bytes) -> list[str]:
    """The strings in a property list that is an array of them; nothing for anything else."""
    if len(value) > MAX_BYTES or not value.startswith(b"bplist00"):
        return []
    try:
        found = plistlib.loads(value.removesuffix(b"\0"), fmt=plistlib.FMT_BINARY)
    except (plistlib.InvalidFileException, ValueError, ExpatError, RecursionError):
        return []
    strings = [tag for tag in found if isinstance(tag, str)] if isinstance(found, list) else []
    return [tag.partition("\n")[0] for tag in strings]


def _apple_double(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and value of each extended attribute in an AppleDouble file; raises struct.error."""
    if len(data) > MAX_BYTES or len(data) < _HEAD.size:
        return
    magic, version, count = _HEAD.unpack_from(data)
    if (magic, version) != (_MAGIC, _VERSION):
        return
    for number in range(min(count, 16)):
        kind, start, _ = _ENTRY.unpack_from(data, _HEAD.size + number * _ENTRY.size)
        if kind == _FINDER_INFO:
            yield from _attributes(data, start + _BEFORE_ATTRIBUTES)


def _attributes(data: bytes, position: int) -> Iterator[tuple[str, bytes]]:
    magic, _, _, _, _, count = _ATTRIBUTES.unpack_from(data, position)
    if magic != b"ATTR":
        return
    position += _ATTRIBUTES.size
    for _ in range(min(count, _MOST_ATTRIBUTES)):
        start, length, _, size = _ATTRIBUTE.unpack_from(data, position)
        begin = position + _ATTRIBUTE.size
        name = data[begin : begin + size].rstrip(b"\0").decode("utf-8", "replace")
        yield name, data[start : start + length]
        position = begin + size + -(_ATTRIBUTE.size + size) % 4
