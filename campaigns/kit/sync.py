"""A sync program for studios on one machine: late, sometimes not at all, and with conflict copies.

It goes by Syncthing's rules: each folder has an index with a version of every file, which counts
the changes on each side; what both sides changed becomes a conflict copy where it is older, but for
equal contents; a deletion loses against a change. Real sync programs hold files back for seconds
and stall for minutes; here both are told, so that a trial says what it was about.

    python -m campaigns.kit.sync DELAY_S CONTROL ROOT ROOT...
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

_EVERY_S = 0.2
_TEMPORARY = ".syncthing."
Version = dict[int, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in an index; without a digest it was deleted. `since` is when this side knew."""

    digest: str
    mtime_ns: int
    version: Version
    since: float


@dataclass
class Side:
    """One folder. Its clock is `ahead_s` of the others', and so are the times of its files."""

    number: int
    root: Path
    ahead_s: float = 0.0
    index: dict[str, Entry] = field(default_factory=dict)
    states: dict[str, tuple[int, int, int]] = field(default_factory=dict)

    def scan(self) -> None:
        """Take in what was changed here."""
        lying = set()
        for above, _, names in os.walk(self.root):
            for name in names:
                if not name.startswith(_TEMPORARY):
                    path = os.path.relpath(os.path.join(above, name), self.root)  # noqa: PTH118
                    lying.add(path)
                    self._look(path)
        for path in self.states.keys() - lying:
            del self.states[path]
            self._changed(path, "", 0)

    def is_as_known(self, path: str) -> bool:
        """Whether a file lies there as the index has it."""
        return _state(self.root / path) == self.states.get(path)

    def put(self, path: str, entry: Entry, data: bytes) -> None:
        """Take over another side's file, or its deletion."""
        file = self.root / path
        if entry.digest:
            file.parent.mkdir(parents=True, exist_ok=True)
            beside = file.with_name(f"{_TEMPORARY}{file.name[-40:]}.tmp")
            beside.write_bytes(data)
            os.utime(beside, ns=(entry.mtime_ns, entry.mtime_ns))
            beside.replace(file)
            if state := _state(file):
                self.states[path] = state
        else:
            file.unlink(missing_ok=True)
            self.states.pop(path, None)
        self.index[path] = Entry(entry.digest, entry.mtime_ns, entry.version, time.monotonic())

    def put_aside(self, path: str) -> None:
        """Make a conflict copy of a file."""
        file = self.root / path
        when = time.strftime("%Y%m%d-%H%M%S", time.gmtime(self.index[path].mtime_ns / 1e9))
        file.rename(
            file.with_name(f"{file.stem}.sync-conflict-{when}-SIDE{self.number}{file.suffix}")
        )
        self.states.pop(path, None)

    def _look(self, path: str) -> None:
        state = _state(self.root / path)
        if state is None or state == self.states.get(path):
            return
        try:
            digest = hashlib.sha256((self.root / path).read_bytes()).hexdigest()
        except OSError:
            return
        self.states[path] = state
        if path not in self.index or self.index[path].digest != digest:
            self._changed(path, digest, state[1])

    def _changed(self, path: str, digest: str, mtime_ns: int) -> None:
        before = self.index[path].version if path in self.index else {}
        version = {**before, self.number: before.get(self.number, 0) + 1}
        self.index[path] = Entry(digest, mtime_ns, version, time.monotonic())


def exchange(source: Side, target: Side, delay_s: float) -> None:
    """What is new in `source` for so long appears in `target`: changes first, then deletions."""
    news = sorted(source.index.items(), key=lambda item: not item[1].digest)
    for path, entry in news:
        here = target.index.get(path)
        if here and here.version == entry.version:
            continue
        if time.monotonic() - entry.since < delay_s or not target.is_as_known(path):
            continue
        if here and _covers(here.version, entry.version):
            continue
        merged = {n: max(entry.version.get(n, 0), here.version.get(n, 0) if here else 0)
                  for n in {*entry.version, *(here.version if here else ())}}  # fmt: skip
        taken = Entry(entry.digest, entry.mtime_ns, merged, 0.0)
        if here and here.digest == entry.digest:
            target.index[path] = Entry(here.digest, here.mtime_ns, merged, here.since)
            continue
        if here and not _covers(entry.version, here.version):  # both have changed it
            if here.digest and (not entry.digest or _age(target, here) >= _age(source, entry)):
                continue
            if here.digest:
                target.put_aside(path)
        data = b""
        if entry.digest:
            try:
                data = (source.root / path).read_bytes()
            except OSError:
                continue
            if hashlib.sha256(data).hexdigest() != entry.digest:
                continue
        target.put(path, taken, data)


def _age(side: Side, entry: Entry) -> tuple[float, int]:
    return entry.mtime_ns + side.ahead_s * 1e9, side.number


def _covers(one: Version, other: Version) -> bool:
    return all(one.get(number, 0) >= count for number, count in other.items())


def _state(file: Path) -> tuple[int, int, int] | None:
    try:
        status = os.lstat(file)
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def main() -> None:
    """Sync until the process is ended. CONTROL holds the numbers of the sides that are stalled."""
    delay_s, control = float(sys.argv[1]), Path(sys.argv[2])
    sides = [Side(n, Path(root), n * 86_400.0) for n, root in enumerate(sys.argv[3:])]
    while True:
        stalled = set(map(int, control.read_text().split()))
        for side in sides:
            side.scan()
        for source in sides:
            for target in sides:
                if source is not target and not {source.number, target.number} & stalled:
                    exchange(source, target, delay_s)
        time.sleep(_EVERY_S)


if __name__ == "__main__":
    main()
