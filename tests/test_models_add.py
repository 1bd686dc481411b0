"""Models that other programs have here become profiles: from headers alone, nothing is copied."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from hotfolder import cli
from hotfolder.commands import models_add
from hotfolder.recipes.profile import Profile
from hotfolder.render.models import inventory, presets
from hotfolder.studio.config import load, owners_file
from hotfolder.studio.layout import Studio
from tests.render import heads
from tests.render.heads import write

Capsys = pytest.CaptureFixture[str]


def comfyui(root: Path) -> Path:
    """A folder of ComfyUI's, with links and a file that names a folder elsewhere."""
    models = root / "models"
    write(models / "checkpoints" / "juggernautXL_v9.safetensors", heads.SDXL)
    write(models / "checkpoints" / "dreamshaper_8LCM.safetensors", heads.SD15)
    write(models / "diffusion_models" / "flux1-dev-fp8.safetensors", heads.FLUX_DEV, "F8_E4M3")
    write(models / "diffusion_models" / "z_image.safetensors", heads.Z_IMAGE)
    write(models / "diffusion_models" / "flux1-fill-dev.safetensors", heads.FLUX_FILL)
    write(models / "text_encoders" / "t5xxl_fp16.safetensors", heads.T5)
    write(models / "clip" / "clip_l.safetensors", heads.CLIP_L)
    write(models / "clip" / "qwen_3_4b.safetensors", heads.QWEN3_4B)
    write(models / "vae" / "ae.safetensors", heads.VAE)
    write(models / "loras" / "ink.safetensors", heads.LORA)
    write(models / "loras" / "deep" / "wool.safetensors", heads.LORA)
    write(models / "embeddings" / "easy.safetensors", heads.EMBEDDING)
    (models / "checkpoints" / "old.ckpt").write_bytes(b"\x80\x04pickle")
    (models / "checkpoints" / "page.safetensors").write_text("<html>log in</html>")
    (models / "checkpoints" / "again").symlink_to(models / "checkpoints")
    write(root / "venv" / "lib" / "hidden.safetensors", heads.SDXL)
    write(root.parent / "elsewhere" / "pony.safetensors", heads.SDXL)
    told = "a1111:\n  base_path: ../elsewhere\n  checkpoints: |\n    .\n    nowhere\n"
    (root / "extra_model_paths.yaml").write_text(told)
    return root


def a1111(root: Path) -> Path:
    """A folder of A1111's."""
    write(root / "models" / "Stable-diffusion" / "v1-5-pruned.safetensors", heads.SD15)
    write(root / "models" / "Stable-diffusion" / "v2-1_768.safetensors", heads.SD21)
    write(root / "models" / "Stable-diffusion" / "sd15-inpaint.safetensors", heads.INPAINTING)
    write(root / "models" / "Lora" / "ink.safetensors", heads.LORA)
    write(root / "models" / "ControlNet" / "canny.safetensors", heads.CONTROLNET)
    write(root / "models" / "ESRGAN" / "4x.safetensors", heads.UPSCALER)
    write(root / "embeddings" / "easy.safetensors", heads.EMBEDDING)
    return root


def forge(root: Path) -> Path:
    """A folder of Forge's, with a denoiser among the checkpoints."""
    (root / "modules_forge").mkdir(parents=True)
    write(root / "models" / "Stable-diffusion" / "chroma-HD.safetensors", heads.CHROMA)
    write(root / "models" / "Stable-diffusion" / "flux1-dev-bnb-nf4.safetensors", heads.NF4, "U8")
    write(root / "models" / "text_encoder" / "t5xxl_fp16.safetensors", heads.T5)
    write(root / "models" / "Lora" / "ink.safetensors", heads.LORA)
    return root


