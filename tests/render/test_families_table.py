"""The table of families is true and whole; `make families` writes it."""

from __future__ import annotations

import inspect
import re
from dataclasses import astuple
from pathlib import Path

import diffusers
import pytest

from hotfolder.render.engine import Engine
from hotfolder.render.models import families
from tests.render import families as table
from tests.render import zoo

# Siblings of pipelines, for which a family has one entry; and what draws by more than a prompt.
_SIBLINGS = re.compile(
    "Adapter|Animate|Control|Depth2Img|Edit|Fill|ImageVariation|Img2Img|Inpaint|Kontext|PAG|Pix2Pix|"
    "Prior|Refiner|SuperResolution|Upscale|VideoToVideo"
)


@pytest.fixture(scope="module")
def engines(zoo_models: Path) -> tuple[Engine, Engine]:
    """Two engines for a tiny model of each family."""
    return zoo.engine(zoo_models), zoo.engine(zoo_models)


# Its text encoder reads 2048 tokens each time, so it is left to `make families`.
_SLOW = {"ideogram"}


@pytest.mark.parametrize("family", [name for name in zoo.FAMILIES if name not in _SLOW])
def test_what_each_family_can_do(engines: tuple[Engine, Engine], family: str) -> None:
    """It draws, is refined, interrupted, taken up elsewhere and made again, with the same bits."""
    row = table.row(family, *engines)
    assert all(astuple(row)), row


# All of them at `make families`.
@pytest.mark.parametrize("family", ["sdxl", "z-image", "klein", "qwen", "hunyuan-dit", "nucleus"])
def test_a_family_in_eight_bits(zoo_models: Path, family: str) -> None:
    """Its denoiser is rounded, and draws the same bits with its weights on the device or not."""
    assert table.is_quantised(family, zoo_models)


def test_the_page_is_what_the_tests_show(zoo_models: Path) -> None:
    """`docs/families.md` ticks what has a tiny model above, and nothing else."""
    assert table.DOCUMENT.read_text("utf-8") == table.document(zoo_models), "run: make families"


def test_diffusers_has_no_other_family() -> None:
    """Every text-to-image pipeline of diffusers is opened here, or refused for a reason."""
    names = {n for names in diffusers._import_structure.values() for n in names}
    missing = []
    for name in sorted(n for n in names if n.endswith("Pipeline")):
        if name in families.by_pipeline() or _SIBLINGS.search(name) or "Onnx" in name:
            continue
        kind = getattr(diffusers, name)
        given = inspect.signature(kind.__call__).parameters
        required = {n for n, p in given.items() if p.default is p.empty and n != "kwargs"}
        draws = {"prompt", "height"} <= given.keys() and required <= {"self", "prompt"}
        films = {"frames", "num_frames", "video_length"} & given.keys()
        if draws and not films and ".deprecated." not in kind.__module__:
            missing.append(name)
    assert missing == []


def test_what_takes_latents_and_noise_levels_is_refined() -> None:
    """A family without img2img of diffusers' has ours wherever its pipeline allows it."""
    for family in families.known():
        if family.refused or family.img2img:
            continue
        given = inspect.signature(getattr(diffusers, family.pipeline).__call__).parameters
        assert "latents" not in given or family.encode, family.name


def test_a_reason_is_a_sentence_for_the_owner() -> None:
    """What is refused says so with the family's name, and no Python."""
    refused = [family for family in families.known() if family.refused]
    assert refused
    for family in refused:
        with pytest.raises(Exception, match=re.escape(family.name)) as told:
            families.of(family.pipeline)
        assert str(told.value).endswith(family.refused)
        assert not family.refused.endswith(".")
