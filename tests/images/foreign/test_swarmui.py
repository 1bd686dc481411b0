"""SwarmUI's JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.images.foreign.pictures import params, png, with_exif

SWARM: dict[str, Any] = {
    "sui_image_params": {
        "prompt": "a lake, <lora:wash:0.7> geese",
        "negativeprompt": "people",
        "model": "OfficialStableDiffusion/sd_xl_base_1.0",
        "seed": 1755497345,
        "steps": 16,
        "cfgscale": 2.0,
        "aspectratio": "2:3",
        "width": 832,
        "height": 1216,
        "sampler": "euler_ancestral",
        "scheduler": "normal",
        "loras": ["styleA", "turbo-v0.2"],
        "loraweights": ["0.4", "0.7"],
        "initimagecreativity": 0.6,
        "clipstopatlayer": -2,
        "swarm_version": "0.9.8.1",
    },
    "sui_models": [{"name": "sd_xl_base_1.0.safetensors", "param": "model", "hash": "0x84fc41ea"}],
}


@pytest.mark.parametrize("picture", [png(parameters=SWARM), with_exif("JPEG", json.dumps(SWARM))])
def test_its_parameters(picture: bytes) -> None:
    """JSON where others write A1111's text."""
    said = params(picture)
    assert said is not None
    assert said.program == "SwarmUI"
    assert (said.prompt, said.negative_prompt) == ("a lake,  geese", "people")
    assert (said.steps, said.guidance_scale, said.scheduler) == (16, 2, "Euler a")
    assert (said.seed, said.width, said.height, said.strength) == (1755497345, 832, 1216, 0.6)
    assert said.model == "sd_xl_base_1.0"
    assert said.loras == ("styleA (0.4)", "turbo-v0.2 (0.7)", "wash (0.7)")
    assert said.others == {"clipstopatlayer": "-2"}


def test_the_guidance_of_flux() -> None:
    """It counts where cfg is off."""
    shown = {**SWARM["sui_image_params"], "cfgscale": 1, "fluxguidancescale": 3.5}
    said = params(png(parameters={"sui_image_params": shown}))
    assert said is not None
    assert said.guidance_scale == 3.5


@pytest.mark.parametrize("shown", [7, [], {"loras": 7, "loraweights": {}, "sampler": []}])
def test_values_of_other_kinds(shown: object) -> None:
    """Nothing raises."""
    said = params(png(parameters={"sui_image_params": shown}))
    assert said is None or said.loras == ()


def test_its_tags() -> None:
    """They are put into our terms; what is for a part of the picture is named as not used."""
    prompt = "a [red] <alternate:cat,dog> in (fog:1.2) <segment:face,0.6,0.5> a smile"
    said = params(png(parameters={"sui_image_params": {"prompt": prompt}}))
    assert said is not None
    assert said.prompt == r"a \[red\] [cat|dog] in (fog:1.2)"
    assert said.others == {"for parts of the picture": "face,0.6,0.5"}
