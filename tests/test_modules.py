"""Packages that list their own modules."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
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
