"""The light table in a real browser: what keys do, what is seen, what is said."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from hotfolder.light import app
from hotfolder.light.serving import Place, served
from hotfolder.light.table import Table
from hotfolder.studio.layout import Studio
from tests.forkserver import comes_true, until
from tests.light.conftest import Portraits, opened, portray_all
from tests.light.model import KEYS, Model
from tests.light.pictures import draft
from tests.light.test_attacks import scripted  # noqa: F401 - a fixture

STATE = """() => ({
  ids: Array.from(light.table.view.ids),
  current: light.table.selection.current,
  selected: [...light.table.selection.selected].sort((a, b) => a - b),
})"""
DRIVE = """async (keys) => {
  for (const key of keys) {
    const parts = key.split("+");
    const name = parts.pop();
    document.getElementById("grid").dispatchEvent(new KeyboardEvent("keydown", {
      key: name, ctrlKey: parts.includes("Ctrl"), shiftKey: parts.includes("Shift"),
      bubbles: true, cancelable: true,
    }));
  }
  await light.table.settled();
}"""


def press(page: Any, *keys: str) -> None:
    """Press keys as a person does, and wait until all is done."""
    for key in keys:
        page.keyboard.press(key)
    page.evaluate("light.table.settled()")


def becomes(page: Any, expression: str) -> None:
    """Wait until something is so; the page's policy forbids Playwright's own way, as it should."""
    until(lambda: page.evaluate(expression), 120)


def test_a_person_marks_and_takes_back(page: Any, table: Table, full: Studio) -> None:
    """Stars, pick, reject, delete: files move, the next picture is selected, undo brings back."""
    before = sorted(path.name for path in full.drafts.rglob("*.png"))
    press(page, "Home", "ArrowRight")
    state = page.evaluate(STATE)
    first, second, third = state["ids"][1:4]
    press(page, "p")
    assert table.catalogue.shown([first])[0].room == "seeds"
    assert page.evaluate(STATE)["current"] == first, "a pick stays where it is"
    press(page, "Space", "x")
    assert table.catalogue.shown([second])[0].room == "rejected"
    assert page.evaluate(STATE)["current"] == third
    press(page, "4")
    assert table.catalogue.shown([third])[0].stars == 4
    press(page, "Delete")
    assert not table.catalogue.shown([third])
    press(page, *["Control+z"] * 4)
    assert sorted(path.name for path in full.drafts.rglob("*.png")) == before
    assert page.evaluate(STATE)["current"] == first


def test_several_at_once(page: Any, table: Table) -> None:
    """A range is rejected in one act, the picture after it is next, one undo selects them again."""
    press(page, "Home", "Shift+ArrowRight", "Shift+ArrowRight")
    state = page.evaluate(STATE)
    press(page, "x")
    after = page.evaluate(STATE)
    assert after["current"] == state["ids"][3] and after["selected"] == [state["ids"][3]]
    press(page, "Control+z")
    assert page.evaluate(STATE)["selected"] == state["selected"]


@pytest.mark.parametrize("seed", range(2))
def test_random_keys_against_a_plain_model(page: Any, table: Table, seed: int) -> None:
    """Whatever is pressed: what is selected and marked is what the model says; all is undone."""
    play(page, table, random.Random(seed), rounds=8)


def marks(table: Table) -> dict[int, tuple[str, int]]:
    """Where each picture lies, and its stars."""
    query = "SELECT id, room, COALESCE(beside, own) FROM picture WHERE there"
    return {id_: (room, stars) for id_, room, stars in table.catalogue.rows(query)}


def play(page: Any, table: Table, rand: random.Random, rounds: int) -> None:
    """Press random keys, comparing with the model after each few."""
    state = page.evaluate(STATE)
    rooms = dict(table.catalogue.rows("SELECT id, room FROM picture WHERE there"))
    model = Model(state["ids"], dict(rooms), state["current"])
    for _ in range(rounds):
        keys = rand.choices(KEYS, k=rand.randint(1, 6))
        for key in keys:
            model.press(key)
        page.evaluate(DRIVE, keys)
        # What moved on the disk is heard of a moment later; the page must come to rest as it ought.
        comes_true(lambda: page.evaluate(STATE)["ids"] == model.order, 30)
        state = page.evaluate(STATE)
        assert state["ids"] == model.order, keys
        assert state["current"] == model.current, keys
        assert state["selected"] == sorted(model.selected), keys
        assert marks(table) == model.marks(), keys
    page.evaluate(DRIVE, ["Ctrl+z"] * (model.depth + 1))
    assert marks(table) == {id_: (rooms[id_], 0) for id_ in rooms}


STATIC = Path(app.__file__).parent / "static"
HREFS = "(all) => all.map((one) => new URL(one.href || one.src).pathname)"

# Packs random shapes from both ends. Returns the share of rows that are not as wide as the window,
# and how much larger and smaller than wanted pictures get at most.
PACK = """async (seed) => {
  const { pack } = await import("/static/layout.js");
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const found = { rows: 0, narrow: 0, largest: 0, smallest: 9, moved: 0 };
  for (let round = 0; round < 500; round++) {
    const count = Math.floor(random() * 60);
    const width = 300 + random() * 1200;
    const target = Math.min(90 + random() * 300, width * 0.8);
    const shapes = Uint16Array.from({ length: count }, () => 400 + random() * 1800);
    for (const fromEnd of [true, false]) {
      const rows = pack(shapes, width, target, 6, fromEnd);
      if (rows.starts[rows.heights.length] !== count) throw new Error("not all are there");
      rows.heights.forEach((height, row) => {
        const inside = shapes.subarray(rows.starts[row], rows.starts[row + 1]);
        const gaps = 6 * (inside.length - 1);
        const wide = inside.reduce((sum, shape) => sum + (shape / 1000) * height, gaps);
        if (wide > width + 1) throw new Error("too wide");
        if (rows.heights.length === 1) return;
        found.rows += 1;
        found.narrow += wide < width - 1;
        found.largest = Math.max(found.largest, height / target);
        found.smallest = Math.min(found.smallest, height / target);
      });
      if (!fromEnd || !count) continue;
      const fewer = pack(shapes.subarray(1), width, target, 6, fromEnd); // one has come in front
      const fromLast = (all) => [...all.starts].map((start) => all.starts.at(-1) - start);
      const were = new Set(fromLast(fewer));
      found.moved += fromLast(rows).slice(3).some((start) => !were.has(start));
    }
  }
  return found;
}"""


def test_all_modules_are_asked_for_at_once(page: Any) -> None:
    """The page names every module that it needs: none is waited for only when another has come."""
    named = set(page.locator("link[rel=modulepreload], script").evaluate_all(HREFS))
    lying = {f"/static/{path.relative_to(STATIC)}" for path in STATIC.rglob("*.js")}
    assert named == lying


def test_rows_are_filled(page: Any) -> None:
    """All pictures are there, in rows as wide as the window but for very few; sizes differ little,
    and most where a phone has two or three pictures in a row.
    """
    found = page.evaluate(PACK, 1)
    assert found["narrow"] < 0.01 * found["rows"]
    assert found["largest"] <= 2
    assert found["smallest"] > 0.3, "of panoramas in a narrow window"
    assert not found["moved"], "what comes in front changes the first two rows only"


def test_new_drafts_do_not_move_what_one_looks_at(page: Any, full: Studio) -> None:
    """They appear by themselves; the selected picture stays at its place on the screen."""
    press(page, "Home", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown")
    where = "document.querySelector('.cell.current').getBoundingClientRect().top"
    before, ids = page.evaluate(where), page.evaluate(STATE)
    for number in range(3):
        (full.drafts / f"new-{number}.png").write_bytes(draft(50 + number))
    becomes(page, "light.table.view.ids.length === 43")
    page.wait_for_timeout(3500)  # their shapes are known now, too
    after = page.evaluate(STATE)
    assert after["current"] == ids["current"]
    assert abs(page.evaluate(where) - before) < 2


def test_large_views(page: Any, table: Table) -> None:
    """Full screen, compare, champion and wipe go where their keys say."""
    press(page, "Home", "Enter")
    page.wait_for_selector(".viewer img")
    assert page.locator(".viewer .pane").count() == 1
    ids = page.evaluate(STATE)["ids"]
    press(page, "ArrowRight")
    assert page.evaluate("light.viewer.current") == ids[1]
    press(page, "b")
    assert page.evaluate("light.viewer.ids") == ids[1:3]
    press(page, "ArrowRight", "ArrowRight")
    assert page.evaluate("light.viewer.ids") == [ids[1], ids[4]], "the champion stays"
    press(page, "s")
    assert page.evaluate("light.viewer.ids") == [ids[4], ids[1]]
    press(page, "Escape", "Home", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "c")
    becomes(page, "document.querySelectorAll('.viewer .pane').length === 4")
    press(page, "z")
    scale = "(img) => parseFloat(img.style.width) / img.naturalWidth"
    scales = page.evaluate(f"[...document.querySelectorAll('.pane img')].map({scale})")
    assert len(set(scales)) == 1, "all are zoomed alike"
    press(page, "Escape")
    page.locator('#rooms button[data-room="final"]').click()
    becomes(page, "light.table.view.ids.length === 6")
    press(page, "Home", "w")
    page.wait_for_selector(".viewer .line")
    assert page.evaluate("light.viewer.mode") == "wipe"


def test_what_one_looks_at_is_asked_for_first(page: Any) -> None:
    """The thumbnail of the first picture in sight is made before those below it."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.wait_for_selector(".cell.ready")
    url = next(url for url in asked if "/thumbnails?" in url)
    ids, beyond = url.partition("ids=")[2].split("&beyond=")
    wanted = [int(id_) for id_ in ids.split(",")][int(beyond) :]
    first = page.evaluate(STATE)["ids"][: len(wanted)]
    assert wanted == first[::-1], "the last one is made next"


