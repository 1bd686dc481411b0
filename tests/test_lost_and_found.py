"""Pictures whose sources, recipes or copies are gone: what is still known of them."""

from __future__ import annotations

import io
import logging
import shutil
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from hotfolder.cli import main
from hotfolder.commands.regenerate import again
from hotfolder.images import metadata, picture, recipe_text
from hotfolder.recipes.recipe import Pixels, Recipe
from hotfolder.report.progress import Lines
from hotfolder.studio.create import create
from hotfolder.studio.identity import Identity, identify
from hotfolder.studio.layout import Studio
from tests.conftest import Run
from tests.images.foreign.pictures import png
from tests.images.foreign.test_comfyui import PLAIN
from tests.test_flow import QUICK, work


@pytest.fixture
def quick(studio: Studio) -> Studio:
    """A studio whose pictures are small and need two steps, one draft of each prompt."""
    (studio.profiles / "quick.toml").write_text(QUICK.replace("count = 2", "count = 1"))
    settings = 'profile = "quick"\nsettle_seconds = 0.05\nlook_seconds = 1\n'
    studio.settings.write_text(settings + 'photos.prompt = "a hill"\n')
    return studio


@pytest.fixture
def drafted(quick: Studio) -> Studio:
    """The same with a draft in it."""
    (quick.inbox / "castle.txt").write_text("a castle")
    work(quick)
    return quick


def only(folder: Path) -> Path:
    """The one picture in a folder."""
    (path,) = folder.glob("*.png")
    return path


def shown(path: Path) -> Identity:
    return identify(path.read_bytes())


def emptied(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder)
        folder.mkdir()


def check(studio: Studio, caplog: pytest.LogCaptureFixture) -> tuple[int, str]:
    """The exit code of `regenerate --check` on the finals, and what it said."""
    caplog.clear()
    with caplog.at_level(logging.INFO):
        code = again(sorted(studio.final.glob("*.png")), studio, Lines())
    return code, caplog.text


