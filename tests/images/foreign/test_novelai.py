"""NovelAI's pictures, with their texts and without."""

from __future__ import annotations

import gzip
import io
import json

import numpy as np
import pytest
from PIL import Image

from hotfolder.images import stealth
from hotfolder.studio.identity import identify
from tests import samples
from tests.images.foreign.pictures import params, png

COMMENT = {
    "prompt": "a castle by a lake",
    "steps": 28,
    "height": 832,
    "width": 1216,
    "scale": 5.0,
    "seed": 123456,
    "noise_schedule": "native",
    "sampler": "k_euler_ancestral",
    "uc": "people",
}
HIDDEN = {"Software": "NovelAI", "Source": "NovelAI V4", "Comment": json.dumps(COMMENT)}


def with_alpha(text: str, packed: bool = True, size: tuple[int, int] = (96, 64)) -> bytes:
    """A PNG whose alpha hides a text."""
    body = gzip.compress(text.encode()) if packed else text.encode()
    head = b"stealth_pngcomp" if packed else b"stealth_pnginfo"
    bits = np.unpackbits(
        np.frombuffer(head + (8 * len(body)).to_bytes(4, "big") + body, dtype=np.uint8)
    )
    alpha = np.full(size[0] * size[1], 254, dtype=np.uint8)
    alpha[: len(bits)] |= bits[: len(alpha)]
    image = Image.new("RGBA", size, (30, 60, 90, 255))
    image.putalpha(Image.fromarray(alpha.reshape(size).T.copy()))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def test_its_comment() -> None:
    """The settings are JSON; version 4 has persons apart."""
    persons = {"caption": {"char_captions": [{"char_caption": "a rider"}]}}
    said = params(png(Software="NovelAI", Comment={**COMMENT, "v4_prompt": persons}))
    assert said is not None
    assert said.program == "NovelAI"
    assert (said.prompt, said.negative_prompt) == ("a castle by a lake, a rider", "people")
    assert (said.steps, said.scheduler, said.guidance_scale) == (28, "Euler a", 5)
    assert (said.seed, said.width, said.height) == (123456, 1216, 832)


@pytest.mark.parametrize("packed", [True, False])
def test_its_alpha(packed: bool) -> None:
    """A picture that lost its texts has them in its alpha still; so has A1111's plug-in."""
    said = identify(with_alpha(json.dumps(HIDDEN), packed)).params
    assert said is not None
    assert (said.program, said.prompt, said.model) == (
        "NovelAI",
        "a castle by a lake",
        "NovelAI V4",
    )
    other = identify(with_alpha("a hill\nSteps: 4, Seed: 5, Sampler: Euler", packed)).params
    assert other is not None
    assert (other.prompt, other.seed) == ("a hill", 5)


def test_alpha_without_a_text_hides_none() -> None:
    """Nor does a text that is torn, or longer than the picture; nothing raises."""
    whole = with_alpha("x" * 400, packed=False, size=(24, 24))
    assert stealth.texts(whole) == ()
    for picture in (samples.drawn("PNG", "RGBA"), samples.drawn("PNG"), samples.drawn("JPEG")):
        assert stealth.texts(picture) == ()
    assert stealth.texts(with_alpha('{"a": [', packed=False)) == (("parameters", '{"a": ['),)
