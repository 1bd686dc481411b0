"""Names of LoRAs and embeddings, as prompts write them."""

from __future__ import annotations

import pytest

from hotfolder.recipes.library import Offer, mentioned, named, spellings

SHA = "ab12cd34ef" + "0" * 54
OFFERS = [Offer("Ink", ("india ink v2", SHA)), Offer("wool"), Offer("ink"), Offer("v1.5 night")]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Ink", "Ink"),
        ("ink", "ink"),
        ("INK", "ink"),
        ("India Ink v2", "Ink"),
        ("ab12cd34ef", "Ink"),
        ("AB12CD34EF", "Ink"),
        ("styles/wool.safetensors", "wool"),
        ("styles\\Wool", "wool"),
        ("V1.5 night", "v1.5 night"),
        ("wo", None),
        ("", None),
    ],
)
def test_the_file_that_a_name_means(written: str, name: str | None) -> None:
    """Its stem in any case, an alias of its metadata, AutoV2 of its hash; no part of a name."""
    assert named(spellings(OFFERS), written) == name


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a castle, easynegative", ["easynegative"]),
        ("(EasyNegative:1.2), bad-hands 5", ["bad-hands 5", "easynegative"]),
        ("easynegatives, uneasynegative", []),
        ("日本easynegative", []),
        ("bad-hands", []),
    ],
)
def test_embeddings_that_stand_in_a_text(text: str, names: list[str]) -> None:
    """Whole words, in any case."""
    known = spellings([Offer("easynegative"), Offer("bad-hands 5"), Offer("~")])
    assert mentioned(known, text) == tuple(names)
