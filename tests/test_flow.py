"""The whole flow in one process: real folders, the real daemon, the model that is included."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from threading import Event

import msgspec
import pytest
from PIL import Image

from hotfolder.commands.demo import STAR
from hotfolder.commands.regenerate import again
from hotfolder.daemon import Daemon, Until
from hotfolder.images import png
from hotfolder.images.picture import embed
from hotfolder.recipes.recipe import Pixels
from hotfolder.report.progress import Lines
from hotfolder.studio.identity import Identity, identify
from hotfolder.studio.layout import Studio

QUICK = """\
extends = "postcard"
steps = 2
[draft]
area = "128x128"
count = 2
[refine]
area = "160x160"
"""


@pytest.fixture
def quick(studio: Studio) -> Studio:
    """A studio whose pictures are small and need two steps."""
    (studio.profiles / "quick.toml").write_text(QUICK)
    settings = 'profile = "quick"\nsettle_seconds = 0.05\nlook_seconds = 1\n'
    studio.settings.write_text(settings + 'photos.prompt = "a hill"\n')
    return studio


def work(studio: Studio, daemon: Daemon | None = None) -> Daemon:
    """Do all there is to do."""
    daemon = daemon or Daemon(studio)
    daemon.run(Until(idle=True))
    daemon.close()
    return daemon


def shown(folder: Path) -> dict[str, Identity]:
    """What the pictures in a folder are, by name."""
    return {p.name: identify(p.read_bytes()) for p in sorted(folder.rglob("*.png"))}


def test_a_moved_draft_becomes_three_finals(quick: Studio) -> None:
    """The finals have the draft's aspect and prompt, seeds of their own, and the draft inside."""
    (quick.inbox / "castle.txt").write_text("a castle")
    work(quick)
    draft = sorted(quick.drafts.glob("*.png"))[0]
    recipe = identify(draft.read_bytes()).recipe
    draft.rename(quick.seeds / draft.name)
    work(quick)
    finals = [what.recipe for what in shown(quick.final).values()]
    assert len(finals) == 3
    assert len({final.seed for final in finals}) == 3
    assert {final.source for final in finals} == {recipe}
    records = [what.record for what in shown(quick.final).values()]
    assert [record.wanted for record in records if record] == [3, 3, 3]
    assert {final.prompt for final in finals} == {"a castle"}
    work(quick)
    assert len(shown(quick.final)) == 3, "never more than once"


def test_a_starred_draft_is_moved_and_refined(quick: Studio) -> None:
    """A star that a picture program wrote into a draft, in a folder somebody made, picks it."""
    (quick.inbox / "castle.txt").write_text("a castle")
    work(quick)
    draft = sorted(quick.drafts.glob("*.png"))[0]
    mine = quick.drafts / "nice" / "さくら.png"
    mine.parent.mkdir()
    draft.rename(mine)
    mine.write_bytes(png.with_xmp(mine.read_bytes(), STAR))
    work(quick)
    assert [p.name for p in quick.seeds.iterdir()] == ["さくら.png"]
    assert len(shown(quick.final)) == 3


def test_more_stars_mean_another_preset(quick: Studio) -> None:
    """Five stars are refined as the owner's table says; the mark may stand beside the draft."""
    (quick.profiles / "large.toml").write_text(
        'extends = "quick"\n[refine]\narea = "192x192"\ncount = 1\n'
    )
    with quick.settings.open("a") as settings:
        settings.write('[stars.presets]\n5 = "large"\n')
    (quick.inbox / "castle.txt").write_text("a castle")
    work(quick)
    draft = sorted(quick.drafts.glob("*.png"))[0]
    draft.with_name(f"{draft.name}.xmp").write_text(STAR)
    work(quick)
    assert sorted(p.name for p in quick.seeds.iterdir()) == [draft.name, f"{draft.name}.xmp"]
    (final,) = shown(quick.final).values()
    assert final.recipe is not None
    assert final.recipe.width * final.recipe.height > 180 * 180
    assert final.record is not None and final.record.profile == "large"


def test_a_star_of_exiftool_picks(quick: Studio, tool: Callable[[str], str]) -> None:
    """A real program rates a draft; what it leaves beside it triggers nothing."""
    (quick.inbox / "castle.txt").write_text("a castle")
    work(quick)
    draft = sorted(quick.drafts.glob("*.png"))[0]
    subprocess.run([tool("exiftool"), "-q", "-XMP-xmp:Rating=4", str(draft)], check=True)
    assert draft.with_name(draft.name + "_original").exists()
    work(quick)
    assert [p.name for p in quick.seeds.iterdir()] == [draft.name]
    assert len(shown(quick.final)) == 3


