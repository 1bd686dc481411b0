"""The other two pairs of colour scheme and language before axe-core: `make test-browser`."""

from __future__ import annotations

from typing import Any

import pytest

from hotfolder.light.serving import Place
from hotfolder.light.table import Table
from hotfolder.studio.layout import Studio
from tests.light.test_page import look_for_barriers


@pytest.mark.parametrize(("scheme", "locale"), [("dark", "en"), ("light", "ja")])
def test_no_barriers(
    browser: Any, table: Table, place: Place, full: Studio, scheme: str, locale: str
) -> None:
    """Nothing serious on the page, in dialogs and in the large view."""
    look_for_barriers(browser, table, place, full, scheme, locale)
