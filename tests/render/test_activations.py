"""What the denoiser thinks of a draft is taken, and changes nothing."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.recipe import Recipe
from hotfolder.render import activations
from hotfolder.render import engine as engines
from hotfolder.render.engine import Engine
from hotfolder.taste.features import KINDS_AT_MOST, unpack

_PARTS = {"denoiser.middle", "denoiser.late", "denoiser.places", "denoiser.bands"}


def _parts(kinds: dict[str, bytes]) -> set[str]:
    return {name.partition(" ")[0] for name in kinds}


@pytest.mark.parametrize("model", ["sd", "sdxl"])
def test_a_draft_has_features(engine: Engine, draft: Recipe, model: str) -> None:
    """Both blocks and the places, by version and model; the same ones every time."""
    draft = msgspec.structs.replace(draft, model=model)
    first, second = engine.render(draft).features, engine.render(draft).features
    assert _parts(first) == _PARTS and len(first) <= KINDS_AT_MOST
    assert first == second
    for name, data in first.items():
        assert name.split()[1:] == [str(activations.VERSION), name.split()[-1]]
        assert unpack(data).std() > 0 and len(data) <= 4096


def test_looking_changes_no_bits(
    engine: Engine, draft: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A draft is the same picture when nobody looks."""
    seen = pixel_hash(engine.render(draft).image)
    monkeypatch.setattr(engines, "_seen", lambda *_: None)
    unseen = engine.render(draft)
    assert pixel_hash(unseen.image) == seen
    assert unseen.features == {}


def test_pictures_drawn_together_have_features_of_their_own(engine: Engine, draft: Recipe) -> None:
    """They are those of the picture alone, but for roundings."""
    others = [msgspec.structs.replace(draft, seed=draft.seed + n) for n in (1, 2)]
    alone = [engine.render(recipe).features for recipe in others]
    drawn = engine.render_batch([draft, *others])
    together = [drawn[1], drawn[2]]
    for one, two in zip(alone, together, strict=True):
        assert "place" in two.facts.memory_plan
        for name, data in one.items():
            assert np.abs(unpack(data) - unpack(two.features[name])).max() < 0.1
    assert alone[0] != alone[1]


def test_a_refinement_within_a_draft_is_not_taken_for_it(
    engine: Engine, draft: Recipe, final: Recipe
) -> None:
    """Whatever is drawn between two steps, the draft's features are its own."""
    alone = engine.render(draft)
    other = msgspec.structs.replace(draft, seed=99, prompt="something else")

    def interrupt(step: int, steps: int) -> None:
        engine.render(final, alone.image)
        engine.render(other)

    assert engine.render(draft, on_step=interrupt).features == alone.features


def test_refinements_have_none(engine: Engine, draft: Recipe, final: Recipe) -> None:
    """Taste is for drafts."""
    assert engine.render(final, engine.render(draft).image).features == {}


def test_transformers_are_looked_into_as_well() -> None:
    """Tokens are laid out as the picture; of a block's outputs the picture has the most."""
    import torch

    words, picture = torch.randn(2, 7, 12), torch.randn(2, 24, 12)
    maps = activations._maps((words, picture), count=1, aspect=1.5)
    assert maps is not None and maps.shape == (1, 12, 4, 6)
    assert torch.equal(maps[0, :, 1, 2], picture[1, 8])
    assert activations._maps(picture, count=3, aspect=1.0) is None


def test_wide_blocks_are_projected_alike_everywhere() -> None:
    """So many numbers are left of any block, and the signs are always the same."""
    rows = np.arange(1280.0)[:, None]
    sums = activations.projected(rows, 384)
    assert sums.shape == (384, 1)
    assert np.allclose(
        sums[:3, 0] * np.sqrt(1280), activations.projected(rows, 3)[:, 0] * np.sqrt(1280)
    )