def test_copies_and_renames_are_the_same_picture(quick: Studio) -> None:
    """A picture that is copied, renamed and moved about is refined once."""
    (quick.inbox / "castle.txt").write_text("a castle")
    work(quick)
    draft = sorted(quick.drafts.glob("*.png"))[0]
    shutil.copy(draft, quick.seeds / "one.png")
    shutil.copy(draft, quick.seeds / "two.png")
    work(quick)
    (quick.seeds / "one.png").rename(quick.seeds / "three.png")
    (quick.seeds / "below").mkdir()
    (quick.seeds / "two.png").rename(quick.seeds / "below/two.png")
    draft.rename(quick.seeds / draft.name)
    work(quick)
    assert len(shown(quick.final)) == 3


def test_a_seed_taken_away_is_not_refined(quick: Studio) -> None:
    """What is no longer in seeds/ when its turn comes gets nothing."""
    (quick.inbox / "castle.txt").write_text("a castle")
    work(quick)
    draft = sorted(quick.drafts.glob("*.png"))[0]
    draft.rename(quick.seeds / draft.name)
    (quick.seeds / draft.name).rename(draft)
    work(quick)
    assert not shown(quick.final)


def test_what_is_deleted_stays_deleted(quick: Studio) -> None:
    """Neither drafts nor finals come back; the same file dropped again gives new pictures."""
    (quick.inbox / "castle.txt").write_text("a castle")
    work(quick)
    first = {what.recipe.id for what in shown(quick.drafts).values()}
    for path in quick.drafts.glob("*.png"):
        path.unlink()
    work(quick)
    assert not shown(quick.drafts)
    (quick.done / "castle.txt").rename(quick.inbox / "castle.txt")
    work(quick)
    second = {what.recipe.id for what in shown(quick.drafts).values()}
    assert len(second) == 2
    assert not first & second
    assert (quick.done / "castle.txt").exists()


def test_endless_files_stay_and_give_one_draft_a_run(quick: Studio) -> None:
    """`--once` makes one draft for each endless file, which stays where it is."""
    (quick.inbox / "more.toml").write_text('prompt = "a boat"\ncount = "endless"\n')
    work(quick)
    work(quick)
    assert len(shown(quick.drafts)) == 2
    assert (quick.inbox / "more.toml").exists()


def test_endless_drafts_pause_when_nobody_looks(quick: Studio) -> None:
    """Endless drafts are held back while drafts/ is full."""
    with quick.settings.open("a") as settings:
        settings.write("pause_endless_at = 1\n")
    (quick.inbox / "more.toml").write_text('prompt = "a boat"\ncount = "endless"\n')
    work(quick)
    work(quick)
    assert len(shown(quick.drafts)) == 1


def test_a_picked_draft_interrupts_and_changes_no_bit(quick: Studio) -> None:
    """A seed that appears while a draft renders is refined first; the draft is as without it."""
    (quick.inbox / "castle.txt").write_text("a castle")
    work(quick)
    waiting = sorted(quick.drafts.glob("*.png"))[0]
    order: list[str] = []

    refining = Event()

    class Picking(Lines):
        """Picks a draft at the first step of another, which then waits for the first final."""

        def step(self, step: int, steps: int, which: int | None = None) -> None:
            """Once only."""
            if waiting.exists():
                waiting.rename(quick.seeds / waiting.name)
                assert refining.wait(60)

        def began(self, what: str, which: int | None = None) -> None:
            """A final is given to the thread that waits."""
            if what.startswith("final"):
                refining.set()

        def say(self, sentence: str) -> None:
            """Remember the order of events."""
            order.append(sentence.split("/")[0])

    (quick.inbox / "boat.txt").write_text("a boat")
    work(quick, Daemon(quick, Picking()))
    assert order == ["final"] * 3 + ["drafts"] * 2 + ["inbox"]
    assert again([*quick.drafts.rglob("*.png"), *quick.final.rglob("*.png")], quick, Lines()) == 0


