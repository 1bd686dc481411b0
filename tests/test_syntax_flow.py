"""Prompt syntax from a file to pictures that are made again, in real studios."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from safetensors.torch import save_file

from hotfolder.commands.regenerate import again
from hotfolder.daemon import Daemon, Until
from hotfolder.prompts import paragraphs
from hotfolder.recipes.prompt_syntax.tree import Alternate, Edit, Words
from hotfolder.recipes.recipe import Lora, Recipe
from hotfolder.report.progress import Lines
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio
from tests.render import tiny
from tests.render.models.test_adapters import lora

QUICK = """\
extends = "postcard"
steps = 4
[draft]
area = "128x128"
count = 2
[refine]
area = "160x160"
count = 1
"""
SETTINGS = 'profile = "{}"\nsettle_seconds = 0.05\nlook_seconds = 1\n'


@pytest.fixture
def quick(studio: Studio) -> Studio:
    """A studio whose pictures are small and need four steps."""
    (studio.profiles / "quick.toml").write_text(QUICK)
    studio.settings.write_text(SETTINGS.format("quick"))
    return studio


def work(studio: Studio) -> None:
    """Do all there is to do."""
    daemon = Daemon(studio)
    daemon.run(Until(idle=True))
    daemon.close()


def recipes(folder: Path) -> list[Recipe]:
    """The recipes of the pictures in a folder."""
    found = [identify(path.read_bytes()).recipe for path in sorted(folder.rglob("*.png"))]
    return [recipe for recipe in found if recipe is not None]


def test_the_template_is_drawn_first(quick: Studio) -> None:
    """What it becomes is read: choices within weights, edits and alternations, and the other way.

    A refinement reads the same prompt for its own steps, and both are made again bit for bit.
    """
    (quick.wildcards / "hue.txt").write_text("(golden:1.3)\n(golden:1.3)\n")
    text = "a ({hill|hill}:1.2) in [__hue__|{red|red}] light [dawn:{night|night}:0.5]"
    (quick.inbox / "hill.txt").write_text(text)
    work(quick)
    (first, _) = recipes(quick.drafts)
    assert first.prompt == "a (hill:1.2) in [(golden:1.3)|red] light [dawn:night:0.5]"
    assert first.tree is not None
    assert first.tree.parts[0].nodes == (
        Words("a "),
        Words("hill", 1.2),
        Words(" in "),
        Alternate(((Words("golden", 1.3),), (Words("red"),))),
        Words(" light "),
        Edit((Words("dawn"),), (Words("night"),), 2),
    )
    draft = sorted(quick.drafts.glob("*.png"))[0]
    draft.rename(quick.seeds / draft.name)
    work(quick)
    (final,) = recipes(quick.final)
    assert final.tree == first.tree
    pictures = [*quick.final.glob("*.png"), *quick.drafts.glob("*.png")]
    assert again(pictures, quick, Lines()) == 0


def test_an_old_draft_has_finals_as_it_is(quick: Studio) -> None:
    """Signs that were text in a draft are text in what is made of it, and in more like it."""
    (quick.profiles / "letters.toml").write_text('extends = "quick"\nemphasis = "none"\n')
    (quick.inbox / "a.toml").write_text('prompt = "a (hill:1.2)"\nprofile = "letters"\ncount = 1\n')
    work(quick)
    (draft,) = quick.drafts.glob("*.png")
    shutil.copy(draft, quick.inbox / "more.png")
    draft.rename(quick.seeds / draft.name)
    work(quick)
    assert [recipe.tree for recipe in recipes(quick.final)] == [None]
    assert [recipe.tree for recipe in recipes(quick.drafts)] == [None] * len(recipes(quick.drafts))


def test_a_lora_that_is_not_here(quick: Studio) -> None:
    """Who names one is told of the nearest; a picture from elsewhere is made without, and told."""
    (quick.root / "loras").mkdir()
    (quick.root / "loras" / "ink wash.safetensors").write_bytes(b"")
    quick.settings.write_text(SETTINGS.format("quick") + 'loras = ["loras", "gone"]\n')
    (quick.inbox / "a.txt").write_text("a hill <lora:ink wsh:0.8>")
    work(quick)
    says = (quick.failed / "a.txt.error.txt").read_text("utf-8")
    assert "there is no LoRA 'ink wsh' (did you mean 'ink wash'?)" in says
    assert recipes(quick.drafts) == []


@pytest.fixture
def tiny_studio(quick: Studio) -> Studio:
    """A studio with a tiny Stable Diffusion, and folders with a LoRA and embeddings for it."""
    models = quick.root.parent / "models"
    tiny.stable_diffusion(models / "sd")
    loras = quick.root.parent / "my loras"
    loras.mkdir()
    made = lora(models, "sd", loras, 2, text=True)
    made.rename(loras / "Ink wash.safetensors")
    save_file({"emb_params": torch.randn(2, 32)}, loras / "easyfog.safetensors")
    save_file({"emb_params": torch.randn(1, 48)}, loras / "hill.safetensors")
    profile = 'extends = "quick"\n[model]\nsource = "../models/sd"\nmultiple = 16\n'
    (quick.profiles / "sd.toml").write_text(profile)
    folders = 'loras = ["../my loras"]\nembeddings = ["../my loras"]\n'
    quick.settings.write_text(SETTINGS.format("sd") + folders)
    return quick


def test_loras_and_embeddings_by_name(tiny_studio: Studio, caplog: Any) -> None:
    """They come from the owner's folders, in any case; one for other models is read as a word."""
    text = "a hill, <lora:INK WASH:0.8:0.3>, (EasyFog:1.2)"
    (tiny_studio.inbox / "a.txt").write_text(text)
    work(tiny_studio)
    (first, _) = recipes(tiny_studio.drafts)
    assert first.loras == (Lora("Ink wash", 0.8, 0.3),)
    assert first.embeddings == ("easyfog", "hill")
    unfit = "the embedding 'hill' does not fit this model"
    assert unfit in caplog.text
    assert unfit in (tiny_studio.done / "a.txt.note.txt").read_text("utf-8")
    draft = sorted(tiny_studio.drafts.glob("*.png"))[0]
    record = identify(draft.read_bytes()).record
    assert record is not None
    assert len(record.notes) == 1 and unfit in record.notes[0]
    assert {name: len(sha) for name, sha in record.additions.items()} == {
        "Ink wash": 64,
        "easyfog": 64,
    }
    assert again([draft], tiny_studio, Lines()) == 0


