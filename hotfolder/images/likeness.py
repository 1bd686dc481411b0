"""How alike two pictures are, whatever size, format or border they have now.

A sketch is a picture's tones at 8x8, uint8, and a thumbnail of 64x64, a lossy WebP. The tones say
which sketches are worth a closer look. There, what was cropped off the picture is found by least
squares (Lucas and Kanade's way to register two images), and of what both show, light, contrast and
colours must be near, and the structure of every small patch the same (the structure term of SSIM):
the same boat a few pixels elsewhere is another picture.

Earlier sketches have no thumbnail but the tones at 32x32, and the colours of 8x8 or 4x4 patches or
none. They are compared by what they have.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    # How alike, where cut, and what that window of what is known shows.
    _Registered = tuple[float, NDArray[np.float64], NDArray[np.float64]]

SIDE = 64
_QUALITY = 85  # 600 bytes for a drawing, 1,200 for a photo
_ROUGH = 8  # the tones that all sketches are searched by
_EARLIER = 32
_EARLIER_PATCHES = 0, 4, 8  # of a side, that earlier sketches have colours of
# How far two pictures that are just ALIKE may be apart.
_LIGHT_APART = 40.0  # of 255: in the mean
_CONTRAST_APART = 0.25  # of the greater contrast
_COLOUR_APART = 8.6  # of 255, in the third worst of 4x4 patches: a crop may cut through two
_PATCH_APART = {SIDE: 0.045, _EARLIER: 0.033}  # of a patch's structure, in the fifth worst
ALIKE = 0.96
"""Correlation from which two pictures are taken for the same one."""

# Tried is what is roughly as like as the most alike: of 10,000 the right one is, in 99.8 %.
_ROUGHLY, _MOST_TRIED = 0.1, 64
_COARSELY, _FINE_ROUNDS = (16, 6), 3  # side and rounds, then those as fine as there are tones
_MOST_CUT, _LIKELY_CUT = 0.12, 0.03  # of a side: a tenth, and what is unsure of it; a quarter
_SOFT = 0.5  # of a tone: the grain of lossy formats is smoothed away
_STILL = 0.001  # of a side: a fifteenth of a tone
_PATCH = 4  # tones of a side
_NOISE = 10.0  # of 255: the contrast that lossy formats give and take in a patch
_LEAST_CONTRAST = 2.0  # of 255, in rows and in columns: an empty sky is like any other


@dataclass(frozen=True, slots=True)
class _Known:
    """What a sketch says: tones (side, side), and colours (2, patches, patches) if it has any."""

    tones: NDArray[np.float32]
    colours: NDArray[np.float32] | None


def sketch(image: Image) -> bytes:
    """An RGB picture's rough tones, _ROUGH rows of as many bytes, and its thumbnail."""
    from PIL.Image import Resampling

    small = image.resize((SIDE, SIDE), Resampling.BILINEAR)
    rough = small.convert("L").resize((_ROUGH, _ROUGH), Resampling.BOX).tobytes()
    thumbnail = io.BytesIO()
    small.save(thumbnail, "WEBP", quality=_QUALITY)
    return rough + thumbnail.getvalue()


def is_one(data: bytes) -> bool:
    """Whether these may be a sketch, of now or an earlier one."""
    return _has_thumbnail(data) or len(data) in [
        _EARLIER**2 + 2 * patches**2 for patches in _EARLIER_PATCHES
    ]


def _has_thumbnail(data: bytes) -> bool:
    """Whether a WebP of the right size and of the simplest kind follows (RFC 9649, RFC 6386).

    So that whatever else somebody put there is never decoded.
    """
    head = data[_ROUGH**2 : _ROUGH**2 + 30]
    sides = 2 * SIDE.to_bytes(2, "little")
    return head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8 " and head[23:] == b"\x9d\x01*" + sides


