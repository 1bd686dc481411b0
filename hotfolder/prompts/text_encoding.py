"""The bytes of a text file -> its text, never garbled: what is in doubt is refused.

A byte order mark decides, then strict UTF-8. Otherwise every reading that could be meant is tried
and must look like something that a person writes; charset-normalizer chooses among several.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

from hotfolder.errors import mistake

MAX_BYTES = 1_000_000

_MARKS = (
    (codecs.BOM_UTF8, "utf_8"),
    (codecs.BOM_UTF32_LE, "utf_32_le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf_32_be"),
    (codecs.BOM_UTF16_LE, "utf_16_le"),
    (codecs.BOM_UTF16_BE, "utf_16_be"),
)
_GUESSED = ("utf_16_le", "utf_16_be", "cp932", "cp1252")
_SAVE_AS = "save it as plain text in UTF-8 and drop it again"

_KANA = r"\u3041-\u30ff"
_IDEOGRAPHS = r"\u4e00-\u9fff"
_JAPANESE = rf"{_KANA}{_IDEOGRAPHS}\u3000-\u303f\uff00-\uffef"
_ACCENTED = "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017e"
_LATIN = f"A-Za-z{_ACCENTED}"
_SIGNS = "\u00a3\u20ac\u00a7\u00b0\u00b1\u00b2\u00b3\u00b7\u00d7\u00bd\u00bc\u00be\u00a9\u00ae"
_QUOTES = "\u2018\u2019\u201a\u201c\u201d\u201e\u2026\u2013\u2014\u2022\u00ab\u00bb\u00a0\u00b4"
_QUOTES += "\u00a1\u00bf\u00aa\u00ba\u2122"
_ASCII = r"\n\t -~"
# Neighbours that no one writes in a Latin text: a capital inside a word, quotes and marks the wrong
# way round, two signs in a row, signs, brackets and digits at an accented letter.
_TORN = (
    "[a-z\u00df-\u00f6\u00f8-\u00ff][\u00c0-\u00d6\u00d8-\u00de]"
    r"|[\u201e\u201a\u00ab](?:\W|$)|(?:^|\s)[\u201d\u00bb]|[\u201d\u00bb]\w|\w[\u201e\u201a]"
    rf"|\w[\u00a1\u00bf]|[{_ACCENTED}]\d"
    rf"|[{_SIGNS}]{{2}}|[{_SIGNS}\[\]\\^@=<>_][{_ACCENTED}]|[{_ACCENTED}][{_SIGNS}\[\]\\^@=<>_]"
)


def decode(data: bytes) -> str:
    """The text of a file, with \\n as its line ends.

    Raises MistakesError for 1 MB and more, for bytes that are no text, and for text whose encoding
    stays in doubt.
    """
    if len(data) >= MAX_BYTES:
        size = f"{len(data) / 1_000_000:.1f} MB"
        raise mistake(f"this file is too large for a prompt file ({size}); expected less than 1 MB")
    text = _marked(data)
    if text is None:
        text = _guessed(data)
    text = re.sub("\r\n|[\r\u0085\u2028\u2029\x0b\x0c]", "\n", text)
    if _controls(text):
        raise mistake(f"this is not a text file; if it should be one, {_SAVE_AS}")
    return text


def _marked(data: bytes) -> str | None:
    """The text by its byte order mark, or as UTF-8; None if it is neither."""
    for mark, codec in _MARKS:
        if data.startswith(mark):
            text = _read(data[len(mark) :], codec)
            if text is None:
                raise mistake(f"this text file is damaged; {_SAVE_AS}")
            return text
    text = _read(data, "utf_8")
    if text is None or _controls(text.replace("\r", "\n")) or _is_japanese_utf_16(data):
        return None
    return text


def _guessed(data: bytes) -> str:
    readings = {codec: text for codec in _GUESSED if (text := _read(data, codec)) is not None}
    likely = {codec: text for codec, text in readings.items() if _plausible(text, codec)}
    if not likely:
        raise mistake(f"this is not a text file, or in an unknown encoding; {_SAVE_AS}")
    if len(set(likely.values())) == 1:
        return next(iter(likely.values()))
    import charset_normalizer

    best = charset_normalizer.from_bytes(data, cp_isolation=list(likely)).best()
    if best is None or best.encoding not in likely:
        raise mistake(f"the encoding of this text is not certain; {_SAVE_AS}")
    return likely[best.encoding]


def _read(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None


def _is_japanese_utf_16(data: bytes) -> bool:
    """Whether bytes that are also valid UTF-8 are Japanese to the last character in UTF-16."""
    if len(data) % 2 or b"0" not in data:
        return False
    readings = [_read(data, codec) or "" for codec in ("utf_16_le", "utf_16_be")]
    return any(
        _of(text, _JAPANESE + r"\n") and len(re.findall(f"[{_KANA}]", text)) >= 2
        for text in readings
    )


def _plausible(text: str, codec: str) -> bool:
    """Whether a person would write this, judged by which characters stand beside which."""
    text = text.replace("\r", "\n")
    if codec.startswith("utf_16"):
        japanese = re.search(rf"[{_KANA}\u3001\u3002]", text) is not None
        latin = len(re.findall(r"[ -~]", text)) * 2 > len(text)
        return _of(text, _ASCII + _JAPANESE + _LATIN + _SIGNS + _QUOTES) and (japanese or latin)
    if codec == "cp932":
        # An ideograph amid Latin letters is an accented letter misread, and half-width kana
        # without any full-width one are another encoding.
        amid = rf"[A-Za-z][{_IDEOGRAPHS}](?:[A-Za-z]|\W|$)|[A-Za-z][{_IDEOGRAPHS}]+[A-Za-z]"
        half = re.search(r"[\uff61-\uff9f]", text) and not re.search(f"[{_KANA}]", text)
        return (
            _of(text, _ASCII + _JAPANESE + _SIGNS + _QUOTES)
            and not half
            and not re.search(amid, text)
        )
    return _of(text, _ASCII + _LATIN + _SIGNS + _QUOTES) and not re.search(_TORN, text)


def _of(text: str, characters: str) -> bool:
    return re.fullmatch(f"[{characters}]*", text) is not None


def _controls(text: str) -> bool:
    """Whether there are characters that no text has."""
    return any(
        unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t"
        for character in set(text)
    )
