"""Easy Diffusion's two spellings."""

from __future__ import annotations

import json

from tests.images.foreign.pictures import params, png, with_exif

TEXTS = {
    "Prompt": "a castle",
    "Negative Prompt": "people",
    "Seed": "5",
    "Stable Diffusion model": "wide",
    "Width": "512",
    "Height": "768",
    "Sampler": "euler_a",
    "Guidance Scale": "7.5",
    "Steps": "25",
}
JSON = {
    "prompt": "a castle",
    "negative_prompt": "people",
    "seed": 5,
    "use_stable_diffusion_model": "models/wide",
    "width": 512,
    "height": 768,
    "sampler_name": "euler_a",
    "guidance_scale": 7.5,
    "num_inference_steps": 25,
    "use_lora_model": "ink",
    "lora_alpha": 0.5,
}


def test_both_spellings() -> None:
    """Texts of a PNG, or JSON in EXIF."""
    for picture in (png(**TEXTS), with_exif("JPEG", json.dumps(JSON))):
        said = params(picture)
        assert said is not None
        assert (said.program, said.prompt, said.negative_prompt) == (
            "Easy Diffusion",
            "a castle",
            "people",
        )
        assert (said.steps, said.guidance_scale, said.scheduler) == (25, 7.5, "Euler a")
        assert (said.seed, said.width, said.height, said.model) == (5, 512, 768, "wide")
        assert said.others == {}
    assert said.loras == ("ink (0.5)",)


def test_a_text_called_prompt_alone_is_none_of_its() -> None:
    """Anybody may call a text so."""
    assert params(png(Prompt="a castle", Seed="5")) is None
