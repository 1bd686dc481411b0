"""Judgements and features on disk: durable, one file for each machine, tolerant of what is torn."""

from __future__ import annotations

import os
import sys

import pytest

from hotfolder.studio.layout import Studio
from hotfolder.studio.store import local, opinions
from hotfolder.taste.features import Features
from hotfolder.taste.judgements import Judgement

PICKED, REJECTED = Judgement("a", "picked", 1.5), Judgement("b", "rejected", 2.0)


def test_what_is_noted_is_read_again(studio: Studio) -> None:
    """In its order, by this machine and by others."""
    opinions.note(studio, [PICKED])
    opinions.note(studio, [REJECTED])
    assert opinions.judgements(studio) == [PICKED, REJECTED]
    assert [file.name for file in studio.taste.glob("*.jsonl")] == [f"{local.machine()}.jsonl"]


def test_judgements_are_on_the_disk_when_they_are_noted(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is synced, features are not: a power cut may cost time but no judgement."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    opinions.note(studio, [PICKED])
    count = len(synced)
    assert count >= 1
    opinions.keep(studio, Features("a"))
    opinions.keep(studio, Features("b"))
    before = len(synced)
    opinions.keep(studio, Features("c"))
    assert len(synced) == before


def test_a_torn_line_costs_itself_alone(studio: Studio) -> None:
    """A crash in the middle of a line spoils neither what was before nor what comes after."""
    opinions.note(studio, [PICKED])
    [file] = studio.taste.glob("*.jsonl")
    with file.open("ab") as stream:
        stream.write(b'{"picture":"c","how":"pi')
    opinions.note(studio, [REJECTED])
    assert opinions.judgements(studio) == [PICKED, REJECTED]


def test_lines_that_mean_nothing_are_passed_over(studio: Studio) -> None:
    """Of a later version, of another program, too long, or not even text."""
    opinions.note(studio, [PICKED])
    [file] = studio.taste.glob("*.jsonl")
    with file.open("ab") as stream:
        stream.write(b'[1]\n{"picture":"x","how":"adored"}\n\xff\xfe\n' + b"[" * 5000 + b"\n")
        stream.write(b'{"picture":"' + b"y" * 500_000 + b'","how":"picked"}\n')
    opinions.note(studio, [REJECTED])
    assert opinions.judgements(studio) == [PICKED, REJECTED]


def test_other_machines_can_be_left_out(studio: Studio) -> None:
    """Where a studio is not trusted, what others wrote is no judgement of its owner."""
    opinions.note(studio, [PICKED])
    (studio.taste / "other-12345678.jsonl").write_bytes(b'{"picture":"z","how":"picked"}\n')
    assert len(opinions.judgements(studio)) == 2
    assert opinions.judgements(studio, own_only=True) == [PICKED]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_no_link_is_read_or_written_through(studio: Studio, tmp_path: os.PathLike[str]) -> None:
    """It may lead anywhere."""
    secret = os.path.join(tmp_path, "secret")  # noqa: PTH118
    with open(secret, "wb") as stream:  # noqa: PTH123
        stream.write(b'{"picture":"z","how":"picked"}\n')
    studio.taste.mkdir()
    (studio.taste / "other.jsonl").symlink_to(secret)
    assert opinions.judgements(studio) == []
    (studio.taste / f"{local.machine()}.jsonl").symlink_to(secret)
    with pytest.raises(OSError):
        opinions.note(studio, [PICKED])


def test_features_keep_their_order(studio: Studio) -> None:
    """Which says how drafts were made one after the other."""
    for key in ("c", "a", "b"):
        opinions.keep(studio, Features(key, prompt="x", kinds={"k": b"\1\2"}))
    assert opinions.order(studio) == ["c", "a", "b"]
    assert [features.kinds["k"] for features in opinions.features(studio)] == [b"\1\2"] * 3


def test_a_studio_without_any(studio: Studio) -> None:
    """There is nothing to read, and that is no mistake."""
    assert opinions.judgements(studio) == []
    assert opinions.order(studio) == []


def test_what_somebody_adds_to_the_file_of_this_machine(studio: Studio) -> None:
    """Where only what is proved to be this machine's counts, forged lines do not."""
    opinions.note(studio, [PICKED])
    [file] = studio.taste.glob("*.jsonl")
    signed = file.read_bytes()
    forged = b'{"picture":"c","how":"picked","at":3.0,"stars":5}\n'
    file.write_bytes(forged + signed + forged + signed.replace(b'"a"', b'"d"'))
    assert opinions.judgements(studio, own_only=True) == [PICKED]
    assert len(opinions.judgements(studio)) == 4


def test_judgements_from_before_lines_were_signed(studio: Studio) -> None:
    """What stood there at the first look is this machine's own."""
    studio.taste.mkdir()
    line = '{"picture":"b","how":"rejected","at":2.0}\n'
    (studio.taste / f"{local.machine()}.jsonl").write_text(line)
    assert opinions.judgements(studio, own_only=True) == [REJECTED]
    opinions.note(studio, [PICKED])
    assert opinions.judgements(studio, own_only=True) == [REJECTED, PICKED]
