"""The A1111 text: what others wrote is understood, what we write comes back."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotfolder.images import infotext
from hotfolder.images.generation_params import GenerationParams
from hotfolder.recipes.recipe import Pixels, Recipe
from hotfolder.recipes.record import Record
from hotfolder.recipes.schedulers import MODEL_OWN, SCHEDULERS

CIVITAI = """a castle by the sea, (sunset:1.2), <lora:ink:0.8>
BREAK, gulls
Negative prompt: blurry, low quality,
text
Steps: 28, Sampler: DPM++ 2M Karras, CFG scale: 6.5, Seed: 1234567, Size: 512x768, \
Model hash: 6ce0161689, Model: v1-5-pruned, Denoising strength: 0.4, Clip skip: 2, \
Lora hashes: "ink: aa11, wash: bb22", Version: v1.6.0"""


def recipe(**given: object) -> Recipe:
    values: dict[str, object] = {
        "prompt": "a castle",
        "seed": 7,
        "width": 320,
        "height": 208,
        "multiple": 16,
        "model": "postcard",
        "scheduler": "DPM++ 2M",
        "steps": 12,
        "guidance_scale": 4.0,
    }
    return Recipe(**{**values, **given})  # type: ignore[arg-type]


def record(**given: str) -> Record:
    return Record(stage="draft", pixels="0" * 64, **given)  # type: ignore[arg-type]


def test_reads_what_others_wrote() -> None:
    """A usual text gives its prompts, its settings in our terms, and the rest as pairs."""
    read = infotext.parse(CIVITAI)
    assert read == GenerationParams(
        prompt="a castle by the sea, (sunset:1.2), <lora:ink:0.8>\nBREAK, gulls",
        negative_prompt="blurry, low quality,\ntext",
        steps=28,
        scheduler="DPM++ 2M Karras",
        guidance_scale=6.5,
        seed=1234567,
        width=512,
        height=768,
        strength=0.4,
        model="v1-5-pruned",
        model_hash="6ce0161689",
        others={"Clip skip": "2", "Lora hashes": "ink: aa11, wash: bb22", "Version": "v1.6.0"},
    )


@pytest.mark.parametrize(
    ("sampler", "schedule", "ours"),
    [
        ("Euler a", "", "Euler a"),
        ("Euler", "Automatic", "Euler"),
        ("DPM++ 2M", "Karras", "DPM++ 2M Karras"),
        ("DPM++ 2M", "Automatic", "DPM++ 2M Karras"),
        ("DPM++ 2M", "SGM Uniform", "DPM++ 2M"),
        ("DPM++ 2M SDE", "Automatic", None),
        ("DPM++ 3M SDE", "Exponential", None),
        ("DPM++ 2M", "Beta", None),
        ("UniPC", "Automatic", "UniPC"),
        ("euler_ancestral", "normal", "Euler a"),
        ("DPM++ 2M SDE", "Karras", "DPM++ 2M SDE Karras"),
        ("Euler", "Simple", "Euler trailing"),
        ("PLMS", "", "PNDM"),
        ("DPM fast", "", None),
        ("Euler", "Polyexponential", None),
        ("model", "", None),
    ],
)
def test_translates_samplers(sampler: str, schedule: str, ours: str | None) -> None:
    """A sampler and its schedule get our name, or none where we have no such scheduler."""
    text = f"x\nSteps: 4, Sampler: {sampler}, Schedule type: {schedule}, Seed: 1"
    read = infotext.parse(text)
    assert read is not None
    assert read.scheduler == ours
    assert ("Sampler" in read.others) == (ours is None)


@pytest.mark.parametrize("text", ["", " \n", "x" * 1_000_001, "x" * 70_000])
def test_what_says_nothing_is_none(text: str) -> None:
    """Neither is what no recipe could hold."""
    assert infotext.parse(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "a castle",
        "a castle\nSteps: 4",
        "a castle\nSteps: 4, Stairs: 1",
        "a poster, title: Winter, time: noon, place: Oslo",
        "a hall\nA: 3.14 GB, R: 3.92 GB, Sys: 5.2/8 GB (65%)",
        "Size: large\nSeed: of a poppy",
    ],
)
def test_a_text_without_settings_is_a_prompt(text: str) -> None:
    """One pair, or pairs of which nobody knows the keys, are part of a prompt."""
    assert infotext.parse(text) == GenerationParams(prompt=text)
    assert not infotext.has_settings(text)


@pytest.mark.parametrize(
    "line",
    [
        "Steps: 0, Sampler: x, CFG scale: -1, Seed: -1, Size: 9x99999, Denoising strength: nan",
        "Steps: 1e9, Sampler: x, CFG scale: inf, Seed: 99999999999999999999999, Size: 16384x16384",
        'Steps: "4, Sampler: "x"y", CFG scale: ., Seed: \u0663, Size: x',
    ],
)
def test_leaves_out_what_is_out_of_range(line: str) -> None:
    """Settings that no recipe can have are as if they were not there."""
    read = infotext.parse(f"a castle\n{line}")
    assert read is not None
    assert read.prompt == "a castle"
    values = (read.steps, read.guidance_scale, read.seed, read.width, read.height, read.strength)
    assert values == (None,) * 6


def test_writes_what_others_read() -> None:
    """The keys and their order are A1111's; values with commas or colons are JSON strings."""
    pixels = Pixels(sha256="1" * 64, width=64, height=64)
    made = recipe(
        negative_prompt="text",
        scheduler="DPM++ 2M Karras",
        model="a, b",
        strength=0.5,
        source=pixels,
        guidance_scale=7.5,
    )
    text = infotext.write(made, record(template="a {castle|hut}", model_sha256="ab" * 32))
    assert text == (
        "a castle\nNegative prompt: text\n"
        "Steps: 12, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, Seed: 7, "
        'Size: 320x208, Model hash: ababababab, Model: "a, b", Denoising strength: 0.5, RNG: CPU, '
        f"Template: a {{castle|hut}}, Version: hotfolder {infotext.__version__}"
    )


