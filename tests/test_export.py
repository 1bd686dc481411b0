"""`hotfolder export`: copies for publishing, and what other programs find in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from PIL import Image
from sd_parsers import ParserManager

from hotfolder.cli import main
from hotfolder.images import metadata, pixels, recipe_text, stealth
from hotfolder.images.picture import publishable
from hotfolder.recipes.encoding import PNG, Encoding, encoding
from hotfolder.recipes.recipe import Recipe
from hotfolder.studio.identity import identify
from tests import samples
from tests.images.made import RECIPE, RECORD

IMAGE = Image.linear_gradient("L").resize((24, 16)).convert("RGB")
FINAL = replace(RECIPE, prompt="a castle, red sky", source=RECIPE, strength=0.5)
ENCODINGS = [PNG, encoding("jpeg"), encoding("webp"), encoding("webp", 80)]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies go into the current folder."""
    monkeypatch.chdir(tmp_path)


def made(recipe: Recipe = FINAL, encoding: Encoding = PNG) -> Path:
    """A picture of ours in the current folder."""
    path = Path(f"a-castle{encoding.suffix}")
    path.write_bytes(publishable(IMAGE, recipe, RECORD, encoding)[0])
    return path


def copied(*arguments: str | Path) -> Path:
    """The only copy that a command makes."""
    before = set(Path().rglob("*"))
    assert main(["export", *map(str, arguments)]) == 0
    (copy,) = [path for path in set(Path().rglob("*")) - before if path.is_file()]
    return copy


@pytest.mark.parametrize("encoding", ENCODINGS, ids=str)
def test_a_copy_is_read_by_others(encoding: Encoding) -> None:
    """An independent parser finds prompts, sampler, seed and model in every format."""
    copy = copied(made(encoding=encoding))
    said = ParserManager().parse(copy)
    assert said is not None
    assert [str(prompt) for prompt in said.prompts] == ["a castle, red sky"]
    assert [str(prompt) for prompt in said.negative_prompts] == ["blurry"]
    (sampler,) = said.samplers
    assert (sampler.name, sampler.parameters["seed"]) == ("Euler", "7")
    assert (sampler.parameters["steps"], sampler.parameters["cfg_scale"]) == ("20", "5")
    assert sampler.model is not None and sampler.model.name == "postcard"


@pytest.mark.parametrize("encoding", ENCODINGS, ids=str)
@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_a_copy_without_prompt(encoding: Encoding, format: str) -> None:
    """No word of any prompt is left, in whatever format; the origin is said."""
    copy = copied(made(encoding=encoding), "--without-prompt", "--format", format)
    data = copy.read_bytes()
    for word in ("castle", "house", "blurry", "sky"):
        assert word.encode() not in data and word.encode("utf-16-be") not in data
        assert word not in copy.name
    assert metadata.format_of(data) == format
    assert b"/trainedAlgorithmicMedia<" in (metadata.read(data).xmp or b"")
    assert recipe_text.find(metadata.read(data)) is None
    assert ParserManager().parse(copy) is None


@pytest.mark.parametrize("encoding", ENCODINGS, ids=str)
def test_the_same_format_has_the_same_pixels(encoding: Encoding) -> None:
    """Nothing is encoded again where the format stays."""
    path = made(encoding=encoding)
    for copy in (copied(path), copied(path, "--without-prompt")):
        assert metadata.bare(copy.read_bytes()) == metadata.bare(path.read_bytes())
    assert identify(copied(path).read_bytes()) == identify(path.read_bytes())


@pytest.mark.parametrize("format", ["jpeg", "webp"])
def test_a_copy_in_another_format_is_no_edited_picture(format: str) -> None:
    """Its record says what the new format has lost, so that it can be made again as well."""
    copy = copied(made(), "--format", format)
    shown = identify(copy.read_bytes())
    assert shown.record is not None and shown.record.encoding.format == format
    assert not shown.edited
    assert shown.recipe == FINAL


def test_what_has_lost_twice_is_an_edited_picture() -> None:
    """A record tells of one loss; a lossless copy of a lossy picture needs no other."""
    path = made(encoding=encoding("webp", 80))
    assert identify(copied(path, "--format", "jpeg").read_bytes()).edited
    shown = identify(copied(path, "--format", "png").read_bytes())
    assert not shown.edited
    assert shown.record is not None and str(shown.record.encoding) == "WebP of quality 80"


STRANGERS = sorted(
    path.name
    for path in (samples.DATA / "public").iterdir()
    if (path.suffix in (".png", ".jpg", ".webp", ".gif", ".tiff") and path.name[0] in "cino")
    or path.name in ("p09-stealth-alpha.png", "p20.tiff", "p22-display-p3.png")
)


@pytest.mark.parametrize("name", STRANGERS)
def test_a_stranger_s_picture_without_its_prompt(name: str) -> None:
    """Nothing that any program reads is left, in metadata, colours or transparency."""
    data = samples.sample(f"public/{name}")
    Path(name).write_bytes(data)
    copy = copied(name, "--without-prompt").read_bytes()
    before, after = identify(data), identify(copy)
    assert after.params is None and not stealth.texts(copy)
    carried = metadata.read(copy)
    assert (carried.texts, carried.xmp, carried.exif) == ((), None, None)
    assert (after.pixels.width, after.pixels.height) == (before.pixels.width, before.pixels.height)
    if metadata.format_of(copy) == "png":
        assert after.pixels == before.pixels


def test_a_stranger_s_picture_with_its_prompt(capsys: pytest.CaptureFixture[str]) -> None:
    """It is not ours to carry on; a sentence says what works."""
    Path("a.png").write_bytes(samples.sample("public/i09-time-taken.png"))
    assert main(["export", "a.png"]) == 3
    says = "a.png was not copied: it was made by A1111, not by hotfolder; --without-prompt copies"
    assert capsys.readouterr().out.startswith(says)


def test_nothing_is_overwritten() -> None:
    """A second copy gets a name of its own; folders are gone through, and made."""
    made()
    assert copied(".", "--to", "there/below") == Path("there/below/a-castle.png")
    assert copied("a-castle.png", "--to", "there/below") == Path("there/below/a-castle-2.png")


def test_what_cannot_be_copied_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A picture that says nothing, and none at all, get a sentence; the others are copied."""
    Path("photo.jpg").write_bytes(samples.drawn("JPEG"))
    path = made()
    assert main(["export", "photo.jpg", "gone.png", str(path)]) == 3
    assert capsys.readouterr().out.replace("\\", "/").splitlines() == [
        "photo.jpg was not copied: it does not say how it was made",
        "gone.png was not copied: there is no such file",
        "a-castle.png -> exported/a-castle.png",
        "1 copy, which carries its prompts and its whole recipe",
    ]
    assert pixels.decode(Path("exported/a-castle.png").read_bytes()).size == (24, 16)
