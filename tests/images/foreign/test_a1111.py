"""A1111's and Forge's texts, in every container."""

from __future__ import annotations

import pytest

from tests.images.foreign.pictures import params, png, with_exif

A1111 = """a castle by the sea, <lora:ink:0.8>, gulls
Negative prompt: blurry, low quality
Steps: 28, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 1234567, Size: 512x768, \
Model hash: 6ce0161689, Model: v1-5-pruned, Denoising strength: 0.4, Clip skip: 2, \
Hires upscale: 1.5, Hires steps: 12, Hires upscaler: "R-ESRGAN 4x+, sharp", \
Lora hashes: "ink: aa11bb22cc33", ADetailer prompt: "a \\"face\\",\\nsmiling", Version: v1.10.1"""
FLUX = """a castle
Steps: 20, Sampler: Euler, Schedule type: Simple, CFG scale: 1, Distilled CFG Scale: 3.5, \
Seed: 5, Size: 896x1152, Model hash: 2a3b4c5d6e, Model: flux1-dev-bnb-nf4, \
Module 1: ae, Version: f2.0.1v1.10.1-previous-304-g394da019"""


@pytest.mark.parametrize(
    "picture", [png(parameters=A1111), with_exif("JPEG", A1111), with_exif("WEBP", A1111)]
)
def test_all_that_decides_pixels_is_read(picture: bytes) -> None:
    """Prompts without tags, settings in our terms, LoRAs by name, the rest as it is written."""
    said = params(picture)
    assert said is not None
    assert said.program == "A1111"
    assert said.prompt == "a castle by the sea, gulls"
    assert said.negative_prompt == "blurry, low quality"
    assert (said.steps, said.scheduler, said.guidance_scale) == (28, "DPM++ 2M Karras", 6.5)
    assert (said.seed, said.width, said.height, said.strength) == (1234567, 512, 768, 0.4)
    assert (said.model, said.model_hash) == ("v1-5-pruned", "6ce0161689")
    assert said.loras == ("ink (0.8)",)
    assert said.others == {
        "Clip skip": "2",
        "Hires upscale": "1.5",
        "Hires steps": "12",
        "Hires upscaler": "R-ESRGAN 4x+, sharp",
        "ADetailer prompt": 'a "face",\nsmiling',
    }


def test_forge_with_flux() -> None:
    """Guidance is the distilled one where cfg is off; the version tells the program."""
    said = params(png(parameters=FLUX))
    assert said is not None
    assert (said.program, said.guidance_scale, said.scheduler) == ("Forge", 3.5, "Euler trailing")
    assert said.others == {"Module 1": "ae"}


def test_loras_that_only_hashes_name() -> None:
    """Some programs list LoRAs without tags in the prompt."""
    said = params(
        png(parameters='x\nSteps: 4, Seed: 1, Size: 64x64, Lora hashes: "ink: a1, wash: b2"')
    )
    assert said is not None
    assert said.loras == ("ink", "wash")


def test_a_template_below_the_settings() -> None:
    """Old versions of dynamic-prompts wrote the template on lines of its own at the end."""
    text = "a red hill\nSteps: 4, Sampler: Euler, Seed: 1\nTemplate: a {red|blue} hill"
    said = params(png(parameters=text + "\nNegative Template: {text|signs}"))
    assert said is not None
    assert (said.prompt, said.seed) == ("a red hill", 1)


def test_a_text_without_settings_is_a_prompt_only_under_its_keyword() -> None:
    """Cameras and people write comments."""
    said = params(png(parameters="a castle\nNegative prompt: people"))
    assert said is not None
    assert (said.prompt, said.negative_prompt) == ("a castle", "people")
    for picture in (png(parameters=""), png(Comment="a castle"), with_exif("JPEG", "a castle")):
        assert params(picture) is None


def test_a_comment_with_settings_is_read() -> None:
    """Converters leave the text under other names."""
    for picture in (png(Comment=A1111), png(Description=A1111)):
        said = params(picture)
        assert said is not None
        assert (said.prompt, said.seed) == ("a castle by the sea, gulls", 1234567)
