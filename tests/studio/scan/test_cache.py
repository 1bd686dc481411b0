"""What is remembered of files over restarts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec import Struct

from hotfolder.studio.reading import Reading
from hotfolder.studio.scan.cache import Cache


class Fact(Struct):
    stars: int
    note: str = ""


READING = Reading(device=1, inode=2, size=3, mtime_ns=4, ctime_ns=5)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "facts.jsonl"


def kept(file: Path, *paths: str, by: str = "1") -> None:
    memory = Cache(file, Fact, by)
    for path in paths:
        memory.keep(path, READING, Fact(len(path)))
    memory.save()


def recalled(file: Path, path: str, reading: Reading = READING, by: str = "1") -> Fact | None:
    return Cache(file, Fact, by).recall(path, reading)


def test_facts_survive_a_restart(file: Path) -> None:
    """The last fact about a file is known to the next program, whatever the file is called."""
    strange = os.fsdecode(b"caf\xe9 \n\xe5\x9f\x8e.png")
    kept(file, "a", strange)
    kept(file, "bb")
    memory = Cache(file, Fact, "1")
    memory.keep("a", READING, Fact(5, "again"))
    memory.save()
    assert recalled(file, "a") == Fact(5, "again")
    assert recalled(file, strange) == Fact(len(strange))
    assert recalled(file, "bb") == Fact(2)
    assert recalled(file, "c") is None


@pytest.mark.parametrize("field", ["inode", "size", "mtime_ns", "ctime_ns"])
def test_a_changed_file(file: Path, field: str) -> None:
    """A file in another state is another matter; another number of its disk is not."""
    kept(file, "a")
    values = {name: getattr(READING, name) for name in READING.__slots__}
    assert recalled(file, "a", Reading(**{**values, field: 9})) is None
    assert recalled(file, "a", Reading(**{**values, "device": 9})) == Fact(1)


def test_facts_of_another_version(file: Path) -> None:
    """What another program found out is not believed, and is written over."""
    kept(file, "a", by="1")
    assert recalled(file, "a", by="2") is None
    kept(file, "b", by="2")
    assert recalled(file, "b", by="2") == Fact(1)
    assert recalled(file, "a", by="2") is None


@pytest.mark.parametrize(
    "spoilt",
    [b"", b"\n", b"\0" * 4096, b"\xff\xfe", b"[" * 100_000, b'"1"\n[1]\n[[],[],1]\nnull\n{}\n',
     b'"1"\n["a",[2,3,4,5],{"stars":"many"}]\n', b'"1"\n["a",null,{"stars":1}]'],
)  # fmt: skip
def test_a_spoilt_file(file: Path, spoilt: bytes) -> None:
    """Whatever lies there, nothing is known of it, and new facts are kept."""
    file.parent.mkdir()
    file.write_bytes(spoilt)
    assert recalled(file, "a") is None
    kept(file, "a")
    kept(file, "a")
    assert recalled(file, "a") == Fact(1)


def test_a_torn_line(file: Path) -> None:
    """A line that a crash cut off is not known; those before it are."""
    kept(file, "a", "bb")
    file.write_bytes(file.read_bytes()[:-4])
    assert recalled(file, "a") == Fact(1)
    assert recalled(file, "bb") is None


def test_it_does_not_grow_for_ever(file: Path) -> None:
    """What is outdated, or about files that are gone, goes when it is most of the file."""
    for _ in range(3):
        kept(file, *(str(number) for number in range(100)))
    size = file.stat().st_size
    memory = Cache(file, Fact, "1")
    memory.close({"7", "8"})
    assert file.stat().st_size < size / 50
    assert recalled(file, "7") == Fact(1)
    assert recalled(file, "9") is None
    assert memory.recall("7", READING) is None, "it let go of what it knew"


def test_new_facts_survive_the_tidying(file: Path) -> None:
    """However many are kept at once, none of those about present files is lost."""
    names = [str(number) for number in range(500)]
    memory = Cache(file, Fact, "1")
    for name in names:
        memory.keep(name, READING, Fact(1))
        memory.save()
    memory.close(names)
    assert all(recalled(file, name) for name in names[::50])
    memory = Cache(file, Fact, "1")
    memory.keep("new", READING, Fact(2))
    memory.close(["new", "7"])
    assert recalled(file, "new") == Fact(2)
    assert recalled(file, "7") == Fact(1)
    assert recalled(file, "8") is None


def test_only_read(file: Path) -> None:
    """A program that only describes a studio recalls and leaves no trace."""
    kept(file, "a")
    before = file.read_bytes(), file.stat().st_mtime_ns
    memory = Cache(file, Fact, "1", read_only=True)
    memory.keep("b", READING, Fact(1))
    memory.save()
    memory.close(set())
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


def test_a_disk_that_takes_nothing(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is said once, and work goes on."""
    file.parent.write_text("a file where the folder should be")
    memory = Cache(file, Fact, "1")
    for path in ("a", "b"):
        memory.keep(path, READING, Fact(1))
        memory.save()
    assert len([r for r in caplog.records if "cannot be written" in r.message]) == 1
