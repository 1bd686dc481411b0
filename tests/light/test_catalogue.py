"""The index follows the folders, whoever changes them."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from hotfolder.light import catalogue as catalogue_module
from hotfolder.light.acts import Acts
from hotfolder.light.catalogue import Catalogue
from hotfolder.light.portrait import Portrait, Trouble, portray
from hotfolder.light.ratings import rated
from hotfolder.light.thumbnails import Cache, Painters
from hotfolder.light.views import Question, answer, facets
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import Reading
from tests.forkserver import until
from tests.light.pictures import draft

HOSTILE = Path(__file__).parents[1] / "data" / "hostile"


@pytest.fixture
def catalogue(full: Studio, tmp_path: Path) -> Iterator[Catalogue]:
    """The index of the studio, every picture portrayed."""
    made = Catalogue(full.root, tmp_path / "light.sqlite")
    made.refresh()
    made.describe({id_: portray(str(full.root), path) for id_, path in made.unread(100)})
    yield made
    made.close()


def paths(catalogue: Catalogue, **question: object) -> list[str]:
    """The names of the pictures that a question asks for, in order."""
    rows = answer(catalogue, Question(**question))  # type: ignore[arg-type]
    found = {shown.id: Path(shown.path).name for shown in catalogue.shown(r[0] for r in rows)}
    return [found[row[0]] for row in rows]


def test_filters_combine(catalogue: Catalogue) -> None:
    """Words, prompt file, wildcard value, folder: each takes away what does not fit."""
    assert len(paths(catalogue)) == 40
    assert len(paths(catalogue, room="final")) == 6
    castles = paths(catalogue, words="CASTLE")
    assert len(castles) == 10 and all("castle" in name for name in castles)
    assert len(paths(catalogue, words='castle "misty dawn"')) == 2
    assert len(paths(catalogue, words="castle -misty")) == 8
    assert len(paths(catalogue, words="castle", value="misty dawn")) == 2
    assert len(paths(catalogue, file="海辺.txt", words="castle")) == 0
    assert paths(catalogue, room="seeds", order="oldest")[0].endswith("-000000.png")
    assert paths(catalogue, since="2030-01-01") == []
    assert len(paths(catalogue, until="2030-01-01")) == 40


def test_the_best_come_first(catalogue: Catalogue) -> None:
    """Pictures without a score come after those that have one; new scores replace all."""
    first, second, *_ = (shown.path for shown in catalogue.shown(range(1, 46)))
    catalogue.score({first: 0.2, second: 0.9, "drafts/gone.png": 1.0})
    assert paths(catalogue, room="all", order="best")[:2] == [Path(second).name, Path(first).name]
    catalogue.score({first: 0.5})
    assert paths(catalogue, room="all", order="best")[0] == Path(first).name


def test_what_can_be_chosen_is_counted(catalogue: Catalogue) -> None:
    """Prompt files, profiles, wildcard values and folders."""
    found = facets(catalogue)
    assert found["rooms"] == {"drafts": 38, "seeds": 2, "final": 6}
    assert {name for name, _ in found["files"]} == {"evening.txt", "海辺.txt"}
    assert {text for text, _ in found["values"]} >= {"misty dawn", "starry night"}


def test_a_moved_picture_is_the_same_one(full: Studio, catalogue: Catalogue) -> None:
    """Another program moves and renames it: its id, and that it was seen, go with it."""
    rows = answer(catalogue, Question(room="drafts"))
    (shown,) = catalogue.shown([rows[3][0]])
    catalogue.saw([shown.id])
    other = full.seeds / "さくら.png"
    (full.root / shown.path).rename(other)
    assert catalogue.refresh({shown.path, "seeds/さくら.png"})
    (moved,) = catalogue.shown([shown.id])
    assert (moved.path, moved.room) == ("seeds/さくら.png", "seeds") and moved.seen
    other.rename(full.drafts / "again.png")
    catalogue.refresh({"seeds/さくら.png"})
    assert catalogue.shown([shown.id]), "one look may have met it at neither place"
    catalogue.refresh({"seeds/さくら.png"})
    assert not catalogue.shown([shown.id])
    catalogue.refresh()
    assert catalogue.shown([shown.id])[0].path == "drafts/again.png", "also when seen in two looks"
    assert not catalogue.refresh()


def test_another_picture_under_the_same_name_is_read_again(
    full: Studio, catalogue: Catalogue
) -> None:
    """What is painted over has another portrait."""
    rows = answer(catalogue, Question(room="drafts"))
    (shown,) = catalogue.shown([rows[0][0]])
    (full.root / shown.path).write_bytes(draft(7))
    catalogue.refresh({shown.path})
    assert [id_ for id_, _ in catalogue.unread(9)] == [shown.id]


def test_links_are_not_followed(full: Studio, catalogue: Catalogue, tmp_path: Path) -> None:
    """Neither a linked picture nor a linked folder is listed; hidden and temporary ones are not."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.png").write_bytes(draft(1))
    (full.drafts / "link.png").symlink_to(outside / "secret.png")
    (full.drafts / "linked").symlink_to(outside, target_is_directory=True)
    (full.drafts / ".hidden.png").write_bytes(draft(2))
    os.mkfifo(full.drafts / "pipe.png")
    assert not catalogue.refresh()
    assert not catalogue.refresh({"drafts/linked/secret.png", "drafts/../../outside/secret.png"})


