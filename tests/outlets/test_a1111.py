"""Copies for A1111."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from PIL import Image
from sd_parsers import ParserManager

from hotfolder.images import infotext_lines, metadata, pixels, recipe_text
from hotfolder.recipes.encoding import PNG, Encoding, encoding
from tests.outlets.trial import OURS, exported, made


@pytest.mark.parametrize("encoding", [PNG, encoding("jpeg"), encoding("webp")], ids=str)
def test_its_reader_finds_everything(encoding: Encoding) -> None:
    """Prompts, sampler, seed, model with its short hash; the pixels stay, the recipe goes."""
    path = made(replace(OURS, clip_skip=2), encoding)
    copy = exported("a1111", path)
    said = ParserManager().parse(copy)
    assert said is not None
    assert [str(prompt) for prompt in said.prompts] == [OURS.prompt]
    (sampler,) = said.samplers
    assert (sampler.name, sampler.parameters["seed"]) == ("Euler", "7")
    assert sampler.model is not None and sampler.model.hash == "ab" * 5
    carried = metadata.read(copy.read_bytes())
    assert recipe_text.find(carried) is None
    assert metadata.bare(copy.read_bytes()) == metadata.bare(path.read_bytes())
    assert copy.name == path.name


def test_png_info_reads_this() -> None:
    """The text that "PNG Info" shows and "Send to txt2img" sends."""
    copy = exported("a1111", made(replace(OURS, clip_skip=2)))
    with Image.open(copy) as image:
        text = image.text["parameters"]
    first, second, line = text.split("\n")
    assert (first, second) == (OURS.prompt, "Negative prompt: blurry")
    found = infotext_lines.pairs(line)
    assert found["Size"] == "64x48" and found["Clip skip"] == "2" and "Hashes" not in found
    assert pixels.decode(copy.read_bytes()).size == (64, 48)