def invokeai(root: Path) -> Path:
    """A folder of InvokeAI's, whose folders have numbers, and a data base with the names."""
    file = write(root / "models" / "0b1c" / "model.safetensors", heads.SDXL)
    write(root / "models" / "77aa" / "ink.safetensors", heads.LORA)
    (root / "invokeai.yaml").write_text("schema_version: 4.0.2\n")
    (root / "databases").mkdir()
    with sqlite3.connect(root / "databases" / "invokeai.db") as database:
        database.execute("CREATE TABLE models (id TEXT, config TEXT)")
        told = json.dumps({"name": "Animagine Lightning 8step", "path": "0b1c/model.safetensors"})
        database.execute("INSERT INTO models VALUES ('1', ?)", (told,))
    database.close()
    assert file.is_file()
    return root


def stabilitymatrix(root: Path) -> Path:
    """A folder of StabilityMatrix's, whose packages link to the models."""
    models = root / "Data" / "Models"
    meant = {"v_pred": [1], "ztsnr": [1]}
    write(models / "StableDiffusion" / "noobaiXLVpred.safetensors", {**heads.SDXL, **meant})
    write(models / "Lora" / "ink.safetensors", heads.LORA)
    package = root / "Data" / "Packages" / "ComfyUI" / "models"
    package.mkdir(parents=True)
    (package / "checkpoints").symlink_to(models / "StableDiffusion")
    return root


def swarmui(root: Path) -> Path:
    """A folder of SwarmUI's."""
    (root / "launchtools").mkdir(parents=True)
    write(root / "Models" / "Stable-Diffusion" / "sdxl" / "turboXL.safetensors", heads.SDXL)
    write(root / "Models" / "diffusion_models" / "flux-2-klein-4b.safetensors", heads.KLEIN)
    write(root / "Models" / "clip" / "qwen_3_4b.safetensors", heads.QWEN3_4B)
    write(root / "Models" / "Lora" / "ink.safetensors", heads.LORA)
    return root


@pytest.mark.parametrize(
    ("program", "make", "models", "loras", "pickled"),
    [
        (
            "ComfyUI",
            comfyui,
            ["dreamshaper_8LCM", "flux1-dev-fp8", "juggernautXL_v9", "pony", "z_image"],
            "loras",
            1,
        ),
        ("A1111", a1111, ["v1-5-pruned", "v2-1_768"], "Lora", 0),
        ("Forge", forge, ["chroma-HD"], "Lora", 0),
        ("InvokeAI", invokeai, ["Animagine Lightning 8step"], "77aa", 0),
        ("StabilityMatrix", stabilitymatrix, ["noobaiXLVpred"], "Lora", 0),
        ("SwarmUI", swarmui, ["flux-2-klein-4b", "turboXL"], "Lora", 0),
    ],
)
def test_a_folder_of_each_program(
    program: str,
    make: Callable[[Path], Path],
    models: list[str],
    loras: str,
    pickled: int,
    tmp_path: Path,
    capsys: Capsys,
) -> None:
    """What can be used becomes a profile that is right, once; folders go into the settings."""
    root = make(tmp_path / "programs" / program)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    here = inventory.take(root)
    assert here.program == program
    assert here.pickled == pickled
    assert sorted(one.name for one in here.models if not one.trouble) == models
    assert [folder.name for folder in here.loras] == [loras]
    assert cli.main(["models", "add", str(root), "--all"]) == 0
    config = load.nobody()
    written = {path.stem for path in (owners_file.path().parent / "profiles").iterdir()}
    assert len(written) == len(models)
    for name in written:
        config.profile(name)  # no mistake in it
    assert config.settings.loras == [str(folder) for folder in here.loras]
    assert config.settings.embeddings == [str(folder) for folder in here.embeddings]
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before
    capsys.readouterr()
    assert cli.main(["models", "add", str(root), "*"]) in (0, 3)
    assert "has it already" in capsys.readouterr().out
    assert {path.stem for path in (owners_file.path().parent / "profiles").iterdir()} == written


def _profile(root: Path, name: str) -> Profile:
    assert cli.main(["models", "add", str(root), name]) == 0
    config = load.nobody()
    (file,) = (owners_file.path().parent / "profiles").iterdir()
    return config.profile(file.stem)


