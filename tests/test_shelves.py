"""The owner's folders of LoRAs and embeddings."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from hotfolder import shelves
from hotfolder.recipes.library import Offer, named, spellings


def weights(path: Path, metadata: object = None, data: bytes = b"\0" * 8) -> Path:
    """A small file of weights with this metadata."""
    header = {"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
    text = json.dumps({"__metadata__": metadata, **header} if metadata else header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def test_what_lies_in_a_folder(tmp_path: Path) -> None:
    """Files of weights below it, with their aliases; nothing that can run code when it is read."""
    weights(tmp_path / "a" / "ink.SAFETENSORS", {"ss_output_name": "india"})
    weights(tmp_path / "wool.safetensors", {"modelspec.title": "Warm wool"})
    weights(tmp_path / ".hidden.safetensors")
    (tmp_path / "old.ckpt").write_bytes(b"\x80\x04")
    (tmp_path / "torn.safetensors").write_bytes(b"\xff" * 20)
    (tmp_path / "short.safetensors").write_bytes(b"")
    (tmp_path / "odd.safetensors").write_bytes((4).to_bytes(8, "little") + b"[[1]")
    offers = {offer.name: offer.others[0] for offer in shelves.offers(tmp_path)}
    assert sorted(offers) == ["ink", "odd", "short", "torn", "wool"]
    assert (offers["ink"], offers["wool"]) == ("india", "Warm wool")
    assert shelves.find([tmp_path / "no", tmp_path], "wool") == tmp_path / "wool.safetensors"
    assert shelves.find([tmp_path], "old") is None


def test_a_file_is_known_by_its_hash(tmp_path: Path) -> None:
    """AutoV2 is the beginning of the file's SHA-256."""
    digest = hashlib.sha256(weights(tmp_path / "ink.safetensors").read_bytes()).hexdigest()
    assert named(spellings(shelves.offers(tmp_path)), digest[:10].upper()) == "ink"
    assert shelves.hashed([tmp_path], digest[:12]) == "ink"
    assert shelves.hashed([tmp_path], "0" * 10) is None


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    """What it is called follows its contents."""
    path = weights(tmp_path / "ink.safetensors", {"ss_output_name": "one"})
    (before,) = shelves.offers(tmp_path)
    weights(path, {"ss_output_name": "another"})
    (after,) = shelves.offers(tmp_path)
    assert (before.others[0], after.others[0]) == ("one", "another")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """It is for the caller to say."""
    with pytest.raises(OSError, match="no"):
        shelves.offers(tmp_path / "no")
    assert spellings([Offer("a")]) == {"a": "a"}
