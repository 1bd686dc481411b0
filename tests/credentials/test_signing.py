"""Signed copies, in the words of two programs that verify content credentials."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import c2pa
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from encypher_c2pa import verify
from msgspec.structs import replace
from PIL import Image

from hotfolder.cli import main
from hotfolder.credentials import certificate
from hotfolder.errors import MistakesError
from hotfolder.images import metadata, pixels
from hotfolder.images.picture import publishable
from hotfolder.recipes.encoding import PNG, Encoding, encoding
from hotfolder.recipes.recipe import Pixels, Recipe, Step
from hotfolder.studio.config import load, owners_file
from hotfolder.studio.create import create
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import local
from tests.images.made import RECIPE, RECORD

IMAGE = Image.effect_mandelbrot((48, 32), (-2, -1, 1, 1), 50).convert("RGB")
DRAFT = replace(RECIPE, prompt="a castle, red sky", width=24, height=16)
FINAL = replace(DRAFT, prompt="a castle, red sky", source=DRAFT, strength=0.5, width=48, height=32)
ENCODINGS = [PNG, encoding("jpeg"), encoding("webp"), encoding("webp", 80)]
ORIGIN = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies go into the current folder, certificates into an owner's folder of this test."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "owner"))
    (tmp_path / "owner").mkdir()
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    """A studio with a picked draft and its final."""
    made, _ = create(tmp_path / "studio")
    draft = IMAGE.resize((24, 16))
    (made.seeds / "a-castle-red-sky.png").write_bytes(publishable(draft, DRAFT, RECORD)[0])
    (made.final / "a-castle-red-sky-1.png").write_bytes(publishable(IMAGE, FINAL, RECORD)[0])
    return made


def made(recipe: Recipe = FINAL, encoding: Encoding = PNG) -> Path:
    """A picture of ours in the current folder."""
    path = Path(f"a-castle{encoding.suffix}")
    path.write_bytes(publishable(IMAGE, recipe, RECORD, encoding)[0])
    return path


def signed(*arguments: str | Path) -> Path:
    """The only copy that a signing command makes."""
    assert main(["export", "--sign", "--to", "out", *map(str, arguments)]) == 0
    (copy,) = Path("out").iterdir()
    return copy


def told(path: Path) -> Any:
    """What both programs say of a picture that nobody has touched: the same, and all is well."""
    kind = f"image/{metadata.format_of(path.read_bytes())}"
    with c2pa.Reader(kind, io.BytesIO(path.read_bytes())) as reader:
        first, state = json.loads(reader.json()), reader.get_validation_state()
    second = verify(str(path), mime_type=kind)
    assert state == "Valid" and second["integrity"] == "valid", second
    assert second["hard_binding"] == "match" and second["signature"] == "valid"
    codes = {one["code"] for one in first["validation_status"]}
    assert codes == {"signingCredential.untrusted"}
    assert second["manifest_report"]["active_manifest"] == first["active_manifest"]
    return first


def actions(said: Any, label: str = "") -> list[dict[str, Any]]:
    """The actions of a manifest, the active one unless another is named."""
    (one,) = said["manifests"][label or said["active_manifest"]]["assertions"]
    return list(one["data"]["actions"])


@pytest.mark.parametrize("encoding", ENCODINGS, ids=str)
def test_a_signed_draft(encoding: Encoding) -> None:
    """It says that an AI made it; its pixels and its recipe are as without a signature."""
    path = made(DRAFT, encoding)
    copy = signed(path)
    said = told(copy)
    (created,) = actions(said)
    assert (created["action"], created["digitalSourceType"]) == ("c2pa.created", ORIGIN)
    assert identify(copy.read_bytes()) == identify(path.read_bytes())
    assert metadata.bare(copy.read_bytes()) == metadata.bare(path.read_bytes())


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_a_signed_final_has_its_draft(studio: Studio, format: str) -> None:
    """The draft is an ingredient with credentials of its own, and no word of a prompt is in it.

    It is found in seeds/ by any name, and in drafts/ by the digits in its own.
    """
    if format == "webp":
        (draft,) = studio.seeds.iterdir()
        draft.rename(studio.drafts / f"a-castle-{DRAFT.id[:8]}.png")
    copy = signed(studio.final / "a-castle-red-sky-1.png", "--without-prompt", "--format", format)
    said = told(copy)
    (draft,) = said["manifests"][said["active_manifest"]]["ingredients"]
    assert (draft["title"], draft["relationship"]) == ("draft", "parentOf")
    assert draft["thumbnail"]["format"] == "image/jpeg"
    (created,) = actions(said, draft["active_manifest"])
    assert (created["action"], created["digitalSourceType"]) == ("c2pa.created", ORIGIN)
    names = [one["action"] for one in actions(said)]
    converted = [] if format == "png" else ["c2pa.converted"]
    assert names == ["c2pa.opened", "c2pa.edited", "c2pa.resized", *converted]
    data = copy.read_bytes()
    for word in ("castle", "house", "blurry", "sky"):
        assert word.encode() not in data and word.encode("utf-16-be") not in data
        assert word not in json.dumps(said)


def test_a_final_without_its_draft() -> None:
    """Where the draft is not at hand, the credentials say that there was one."""
    said = told(signed(made()))
    (draft,) = said["manifests"][said["active_manifest"]]["ingredients"]
    assert (draft["title"], draft["relationship"]) == ("draft", "parentOf")
    assert "thumbnail" not in draft


def test_what_was_done_is_all_there() -> None:
    """Each link of a chain, each step of finishing; a photo is none that an AI made."""
    photo = Pixels(sha256="1" * 64, width=48, height=32)
    first = replace(FINAL, source=photo, width=96, height=64)
    last = replace(first, source=first, strength=None, link=2, finish=(Step("sharpen"),))
    said = told(signed(made(last)))
    assert [(one["action"], one.get("description")) for one in actions(said)] == [
        ("c2pa.opened", None),
        ("c2pa.edited", "redrawn by img2img"),
        ("c2pa.resized", None),
        ("c2pa.edited", "sharpen"),
    ]
    kind = actions(said)[1]["digitalSourceType"]
    assert kind.endswith("/compositeWithTrainedAlgorithmicMedia")
    (source,) = said["manifests"][said["active_manifest"]]["ingredients"]
    assert source["title"] == "picture" and "thumbnail" not in source


def test_a_copy_for_a_place_is_signed() -> None:
    """What was done to the copy is said as well: made smaller, put between bands, converted."""
    path = Path("wide.png")
    path.write_bytes(publishable(IMAGE.resize((1600, 400)), DRAFT, RECORD)[0])
    said = told(signed(path, "--for", "instagram"))
    names = [one["action"] for one in actions(said)]
    assert names == ["c2pa.created", "c2pa.resized", "c2pa.edited", "c2pa.converted"]


def test_an_edited_picture() -> None:
    """Not all is known of what others did to it, and that is said."""
    path = made(DRAFT)
    data = path.read_bytes()
    other = pixels.encode(IMAGE.rotate(180))
    carried = metadata.read(data)
    path.write_bytes(metadata.splice(other, carried.texts, carried.xmp, carried.exif))
    said = told(signed(path))
    assert [one["action"] for one in actions(said)] == ["c2pa.created", "c2pa.edited"]
    (assertion,) = said["manifests"][said["active_manifest"]]["assertions"]
    assert assertion["data"]["allActionsIncluded"] is False


@pytest.mark.parametrize("encoding", ENCODINGS, ids=str)
def test_a_copy_of_a_signed_copy(encoding: Encoding) -> None:
    """Old credentials would not hold for the copy: they go, or are made anew."""
    path = made(DRAFT, encoding)
    copy = signed(path)
    assert main(["export", str(copy), "--to", "again"]) == 0
    (again,) = Path("again").iterdir()
    assert verify(str(again))["present"] is False
    assert main(["export", str(copy), "--sign", "--to", "third"]) == 0
    (third,) = Path("third").iterdir()
    assert len(told(third)["manifests"]) == 1


def test_the_self_made_certificate(capsys: pytest.CaptureFixture[str]) -> None:
    """It is made once, is for its owner's eyes only, and names neither a person nor a computer."""
    signed(made(DRAFT))
    told = " ".join(capsys.readouterr().out.split())
    assert "self-made certificate: other programs will say" in told
    file = local.config() / certificate.SELF_MADE
    before = file.read_bytes()
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    shutil.rmtree("out")
    signed(made(DRAFT))
    assert file.read_bytes() == before
    names = {
        attribute.value
        for one in x509.load_pem_x509_certificates(before)
        for attribute in (*one.subject, *one.issuer)
    }
    assert names == {"self-made certificate", "self-made root", "self-made with hotfolder"}


