"""Contact sheets and statistics, of real pictures."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from PIL import Image

from hotfolder.cli import main
from hotfolder.images.metadata import read
from hotfolder.images.recipe_text import find
from hotfolder.report.tally import tally
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import archive
from tests.light.pictures import draft, fill, final, recipe, record

Capture = pytest.CaptureFixture[str]


def filled(studio: Studio) -> Studio:
    """Twelve drafts, two of them picked, one refined."""
    fill(studio.drafts, range(12))
    for path in sorted(studio.drafts.glob("*-00000[01].png")):
        path.rename(studio.seeds / path.name)
    for which in range(3):
        (studio.final / f"final-{which}.png").write_bytes(final(0, which))
    for path in studio.root.rglob("*.png"):
        ours = find(read(path.read_bytes()))
        assert ours is not None
        archive.enter(studio, ours.recipe, ours.record)
    return studio


def test_a_sheet_in_each_format(studio: Studio, tmp_path: Path) -> None:
    """PNG and JPEG have one page, a PDF as many as needed; nothing is ever overwritten."""
    filled(studio)
    for name in ("sheet.png", "sheet.jpg", "sheet.pdf"):
        assert main(["sheet", str(studio.drafts), "-o", str(tmp_path / name)]) == 0
    assert Image.open(tmp_path / "sheet.png").width > 800
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF")
    before = (tmp_path / "sheet.png").read_bytes()
    assert main(["sheet", str(studio.seeds), "-o", str(tmp_path / "sheet.png")]) == 0
    assert (tmp_path / "sheet.png").read_bytes() == before and (tmp_path / "sheet-2.png").exists()
    assert main(["sheet", str(studio.drafts), "-o", str(tmp_path / "sheet.gif")]) == 1


def test_what_cannot_be_read_is_left_out(studio: Studio, tmp_path: Path, capsys: Capture) -> None:
    """A file that is no picture is told; the others are on the sheet."""
    (tmp_path / "mixed").mkdir()
    (tmp_path / "mixed" / "good.png").write_bytes(draft(1))
    (tmp_path / "mixed" / "海辺.png").write_bytes(draft(2))
    (tmp_path / "mixed" / "bad.png").write_bytes(b"no picture")
    output = tmp_path / "sheet.png"
    assert main(["sheet", str(tmp_path / "mixed"), "-o", str(output)]) == 3
    assert output.exists()


def test_a_lineage(studio: Studio, tmp_path: Path) -> None:
    """A final leads to its draft, and that to all its finals."""
    filled(studio)
    output = tmp_path / "lineage.png"
    assert main(["sheet", "--lineage", str(studio.final / "final-1.png"), "-o", str(output)]) == 0
    assert Image.open(output).height > 800


@pytest.mark.slow
def test_many_drafts_are_no_burden(tmp_path: Path) -> None:
    """A thousand take ten seconds on two cores; here a fifth of them, with much to spare."""
    fill(tmp_path / "many", range(200))
    began = time.process_time()
    assert main(["sheet", str(tmp_path / "many"), "-o", str(tmp_path / "sheet.jpg")]) == 0
    assert time.process_time() - began < 20
    assert max(Image.open(tmp_path / "sheet.jpg").size) < 8000


def test_what_gets_picked(studio: Studio, tmp_path: Path, capsys: Capture) -> None:
    """Counts and shares, for people, as JSON and as a picture; deleted drafts count as well."""
    filled(studio)
    for path in sorted(studio.drafts.iterdir())[:4]:
        path.unlink()
    picture = tmp_path / "stats.png"
    assert main(["stats", str(studio.root), "--picture", str(picture)]) == 0
    assert Image.open(picture).width == 1200
    shown = capsys.readouterr().out
    assert "12 drafts, 2 of them picked (17 %); 3 finals" in shown
    assert main(["stats", str(studio.root), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    files = {share["name"]: share for share in found["shares"]["prompt file"]}
    assert files["evening.txt"] == {"name": "evening.txt", "drafts": 6, "picked": 1}
    assert main(["stats", str(tmp_path)]) == 10


def test_a_refined_draft_was_picked() -> None:
    """Wherever it lies now; a picture that is entered twice counts once."""
    made = [(recipe(n), record(n)) for n in (0, 1, 2, 2)]
    made.append((recipe(9, recipe(1)), record(9, True, record(1))))
    found = tally(made, frozenset({recipe(0).id, "another"}))
    assert (found.drafts, found.finals, found.picked) == (3, 1, 2)
    assert tally([], frozenset()).drafts == 0