def scores(image: Image, sketches: Sequence[bytes]) -> list[float]:
    """How alike a picture is to each of these sketches, -1 to 1; 0 for those without contrast."""
    import numpy as np

    if not sketches:
        return []
    seen = {side: _planes(image, side) for side in (_ROUGH, _EARLIER, SIDE)}
    known = np.frombuffer(b"".join(map(_rough, sketches)), dtype=np.uint8)
    middle = _sampling(_LIKELY_CUT, _LIKELY_CUT, _ROUGH, _ROUGH, 0)
    wanted = middle.T @ (seen[_ROUGH][0] - seen[_ROUGH][0].mean()) @ middle
    rough = _correlations(known.astype(np.float32).reshape(len(sketches), -1), wanted)
    found = [0.0] * len(sketches)
    for index in np.argsort(-rough)[:_MOST_TRIED]:
        if rough[index] >= rough.max() - _ROUGHLY and (one := _read(sketches[index])) is not None:
            found[index] = _alike(one, seen[len(one.tones)])
    return found


def _planes(image: Image, side: int) -> NDArray[np.float32]:
    """A picture's tones and how blue and how red it is: (3, side, side)."""
    import numpy as np
    from PIL.Image import Resampling

    small = image.resize((side, side), Resampling.BILINEAR).convert("YCbCr")
    return np.asarray(small, dtype=np.float32).transpose(2, 0, 1)


def _rough(sketch: bytes) -> bytes:
    import numpy as np

    if _has_thumbnail(sketch):
        return sketch[: _ROUGH**2]
    cells = _EARLIER // _ROUGH
    tones = np.frombuffer(sketch, dtype=np.uint8, count=_EARLIER**2)
    means = tones.reshape(_ROUGH, cells, _ROUGH, cells).mean(axis=(1, 3))
    return bytes(means.astype(np.uint8))