def test_few_steps_are_known_by_their_marks(tmp_path: Path) -> None:
    """A name that says lightning and 8 steps has eight steps, its scheduler and no guidance."""
    profile = _profile(invokeai(tmp_path / "InvokeAI"), "Animagine*")
    assert (profile.steps, profile.guidance_scale) == (8, 1.0)
    assert profile.scheduler == "Euler trailing"


def test_a_word_within_another_is_no_mark(tmp_path: Path) -> None:
    """A model of hyperrealism is none of the Hyper kind."""
    file = write(tmp_path / "hyperrealismXL.safetensors", heads.SDXL)
    assert _profile(file, "hyperrealismXL").steps == 30


def test_a_denoiser_has_the_text_encoders_that_fit(tmp_path: Path) -> None:
    """FLUX.1 gets CLIP-L and T5 of those that are here, the rest is its repository's."""
    root = comfyui(tmp_path / "ComfyUI")
    model = _profile(root, "flux1-dev-fp8").model
    assert model.source == "black-forest-labs/FLUX.1-dev"
    assert Path(model.transformer).name == "flux1-dev-fp8.safetensors"
    assert [Path(text).name for text in model.text_encoder] == [
        "clip_l.safetensors",
        "t5xxl_fp16.safetensors",
    ]


def test_a_width_tells_which_text_encoder(tmp_path: Path) -> None:
    """Klein reads three layers of a Qwen3 4B, and takes no other."""
    model = _profile(swarmui(tmp_path / "SwarmUI"), "flux-2-klein-4b").model
    assert model.source == "black-forest-labs/FLUX.2-klein-4B"
    assert Path(str(model.text_encoder)).name == "qwen_3_4b.safetensors"


def test_stable_diffusion_2_says_what_it_predicts(tmp_path: Path) -> None:
    """Its files do not: the profile has the key, by the size that its name tells."""
    profile = _profile(a1111(tmp_path / "A1111"), "v2-1_768")
    assert profile.model.prediction_type == "v_prediction"


def test_what_cannot_be_used_says_why(tmp_path: Path, capsys: Capsys) -> None:
    """Each file that is a model and is no use has a sentence; nothing is written unasked."""
    program = comfyui(tmp_path / "ComfyUI")
    whole = next(program.rglob("flux1-fill-dev.safetensors"))
    shutil.copy(whole, whole.with_name("big-00001-of-00002.safetensors"))
    assert cli.main(["models", "add", str(program)]) == 0
    said = capsys.readouterr().out
    assert "big-00001-of-00002.safetensors is one of 2 pieces of a file" in said
    assert "flux1-fill-dev.safetensors is made for inpainting" in said
    assert "page.safetensors is a web page" in said
    assert "skipped: 1 pickled" in said
    assert "Nothing was written. Name what to add, or say --all." in said
    assert not owners_file.path().exists()


def test_a_folder_that_means_harm(tmp_path: Path, capsys: Capsys) -> None:
    """Aliases that stand for millions, a view without end, JSON nested deeply: passed over."""
    root = tmp_path / "theirs"
    write(root / "models/checkpoints/one.safetensors", heads.SDXL)
    pairs = zip("abcdefgh", "bcdefghi", strict=True)
    bomb = "x: &a [b,b,b,b,b,b,b,b,b]\n" + "".join(
        f"{c}: &{c} [{','.join(f'*{p}' for _ in range(9))}]\n" for p, c in pairs
    )
    (root / "extra_model_paths.yaml").write_text(f"{bomb}theirs:\n  base_path: *i\n  loras: x\n")
    (root / "models/deep").mkdir()
    (root / "models/deep/model_index.json").write_text("[" * 100_000)
    (root / "databases").mkdir()
    with closing(sqlite3.connect(root / "databases/invokeai.db")) as database:
        database.execute(
            "CREATE VIEW models AS WITH RECURSIVE n(config) AS "
            "(SELECT 1 UNION ALL SELECT config FROM n) SELECT config FROM n WHERE config = 2"
        )
    assert cli.main(["models", "add", str(root)]) == 0
    assert "one" in capsys.readouterr().out


