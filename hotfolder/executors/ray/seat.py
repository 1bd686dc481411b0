"""One worker of a cluster, as the driver knows it: its actor, and what it was given."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
import ray
from msgspec.structs import replace
from ray.exceptions import RayActorError, RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from hotfolder import __version__
from hotfolder.executors.orders import (
    Failed,
    Joined,
    Load,
    Lost,
    Order,
    Report,
    Staff,
    Stepped,
    Task,
    Trouble,
)
from hotfolder.executors.ray.actor import GROUPS, Actor
from hotfolder.executors.ray.sources import Sources
from hotfolder.executors.ray.trouble import in_words
from hotfolder.executors.ray.weights import Weights
from hotfolder.recipes.recipe import chain

_AGAIN_S = 0.2
_REFUSED_AGAIN_S = 20.0
_encode = msgspec.msgpack.Encoder().encode
_report = msgspec.msgpack.Decoder(Report)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a worker sits: on which node of the cluster, with how much of it."""

    node: str
    where: str
    cpus: int
    gpus: float


class Seat:
    """Gives one actor its orders in turn, and says what it reports, or that it was lost.

    Ray starts the actor again when its process dies, and runs nothing again by itself. All methods
    are called in the loop of the driver.
    """

    def __init__(
        self,
        slot: int,
        place: Place,
        weights: Weights,
        sources: Sources,
        say: Callable[[Report], None],
    ) -> None:
        self.slot = slot
        self.has_joined = False
        self.where = place.where
        self._place = place
        self._weights = weights
        self._sources = sources
        self._say = say
        self._actor: Any = None
        self._orders: asyncio.Queue[Order] = asyncio.Queue()
        self._ready = asyncio.Event()
        self._given: set[int] = set()
        self._sent: set[int] = set()  # of these, what the actor has
        self._said = ""
        self._tasks: list[asyncio.Task[None]] = []

    def take(self, base: str, renderer: str, seats: asyncio.TaskGroup) -> None:
        """Have the actor started, and begin to serve it."""
        place = self._place
        remote = ray.remote(max_restarts=-1, max_task_retries=0, concurrency_groups=GROUPS)(Actor)
        self._actor = remote.options(
            num_cpus=place.cpus,
            num_gpus=place.gpus,
            scheduling_strategy=NodeAffinitySchedulingStrategy(place.node, soft=False),
        ).remote(base, renderer)
        self._tasks = [seats.create_task(one()) for one in (self._hear, self._tell)]

    def give(self, order: Order) -> None:
        """Pass an order on, after those before it."""
        if isinstance(order, Task):
            self._given |= order.pictures.keys()
        self._orders.put_nowait(order)

    def leave(self) -> None:
        """End: the computer is gone."""
        for task in self._tasks:
            task.cancel()
        self._mend("")

    async def _hear(self) -> None:
        """Pass reports on for as long as the actor lives, and greet it again when it is back."""
        while True:
            try:
                if not await self._greeted():
                    await asyncio.sleep(_REFUSED_AGAIN_S)
                    continue
                self._ready.set()
                while True:
                    for data in await self._ask("reports", "reports"):
                        self._pass_on(_report.decode(data))
            except RayActorError:
                self._ready.clear()
                self._lose(self._sent)
                await asyncio.sleep(_AGAIN_S)
            except RayError as error:
                # What it had to say is gone, and nobody knows what that was: it begins anew.
                self._ready.clear()
                self._fail(self._sent, in_words(error))
                ray.kill(self._actor, no_restart=False)
                await asyncio.sleep(_AGAIN_S)

    async def _greeted(self) -> bool:
        """Whether the actor is there and can render; why it cannot is said."""
        hello = await self._ask("orders", "hello", __version__)
        if refused := hello.get("refused"):
            self._mend(refused)
            self._fail(self._given, refused)
            return False
        self._mend("")
        if not self.has_joined:
            self.has_joined = True
            self._say(Joined(self.slot, hello["where"], hello["device"], hello["memory"]))
        return True

    async def _tell(self) -> None:
        """Pass orders on one after another, to an actor that is there."""
        while True:
            order = await self._orders.get()
            await self._ready.wait()
            attempts = order.pictures.keys() if isinstance(order, Task) else frozenset[int]()
            if not attempts <= self._given:
                continue  # it has failed before it was passed on
            try:
                if isinstance(order, Task | Load) and (says := await self._refusal(order)):
                    self._fail(attempts, says)
                    continue
                self._sent |= attempts
                await self._pass_to_actor(order)
            except RayActorError:
                self._lose(attempts)
            except RayError as error:
                self._fail(attempts, in_words(error))

    async def _pass_to_actor(self, order: Order) -> None:
        sides, source = (0, 0), None
        if isinstance(order, Task):
            if order.source is not None:
                sides = order.source.width, order.source.height
                source = await self._sources.put(order.source)
            # Another computer has no such folder.
            order = replace(order, source=None, states="")
        source = b"" if source is None else source
        await self._ask("orders", "give", _encode(order), *sides, source)

    async def _ask(self, group: str, method: str, *arguments: Any) -> Any:
        """What a method of the actor returns. Raises RayError."""
        called = getattr(self._actor, method).options(concurrency_group=group)
        return await called.remote(*arguments)

    async def _refusal(self, order: Task | Load) -> str:
        """Why this worker may not render with its weights; "" if it may."""
        names = {order.model} if isinstance(order, Load) else _models(order)
        for name in sorted(names & order.models.keys()):
            ask = functools.partial(self._ask, "files", "fingerprint")
            if says := await self._weights.refusal(name, order.models[name], self.where, ask):
                return says
        return ""

    def _pass_on(self, report: Report) -> None:
        if isinstance(report, Stepped | Staff):
            self._say(report)
        elif self._take([report.attempt]):  # else it was given up for lost
            if isinstance(report, Failed) and report.device:
                report = replace(report, says=f"{self.where}: {report.says}")
            self._say(report)

    def _fail(self, attempts: Iterable[int], says: str) -> None:
        """Say that this worker cannot do what it was given, which another one may."""
        for attempt in self._take(attempts):
            self._say(Failed(attempt, f"{self.where}: {says}", expected=False, device=True))

    def _lose(self, attempts: Iterable[int]) -> None:
        """Say that the actor is gone with what it was given."""
        for attempt in self._take(attempts):
            self._say(Lost(attempt))

    def _take(self, attempts: Iterable[int]) -> list[int]:
        """Take attempts off that are still here."""
        found = sorted(self._given.intersection(attempts))
        self._given.difference_update(found)
        self._sent.difference_update(found)
        return found

    def _mend(self, says: str) -> None:
        """Say why nothing is rendered here, or that it is over; each once."""
        if says != self._said:
            self._said = says
            self._say(Trouble(f"{self.where} (worker {self.slot + 1})", says))


def _models(task: Task) -> set[str]:
    """The models that a task's pictures are drawn with."""
    links = [link for recipe in task.pictures.values() for link in chain(recipe)]
    return {link.model for link in links if link.is_drawn}