def test_everything_is_made_again_without_drafts_and_seeds(
    quick: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drafts and finals alone, away from their studio's folders, come out identical."""
    (quick.inbox / "castle.txt").write_text("a {castle|lighthouse} at night")
    work(quick)
    draft = sorted(quick.drafts.glob("*.png"))[0]
    draft.rename(quick.seeds / draft.name)
    work(quick)
    kept = tmp_path / "kept"
    shutil.copytree(quick.drafts, kept / "drafts")
    shutil.copytree(quick.final, kept / "final")
    shutil.rmtree(quick.drafts)
    shutil.rmtree(quick.seeds)
    monkeypatch.chdir(tmp_path)
    assert again(sorted(kept.rglob("*.png")), None, Lines(), tmp_path / "made") == 0
    assert len(list((tmp_path / "made").glob("*.png"))) == 4


def test_a_picture_from_elsewhere_is_refined_and_kept(quick: Studio) -> None:
    """A person's own picture is refined at its aspect; its pixels are kept for regeneration."""
    Image.linear_gradient("L").convert("RGB").resize((300, 200)).save(quick.seeds / "photo.jpg")
    work(quick)
    finals = list(quick.final.glob("*.png"))
    recipe = identify(finals[0].read_bytes()).recipe
    assert len(finals) == 3
    assert isinstance(recipe.source, Pixels)
    assert (quick.sources / f"{recipe.source.sha256}.png").exists()
    shutil.rmtree(quick.seeds)
    assert again(finals, quick, Lines()) == 0


def test_an_edited_draft_is_refined_as_it_is_now(quick: Studio) -> None:
    """A draft that somebody painted over has other finals, with its old prompt."""
    (quick.inbox / "castle.txt").write_text("a castle")
    work(quick)
    draft = sorted(quick.drafts.glob("*.png"))[0]
    image = Image.open(draft)
    image.load()
    image.paste((150, 96, 70), (10, 10, 40, 40))  # no pure colour, which would mark a part
    texts = png_texts(draft)
    image.save(quick.seeds / "edited.png", pnginfo=texts)
    work(quick)
    recipes = [what.recipe for what in shown(quick.final).values()]
    assert [type(recipe.source) for recipe in recipes] == [Pixels] * 3
    assert {recipe.prompt for recipe in recipes} == {"a castle"}


def png_texts(path: Path) -> object:
    """A draft's texts, as a painting program writes them into its own file."""
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    with Image.open(path) as image:
        for key, text in image.text.items():
            info.add_text(key, text)
    return info


def test_a_dropped_draft_asks_for_more_like_it(quick: Studio) -> None:
    """One of our pictures in inbox/ gives new drafts with its prompt, and moves to done/."""
    (quick.inbox / "castle.txt").write_text("a castle")
    work(quick)
    draft = sorted(quick.drafts.glob("*.png"))[0]
    shutil.copy(draft, quick.inbox / "like this.png")
    work(quick)
    drafts = shown(quick.drafts)
    assert len(drafts) == 4
    assert {what.recipe.prompt for what in drafts.values()} == {"a castle"}
    assert len({what.recipe.seed for what in drafts.values()}) == 4
    assert (quick.done / "like this.png").exists()


def test_a_dropped_photo_waits_for_its_text(quick: Studio) -> None:
    """A picture without a recipe is a source for drafts once a text of its name lies beside it."""
    settings = quick.settings.read_text("utf-8")
    quick.settings.write_text(re.sub(r"(?m)^photos\.prompt.*$", "", settings), "utf-8")
    Image.linear_gradient("L").convert("RGB").save(quick.inbox / "Photo.JPG")
    work(quick)
    assert (quick.inbox / "Photo.JPG").exists()
    assert not shown(quick.drafts)
    (quick.inbox / "Photo.txt").write_text("a meadow in spring")
    work(quick)
    drafts = shown(quick.drafts)
    assert len(drafts) == 2
    assert all(isinstance(what.recipe.source, Pixels) for what in drafts.values())
    assert sorted(p.name for p in quick.done.iterdir()) == ["Photo.JPG", "Photo.txt"]
    assert again(list(quick.drafts.glob("*.png")), quick, Lines()) == 0


@pytest.mark.parametrize("name", ["seed.png", "photo.webp"])
def test_a_broken_picture_in_seeds_gets_a_note(quick: Studio, name: str) -> None:
    """What cannot be refined stays where it is, with one note beside it, and is tried again."""
    (quick.seeds / name).write_bytes(b"no picture at all")
    (quick.inbox / "castle.txt").write_text("a castle")
    assert work(quick).failures == 1
    work(quick)
    assert sorted(p.name for p in quick.seeds.iterdir()) == [name, f"{name}.error.txt"]
    assert len(shown(quick.drafts)) == 2, "the rest of the work goes on"
    assert (quick.seeds / name).read_bytes() == b"no picture at all"


def test_a_model_that_is_not_here_sets_the_prompt_aside(quick: Studio) -> None:
    """Missing weights get a sentence beside the prompt file; other files go on."""
    (quick.profiles / "big.toml").write_text('[model]\nsource = "nowhere/model.safetensors"\n')
    (quick.inbox / "big.toml").write_text('prompt = "a castle"\nprofile = "big"\n')
    (quick.inbox / "castle.txt").write_text("a castle")
    assert work(quick).failures == 1
    note = (quick.failed / "big.toml.error.txt").read_text()
    assert "model.safetensors" in note
    assert len(shown(quick.drafts)) == 2


@pytest.mark.parametrize(
    ("folders", "below"), [("flat", "."), ("prompt", "my-castle"), ("day", "????-??-??")]
)
def test_folders_are_as_the_settings_say(quick: Studio, folders: str, below: str) -> None:
    """drafts/ and final/ are flat, by prompt file or by day."""
    with quick.settings.open("a") as settings:
        settings.write(f'folders = "{folders}"\n')
    (quick.inbox / "My castle.txt").write_text("a castle")
    work(quick)
    draft = sorted(quick.drafts.rglob("*.png"))[0]
    draft.rename(quick.seeds / draft.name)
    work(quick)
    assert len(list(quick.drafts.glob(f"{below}/*.png"))) == 1
    assert len(list(quick.final.glob(f"{below}/*.png"))) == 3


def test_a_lost_ledger_is_made_anew(quick: Studio) -> None:
    """Without its ledger a studio still does not make its pictures twice."""
    (quick.inbox / "castle.toml").write_text('prompt = "a castle"\ncount = 3\n')
    work(quick)
    draft = sorted(quick.drafts.glob("*.png"))[0]
    draft.rename(quick.seeds / draft.name)
    work(quick)
    for path in quick.ledger.iterdir():
        path.unlink()
    (quick.done / "castle.toml").rename(quick.inbox / "castle.toml")
    work(quick)
    assert len(shown(quick.drafts)) == 2
    assert len(shown(quick.final)) == 3


def test_a_mistake_in_the_settings_is_told_and_the_old_ones_hold(quick: Studio) -> None:
    """A daemon whose settings are spoilt meanwhile goes on with those it had."""
    daemon = Daemon(quick)
    quick.settings.write_text("profile = 3\n")
    (quick.inbox / "castle.txt").write_text("a castle")
    work(quick, daemon)
    assert len(shown(quick.drafts)) == 2


def test_a_folder_that_cannot_be_written_lets_others_go_on(quick: Studio) -> None:
    """A prompt file whose drafts cannot be published waits, is told of, and blocks nobody."""
    with quick.settings.open("a") as settings:
        settings.write('folders = "prompt"\n')
    (quick.inbox / "a.txt").write_text("a castle")
    (quick.inbox / "b.txt").write_text("a boat")
    (quick.drafts / "a").write_text("a file where a folder should be")
    assert work(quick).failures == 1
    assert [p.name for p in quick.inbox.glob("*.txt")] == ["a.txt"]
    assert len(list((quick.drafts / "b").glob("*.png"))) == 2
    (quick.drafts / "a").unlink()
    work(quick)
    assert len(list((quick.drafts / "a").glob("*.png"))) == 2


def test_formats_of_each_stage(quick: Studio) -> None:
    """JPEG drafts and lossy WebP finals; a final is made again when its draft is gone."""
    profile = QUICK.replace("count = 2", 'count = 2\nformat = "jpeg"')
    profile += 'count = 1\nformat = "webp"\nquality = 80\n'
    (quick.profiles / "quick.toml").write_text(profile)
    (quick.inbox / "castle.txt").write_text("a castle")
    work(quick)
    draft, other = sorted(quick.drafts.iterdir())
    assert draft.suffix == other.suffix == ".jpg"
    draft.rename(quick.seeds / draft.name)
    work(quick)
    (final,) = quick.final.iterdir()
    assert final.suffix == ".webp"
    recipe = identify(final.read_bytes()).recipe
    assert recipe is not None
    assert str(recipe.source_encoding) == "JPEG of quality 92"
    (quick.seeds / draft.name).unlink()
    assert again([other, final], quick, Lines()) == 0


def test_too_much_to_carry_is_said_before_rendering(quick: Studio) -> None:
    """A picture whose finals could not hold all their prompts is not refined, and told of."""
    (quick.inbox / "castle.txt").write_text("a castle")
    work(quick)
    path = sorted(quick.drafts.glob("*.png"))[0]
    draft = identify(path.read_bytes())
    assert draft.recipe is not None and draft.record is not None
    recipe = msgspec.structs.replace(draft.recipe, prompt="\N{FOX FACE}" * 30_000)
    recipe = msgspec.structs.replace(recipe, source=recipe, strength=0.5)
    (quick.seeds / "long.png").write_bytes(embed(path.read_bytes(), recipe, draft.record))
    began = len(list(quick.final.iterdir()))
    assert work(quick).failures == 1
    assert len(list(quick.final.iterdir())) == began
    (note,) = quick.seeds.glob("long.png*.txt")
    assert "a picture carries at most" in note.read_text()
