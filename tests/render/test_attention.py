"""Where a denoiser looks for words, in all kinds of families; looking changes no bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from hotfolder.errors import RenderError, Stopped
from hotfolder.recipes.recipe import Pixels, Recipe
from hotfolder.render import locate, probe
from hotfolder.render.attention import Attention, grid
from hotfolder.render.engine import Engine
from tests.render import zoo

# Cross-attention in U-Nets and in transformers; joint attention with the words in front, behind,
# and behind a picture that is filled up.
KINDS = ["sdxl", "pixart", "schnell", "ernie", "z-image"]
PICTURE = Image.fromarray(np.random.RandomState(0).randint(0, 255, (64, 96, 3)).astype(np.uint8))


@pytest.fixture(scope="module")
def kinds(zoo_models: Path) -> Engine:
    """An engine with tiny models of these families."""
    return zoo.engine(zoo_models)


def seeker(draft: Recipe, family: str) -> Recipe:
    """By which words are looked for in the picture."""
    source = Pixels(sha256="0" * 64, width=96, height=64)
    return zoo.of(family, draft, source=source, strength=0.5, width=96, height=64)


@pytest.mark.parametrize("family", KINDS)
def test_attention_is_seen_in_every_kind_of_family(
    family: str, kinds: Engine, draft: Recipe
) -> None:
    """Maps of the picture's shape, 1 on average; what is said is known, and the same unlooked."""
    subject = probe.Subject(kinds.load(family), seeker(draft, family), PICTURE, lambda pipe: None)
    seen = probe.look(subject, "a red castle", 0.45, 7, [0, 1])
    plain = probe.look(subject, "a red castle", 0.45, 7)
    assert seen.maps and not plain.maps
    for found in seen.maps:
        assert found.shape[1] / found.shape[0] == 1.5
        assert found.mean() == pytest.approx(1, abs=1e-3) and found.std() > 0
    assert torch.equal(seen.said, plain.said) and seen.said.shape == seen.wanted.shape


def test_the_same_word_is_found_in_the_same_place(
    engine: Engine, draft: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the bit; each look is told, and whoever is told can stop it."""
    monkeypatch.setattr(locate, "_NOISES", 1)
    monkeypatch.setattr(locate, "_LEAST_GAIN", -9.0)
    recipe = seeker(draft, "sd")
    told: list[tuple[int, int]] = []
    first = engine.locate(recipe, PICTURE, ["castle"], on_look=lambda *at: told.append(at))
    second = engine.locate(recipe, PICTURE, ["castle"])
    assert set(first) == {"castle"} and told[0][0] == 1 and told[-1][0] <= told[-1][1]
    assert first["castle"].shape == (64, 96) and (first["castle"] == second["castle"]).all()

    def stop(number: int, of: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        engine.locate(recipe, PICTURE, ["castle"], on_look=stop)


def test_a_model_that_cannot_be_looked_into_says_so(kinds: Engine, draft: Recipe) -> None:
    """Its family, and what to do instead."""
    with pytest.raises(RenderError, match="SanaSprint models do not show where words are"):
        kinds.locate(seeker(draft, "sprint"), PICTURE, ["castle"])


def test_only_attention_to_words_counts() -> None:
    """Not that of the picture for itself, nor of words for words; coarse layers give way."""
    attention = torch.nn.functional.scaled_dot_product_attention
    with Attention([1, 2], tokens=5, image=0, aspect=1.0, behind=0) as watch:
        for rows, columns in ((64, 5), (16, 5), (64, 64), (5, 5)):
            attention(*(torch.randn(1, 2, n, 8) for n in (rows, columns, columns)))
    assert [found.shape for found in watch.maps()] == [(8, 8)]


def test_the_words_columns_are_found_before_and_behind() -> None:
    """A picture's tokens that ask for one word: the brightest of its map."""
    key = torch.zeros(1, 1, 4 + 64, 8)
    for behind, place in ((0, 2), (1, 64 + 2)):
        key[:], query = 0, torch.zeros(1, 1, 68, 8)
        key[0, 0, place, 0] = 9
        query[0, 0, (4 if not behind else 0) + 10, 0] = 9
        with Attention([2], tokens=4, image=64, aspect=1.0, behind=behind) as watch:
            torch.nn.functional.scaled_dot_product_attention(query, key, key)
        (found,) = watch.maps()
        assert found.argmax() == 10


def test_grids_have_the_pictures_shape() -> None:
    """Rows and columns of so many tokens; None where none fit."""
    assert grid(64, 1.0) == (8, 8)
    assert grid(24, 1.5) == (4, 6)
    assert grid(77, 1.0) is None
