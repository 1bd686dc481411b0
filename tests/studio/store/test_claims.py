"""The words of machines on disk: whole or not there, and nobody's reason for anything else."""

from __future__ import annotations

import os

import msgspec
import pytest

from hotfolder.shares import MOST_MACHINES, Word
from hotfolder.studio.layout import Studio
from hotfolder.studio.store.claims import CLAIMS, Claims


def test_each_reads_what_the_others_wrote(studio: Studio) -> None:
    """A word comes back as it was said, and one's own is no other's."""
    a, b = Claims(studio.root, "a"), Claims(studio.root, "b")
    word = Word(time=3, since=1, asks=2, ledger=40, seen={"b": 7}, making=("draft 0 x",))
    a.write(Word(time=1))
    a.write(word)
    assert b.others() == {"a": word} and a.others() == {} and a.own() == word
    assert [path.name for path in (studio.root / CLAIMS).iterdir()] == ["a.json"]


def test_a_crash_left_its_temp_file(studio: Studio) -> None:
    """A word is said all the same."""
    a = Claims(studio.root, "a")
    a.write(Word(time=1))
    (studio.root / CLAIMS / ".hotfolder-a-word.tmp").write_text("{")
    a.write(Word(time=2))
    assert a.own().time == 2


NONSENSE = {
    "torn": b'{"time": 4, "since"',
    "another kind": b'{"time": "now"}',
    "negative": b'{"time": -1}',
    "too large": b'{"making": ["' + b"x" * 2**20 + b'"]}',
    "deep": b'{"time": ' + b"[" * 50_000,
    "no JSON": b"\xff\xfe",
}


@pytest.mark.parametrize("kind", NONSENSE)
def test_nonsense_says_nothing(kind: str, studio: Studio) -> None:
    """A word that cannot be read leaves the last one standing."""
    reader, writer = Claims(studio.root, "a"), Claims(studio.root, "b")
    writer.write(Word(time=5))
    assert reader.others()["b"].time == 5
    (studio.root / CLAIMS / "b.json").write_bytes(NONSENSE[kind])
    (studio.root / CLAIMS / "c.json").write_bytes(NONSENSE[kind])
    assert reader.others() == {"b": Word(time=5)}


def test_links_and_names(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No link is followed, a conflict copy is no machine, and of very many only some are heard."""
    outside = tmp_path_factory.mktemp("outside") / "word.json"
    outside.write_bytes(msgspec.json.encode(Word(time=9)))
    a = Claims(studio.root, "a")
    a.write(Word())
    folder = studio.root / CLAIMS
    if hasattr(os, "symlink"):
        try:
            (folder / "linked.json").symlink_to(outside)
        except OSError:
            pytest.skip("no links here")
    (folder / "b (conflicted copy 2026-01-01).json").write_bytes(outside.read_bytes())
    assert a.others() == {}
    for number in range(3 * MOST_MACHINES):
        (folder / f"m-{number}.json").write_bytes(outside.read_bytes())
    assert len(a.others()) < MOST_MACHINES


def test_who_is_gone_is_remembered(studio: Studio) -> None:
    """In local state, for the next run."""
    Claims(studio.root, "a").keep_gone({"b": 4})
    assert Claims(studio.root, "a").gone() == {"b": 4}
