"""Ten thousand random sequences of keys against the plain model: `make test-browser`."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from hotfolder.light.table import Table
from tests.light.test_page import play

SEQUENCES = int(os.environ.get("HOTFOLDER_SEQUENCES", "10000"))
_IN_ONE = 100


@pytest.mark.parametrize("first", range(0, SEQUENCES, _IN_ONE))
def test_ten_thousand_sequences(page: Any, table: Table, first: int) -> None:
    """No difference in what is selected, where pictures lie and how they are marked."""
    play(page, table, random.Random(1000 + first // _IN_ONE), rounds=min(_IN_ONE, SEQUENCES))