def test_a_file_s_own_hash_comes_first() -> None:
    """Where a model is one file, its hash is the one by which CivitAI finds it."""
    text = infotext.write(recipe(), record(model_sha256="ab" * 32, file_sha256="cd" * 32))
    assert "Model hash: cdcdcdcdcd," in text


def test_the_model_s_own_scheduler_has_no_name_elsewhere() -> None:
    """A recipe that leaves the scheduler to the model names no sampler."""
    text = infotext.write(recipe(scheduler=MODEL_OWN), record())
    assert "Sampler" not in text
    assert "Schedule type" not in text


TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.sampled_from(
            [
                "Negative prompt: x",
                "Steps: 20, Sampler: Euler, Seed: 5, CFG scale: 1",
                "a castle, red",
                '"quoted"',
                "",
                " ",
                "Whole prompt: no",
                "\r",
                "\u2028",
            ]
        ),
        max_size=5,
    ).map("\n".join),
)


@settings(max_examples=400, deadline=None)
@given(
    TEXTS,
    TEXTS,
    TEXTS,
    st.integers(0, 2**63 - 1),
    st.floats(0, 100),
    st.sampled_from(sorted(SCHEDULERS)),
)
def test_comes_back(
    prompt: str, negative: str, template: str, seed: int, guidance: float, scheduler: str
) -> None:
    """Whatever a prompt looks like, the text gives the same prompts and settings back."""
    made = recipe(
        prompt=prompt,
        negative_prompt=negative,
        seed=seed,
        guidance_scale=guidance,
        scheduler=scheduler,
    )
    read = infotext.parse(infotext.write(made, record(template=template)))
    assert read is not None
    assert (read.prompt, read.negative_prompt) == (prompt, negative)
    assert (read.seed, read.steps, read.width, read.height) == (seed, 12, 320, 208)
    assert read.guidance_scale == guidance
    assert read.scheduler == (None if scheduler == MODEL_OWN else scheduler)
    assert read.others.get("Template", prompt) == (template or prompt)


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_never_raises(text: str) -> None:
    """Any text at all is read or declined."""
    infotext.parse(text)
    infotext.parse(f"x\nSteps: {text}, Sampler: {text}, Seed: {text}, Size: {text}")


