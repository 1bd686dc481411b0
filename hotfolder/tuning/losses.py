"""What a LoRA is to change of a model's predictions, so that likes come sooner than dislikes.

Zheng 2025, "DiffusionNFT" (arXiv:2509.16117): what a model did not foresee of a liked picture shows
where to go, and what it did not foresee of a disliked one where not to go. Its two losses, for a
way towards the likes and its mirror image away from the dislikes, are one regression: the change
follows what was not foreseen, or leads against it. Of what likes and dislikes have in common
nothing is left. So the change is what tells them apart: the gradient of their log odds, by which
Dhariwal 2021 (arXiv:2105.05233) guides with a classifier. Here none is needed.

Unlike the utility of Diffusion-KTO (Li 2024, arXiv:2404.04465) and the log odds of pairs in
Diffusion-DPO (Wallace 2023, arXiv:2311.12908), it needs no sigmoid that ends where a like is told
well enough: a strength says how far to go.
"""

from __future__ import annotations

from torch import Tensor


def guided(
    change: Tensor, unforeseen: Tensor, liked: Tensor, strength: float
) -> tuple[Tensor, Tensor]:
    """How far each change of a prediction is from the wanted one, and how far no change would be.

    `unforeseen` is what is wanted of a prediction less what the model says without the LoRA, both
    (n, …). `liked`: (n,). The wanted change is `strength` times that for likes, and the opposite
    for dislikes. Of likes alone, with a strength of 1, this is plain denoising. Two mean squares,
    (n,) each.
    """
    sign = (2.0 * liked.float() - 1.0).view(-1, *[1] * (change.ndim - 1))
    missed = change / strength - sign * unforeseen
    return missed.square().flatten(1).mean(1), unforeseen.square().flatten(1).mean(1)
