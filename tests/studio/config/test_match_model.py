"""Pictures from elsewhere find the owner's profile that has their model; the rest is told."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import pytest

from hotfolder.images.generation_params import GenerationParams
from hotfolder.studio.config.load import read_config
from hotfolder.studio.config.match_model import Matched, match
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.survey import Survey
from tests.images.foreign.pictures import png
from tests.images.foreign.test_comfyui import PLAIN
from tests.images.foreign.test_swarmui import SWARM

TEXT = """a castle, <lora:ink:0.8>
Steps: 28, Sampler: DPM fast, CFG scale: 6.5, Seed: 7, Size: 512x768, \
Model hash: {sha}, Model: {model}, Clip skip: 2, Version: v1.10.1"""


@pytest.fixture
def own(studio: Studio) -> Studio:
    """A studio with two models of its owner's."""
    (studio.profiles / "mine.toml").write_text(
        'extends = "sd15"\nsteps = 9\n[model]\nsource = "models/v1-5-pruned.safetensors"\n'
    )
    (studio.profiles / "ours.toml").write_text(
        'extends = "sdxl"\n[model]\nsource = "models/renamed.safetensors"\n'
    )
    (studio.root / "models").mkdir()
    (studio.root / "models/renamed.safetensors").write_bytes(b"weights")
    return studio


def matched(studio: Studio, params: GenerationParams, preferred: str = "") -> Matched:
    return match(params, read_config(studio), studio, preferred)


@pytest.mark.parametrize("name", ["v1-5-pruned", "V1_5 pruned", "mine"])
def test_a_model_is_known_by_its_name(own: Studio, name: str) -> None:
    """However a program writes it; its settings are laid over the profile then."""
    found = matched(
        own, GenerationParams(model=name, steps=28, guidance_scale=6.5, scheduler="Euler a")
    )
    assert (found.profile_name, found.has_model, found.notes) == ("mine", True, ())
    profile = found.profile
    assert (profile.steps, profile.guidance_scale, profile.scheduler) == (28, 6.5, "Euler a")


def test_a_model_is_known_by_the_hash_of_its_file(own: Studio) -> None:
    """Whatever its file is called here."""
    sha256 = hashlib.sha256(b"weights").hexdigest()
    found = matched(own, GenerationParams(model="something", model_hash=sha256[:10]))
    assert (found.profile_name, found.has_model) == ("ours", True)
    assert not matched(own, GenerationParams(model="something", model_hash="0" * 10)).has_model


def test_a_strange_model_leaves_the_default_profile_as_it_is(own: Studio) -> None:
    """Steps and guidance of another model mean nothing to this one."""
    found = matched(
        own, GenerationParams(model="dreamy", model_hash="aabbccddee", steps=77, loras=("ink",))
    )
    assert (found.profile_name, found.has_model) == ("postcard", False)
    assert found.profile == read_config(own).profile(None)
    assert found.notes == (
        "its model 'dreamy' (aabbccddee) is in none of your profiles; "
        "'postcard' is used, with its own settings",
        "made without the LoRA 'ink'; list the folder that has it in hotfolder.toml: "
        "loras = ['D:/loras']",
    )


def test_of_several_profiles_with_a_model(own: Studio) -> None:
    """The preferred one comes first, then the default one."""
    (own.profiles / "also.toml").write_text('extends = "mine"\n')
    assert matched(own, GenerationParams(model="v1-5-pruned"), "mine").profile_name == "mine"
    own.settings.write_text('profile = "also"\n')
    assert matched(own, GenerationParams(model="v1-5-pruned")).profile_name == "also"
    assert matched(own, GenerationParams(model="v1-5-pruned"), "gone").profile_name == "also"


@pytest.mark.parametrize("name", ["../../etc/passwd", "/models/x", "http://a/b", "owner/repo", ""])
def test_no_path_or_address_is_followed(own: Studio, name: str) -> None:
    """A picture's model is a word to compare."""
    assert not matched(own, GenerationParams(model=name)).has_model


