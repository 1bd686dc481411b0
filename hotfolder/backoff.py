"""Which jobs could not be done just now, why, and when they are tried again. Time is passed in."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

LONGEST_PAUSE_S = 300.0


@dataclass(frozen=True, slots=True)
class _Wait:
    tries: int
    again_at: float
    pause_s: float
    says: str


class Backoff:
    """The files whose jobs have to wait: longer each time, until one works.

    They are known by their paths, and times are those of a monotonic clock, in seconds.
    """

    def __init__(self) -> None:
        self._backoff: dict[str, _Wait] = {}

    def postpone(
        self, path: str, says: str, now_s: float, longest_s: float = LONGEST_PAUSE_S
    ) -> bool:
        """Let others go first, because of what `says` says; whether this is the first time."""
        before = self._backoff.get(path)
        pause_s = min(longest_s, 2 * before.pause_s if before else 1.0)
        tries = before.tries + 1 if before else 1
        self._backoff[path] = _Wait(tries, now_s + pause_s, pause_s, says)
        return before is None

    def end(self, path: str) -> None:
        """Something was done with this file."""
        self._backoff.pop(path, None)

    def forget_past(self, now_s: float, tried: Container[str] = ()) -> None:
        """Forget files whose time has come and that nobody asks for: not those that are `tried`."""
        self._backoff = {
            path: wait
            for path, wait in self._backoff.items()
            if wait.again_at > now_s or path in tried
        }

    def has(self, path: str, now_s: float) -> bool:
        """Whether this file has to wait still."""
        return path in self._backoff and now_s < self._backoff[path].again_at

    def waiting(self, now_s: float) -> set[str]:
        """All that have to wait still."""
        return {path for path, wait in self._backoff.items() if now_s < wait.again_at}

    def tries(self, path: str) -> int:
        """How often in a row this was postponed."""
        return self._backoff[path].tries if path in self._backoff else 0

    def ends_at(self) -> list[float]:
        """When each of them may be tried again."""
        return [wait.again_at for wait in self._backoff.values()]

    def reasons(self) -> Mapping[str, str]:
        """What each file waits for."""
        return {path: wait.says for path, wait in self._backoff.items()}
