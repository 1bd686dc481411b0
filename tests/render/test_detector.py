"""Detectors of the owner's: an ONNX file that knows some words.

`tests/data/detector.onnx` takes 64x64 px, knows "face" and "cat", and sees a face in the left half
of every picture.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from hotfolder.errors import ModelMissingError, RenderError
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.detector import Detector
from hotfolder.render.engine import Engine

FILE = Path(__file__).parent.parent / "data" / "detector.onnx"


def portrait() -> Image.Image:
    """A disc where the detector sees a face."""
    picture = Image.new("RGB", (320, 240), (60, 90, 160))
    ImageDraw.Draw(picture).ellipse((48, 40, 152, 200), fill=(230, 190, 160))
    return picture


def test_a_detector_finds_what_it_knows() -> None:
    """The disc, and not its box; in any letters; nothing where it is not sure."""
    pytest.importorskip("onnxruntime")
    detector = Detector(FILE)
    assert detector.names == {"face": 0, "cat": 1}
    mask = detector.mask("Face", portrait())
    disc = np.asarray(portrait())[..., 0] > 200
    assert mask is not None and (mask & disc).sum() / (mask | disc).sum() > 0.85
    assert detector.mask("cat", portrait()) is None


def test_the_engine_asks_the_detector_for_its_own_words(
    engine: Engine, draft: Recipe, tmp_path: Path
) -> None:
    """Without any look of the model; a path may start in the studio."""
    pytest.importorskip("onnxruntime")
    found = engine.locate(draft, portrait(), ["face", "cat"], detector=str(FILE))
    assert set(found) == {"face", "cat"} and found["face"] is not None and found["cat"] is None


def test_a_file_that_is_no_detector_says_so(tmp_path: Path) -> None:
    """One that is not there, one that is rubbish."""
    with pytest.raises(ModelMissingError, match="there is no detector"):
        Detector(tmp_path / "none.onnx")
    pytest.importorskip("onnxruntime")
    rubbish = tmp_path / "rubbish.onnx"
    shutil.copy(FILE, rubbish)
    rubbish.write_bytes(rubbish.read_bytes()[:100])
    with pytest.raises(RenderError, match=r"rubbish\.onnx is no detector that can be used"):
        Detector(rubbish)
