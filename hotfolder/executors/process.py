"""A worker in a process of its own: `python -m hotfolder.executors.process DEVICE BASE`.

Orders come in on standard input, reports go out on standard output.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO

from hotfolder.errors import DeviceLostError
from hotfolder.executors import frames
from hotfolder.executors.orders import Began, Failed, Order, Report
from hotfolder.executors.worker import Renderer, Worker
from hotfolder.recipes.model import Model


def main(device: str, base: str) -> None:
    """Follow orders until there are none."""
    reports = frames.take_output()
    orders: SimpleQueue[Order | None] = SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, orders), daemon=True).start()
    frames.write(reports, Began(trouble := _trouble(device)))
    if trouble:
        return
    make = functools.partial(_engine, base=Path(base), device=device)

    def on_report(report: Report) -> None:
        frames.write(reports, report)
        if isinstance(report, Failed) and report.device:
            os._exit(1)  # a device that has failed once fails until another process begins

    Worker(orders, on_report, make).run()


def _listen(pipe: BinaryIO, orders: SimpleQueue[Order | None]) -> None:
    """Pass orders on while steps are computed. Without a daemon there is nothing left to do."""
    while (order := frames.read_order(pipe)) is not None:
        orders.put(order)
    os._exit(0)


def _trouble(device: str) -> str:
    """Why a device cannot be used; empty where it can."""
    from hotfolder.render import failures

    try:
        failures.require(device)
    except DeviceLostError as error:
        return str(error)
    return ""


def _engine(models: Mapping[str, Model], base: Path, device: str) -> Renderer:
    from hotfolder.render.engine import Engine

    return Engine(models, base, device)


if __name__ == "__main__":
    main(*sys.argv[1:])