def test_loras_of_a_picture_from_elsewhere(tiny_studio: Studio, caplog: Any) -> None:
    """Those that are here are used, the others are told."""
    told = PngInfo()
    settings = "Steps: 4, Sampler: Euler a, CFG scale: 3, Seed: 5, Size: 64x64, Model: sd"
    told.add_text("parameters", f"a hill <lora:ink wash:0.5> <lora:rust:1>\n{settings}")
    Image.new("RGB", (64, 64), "orange").save(tiny_studio.inbox / "b.png", pnginfo=told)
    work(tiny_studio)
    assert {recipe.loras for recipe in recipes(tiny_studio.drafts)} == {(Lora("Ink wash", 0.5),)}
    assert "made without the LoRA 'rust'" in caplog.text
    note = (tiny_studio.done / "b.png.note.txt").read_text("utf-8")
    assert note.startswith("b.png was used, but:\n\nmade without the LoRA 'rust'")


def test_a_lora_that_its_owner_calls_otherwise(tiny_studio: Studio) -> None:
    """Its file is known by its hash, in inbox/ and in seeds/."""
    (path,) = (tiny_studio.root.parent / "my loras").glob("Ink*")
    digits = hashlib.sha256(path.read_bytes()).hexdigest()[:10]
    told = PngInfo()
    settings = "Steps: 4, Sampler: Euler a, CFG scale: 3, Seed: 5, Size: 64x64, Model: sd"
    text = f'a hill <lora:sumi:0.5>\n{settings}, Lora hashes: "sumi: {digits}"'
    told.add_text("parameters", text)
    for place in (tiny_studio.inbox, tiny_studio.seeds):
        Image.new("RGB", (64, 64), "orange").save(place / "b.png", pnginfo=told)
    work(tiny_studio)
    made = [*recipes(tiny_studio.drafts), *recipes(tiny_studio.final)]
    assert len(made) == 3
    assert {recipe.loras for recipe in made} == {(Lora("Ink wash", 0.5),)}


def test_a_prompt_that_tells_its_loras() -> None:
    """Each has a tag in the prompt; a name that cannot stand in a tag is left out."""
    from hotfolder.images.generation_params import GenerationParams

    params = GenerationParams(prompt="a hill", loras=("ink (0.8)", "wool", "a:b (1)", "x (y) (2)"))
    assert paragraphs.prompt_of(params) == "a hill <lora:ink:0.8> <lora:wool:1> <lora:x (y):2>"
    for program, tag in (("A1111", "<lora:ink:te=1:unet=0.5>"), ("SwarmUI", "<lora:ink:1:0.5>")):
        params = GenerationParams(program=program, loras=("ink (1:0.5)",))
        assert paragraphs.prompt_of(params) == tag
