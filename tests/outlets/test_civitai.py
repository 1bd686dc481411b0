"""Copies for CivitAI."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from safetensors.numpy import save_file

from hotfolder.images import exif, metadata
from hotfolder.recipes.encoding import PNG, Encoding, encoding
from hotfolder.recipes.recipe import Lora
from hotfolder.render.models import fingerprint
from hotfolder.studio.config import owners_file
from hotfolder.studio.store import local
from tests.outlets.trial import OURS, TOLD, exported, made

LORA = replace(OURS, loras=(Lora("oils", 0.7), Lora("gone", 0.5)))


@pytest.fixture
def oils(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A LoRA in the owner's folder."""
    monkeypatch.setattr(local, "config", lambda: tmp_path / "config")
    (tmp_path / "loras").mkdir()
    file = tmp_path / "loras" / "oils.safetensors"
    save_file({"a": np.zeros(4, np.float32)}, file)
    owners_file.add("loras", [str(file.parent)])
    return file


def parameters(copy: Path) -> str:
    """The text in the place where the site looks for it."""
    carried = metadata.read(copy.read_bytes())
    return carried.text("parameters") or exif.user_comment(carried.exif) or ""


@pytest.mark.parametrize("encoding", [PNG, encoding("jpeg"), encoding("webp")], ids=str)
def test_resources_are_known_by_hashes(encoding: Encoding, oils: Path) -> None:
    """Those of the files that the picture was made with, as many digits as the site has."""
    record = replace(TOLD, additions={"oils": fingerprint.fingerprint(oils), "gone": "0" * 64})
    text = parameters(exported("civitai", made(LORA, encoding, record)))
    found = re.search(r", Hashes:\s*({[^}]+})", text)
    assert found is not None
    digits = hashlib.sha256(oils.read_bytes()).hexdigest()[:10]
    assert json.loads(found[1]) == {"model": "ab" * 5, "lora:oils": digits}
    assert "<lora:oils:0.7>" in text and "\nSteps: 20, Sampler: Euler" in text


def test_another_file_of_that_name(oils: Path) -> None:
    """A LoRA that was changed since is not the one that the picture was made with."""
    record = replace(TOLD, additions={"oils": "1" * 64})
    text = parameters(exported("civitai", made(LORA, record=record)))
    assert 'Hashes: {"model": "ababababab"}' in text


def test_a_model_of_many_files() -> None:
    """It has no hash that anybody else knows, and none is claimed."""
    record = replace(TOLD, file_sha256="", model_sha256="cd" * 32)
    text = parameters(exported("civitai", made(record=record)))
    assert "hash" not in text.lower() and "Model: postcard" in text