def test_hostile_pictures_are_told_apart(full: Studio, tmp_path: Path) -> None:
    """Whatever lies in drafts/: it is portrayed or it has a sentence, and nothing else happens."""
    for file in sorted(HOSTILE.rglob("*.png")):
        (full.drafts / file.name).write_bytes(file.read_bytes())
        found = portray(str(full.root), f"drafts/{file.name}")
        assert isinstance(found, Portrait | Trouble)
    huge = full.drafts / "huge.png"
    with huge.open("wb") as stream:
        stream.truncate(2 * 2**30)
    found = portray(str(full.root), "drafts/huge.png")
    assert isinstance(found, Trouble) and "larger than 96 MB" in found.says


def test_an_index_that_is_damaged_is_begun_anew(full: Studio, tmp_path: Path) -> None:
    """It may be lost at any time; one of another version is begun anew as well."""
    file = tmp_path / "damaged.sqlite"
    file.write_bytes(b"no database" * 1000)
    Catalogue(full.root, file).close()
    other = sqlite3.connect(file)
    other.execute("PRAGMA user_version = 99")
    other.close()
    made = Catalogue(full.root, file)
    made.refresh()
    assert len(made.unread(100)) == 46
    made.close()
    again = Catalogue(full.root, file)
    assert not again.refresh(), "a second start finds everything as it was"
    again.close()


def test_a_look_that_an_act_overtakes_enters_nothing_stale(
    full: Studio, catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Moved, rated or thrown away after the look met it, or before it would have: never amiss."""
    acts = Acts(full, catalogue, tmp_path / "undo")
    one, other, third = (row[0] for row in answer(catalogue, Question(room="drafts"))[:3])
    listed = catalogue_module.listing

    def overtaken(doing: Callable[[], object]) -> None:
        def slow(root: Path, *paths: Iterable[str]) -> Iterator[tuple[str, Reading]]:
            found = list(listed(root, *paths))
            monkeypatch.setattr(catalogue_module, "listing", listed)
            doing()
            yield from found

        monkeypatch.setattr(catalogue_module, "listing", slow)
        catalogue.refresh()

    for doing in (
        lambda: acts.do("reject", [one]),
        lambda: acts.do("rate", [other], 3),
        lambda: acts.do("delete", [third]),
    ):
        overtaken(doing)
    shown = {p.id: (p.room, p.stars) for p in catalogue.shown([one, other, third])}
    assert shown == {one: ("rejected", 0), other: ("drafts", 3)}
    for _ in range(3):
        overtaken(acts.undo)
    rooms = [(p.room, p.stars) for p in catalogue.shown([one, other, third])]
    assert rooms == [("drafts", 0)] * 3
    assert not catalogue.refresh()


def test_a_picture_met_at_neither_place_stays(
    full: Studio, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon moves it between two folders while a look goes from one to the other."""
    (shown,) = catalogue.shown([answer(catalogue, Question(room="drafts"))[0][0]])
    new = f"seeds/{Path(shown.path).name}"
    listed = catalogue_module.listing

    def neither(root: Path, *paths: Iterable[str]) -> Iterator[tuple[str, Reading]]:
        return ((p, r) for p, r in listed(root, *paths) if p not in (shown.path, new))

    with monkeypatch.context() as patch:
        patch.setattr(catalogue_module, "listing", neither)
        catalogue.refresh()
    assert catalogue.shown([shown.id]) == [shown] and catalogue.missed == {shown.path}
    (full.root / shown.path).rename(full.root / new)
    catalogue.refresh({new})
    assert [found.path for found in catalogue.shown([shown.id])] == [new]
    assert not catalogue.missed


def test_stars_go_with_a_sidecar_that_is_deleted_while_nobody_looks(
    full: Studio, catalogue: Catalogue, tmp_path: Path
) -> None:
    """Between two runs of the light table, too."""
    (shown,) = catalogue.shown([answer(catalogue, Question(room="drafts"))[0][0]])
    sidecar = full.root / f"{shown.path}.xmp"
    sidecar.write_bytes(rated(None, 4))
    catalogue.refresh()
    assert catalogue.shown([shown.id])[0].stars == 4
    catalogue.close()
    sidecar.unlink()
    again = Catalogue(full.root, tmp_path / "light.sqlite")
    again.refresh()
    assert again.shown([shown.id])[0].stars == 0
    again.close()


def test_a_picture_that_moves_while_it_is_read_is_read_again(
    full: Studio, catalogue: Catalogue, tmp_path: Path
) -> None:
    """It does not count as one that cannot be read."""
    (shown,) = catalogue.shown([answer(catalogue, Question(room="drafts"))[0][0]])
    (full.root / shown.path).write_bytes(draft(77))
    catalogue.refresh({shown.path})
    away = full.seeds / "moved.png"
    (full.root / shown.path).rename(away)
    cache = Cache(tmp_path / "thumbnails.sqlite")
    tried = threading.Event()
    painters = Painters(full.root, catalogue, cache, lambda _: tried.set(), 1)
    try:
        until(lambda: painters._gone == {shown.id}, 30)
        catalogue.refresh({shown.path, "seeds/moved.png"})
        painters.look_again()
        until(tried.is_set, 30)
    finally:
        painters.close()
        cache.close()
    (found,) = catalogue.shown([shown.id])
    assert found.room == "seeds" and found.version and not found.trouble
