"""Files with mistakes in them, and the sentences that their owners get to read."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from hotfolder.errors import MistakesError, mistake
from hotfolder.prompts import formats
from hotfolder.prompts.check import check
from hotfolder.prompts.text_encoding import decode

SAMPLES = Path(__file__).parent / "mistakes"
PROFILES = Path(__file__).parents[2] / "profiles"
FILES = sorted(path for path in SAMPLES.iterdir() if not path.name.endswith(".expected.txt"))
WORDS = {
    "animals": ["fox", "cat"],
    "places/towns": ["Lisbon"],
    "first": ["__second__"],
    "second": ["__first__"],
}


def said(path: Path) -> str:
    """What a person reads about the file, or nothing if all is well."""
    tables = {"postcard": tomllib.loads((PROFILES / "postcard.toml").read_text(encoding="utf-8"))}
    try:
        prompts = formats.parse_text(path.suffix, decode(path.read_bytes()))
        check(prompts, tables, "postcard", WORDS)
    except MistakesError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_sample(path: Path) -> None:
    """The sentences are the ones that stand in the sample's `.expected.txt`."""
    expected = (SAMPLES / f"{path.name}.expected.txt").read_text(encoding="utf-8")
    assert said(path) + "\n" == expected


def test_a_megabyte(tmp_path: Path) -> None:
    """A megabyte of text is no prompt file."""
    path = tmp_path / "book.txt"
    path.write_bytes(b"a castle\n\n" * 100_000)
    assert said(path) == str(
        mistake("this file is too large for a prompt file (1.0 MB); expected less than 1 MB")
    )
