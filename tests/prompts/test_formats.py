"""The formats are found by listing the package."""

from __future__ import annotations

import pytest

from hotfolder.errors import MistakesError
from hotfolder.images import jpeg, photo
from hotfolder.prompts import formats
from hotfolder.recipes.prompt import Prompt


def test_knows_all_endings() -> None:
    """Texts, TOML and pictures are read."""
    texts = {".txt", ".md", ".recipe", ".rtf", ".toml"}
    assert formats.suffixes() == texts | {".png", ".webp", *jpeg.SUFFIXES, *photo.SUFFIXES}
    assert {suffix for suffix in formats.suffixes() if formats.is_text(suffix)} == texts


@pytest.mark.parametrize(
    ("suffix", "text"), [(".txt", "a castle"), (".MD", "a castle"), (".toml", 'prompt="a castle"')]
)
def test_reads_texts_by_their_ending(suffix: str, text: str) -> None:
    """The ending chooses the reader, in upper or lower case."""
    assert formats.parse_text(suffix, text) == (Prompt(text="a castle"),)


@pytest.mark.parametrize("suffix", [".png", ".docx", ""])
def test_other_files_are_mistakes(suffix: str) -> None:
    """A picture is no text, and an unknown ending is said with the known ones."""
    with pytest.raises(MistakesError, match=r"known are \.md, \.recipe, \.rtf, \.toml, \.txt"):
        formats.parse_text(suffix, "")
