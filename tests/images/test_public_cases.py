"""What bug reports of other programs describe, as files: each with its right value."""

from __future__ import annotations

from typing import Any

import pytest

from hotfolder.images.generation_params import GenerationParams
from hotfolder.prompts import text
from hotfolder.prompts.text_encoding import decode
from hotfolder.studio.identity import identify
from tests import samples

LAKE = {"prompt": "a castle by a lake", "negative_prompt": "people"}
TREE = {"prompt": "a tree on a hill", "negative_prompt": "people", "seed": 5, "width": 512}
SCHLOSS = "Schlo\u00df am See, Nebelh\u00fcgel, \u57ce"
PUBLIC: dict[str, dict[str, Any]] = {
    "c01-comfy-zeroout.png": {"prompt": "a lighthouse on a cliff, storm", "negative_prompt": ""},
    "c02-comfy-efficient.png": {
        "prompt": "a windmill on a meadow",
        "negative_prompt": "people, text",
        "width": 768,
        "height": 512,
        "loras": (),
    },
    "c04-comfy-efficient-linked.png": {
        "prompt": "a balloon over a valley",
        "negative_prompt": "blurry, text",
    },
    "c05-comfy-concat.png": {
        "prompt": "a boat on a lake, oil painting, evening",
        "negative_prompt": "people",
        "others": {"sampler": "res_multistep", "scheduler": "beta"},
    },
    "c06-comfy-and-parameters.png": {**LAKE, "steps": 22, "seed": 11},
    "c07-comfy-power-lora.png": {"prompt": "a cottage", "loras": ("lines (0.8)",)},
    "c09-comfy-prompt-in-make.webp": TREE,
    "c09b-comfy-prompt-in-model.webp": TREE,
    "c10-comfy-subgraph.png": {"prompt": "a castle on a rock", "negative_prompt": ""},
    "c11-civitai-generator.jpg": {
        "prompt": "a boat at dusk",
        "negative_prompt": "people",
        "scheduler": "Euler a",
        "width": 832,
    },
    "c12-comfy-controlnet.png": TREE,
    "c13-comfy-cfgguider.png": {**TREE, "seed": 77, "scheduler": "DPM++ 2M Karras"},
    "c16-comfy-two-pass.png": {**TREE, "steps": 20, "scheduler": "Euler", "strength": None},
    "c18-comfy-switch.png": {**TREE, "prompt": "a boat"},
    "e01-uc-utf8-as-unicode.jpg": LAKE,
    "e02-uc-le-bom.jpg": LAKE,
    "e04-uc-undefined.jpg": LAKE,
    "e05-uc-be-bom.jpg": LAKE,
    "e06-imagedescription.jpg": LAKE,
    "i01-automatic-schedule.png": {**LAKE, "scheduler": "DPM++ 2M Karras"},
    "i02-no-settings.png": {"prompt": "a castle by a lake, evening light", "steps": None},
    "i03-capital-negative.png": {**LAKE, "negative_prompt": "people, boats"},
    "i04-civitai-resources.png": {
        "prompt": "a castle",
        "loras": ("ink lines (0.8)",),
        "model": "Wide: big one",
        "others": {"Clip skip": "2"},
    },
    "i05-adetailer.png": {
        "program": "Forge",
        "prompt": "a person in front of a cottage",
        "scheduler": "DPM++ 2M SDE Karras",
        "seed": 9,
        "strength": 0.4,
        "loras": ("ink",),
    },
    "i06-hashes-json.png": {"prompt": "a castle", "seed": 4, "model": "wide", "others": {}},
    "i07-prompt-looks-like-settings.png": {
        "prompt": "a poster, title: Winter, time: noon, place: Oslo",
        "seed": 4,
    },
    "i08-sdnext.png": {"program": "SD.Next", "prompt": "a castle", "scheduler": "UniPC"},
    "i09-time-taken.png": {"prompt": "a castle", "negative_prompt": "people", "seed": 5},
    "i10-sdcpp-utf8.png": {"prompt": SCHLOSS, "negative_prompt": "Menschen", "seed": 42},
    "i12-beta-schedule.png": {
        "scheduler": None,
        "others": {"Sampler": "DPM++ 2M", "Schedule type": "Beta"},
    },
    "i13-dpm2m-simple.png": {"scheduler": "DPM++ 2M"},
    "i14-break-and-schedule.png": {
        "prompt": "a castle (on a rock:1.3) AND [a lake:a river:0.5] BREAK\n[snow], ((fog))",
        "negative_prompt": "(people:1.4),\nboats",
    },
    "i15-empty-prompt.png": {"prompt": "", "negative_prompt": "people", "seed": 5},
    "i16-clipskip.png": {"prompt": "a castle", "others": {"Clip skip": "2", "ENSD": "31337"}},
    "i17-sdnext-pipes.png": {
        "prompt": "a castle",
        "negative_prompt": "people",
        "seed": 187,
        "width": 768,
    },
    "i18-hires-prompt.png": {
        "prompt": "a castle",
        "scheduler": "DPM++ 2M Karras",
        "others": {"Hires prompt": 'a castle,\nfog "x"', "Hires CFG Scale": "5"},
    },
    "i20-seed-minus.png": {"prompt": "a castle", "seed": None},
    "i21-crlf.png": {"prompt": "a castle", "negative_prompt": "people", "seed": 5},
    "i22-lora-name-colon-weights.png": {
        "prompt": "a castle , fog",
        "loras": ("ink_v1.2 (0.8:0.5)", "my lora (big) (1:lbw=0,1,0)", "noweight"),
    },
    "i23-comma-decimal.png": {"prompt": "a castle", "guidance_scale": 7.5, "seed": 5},
    "n01-novelai.png": {
        "program": "NovelAI",
        "prompt": "a castle by a lake, {evening}",
        "negative_prompt": "people, text",
        "steps": 28,
    },
    "n02-drawthings.png": {"program": "Draw Things", **LAKE, "scheduler": "DPM++ 2M Karras"},
    "n03-easydiffusion.png": {"program": "Easy Diffusion", **LAKE, "guidance_scale": 7.5},
    "n04-midjourney.png": {
        "program": "Midjourney",
        "prompt": "a castle by a lake, oil painting",
        "model": "Midjourney 6.1",
    },
    "n05-invokeai.png": {"program": "InvokeAI", "prompt": "a castle by a lake", "steps": 30},
    "n06-swarm-tags.png": {"program": "SwarmUI", "seed": 5, "loras": ("ink (0.7)",)},
}


