"""The order of drafts that nobody judged, and what `best`, `taste` and `status` say of it."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import pytest
from PIL import Image

from hotfolder import critic
from hotfolder.cli import main
from hotfolder.commands import best, status, taste
from hotfolder.commands.sheet import best_first
from hotfolder.errors import EXIT_DONE, HotfolderError
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import opinions
from tests.conftest import Run
from tests.taste import studio as drafts


def _sort(studio: Studio, count: int, keep: bool = True) -> None:
    """An owner who likes castles has sorted so many drafts."""
    for number in range(count):
        path = drafts.put(studio, number, keep)
        drafts.move(studio, path, "seeds" if drafts.is_castle(number) else "drafts/rejected")


def _best(
    studio: Studio, capsys: pytest.CaptureFixture[str], count: int = 100
) -> list[dict[str, object]]:
    options = Namespace(studio=studio.root, json=True, count=count, copies=False)
    assert best.run(options) == EXIT_DONE
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("keep", [True, False], ids=["features were kept", "only pictures"])
def test_what_the_owner_likes_comes_first(
    studio: Studio, capsys: pytest.CaptureFixture[str], keep: bool
) -> None:
    """Only drafts that were not judged, each with a probability, in any folder and by any name."""
    _sort(studio, 30, keep)
    new = [drafts.put(studio, number, keep) for number in range(100, 112)]
    new[0] = drafts.move(studio, new[0], "drafts/monday")
    (studio.root / new[1]).rename(studio.drafts / "renamed.png")
    new[1] = "drafts/renamed.png"
    found = _best(studio, capsys)
    assert {entry["file"] for entry in found} == set(new)
    scores = [entry["score"] for entry in found]
    assert scores == sorted(scores, reverse=True)
    assert all(isinstance(score, float) and 0 <= score <= 1 for score in scores)
    castles = {new[k] for k, number in enumerate(range(100, 112)) if drafts.is_castle(number)}
    assert {entry["file"] for entry in found[: len(castles)]} == castles
    assert [entry["file"] for entry in _best(studio, capsys, 3)] == [e["file"] for e in found[:3]]


def test_copies_lie_in_order_and_are_laid_out_anew(
    studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    """Earlier copies go, unless somebody marked or changed them; a copy counts as its draft."""
    _sort(studio, 30)
    new = [drafts.put(studio, number) for number in range(100, 106)]
    wanted = Namespace(studio=studio.root, json=False, count=3, copies=True)
    folder = studio.drafts / "best"
    for _ in range(2):
        assert best.run(wanted) == EXIT_DONE
        assert "Copies, in this order: drafts/best/" in capsys.readouterr().out
        names = sorted(path.name for path in folder.iterdir())
        assert [name[:2] for name in names] == ["1 ", "2 ", "3 "]
        assert {entry["file"] for entry in _best(studio, capsys)} == set(new)
    marked = folder / names[1]
    marked.write_bytes(marked.read_bytes() + b"a mark")
    drafts.move(studio, f"drafts/best/{names[0]}", "seeds")
    left = {entry["file"] for entry in _best(studio, capsys)}
    assert len(left) == 5 and not any(names[0][2:] in str(file) for file in left)
    best.run(wanted)
    assert marked.exists() and len(list(folder.iterdir())) == 4


def test_a_sheet_shows_the_best_first(
    studio: Studio, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What was judged comes last; without an order there is a sentence and no sheet."""
    new = [studio.root / drafts.put(studio, number) for number in range(100, 106)]
    sheet = ["sheet", str(studio.drafts), "--best", "-o", str(tmp_path / "sheet.png")]
    assert main(sheet) == 1 and "not yet" in capsys.readouterr().err
    _sort(studio, 30)
    everything = sorted(studio.drafts.rglob("*.png"))
    ordered = best_first(everything)
    assert set(ordered[:6]) == set(new)
    assert all("castle" in path.name for path in ordered[:2])
    assert ordered[6:] == [path for path in everything if path not in new]
    assert main(sheet) == 0 and (tmp_path / "sheet.png").exists()


