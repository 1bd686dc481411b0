"""The scale on which all kinds of features count alike."""

from __future__ import annotations

import numpy as np
import pytest

from hotfolder.taste import scale
from hotfolder.taste.features import Features, pack
from tests.taste.owners import scenes


def test_each_family_counts_alike() -> None:
    """Whatever its length and however large its numbers, its mean square is one."""
    pictures = [scene.features for scene in scenes(200)]
    common = scale.find(pictures)
    rows, names = common.rows(pictures), np.array([scale.family(n) for n in common.names])
    for family in ("words", "denoiser", "pixels"):
        assert (rows[:, names == family] ** 2).sum(1).mean() == pytest.approx(1.0, abs=0.05)


def test_what_a_picture_lacks_is_usual() -> None:
    """A picture of which nothing is known has nothing in its columns but words that it lacks."""
    pictures = [scene.features for scene in scenes(50)]
    common = scale.find(pictures)
    unknown = common.rows([Features("x")])[0]
    numbers = np.array(common.names) != scale.WORDS
    assert not unknown[numbers].any()


def test_numbers_that_are_always_the_same_say_nothing() -> None:
    """And numbers of another length than usual are passed over."""
    pictures = [Features(str(n), kinds={"same 1": pack(np.ones(3))}) for n in range(5)]
    assert not scale.find(pictures).kinds
    odd = [*(scene.features for scene in scenes(20)), Features("x", kinds={"pixels.layout 1": b""})]
    assert np.isfinite(scale.find(odd).rows(odd)).all()
