"""Regions of a picture: masks that people painted, as recipes keep them, and what lies around.

Masks are arrays of bool, (height, width). numpy and PIL are imported when they are needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from hotfolder.errors import PictureError
from hotfolder.recipes.region import LONGEST, Region

if TYPE_CHECKING:
    from PIL.Image import Image

LEAST_PX = 16  # pixels of a region; less is a slip of the brush
MOST_REGIONS = 8
_MOST_PARTS = 256  # each is compared with each
_MARGIN = 1.0  # times the region's longer side, that is seen around it
_MOST_FEATHER_PX = 64
_SPECKS = 0.02  # of the largest region: smaller ones beside it are slips of the brush


def read(mask: Image, size: tuple[int, int]) -> tuple[Region, ...]:
    """The regions that a mask marks in white, as `of` has them; `size` is that of the picture.

    Raises PictureError with a sentence for a mask of another size, an empty or full one.
    """
    import numpy as np

    require_size(mask.size, size)
    marked = np.asarray(mask.convert("L")) > 127
    if not marked.any():
        raise PictureError("nothing in it is white; paint white what should be redrawn")
    if marked.all():
        raise PictureError(
            "all of it is white; paint black what should stay, or take the mask away to have the "
            "whole picture refined"
        )
    found = of(marked)
    if not found:
        raise PictureError("what is white in it is too small to be redrawn")
    return found


def require_size(mask: tuple[int, int], size: tuple[int, int]) -> None:
    """Raises PictureError with a sentence if a mask of a picture of `size` has another one."""
    if mask != size:
        raise PictureError(
            f"it has {mask[0]}x{mask[1]} pixels and the picture {size[0]}x{size[1]}; "
            "save it at the picture's size"
        )


def of(marked: Any) -> tuple[Region, ...]:
    """The regions of a mask, those together whose surroundings meet; the largest first.

    Raises PictureError with a sentence for a mask of very many parts, or of ragged ones.
    """
    import numpy as np
    from scipy.ndimage import find_objects, label

    numbered, count = label(marked, structure=np.ones((3, 3), int))
    sizes = np.bincount(numbered.ravel(), minlength=count + 1)
    least = max(LEAST_PX, _SPECKS * sizes[1:].max(initial=0))
    kept = [int(number) for number in np.flatnonzero(sizes[1:] >= least) + 1]
    if len(kept) > _MOST_PARTS:
        raise PictureError(
            f"it has {len(kept):,} parts that do not touch one another, and at most {_MOST_PARTS} "
            "can be redrawn; paint fewer and larger ones"
        )
    boxes = find_objects(numbered)
    groups: list[list[int]] = []
    for number in sorted(kept, key=lambda number: -int(sizes[number])):
        box = _bounds(boxes[number - 1])
        near = [group for group in groups if any(_meet(box, _bounds(boxes[n - 1])) for n in group)]
        groups = [group for group in groups if group not in near]
        groups.append([number, *(n for group in near for n in group)])
    groups.sort(key=lambda group: -int(sizes[group].sum()))
    return tuple(region(np.isin(numbered, group)) for group in groups[:MOST_REGIONS])


def region(mask: Any) -> Region:
    """A mask that is not empty as a region with its feather, and nothing around it yet."""
    import numpy as np

    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    top, low, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    inside = mask[top:low, left:right]
    counts = _runs(inside)
    runs = ".".join(map(str, counts.tolist())) if 2 * len(counts) <= LONGEST + 1 else None
    if runs is None or len(runs) > LONGEST:
        raise PictureError("the region's edge is too ragged; draw it with a harder, larger brush")
    box = int(left), int(top), int(right - left), int(low - top)
    feather = min(max(1, min(box[2:]) // 8), _MOST_FEATHER_PX)
    return Region(*box, runs=runs, around=box, feather=feather)


def with_surroundings(region: Region, size: tuple[int, int], least_side_px: int) -> Region:
    """A region of a picture of this size with what is cut out around it.

    `least_side_px` is the shortest side of that, as far as the picture has it.
    """
    side = max(least_side_px, round(max(region.width, region.height) * (1 + _MARGIN)) + 16)
    x, width = _around(region.left, region.left + region.width, side, size[0])
    y, height = _around(region.top, region.top + region.height, side, size[1])
    return replace(region, around=(x, y, width, height))


def mask(region: Region) -> Any:
    """The mask of a region within what lies `around` it; PictureError if its runs are none."""
    import numpy as np

    x, y, width, height = region.around
    counts = np.fromstring(region.runs, dtype=np.int64, sep=".")
    if counts.sum() != region.width * region.height or (counts < 0).any():
        raise PictureError("the region of the recipe does not fit its size")
    values = np.arange(len(counts)) % 2 == 1
    inside = np.repeat(values, counts).reshape(region.height, region.width)
    whole = np.zeros((height, width), bool)
    top, left = region.top - y, region.left - x
    whole[top : top + region.height, left : left + region.width] = inside
    return whole


def _runs(mask: Any) -> Any:
    """How many pixels in a row are out, in, out, ... of a mask, row after row: 1-D, int."""
    import numpy as np

    flat = mask.ravel()
    edges = np.flatnonzero(np.diff(flat)) + 1
    ends = np.concatenate([[0] if flat[0] else [], edges, [len(flat)]]).astype(int)
    return np.diff(ends, prepend=0)


def _around(low: int, high: int, side: int, most: int) -> tuple[int, int]:
    """(begin, length) of what is cut out along an axis of `most` px."""
    length = min(max(side, high - low), most)
    begin = (low + high - length) // 2
    return min(max(begin, 0), most - length), length


def _bounds(slices: Any) -> tuple[int, int, int, int]:
    return slices[1].start, slices[0].start, slices[1].stop, slices[0].stop


def _meet(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    """Whether two boxes are nearer to one another than half of the smaller one's longer side."""
    sides = [max(box[2] - box[0], box[3] - box[1]) for box in (one, other)]
    gap = min(sides) / 2
    return (
        one[0] - gap < other[2]
        and other[0] - gap < one[2]
        and one[1] - gap < other[3]
        and other[1] - gap < one[3]
    )