def test_a_prompt_is_checked_while_it_is_typed(page: Any, full: Studio) -> None:
    """The daemon's own checker speaks; what is right lands in inbox/ as a file, and nobody is led
    to wait for pictures while nothing makes them.
    """
    press(page, "n")
    field = page.locator("dialog.wish textarea")
    field.fill("a castle, __nothing__")
    page.wait_for_selector("dialog.wish .mistakes li")
    assert "wildcards/nothing.txt" in page.locator("dialog.wish .mistakes").inner_text()
    field.fill("a castle by the {sea|lake}")
    page.locator("dialog.wish input").nth(1).fill("3")
    becomes(page, "document.querySelector('.makes').textContent.startsWith('3')")
    page.locator("dialog.wish .main").click()
    until(lambda: list(full.inbox.glob("*.toml")), 10)
    page.wait_for_selector(".toast")
    assert "hotfolder is not running" in page.locator(".toast").inner_text()
    (file,) = full.inbox.glob("*.toml")
    assert file.read_text() == 'prompt = "a castle by the {sea|lake}"\ncount = 3\n'


def test_a_failed_file_is_mended(page: Any, full: Studio) -> None:
    """Its note is read where it is mended; the mended file is in inbox/, the note is gone."""
    (full.failed / "typing.toml").write_text('promt = "a castle"')
    (full.failed / "typing.toml.error.txt").write_text("promt: unknown key")
    page.wait_for_selector("button.failing:not([hidden])", timeout=120_000)
    page.locator("button.failing").click()
    assert "unknown key" in page.locator("dialog.mend .note").inner_text()
    page.locator("dialog.mend textarea").fill('prompt = "a castle"')
    page.locator("dialog.mend .main").click()
    until(lambda: not list(full.failed.iterdir()), 10)
    assert (full.inbox / "typing.toml").read_text() == 'prompt = "a castle"'


