"""The profiles that are included resolve, and give the sizes that they promise."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.recipes import sizes
from hotfolder.recipes.model import model_name
from hotfolder.recipes.profile import Profile, resolve
from hotfolder.recipes.refine import sizes_of
from hotfolder.recipes.schedulers import SCHEDULERS
from hotfolder.recipes.sources import is_hub_id
from tests import models_page

FOLDER = Path(__file__).parent.parent / "profiles"
TABLES: dict[str, dict[str, Any]] = {
    file.stem: tomllib.loads(file.read_text(encoding="utf-8"))
    for file in sorted(FOLDER.glob("*.toml"))
}
PROFILES: dict[str, Profile] = {name: resolve(name, TABLES) for name in TABLES}
REAL = sorted(name for name in PROFILES if not name.startswith("postcard"))


def area_px(text: str) -> int:
    """The number of pixels of an area such as "800x800"."""
    width, height = sizes.size(text)
    return width * height


def test_the_profiles_that_are_promised_are_here() -> None:
    """One for the model that is included, one for each well-known model, four for a purpose."""
    assert set(PROFILES) >= {
        "postcard",
        "postcard-large",
        "sd15",
        "sdxl",
        "sdxl-turbo",
        "sdxl-lightning",
        "sd35-medium",
        "flux-schnell",
        "qwen-image",
        "z-image-turbo",
        "flux2-klein",
        "krea-2-turbo",
        "chroma",
        "qwen-image-2",
        "illustrious",
        "noobai",
        "wallpaper-1080p",
        "wallpaper-4k",
        "print",
        "portrait",
    }


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_says_what_it_is(name: str) -> None:
    """Each file starts with its description, and its scheduler is known."""
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    assert text.startswith('description = "')
    assert PROFILES[name].scheduler in SCHEDULERS


def test_the_page_of_models_is_what_the_profiles_say() -> None:
    """Licences, downloads and counted memory; `python -m tests.models_page` writes it."""
    assert models_page.PAGE.read_text(encoding="utf-8") == models_page.page()


def test_one_name_means_one_model() -> None:
    """Pictures carry a model's name alone, so no two models may share one."""
    models = {}
    for profile in PROFILES.values():
        assert models.setdefault(model_name(profile.model), profile.model) == profile.model


@pytest.mark.parametrize("name", REAL)
def test_a_source_is_a_hub_id_or_a_file_there(name: str) -> None:
    """Profiles that are included point to no path of anyone's computer."""
    source = PROFILES[name].model.source
    assert is_hub_id(source) or source.startswith("hub:")


@pytest.mark.parametrize("name", REAL)
@given(fraction=st.floats(0, 1))
def test_areas_and_aspects_are_met(name: str, fraction: float) -> None:
    """Drafts meet their area within 2 %; refinements theirs, and the draft's aspect within 1 %."""
    profile = PROFILES[name]
    multiple, offered = profile.model.multiple, profile.draft.aspect
    for aspect in [offered] if isinstance(offered, str) else offered:
        wanted = area_px(profile.draft.area)
        width, height = sizes.sides(wanted, sizes.aspect_at(aspect, fraction), multiple)
        assert width * height == pytest.approx(wanted, rel=0.02)
        wanted = area_px(profile.refine.area)
        final_width, final_height = sizes.sides(wanted, width / height, multiple)
        assert final_width * final_height == pytest.approx(wanted, rel=0.02)
        assert final_width / final_height == pytest.approx(width / height, rel=0.01)


@pytest.mark.parametrize(
    ("name", "aspect", "size"),
    [
        ("wallpaper-1080p", 16 / 9, (1920, 1080)),
        ("wallpaper-1080p", 1.5, (1920, 1080)),
        ("wallpaper-4k", 16 / 9, (3840, 2160)),
        ("print", 297 / 210, (3508, 2480)),
        ("print", 210 / 297, (2480, 3508)),
    ],
)
def test_chains_end_at_exact_sizes(name: str, aspect: float, size: tuple[int, int]) -> None:
    """Whatever a draft's sides are, and no link draws more than that."""
    profile = PROFILES[name]
    draft = sizes.sides(area_px(profile.draft.area), aspect, profile.model.multiple)
    *before, last = sizes_of(profile, draft)
    assert last.finished == size
    areas = [made.drawn[0] * made.drawn[1] for made in (*before, last)]
    assert areas == sorted(areas) and areas[-1] <= size[0] * size[1] * 1.01
