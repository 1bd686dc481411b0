"""Models are found where the owner says, whole and safe, or a sentence says what to do."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from safetensors.torch import save_file

from hotfolder.errors import ModelMissingError, RenderError
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.model import Model, model_name
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record
from hotfolder.regenerate import regenerate
from hotfolder.render.engine import Engine
from hotfolder.render.models import weights
from hotfolder.render.models.fingerprint import fingerprint
from hotfolder.render.rendered import Facts
from tests.render import tiny_flow


@pytest.fixture
def folder(models: Path, tmp_path: Path) -> Path:
    """A copy of a tiny model that a test may spoil."""
    return Path(shutil.copytree(models / "sd", tmp_path / "model"))


def test_a_folder_is_found_relative_to_the_studio(folder: Path) -> None:
    """Relative sources start at the base, absolute ones stand for themselves."""
    assert weights.locate(Model(source="./model"), folder.parent) == folder.parent / "model"
    assert weights.locate(Model(source=str(folder)), None) == folder


def test_an_absent_folder_names_the_key() -> None:
    """The sentence says where the model was looked for, and which key says so."""
    with pytest.raises(ModelMissingError, match=r"nowhere.*model\.source"):
        weights.locate(Model(source="./nowhere"), Path("/studio"))


def test_an_absent_shipped_model_is_missing() -> None:
    """A name that the package does not ship is no surprise either."""
    with pytest.raises(ModelMissingError, match="no model at"):
        weights.locate(Model(source="shipped:nothing"), None)


def test_a_folder_without_weights_is_not_whole(folder: Path) -> None:
    """A download that broke off is noticed before anything is loaded."""
    (folder / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(ModelMissingError, match=r"unet/ lacks complete \.safetensors"):
        weights.locate(Model(source=str(folder)), None)


def test_a_missing_shard_is_noticed(folder: Path) -> None:
    """Large weights come in several files, listed in an index; each must be there."""
    index = folder / "unet" / "diffusion_pytorch_model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "diffusion-00001-of-00002.safetensors"}}))
    with pytest.raises(ModelMissingError, match="unet/"):
        weights.locate(Model(source=str(folder)), None)


def test_pickles_are_never_opened(folder: Path) -> None:
    """Neither a .bin in a folder nor a .ckpt file is read, whatever is in it."""
    file = folder / "unet" / "diffusion_pytorch_model.safetensors"
    file.rename(file.with_suffix(".bin"))
    with pytest.raises(ModelMissingError, match="never opened"):
        weights.locate(Model(source=str(folder)), None)
    checkpoint = folder / "model.ckpt"
    checkpoint.write_bytes(b"\x80\x04")
    with pytest.raises(RenderError, match=r"not a \.safetensors file"):
        weights.locate(Model(source=str(checkpoint)), None)


def test_code_in_a_model_is_never_run(folder: Path) -> None:
    """A model with Python files in it, or a pipeline of its own, is refused."""
    (folder / "unet" / "modeling.py").write_text("raise SystemExit")
    with pytest.raises(RenderError, match="never run"):
        weights.locate(Model(source=str(folder)), None)
    index = json.loads((folder / "model_index.json").read_text("utf-8"))
    index["_class_name"] = ["my_pipeline", "MyPipeline"]
    (folder / "model_index.json").write_text(json.dumps(index), "utf-8")
    with pytest.raises(RenderError, match="names no pipeline"):
        weights.locate(Model(source=str(folder)), None)


def test_corrupt_weights_are_named(folder: Path, draft: Recipe) -> None:
    """Rubbish in a weights file is an error of this model, not of the program."""
    (folder / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"rubbish" * 99)
    with pytest.raises(RenderError, match=r"unet/diffusion_pytorch_model\.safetensors is damaged"):
        Engine({"sd": Model(source=str(folder))}, None, device="cpu").render(draft)


def test_a_part_of_a_model_is_no_model(folder: Path, draft: Recipe) -> None:
    """A single file with other tensors than a whole checkpoint, like a LoRA's, is refused."""
    file = folder / "vae" / "diffusion_pytorch_model.safetensors"
    with pytest.raises(RenderError, match="not a complete model"):
        Engine({"sd": Model(source=str(file))}, None, device="cpu").render(draft)


