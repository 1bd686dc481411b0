"""The process that belongs to the cluster: `python -m hotfolder.executors.ray.driver ADDRESS …`.

Orders come in on standard input, reports go out on standard output. It ends when the cluster does
not answer any more, after it has said so.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import ray

from hotfolder.executors import frames
from hotfolder.executors.orders import Left, Report, To, Trouble
from hotfolder.executors.ray.executor import called
from hotfolder.executors.ray.seat import Place, Seat
from hotfolder.executors.ray.sources import Sources
from hotfolder.executors.ray.trouble import in_words
from hotfolder.executors.ray.weights import Weights

_LOOK_S = 1.0
_PATIENCE_S = 20.0  # a head that is only slow answers by then


class Driver:
    """Keeps a seat for each worker that the cluster can have now, and passes orders on to them."""

    def __init__(
        self, share: float, cores: int, first: int, base: Path, renderer: str, pipe: Any
    ) -> None:
        self._share = share
        self._cores = cores
        self._next = first
        self._base = base
        self._renderer = renderer
        self._pipe = pipe
        self._weights = Weights(base)
        self._sources = Sources()
        self._computers: dict[str, list[Seat]] = {}
        self._seats: dict[int, Seat] = {}

    def say(self, report: Report) -> None:
        """Tell the daemon."""
        frames.write(self._pipe, report)

    async def run(self, orders: BinaryIO) -> None:
        """Look after the cluster; ends with TimeoutError when it does not answer any more."""
        loop = asyncio.get_running_loop()

        def listen() -> None:
            while (to := frames.read_to(orders)) is not None:
                loop.call_soon_threadsafe(self._pass_on, to)
            os._exit(0)  # without a daemon there is nothing left to do

        threading.Thread(target=listen, daemon=True).start()
        async with asyncio.TaskGroup() as seats:  # what nobody expected ends them all, and is said
            while True:
                computers = await asyncio.wait_for(asyncio.to_thread(ray.nodes), _PATIENCE_S)
                self._look_at([one for one in computers if one["Alive"]], seats)
                await asyncio.sleep(_LOOK_S)

    def _pass_on(self, to: To) -> None:
        if seat := self._seats.get(to.slot):
            seat.give(to.order)

    def _look_at(self, computers: list[dict[str, Any]], seats: asyncio.TaskGroup) -> None:
        """Seats for computers that are new; none for those that are gone."""
        present = {one["NodeID"]: one for one in computers}
        for node in self._computers.keys() - present.keys():
            for seat in self._computers.pop(node):
                seat.leave()
                del self._seats[seat.slot]
                if seat.has_joined:
                    self.say(Left(seat.slot))
        for node in present.keys() - self._computers.keys():
            places = self._places(present[node])
            self._computers[node] = [self._seat(place, seats) for place in places]

    def _places(self, computer: dict[str, Any]) -> Iterator[Place]:
        """Where workers of a computer can sit: at its cards, or at its processor if it has none."""
        has, node = computer["Resources"], computer["NodeID"]
        where = computer["NodeManagerHostname"]
        if cards := has.get("GPU", 0):
            for _ in range(int(cards / self._share)):
                yield Place(node, where, cpus=0, gpus=self._share)
        elif cpus := int(has.get("CPU", 0)):
            each = min(self._cores or cpus, cpus)
            for _ in range(cpus // each):
                yield Place(node, where, cpus=each, gpus=0)

    def _seat(self, place: Place, seats: asyncio.TaskGroup) -> Seat:
        seat = Seat(self._next, place, self._weights, self._sources, self.say)
        self._next += 1
        self._seats[seat.slot] = seat
        seat.take(str(self._base), self._renderer, seats)
        return seat


def main(address: str, share: str, cores: str, first: str, base: str, renderer: str) -> None:
    """Belong to the cluster at `address` until it ends, or there are no orders any more."""
    pipe = frames.take_output()
    logging.getLogger("ray").setLevel(logging.CRITICAL)  # what happens is said in our words
    driver = Driver(float(share), int(cores), int(first), Path(base), renderer, pipe)
    name = called(address)
    try:
        if address != "auto":  # Ray would wait for minutes
            host, _, port = address.rpartition(":")
            socket.create_connection((host.strip("[]"), int(port)), _PATIENCE_S).close()
        ray.init(address=address, log_to_driver=False, configure_logging=False)
        driver.say(Trouble(name, ""))
        asyncio.run(driver.run(sys.stdin.buffer))
    except Exception as error:
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        driver.say(Trouble(name, in_words(error)))
    finally:
        os._exit(1)  # Ray would wait for a head that is gone


if __name__ == "__main__":
    main(*sys.argv[1:])
