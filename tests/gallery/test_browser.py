"""The gallery in a real browser, from a folder: with scripts and without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hotfolder.cli import main
from hotfolder.studio.layout import Studio


@pytest.fixture
def index(picked: Studio, tmp_path: Path) -> str:
    """The address of a gallery with four finals."""
    main(["gallery", str(picked.root), "-o", str(tmp_path / "site"), "--prompts"])
    return (tmp_path / "site" / "index.html").as_uri()


def test_with_scripts(browser: Any, index: str) -> None:
    """Full screen by a click and the keys, search, the wipe; nothing is asked of any server."""
    from playwright.sync_api import expect

    page = browser.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(index)
    ids = [link.get_attribute("data-id") for link in page.locator("#wall a").all()]
    assert len(ids) == 4
    page.locator("#wall a").first.click()
    large = page.locator(f'.pswp__img[src$="{ids[0]}.jpg"]')
    large.wait_for()
    page.keyboard.press("ArrowRight")
    about = page.locator(f'.pswp a[href$="{ids[1]}.html"]')
    about.wait_for()
    page.keyboard.press("Escape")
    page.locator(".pswp").wait_for(state="detached")

    prompts = [image.get_attribute("alt") for image in page.locator("#wall img").all()]
    page.locator("#search input").fill(prompts[-1].split()[0].upper())
    page.locator("#found:not(:empty)").wait_for()
    found = [image.get_attribute("alt") for image in page.locator("#wall img").all()]
    assert found == [p for p in prompts if prompts[-1].split()[0].lower() in p.lower()]
    page.locator("#search input").fill("zeppelin")
    expect(page.locator("#wall li")).to_have_count(0)
    page.locator("#search input").fill("")
    expect(page.locator("#wall li")).to_have_count(4)

    page.goto(index.replace("index.html", f"picture/{ids[0]}.html"))
    slider = page.locator(".wipe input")
    slider.fill("20")
    assert (
        page.locator(".wipe .over").evaluate("over => over.style.clipPath")
        == "inset(0px 80% 0px 0px)"
    )
    page.keyboard.press("Tab")
    page.locator("body").press("ArrowRight")
    page.wait_for_url(f"**/{ids[1]}.html")
    assert not wrong and all(url.startswith(("file:", "data:")) for url in asked)
    page.close()


def test_without_scripts(browser: Any, index: str) -> None:
    """Pictures hang in rows of one height, and each has a page with its draft and its prompt."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 700, "height": 800})
    page = context.new_page()
    page.goto(index)
    boxes = [cell.bounding_box() for cell in page.locator("#wall li").all()]
    rows: dict[int, list[float]] = {}
    for box in boxes:
        rows.setdefault(round(box["y"]), []).append(box["height"])
    assert all(max(heights) - min(heights) <= 1 for heights in rows.values()) and len(boxes) == 4
    assert not page.locator("#search").is_visible()
    page.locator("#wall a").first.click()
    page.wait_for_url("**/picture/*.html")
    assert page.locator("figure.draft img").is_visible()
    assert not page.locator(".wipe").is_visible()
    assert page.locator(".prompt").inner_text().endswith("calm colours")
    page.locator("ul.tags a").first.click()
    page.wait_for_url("**/tag/*.html")
    assert page.locator("#wall li").count() == 2
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barriers(browser: Any, index: str, scheme: str) -> None:
    """axe-core finds nothing serious on the wall, in full screen and on a picture's page."""
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(color_scheme=scheme, bypass_csp=True)
    page = context.new_page()

    def sound(where: str) -> None:
        grave = [
            violation
            for violation in Axe().run(page).response["violations"]
            if violation["impact"] in ("serious", "critical")
        ]
        assert not grave, (where, [(one["id"], one["nodes"][0]["html"]) for one in grave])

    page.goto(index)
    sound("the wall")
    page.locator("#wall a").first.click()
    page.locator(".pswp__img").first.wait_for()
    page.wait_for_timeout(500)
    sound("full screen")
    page.goto(index)
    page.goto(page.locator("#wall a").first.evaluate("link => link.href"))
    sound("a picture's page")
    context.close()