def test_not_yet(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    """Under fifteen judgements there is no order: an empty list, and a sentence for everyone."""
    _sort(studio, 14)
    drafts.put(studio, 100)
    assert best.run(Namespace(studio=studio.root, json=True, count=5, copies=False)) == EXIT_DONE
    out, err = capsys.readouterr()
    assert json.loads(out) == []
    assert "not yet: 14 judgements so far, and at least 15 are needed" in err
    assert best.run(Namespace(studio=studio.root, json=False, count=5, copies=False)) == EXIT_DONE
    assert capsys.readouterr().out.startswith("Not yet: 14 judgements")
    assert taste.run(Namespace(studio=studio.root, json=False, sheet=None)) == EXIT_DONE
    assert capsys.readouterr().out.startswith("Not yet: 14 judgements")


def test_no_probability_where_it_is_unknown_what_was_seen(
    studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    """Picks alone give an order, and the output says why no more."""
    for number in range(60):
        path = drafts.put(studio, number)
        if drafts.is_castle(number):
            drafts.move(studio, path, "seeds")
    best.run(Namespace(studio=studio.root, json=False, count=5, copies=False))
    out = capsys.readouterr().out
    assert "%" not in out and "without probabilities" in out
    new = [drafts.put(studio, number) for number in range(100, 106)]
    found = [entry["file"] for entry in _best(studio, capsys)]
    castles = [path for path in new if "castle" in path]
    assert set(castles) == set(found[: len(castles)])


def test_drafts_that_were_seen_and_left_make_probabilities(
    studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are known not to have been picked, and stay in the order."""
    for number in range(60):
        path = drafts.put(studio, number)
        if drafts.is_castle(number) and number < 40:
            drafts.move(studio, path, "seeds")
    keys = opinions.order(studio)
    critic.saw(studio, [keys[number] for number in range(40) if not drafts.is_castle(number)], 1.0)
    best.run(Namespace(studio=studio.root, json=False, count=5, copies=False))
    assert "%" in capsys.readouterr().out
    found = _best(studio, capsys)
    assert len(found) == 60 - 14
    assert all("castle" in str(entry["file"]) for entry in found[:6])


def test_what_was_learned_in_words_and_pictures(
    studio: Studio, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Words that matter, the best and worst, how far to believe it; a sheet if it is asked for."""
    _sort(studio, 40)
    sheet = tmp_path / "sheet.png"
    assert taste.run(Namespace(studio=studio.root, json=False, sheet=sheet)) == EXIT_DONE
    out = capsys.readouterr().out
    assert "Learned from 40 judgements." in out
    assert "Words that speak for a draft: castle" in out
    assert "Best of what you judged:\n   9" in out
    assert "said" in out and "liked" in out
    assert Image.open(sheet).width > 400
    with pytest.raises(HotfolderError, match="already exists"):
        taste.run(Namespace(studio=studio.root, json=False, sheet=sheet))
    capsys.readouterr()
    taste.run(Namespace(studio=studio.root, json=True, sheet=None))
    facts = json.loads(capsys.readouterr().out)
    assert facts["judgements"] == 40
    assert facts["learned"]["auc"] > 0.9
    assert facts["learned"]["words"]["castle"] > 0


def test_status_has_scores_for_programs(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    """How many judgements there are, and the best drafts, if there is an order."""
    drafts.put(studio, 100)
    status.run(Namespace(studio=studio.root, json=True))
    assert json.loads(capsys.readouterr().out)["taste"] == {"judgements": 0, "best": []}
    _sort(studio, 20)
    status.run(Namespace(studio=studio.root, json=True))
    told = json.loads(capsys.readouterr().out)["taste"]
    assert told["judgements"] == 20
    assert [set(entry) for entry in told["best"]] == [{"file", "score"}]


def test_ranking_writes_nothing_into_the_studio(
    studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    """To ask is not to judge: only the daemon writes judgements down."""
    _sort(studio, 20)

    def lying() -> dict[Path, int]:
        return {path: path.lstat().st_mtime_ns for path in studio.root.rglob("*")}

    before = lying()
    _best(studio, capsys)
    assert lying() == before


@pytest.mark.slow
def test_the_daemon_keeps_what_taste_needs(hotfolder: Run, studio: Studio) -> None:
    """A run keeps the features of each draft and notes what was sorted; `best` answers."""
    (studio.inbox / "a.toml").write_text(
        'prompt = "a castle"\ncount = 3\nsteps = 2\nsize = "64x64"\n'
    )
    assert main(["run", "--once", str(studio.root)]) == 0
    paths = sorted(studio.drafts.glob("*.png"))
    [file] = (studio.taste / "features").glob("*.jsonl")
    lines = [json.loads(line) for line in file.read_text().splitlines() if line]
    assert len(lines) == len(paths) == 3
    assert {path.stem[-8:] for path in paths} == {line["picture"][:8] for line in lines}
    families = [{kind.partition(".")[0] for kind in line["kinds"]} for line in lines]
    assert families == [{"denoiser", "pixels"}] * 3
    assert all(b"denoiser" not in path.read_bytes() for path in paths)
    (studio.drafts / "rejected").mkdir()
    paths[0].rename(studio.drafts / "rejected" / paths[0].name)
    assert main(["run", "--once", str(studio.root)]) == 0
    [judged] = studio.taste.glob("*.jsonl")
    [line] = judged.read_text().splitlines()
    assert json.loads(line)["how"] == "rejected"
    answer = hotfolder("best", studio.root, "--count", "2", "--json")
    assert answer.returncode == 0 and json.loads(answer.stdout) == []
    assert hotfolder("best", studio.root, "--count", "0").returncode == 2
