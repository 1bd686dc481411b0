"""The whole way in a browser, beside a real daemon with the shipped model."""

from __future__ import annotations

from typing import Any

import pytest

from hotfolder.daemon import Daemon
from hotfolder.light.posting import Posting
from hotfolder.light.table import Table
from hotfolder.report.progress import Lines
from hotfolder.studio.layout import Studio
from hotfolder.studio.store.lock import locked
from tests.daemon_thread import at_work
from tests.forkserver import until
from tests.light.test_page import becomes, press
from tests.test_flow import QUICK

HERE = "light.table.view.ids.length"


@pytest.mark.timeout(900)
def test_from_a_wish_to_finals(page: Any, table: Table, full: Studio) -> None:
    """A prompt from the form becomes drafts, which are seen while they are made and then appear by
    themselves; a star refines one of them, and a final is made again bit for bit.
    """
    for seed in full.seeds.iterdir():
        seed.rename(full.root / seed.name)  # those are not what this is about
    (full.profiles / "quick.toml").write_text(QUICK.replace("steps = 2", "steps = 10"))
    full.settings.write_text('profile = "quick"\nsettle_seconds = 0.1\nlook_seconds = 1\n')
    becomes(page, f"{HERE} === 38")
    daemon = Daemon(full, Posting(Lines(), full.root))
    with locked(full.root), at_work(daemon):
        press(page, "n")
        page.locator("dialog.wish textarea").fill("a castle by a lake")
        page.locator("dialog.wish input").nth(1).fill("6")
        page.wait_for_selector("dialog.wish .main:enabled", timeout=120_000)
        page.locator("dialog.wish .main").click()
        page.wait_for_selector(".making img[src]", timeout=300_000)
        becomes(page, f"{HERE} === 44")
        page.wait_for_selector(".cell .fresh", timeout=120_000)
        press(page, "Home", "5")
        until(lambda: len(list(full.final.rglob("*.png"))) == 9, 300)
        (path,) = (path for path, stars in starred(table) if stars == 5)
        assert path.startswith("seeds/"), "the daemon has moved it, and it is the same picture"
        assert page.evaluate(f"{HERE}") == 44
        page.locator('#rooms button[data-room="final"]').click()
        becomes(page, f"{HERE} === 9")
        press(page, "Home", "i")
        page.locator("#panel button", has_text="Make again and compare").click()
        becomes(page, "light.viewer.mode === 'wipe' && light.viewer.isOpen")
        assert page.locator(".viewer .caption").inner_text().startswith("Identical, bit for bit")
        loaded = "[...document.querySelectorAll('.pane img')].map((img) => img.naturalWidth)"
        becomes(page, f"new Set({loaded}).size === 1 && {loaded}[0] > 0")


def starred(table: Table) -> list[tuple[str, int]]:
    """The pictures that have stars."""
    query = "SELECT path, beside FROM picture WHERE there AND beside > 0"
    return [(row[0], row[1]) for row in table.catalogue.rows(query)]