@pytest.mark.parametrize("name", PUBLIC)
def test_a_picture_says_what_it_says(name: str) -> None:
    """Each value is the one that the bug report calls right."""
    said = identify(samples.sample(f"public/{name}")).params
    assert isinstance(said, GenerationParams)
    expected = PUBLIC[name]
    assert {key: getattr(said, key) for key in expected} == expected


@pytest.mark.parametrize("code", [b"ASCII\0\0\0", b"UNICODE\0", b"\0" * 8, b"JIS\0\0\0\0\0", b""])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "utf-16"])
def test_a_comment_in_any_encoding_under_any_name(code: bytes, encoding: str) -> None:
    """What the first eight bytes call it is often wrong."""
    import piexif

    from hotfolder.images import exif

    text = f"{SCHLOSS}\nNegative prompt: Menschen"
    block = piexif.dump({"Exif": {0x9286: code + text.encode(encoding)}})
    assert exif.user_comment(block.removeprefix(b"Exif\0\0")) == text


TYPED = {
    "t01-capital-negative.txt": ("a castle by a lake", "people, boats"),
    "t02-lower-negative.txt": ("a windmill", "people"),
    "t03-neg-colon-short.txt": ("a lighthouse", "people"),
    "t04-pasted-time-taken.txt": ("a castle, evening", "people"),
    "t15-stepless-a1111.txt": ("a castle in spring", "people"),
    "t17-double-comma-neg-multiline.txt": (
        "a tower,\n\nfog, sunrise",
        "people,\n\nboats, text",
    ),
    "t22-pasted-other-model.txt": ("a castle by a lake", "people"),
}


@pytest.mark.parametrize("name", TYPED)
def test_a_text_asks_for_what_it_says(name: str) -> None:
    """One prompt each, whatever stands around it."""
    (one,) = text.parse(decode(samples.sample(f"public/{name}")))
    if isinstance(one, GenerationParams):
        assert (one.prompt, one.negative_prompt) == TYPED[name]
        assert one.seed == 5
    else:
        assert (one.text, one.negative) == TYPED[name]


def test_a_pasted_text_with_loras_and_an_unknown_sampler() -> None:
    """Tags are LoRAs by name, the sampler is told."""
    (one,) = text.parse(decode(samples.sample("public/t08-pasted-lora.txt")))
    assert isinstance(one, GenerationParams)
    assert (one.prompt, one.negative_prompt) == ("a castle, (fog:1.3), [snow]", "people")
    assert one.loras == ("ink (0.8)",)
    assert one.others["LoRAs of the negative prompt"] == "bad (1)"
    assert (one.scheduler, one.others["Sampler"]) == (None, "DPM++ 3M SDE")
