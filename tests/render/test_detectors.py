"""Detectors of the owner's: files that know some words.

`tests/data/detector.onnx` takes 64x64 px, knows "face" and "cat", and sees a face in the left half
of every picture.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from transformers import YolosConfig, YolosForObjectDetection, YolosImageProcessor

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


def test_a_folder_of_transformers_is_a_detector(tmp_path: Path) -> None:
    """One that always sees a face in the left half; a word that it does not know is none of its."""
    torch.manual_seed(0)
    names = {0: "face", 1: "cat"}
    sides = {"image_size": [64, 64], "patch_size": 16, "hidden_size": 16, "intermediate_size": 16}
    config = YolosConfig(
        **sides, num_hidden_layers=1, num_attention_heads=2, num_detection_tokens=3, id2label=names
    )
    model = YolosForObjectDetection(config)
    for head, bias in (
        (model.class_labels_classifier, [5.0, 0.0, 0.0]),
        (model.bbox_predictor, [-0.79, 0.0, -0.72, 0.69]),
    ):
        torch.nn.init.zeros_(head.layers[-1].weight)
        head.layers[-1].bias.data = torch.tensor(bias)
    model.save_pretrained(tmp_path)
    YolosImageProcessor(size={"height": 64, "width": 64}).save_pretrained(tmp_path)
    detector = Detector(tmp_path / "model.safetensors")
    assert detector.names == {"face": 0, "cat": 1}
    mask = detector.mask("Face", portrait())
    disc = np.asarray(portrait())[..., 0] > 200
    assert mask is not None and (mask & disc).sum() / (mask | disc).sum() > 0.85
    assert detector.mask("cat", portrait()) is None


def test_another_package_reads_its_own_files(tmp_path: Path) -> None:
    """By an entry point of the group `hotfolder.detectors`."""
    site = tmp_path / "site"
    (site / "hotfolder_seer-1.dist-info").mkdir(parents=True)
    says = "[hotfolder.detectors]\nseer = seer\n"
    (site / "hotfolder_seer-1.dist-info" / "entry_points.txt").write_text(says)
    (site / "hotfolder_seer-1.dist-info" / "METADATA").write_text("Name: hotfolder-seer\n")
    (site / "seer.py").write_text('SUFFIXES = (".seer",)\n')
    code = "from hotfolder.render import detector; print(sorted(detector._kinds()))"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "['.onnx', '.safetensors', '.seer']"


def test_a_file_that_is_no_detector_says_so(tmp_path: Path) -> None:
    """One that is not there, one that is rubbish."""
    (tmp_path / "faces.pt").touch()
    with pytest.raises(RenderError, match=r"expected a file of \.onnx or \.safetensors"):
        Detector(tmp_path / "faces.pt")
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(RenderError, match=r"contains only weights.*there is no config\.json"):
        Detector(tmp_path / "model.safetensors")
    with pytest.raises(ModelMissingError, match="there is no detector"):
        Detector(tmp_path / "none.onnx")
    pytest.importorskip("onnxruntime")
    rubbish = tmp_path / "rubbish.onnx"
    shutil.copy(FILE, rubbish)
    rubbish.write_bytes(rubbish.read_bytes()[:100])
    with pytest.raises(RenderError, match=r"rubbish\.onnx is not a detector that can be used"):
        Detector(rubbish)
