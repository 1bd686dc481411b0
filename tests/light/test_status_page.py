"""STATUS.html: for those who see only the folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hotfolder.light.posting import Posting
from hotfolder.light.status_page import NAME, StatusPage
from hotfolder.report.progress import Lines
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import status_file
from hotfolder.studio.store.status_file import StatusFile
from tests.light.pictures import draft


@pytest.fixture
def wanted(full: Studio) -> Studio:
    """A studio whose owner wants the page."""
    with full.settings.open("a") as settings:
        settings.write("status_page = true\n")
    return full


def test_it_is_off_by_default(full: Studio) -> None:
    """Nobody asked for a file in the folder."""
    assert not StatusPage(full).write()
    assert not (full.root / NAME).exists()


def test_it_says_what_there_is(wanted: Studio) -> None:
    """What is made, waits and failed and why, and the newest pictures; new only when that is."""
    progress = Posting(Lines(), wanted.root)
    progress.began("draft for castle.txt", 1)
    progress.step(3, 12, 1)
    progress.warn("the disk is nearly full")
    progress.warn("inbox/<b>.txt has a mistake: read inbox/failed/<b>.txt.error.txt")
    status_file.post(wanted.root, StatusFile(waits={"inbox/a.txt": "it has to wait"}))
    (wanted.failed / "<b>.txt").write_text("x")
    (wanted.failed / "<b>.txt.error.txt").write_text("promt: unknown key")
    page = StatusPage(wanted)
    assert page.write()
    text = (wanted.root / NAME).read_text("utf-8")
    assert text.count("&lt;b&gt;.txt") == 1, "each mistake is told once"
    for said in ("38 drafts, 2 picked, 6 finals", "step 3 of 12",
                 "inbox/a.txt: it has to wait", "&lt;b&gt;.txt: promt: unknown key",
                 "the disk is nearly full"):  # fmt: skip
        assert said in text
    assert text.count("<img") == 18 and "<script" not in text and "http://" not in text
    assert not page.write()
    (wanted.drafts / "new.png").write_bytes(draft(77))
    assert page.write()


def test_a_page_of_the_owner_s_own_is_left_alone(wanted: Studio, tmp_path: Path) -> None:
    """Neither overwritten nor written through."""
    file = wanted.root / NAME
    file.write_text("mine")
    assert not StatusPage(wanted).write()
    assert file.read_text() == "mine"
    file.unlink()
    file.symlink_to(tmp_path / "elsewhere.html")
    assert not StatusPage(wanted).write()
    assert not (tmp_path / "elsewhere.html").exists()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barriers(browser: Any, wanted: Studio, scheme: str) -> None:
    """axe-core finds nothing serious in it, and no script's error."""
    from axe_playwright_python.sync_playwright import Axe

    StatusPage(wanted).write()
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto((wanted.root / NAME).as_uri())
    found = Axe().run(page).response["violations"]
    assert not [v["id"] for v in found if v["impact"] in ("serious", "critical")]
    context.close()
