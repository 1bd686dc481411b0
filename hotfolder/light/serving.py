"""Serve the light table: a port, the names it is called by, the address to open."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import uvicorn

from hotfolder.errors import HotfolderError, reason
from hotfolder.light.app import app
from hotfolder.light.table import Table

HERE = "127.0.0.1"
PORT = 8321
_OTHER_PORTS = 20
_MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A socket that listens, and the host and port under which browsers find it."""

    listening: socket.socket
    host: str
    port: int

    @property
    def hosts(self) -> frozenset[str]:
        """The names that requests may call this server by."""
        names = {HERE, "localhost", "[::1]"} if self.host == HERE else {self.host}
        with_port = {f"{name}:{self.port}" for name in names}
        return frozenset(with_port | (names if self.port == 80 else set()))

    def address(self, key: str) -> str:
        """What to open in a browser; the key works once."""
        return f"http://{self.host}:{self.port}/?key={key}"


def listen(host: str = HERE, port: int | None = None) -> Place:
    """Listen at an address of this computer; a port that is taken is passed over.

    The first choice is always the same, so that pages that are open find a server that comes back.
    Raises HotfolderError.
    """
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - refused
        host = _own_address()
    tried = [port] if port is not None else [*range(PORT, PORT + _OTHER_PORTS), 0]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    error: OSError | None = None
    for number in tried:
        listening = socket.socket(family, socket.SOCK_STREAM)
        if sys.platform != "win32":  # there it would let two programs have one port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host.strip("[]"), number))
            listening.listen()
        except OSError as refused:
            listening.close()
            error = refused
            continue
        shown = f"[{host.strip('[]')}]" if ":" in host else host
        return Place(listening, shown, listening.getsockname()[1])
    raise HotfolderError(
        f"nothing can be served at {host}: {reason(error) if error else 'no port is free'}; "
        "give --address an address of this computer"
    )


@contextlib.contextmanager
def served(table: Table, place: Place) -> Iterator[uvicorn.Server]:
    """Serve in a thread of its own meanwhile."""
    server = _server(table, place)
    thread = threading.Thread(
        target=server.run, args=[[place.listening]], name="light", daemon=True
    )
    thread.start()
    try:
        yield server
    finally:
        table.news.close()
        server.should_exit = True
        thread.join(15)


def _server(table: Table, place: Place) -> uvicorn.Server:
    config = uvicorn.Config(
        app(table, place.hosts),
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=_MOST_AT_ONCE,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=64 * 1024,
        lifespan="on",
    )
    return uvicorn.Server(config)


def _own_address() -> str:
    """The address by which others in the home network find this computer; sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET-1: chooses a route, no packet leaves
        except OSError:
            return HERE
        return str(probe.getsockname()[0])
