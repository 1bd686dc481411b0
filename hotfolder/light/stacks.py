"""Which pictures look alike: perceptual hashes in, stacks out. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Hashed = tuple[int, int]
"""A picture's id and its perceptual hash: 64 bits, signed."""


def stacked(new: Sequence[Hashed], tops: Sequence[Hashed], threshold: int) -> dict[int, int]:
    """For each new picture the one on top of its stack: the most alike of `tops`, or itself.

    Hashes that differ in at most `threshold` bits look alike. Both lists are in the order in which
    the pictures came, so a stack keeps its top when others come. A picture is compared with tops
    alone: chains of likenesses make no endless stack.
    """
    ids = np.empty(len(tops) + len(new), np.int64)
    hashes = np.empty(len(ids), np.uint64)
    count = len(tops)
    ids[:count] = [id_ for id_, _ in tops]
    hashes[:count] = np.asarray([hash_ for _, hash_ in tops], np.int64).view(np.uint64)
    found = {}
    for id_, hash_ in new:
        own = np.int64(hash_).view(np.uint64)
        differing = np.bitwise_count(hashes[:count] ^ own)
        nearest = int(differing.argmin()) if count else 0
        if count and differing[nearest] <= threshold:
            found[id_] = int(ids[nearest])
            continue
        ids[count], hashes[count] = id_, own
        count += 1
        found[id_] = id_
    return found
