"""What is said of one picture: where it comes from, what was done, what was drawn anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

from hotfolder.images import regions
from hotfolder.images.picture import publishable
from hotfolder.light.panel import details
from hotfolder.light.table import Table
from hotfolder.recipes.recipe import Recipe
from hotfolder.studio.layout import Studio
from tests.forkserver import until
from tests.light.pictures import painted, recipe, record
from tests.light.test_page import becomes, press


def lay(folder: Path, name: str, made: Recipe) -> None:
    """A picture with this recipe."""
    image = painted(made.seed, made.width, made.height)
    source = record(1) if made.source else None
    data, _ = publishable(image, made, record(1, bool(made.source), source))
    (folder / name).write_bytes(data)


def descended(studio: Studio) -> dict[str, Recipe]:
    """A draft, its final, and a retouch of that final in two regions, one after the other."""
    draft = recipe(900)
    final = recipe(901, draft)
    there = np.zeros((final.height, final.width), bool)
    yy, xx = np.ogrid[: final.height, : final.width]
    size = final.width, final.height
    masks = [there | ((xx - x) ** 2 + (yy - y) ** 2 < 40**2) for x, y in ((120, 120), (220, 250))]
    first, second = (regions.with_surroundings(regions.region(m), size, 96) for m in masks)
    retouch = replace(recipe(902, final), width=size[0], height=size[1], drawn=(96, 96))
    one = replace(retouch, region=first, prompt="a red balloon")
    two = replace(retouch, region=second, prompt="a ruined tower", source=one, link=2)
    lay(studio.seeds, "begun.png", draft)
    lay(studio.final, "refined.png", final)
    lay(studio.final, "retouched.png", two)
    return {"begun": draft, "refined": final, "retouched": two}


def test_a_final_s_lineage_and_what_was_drawn_anew(page: Any, table: Table, full: Studio) -> None:
    """Each generation with what was made from it; a chain's links in words; regions marked."""
    made = descended(full)
    count = "SELECT COUNT(*) FROM picture WHERE there AND version > 0"
    until(lambda: table.catalogue.rows(count) == [(49,)], 60)
    shown = table.catalogue.at("final/retouched.png")
    assert shown is not None
    told = details(full, table.catalogue, shown)
    assert told["lineage"] == [made[name].id for name in ("begun", "refined", "retouched")]
    assert {Path(one["path"]).stem for one in told["relatives"]} == set(made)
    assert [region["of"] for region in told["regions"]] == [[shown.width, shown.height]] * 2
    assert "a red balloon" in told["links"][0] and "a ruined tower" in told["links"][1]
    page.locator('#rooms button[data-room="final"]').click()
    becomes(page, "light.table.view.ids.length === 8")
    state = f"{{current: {shown.id}, anchor: {shown.id}, selected: [{shown.id}]}}"
    page.evaluate(f"light.table.select({state})")
    press(page, "i")
    becomes(page, "document.querySelectorAll('#panel .lineage').length === 2")
    assert page.locator("#panel .links li").count() == 2
    clear = """() => {
      const canvas = document.querySelector("#panel .regions canvas");
      const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      const at = (x, y) => data[4 * (y * canvas.width + x) + 3];
      return [at(120, 120), at(220, 250), at(5, 5)];
    }"""
    one, other, outside = page.evaluate(clear)
    assert one == other == 0 and outside > 100