@pytest.mark.parametrize(("scheme", "locale"), [("light", "en"), ("dark", "ja")])
def test_no_barriers(
    browser: Any, table: Table, place: Place, full: Studio, scheme: str, locale: str
) -> None:
    """axe-core finds nothing serious on the page, in dialogs and in the large view."""
    look_for_barriers(browser, table, place, full, scheme, locale)


def sound(page: Any, where: str) -> None:
    """See to it that axe-core finds nothing serious."""
    from axe_playwright_python.sync_playwright import Axe

    page.wait_for_timeout(300)
    found = Axe().run(page).response["violations"]
    grave = [v for v in found if v["impact"] in ("serious", "critical")]
    first = [violation["nodes"][0] for violation in grave]
    assert not grave, (where, [(node["html"], node["failureSummary"]) for node in first])


def look_for_barriers(
    browser: Any, table: Table, place: Place, full: Studio, scheme: str, locale: str
) -> None:
    """Go through all that can be opened, in a colour scheme and a language."""
    (full.inbox / "night").mkdir()
    (full.inbox / "night/folder.toml").write_text("count = 3\n")
    (full.failed / "typing.toml").write_text('promt = "a castle"')
    (full.failed / "typing.toml.error.txt").write_text("promt: unknown key")

    with served(table, place):
        address = place.address(table.sessions.key())
        with opened(browser, address, color_scheme=scheme, locale=locale, bypass_csp=True) as page:
            assert page.evaluate("document.documentElement.lang") == locale
            press(page, "Home", "ArrowRight", "p", "3", "i", "f")
            sound(page, "the grid")
            for key, where in (("n", "the form"), ("?", "the keys"), ("l", "the work")):
                page.locator("#grid").focus()
                press(page, key)
                page.wait_for_selector("dialog")
                if key == "n":
                    folders = page.locator("dialog.wish select").first
                    folders.locator("option").nth(1).wait_for(state="attached")
                    folders.select_option("night")
                    page.wait_for_selector("dialog.wish .said code")
                sound(page, where)
                press(page, "Escape")
            page.locator("#tools button").last.click()
            sound(page, "the menu")
            press(page, "Escape")
            page.locator("button.failing").click()
            page.wait_for_selector("dialog.mend section")
            sound(page, "failed files")
            press(page, "Escape")
            page.locator("#grid").focus()
            press(page, "Enter", "c")
            sound(page, "the large view")


