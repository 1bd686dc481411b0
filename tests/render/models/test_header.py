"""The beginning of a file of weights says what it is, whoever wrote it; nothing else is read."""

from __future__ import annotations

import os
import struct
import time
from pathlib import Path

import gguf
import numpy as np
import pytest

from hotfolder.errors import ModelMissingError, RenderError
from hotfolder.render.models import contents, header
from tests.render import heads
from tests.render.heads import Shapes, write

COUNTS = b"GGUF" + struct.pack("<I", 3)


def _gguf(path: Path, shapes: Shapes) -> Path:
    writer = gguf.GGUFWriter(path, "flux")
    writer.add_name("a model")
    writer.add_array("numbers", [1, 2, 3])
    writer.add_array("words", ["a", "b"])
    for name, shape in shapes.items():
        writer.add_tensor(name, np.zeros(shape, np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_gguf_is_read_as_its_own_library_writes_it(tmp_path: Path) -> None:
    """Names, shapes as torch counts them, and words; so a denoiser in it is known."""
    shapes = {**heads.Z_IMAGE, "x_embedder.weight": [3, 5]}
    head = header.read(_gguf(tmp_path / "z.gguf", shapes))
    assert head.shapes == {name: tuple(shape) for name, shape in shapes.items()}
    assert head.metadata["general.name"] == "a model"
    found = contents.of_file(tmp_path / "z.gguf")
    assert (found.kind, found.origin) == ("denoiser", "Tongyi-MAI/Z-Image-Turbo")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html>", "is a web page, because the site wanted something first"),
        (b'{"error": "Unauthorized"}', "is a message from the site"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "a pointer to the weights"),
        (b"PK\x03\x04", "pickled weights can run code"),
        (b"\x80\x02", "pickled weights can run code"),
        (b"GGUF", r"rename it to end in \.gguf again"),
        (bytes(100), "is damaged, or was not downloaded whole; download it again"),
    ],
)
def test_what_is_no_file_of_weights_says_what_it_is(data: bytes, says: str, tmp_path: Path) -> None:
    """Sites give pages, messages and pointers under the names of models."""
    (tmp_path / "x.safetensors").write_bytes(data)
    with pytest.raises(RenderError, match=says):
        header.read(tmp_path / "x.safetensors")


def test_half_a_file_is_damaged(tmp_path: Path) -> None:
    """A download that broke off, and its name in capitals with letters of any language."""
    path = tmp_path / "Größe 墨.SAFETENSORS"
    write(path, heads.LORA)
    assert contents.of_file(path).kind == "LoRA"
    os.truncate(path, path.stat().st_size - 1)
    with pytest.raises(RenderError, match=r"Größe 墨\.SAFETENSORS is damaged"):
        header.read(path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GGUF",
        b"GGUF" + struct.pack("<I", 9),
        COUNTS + struct.pack("<QQ", 2**63, 0),
        COUNTS + struct.pack("<QQ", 0, 2**63),
        COUNTS + struct.pack("<QQQ", 1, 0, 2**62),
        COUNTS + struct.pack("<QQQ4sIIQ", 0, 1, 4, b"many", 9, 0, 2**62),
        COUNTS + struct.pack("<QQQ4sIIQ", 0, 1, 4, b"many", 9, 8, 2**62) + bytes(100_000),
        COUNTS + struct.pack("<QQQ4sI", 0, 1, 4, b"kind", 77),
        COUNTS + struct.pack("<QQQ1sI", 1, 0, 1, b"x", 2**31),
    ],
)
def test_a_gguf_that_lies_ends_soon(data: bytes, tmp_path: Path) -> None:
    """Whatever it claims to have: one sentence, and no time and memory taken for it."""
    (tmp_path / "x.gguf").write_bytes(data)
    began = time.process_time()
    with pytest.raises(RenderError, match=r"x\.gguf is damaged"):
        header.read(tmp_path / "x.gguf")
    assert time.process_time() - began < 5


def test_a_gguf_under_another_name_says_so(tmp_path: Path) -> None:
    """It is told what it is, and what to call it."""
    _gguf(tmp_path / "z.gguf", heads.Z_IMAGE).rename(tmp_path / "z.safetensors")
    with pytest.raises(RenderError, match="is really a GGUF file; rename it to end"):
        header.read(tmp_path / "z.safetensors")
    with pytest.raises(ModelMissingError):
        header.read(tmp_path / "gone.gguf")


@pytest.mark.parametrize(
    ("shapes", "family", "form"),
    [
        (heads.SD15, "StableDiffusion", "v1"),
        (heads.SD21, "StableDiffusion", "v2"),
        (heads.SDXL, "StableDiffusionXL", "xl_base"),
        (heads.FLUX_DEV, "Flux", "flux-dev"),
        (heads.CHROMA, "Chroma", "chroma"),
        (heads.KLEIN, "Flux2Klein", "flux-2-klein-4b"),
        (heads.QWEN, "QwenImage", "qwen-image"),
        (heads.Z_IMAGE, "ZImage", "z-image-turbo"),
        ({"cap_embedder.0.weight": [8], f"{heads.M}x": [1]}, "Lumina2", "lumina2"),
        ({f"{heads.M}txtfusion.projector.weight": [8, 8]}, "Krea2", "krea2"),
        ({f"{heads.M}txt_in.text_norm.weight": [8]}, "QwenImage21", "qwen-image-2.1"),
        ({"joint_blocks.0.context_block.attn.qkv.weight": [8, 8]}, "StableDiffusion3", "sd3"),
    ],
)
def test_a_denoiser_tells_its_family(
    shapes: Shapes, family: str, form: str, tmp_path: Path
) -> None:
    """By names and shapes alone, with a prefix or without one."""
    found = contents.of_file(write(tmp_path / "x.safetensors", shapes))
    assert found.family is not None
    assert (found.family.name, found.form) == (family, form)


@pytest.mark.parametrize(
    ("shapes", "kind", "readers"),
    [
        (heads.LORA, "LoRA", ()),
        (heads.EMBEDDING, "embedding", ()),
        (heads.CONTROLNET, "ControlNet", ()),
        (heads.VAE, "autoencoder", ()),
        (heads.T5, "text encoder", ("T5",)),
        (heads.CLIP_L, "text encoder", ("CLIP-L",)),
        (heads.QWEN3_4B, "text encoder", ("LLM",)),
        (heads.UPSCALER, "", ()),
    ],
)
def test_other_files_tell_what_they_are(
    shapes: Shapes, kind: str, readers: tuple[str, ...], tmp_path: Path
) -> None:
    """What lies in the wrong folder is known for what it is."""
    found = contents.of_file(write(tmp_path / "x.safetensors", shapes))
    assert (found.kind, found.readers) == (kind, readers)
