"""Ten thousand random sequences of keys against the plain model: `make test-browser`."""

from __future__ import annotations

import os
import random
from typing import Any

from hotfolder.light.table import Table
from tests.light.test_page import play

SEQUENCES = int(os.environ.get("HOTFOLDER_SEQUENCES", "10000"))
_IN_ONE = 100


def test_ten_thousand_sequences(page: Any, table: Table) -> None:
    """No difference in what is selected, where pictures lie and how they are marked."""
    for number in range(SEQUENCES // _IN_ONE):
        play(page, table, random.Random(1000 + number), rounds=_IN_ONE)