def test_steps_too_few_to_refine_with_are_for_drafts_alone(own: Studio) -> None:
    """One step of a turbo model is too few for img2img."""
    assert matched(own, GenerationParams(model="mine", steps=1)).profile.refine.steps == 9


def test_a_foreign_seed_is_refined_with_its_own_words(
    own: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    """Prompt, negative prompt and settings come from a graph; what is not used is logged."""
    (own.seeds / "fox.png").write_bytes(png(prompt=PLAIN))
    graph_model = 'extends = "mine"\n[model]\nname = "v1-5-pruned-emaonly"\n'
    (own.profiles / "emaonly.toml").write_text(graph_model)
    with caplog.at_level(logging.WARNING):
        snapshot = Survey(own).look()
    (seed,) = snapshot.seeds
    assert (seed.prompt, seed.negative) == (
        "a castle by the sea <lora:ink:0.8>",
        "text, watermark",
    )
    assert (seed.profile_name, seed.profile.steps) == ("emaonly", 20)
    assert "seeds/fox.png: made without the LoRA 'ink'; list the folder that has it" in caplog.text


def test_a_foreign_picture_in_the_inbox(own: Studio) -> None:
    """It becomes img2img drafts with its prompt, seed and shape, and the profile of its model."""
    (own.inbox / "a.png").write_bytes(png(parameters=TEXT.format(model="v1-5-pruned", sha="0" * 9)))
    (own.inbox / "b.png").write_bytes(png(parameters=SWARM))
    glance = Survey(own)
    files = {file.path: file.requests for file in glance.look().prompt_files}
    (known,), (strange,) = files["inbox/a.png"], files["inbox/b.png"]
    assert known.prompt.text == "a castle <lora:ink:0.8>"
    assert (known.prompt.seed, known.profile_name) == (7, "mine")
    assert (known.profile.steps, known.profile.draft.aspect) == (28, "2:3")
    tags = "<lora:styleA:0.4> <lora:turbo-v0.2:0.7> <lora:wash:0.7>"
    assert strange.prompt.text == f"a lake,  geese {tags}"
    assert strange.profile_name == "postcard"
    assert strange.profile.steps != 16
    assert strange.profile.draft.aspect == "13:19"
    assert any("DPM fast" in note for note in glance.notes["inbox/a.png"])
    assert any("sd_xl_base_1.0" in note for note in glance.notes["inbox/b.png"])


def test_check_lists_what_is_not_used(own: Studio, hotfolder: object) -> None:
    """The owner can ask before anything is made."""
    (own.inbox / "b.png").write_bytes(png(parameters=SWARM))
    done = hotfolder("check", own.root)  # type: ignore[operator]
    assert "inbox/b.png: its model 'sd_xl_base_1.0' is in none of your profiles" in done.stdout
    shown = hotfolder("show", own.inbox / "b.png").stdout  # type: ignore[operator]
    assert "made by SwarmUI" in shown
    assert "made without the LoRA 'styleA', 'turbo-v0.2', 'wash'; list the folder" in shown


def test_a_picture_that_says_something_wrong_waits_with_the_reason(own: Studio) -> None:
    """A recipe that does not hold is told, and what to do."""
    own.settings.write_text("settle_seconds = 0.1\n")
    broken = png(hotfolder='{"recipe": {"schema": 1, "prompt": 7}, "record": {}}')
    (own.inbox / "broken.png").write_bytes(broken)
    says = Survey(own).look().waiting["inbox/broken.png"]
    assert "cannot be used" in says
    assert "put a text file broken.txt with a prompt beside it" in says


def test_the_seed_s_profile_follows_the_owner(own: Studio) -> None:
    """A profile that comes later may have the model after all."""
    (own.seeds / "a.png").write_bytes(png(parameters=TEXT.format(model="late", sha="0" * 9)))
    glance = Survey(own)
    assert glance.look().seeds[0].profile_name == "postcard"
    Path(own.profiles / "late.toml").write_text('extends = "mine"\n')
    assert glance.look().seeds[0].profile_name == "late"
