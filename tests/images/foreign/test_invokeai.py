"""InvokeAI's metadata of all versions."""

from __future__ import annotations

import pytest

from tests.images.foreign.pictures import params, png

CORE = {
    "generation_mode": "sdxl_txt2img",
    "positive_prompt": "digital artwork, holidays",
    "negative_prompt": "photo, black and white",
    "width": 1024,
    "height": 832,
    "seed": 3293022630,
    "rand_device": "cpu",
    "cfg_scale": 8.0,
    "steps": 35,
    "scheduler": "dpmpp_2m_sde_k",
    "model": {"key": "7f", "hash": "blake3:11aa", "name": "Juggernaut XL v9", "base": "sdxl"},
    "loras": [{"model": {"name": "ink"}, "weight": 0.75}],
    "strength": 0.7,
    "clip_skip": 2,
    "app_version": "4.2.0",
}


def test_its_present_form() -> None:
    """The keys of versions 4 and 5."""
    said = params(png(invokeai_metadata=CORE))
    assert said is not None
    assert said.program == "InvokeAI"
    assert (said.prompt, said.negative_prompt) == (
        "digital artwork, holidays",
        "photo, black and white",
    )
    assert (said.steps, said.scheduler, said.guidance_scale) == (35, "DPM++ 2M SDE Karras", 8)
    assert (said.seed, said.width, said.height, said.strength) == (3293022630, 1024, 832, 0.7)
    assert (said.model, said.model_hash) == ("Juggernaut XL v9", "")
    assert (said.loras, said.others) == (("ink (0.75)",), {"clip_skip": "2"})


def test_version_3() -> None:
    """Its models are under `model_name`, its LoRAs under `lora`."""
    model = {"model_name": "juggernautXL", "base_model": "sdxl", "model_type": "main"}
    older = {**CORE, "model": model, "loras": [{"lora": {"model_name": "ink"}, "weight": 1}]}
    said = params(png(invokeai_metadata=older))
    assert said is not None
    assert (said.model, said.loras) == ("juggernautXL", ("ink (1)",))


@pytest.mark.parametrize(
    "prompt", ["a castle [text, signs]", [{"prompt": "a castle [text, signs]", "weight": 1.0}]]
)
def test_version_2(prompt: object) -> None:
    """`sd-metadata` has what is not wanted in square brackets of the prompt."""
    image = {"prompt": prompt, "steps": 50, "cfg_scale": 5, "width": 512, "height": 768, "seed": 9}
    old = {"model_weights": "deliberate_v08", "model_hash": "56d1442a0f" + "0" * 54}
    said = params(png(sd_metadata={**old, "image": {**image, "sampler": "k_lms"}}))
    assert said is not None
    assert (said.prompt, said.negative_prompt) == ("a castle", "text, signs")
    assert (said.model, said.steps, said.seed) == ("deliberate_v08", 50, 9)
    assert said.others == {"sampler": "k_lms"}


@pytest.mark.parametrize(
    "data",
    [
        {"positive_prompt": 7, "model": [], "loras": {"a": 1}, "seed": -1, "cfg_scale": True},
        {"loras": [7, {"model": 5}, {}], "steps": 1e400, "width": "64", "height": None},
        {"scheduler": ["euler"], "model": {"name": {"a": {}}, "hash": 5}},
    ],
)
def test_values_of_other_kinds_are_left_out(data: object) -> None:
    """Nothing raises, and nothing is taken for what it is not."""
    said = params(png(invokeai_metadata=data))
    assert said is not None
    assert (said.prompt, said.model) == ("", "")
    assert (said.steps, said.seed, said.width) == (None, None, None)


def test_its_weights() -> None:
    """They are put into our terms, and work by its own rule."""
    core = CORE | {"positive_prompt": "a castle++, (fog)0.7 (plain)", "negative_prompt": "people-"}
    said = params(png(invokeai_metadata=core))
    assert said is not None
    assert said.prompt == "a (castle:1.21), (fog:0.7) plain"
    assert (said.negative_prompt, said.emphasis) == ("(people:0.9)", "compel")
