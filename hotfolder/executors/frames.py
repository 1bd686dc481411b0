"""Orders and reports on a pipe: four bytes of length, then msgpack."""

from __future__ import annotations

import os
import signal
import struct
from typing import IO

import msgspec

from hotfolder.executors.orders import Began, Order, Report, To

_LENGTH = struct.Struct("<I")
_encode = msgspec.msgpack.Encoder().encode
_order = msgspec.msgpack.Decoder(Order)
_to = msgspec.msgpack.Decoder(To)
_report = msgspec.msgpack.Decoder(Began | Report)


def take_output() -> IO[bytes]:
    """This process's standard output, for reports alone: whatever a library prints is none.

    Ctrl-C and a service's stop reach the whole group of processes and are ignored from now on: the
    daemon says what is to be done.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    reports = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return reports


def write(pipe: IO[bytes], message: Order | To | Began | Report) -> None:
    """Put one message on a pipe; raises OSError when nobody reads it any more."""
    data = _encode(message)
    pipe.write(_LENGTH.pack(len(data)) + data)
    pipe.flush()


def read_order(pipe: IO[bytes]) -> Order | None:
    """The next order; None at the end."""
    data = _read(pipe)
    return None if data is None else _order.decode(data)


def read_to(pipe: IO[bytes]) -> To | None:
    """The next order with its slot; None at the end."""
    data = _read(pipe)
    return None if data is None else _to.decode(data)


def read_report(pipe: IO[bytes]) -> Began | Report | None:
    """The next report; None at the end, also when the writer was cut off within one."""
    data = _read(pipe)
    return None if data is None else _report.decode(data)


def _read(pipe: IO[bytes]) -> bytes | None:
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    data = pipe.read(length)
    return data if len(data) == length else None