def test_scripts_do_not_run(browser: Any, scripted: Studio, place: Place) -> None:  # noqa: F811
    """A script in a prompt, EXIF, a name, a wildcard or a note is shown as text."""
    table = Table(scripted)
    try:
        portray_all(table, 48, {})
        with served(table, place), opened(browser, place.address(table.sessions.key())) as page:
            press(page, "Home", "i", "f")
            for _ in range(3):
                press(page, "ArrowRight")
                page.wait_for_timeout(300)
            until(lambda: table.catalogue.at("drafts/elsewhere.jpg") is not None, 60)
            elsewhere = table.catalogue.at("drafts/elsewhere.jpg")
            assert elsewhere is not None
            one = elsewhere.id
            page.evaluate(
                f"light.table.select({{current: {one}, anchor: {one}, selected: [{one}]}})"
            )
            told = "document.querySelector('#panel dd')?.textContent ?? ''"
            becomes(page, f"({told}).includes('</script> from elsewhere')")
            page.locator("button.failing").click()
            page.wait_for_selector("dialog.mend section")
            press(page, "Escape", "n")
            page.wait_for_selector("dialog.wish .word")
            assert page.title() == "hotfolder"
            assert page.locator("script:not([src])").count() == 0
    finally:
        table.close()


def test_the_page_outlives_its_server(browser: Any, full: Studio, portraits: Portraits) -> None:
    """Killed and started again on the same port: the page says so and goes on by itself."""
    from hotfolder.light.serving import listen

    place = listen(port=0)
    table = Table(full)
    portray_all(table, 46, portraits)
    with served(table, place):
        view = opened(browser, place.address(table.sessions.key()))
        page = view.__enter__()
    table.close()
    page.wait_for_selector("#notice:not([hidden])", timeout=120_000)
    place = listen(port=place.port)
    table = Table(full)
    try:
        with served(table, place):
            page.wait_for_selector("#notice", state="hidden", timeout=120_000)
            press(page, "Home", "5")
            assert table.catalogue.rows("SELECT COUNT(*) FROM picture WHERE beside=5") == [(1,)]
            view.__exit__()
    finally:
        table.close()


def test_a_page_that_slept_asks_anew(browser: Any, address: str, full: Studio) -> None:
    """A minute without a word: a new connection, and what came meanwhile is there."""
    with opened(browser, address, clock=True) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.clock.fast_forward(60_000)
        until(lambda: page.evaluate("1") and any(url.endswith("/events") for url in asked), 120)
        (full.drafts / "new.png").write_bytes(draft(60))

        def is_there() -> bool:
            page.clock.run_for(1_000)
            return bool(page.evaluate("light.table.view.ids.length === 41"))

        until(is_there, 120)
        assert page.evaluate("document.getElementById('notice').hidden")


def test_a_studio_that_vanishes_is_told(page: Any, full: Studio) -> None:
    """Nothing counts as deleted meanwhile, and it goes on when the folder is back."""
    away = full.root.with_name("away")
    full.root.rename(away)
    page.wait_for_selector("#notice:not([hidden])", timeout=120_000)
    assert page.evaluate("light.table.view.ids.length") == 40
    away.rename(full.root)
    page.wait_for_selector("#notice", state="hidden", timeout=120_000)
    assert page.evaluate("light.table.view.ids.length") == 40
