"""Chains from a pick to a final, through the whole program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace
from PIL import Image

from hotfolder.cli import main
from hotfolder.commands import plan as plan_command
from hotfolder.daemon import Daemon, Until
from hotfolder.executors.orders import Task
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.recipe import Recipe, lineage
from hotfolder.recipes.record import LINK
from hotfolder.regenerate import regenerate
from hotfolder.studio.config import load
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio
from hotfolder.workshop import models_of
from tests.painter import FakeExecutor

CHAIN = """\
extends = "postcard"
steps = 4
[draft]
area = "128x128"
count = 1
[refine]
count = 2
[[refine.links]]
step = "noise"
[[refine.links]]
area = "144x144"
[[refine.links]]
step = "sharpen"
[[refine.links]]
factor = 1.2
strength = 0.3
prompt = "fine details"
[[refine.links]]
step = "colour-match"
[[refine.links]]
step = "crop"
width = 160
height = 120
"""


@pytest.fixture
def chained(studio: Studio) -> Studio:
    """A studio whose finals are chains."""
    (studio.profiles / "chain.toml").write_text(CHAIN)
    with studio.settings.open("a") as settings:
        settings.write('profile = "chain"\n')
    return studio


def pick(studio: Studio) -> None:
    """Move all drafts to `seeds/`."""
    for draft in studio.drafts.glob("*.png"):
        draft.rename(studio.seeds / draft.name)


@pytest.mark.slow
def test_a_chain_is_made_again_from_its_final_alone(
    chained: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    """Draft, chain, and a final that is refined again: each bit, and each link recorded."""
    (chained.profiles / "chain.toml").write_text(CHAIN.replace("count = 2", "count = 1"))
    (chained.inbox / "castle.txt").write_text("a castle by the sea")
    daemon = Daemon(chained)
    daemon.run(Until(idle=True))
    pick(chained)
    daemon.run(Until(idle=True))
    finals = sorted(chained.final.glob("*.png"))
    assert len(finals) == 1
    finals[0].rename(chained.seeds / "again.png")
    daemon.run(Until(idle=True))
    daemon.close()
    (again,) = chained.final.glob("*.png")
    shown = identify(again.read_bytes())
    assert shown.recipe and shown.record and not shown.edited
    assert shown.image.size == (160, 120)
    recipes = [one for one in lineage(shown.recipe) if isinstance(one, Recipe)]
    assert [one.link for one in recipes] == [2, 1, 2, 1, 1]
    record, stages = shown.record, []
    while record is not None:
        stages.append(record.stage)
        record = record.source  # type: ignore[assignment]
    assert stages == ["final", LINK, "final", LINK, "draft"]
    from hotfolder.render.engine import Engine  # the quick tests need no torch

    engine = Engine(models_of(load.read_config(chained)), chained.root)
    remade = regenerate(shown.recipe, shown.record, engine, lambda _: None, shown.image)
    assert (remade.verdict, remade.differences) == ("identical", ())
    other = replace(shown.record, versions={**shown.record.versions, "scikit-image": "0.1"})
    wrong = replace(other, pixels="0" * 64)
    told = regenerate(shown.recipe, wrong, engine, lambda _: None)
    assert any(says.startswith("scikit-image was 0.1, now it is") for says in told.differences)
    capsys.readouterr()
    main(["show", str(again)])
    tree = capsys.readouterr().out
    assert tree.count("made from link 1 ") == 2
    assert "finished   colour-match (amount 1), crop (width 160, height 120)" in tree
    assert "prepared   noise (amount 0.1)" in tree


def test_each_link_is_planned_aloud(chained: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    """`hotfolder plan` says what each link does, once where finals do the same."""
    Image.new("RGB", (96, 72), (9, 9, 9)).save(chained.seeds / "photo.png")
    plan_command.run(type("Options", (), {"studio": chained.root})())
    said = capsys.readouterr().out
    assert "refine seeds/photo.png at 160x120: refinement 1 of 2" in said
    assert "     1) noise (amount 0.1)" in said
    assert re.search(r"  4\) img2img at \d+x\d+ by postcard, strength 0.3, 4 steps, guid", said)
    assert "     6) crop (width 160, height 120)" in said
    assert said.count("as the one before") == 1


def test_a_chain_is_one_job(chained: Studio) -> None:
    """One order for each final, whose source is the pick; nothing of it is left behind."""
    Image.new("RGB", (96, 72), (9, 9, 9)).save(chained.seeds / "photo.png")
    executor = FakeExecutor(1)
    daemon = Daemon(chained, executor=executor)
    daemon.run(Until(idle=True))
    daemon.close()
    tasks = [order for _, order in executor.opened[0].given if isinstance(order, Task)]
    assert [len(task.pictures) for task in tasks] == [1, 1]
    assert {(task.source.width, task.source.height) for task in tasks if task.source} == {(96, 72)}
    states = Path(tasks[0].states)
    assert not states.exists() or not list(states.iterdir())
    for final in chained.final.glob("*.png"):
        shown = identify(final.read_bytes())
        assert shown.record and shown.record.source and shown.record.source.stage == LINK
        assert shown.record.pixels == pixel_hash(shown.image)


@pytest.mark.parametrize(
    ("links", "says"),
    [
        (
            "[[refine.links]]\nfactor = 8\n[[refine.links]]\nfactor = 8\n",
            "(link 2): 6144x4608 is more",
        ),
        (
            '[[refine.links]]\nstep = "crop"\nwidth = 9000\nheight = 9000\n',
            "9000x9000 is more than 50,000,000 pixels",
        ),
    ],
)
def test_what_becomes_too_large_is_told_beside_the_picture(
    links: str, says: str, studio: Studio
) -> None:
    """A chain that ends beyond the limits is none; the picture has a note, and the rest goes on."""
    (studio.profiles / "huge.toml").write_text('extends = "postcard"\n' + links)
    with studio.settings.open("a") as settings:
        settings.write('profile = "huge"\n')
    Image.new("RGB", (96, 72), (9, 9, 9)).save(studio.seeds / "photo.png")
    daemon = Daemon(studio, executor=FakeExecutor(1))
    daemon.run(Until(idle=True))
    daemon.close()
    note = (studio.seeds / "photo.png.error.txt").read_text("utf-8")
    assert says in note
