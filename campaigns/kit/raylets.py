"""A Ray cluster of this computer's own: a head and further nodes, each of a few processes."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

OBJECT_STORE_BYTES = 100 * 2**20
_PORTS = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port")
_PATIENCE_S = 200.0


class Raylets:
    """Nodes of one cluster, with a token of its own; `close` ends all that it started.

    Each node is a computer with one processor, as far as Ray can tell.
    """

    def __init__(self) -> None:
        # Sockets lie in there, and their paths must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="hf-ray-", dir="/tmp"))
        self.token = secrets.token_hex(16)
        self.port = _free_port()
        self.nodes: list[str] = []

    @property
    def address(self) -> str:
        """Where the head listens."""
        return f"127.0.0.1:{self.port}"

    def start_head(self, cpus: int = 1) -> str:
        """Start the head; its node's id."""
        return self._start(cpus, "--head", f"--port={self.port}", "--include-dashboard=false")

    def add(self, cpus: int = 1) -> str:
        """Another node; its id."""
        return self._start(cpus, f"--address={self.address}")

    def environment(self) -> dict[str, str]:
        """What a program that joins needs in its environment."""
        return {
            **os.environ,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": self.token,
            "RAY_TMPDIR": str(self.folder),
            "RAY_worker_niceness": "0",  # on a busy computer a nice worker hardly starts
            "RAY_local_fs_capacity_threshold": "0.001",  # as if no disk took what is too much
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }

    def processes(self, kind: str = "") -> list[psutil.Process]:
        """The processes of this cluster whose command line has `kind` in it."""
        found = []
        for process in psutil.process_iter(["cmdline", "environ"]):
            line = " ".join(process.info["cmdline"] or ())
            ours = (process.info["environ"] or {}).get("RAY_AUTH_TOKEN") == self.token
            if ours and kind in line and process.pid != os.getpid():
                found.append(process)
        return found

    def workers(self) -> list[psutil.Process]:
        """The processes that sit on seats."""
        return self.processes("ray::Actor")

    def kill(self, node: str) -> None:
        """End a node's processes, as a power cut does."""
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("RAY_OVERRIDE_NODE_ID_FOR_TESTING") == node:
                    process.kill()

    def close(self) -> None:
        """End all of its processes and remove what they left."""
        for _ in range(5):
            for process in (left := self.processes()):
                with contextlib.suppress(psutil.Error):
                    process.kill()
            psutil.wait_procs(left, 10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self, cpus: int, *options: str) -> str:
        node = secrets.token_hex(28)
        command = [
            *(sys.executable, "-m", "ray.scripts.scripts", "start", *options),
            *("--disable-usage-stats", "--include-log-monitor=false", f"--num-cpus={cpus}"),
            *("--num-gpus=0", f"--object-store-memory={OBJECT_STORE_BYTES}"),
            *(f"--temp-dir={self.folder}", f"--runtime-env-agent-port={_free_port()}"),
            "--node-ip-address=127.0.0.1",
        ]
        environment = self.environment() | {"RAY_OVERRIDE_NODE_ID_FOR_TESTING": node}
        with (self.folder / f"{node[:8]}.log").open("wb") as log:
            starting = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            end = time.monotonic() + _PATIENCE_S
            while starting.poll() is None and time.monotonic() < end:
                self._answer_for_agents(node)
                time.sleep(0.05)
        if starting.poll() != 0:
            starting.kill()
            raise RuntimeError((self.folder / f"{node[:8]}.log").read_text()[-3000:])
        self.nodes.append(node)
        return node

    def _answer_for_agents(self, node: str) -> None:
        """Say for a node's agents that they serve nobody, as they would themselves.

        A raylet waits 15 s for that and then ends, which is too short for a busy computer.
        """
        session = self.folder / "session_latest"
        if session.is_dir():
            for name in _PORTS:
                file = session / f"{name}_{node}"
                if not file.exists():
                    file.write_text("-1")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
