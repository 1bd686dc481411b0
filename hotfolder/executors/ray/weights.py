"""Whether a worker's weights are those of the daemon: else its pictures would be others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
from ray.exceptions import RayActorError, RayTaskError

from hotfolder.errors import RenderError
from hotfolder.executors.ray import bench
from hotfolder.recipes.model import Model

_encode = msgspec.msgpack.Encoder().encode
Ask = Callable[[str, bytes], Awaitable[str]]
"""From a model's name and the model, to the fingerprint of the weights that a worker has."""


class Weights:
    """Models' fingerprints: of the daemon's computer, or if they are not there, the first worker's.

    Each worker is asked once for each model, for as long as the model is the same.
    """

    def __init__(self, base: Path) -> None:
        self._base = base
        self._ours: dict[bytes, asyncio.Task[str]] = {}
        self._theirs: dict[tuple[str, bytes], str] = {}

    async def refusal(self, name: str, model: Model, worker: str, ask: Ask) -> str:
        """Why `worker` may not render with its weights; "" if it may.

        Raises RayActorError when the worker is lost meanwhile.
        """
        key = _encode(model)
        if key not in self._ours:
            look = asyncio.to_thread(self._fingerprint, name, key)
            self._ours[key] = asyncio.create_task(look)
        if (worker, key) not in self._theirs:
            try:
                self._theirs[worker, key] = await ask(name, key)
            except RayActorError:
                raise
            except RayTaskError as error:
                return f"the model {name} cannot be used there: {error.cause}"
        ours, theirs = await self._ours[key], self._theirs[worker, key]
        if not ours:
            self._ours[key] = asyncio.create_task(_known(theirs))
        if ours in ("", theirs):
            return ""
        del self._theirs[worker, key]  # the owner may put the right ones there
        return (
            f"its weights of {name} differ from those here (fingerprints {theirs[:12]} and "
            f"{ours[:12]}), so its pictures would differ; copy the same files there"
        )

    def _fingerprint(self, name: str, key: bytes) -> str:
        try:
            return bench.fingerprint(name, key, self._base)
        except (RenderError, OSError):  # they need not be here
            return ""


async def _known(fingerprint: str) -> str:
    return fingerprint
