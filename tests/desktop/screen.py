"""A virtual screen with a window manager, a mouse and a keyboard, for programs with windows."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from tests.forkserver import until

SIZE = (1280, 860)
NEEDED = ("Xvfb", "openbox", "xdotool", "import", "dbus-daemon")


class Screen:
    """Xvfb, openbox and a session bus, all its own; programs get a home folder that is empty."""

    def __init__(self, home: Path) -> None:
        missing = [name for name in NEEDED if shutil.which(name) is None]
        assert not missing, f"not installed: {', '.join(missing)}; see packages.txt"
        self.home = home
        self._running: list[subprocess.Popen[bytes]] = []
        self._log = (home / "log").open("wb")
        reading, writing = os.pipe()
        size = f"{SIZE[0]}x{SIZE[1]}x24"
        self._environment = dict(os.environ)
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp"]
        self._start(command, pass_fds=[writing])
        os.close(writing)
        with os.fdopen(reading) as stream:
            self.display = f":{stream.readline().strip()}"
        self._environment |= {
            "DISPLAY": self.display,
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_DATA_HOME": str(home / ".local/share"),
            "XDG_CACHE_HOME": str(home / ".cache"),
            "XDG_RUNTIME_DIR": str(home),
            "XDG_SESSION_TYPE": "x11",
            "XDG_CURRENT_DESKTOP": "X-Generic",
            "NO_AT_BRIDGE": "1",
            "LANG": "C.UTF-8",
            "QT_QPA_PLATFORM": "xcb",
            "GSETTINGS_BACKEND": "keyfile",
            "QTWEBENGINE_DISABLE_SANDBOX": "1",
        }
        home.chmod(0o700)
        address = f"unix:path={home}/bus"
        self._start(["dbus-daemon", "--session", "--nofork", f"--address={address}"])
        until((home / "bus").exists, 30)
        self._environment["DBUS_SESSION_BUS_ADDRESS"] = address
        self._start(["openbox"])

    def _start(self, command: list[str], **options: object) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # type: ignore[call-overload]
            command,
            env=self._environment,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
            **options,
        )
        self._running.append(process)
        return process  # type: ignore[no-any-return]

    def start(self, *command: str | Path) -> subprocess.Popen[bytes]:
        """Start a program on this screen."""
        return self._start([str(word) for word in command])

    def run(self, *command: str | Path) -> str:
        """Run a program on this screen to its end; returns what it prints."""
        words = [str(word) for word in command]
        return subprocess.run(
            words, check=False, env=self._environment, capture_output=True, text=True
        ).stdout

    def window(self, name: str, seconds: float = 60.0) -> str:
        """The id of a window whose title has this expression in it, once there is one."""
        found: list[str] = []

        def there() -> bool:
            shown = self.run("xdotool", "search", "--onlyvisible", "--name", name).split()
            found[:] = shown[-1:]
            return bool(shown)

        until(there, seconds)
        return found[0]

    def titles(self) -> list[str]:
        """The titles of all windows that are shown."""
        ids = self.run("xdotool", "search", "--onlyvisible", "--name", ".").split()
        return [self.run("xdotool", "getwindowname", number).strip() for number in ids]

    def place(self, window: str, x: int, y: int, width: int, height: int) -> None:
        """Move and size a window, and bring it to the front."""
        self.run("xdotool", "windowsize", "--sync", window, str(width), str(height))
        self.run("xdotool", "windowmove", window, str(x), str(y))
        self.run("xdotool", "windowactivate", "--sync", window)
        self.pause(1.0)

    def key(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.run("xdotool", "key", "--delay", "80", key)
            self.pause(0.3)

    def type(self, text: str) -> None:
        """Type a text."""
        self.run("xdotool", "type", "--delay", "60", text)
        self.pause(0.3)

    def click(self, x: int, y: int, button: int = 1, times: int = 1) -> None:
        """Click at a place of the screen."""
        self.run("xdotool", "mousemove", str(x), str(y))
        self.pause(0.2)
        self.run("xdotool", "click", "--repeat", str(times), "--delay", "120", str(button))
        self.pause(0.4)

    def click_in(self, window: str, x: int, y: int, times: int = 1) -> None:
        """Click at a place of a window."""
        self.run("xdotool", "mousemove", "--window", window, str(x), str(y))
        self.pause(0.2)
        self.run("xdotool", "click", "--repeat", str(times), "--delay", "150", "1")
        self.pause(0.4)

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Drag with the left button, in steps, as a hand does."""
        self.run("xdotool", "mousemove", *map(str, start), "mousedown", "1")
        self.pause(0.3)
        steps = 12
        for step in range(1, steps + 1):
            x, y = (a + (b - a) * step // steps for a, b in zip(start, end, strict=True))
            self.run("xdotool", "mousemove", str(x), str(y))
            self.pause(0.05)
        self.pause(0.5)
        self.run("xdotool", "mouseup", "1")
        self.pause(0.5)

    def shot(self, path: Path) -> None:
        """Keep a picture of the screen."""
        self.run("import", "-window", "root", path)

    @staticmethod
    def pause(seconds: float) -> None:
        """Let a program react: nothing tells when it has."""
        time.sleep(seconds)

    def close_programs(self) -> None:
        """End all programs but the screen itself."""
        self._end(self._running[3:])
        del self._running[3:]

    def close(self) -> None:
        """End everything."""
        self._end(self._running[::-1])
        self._log.close()

    @staticmethod
    def _end(processes: list[subprocess.Popen[bytes]]) -> None:
        for process in processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait(10)
