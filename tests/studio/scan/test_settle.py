"""When a file has stopped changing. The time is passed in."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hotfolder.studio.reading import Reading
from hotfolder.studio.scan.settle import Settling

READING = Reading(device=1, inode=2, size=3, mtime_ns=4, ctime_ns=5)


def test_two_equal_readings() -> None:
    """A file settles when it reads the same after the quiet time, and is then forgotten."""
    settling = Settling(2.0)
    assert not settling.observe("a", READING, 10.0)
    assert not settling.observe("a", READING, 11.9)
    assert settling.pending() == ("a",)
    assert settling.observe("a", READING, 12.0)
    assert settling.pending() == ()


def test_one_reading_is_never_enough() -> None:
    """Even with no quiet time, and however old the file's own times are."""
    settling = Settling(0.0)
    assert not settling.observe("a", replace(READING, mtime_ns=0, ctime_ns=0), 1e9)
    assert settling.observe("a", replace(READING, mtime_ns=0, ctime_ns=0), 1e9)


def test_every_change_begins_anew() -> None:
    """Size, times, or another file of the name: each starts the quiet time again."""
    settling, now = Settling(1.0), 0.0
    changes = ("device", "inode", "size", "mtime_ns", "ctime_ns")
    for reading in [READING, *(replace(READING, **{name: 99}) for name in changes)]:
        assert not settling.observe("a", reading, now)
        now += 1.0
    assert not settling.observe("a", READING, now)
    assert settling.observe("a", READING, now + 1.0)


def test_a_writer_that_pauses() -> None:
    """Appending within the quiet time, however often, never settles in between."""
    settling = Settling(1.0)
    for step in range(50):
        assert not settling.observe("a", replace(READING, size=step + 1), step * 0.9)
    assert settling.observe("a", replace(READING, size=50), 49 * 0.9 + 1.0)


def test_an_empty_file_waits() -> None:
    """A name without bytes is a copy that begins; nothing is due until something comes."""
    settling = Settling(1.0)
    empty = replace(READING, size=0)
    assert not settling.observe("a", empty, 0.0)
    assert not settling.observe("a", empty, 100.0)
    assert settling.due_in_s(100.0) is None
    assert not settling.observe("a", READING, 101.0)
    assert settling.observe("a", READING, 102.0)


def test_due() -> None:
    """The next moment worth a look is that of the file that is quiet longest."""
    settling = Settling(2.0)
    assert settling.due_in_s(0.0) is None
    settling.observe("a", READING, 0.0)
    settling.observe("b", READING, 1.0)
    assert settling.due_in_s(1.5) == 0.5
    assert settling.due_in_s(9.0) == 0.0
    settling.forget("a")
    settling.forget("a")
    assert settling.due_in_s(1.5) == 1.5


@given(st.lists(st.tuples(st.integers(1, 3), st.floats(0, 2)), max_size=20))
def test_never_before_the_quiet_time(steps: list[tuple[int, float]]) -> None:
    """Whatever is read and when, a file settles only after a second without any change."""
    settling, now, since, last = Settling(1.0), 0.0, 0.0, 0
    for size, passed in steps:
        now += passed
        if size != last:
            since, last = now, size
        if settling.observe("a", replace(READING, size=size), now):
            assert now - since >= 1.0
            last = 0


def test_reading_of_a_file(tmp_path: Path) -> None:
    """A rewritten file reads differently even when its size and mtime are put back."""
    path = tmp_path / "a"
    path.write_text("one")
    before = os.lstat(path)
    (tmp_path / "b").write_text("two")
    os.utime(tmp_path / "b", ns=(before.st_atime_ns, before.st_mtime_ns))
    (tmp_path / "b").replace(path)
    after = os.lstat(path)
    assert (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    assert Reading.of(before) != Reading.of(after)