@pytest.mark.parametrize("piece", ["a", "a ", 'a:"', 'a:"\\",', "a:", " ", "\\", '"'])
def test_is_read_in_linear_time(piece: str) -> None:
    """A megabyte of the worst repeated pieces is declined or read soon."""
    start = time.process_time()
    infotext.parse((piece * 1_000_000)[:1_000_000])
    assert time.process_time() - start < 5


ASKED = {"prompt": "a castle", "negative_prompt": "people", "steps": 20, "seed": 5}
LINE = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x768"


@pytest.mark.parametrize(
    "text",
    [
        f"parameters\n\na castle\nNegative prompt: people\n{LINE}",
        f"Prompt\na castle\nNegative prompt\npeople\nOther metadata\n{LINE}",
        f"Positive: a castle\nNegative: people\n{LINE.replace('x', 'X')}",
        f"/imagine prompt: a castle\nnegative prompts : people\n{LINE.replace('x', '*')}",
        f"a castle\nNegative prompt\uff1apeople\n{LINE}",
        "a castle\nNegative\u00a0prompt: people\n" + LINE.replace(" ", "\u00a0"),
        "a castle\nNegative prompt: people\n"
        + LINE.replace(": ", "\uff1a").replace(", ", "\uff0c"),
        "a castle\nNegative prompt: people\n" + LINE.replace(", ", "; "),
        "a castle\nNegative prompt: people\n" + LINE.replace(", ", " | "),
        "a castle\nNegative prompt: people\nSteps: 20.0, Seed: 5.0",
        "**Prompt:** a castle\n**Negative prompt:** people\n**Steps:** 20, **Seed:** 5",
        "Prompt: a castle\n- Negative prompt: people\n- Steps: 20\n- Sampler: Euler a\n- Seed: 5",
        f"Prompt: a castle\nNegativer Prompt: people\n{LINE}",
        f"a castle\nPrompt n\u00e9gatif : people\n{LINE}",
        f"\u63d0\u793a\u8bcd\uff1aa castle\n\u53cd\u5411\u63d0\u793a\u8bcd\uff1apeople\n{LINE}",
        "\u30d7\u30ed\u30f3\u30d7\u30c8: a castle\n"
        f"\u30cd\u30ac\u30c6\u30a3\u30d6\u30d7\u30ed\u30f3\u30d7\u30c8: people\n{LINE}",
    ],
)
def test_the_many_ways_of_pasting(text: str) -> None:
    """Labels of pages and other languages, wide colons, lists, bold letters, other separators."""
    read = infotext.read(text)
    assert read is not None
    assert {key: getattr(read, key) for key in ASKED} == ASKED
    assert read.others == {}
    if "ize" in text:
        assert (read.width, read.height) == (512, 768)


def test_values_that_cannot_be() -> None:
    """They are told with what is not used; a seed of -1 is any."""
    read = infotext.read(
        "a castle\nSteps: 5000, CFG scale: high, Seed: -1, Size: 3x3, Sampler: Ours"
    )
    assert read is not None and read.seed is None
    assert read.others == {
        "Steps": "5000",
        "CFG scale": "high",
        "Size": "3x3",
        "Sampler": "Ours",
    }


@pytest.mark.parametrize(
    "text",
    [
        "a castle, steps: 5 stairs leading up, size: huge, seed: of doubt",
        "model: tall, size: large",
        "a poster, title: Winter, time: noon",
        "**a castle**, - by a lake",
    ],
)
def test_words_with_colons_are_words(text: str) -> None:
    """Only settings with a number that counts are settings, where there are few."""
    read = infotext.read(text)
    assert read is not None and read.prompt == text
