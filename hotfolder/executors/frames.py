"""Orders and reports on a pipe: four bytes of length, then msgpack."""

from __future__ import annotations

import struct
from typing import IO

import msgspec

from hotfolder.executors.orders import Began, Order, Report

_LENGTH = struct.Struct("<I")
_encode = msgspec.msgpack.Encoder().encode
_order = msgspec.msgpack.Decoder(Order)
_report = msgspec.msgpack.Decoder(Began | Report)


def write(pipe: IO[bytes], message: Order | Began | Report) -> None:
    """Put one message on a pipe; raises OSError when nobody reads it any more."""
    data = _encode(message)
    pipe.write(_LENGTH.pack(len(data)) + data)
    pipe.flush()


def read_order(pipe: IO[bytes]) -> Order | None:
    """The next order; None at the end."""
    data = _read(pipe)
    return None if data is None else _order.decode(data)


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
