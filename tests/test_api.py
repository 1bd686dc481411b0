"""hotfolder as a library: what `hotfolder.api` promises, on real studios and pictures."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hotfolder import api
from hotfolder.errors import MistakesError, PictureError, StudioMissingError
from hotfolder.history import Made
from hotfolder.jobs import RenderDraft, RenderFinal
from hotfolder.studio.store.ledger import Ledger

GOLDEN = Path(__file__).parent / "golden" / "v1"


@pytest.fixture
def studio(tmp_path: Path) -> api.Studio:
    """A studio made through the library."""
    return api.Studio.create(tmp_path / "studio")


def test_reading_a_picture() -> None:
    """Its sides, and the recipe and record that it carries."""
    shown = api.read(GOLDEN / "png-final.png")
    assert shown.recipe is not None and shown.record is not None
    assert (shown.width, shown.height) == (shown.recipe.width, shown.recipe.height)
    assert (shown.record.stage, shown.edited, shown.note) == ("final", False, "")


def test_what_is_no_picture(tmp_path: Path) -> None:
    """A sentence, not a traceback of a decoder."""
    (tmp_path / "text.png").write_text("a castle")
    with pytest.raises(PictureError):
        api.read(tmp_path / "text.png")


@pytest.mark.slow
def test_a_picture_is_made_again() -> None:
    """The verdict of `hotfolder regenerate`, with the new pixels beside it."""
    made = api.regenerate(GOLDEN / "png-draft.png")
    assert made.image is not None
    assert made.image.size == (api.read(GOLDEN / "png-draft.png").width, made.image.height)
    assert made.verdict in ("identical", "differs")  # another processor may round otherwise


def test_a_prompt_becomes_work(studio: api.Studio) -> None:
    """`add` writes a prompt file that the plan and the status know at once."""
    file = studio.add("a castle by a lake", count=2, refine={"count": 1})
    assert file.parent == studio.layout.inbox
    jobs = list(studio.plan())
    assert [type(job) for job in jobs] == [RenderDraft, RenderDraft]
    assert studio.status().drafts_wanted == 2
    assert studio.add("a castle by a lake").name != file.name


def test_a_wrong_prompt_writes_nothing(studio: api.Studio) -> None:
    """Every wrong key is named, as `hotfolder check` would."""
    with pytest.raises(MistakesError, match="cuont"):
        studio.add("a castle", cuont=2)
    assert list(studio.layout.inbox.glob("*.toml")) == []


def test_a_pick_is_a_move(studio: api.Studio, tmp_path: Path) -> None:
    """The draft lies in `seeds/`, and its refinements are planned; nothing else can be picked."""
    shutil.copy(GOLDEN / "png-draft.png", studio.layout.drafts / "castle.png")
    assert studio.pick("drafts/castle.png") == studio.layout.seeds / "castle.png"
    assert {type(job) for job in studio.plan()} == {RenderFinal}
    for place in ("seeds/castle.png", tmp_path / "elsewhere.png", "drafts/../seeds/castle.png"):
        with pytest.raises(PictureError, match="not a draft"):
            studio.pick(place)


def test_events(studio: api.Studio) -> None:
    """What this machine or another makes is heard of once; what was there before is not."""
    mine, other = (Ledger(studio.layout, machine) for machine in ("mine", "other"))
    mine.append(Made("draft", "digest", 0, "a" * 64, "drafts/old.png"))
    rounds = iter(range(4))

    def appended() -> bool:
        turn = next(rounds)
        if turn == 1:
            other.append(Made("final", "key", 0, "b" * 64, "final/new.png"))
        return turn == 3

    events = studio.events(every_s=0.0, until=appended)
    path = studio.layout.root / "final/new.png"
    assert list(events) == [api.Event("final", path, "b" * 64, "key")]


def test_no_studio(tmp_path: Path) -> None:
    """The sentence says what makes one."""
    with pytest.raises(StudioMissingError, match="hotfolder init"):
        api.Studio.open(tmp_path)


def test_importing_it_is_light() -> None:
    """torch is imported when a picture is made again, not before."""
    code = "import sys, hotfolder.api; print({'torch', 'diffusers', 'PIL'} & sys.modules.keys())"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