def issued(key: Any, itself: bool = False) -> bytes:
    """A certificate of `key` as an authority would issue it, followed by the authority's."""
    root = key if itself else ec.generate_private_key(ec.SECP384R1())
    ada, authority = (
        x509.Name(
            [
                x509.NameAttribute(x509.NameOID.COMMON_NAME, name),
                x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Studio Lake"),
            ]
        )
        for name in ("Ada", "Ada" if itself else "An authority")
    )
    chain = [certificate._issued(ada, key, authority, root)]
    chain.append(certificate._issued(authority, root, authority, root))
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain)


def kept(key: Any, chain: bytes, lock: bytes = b"") -> None:
    """The owner's settings name this key and certificate, by paths relative to the settings."""
    folder = owners_file.make()
    hidden: Any = serialization.NoEncryption()
    if lock:
        hidden = serialization.BestAvailableEncryption(lock)
    pem = serialization.Encoding.PEM
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, hidden)
    )
    (folder / "certificate.pem").write_bytes(chain)
    owners_file.path().write_text(
        '[signing]\ncertificate = "certificate.pem"\nkey = "key.pem"\n', encoding="utf-8"
    )


KEYS = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
}


@pytest.mark.parametrize("kind", KEYS)
def test_a_certificate_of_one_s_own(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The owner's own settings name it; then nothing is called self-made."""
    key = KEYS[kind]()
    kept(key, issued(key))
    said = told(signed(made(DRAFT)))
    assert said["manifests"][said["active_manifest"]]["signature_info"]["common_name"] == "Ada"
    assert capsys.readouterr().out.splitlines()[-1] == "signed"
    assert not (local.config() / certificate.SELF_MADE).exists()


def test_certificates_that_do_not_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each gets a sentence, and nothing is copied."""
    key, other = KEYS["P-256"](), KEYS["P-256"]()
    path = str(made(DRAFT))
    with monkeypatch.context() as patch:
        patch.setattr(certificate, "_VALID", timedelta(hours=-1))
        old = issued(key)
    wrong = {
        "the key does not belong to the first certificate": lambda: kept(other, issued(key)),
        "the certificate is valid from": lambda: kept(key, old),
        "C2PA does not accept a self-signed certificate": lambda: kept(
            key, issued(key, itself=True)
        ),
        "there is no certificate in PEM form": lambda: kept(key, b"what"),
        "the key is protected by a passphrase": lambda: kept(key, issued(key), b"word"),
        "your settings name no signing.key; both are needed": lambda: owners_file.path().write_text(
            "[signing]\ncertificate = 'a'\n", encoding="utf-8"
        ),
        "cannot be read": lambda: owners_file.path().write_text(
            "[signing]\ncertificate = 'gone'\nkey = 'gone'\n", encoding="utf-8"
        ),
    }
    for says, spoil in wrong.items():
        spoil()
        assert main(["export", "--sign", path]) == 1
        assert says in " ".join(capsys.readouterr().err.split()), says
    assert not Path("exported").exists()


def test_a_studio_names_no_certificate(studio: Studio) -> None:
    """Whoever writes into a studio does not decide whose signature pictures get."""
    settings = studio.root / "hotfolder.toml"
    settings.write_text('[signing]\ncertificate = "a.pem"\nkey = "b.pem"\n', encoding="utf-8")
    with pytest.raises(MistakesError, match="toml, signing: this is for your own settings"):
        load.read_config(studio)
    signed(studio.final)
    assert (local.config() / certificate.SELF_MADE).exists()


def test_only_our_own_pictures_are_signed(capsys: pytest.CaptureFixture[str]) -> None:
    """Of others nothing is known; they get a sentence."""
    Path("photo.jpg").write_bytes(pixels.encode(IMAGE, encoding("jpeg")))
    assert main(["export", "--sign", "--without-prompt", "photo.jpg"]) == 3
    says = "photo.jpg was not copied: only pictures that hotfolder made can be signed"
    assert capsys.readouterr().out.startswith(says)


PROGRAMS = {
    "exiftool, five stars": ["exiftool", "-q", "-overwrite_original", "-XMP-xmp:Rating=5"],
    "exiftool, all metadata removed": ["exiftool", "-q", "-overwrite_original", "-all="],
    "ImageMagick": ["mogrify", "-define", "png:preserve-iCCP=true"],
    "exiv2, five stars": ["exiv2", "-Mset Xmp.xmp.Rating 5"],
}


@pytest.mark.posix("needs exiftool, exiv2 and ImageMagick")
@pytest.mark.parametrize("encoding", ENCODINGS[:3], ids=str)
@pytest.mark.parametrize("program", PROGRAMS)
def test_after_other_programs(program: str, encoding: Encoding) -> None:
    """What they leave is not taken for whole: the credentials are gone, or said not to match."""
    if shutil.which(PROGRAMS[program][0]) is None:
        pytest.skip(f"{program} is not installed")
    copy = signed(made(DRAFT, encoding))
    done = subprocess.run([*PROGRAMS[program], copy], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    said = verify(str(copy))
    assert not said["present"] or said["integrity"] == "invalid"
    kind = f"image/{metadata.format_of(copy.read_bytes())}"
    reader = c2pa.Reader.try_create(kind, io.BytesIO(copy.read_bytes()))
    assert (reader is None) is not said["present"]
    assert reader is None or reader.get_validation_state() == "Invalid"
