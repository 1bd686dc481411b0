"""A slice of `python -m tests.regeneration`: pictures of all kinds come out again, bit for bit."""

from __future__ import annotations

from pathlib import Path

from tests import regeneration


def test_pictures_of_all_kinds_come_out_identical(tmp_path: Path) -> None:
    """Seven schedulers, every format, both stages, one draft interrupted; in a new process."""
    made = regeneration.make(tmp_path / "studio", 14)
    kinds = regeneration.kinds(made.pictures)
    assert set(regeneration.SOME) <= set(kinds)
    assert len([kind for kind in kinds if kind.startswith(("PNG", "JPEG", "WebP"))]) == 5
    assert (kinds["draft"], kinds["final"], kinds["of a picture from elsewhere"]) == (8, 6, 3)
    assert made.interrupted == 1
    done = regeneration.check(made, seed=1)
    assert (done.returncode, done.stdout) == (0, "14 of 14 identical\n"), done.stderr