def test_one_file(tmp_path: Path) -> None:
    """A file may be named instead of a folder."""
    file = write(tmp_path / "one.safetensors", heads.SDXL)
    assert _profile(file, "one").model.source == str(file)


def test_a_name_that_is_not_there(tmp_path: Path, capsys: Capsys) -> None:
    """It is told with the nearest that is."""
    root = a1111(tmp_path / "A1111")
    assert cli.main(["models", "add", str(root), "v1-5-prund"]) == 3
    assert "did you mean 'v1-5-pruned'" in capsys.readouterr().err
    assert cli.main(["models", "add", str(tmp_path / "gone")]) == 3


@pytest.mark.parametrize(
    ("said", "numbers"),
    [("1 3-5", [1, 3, 4, 5]), ("2,2;1", [2, 1]), ("6", []), ("5-3", []), ("x", []), ("0", [])],
)
def test_numbers_of_a_list(said: str, numbers: list[int]) -> None:
    """Numbers and ranges, in their order and once; nothing where one is wrong."""
    assert models_add.numbered(said, 5) == numbers


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of POSIX")
def test_at_a_terminal_it_asks(tmp_path: Path) -> None:
    """A person sees a numbered list, is asked again after a slip, and gets what was chosen."""
    root = a1111(tmp_path / "A1111")
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "hotfolder", "models", "add", str(root)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        os.write(ours, b"9\n1\n")
        process.wait(120)
    said = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "type numbers from 1 to" in said
    (file,) = (owners_file.path().parent / "profiles").iterdir()
    assert tomllib.loads(file.read_text())["description"].startswith("v1-5-pruned")


def test_settings_stay_as_their_owner_wrote_them(studio: Studio) -> None:
    """Comments and other keys stay; a studio's own folders are not hidden by the owner's."""
    owners_file.make()
    owners_file.path().write_text("# mine\nkeep_free_gb = 3.0  # enough\n\n[limits]\ntext_kb = 9\n")
    assert owners_file.add("loras", ["/a", "/b"]) == ["/a", "/b"]
    assert owners_file.add("loras", ["/b", "/c"]) == ["/c"]
    text = owners_file.path().read_text()
    assert "# mine\nkeep_free_gb = 3.0  # enough" in text
    assert tomllib.loads(text)["loras"] == ["/a", "/b", "/c"]
    studio.settings.write_text('loras = ["/own", "/a"]\n')
    config, _ = load.examine(studio)
    assert config.settings.loras == ["/a", "/b", "/c", "/own"]


def test_what_a_name_and_a_width_do_not_tell_is_left_to_the_makers(tmp_path: Path) -> None:
    """Kinds of one family have their own repositories; no text encoder is guessed."""
    root = tmp_path / "ComfyUI"
    models = root / "models" / "diffusion_models"
    write(models / "krea2_raw.safetensors", {"txtfusion.projector.weight": [1, 2]})
    write(models / "z_image_bf16.safetensors", heads.Z_IMAGE)
    write(root / "models" / "text_encoders" / "t5xxl_fp16.safetensors", heads.T5)
    found = {one.name: one for one in inventory.take(root).models}
    texts = inventory.take(root).text_encoders
    krea = found["krea2_raw"]
    assert inventory.companions(krea, texts) == ()
    assert 'source = "krea/Krea-2-Raw"' in presets.profile(krea)
    assert 'source = "Tongyi-MAI/Z-Image"' in presets.profile(found["z_image_bf16"])


def test_what_only_comfyui_unpacks_is_refused(tmp_path: Path) -> None:
    """Layers in eight bits that are no floating-point numbers are not taken for weights."""
    shapes = {"txt_in.text_norm.weight": [8], "a.weight": [4, 4], "a.comfy_quant": [20]}
    for number_format in ("I8", "F8_E4M3"):
        write(tmp_path / f"{number_format}.safetensors", shapes, number_format)
    packed, plain = sorted(inventory.take(tmp_path).models, key=lambda one: one.name, reverse=True)
    assert "a format of ComfyUI" in packed.trouble
    assert plain.trouble == ""
