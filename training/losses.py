"""What pictures are trained by: a loss that forgives a small shift but no softness, and a critic.

A few latents cannot say to the pixel where an edge lies. Plain L1 is then least for a soft edge
between all the places where it may be; so each pixel of the target may first move a little, to
where its surroundings fit best, and the gradients count as much as the colours.
"""

import torch
import torch.nn.functional as F
from torch import nn

# The aligned target is found at half the size, in windows of so many pixels there.
WINDOW = 5
# Each squared pixel of a shift must pay for itself, or flat areas would wander.
SHIFT_COST = 0.03


def differences(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the gradients across and down, (n, 3, h, w) each; 0 behind the last column and row."""
    across = F.pad(x[..., 1:] - x[..., :-1], (0, 1))
    down = F.pad(x[..., 1:, :] - x[..., :-1, :], (0, 0, 0, 1))
    return across, down


@torch.no_grad()
def aligned(
    made: torch.Tensor, wanted: torch.Tensor, reach: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return `wanted`, moved towards `made`, and its gradients: float32 (n, 3, h, w) each.

    For each pixel that shift of up to `reach` pixels is taken with which its surroundings fit best.
    The gradients are those of the unmoved picture, each taken at its pixel's shift: where
    neighbours moved differently no edge comes to be. Height and width are even.
    """
    height, width = made.shape[-2:]
    padded = F.pad(wanted, (reach,) * 4, mode="replicate")
    best = torch.full((len(made), 1, height // 2, width // 2), torch.inf, device=made.device)
    place = torch.zeros_like(best, dtype=torch.long)
    across = width + 2 * reach
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            y, x = reach + dy, reach + dx
            error = (made - padded[..., y : y + height, x : x + width]).abs().mean(1, keepdim=True)
            cost = F.avg_pool2d(F.avg_pool2d(error, 2), WINDOW, 1, WINDOW // 2)
            cost = cost * (1 + SHIFT_COST * (dx * dx + dy * dy))
            better = cost < best
            best = torch.where(better, cost, best)
            place.masked_fill_(better, y * across + x)
    own = torch.arange(height, device=made.device)[:, None] * across
    own = own + torch.arange(width, device=made.device)
    place = place.repeat_interleave(2, -1).repeat_interleave(2, -2) + own
    index = place.flatten(2).expand(-1, 3, -1)

    def taken(picture: torch.Tensor) -> torch.Tensor:
        return picture.flatten(2).gather(2, index).view_as(made)

    return taken(padded), *(taken(gradient) for gradient in differences(padded))


def crisp_loss(
    made: torch.Tensor, wanted: torch.Tensor, weights: torch.Tensor | None = None, reach: int = 2
) -> torch.Tensor:
    """Return aligned L1 plus aligned L1 of the gradients, plus some L1 without any shift.

    `made` and `wanted` are float32 (n, 3, h, w), -1 to 1; `weights` (n, 1, h, w) says how much each
    pixel counts, 1 where it is None.
    """
    goal, goal_across, goal_down = aligned(made.detach(), wanted, reach)
    across, down = differences(made)
    fine = (made - goal).abs() + (across - goal_across).abs() + (down - goal_down).abs()
    error = made - wanted
    fine = fine + 0.25 * error.abs()
    coarse = F.avg_pool2d(error, 4).abs().mean()
    return (fine if weights is None else fine * weights).mean() + 0.5 * coarse


def part_weights(parts: torch.Tensor, weight: float) -> torch.Tensor:
    """Return `weight` at the parts of subjects and 1 elsewhere, float32 (n, 1, h, w).

    `parts` is (n, h, w) of `painter.picture.paint_parts`: 0 where there is no subject.
    """
    return torch.where(parts[:, None] > 0, weight, 1.0)


class Critic(nn.Module):
    """Says of each patch of some 24 pixels whether it was painted: hinge scores, (n, 1, h/4, w/4).

    It sees the picture and its high-pass, in which softness is plain; without that it learned
    nothing.
    """

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(6, width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, 2, 1),
            nn.GroupNorm(4, 2 * width),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 3 * width, 3, 1, 1),
            nn.GroupNorm(4, 3 * width),
            nn.LeakyReLU(0.2),
            nn.Conv2d(3 * width, 1, 3, 1, 1),
        )

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        high = 5 * (pictures - F.avg_pool2d(pictures, 3, 1, 1, count_include_pad=False))
        return self.net(torch.cat([pictures, high], 1))


def critic_loss(real: torch.Tensor, made: torch.Tensor) -> torch.Tensor:
    """Return the critic's hinge loss of its scores."""
    return F.relu(1 - real).mean() + F.relu(1 + made).mean()
