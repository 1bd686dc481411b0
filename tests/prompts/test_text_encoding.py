"""Text files of any usual encoding are read right or refused, never garbled."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.errors import MistakesError
from hotfolder.prompts.text_encoding import MAX_BYTES, decode

WESTERN = [
    "a castle by the sea",
    "a small fox in the snow, 4k",
    "un château près de la mer",
    "crème brûlée on a table",
    "Größe über alles, Straße im Regen",
    "El Niño, pintura de la mañana",
    "“the old man”, oil on canvas",
    "it\u2019s a fox — in the snow…",
    "naïve art, 50 \u00d7 60 cm, 20°C",
    "señor Ñandú y el corazón",
    "smörgåsbord",
    "¡Olé! ¿Qué pasa?",
    "a toy castle™, N° 5",
    "{café|thé}, voilà",
]
JAPANESE = [
    "青い海と城",
    "夕焼けの山",
    "桜、富士山、夜",
    "アニメ風の少女",
    "北斎風の大波、油絵",
    "雨の日の駅",
    "1girl, 着物, 桜の木の下で",
    "oil painting of 富士山, masterpiece",
    "「城」と海\n\n猫と犬",
    "ネコと犬 {赤|青}い家",
]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
@pytest.mark.parametrize("text", WESTERN)
def test_reads_western_texts(text: str, codec: str) -> None:
    """Short texts with accents and typographic quotes come out as they were written."""
    assert decode(text.encode(codec)) == text


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "utf-16", "cp932", "utf-16-le", "utf-16-be"]
)
@pytest.mark.parametrize("text", JAPANESE)
def test_reads_japanese_texts(text: str, codec: str) -> None:
    """Short Japanese texts come out as they were written; at worst, bare UTF-16 is refused."""
    try:
        read = decode(text.encode(codec))
    except MistakesError:
        assert codec.startswith("utf-16-")
        assert "の" not in text
    else:
        assert read == text


@pytest.mark.parametrize(
    "text", ["château fort", "青い海と城", "東京の夜景", "桜、富士山", "海の絵"]
)
def test_refuses_what_it_does_not_know(text: str) -> None:
    """A text in EUC-JP, which is not read, is refused."""
    with pytest.raises(MistakesError, match="UTF-8"):
        decode(text.encode("euc-jp"))


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n", "\u2028"])
def test_line_ends_become_one_kind(end: str) -> None:
    """Windows, old Mac, Unix and Unicode line ends are all the same."""
    assert decode(f"a{end}{end}b".encode()) == "a\n\nb"


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0",
        b"a castle\0by the sea",
        b"a\x07bell",
        b"\xff\xfea",
        b"\xef\xbb\xbf\xff",
        b"PK\x03\x04\x14\0\x06\0",
        bytes(range(256)),
    ],
)
def test_refuses_what_is_no_text(data: bytes) -> None:
    """Programs' files, control characters and broken encodings get a sentence, not rubbish."""
    with pytest.raises(MistakesError, match="UTF-8"):
        decode(data)


def test_refuses_a_megabyte() -> None:
    """A file of a megabyte is no prompt file; a byte less is read."""
    assert len(decode(b"a" * (MAX_BYTES - 1))) == MAX_BYTES - 1
    with pytest.raises(MistakesError, match=r"too large for a prompt file \(1.0 MB\)"):
        decode(b"a" * MAX_BYTES)


def test_random_bytes_are_refused() -> None:
    """Of a thousand files of random bytes none is taken for a text."""
    source = random.Random(1)
    for _ in range(1000):
        with pytest.raises(MistakesError):
            decode(source.randbytes(source.randint(24, 400)))


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1))
def test_marked_texts_come_back(text: str) -> None:
    """With a byte order mark nothing is guessed."""
    for codec in ("utf-8-sig", "utf-16", "utf-32"):
        assert decode(text.encode(codec)) == text