def _read(sketch: bytes) -> _Known | None:
    """What a sketch says; None where its thumbnail is damaged."""
    import numpy as np
    from PIL import Image

    if _has_thumbnail(sketch):
        try:
            thumbnail = Image.open(io.BytesIO(sketch[_ROUGH**2 :]), formats=("WEBP",))
            planes = _planes(thumbnail.convert("RGB"), SIDE)
        except (OSError, ValueError, EOFError):
            return None
        return _Known(planes[0], planes[1:])
    values = np.frombuffer(sketch, dtype=np.uint8).astype(np.float32)
    tones, colours = np.split(values, [_EARLIER**2])
    patches = int((colours.size // 2) ** 0.5)
    return _Known(
        tones.reshape(_EARLIER, _EARLIER),
        colours.reshape(2, patches, patches) if patches else None,
    )


def _alike(known: _Known, seen: NDArray[np.float32]) -> float:
    """How alike a picture is to what a sketch says; `seen` as `_planes` has it, at its side."""
    import numpy as np

    tones, side = seen[0], len(known.tones)
    if min(_contrast(tones), _contrast(known.tones)) < _LEAST_CONTRAST:
        return 0.0
    here = _whole(tones, side)

    def registered(guess: NDArray[np.float64], at: tuple[int, int]) -> _Registered:
        cut = _registered(known.tones, tones, guess, *at)
        there = _window(known.tones, cut, side)
        return float(_correlations(there.reshape(1, -1), here)[0]), cut, there

    # A row of trees fits nearly as well a tree farther on; one guess alone may end there.
    guesses = np.zeros(4), np.full(4, _LIKELY_CUT)
    found, cut, there = max((registered(one, _COARSELY) for one in guesses), key=itemgetter(0))
    if found >= ALIKE:
        found, cut, there = registered(cut, (side, _FINE_ROUNDS))
    if found < ALIKE:
        return found
    contrasts = sorted((float(there.std()), float(here.std())))
    apart = [
        abs(float(there.mean() - here.mean())) / _LIGHT_APART,
        (1 - contrasts[0] / contrasts[1]) / _CONTRAST_APART,
        _structure_apart(there, here) / _PATCH_APART[side],
    ]
    if known.colours is not None:
        apart.append(_colours_apart(known.colours, seen[1:], cut) / _COLOUR_APART)
    return min(found, 1 - max(apart) * (1 - ALIKE))


def _contrast(tones: NDArray[np.float32]) -> float:
    """How far tones differ within their rows or their columns, whichever is less."""
    return min(float((tones - tones.mean(axis=axis, keepdims=True)).std()) for axis in (0, 1))


def _registered(
    known: NDArray[np.float32],
    seen: NDArray[np.float32],
    cut: NDArray[np.float64],
    side: int,
    rounds: int,
) -> NDArray[np.float64]:
    """What a crop leaves out above, below, left and right, in shares of a side; `cut` is a guess.

    By least squares, at `side` x `side`: the picture seen is the window's tones, times a contrast,
    plus a light, plus for each edge how the tones change as it moves.
    """
    import numpy as np

    here = _whole(seen, side).reshape(-1)
    along = (np.arange(side) + 0.5) / side
    for _ in range(rounds):
        there = _window(known, cut, side)
        down, across = np.gradient(there, 1 / side)
        down, across = down / (1 - cut[0] - cut[1]), across / (1 - cut[2] - cut[3])
        edges = [
            down * (1 - along)[:, None],
            -down * along[:, None],
            across * (1 - along),
            -across * along,
        ]
        causes = np.stack([there, np.ones_like(there), *edges]).reshape(6, -1)
        shares = np.linalg.lstsq(causes @ causes.T, causes @ here, rcond=1e-9)[0]
        # A contrast that is far off is a sign of a guess that is: steps stay small.
        last, cut = cut, np.clip(cut + shares[2:] / max(shares[0], 0.5), 0, _MOST_CUT)
        if np.abs(cut - last).max() < _STILL:
            break
    return cut


def _structure_apart(known: NDArray[np.float64], seen: NDArray[np.float64]) -> float:
    """How far the structure of patches is apart, whatever the light and the contrast of the whole.

    Four patches may differ: a crop cuts through those at its edges.
    """
    import numpy as np

    known, seen = known - known.mean(), seen - seen.mean()
    known = known * (np.vdot(known, seen) / np.vdot(known, known))
    off, one, other = map(_variances, (known - seen, known, seen))
    return float(np.sort(off / (one + other + 2 * _NOISE**2), axis=None)[-5])


def _variances(tones: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much the tones of each patch vary."""
    cells = len(tones) // _PATCH
    found: NDArray[np.float64] = tones.reshape(cells, _PATCH, cells, _PATCH).var(axis=(1, 3))
    return found


def _colours_apart(
    known: NDArray[np.float32], seen: NDArray[np.float32], cut: NDArray[np.float64]
) -> float:
    """How far the colours are apart, in the third worst of 4x4 patches."""
    import numpy as np

    there = np.stack([_window(plane, cut, 4, 0) for plane in known])
    here = np.stack([_whole(plane, 4, 0) for plane in seen])
    return float(np.sort(np.hypot(*(there - here)), axis=None)[-3])


def _window(
    means: NDArray[np.float32], cut: NDArray[np.float64], side: int, soft: float = _SOFT
) -> NDArray[np.float64]:
    """What a crop shows at `side` x `side`; `cut` as `_registered` has it."""
    rows = _sampling(cut[0], cut[1], len(means), side, soft)
    columns = _sampling(cut[2], cut[3], len(means), side, soft)
    return rows @ means @ columns.T


def _whole(means: NDArray[np.float32], side: int, soft: float = _SOFT) -> NDArray[np.float64]:
    """What the whole shows at `side` x `side`, as soft as a window is."""
    ways = _sampling_whole(len(means), side, soft)
    return ways @ means @ ways.T


@cache
def _sampling_whole(known: int, side: int, soft: float) -> NDArray[np.float64]:
    return _sampling(0, 0, known, side, soft)


def _sampling(
    before: float, behind: float, known: int, side: int, soft: float
) -> NDArray[np.float64]:
    """For a crop of one direction, how much of each of `known` means is in each of `side`.

    Each reaches `soft` of the known ones farther than it must.
    """
    import numpy as np

    mean = np.arange(known)
    edges = known * (before + (1 - before - behind) / side * np.arange(side + 1))
    begin, end = edges[:-1, None] - soft, edges[1:, None] + soft
    weights = np.clip(np.minimum(end, mean + 1) - np.maximum(begin, mean), 0, None)
    found: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return found


def _correlations(many: NDArray[Any], one: NDArray[Any]) -> NDArray[Any]:
    """Of each row with `one`; 0 where either is flat."""
    import numpy as np

    other = one.reshape(-1) - one.mean()
    flat = many - many.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(flat, axis=1) * np.linalg.norm(other)
    found: NDArray[Any] = flat @ other / np.maximum(lengths, 1e-6)
    return found