@pytest.mark.parametrize("source", ["hub:owner/name", "hub:owner/name/model.ckpt"])
def test_a_file_on_the_hub_is_written_in_full(source: str) -> None:
    """Only owner/name/FILE.safetensors names a file on the hub."""
    with pytest.raises(RenderError, match=r"hub:owner/name/FILE\.safetensors"):
        weights.locate(Model(source=source), None)


T5 = "encoder.block.0.layer.0.SelfAttention.q.weight"


def test_the_hub_is_read_from_its_cache(models: Path, tmp_path: Path) -> None:
    """Offline, what was downloaded before is found, and what was not says how to get it."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "hub" / "models--owner--tiny"
    shutil.copytree(models / "sd", repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    single = {
        "double_blocks.0.img_attn.norm.key_norm.scale": torch.zeros(4),
        f"text_encoders.t5xxl.transformer.{T5}": torch.zeros(1),
    }
    save_file(single, tmp_path / "one.safetensors")
    scanner = """if True:
        import sys
        from pathlib import Path
        import torch
        from hotfolder.errors import ModelMissingError
        from hotfolder.recipes.model import Model
        from hotfolder.render.models import weights
        print(weights.locate(Model(source="owner/tiny"), None))
        for source in ("owner/other", "hub:owner/other/file.safetensors", "./one.safetensors"):
            model = Model(source=source)
            try:
                weights.load(weights.locate(model, Path(sys.argv[1])), model, torch.float32)
            except ModelMissingError as error:
                print(error)
    """
    offline = {**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    run = subprocess.run(
        [sys.executable, "-c", scanner, str(tmp_path)],
        env=offline,
        capture_output=True,
        text=True,
        check=True,
    )
    found, missing, file_missing, *shapeless = run.stdout.splitlines()
    assert found == str(repository / "snapshots" / commit)
    assert "the model owner/other is not on this computer" in missing
    assert "`hotfolder fetch PROFILE` fetches it" in missing
    assert "the model owner/other/file.safetensors is not on this computer" in file_missing
    assert "one.safetensors has the weights alone" in shapeless[0]
    assert run.stderr == ""


def test_what_a_folder_lacks_or_has_packed(folder: Path) -> None:
    """A variant that is not there and weights in few bits are told by their names."""
    with pytest.raises(RenderError, match=r"model\.variant: .* has no files of the variant 'fp16'"):
        weights.load(folder, Model(str(folder), variant="fp16"), torch.float32)
    config = folder / "unet" / "config.json"
    packed = {"quant_method": "bitsandbytes", "load_in_4bit": True}
    told = json.loads(config.read_text("utf-8")) | {"quantization_config": packed}
    config.write_text(json.dumps(told), "utf-8")
    with pytest.raises(RenderError, match=r"stores its unet/ quantised by bitsandbytes"):
        weights.locate(Model(str(folder)), None)


def test_pure_noise_is_for_velocity_alone(folder: Path) -> None:
    """Where a model predicts noise, beginning with pure noise is refused; else it is a setting."""
    pure = Model(str(folder), zero_terminal_snr=True)
    assert model_name(pure) == "model with zero terminal SNR"
    noise = msgspec.structs.replace(pure, prediction_type="epsilon")
    with pytest.raises(RenderError, match="for models that predict velocity"):
        weights.load(folder, noise, torch.float32)
    pure = msgspec.structs.replace(pure, prediction_type="v_prediction")
    assert weights.load(folder, pure, torch.float32).scheduler.config.rescale_betas_zero_snr
    never = msgspec.structs.replace(pure, zero_terminal_snr=False)
    assert not weights.load(folder, never, torch.float32).scheduler.config.rescale_betas_zero_snr


def test_pictures_from_pure_noise_are_made_again(
    folder: Path, draft: Recipe, final: Recipe
) -> None:
    """Drafts and finals of a profile with `zero_terminal_snr` have the same bits in another engine.

    Without it they are other pictures, of a model with another name.
    """
    pure = Model(str(folder), prediction_type="v_prediction", zero_terminal_snr=True)
    never = msgspec.structs.replace(pure, zero_terminal_snr=False)
    names = {model_name(model): model for model in (pure, never)}
    assert len(names) == 2
    first, second = (Engine(names, None, device="cpu", threads=1) for _ in "ab")
    pictures = set()
    for name in names:
        drawn = msgspec.structs.replace(draft, model=name, scheduler="model")
        one = first.render(drawn)
        record = Record(stage="draft", pixels=pixel_hash(one.image), **_told(one.facts))
        assert regenerate(drawn, record, second, lambda _: None).verdict == "identical"
        refined = msgspec.structs.replace(final, model=name, scheduler="Euler", source=drawn)
        two = first.render(refined, one.image)
        again = second.render(refined, one.image, plan=two.facts.memory_plan)
        assert pixel_hash(again.image) == pixel_hash(two.image)
        pictures |= {record.pixels, pixel_hash(two.image)}
    assert len(pictures) == 2 * len(names)


def _told(facts: Facts) -> dict[str, Any]:
    return {field: getattr(facts, field) for field in Facts.__slots__}


def test_a_repository_without_its_reader(folder: Path) -> None:
    """Some makers leave out a text encoder of others; that is told before anything is fetched."""
    index = json.loads((folder / "model_index.json").read_text("utf-8"))
    index |= {"tokenizer": [None, None], "text_encoder": [None, None]}
    (folder / "model_index.json").write_text(json.dumps(index), "utf-8")
    with pytest.raises(RenderError, match="comes without its tokenizer"):
        weights.locate(Model(str(folder)), None)


def test_a_fingerprint_changes_with_the_weights(folder: Path, tmp_path: Path) -> None:
    """What decides pixels is in the fingerprint; a model card is not."""
    cache = tmp_path / "cache"
    before = fingerprint(folder, cache)
    (folder / "README.md").write_text("# a model card")
    assert fingerprint(folder, cache) == before
    scheduler = folder / "scheduler" / "scheduler_config.json"
    scheduler.write_text(scheduler.read_text("utf-8").replace("trailing", "linspace"), "utf-8")
    assert fingerprint(folder, cache) != before


def test_a_fingerprint_does_not_depend_on_the_place(folder: Path, models: Path) -> None:
    """A copied model is the same model."""
    assert fingerprint(folder) == fingerprint(models / "sd")


def test_large_files_are_hashed_once(tmp_path: Path) -> None:
    """The hash of a large file is remembered until its size or time changes."""
    file, cache = tmp_path / "model.safetensors", tmp_path / "cache"
    file.write_bytes(bytes(2_000_000))
    first = fingerprint(file, cache)
    assert len(list(cache.iterdir())) == 1
    assert fingerprint(file, cache) == first
    file.write_bytes(bytes(1_999_999) + b"1")
    os.utime(file, ns=(1, 1))
    assert fingerprint(file, cache) != first
    assert len(list(cache.iterdir())) == 2


def test_a_cache_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    """Without a place to remember, the hash is computed each time."""
    file, blocked = tmp_path / "model.safetensors", tmp_path / "file"
    file.write_bytes(bytes(2_000_000))
    blocked.write_text("not a folder")
    assert fingerprint(file, blocked) == fingerprint(file, tmp_path / "cache")


def test_a_file_is_known_as_elsewhere(models: Path, tmp_path: Path, draft: Recipe) -> None:
    """The plain SHA-256 of a file that is the denoiser is in the facts; a folder has none."""
    base = tiny_flow.z_image(tmp_path / "z")
    file = next((base / "transformer").glob("*.safetensors")).rename(tmp_path / "z.safetensors")
    offered = {
        "sd": Model(source="./z", transformer="./z.safetensors"),
        "folder": Model(source=str(models / "sd")),
    }
    engine = Engine(offered, tmp_path, device="cpu", threads=1)
    facts = engine.render(msgspec.structs.replace(draft, scheduler="model")).facts
    assert facts.file_sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert list(facts.additions) == ["z"]
    folder = msgspec.structs.replace(draft, model="folder")
    assert engine.render(folder).facts.file_sha256 == ""
