"""All that the slice leaves out of what axe-core says: `make test-browser`."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from hotfolder.light.serving import Place, served
from hotfolder.light.table import Table
from hotfolder.studio.layout import Studio
from tests.light.conftest import opened
from tests.light.screenshots import PHONE
from tests.light.test_page import look_for_barriers, press, sound


@pytest.mark.parametrize(("scheme", "locale"), [("dark", "en"), ("light", "ja")])
def test_no_barriers(
    browser: Any, table: Table, place: Place, full: Studio, scheme: str, locale: str
) -> None:
    """Nothing serious on the page, in dialogs and in the large view, in the other two pairs."""
    look_for_barriers(browser, table, place, full, scheme, locale)


@pytest.mark.parametrize(("scheme", "locale"), list(product(("light", "dark"), ("en", "ja"))))
def test_no_barriers_elsewhere(
    browser: Any, table: Table, place: Place, scheme: str, locale: str
) -> None:
    """Nothing serious where two pictures are compared, where nothing is found, and on a phone."""
    how = {"color_scheme": scheme, "locale": locale, "bypass_csp": True}
    with served(table, place):
        with opened(browser, place.address(table.sessions.key()), **how) as page:
            press(page, "Home", "Enter", "b")
            sound(page, "the champion")
            press(page, "Escape", "End", "w")
            sound(page, "the wipe")
            press(page, "Escape", "x")
            sound(page, "what was done")
            press(page, "Control+z", "/")
            page.keyboard.type("nothing is called that")
            sound(page, "no pictures")
        with opened(browser, place.address(table.sessions.key()), **how, **PHONE) as page:
            sound(page, "the phone")
            page.locator("#grid [role=option]").first.tap()
            sound(page, "a picture on the phone")
