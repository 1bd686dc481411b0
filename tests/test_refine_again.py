"""Picks that are refined once more: by a wish beside them, and never by settings alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotfolder import cli
from hotfolder.history import History, Made
from hotfolder.jobs import Finish, RenderFinal
from hotfolder.plan import plan
from hotfolder.recipes.config import Config
from hotfolder.refinements import by_other_settings, wanted
from hotfolder.snapshot import Snapshot
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.survey import Survey
from hotfolder.studio.store import moves
from hotfolder.studio.store.ledger import Ledger
from tests import samples

PICK = samples.sample("public/i01-automatic-schedule.png")
QUICK = """\
extends = "postcard"
steps = 4
[refine]
area = "{}"
count = {}
"""


def settings(studio: Studio, area: str = "128x128", count: int = 3) -> None:
    """What the studio's profile says now."""
    (studio.profiles / "quick.toml").write_text(QUICK.format(area, count))
    studio.settings.write_text(
        'profile = "quick"\nsettle_seconds = 0.05\nlook_seconds = 1\nphotos.prompt = "x"\n'
    )


def look(studio: Studio) -> tuple[Snapshot, Config]:
    """What lies there now, and the settings."""
    survey = Survey(studio)
    return survey.look(), survey.config


def refined(studio: Studio, made: History | Ledger, most: int = 100) -> int:
    """Enters what is planned as made; how many finals that were."""
    snapshot, config = look(studio)
    history, enter = (
        (made, made.apply) if isinstance(made, History) else (made.history, made.append)
    )
    for number in range(most):
        job = next(plan(snapshot, history, config), None)
        if not isinstance(job, RenderFinal):
            return number
        what = (job.request, job.ordinal, job.recipe.id)
        enter(Made("final", *what, "final/x.png", wanted=job.wanted))
    return most


def test_changed_settings_open_no_old_pick(studio: Studio) -> None:
    """More, larger, by another profile: a pick that had its refinements stays as it is."""
    settings(studio)
    (studio.seeds / "a.png").write_bytes(PICK)
    history = History()
    assert refined(studio, history, 2) == 2
    settings(studio, count=4)  # while it is under way, they hold
    assert wanted(*look(studio)[:1], history, look(studio)[1]) == 2
    assert refined(studio, history) == 2
    assert by_other_settings(look(studio)[0], history, look(studio)[1]) == []
    for area, count in (("128x128", 9), ("160x160", 4)):
        settings(studio, area, count)
        snapshot, config = look(studio)
        assert refined(studio, history) == 0
        assert wanted(snapshot, history, config) == 0
        assert [seed.path for seed in by_other_settings(snapshot, history, config)] == [
            "seeds/a.png"
        ]


def test_a_wish_beside_a_pick(studio: Studio) -> None:
    """Five instead of three are two more, larger ones are five; then the wish is put away."""
    settings(studio)
    (studio.seeds / "a.png").write_bytes(PICK)
    (studio.seeds / "copy.png").write_bytes(PICK)
    history = History()
    assert refined(studio, history) == 3
    (studio.seeds / "a.refine.toml").write_text("count = 5")
    assert refined(studio, history) == 2
    snapshot, config = look(studio)
    (last,) = plan(snapshot, history, config)
    assert isinstance(last, Finish) and last.path == "seeds/a.refine.toml"
    (studio.seeds / "a.refine.toml").rename(studio.seeds / "a.png.refine.toml")
    (studio.seeds / "a.png.refine.toml").write_text('count = 5\narea = "160x160"')
    assert refined(studio, history) == 5
    (studio.seeds / "a.png.refine.toml").unlink()
    assert refined(studio, history) == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cuont = 5", "refine.cuont: unknown key; did you mean 'count'?"),
        ('area = "large"', 'refine.area: expected a size like "800x600"'),
        ('profile = "qick"', "there is no profile 'qick'; did you mean 'quick'?"),
        ("count = ", "expected a value after ="),
    ],
)
def test_a_wish_with_a_mistake(studio: Studio, text: str, says: str) -> None:
    """The picture waits, and a note beside it says why."""
    settings(studio)
    (studio.seeds / "a.png").write_bytes(PICK)
    (studio.seeds / "a.refine.toml").write_text(text)
    snapshot, _ = look(studio)
    (file,) = snapshot.useless_seeds
    assert file.path == "seeds/a.png"
    assert file.says.startswith("a.refine.toml beside it has a mistake: ") and says in file.says


def work(studio: Studio) -> int:
    """Enters all that is to be made as if it had been; how many finals that were."""
    ledger, finals = Ledger(studio), 0
    while True:
        finals += refined(studio, ledger)
        job = next(plan(look(studio)[0], ledger.history, look(studio)[1]), None)
        if not isinstance(job, Finish):
            return finals
        moves.finish(studio, ledger, job)


def test_the_command(studio: Studio, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Again by other settings, more of one, and of a picture from anywhere; `plan` offers it."""
    settings(studio)
    (studio.seeds / "a.png").write_bytes(PICK)
    root = str(studio.root)
    assert work(studio) == 3
    settings(studio, "80x80", 2)
    assert work(studio) == 0
    assert cli.main(["plan", root]) == 0
    assert "1 pick was refined with other settings than the current ones" in capsys.readouterr().out
    assert cli.main(["refine", "--again", "--studio", root]) == 0
    assert "seeds/a.png is refined again\n1 picture to refine" in capsys.readouterr().out
    assert work(studio) == 2
    assert (studio.done / "a.png.refine.toml").is_file()
    assert cli.main(["refine", "--again", "--studio", root]) == 0
    assert "Nothing to refine." in capsys.readouterr().out
    same, other = tmp_path / "elsewhere.png", tmp_path / "other.png"
    same.write_bytes(PICK)
    other.write_bytes(samples.drawn("PNG"))
    more = ["refine", str(same), str(other), "--count", "5", "--studio", root]
    assert cli.main(more) == 0
    says = capsys.readouterr().out.splitlines()
    assert says[0].endswith("elsewhere.png is refined as seeds/a.png")
    assert says[1].endswith("other.png is refined as seeds/other.png")
    assert says[2].startswith(f"2 pictures to refine; `hotfolder run {root}` makes them")
    assert cli.main(more) == 3
    assert "elsewhere.png: a.png.refine.toml is already beside it" in capsys.readouterr().out
    assert work(studio) == 3 + 5
    assert work(studio) == 0
    assert cli.main(["refine", "--studio", root]) == 1
    assert cli.main(["refine", str(same), "--area", "9", "--studio", root]) == 3
    assert "refine.area: expected a size" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main(["refine", str(same), "--count", "0"])
