"""Pictures of an earlier edition of the shipped model are made again as they were."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from hotfolder.errors import RenderError
from hotfolder.recipes.model import Model
from hotfolder.regenerate import regenerate
from hotfolder.render.engine import Engine
from hotfolder.render.models import editions
from hotfolder.render.models.fingerprint import fingerprint
from hotfolder.studio.identity import identify

GOLDEN = Path(__file__).parents[2] / "golden" / "v2"
V4 = "postcard-v4"


def model(name: str) -> Model:
    """A shipped model, as its profile names it."""
    return Model(source=f"shipped:{name}", multiple=16)


def test_the_edition_has_the_weights_of_then(tmp_path: Path) -> None:
    """Its weights and the present model's together are the files of v4, to the last bit."""
    edition = editions.find(f"shipped:{V4}")
    assert edition is not None and edition.of == "postcard"
    folder = tmp_path / "postcard"
    shutil.copytree(editions.SHIPPED / "postcard", folder)
    vae = folder / "vae" / "diffusion_pytorch_model.safetensors"
    own = {name.removeprefix("vae."): w for name, w in load_file(edition.file).items()}
    assert all(name.startswith("decoder.") for name in own)
    save_file(load_file(vae) | own, vae, metadata={"format": "pt"})
    words = folder / "text_encoder" / "model.safetensors"
    weights = {name.removeprefix("text_model."): w for name, w in load_file(words).items()}
    save_file(weights, words, metadata={"format": "pt"})
    assert fingerprint(folder, tmp_path / "cache") == edition.sha256
    assert fingerprint(editions.SHIPPED / "postcard", tmp_path / "cache") != edition.sha256


def test_old_pictures_are_made_again_by_it() -> None:
    """A draft and a final of v4 come out by v4's weights, told by their fingerprint alone.

    Another processor rounds otherwise, so that only likeness is asked for.
    """
    engine = Engine({name: model(name) for name in ("postcard", V4)}, None, "cpu", threads=1)
    for name in ("png-draft.png", "png-final.png"):
        old = identify((GOLDEN / name).read_bytes())
        assert old.recipe is not None and old.record is not None
        again = regenerate(old.recipe, old.record, engine, lambda _: None, old.image)
        assert again.facts is not None and again.psnr_db is not None
        assert again.facts.model_sha256 == old.record.model_sha256
        assert again.psnr_db > 45


def test_an_edition_is_taken_only_where_a_profile_has_it() -> None:
    """Without that profile, and for other models and fingerprints, the model itself is taken."""
    edition = editions.find(f"shipped:{V4}")
    assert edition is not None
    engine = Engine({name: model(name) for name in ("postcard", V4)}, None, "cpu")
    assert engine.edition("postcard", edition.sha256) == V4
    assert engine.edition("postcard", "0" * 64) == "postcard"
    assert engine.edition("other", edition.sha256) == "other"
    assert Engine({}, None, "cpu").edition("postcard", edition.sha256) == "postcard"


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    """An edition with a weight that the model does not have is an error that names its file."""
    weights = load_file(editions.SHIPPED / f"{V4}.safetensors")
    name = next(iter(weights))
    save_file({f"{name}.more": weights[name]}, tmp_path / "wrong.safetensors")
    wrong = editions.Edition("wrong", "postcard", "0" * 64, tmp_path / "wrong.safetensors")
    pipe = Engine({"postcard": model("postcard")}, None, "cpu").load("postcard").pipe
    with pytest.raises(RenderError, match=r"wrong\.safetensors does not fit the model postcard"):
        editions.put_back(pipe, wrong)
