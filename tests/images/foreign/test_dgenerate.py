"""dgenerate's scripts: words only."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.images.foreign.pictures import params, png, with_exif

SCRIPT = """#! dgenerate 4.5.1

# made on a rainy day
\\set name "x"
stabilityai/stable-diffusion-xl-base-1.0
--model-type sdxl
--dtype float16
--inference-steps 40 50
--guidance-scales 8
--clip-skips 1
--schedulers "DPMSolverMultistepScheduler;use-karras-sigmas=true"
--loras "owner/ink-lora;weight-name=ink.safetensors;scale=0.8"
--output-size 1024x768
--seeds 1234
--prompts "a horse; outside a barn; ugly"
"""


@pytest.mark.parametrize("picture", [png(DgenerateConfig=SCRIPT), with_exif("JPEG", SCRIPT)])
def test_the_last_command(picture: bytes) -> None:
    """Its options in our terms; of several values the first."""
    said = params(picture)
    assert said is not None
    assert said.program == "dgenerate"
    assert (said.prompt, said.negative_prompt) == ("a horse", "outside a barn; ugly")
    assert (said.steps, said.guidance_scale, said.scheduler) == (40, 8, "DPM++ 2M Karras")
    assert (said.seed, said.width, said.height) == (1234, 1024, 768)
    assert (said.model, said.loras) == ("stable-diffusion-xl-base-1.0", ("ink-lora (0.8)",))
    assert said.others == {"clip-skips": "1"}


@pytest.mark.parametrize(
    ("uri", "ours"),
    [
        ("EulerAncestralDiscreteScheduler", "Euler a"),
        ("EulerDiscreteScheduler;timestep-spacing=linspace", "Euler"),
        ("DPMSolverMultistepScheduler", "DPM++ 2M"),
        ("DPMSolverSDEScheduler", None),
    ],
)
def test_schedulers_are_diffusers_classes(uri: str, ours: str | None) -> None:
    """The class and its Karras sigmas have our name."""
    said = params(png(DgenerateConfig=f'a/b --prompts x --schedulers "{uri}"'))
    assert said is not None
    assert said.scheduler == ours
    assert said.others == ({} if ours else {"scheduler": uri})


@pytest.mark.parametrize("script", ["", "\\exec('x')", '--prompts "x', "x" * 70_000, "--seeds 1"])
def test_what_is_no_command_is_nothing(script: str) -> None:
    """Unbalanced quotes, no prompt, and scripts without end."""
    assert params(png(DgenerateConfig=script)) is None


def test_nothing_is_run_or_expanded(tmp_path: Path) -> None:
    """Directives and templates are words."""
    mark = tmp_path / "mark"
    script = f"\\exec touch {mark}\n\\! touch {mark}\nm --prompts '{{{{ open({str(mark)!r}) }}}}'\n"
    said = params(png(DgenerateConfig=script))
    assert said is not None
    assert said.prompt.startswith("{{ open(")
    assert not mark.exists()