def test_finals_of_pictures_from_elsewhere_outlive_those(
    drafted: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    """A draft that was painted over and a picture of another program, both gone: kept once each."""
    draft = only(drafted.drafts)
    painted = Image.open(draft).convert("RGB")
    painted.paste((200, 30, 30), (20, 20, 60, 60))
    painted.save(drafted.seeds / "painted.png", pnginfo=None)
    (drafted.seeds / "fox.png").write_bytes(png(prompt=PLAIN))
    shutil.copy(drafted.seeds / "fox.png", drafted.seeds / "fox again.png")
    work(drafted)
    finals = [shown(path) for path in drafted.final.glob("*.png")]
    sources = {final.recipe.source for final in finals if final.recipe}
    assert len(finals) == 6
    assert all(isinstance(source, Pixels) for source in sources)
    assert len(list(drafted.sources.iterdir())) == len(sources) == 2
    prompts = {final.recipe.prompt for final in finals if final.recipe}
    assert any(prompt.startswith("a castle by the sea") for prompt in prompts)
    emptied(drafted.drafts, drafted.seeds, drafted.inbox)
    assert check(drafted, caplog)[0] == 0

    kept = next(drafted.sources.iterdir())
    data = kept.read_bytes()
    kept.unlink()
    code, said = check(drafted, caplog)
    assert code == 3
    assert said.count("cannot be made again: the picture from elsewhere") == 3
    assert f"pixel hash {kept.name[:12]}…) is not kept" in said
    assert "3 of 6 identical, 3 that cannot be made again" in said
    (drafted.seeds / "found.png").write_bytes(data)
    assert check(drafted, caplog)[0] == 0, "a copy in seeds/ is as good"


def test_an_edited_draft_is_another_picture(
    drafted: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    """Painted over by a program that keeps all metadata: its finals are of what it shows."""
    draft = only(drafted.drafts)
    was = shown(draft)
    painted = was.image.copy()
    painted.paste((200, 30, 30), (20, 20, 60, 60))
    assert was.recipe is not None
    assert was.record is not None
    data = picture.embed(picture.pixels.encode(painted), was.recipe, was.record)
    draft.unlink()
    (drafted.seeds / "painted.png").write_bytes(data)
    assert identify(data).edited
    work(drafted)
    final = shown(next(drafted.final.glob("*.png")))
    assert final.recipe is not None
    assert isinstance(final.recipe.source, Pixels)
    assert final.recipe.prompt == was.recipe.prompt
    emptied(drafted.drafts, drafted.seeds)
    assert check(drafted, caplog)[0] == 0


def test_a_draft_that_lost_its_recipe_is_refined_as_what_it_is(drafted: Studio) -> None:
    """Saved anew by a program that keeps no metadata: its pixels tell."""
    draft = only(drafted.drafts)
    recipe = shown(draft).recipe
    Image.open(draft).convert("RGB").save(drafted.seeds / "plain.png")
    draft.unlink()
    assert shown(drafted.seeds / "plain.png").recipe is None
    work(drafted)
    final = shown(next(drafted.final.glob("*.png")))
    assert final.recipe is not None
    assert final.recipe.source == recipe
    assert not list(drafted.sources.iterdir())


def test_restore_writes_a_copy_with_the_recipe(drafted: Studio, hotfolder: Run) -> None:
    """From the archive, though no other copy of the picture is left; into PNG and WebP."""
    draft = only(drafted.drafts)
    was = shown(draft)
    plain = drafted.root.parent / "from a messenger.png"
    Image.open(draft).convert("RGB").save(plain)
    Image.open(draft).convert("RGB").save(plain.with_suffix(".webp"), lossless=True)
    before = plain.read_bytes()
    draft.unlink()
    for _ in range(2):
        done = hotfolder("restore", "--studio", drafted.root, plain, plain.with_suffix(".webp"))
        assert (done.returncode, done.stderr) == (0, "")
    assert was.recipe is not None
    assert (
        f"draft {was.recipe.id[:8]}, proved by this computer's records, restored as" in done.stdout
    )
    names = sorted(path.name for path in plain.parent.glob("*restored*"))
    assert names == [
        "from a messenger-restored-2.png",
        "from a messenger-restored-2.webp",
        "from a messenger-restored.png",
        "from a messenger-restored.webp",
    ]
    assert plain.read_bytes() == before
    for name in names:
        found = shown(plain.with_name(name))
        assert (found.recipe, found.record, found.edited) == (was.recipe, was.record, False)
    again = hotfolder("restore", "--studio", drafted.root, plain.with_name(names[0]))
    assert "it still has its recipe" in again.stdout


def test_restore_says_what_it_cannot(drafted: Studio, hotfolder: Run, tmp_path: Path) -> None:
    """Another picture, one saved with losses, one that lies in no studio."""
    lossy, other = tmp_path / "lossy.jpg", tmp_path / "other.png"
    draft = Image.open(only(drafted.drafts)).convert("RGB")
    draft.save(lossy, quality=70)
    Image.radial_gradient("L").resize(draft.size).convert("RGB").save(other)
    done = hotfolder("restore", "--to", tmp_path / "new", "--studio", drafted.root, lossy, other)
    assert done.returncode == 3
    assert "lossy.jpg: it looks like the draft" in done.stdout
    assert "other.png: nothing that looks like it was made in" in done.stdout
    assert not (tmp_path / "new").exists()
    done = hotfolder("restore", lossy, cwd=tmp_path)
    assert done.returncode == 3
    assert "name the one it was made in with --studio" in done.stdout


def test_restore_finds_what_was_made_before_there_was_an_archive(
    drafted: Studio, hotfolder: Run
) -> None:
    """A final carries the recipe of its draft, and its record."""
    draft = only(drafted.drafts)
    was = shown(draft)
    plain = drafted.root.parent / "plain.png"
    Image.open(draft).convert("RGB").save(plain)
    draft.rename(drafted.seeds / draft.name)
    work(drafted)
    emptied(drafted.seeds, drafted.recipes)
    done = hotfolder("restore", "--studio", drafted.root, plain)
    assert done.returncode == 0, done.stdout
    found = shown(plain.with_name("plain-restored.png"))
    assert (found.recipe, found.record) == (was.recipe, was.record)


def test_verify_finds_what_is_not_as_it_says(drafted: Studio, hotfolder: Run) -> None:
    """A sentence for each: edited, another's recipe, unknown, lost, foreign, damaged."""
    draft = only(drafted.drafts)
    was = shown(draft)
    assert was.recipe is not None
    assert was.record is not None
    (drafted.seeds / "fox.png").write_bytes(png(prompt=PLAIN))
    done = hotfolder("verify", drafted.root)
    named = f"{drafted.seeds / 'fox.png'}: from elsewhere (ComfyUI)"
    told = [named, "1 of 1 are what they say, 1 from elsewhere"]
    assert (done.returncode, done.stdout.splitlines()) == (0, told)

    def put(name: str, image: Image.Image, recipe: Recipe, **record: object) -> None:
        made = msgspec.structs.replace(was.record, **record)  # type: ignore[type-var]
        plain = picture.pixels.encode(image)
        (drafted.drafts / name).write_bytes(picture.embed(plain, recipe, made))

    other = msgspec.structs.replace(was.recipe, seed=1)
    black = Image.new("RGB", was.image.size)
    hashed = picture.pixels.pixel_hash(black)
    put("edited.png", black, was.recipe)
    put("other.png", was.image, other)
    put("unknown.png", black, other, pixels=hashed)
    put("pixels.png", black, was.recipe, pixels=hashed)
    put("sides.png", black.resize((64, 64)), was.recipe, pixels="0" * 64)
    buffer = io.BytesIO()
    was.image.save(buffer, "JPEG", quality=85)
    converted = picture.embed(buffer.getvalue(), was.recipe, was.record)
    (drafted.drafts / "converted.jpg").write_bytes(converted)
    buffer = io.BytesIO()
    black.save(buffer, "JPEG")
    repainted = picture.embed(buffer.getvalue(), was.recipe, was.record)
    (drafted.drafts / "repainted.jpg").write_bytes(repainted)
    put("guest.png", black, other, pixels=hashed, studio="another")
    was.image.save(drafted.drafts / "lost.png")
    (drafted.drafts / "rubbish.png").write_bytes(b"rubbish")
    text = recipe_text.document(was.recipe, was.record).replace('"schema":1', '"schema":99')
    broken = metadata.splice(picture.pixels.encode(black), [("hotfolder", text)])
    (drafted.drafts / "broken.png").write_bytes(broken)

    done = hotfolder("verify", drafted.root)
    said = dict(line.split(": ", 1) for line in done.stdout.splitlines()[:-1])
    says = {Path(name).name: sentence for name, sentence in said.items()}
    assert done.returncode == 3
    assert says == {
        "edited.png": "it was edited: its pixels are not those that were made",
        "other.png": f"it says recipe {other.id[:8]}, but these pixels were made from "
        f"{was.recipe.id[:8]}",
        "unknown.png": f"the studio's ledger knows nothing about {other.id[:8]}",
        "pixels.png": f"the ledger has other pixels for {was.recipe.id[:8]}",
        "sides.png": "it was edited: its pixels are not those that were made",
        "converted.jpg": "it was converted to JPEG: it looks the same, but its bits differ",
        "repainted.jpg": "it was edited: its pixels are not those that were made",
        "fox.png": "from elsewhere (ComfyUI)",
        "lost.png": "it has lost its recipe; `hotfolder restore` writes it into a copy",
        "rubbish.png": says["rubbish.png"],
        "broken.png": says["broken.png"],
    }
    assert "it cannot be read: this picture format is not supported" in says["rubbish.png"]
    assert "of a later version of hotfolder" in says["broken.png"]
    assert done.stdout.splitlines()[-1] == "2 of 12 are what they say, 1 from elsewhere"


def test_verify_needs_no_torch(hotfolder: Run, tmp_path: Path) -> None:
    """Nothing is rendered, so nothing that renders is imported."""
    import subprocess
    import sys

    code = (
        "import sys; from hotfolder.cli import main; main(['verify', sys.argv[1]]);"
        "print([name for name in ('torch', 'diffusers') if name in sys.modules])"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "0 of 0 are what they say\n[]\n"


def test_pictures_of_two_studios_are_made_again_in_one_command(
    drafted: Studio, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each with its own studio's models and sources."""
    other, _ = create(tmp_path / "other")
    (other.profiles / "quick.toml").write_text(QUICK.replace("count = 2", "count = 1"))
    other.settings.write_text('profile = "quick"\nphotos.prompt = "a hill"\n')
    Image.linear_gradient("L").convert("RGB").resize((96, 64)).save(other.seeds / "photo.jpg")
    work(other)
    with caplog.at_level(logging.INFO):
        assert main(["regenerate", "--check", str(drafted.drafts), str(other.final)]) == 0
    assert caplog.text.count("identical") >= 4


def test_a_picture_that_lost_pixels_too_is_found_by_its_likeness(
    drafted: Studio, tmp_path: Path, hotfolder: Run
) -> None:
    """`restore` says how alike it is and waits for --likely; the copy leads to the picture."""
    draft = next(drafted.drafts.glob("*.png"))
    image = Image.open(draft).convert("RGB")
    cut = image.crop((5, 3, image.width - 4, image.height - 6))
    cut.resize((image.width // 2, image.height // 2)).save(tmp_path / "sent.jpg", quality=60)
    said = hotfolder("restore", "--studio", drafted.root, tmp_path / "sent.jpg")
    assert said.returncode != 0
    assert f"it looks like the draft {identify(draft.read_bytes()).recipe.id[:8]}" in said.stdout
    assert "--likely" in said.stdout
    done = hotfolder("restore", "--likely", "--studio", drafted.root, tmp_path / "sent.jpg")
    assert done.returncode == 0, done.stdout
    copy = identify((tmp_path / "sent-restored.jpg").read_bytes())
    assert copy.edited
    assert copy.recipe == identify(draft.read_bytes()).recipe
