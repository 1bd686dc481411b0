"""What of a prediction pleases: plain denoising, Diffusion-KTO and Diffusion-DPO.

Li 2024, "Aligning Diffusion Models by Optimizing Human Utility" (arXiv:2404.04465), needs only a
like or a dislike for each picture. Wallace 2023, "Diffusion Model Alignment Using Direct Preference
Optimization" (arXiv:2311.12908), compares two pictures of one prompt at the same noise.

`gain` is how much smaller the mean squared error of a picture's prediction is with the LoRA than
without: what the papers call the implicit reward, but for its factor.
"""

from __future__ import annotations

import torch
from torch import Tensor


def unpaired(gain: Tensor, liked: Tensor, reference: float, beta: float) -> Tensor:
    """Diffusion-KTO's loss of each picture, (n,): 1 minus the sigmoid utility.

    Gains are seen from a point of `reference`, where the gains of likes and dislikes have been
    lately, so that what all gain alike is worth nothing. Divided by its slope there: as steep as
    the error itself.
    """
    sign = torch.where(liked, 1.0, -1.0)
    return (1 - torch.sigmoid(sign * beta * (gain - reference))) * (4 / beta)


def paired(better: Tensor, worse: Tensor, beta: float) -> Tensor:
    """Diffusion-DPO's loss of each pair, (n,), as steep as the difference of the errors."""
    return -torch.nn.functional.logsigmoid(beta * (better - worse)) * (2 / beta)
