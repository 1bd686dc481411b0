"""Where a denoiser looks for words: what its attention gives their tokens, place by place.

Every family computes its attention by torch's own function, so that is where it is looked at: after
all norms and turns, whatever processor a family has. Cross-attention has the words alone for its
keys (Tang 2022, "What the DAAM"); joint attention has words and picture in one row, and a family
says which come first. Looking changes no bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode

Array = np.ndarray[Any, np.dtype[Any]]
Grid = tuple[int, int]

_LEAST = 7  # cells of a grid's shorter side; coarser ones say nothing of places
_MOST = 40  # of its longer side, where coarser ones are there as well: finer ones see texture


class Attention(TorchFunctionMode):
    """What is given to some words, while it is the context of a denoiser's call.

    `words` are the places of their tokens in what the denoiser hears, `tokens` long. The picture
    has `image` tokens, in rows of `aspect` (width to height), or as many as a layer likes (0).
    `behind` is the family's `words_behind`.
    """

    def __init__(
        self, words: Sequence[int], tokens: int, image: int, aspect: float, behind: int
    ) -> None:
        super().__init__()
        self._words = torch.tensor(list(words))
        self._tokens = tokens
        self._image = image
        self._aspect = aspect
        self._behind = behind
        self._maps: dict[Grid, list[torch.Tensor]] = {}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is scaled_dot_product_attention and len(self._words):
            named = {**dict(zip(("query", "key"), args, strict=False)), **(kwargs or {})}
            self._see(named["query"], named["key"], named.get("scale"))
        return func(*args, **(kwargs or {}))

    def maps(self) -> list[Array]:
        """Of each kind of grid, the coarsest first: (height, width), 1 on average."""
        sides = sorted(self._maps)
        told = [one for one in sides if min(one) >= _LEAST] or sides[-1:]
        told = [one for one in told if max(one) <= _MOST] or told[:1]
        found = [torch.stack(self._maps[one]).mean(0).reshape(one) for one in told]
        return [one.cpu().numpy() for one in found]

    def _see(self, query: torch.Tensor, key: torch.Tensor, scale: float | None) -> None:
        rows, columns, image = query.shape[-2], key.shape[-2], self._image
        first, words = 0, self._words
        if columns == self._tokens and rows != columns:
            if image and rows != image:
                return
        elif image and columns > image and rows in (columns, image):
            if self._behind:
                words = words - image % -self._behind + image
            elif rows == columns:
                first = columns - image
            rows = image
        else:
            return  # of the picture, or the words, alone
        if (sides := grid(rows, self._aspect)) is None or int(words.max()) >= columns:
            return
        query = query[-1, :, first : first + rows].float()
        logits = query @ key[-1].float().transpose(-1, -2) * (scale or query.shape[-1] ** -0.5)
        given = logits.softmax(-1)[..., words.to(logits.device)].sum(-1)
        given = given / given.mean(-1, keepdim=True).clamp_min(1e-9)
        self._maps.setdefault(sides, []).append(given.mean(0))


def grid(cells: int, aspect: float) -> Grid | None:
    """(height, width) of a picture's tokens; None where they are none."""
    height = max(1, round((cells / aspect) ** 0.5))
    for near in (height, height - 1, height + 1):
        if near > 0 and cells % near == 0 and abs(cells / near / near / aspect - 1) < 0.3:
            return near, cells // near
    return None
