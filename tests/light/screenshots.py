"""The pictures of the documentation: python -m tests.light.screenshots STUDIO."""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from hotfolder.light.serving import listen, served
from hotfolder.light.table import Table
from hotfolder.studio import layout
from tests.conftest import BROWSERS, FLAGS
from tests.forkserver import until
from tests.light.conftest import opened

DOCS = Path(__file__).parents[2] / "docs"
DESK = {"viewport": {"width": 1360, "height": 850}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
_FINEST = """SELECT source FROM picture WHERE there AND room='final'
  ORDER BY path NOT LIKE '%evening%', path LIMIT 1"""
_FIRST_STACK = """async () => {
  const { isStack } = await import("/static/api.js");
  const { ids, flags } = light.table.view;
  const at = flags.findIndex(isStack);
  return at < 0 ? null : ids[at];
}"""


def main(root: Path) -> None:
    """Take them all, of a studio that has drafts, look-alikes, picks, finals and a folder."""
    from playwright.sync_api import sync_playwright

    table, place = Table(layout.find(root)), listen(port=0)
    count = "SELECT COUNT(*) FROM picture WHERE there AND version = 0"
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    with served(table, place), sync_playwright() as playwright:
        until(lambda: table.catalogue.rows(count) == [(0,)], 300)
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)

        def page(**options: Any) -> opened:
            return opened(browser, place.address(table.sessions.key()), **options)

        with page(**DESK, color_scheme="light") as light:
            press(light, "Home", "ArrowDown", "ArrowRight", "4", "ArrowRight", "ArrowRight", "i")
            ((recipe,),) = table.catalogue.rows(_FINEST)
            ((seed,),) = table.catalogue.rows("SELECT id FROM picture WHERE recipe=?", [recipe])
            choose(light, seed)
            shoot(light, "light")
            press(light, "i")
            light.get_by_role("button", name="Stack look-alikes").click()
            until(lambda: light.evaluate(_FIRST_STACK) is not None, 60)
            choose(light, light.evaluate(_FIRST_STACK))
            shoot(light, "light-stacks")
            light.get_by_role("button", name="Stack look-alikes").click()
            press(light, "n")
            field = light.locator("dialog.wish textarea")
            field.fill("a castle by the {lake|sea}, {evening|morning} light")
            light.locator("dialog.wish select").first.select_option(index=1)
            shoot(light, "light-prompt")
        with page(**DESK, color_scheme="dark") as dark:
            press(dark, "Home", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight")
            shoot(dark, "light-dark")
            press(dark, "Shift+ArrowRight", "c")
            shoot(dark, "light-compare")
            press(dark, "Escape")
            choose(dark, seed)
            press(dark, "w")
            shoot(dark, "light-wipe")
        with page(**PHONE, color_scheme="light", locale="ja") as phone:
            shoot(phone, "light-phone")
        browser.close()
    table.close()


def press(page: Any, *keys: str) -> None:
    """Press keys, and wait until all is done."""
    for key in keys:
        page.keyboard.press(key)
    page.evaluate("light.table.settled()")


def choose(page: Any, id_: int) -> None:
    """Select a picture, and bring it into sight."""
    state = f"{{current: {id_}, anchor: {id_}, selected: [{id_}]}}"
    page.evaluate(f"light.table.select({state}), light.grid.reveal({id_})")


def shoot(page: Any, name: str) -> None:
    """Keep what is to be seen, in few enough colours for a repository."""
    page.wait_for_timeout(1500)
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    image.save(DOCS / f"{name}.jpg", quality=86, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
