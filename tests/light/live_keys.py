"""Ten thousand random sequences of keys against the plain model: `make test-browser`.

They can be run in parts, each hundred with a seed of its own:
`HOTFOLDER_SEQUENCES=1000-4000 python -m pytest -o python_files=live_keys.py tests/light`.
"""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from hotfolder.light.table import Table
from tests.light.test_page import play

_FIRST, _, _END = os.environ.get("HOTFOLDER_SEQUENCES", "0-10000").rpartition("-")
FIRST, END = int(_FIRST or 0), int(_END)
_IN_ONE = 100


@pytest.mark.parametrize("first", range(FIRST, END, _IN_ONE))
def test_ten_thousand_sequences(page: Any, table: Table, first: int) -> None:
    """No difference in what is selected, where pictures lie and how they are marked."""
    rounds = min(_IN_ONE, END - first)
    play(page, table, random.Random(1000 + first // _IN_ONE), rounds)
