"""A hub in miniature on 127.0.0.1, which can fail in all the ways that networks do.

    root/OWNER/NAME/...         the files of a repository, as they are on its branch main
    hub.gated.add("owner/name") its licence wants to be accepted first

Faults are switched on while it runs, for requests whose "METHOD path" a pattern finds.
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

Kind = Literal["status", "cut", "reset", "slow", "corrupt", "short", "hang", "portal", "other"]
_CHUNK = 16_384
_POINTERS = (".safetensors", ".bin", ".ckpt", ".onnx", ".onnx_data", ".msgpack", ".png")


@dataclass(slots=True)
class Fault:
    """What goes wrong with requests that `match` finds, `times` times (-1: always).

    `after` is so many bytes of a body, `code` a status, `headers` those that come with it, `rate`
    bytes a second, `seconds` how long nothing comes.
    """

    match: str
    kind: Kind
    times: int = 1
    after: int = 0
    code: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    rate: int = 100_000
    seconds: float = 30.0


@dataclass(slots=True)
class Asked:
    """One request: what for, from which byte, by whom, and how many bytes of a body were sent."""

    line: str
    range: str
    token: str = ""
    sent: int = 0


class Hub:
    """The repositories below a folder, the faults that are on, and what was asked."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.url = ""
        self.asked: list[Asked] = []
        self.faults: list[Fault] = []
        self.gated: set[str] = set()
        self.raw: bytes | None = None  # what it answers instead of facts on a repository
        self.storage: Hub | None = None  # another server, whose links are good for one request
        self.links: set[str] = set()
        self._guard = threading.Lock()

    def fault(self, line: str) -> Fault | None:
        """The first fault for a request, used up by one."""
        with self._guard:
            for fault in self.faults:
                if fault.times and re.search(fault.match, line):
                    fault.times -= fault.times > 0
                    return fault
        return None

    def sent(self, match: str = "GET .*resolve|GET /cdn") -> int:
        """How many bytes of bodies were sent for requests like these."""
        return sum(asked.sent for asked in self.asked if re.search(match, asked.line))

    def commit(self, repository: str) -> str:
        """The commit of a repository's branch: it follows from its files."""
        files = sorted(p for p in (self.root / repository).rglob("*") if p.is_file())
        text = "".join(f"{p.name} {p.stat().st_size} {p.stat().st_mtime_ns}" for p in files)
        return hashlib.sha1(f"{repository} {text}".encode(), usedforsecurity=False).hexdigest()

    def info(self, repository: str) -> dict[str, Any]:
        """What the hub says of a repository and its files."""
        folder = self.root / repository
        siblings = []
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            data = file.read_bytes()
            blob = hashlib.sha1(
                f"blob {len(data)}\0".encode() + data, usedforsecurity=False
            ).hexdigest()
            entry: dict[str, Any] = {
                "rfilename": file.relative_to(folder).as_posix(),
                "size": len(data),
                "blobId": blob,
            }
            if file.name.endswith(_POINTERS):
                entry["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
            siblings.append(entry)
        gated = "auto" if repository in self.gated else False
        commit = self.commit(repository)
        return {"id": repository, "sha": commit, "gated": gated, "siblings": siblings}


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"
    _fault: Fault | None = None
    _asked: Asked

    def log_message(self, *_: Any) -> None:
        """Nothing: the hub keeps its own list."""

    def do_HEAD(self) -> None:
        """Answer without a body."""
        self._serve()

    def do_GET(self) -> None:
        """Answer, or fail as was asked for."""
        self._serve()

    def _serve(self) -> None:
        path = unquote(urlsplit(self.path).path)
        line = f"{self.command} {path}"
        token = self.headers.get("Authorization") or ""
        self._asked = Asked(line, self.headers.get("Range") or "", token)
        self.hub.asked.append(self._asked)
        fault = self._fault = self.hub.fault(line)
        try:
            if fault and fault.kind == "hang":
                time.sleep(fault.seconds)
            if fault and fault.kind == "status":
                self._answer(fault.code, b"no", fault.headers)
            elif fault and fault.kind == "portal":
                self._answer(200, b"<html>Please log in</html>", {"Content-Type": "text/html"})
            else:
                self._route(path)
        except OSError:
            self.close_connection = True

    def _route(self, path: str) -> None:
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/(.+)", path):
            repository, revision = found.groups()
            if self._may(repository, revision, guarded=False):
                facts = json.dumps(self.hub.info(repository)).encode()
                self._answer(200, facts if self.hub.raw is None else self.hub.raw)
        elif found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            repository, revision, name = found.groups()
            if not self._may(repository, revision, guarded=True):
                return
            if not (self.hub.root / repository / name).is_file():
                self._refuse(404, "EntryNotFound", "Entry not found")
            elif name.endswith(_POINTERS):
                self._answer(302, b"", {"Location": self._stored(repository, name)})
            else:
                self._file(self.hub.root / repository / name)
        elif path.startswith("/cdn/"):
            if self.hub.links and self.path not in self.hub.links:
                self._answer(403, b"<Error><Code>AccessDenied</Code>Request has expired</Error>")
                return
            self.hub.links.discard(self.path)
            self._file(self.hub.root / path.removeprefix("/cdn/"))
        else:
            self._refuse(404, "", "Not found")

    def _stored(self, repository: str, name: str) -> str:
        """Where a file's contents are."""
        place, storage = f"/cdn/{repository}/{name}", self.hub.storage
        if storage is None:
            return place
        place += f"?Expires={len(self.hub.asked)}"
        storage.links |= {place, "/never"}
        return storage.url + place

    def _may(self, repository: str, revision: str, guarded: bool) -> bool:
        if not (self.hub.root / repository).is_dir():
            self._refuse(401, "", "Invalid username or password.")
        elif revision not in ("main", self.hub.commit(repository)):
            self._refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        elif guarded and repository in self.hub.gated:  # the list of its files is for everybody
            self._refuse(401, "GatedRepo", f"Access to model {repository} is restricted.")
        else:
            return True
        return False

    def _refuse(self, code: int, name: str, says: str) -> None:
        headers = {"X-Error-Message": says} | ({"X-Error-Code": name} if name else {})
        self._answer(code, b"{}", headers)

    def _answer(self, code: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _file(self, file: Path) -> None:
        data, fault = file.read_bytes(), self._fault
        size, first = len(data), 0
        if ranged := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or ""):
            first = int(ranged[1])
        body = data[first:]
        kind = fault.kind if fault else ""
        if fault and kind == "corrupt":
            at = min(fault.after, len(body) - 1)
            body = body[:at] + bytes([body[at] ^ 0xFF]) + body[at + 1 :]
        if fault and kind == "short":
            body = body[: fault.after]
        if kind == "other":  # a server that has another file under this name
            body = data[: size // 2]
            size, first = len(body), 0
        self.send_response(206 if ranged and kind != "other" else 200)
        self.send_header("Content-Length", str(len(body)))
        if ranged and kind != "other":
            self.send_header("Content-Range", f"bytes {first}-{size - 1}/{size}")
        self.end_headers()
        self._stream(body, fault)

    def _stream(self, body: bytes, fault: Fault | None) -> None:
        end = fault.after if fault and fault.kind in ("cut", "reset") else len(body)
        chunk = max(64, fault.rate // 20) if fault and fault.kind == "slow" else _CHUNK
        for at in range(0, min(end, len(body)), chunk):
            part = body[at : min(at + chunk, end)]
            self.wfile.write(part)
            self._asked.sent += len(part)
            if fault and fault.kind == "slow" and fault in self.hub.faults:  # until it ends
                time.sleep(len(part) / fault.rate)
        if fault and fault.kind == "reset":
            how = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, how)
        if fault and fault.kind in ("cut", "reset"):
            self.wfile.flush()
            self.close_connection = True
            self.connection.close()


@contextmanager
def serving(root: Path) -> Iterator[Hub]:
    """A hub with the repositories below `root`, as long as the context lasts."""
    hub = Hub(root)
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
