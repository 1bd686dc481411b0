"""Sources of refinements in the cluster's object store: each once, however many finals it gets."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from typing import Any

import ray

from hotfolder.executors.orders import Raster

_KEPT = 8


class Sources:
    """The last few sources; what is no longer kept leaves the store when nobody renders it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Any] = OrderedDict()

    async def put(self, source: Raster) -> Any:
        """A reference to the pixels. Raises RayError where the store and its disk are full."""
        key = hashlib.blake2b(source.rgb, digest_size=32).digest()
        if key not in self._kept:
            self._kept[key] = await asyncio.to_thread(ray.put, source.rgb)
        self._kept.move_to_end(key)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return self._kept[key]
