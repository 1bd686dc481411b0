"""Packages that list their own modules."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hotfolder import stars
from hotfolder.images import metadata
from hotfolder.images.foreign import readers
from hotfolder.modules import modules_of
from hotfolder.prompts import formats
from hotfolder.stars import detectors

resource = pytest.importorskip("resource")


@contextmanager
def no_more_open_files() -> Iterator[None]:
    """Any further `open` fails with EMFILE."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.open(os.devnull, os.O_RDONLY)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_modules_of() -> None:
    """Every module of a package is found under its name, the package itself is not."""
    found = modules_of(stars)
    assert {"detectors", "mark", "xmp"} <= found.keys()
    assert "__init__" not in found
    assert found["detectors"] is detectors


@pytest.mark.parametrize(
    "listed", [metadata._containers, readers._readers, formats._formats, detectors._detectors]
)
def test_too_many_open_files(listed: Any) -> None:
    """A list that cannot be made now is not remembered as an empty one."""
    all_of_them = listed()
    listed.cache_clear()
    with no_more_open_files(), pytest.raises(OSError, match="Too many open files"):
        listed()
    assert listed() == all_of_them


def install(folder: Path, module: str, text: str, group: str, **names: str) -> None:
    """A package as pip leaves it: one module, and entry points of one group."""
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    points = "".join(f"{name} = {value}\n" for name, value in names.items())
    (info / "entry_points.txt").write_text(f"[{group}]\n{points}")
    (folder / f"{module}.py").write_text(text)


CSV = """
from hotfolder.recipes.prompt import Prompt
SUFFIXES = (".csv",)
READS = "text"
def parse(text):
    return tuple(Prompt(text=line.partition(",")[0]) for line in text.splitlines())
"""
READER = """
from hotfolder.images.generation_params import GenerationParams
def read(metadata):
    return GenerationParams(program="Mine", prompt="x") if metadata.text("mine") else None
"""
MARK = """
from hotfolder.stars.mark import Mark
def marks(draft):
    return [Mark("name", stars=5)] if "best" in draft.path else []
"""


def test_another_package_adds_a_prompt_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry point makes files with its ending prompt files, without a change here."""
    install(tmp_path, "csv_prompts", CSV, "hotfolder.prompts", csv="csv_prompts")
    monkeypatch.syspath_prepend(tmp_path)
    formats._formats.cache_clear()
    try:
        assert ".csv" in formats.suffixes()
        assert [p.text for p in formats.parse_text(".csv", "a castle,1\na boat,2")] == [
            "a castle",
            "a boat",
        ]
    finally:
        formats._formats.cache_clear()


def test_another_package_adds_a_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of another program bring their prompts along once its reader is installed."""
    install(tmp_path, "my_reader", READER, "hotfolder.images.foreign", mine="my_reader")
    monkeypatch.syspath_prepend(tmp_path)
    readers._readers.cache_clear()
    try:
        shown = readers.read(metadata.Metadata(8, 8, (("mine", "yes"),)))
        assert shown is not None
        assert shown.program == "Mine"
    finally:
        readers._readers.cache_clear()


def test_another_package_adds_a_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its detector is asked with the others."""
    install(tmp_path, "my_mark", MARK, "hotfolder.stars", mine="my_mark")
    monkeypatch.syspath_prepend(tmp_path)
    detectors._detectors.cache_clear()
    try:
        assert "mine" in detectors._detectors()
    finally:
        detectors._detectors.cache_clear()


def test_extensions_that_cannot_be_used_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each gets a sentence, and everything else works."""
    names = {"xmp": "broken", "gone": "nowhere_at_all", "number": "broken:N", "bad": "broken:X"}
    install(tmp_path, "broken", "N = 7\n", "hotfolder.stars", **names)
    monkeypatch.syspath_prepend(tmp_path)
    assert names.keys() & modules_of(stars).keys() == {"xmp"}
    said = "\n".join(caplog.messages)
    for sentence in (
        "'xmp' of hotfolder.stars (broken) is not used: hotfolder has a module of that name",
        "'gone' of hotfolder.stars (nowhere_at_all) is not used: it cannot be imported",
        "'number' of hotfolder.stars (broken:N) is not used: expected a module, got int",
        "'bad' of hotfolder.stars (broken:X) is not used: it cannot be imported",
    ):
        assert sentence in said
