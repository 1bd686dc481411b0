"""Mistakes about a model are told before it is fetched or loaded."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from hotfolder.recipes.model import LoraFile, Model
from hotfolder.recipes.profile import Profile, Refine
from hotfolder.render.models import split, validate
from tests.conftest import ROOT
from tests.render import heads


def folder(base: Path, name: str, pipeline: str, scheduler: str) -> str:
    """A diffusers folder with the small files alone; its source, relative to `base`."""
    inside = base / name / "scheduler"
    inside.mkdir(parents=True)
    (inside / "scheduler_config.json").write_text(json.dumps({"_class_name": scheduler}))
    index = {"_class_name": pipeline, "scheduler": ["diffusers", scheduler]}
    (base / name / "model_index.json").write_text(json.dumps(index))
    return f"./{name}"


def says(base: Path, profile: Profile) -> list[str]:
    """What is wrong with a single profile."""
    return [str(mistake) for mistake in validate.troubles({"mine": profile}, base)]


def test_a_family_that_draws_one_at_a_time(tmp_path: Path) -> None:
    """A batch is for models that read prompts by CLIP alone."""
    source = folder(tmp_path, "m", "SanaPipeline", "DPMSolverMultistepScheduler")
    refine = Refine(count=0)
    (found,) = says(tmp_path, Profile(model=Model(source, batch=4), refine=refine))
    assert "model.batch: Sana models draw one picture at a time" in found
    source = folder(tmp_path, "x", "StableDiffusionXLPipeline", "EulerDiscreteScheduler")
    assert not says(tmp_path, Profile(model=Model(source, batch=4), refine=refine))


def test_what_has_no_effect(tmp_path: Path) -> None:
    """Keys that change nothing with this model are named, and what a sentence is about once."""
    source = folder(tmp_path, "m", "SanaPipeline", "DPMSolverMultistepScheduler")
    told = Profile(model=Model(source, clip_skip=2, revision="abc"), refine=Refine(count=0))
    skip, revision = says(tmp_path, told)
    assert "model.clip_skip: it has no effect on Sana models" in skip
    assert "model.revision: only models of the hub have revisions" in revision
    heads.write(tmp_path / "control.safetensors", heads.CONTROLNET)
    (found,) = says(tmp_path, Profile(model=Model("./control.safetensors")))
    assert "model.source: control.safetensors is not a complete model: it is a ControlNet" in found
    (tmp_path / "old.ckpt").write_bytes(b"PK")
    (found,) = says(tmp_path, Profile(model=Model("./old.ckpt")))
    assert "model.source: old.ckpt is not a .safetensors file" in found


def test_a_family_of_another_kind(tmp_path: Path) -> None:
    """A model for videos, or one that only edits, draws no pictures from a prompt."""
    model = Model(folder(tmp_path, "m", "WanPipeline", "UniPCMultistepScheduler"))
    (found,) = says(tmp_path, Profile(model=model))
    assert "model.source: hotfolder cannot make pictures from a prompt with Wan models" in found


def test_a_scheduler_that_does_not_fit(tmp_path: Path) -> None:
    """Both stages are looked at, and what does fit is named."""
    flow = Model(folder(tmp_path, "m", "FluxPipeline", "FlowMatchEulerDiscreteScheduler"))
    refine = Refine(scheduler="TCD")
    first, second = says(tmp_path, Profile(model=flow, scheduler="DDIM", refine=refine))
    assert first.startswith("profiles/mine.toml, scheduler: the scheduler 'DDIM' does not fit")
    assert "trained by flow matching; these do: model, Euler" in first
    assert second.startswith("profiles/mine.toml, refine.scheduler: the scheduler 'TCD'")
    assert not says(tmp_path, Profile(model=flow, scheduler="UniPC"))


def test_models_that_are_not_here(tmp_path: Path) -> None:
    """A path that leads nowhere is a mistake; a model on the hub will be fetched."""
    (found,) = says(tmp_path, Profile(model=Model("./nowhere")))
    assert "model.source: there is no model at" in found
    for source in ("owner/name", "hub:owner/name/file.safetensors"):
        assert not says(tmp_path, Profile(model=Model(source)))


@pytest.mark.parametrize(
    ("source", "end"),
    [
        (
            "./sdlx.safetensors",
            "in the profile; did you mean 'sdxl.safetensors'?",
        ),
        ("./SDXL.safetensors", "did you mean 'sdxl.safetensors'?"),
        (
            "./big-00001-of-00002.safetensors",
            "the whole folder of diffusers that it belongs to",
        ),
        ("./x.safetensors.crdownload", "being downloaded, or was not downloaded whole"),
        ("owner/name@v2", 'write source = "owner/name" and revision = "v2"'),
        ("owner/name/x.safetensors", 'write "hub:owner/name/x.safetensors"'),
    ],
)
def test_what_is_nearly_a_model(tmp_path: Path, source: str, end: str) -> None:
    """Names that are nearly right, pieces, and what is not here whole, with what to do."""
    for name in ("sdxl.safetensors", "big-00001-of-00002.safetensors", "x.safetensors.crdownload"):
        (tmp_path / name).write_bytes(b"x")
    (found,) = says(tmp_path, Profile(model=Model(source)))
    assert found.startswith("profiles/mine.toml, model.source: ")
    assert found.endswith(end)


def test_single_files(tmp_path: Path) -> None:
    """A LoRA that was taken for a model, and half a download, are told."""
    save_file({"lora_unet.lora_down.weight": torch.zeros(1)}, tmp_path / "lora.safetensors")
    (tmp_path / "half.safetensors").write_bytes(b"half")
    (lora,) = says(tmp_path, Profile(model=Model("./lora.safetensors")))
    (half,) = says(tmp_path, Profile(model=Model("./half.safetensors")))
    assert "is not a complete model" in lora
    assert "was not downloaded whole" in half


def test_additions_that_are_not_here(tmp_path: Path) -> None:
    """LoRAs and embeddings are looked for, and their heads are read."""
    (tmp_path / "torn.safetensors").write_bytes(b"torn")
    model = Model(
        "owner/name",
        loras=[
            LoraFile("./gone.safetensors"),
            LoraFile("./old.pt"),
            LoraFile("hub:a/b/c.safetensors"),
        ],
        embeddings={"word": "./torn.safetensors"},
    )
    gone, old, torn = says(tmp_path, Profile(model=model))
    assert "model.loras: there is no file" in gone
    assert "model.loras: old.pt is not a .safetensors file; pickled weights can run code" in old
    assert "model.embeddings:" in torn and "torn.safetensors is damaged" in torn


def test_one_name_for_two_loras(tmp_path: Path) -> None:
    """Pictures of one model would not know which of them they were made with."""
    profiles = {
        name: Profile(model=Model("owner/name", loras=[LoraFile(f"hub:a/{name}/x.safetensors")]))
        for name in ("one", "two")
    }
    (found,) = validate.troubles(profiles, tmp_path)
    assert str(found).startswith(
        "profiles/two.toml, model.loras: another profile calls a different"
    )


def test_looking_imports_nothing_heavy(tmp_path: Path) -> None:
    """For folders, `hotfolder check` waits for no library of models."""
    folder(tmp_path, "m", "FluxPipeline", "FlowMatchEulerDiscreteScheduler")
    script = (
        "import sys; from pathlib import Path; from hotfolder.render.models import validate;"
        "from hotfolder.recipes.model import Model; from hotfolder.recipes.profile import Profile;"
        "mine = {'x': Profile(model=Model('./m'))};"
        f"print(validate.troubles(mine, Path({str(tmp_path)!r})));"
        "print({'torch', 'diffusers', 'transformers'} & sys.modules.keys())"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert run.stdout.splitlines() == ["[]", "set()"]


@pytest.mark.parametrize("model", ["sd", "sdxl"])
def test_whole_models_have_nothing_wrong(models: Path, model: str, tmp_path: Path) -> None:
    """A model that renders has nothing to be told of."""
    shutil.copytree(models / model, tmp_path / model)
    assert not says(tmp_path, Profile(model=Model(f"./{model}"), scheduler="DPM++ 2M Karras"))


@pytest.mark.parametrize(
    ("model", "where", "says"),
    [
        ({"transformer": "./lora.safetensors"}, "model.transformer", "it is a LoRA"),
        ({"transformer": "./gone.safetensors"}, "model.transformer", "there is no file"),
        ({"text_encoder": "./old.pt"}, "model.text_encoder", "pickled weights can run code"),
    ],
)
def test_files_of_parts(model: dict[str, str], where: str, says: str, tmp_path: Path) -> None:
    """A file that is not here or cannot be a part is told before its base is fetched."""
    heads.write(tmp_path / "lora.safetensors", heads.LORA)
    (tmp_path / "old.pt").write_bytes(b"PK")
    profile = Profile(model=Model(source="Tongyi-MAI/Z-Image-Turbo", **model))
    (mistake,) = validate.troubles({"mine": profile}, tmp_path)
    assert mistake.where == f"profiles/mine.toml, {where}"
    assert says in mistake.says


def test_what_split_files_leave_to_fetch(tmp_path: Path) -> None:
    """The base without what is in files; a whole file asks for its makers' small files alone."""
    heads.write(tmp_path / "z.safetensors", heads.Z_IMAGE)
    heads.write(tmp_path / "q.safetensors", heads.QWEN3_4B)
    text = {f"text_encoders.qwen3_4b.transformer.{name}": s for name, s in heads.QWEN3_4B.items()}
    unet = {f"{heads.M}{name}": shape for name, shape in heads.Z_IMAGE.items()}
    vae = {f"vae.{name}": shape for name, shape in heads.VAE.items()}
    heads.write(tmp_path / "all.safetensors", {**unet, **text, **vae})
    base = "Tongyi-MAI/Z-Image-Turbo"
    model = Model(source=base, transformer="./z.safetensors", text_encoder="./q.safetensors")
    (source,) = split.sources(model, tmp_path)
    assert source.repository == base
    assert {"transformer", "text_encoder"} <= set(source.without)
    assert "vae" not in source.without
    (source,) = split.sources(Model(source="./all.safetensors"), tmp_path)
    assert (source.repository, source.without) == (base, ("text_encoder", "transformer", "vae"))
    heads.write(tmp_path / "sdxl.safetensors", heads.SDXL)
    assert split.sources(Model(source="./sdxl.safetensors"), tmp_path) == ()
