"""One slot: a thread of this process."""

from __future__ import annotations

import threading
from queue import SimpleQueue

from hotfolder.executors.orders import OnReport, Order
from hotfolder.executors.worker import MakeRenderer, Worker

_PATIENCE_S = 0.5


class Inside:
    """Renders in a thread, with the renderer that `make` makes in that thread."""

    slots = 1

    def __init__(self, on_report: OnReport, make: MakeRenderer) -> None:
        self._orders: SimpleQueue[Order | None] = SimpleQueue()
        worker = Worker(self._orders, on_report, make)
        self._thread = threading.Thread(target=worker.run, name="render", daemon=True)
        self._thread.start()

    def give(self, slot: int, order: Order) -> None:
        """Pass an order on to the thread."""
        self._orders.put(order)

    def close(self) -> None:
        """End the thread at its next denoising step, and wait a moment until it has ended.

        A program that ends does not wait until a model is read.
        """
        self._orders.put(None)
        self._thread.join(_PATIENCE_S)
