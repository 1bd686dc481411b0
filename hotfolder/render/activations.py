"""What the denoiser thinks of a picture in the making: a kind of feature, taken at one step.

Composition is settled early, so a quarter of the steps is enough, and what is seen there can also
end a draft that nobody wants. Two blocks are looked at: the middle, and a later one that knows
places. Kept are each channel's mean and spread and where it is strong, by cells and by finer bands
across and down, in units of its own spread: so no channel counts more because its numbers are
larger, in whatever model. Looking changes no bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

Array = np.ndarray[Any, np.dtype[Any]]
Numbers = dict[str, Array]

VERSION = 1
_LISTS = ("transformer_blocks", "single_transformer_blocks", "blocks", "layers")
MOST = 384  # numbers for a block's channels; more are projected to so many
_CELLS = 4  # in each direction
_BANDS = 8  # across, and down
_MAPS = 32  # channels that are left of a block where places are kept


class Activations:
    """Looks into a pipeline's denoiser while it draws `count` pictures in one call.

    To be used as a context around the call, and told of what comes `after` a step and `before` the
    next: meanwhile another picture may be drawn with the same modules. It looks at `step`, by
    default at a quarter of them.
    """

    def __init__(
        self, pipe: Any, denoiser: Any, count: int, aspect: float, step: int | None = None
    ) -> None:
        self._pipe = pipe
        self._at = step
        self._count = count
        self._aspect = aspect
        self._step: int | None = 1
        self._taken: dict[str, list[torch.Tensor]] = {}
        self._blocks = _blocks(denoiser)
        self._hooks: list[Any] = []

    def __enter__(self) -> Activations:
        for name, block in self._blocks.items():
            hook = block.register_forward_hook(lambda _m, _a, out, name=name: self._see(name, out))
            self._hooks.append(hook)
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()

    def after(self, step: int) -> None:
        """A step, counted from 1, is over; what is computed now belongs to others."""
        self._step = None

    def before(self, step: int) -> None:
        """What is computed from now on belongs to this step."""
        self._step = step

    def features(self) -> list[Numbers]:
        """The numbers of each picture, -4 to 4, by `denoiser.PART`; nothing where it saw none."""
        pictures: list[Numbers] = [{} for _ in range(self._count)]
        for name, parts in self._taken.items():
            mean, spread, grid, fine = (part.numpy() for part in parts)
            for at, numbers in enumerate(pictures):
                numbers[f"denoiser.{name}"] = _channels(mean[at], spread[at])
                if name == "late" and grid.size:
                    numbers["denoiser.places"] = _places(grid[at], mean[at], spread[at])
                    bands = np.concatenate([fine[at].mean(1), fine[at].mean(2)], axis=1)
                    numbers["denoiser.bands"] = _places(bands[:, None], mean[at], spread[at])
        return pictures

    def _see(self, name: str, output: Any) -> None:
        if name in self._taken or self._step != (self._at or quarter(_steps(self._pipe))):
            return
        maps = _maps(output, self._count, self._aspect)
        if maps is None:
            return
        x = maps.float()
        flat, grids = x.flatten(2), [x.new_zeros(0)] * 2
        if x.ndim == 4:
            grids = [torch.nn.functional.adaptive_avg_pool2d(x, n) for n in (_CELLS, _BANDS)]
        parts = (flat.mean(2), flat.std(2, correction=0), *grids)
        self._taken[name] = [part.cpu() for part in parts]


def quarter(steps: int) -> int:
    """The step, from 1, at which a call of so many steps is looked at."""
    return max(1, round(steps / 4))


def _steps(pipe: Any) -> int:
    return int(getattr(pipe, "num_timesteps", None) or len(pipe.scheduler.timesteps))


def _blocks(denoiser: Any) -> dict[str, Any]:
    """The modules to look at, by the names of what is taken there."""
    ups = getattr(denoiser, "up_blocks", None)
    if ups is not None and getattr(denoiser, "mid_block", None) is not None:
        return {"middle": denoiser.mid_block, "late": ups[max(0, len(ups) - 2)]}
    lists: Sequence[Any] = [getattr(denoiser, name, None) or () for name in _LISTS]
    blocks = [block for listed in lists for block in listed]
    if len(blocks) < 2:
        return {}
    return {"middle": blocks[len(blocks) // 2], "late": blocks[len(blocks) * 3 // 4]}


def _maps(output: Any, count: int, aspect: float) -> torch.Tensor | None:
    """The part of a block's output that is of the pictures: (count, channels, h, w) or (.., n).

    Where guidance doubles the pictures, those with their prompts are the second half. Of a block
    that puts out words as well, the picture has the most tokens.
    """
    found = output if isinstance(output, tuple | list) else [output]
    tensors = [x for x in found if isinstance(x, torch.Tensor) and x.ndim in (3, 4)]
    if not tensors:
        return None
    x = max(tensors, key=lambda tensor: tensor.numel())
    if x.shape[0] not in (count, 2 * count):
        return None
    x = x[-count:]
    if x.ndim == 4:
        return x
    tokens = x.transpose(1, 2)
    height = max(1, round((tokens.shape[2] / aspect) ** 0.5))
    width, rest = divmod(tokens.shape[2], height)
    return tokens if rest else tokens.reshape(*tokens.shape[:2], height, width)


def _channels(mean: Array, spread: Array) -> Array:
    """Each channel's mean in units of its spread, and its spread among the others'."""
    level = np.log(spread + 1e-6)
    usual = level.mean()
    numbers = np.concatenate([mean / _safe(spread), level - usual, [usual / 4]])
    return np.clip(projected(numbers[:, None], MOST)[:, 0], -4, 4)


def _places(grid: Array, mean: Array, spread: Array) -> Array:
    """Where channels are strong: (maps, cells), row after row from the top left."""
    cells = (grid - mean[:, None, None]) / _safe(spread)[:, None, None]
    return np.clip(projected(cells.reshape(len(cells), -1), _MAPS).ravel(), -4, 4)


def _safe(spread: Array) -> Array:
    safe: Array = spread + 1e-3 * np.median(spread) + 1e-9
    return safe


def projected(rows: Array, most: int) -> Array:
    """At most so many sums of rows with signs that are always the same (Achlioptas 2003)."""
    if len(rows) <= most:
        return rows
    bits = np.random.PCG64(len(rows)).random_raw(most * len(rows)) >> np.uint64(63)
    signs = bits.astype(np.float64).reshape(most, len(rows)) * 2 - 1
    sums: Array = signs @ rows / np.sqrt(len(rows))
    return sums
