"""Fixtures for all tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

import pytest


@pytest.fixture
def tool() -> Callable[[str], str]:
    """Finds a program that a live test drives: `tool("exiftool")` is its path.

    Where it is missing the test is skipped, with HOTFOLDER_REQUIRE_TOOLS=1 it fails.
    """

    def find(name: str) -> str:
        path = shutil.which(name)
        if path:
            return path
        if os.environ.get("HOTFOLDER_REQUIRE_TOOLS") == "1":
            pytest.fail(f"{name} is not installed, and HOTFOLDER_REQUIRE_TOOLS=1 asks for it")
        pytest.skip(f"{name} is not installed")

    return find
