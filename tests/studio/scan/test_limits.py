"""What may be asked of a shared studio."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.errors import MistakesError, PictureError
from hotfolder.recipes.settings import Limits
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.limits import Pace, check_picture, check_text, too_large
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.scan.survey import Survey
from tests import samples
from tests.studio.clock import Clock


def test_pace() -> None:
    """So many in a period; the next when the first of them is a period old."""
    pace = Pace(60.0)
    for now in (0.0, 10.0, 20.0):
        assert pace.free_in_s(3, now) == 0
        pace.note(now)
    assert pace.free_in_s(3, 25.0) == 35
    assert pace.free_in_s(4, 25.0) == 0
    assert pace.free_in_s(1, 25.0) == 55
    assert pace.free_in_s(3, 60.0) == 0


@given(st.lists(st.floats(0, 30), max_size=60), st.integers(1, 5))
def test_never_too_many(waits: list[float], most: int) -> None:
    """However they come, no period has more of them than are allowed."""
    pace, now, times = Pace(60.0), 0.0, list[float]()
    for wait in waits:
        now += wait
        if not pace.free_in_s(most, now):
            pace.note(now)
            times.append(now)
    assert all(b - a >= 60 for a, b in zip(times, times[most:], strict=False))


def test_sizes_of_files() -> None:
    """Texts and pictures at the limit are read, larger ones are refused with the setting's name."""
    picture = samples.drawn("PNG", size=(1000, 500))
    check_picture(picture, Limits(picture_megapixels=0.5))
    with pytest.raises(PictureError, match=r"1000x500 is more than 0\.49 megapixels \(the setting"):
        check_picture(picture, Limits(picture_megapixels=0.49))
    with pytest.raises(PictureError, match="at most 1 MB are read"):
        check_picture(picture + bytes(1_000_001), Limits(picture_mb=1))
    check_text(b"a" * 2000, Limits(text_kb=2))
    with pytest.raises(MistakesError, match="may have 2 kB"):
        check_text(b"a" * 2001, Limits(text_kb=2))


def test_sizes_of_renders() -> None:
    """A size is measured by its area."""
    assert not too_large("4000x4000", Limits())
    assert "4000x4001 is more than 16 megapixels" in too_large("4000x4001", Limits())


def looked(studio: Studio, limits: str, *files: tuple[str, str]) -> Survey:
    """A look at a studio with these limits and prompt files."""
    studio.settings.write_text(f"settle_seconds = 0.1\n[limits]\n{limits}\n")
    for name, text in files:
        (studio.inbox / name).write_text(text)
    return Survey(studio)


@pytest.mark.parametrize(
    ("limits", "text", "says"),
    [
        ("drafts_per_file = 5", 'prompts = ["a", "b"]\ncount = 3', "asks for 6 drafts"),
        ("render_megapixels = 1", 'prompt = "a"\nsize = "1001x1000"', "size: 1001x1000 is more"),
        ("render_megapixels = 1", 'prompt = "a"\n[refine]\narea = "2000x2000"', "refine.area: "),
        ("text_kb = 1", f'prompt = "{"a" * 1000}"', "may have 1 kB"),
    ],
)
def test_what_a_prompt_file_may_ask(studio: Studio, limits: str, text: str, says: str) -> None:
    """Too much of anything is a mistake, which names the setting; within the limit it is none."""
    snapshot = looked(studio, limits, ("a.toml", text)).look()
    (params,) = snapshot.broken
    assert says in params.says
    assert "under [limits] in hotfolder.toml" in params.says
    assert looked(studio, "", ("a.toml", text)).look().prompt_files


def test_endless_files_are_not_counted(studio: Studio) -> None:
    """They end when their owner takes them away."""
    glance = looked(studio, "drafts_per_file = 1", ("a.toml", 'prompt = "a"\ncount = "endless"\n'))
    assert glance.look().prompt_files


def test_pictures_in_seeds(studio: Studio) -> None:
    """One that is too large to read, or whose refinements would be, gets its sentence."""
    (studio.seeds / "a.png").write_bytes(samples.drawn("PNG", size=(200, 100)))
    (params,) = looked(studio, "picture_megapixels = 0.01").look().useless_seeds
    assert "200x100 is more than 0.01 megapixels" in params.says
    (params,) = looked(studio, "render_megapixels = 0.01").look().useless_seeds
    assert "its refinements would be too large" in params.says


def test_many_files_at_once(studio: Studio) -> None:
    """So many a minute are read, the others wait for their turn and say so."""
    clock = Clock()
    looked(studio, "prompt_files_per_minute = 4")
    scanner = Scanner(studio, clock)
    for number in range(10):
        (studio.inbox / f"{number}.txt").write_text(f"a castle {number}")
    scanner.refresh()
    for minute in range(3):
        clock.now += 0.1 if minute == 0 else scanner.due_in_s() or 0.0
        scanner.refresh(set())
        snapshot = scanner.snapshot()
        assert len(snapshot.prompt_files) == min(10, 4 * (minute + 1))
        assert len(snapshot.waiting) == max(0, 6 - 4 * minute)
        assert all("in its turn" in says for says in snapshot.waiting.values())
    assert clock.now == pytest.approx(1120.1)
    assert scanner.due_in_s() is None
    assert len(Survey(studio).look().prompt_files) == 10


def test_defaults_hinder_nobody(tmp_path: Path) -> None:
    """A folder of a hundred prompts, 4K wallpapers and photos are within the limits."""
    limits = Limits()
    assert limits.prompt_files_per_minute >= 100
    assert not too_large("3840x2160", limits)
    assert limits.picture_megapixels >= 50
