"""stable-diffusion.cpp's text."""

from __future__ import annotations

import pytest

from tests.images.foreign.pictures import params, png

TEXT = (
    "a sunflower field\nNegative prompt: blue sky\n"
    "Steps: 30, CFG scale: {cfg}, Guidance: 3.500000, Eta: 0.000000, Seed: 1375127038, "
    "Size: 512x512, Model: v1-5-pruned-emaonly.safetensors, RNG: cuda, Sampler: {sampler}, "
    "Clip skip: 2, Version: stable-diffusion.cpp{version}"
)


@pytest.mark.parametrize(
    ("sampler", "ours"),
    [
        ("euler_a", "Euler a"),
        ("dpm++2m karras", "DPM++ 2M Karras"),
        ("dpm++2mv2 discrete", "DPM++ 2M"),
        ("dpm++2s_a", None),
    ],
)
def test_its_samplers(sampler: str, ours: str | None) -> None:
    """They have names of their own, with the schedule behind them."""
    said = params(png(parameters=TEXT.format(cfg="5.000000", sampler=sampler, version="")))
    assert said is not None
    assert (said.program, said.scheduler) == ("stable-diffusion.cpp", ours)
    assert (said.prompt, said.negative_prompt) == ("a sunflower field", "blue sky")
    assert (said.steps, said.guidance_scale, said.seed) == (30, 5, 1375127038)
    assert (said.width, said.height, said.model) == (512, 512, "v1-5-pruned-emaonly")
    assert said.others == {"Clip skip": "2"} | ({} if ours else {"Sampler": sampler})


def test_flux() -> None:
    """With cfg off, the guidance counts; versions may follow the name."""
    text = TEXT.format(cfg="1.000000", sampler="euler", version=" master-1234")
    said = params(png(parameters=text))
    assert said is not None
    assert (said.program, said.guidance_scale) == ("stable-diffusion.cpp", 3.5)
