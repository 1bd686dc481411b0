"""The losses forgive a shift and no softness; measures of crispness tell the two apart."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from training import measures
from training.losses import Critic, aligned, crisp_loss, part_weights


def blocks(seed: int = 0) -> torch.Tensor:
    """A picture of flat squares, (1, 3, 64, 64)."""
    generator = torch.Generator().manual_seed(seed)
    return F.interpolate(torch.rand(1, 3, 8, 8, generator=generator), (64, 64)) * 2 - 1


def soft(picture: torch.Tensor) -> torch.Tensor:
    """The picture with edges five pixels wide."""
    return F.avg_pool2d(F.pad(picture, (2,) * 4, mode="replicate"), 5, 1)


def test_a_target_moves_to_fit() -> None:
    """A picture that was moved by two pixels is its own aligned target, gradients included."""
    wanted = blocks()
    moved = torch.roll(wanted, (1, -2), (2, 3))
    goal, across, _ = aligned(moved, wanted, reach=2)
    inside = (..., slice(4, -4), slice(4, -4))
    assert torch.allclose(goal[inside], moved[inside])
    assert torch.allclose(across[inside], (moved.roll(-1, 3) - moved)[inside])


def test_a_shift_costs_less_than_softness() -> None:
    """Plain L1 prefers the soft picture; the crisp loss prefers the one that is sharp but moved."""
    wanted = blocks()
    moved, blurred = torch.roll(wanted, 2, 3), soft(wanted)
    assert (moved - wanted).abs().mean() > (blurred - wanted).abs().mean()
    assert crisp_loss(moved, wanted) < crisp_loss(blurred, wanted)
    assert crisp_loss(wanted, wanted) == 0


def test_parts_weigh_more() -> None:
    """An error where a part is counts as often as it is said."""
    wanted, parts = blocks(), torch.zeros(1, 64, 64, dtype=torch.uint8)
    parts[:, 16:32] = 3
    made = wanted.clone()
    made[:, :, 20:24] += 0.4
    light, heavy = (crisp_loss(made, wanted, part_weights(parts, w)) for w in (1.0, 3.0))
    assert 1.8 < heavy / light < 3


def test_the_critic_scores_patches() -> None:
    """There is a score for every four pixels to each side."""
    assert Critic()(blocks()).shape == (1, 1, 16, 16)


def test_crispness_is_told_from_halos() -> None:
    """Softness widens edges; a halo does not hide in the overshoot, though it raises the energy."""

    def picture(x: torch.Tensor) -> np.ndarray:
        return ((x[0].clamp(-1, 1) + 1) * 127.5).byte().permute(1, 2, 0).numpy()

    sharp, blurred = picture(0.7 * blocks()), picture(0.7 * soft(blocks()))
    halo = picture(0.7 * (blocks() + 0.8 * (blocks() - soft(blocks()))))
    assert measures.crispness(sharp).width_px < 1.6 < 3 < measures.crispness(blurred).width_px
    assert measures.crispness(halo).energy > measures.crispness(sharp).energy
    assert measures.overshoot(blurred, sharp) < 0.2 < 2 < measures.overshoot(halo, sharp)
    assert measures.psnr(blurred, sharp) < 40


def test_requests_are_asked_in_both_languages() -> None:
    """The same scenes are asked for in plain words, Japanese ones without a Latin letter."""
    english, japanese = (
        measures.requests(20, language=language) for language in ("english", "japanese")
    )
    assert [r.scene for r in english] == [r.scene for r in japanese]
    assert all(r.prompt.isascii() for r in english)
    assert not any(c.isascii() for r in japanese for c in r.prompt)
