"""Fooocus in both of its schemes."""

from __future__ import annotations

from pathlib import Path

from tests.images.foreign.pictures import params, png, with_exif

JSON = {
    "adm_guidance": "(1.5, 0.8, 0.3)",
    "base_model": "juggernautXL_v8Rundiffusion",
    "base_model_hash": "aeb7e9e689",
    "full_prompt": ["a goldfish, cinematic", "a goldfish, sharp"],
    "full_negative_prompt": ["bad photo"],
    "guidance_scale": 4.0,
    "loras": [["sd_xl_offset_example-lora_1.0", 0.1, "4852686128"]],
    "metadata_scheme": "fooocus",
    "negative_prompt": "blurry",
    "performance": "Speed",
    "prompt": "a smiling goldfish",
    "resolution": "(768, 1280)",
    "sampler": "dpmpp_2m_sde_gpu",
    "scheduler": "karras",
    "seed": "6952411511246973023",
    "steps": 30,
    "styles": "['Fooocus V2', 'Fooocus Sharp']",
    "version": "Fooocus v2.2.0",
}
TEXT = """cinematic still, a smiling goldfish
Negative prompt: bad photo
Steps: 30, Sampler: DPM++ 2M SDE Karras, Seed: 12, Size: 768x1280, CFG scale: 4, Sharpness: 2, \
ADM Guidance: "(1.5, 0.8, 0.3)", Model: juggernautXL_v8Rundiffusion, Model hash: aeb7e9e689, \
Performance: Speed, Scheduler: karras, Raw prompt: a smiling goldfish, Raw negative prompt: , \
Lora hashes: "offset: 4852686128", Lora weights: "offset: 0.1", Version: Fooocus v2.5.0"""


def test_its_own_scheme() -> None:
    """JSON, with Python's literals where nothing is evaluated."""
    import json

    pictures = [png(parameters=JSON, fooocus_scheme="fooocus"), with_exif("WEBP", json.dumps(JSON))]
    for said in map(params, pictures):
        assert said is not None
        assert said.program == "Fooocus"
        assert (said.prompt, said.negative_prompt) == ("a smiling goldfish", "blurry")
        assert (said.width, said.height, said.steps) == (768, 1280, 30)
        assert (said.seed, said.guidance_scale) == (6952411511246973023, 4)
        assert said.scheduler == "DPM++ 2M SDE Karras"
        assert (said.model, said.model_hash) == ("juggernautXL_v8Rundiffusion", "aeb7e9e689")
        assert said.loras == ("sd_xl_offset_example-lora_1.0 (0.1)",)
        assert said.others["styles"] == "['Fooocus V2', 'Fooocus Sharp']"


def test_a1111_s_scheme() -> None:
    """The text of A1111 with the prompt as it was typed, before its styles."""
    said = params(png(parameters=TEXT, fooocus_scheme="a1111"))
    assert said is not None
    assert said.program == "Fooocus"
    assert (said.prompt, said.negative_prompt) == ("a smiling goldfish", "bad photo")
    assert (said.seed, said.scheduler, said.loras) == (12, "DPM++ 2M SDE Karras", ("offset (0.1)",))


def test_older_versions_wrote_each_lora_apart() -> None:
    """ "name : weight", later with whether it was on before it."""
    older = {key: value for key, value in JSON.items() if key != "loras"}
    older |= {"lora_combined_1": "a.safetensors : 0.5", "lora_combined_2": "True : b : 1.0"}
    said = params(png(parameters=older, fooocus_scheme="fooocus"))
    assert said is not None
    assert said.loras == ("a (0.5)", "b (1.0)")


def test_nothing_is_evaluated(tmp_path: Path) -> None:
    """Code where a pair of numbers should be is no pair of numbers."""
    mark = tmp_path / "mark"
    code = f"(open({str(mark)!r}, 'w').write('x'), 64)"
    for resolution in (code, "(2**9, 512)", "[512, 512]", "(1" * 50_000, [512, 512]):
        said = params(png(parameters={**JSON, "resolution": resolution}, fooocus_scheme="fooocus"))
        assert said is not None
        assert (said.width, said.height) == (None, None)
    assert not mark.exists()
