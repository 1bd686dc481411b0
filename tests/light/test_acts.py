"""Marks and moves: each is a file operation, each is taken back whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotfolder.errors import PictureError
from hotfolder.light.acts import Acts
from hotfolder.light.catalogue import Catalogue
from hotfolder.light.ratings import rated, rating_in
from hotfolder.stars import packet
from hotfolder.stars.mark import together
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import judgements

DIGIKAM = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/">
<xmp:Rating>2</xmp:Rating><dc:subject><rdf:Bag><rdf:li>sea</rdf:li></rdf:Bag></dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


@pytest.fixture
def catalogue(full: Studio, tmp_path: Path) -> Iterator[Catalogue]:
    """The index of the studio."""
    made = Catalogue(full.root, tmp_path / "light.sqlite")
    made.refresh()
    yield made
    made.close()


@pytest.fixture
def acts(full: Studio, catalogue: Catalogue, tmp_path: Path) -> Acts:
    """The acts of one session."""
    return Acts(full, catalogue, tmp_path / "undo")


def lying(studio: Studio) -> dict[str, str]:
    """Every file of the studio's rooms and what is in it."""
    rooms = (studio.drafts, studio.seeds, studio.final)
    files = (file for room in rooms for file in room.rglob("*") if file.is_file())
    return {
        str(file.relative_to(studio.root)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
    }


def ids(catalogue: Catalogue, room: str) -> list[int]:
    """The pictures in a room, by name."""
    query = "SELECT id FROM picture WHERE there AND room=? ORDER BY path"
    return [row[0] for row in catalogue.rows(query, [room])]


def test_a_pick_moves_to_seeds_and_comes_back(
    full: Studio, catalogue: Catalogue, acts: Acts
) -> None:
    """The picture stays the same for whoever looks at it, wherever it lies."""
    before = lying(full)
    first, second = ids(catalogue, "drafts")[:2]
    done = acts.do("pick", [first, second])
    assert done.ids == (first, second) and not done.troubles
    assert len(list(full.seeds.iterdir())) == 4
    assert {shown.room for shown in catalogue.shown([first, second])} == {"seeds"}
    assert acts.undo() is not None
    assert lying(full) == before
    assert acts.undo() is None


def test_stars_stand_in_a_sidecar_that_the_daemon_reads(
    full: Studio, catalogue: Catalogue, acts: Acts
) -> None:
    """The picture's own bytes stay; without stars the sidecar is gone again."""
    before = lying(full)
    (one,) = ids(catalogue, "drafts")[:1]
    path = catalogue.shown([one])[0].path
    acts.do("rate", [one], 4)
    sidecar = full.root / f"{path}.xmp"
    assert together(list(packet.marks_in(sidecar.read_bytes())), 1, ()) == 4
    assert catalogue.shown([one])[0].stars == 4
    acts.do("rate", [one], 0)
    assert lying(full) == before
    acts.undo()
    assert rating_in(sidecar.read_bytes()) == 4
    acts.undo()
    assert lying(full) == before


def test_another_program_s_sidecar_keeps_all_else(
    full: Studio, catalogue: Catalogue, acts: Acts
) -> None:
    """Only the rating in it changes, and undo brings back its very bytes."""
    (one,) = ids(catalogue, "drafts")[:1]
    sidecar = full.root / f"{catalogue.shown([one])[0].path}.xmp"
    sidecar.write_bytes(DIGIKAM)
    catalogue.refresh()
    assert catalogue.shown([one])[0].stars == 2
    acts.do("rate", [one], 5)
    assert sidecar.read_bytes() == DIGIKAM.replace(b">2<", b">5<")
    acts.do("pick", [one])
    moved = full.seeds / sidecar.name
    assert moved.exists() and not sidecar.exists(), "it goes with its picture"
    acts.undo()
    acts.undo()
    assert sidecar.read_bytes() == DIGIKAM


def test_a_sidecar_in_a_strange_form_is_left_alone() -> None:
    """A rating that cannot be changed without changing more is refused."""
    strange = DIGIKAM.replace(b"xmp:Rating", b"a:Rating").replace(b"xmlns:xmp", b"xmlns:a")
    assert rating_in(strange) == 2
    with pytest.raises(PictureError, match="cannot be changed"):
        rated(strange, 3)
    with_a_dtd = b'<!DOCTYPE x [<!ENTITY a "b">]>' + DIGIKAM
    with pytest.raises(PictureError):
        rated(with_a_dtd, 3)


def test_unmark_takes_everything_off(full: Studio, catalogue: Catalogue, acts: Acts) -> None:
    """A starred, picked picture lies in drafts/ again without stars; one undo brings all back."""
    (one,) = ids(catalogue, "seeds")[:1]
    acts.do("rate", [one], 3)
    before = lying(full)
    acts.do("unmark", [one])
    (shown,) = catalogue.shown([one])
    assert (shown.room, shown.stars) == ("drafts", 0)
    acts.undo()
    assert lying(full) == before


def test_what_is_deleted_lies_in_the_waste_basket_and_comes_back(
    full: Studio, catalogue: Catalogue, acts: Acts, basket: Path
) -> None:
    """Bytes and times are as before; the waste basket keeps its copy."""
    before = lying(full)
    (one,) = ids(catalogue, "drafts")[:1]
    path = full.root / catalogue.shown([one])[0].path
    was = path.stat().st_mtime_ns
    acts.do("rate", [one], 2)
    acts.do("delete", [one])
    assert not path.exists() and not catalogue.shown([one])
    thrown = {file.name for file in (basket / "files").iterdir()}
    assert thrown == {path.name, f"{path.name}.xmp"}
    acts.undo()
    assert catalogue.shown([one])[0].stars == 2
    acts.undo()
    assert lying(full) == before and path.stat().st_mtime_ns == was


def test_without_a_waste_basket_it_is_rejected(
    full: Studio, catalogue: Catalogue, acts: Acts, basket: Path
) -> None:
    """Where the system has none, the picture goes to drafts/rejected/, and comes back."""
    basket.write_text("a file in the place of the waste basket's folder")
    before = lying(full)
    (one,) = ids(catalogue, "drafts")[:1]
    done = acts.do("delete", [one])
    assert done.ids == (one,)
    assert catalogue.shown([one])[0].room == "rejected"
    acts.undo()
    assert lying(full) == before


def test_nothing_is_ever_overwritten(full: Studio, catalogue: Catalogue, acts: Acts) -> None:
    """A name that is taken meanwhile gets a number, on the way there and back."""
    (one,) = ids(catalogue, "drafts")[:1]
    path = full.root / catalogue.shown([one])[0].path
    (full.seeds / path.name).write_bytes(b"mine")
    acts.do("pick", [one])
    assert (full.seeds / path.name).read_bytes() == b"mine"
    path.write_bytes(b"also mine")
    acts.undo()
    assert path.read_bytes() == b"also mine"
    assert path.with_stem(f"{path.stem}-2").exists()


def test_a_picture_that_a_daemon_moved_meanwhile_is_found(
    full: Studio, catalogue: Catalogue, acts: Acts
) -> None:
    """A star makes the daemon move the draft; taking the star back brings it home."""
    before = lying(full)
    (one,) = ids(catalogue, "drafts")[:1]
    path = catalogue.shown([one])[0].path
    acts.do("rate", [one], 5)
    judgements.move(full, path, "seeds")  # what the daemon does, and nobody has told the index
    acts.undo()
    assert lying(full) == before


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wishes=st.lists(
        st.tuples(
            st.sampled_from(["rate", "pick", "reject", "unmark", "delete"]),
            st.lists(st.integers(0, 7), min_size=1, max_size=3),
            st.integers(0, 5),
        ),
        max_size=12,
    )
)
def test_any_acts_are_all_taken_back(
    full: Studio, catalogue: Catalogue, acts: Acts, wishes: list[tuple[str, list[int], int]]
) -> None:
    """Whatever was done in whatever order: undone as often, every file is where and as it was."""
    before = lying(full)
    everything = [
        *ids(catalogue, "drafts")[:5],
        *ids(catalogue, "seeds"),
        ids(catalogue, "final")[0],
    ]
    for act, which, stars in wishes:
        acts.do(act, [everything[number] for number in which], stars)  # type: ignore[arg-type]
    while acts.undo() is not None:
        pass
    assert lying(full) == before


@pytest.mark.parametrize("ending", [".XMP", ".Xmp"])
def test_a_sidecar_in_capitals_goes_along(
    full: Studio, catalogue: Catalogue, acts: Acts, ending: str
) -> None:
    """It is changed where it lies, moves with its picture, and comes back."""
    first = ids(catalogue, "drafts")[0]
    path = full.root / catalogue.shown([first])[0].path
    sidecar = path.with_name(path.name + ending)
    sidecar.write_bytes(DIGIKAM)
    catalogue.refresh()
    before = lying(full)
    acts.do("rate", [first], 5)
    assert rating_in(sidecar.read_bytes()) == 5
    assert not path.with_name(f"{path.name}.xmp").exists()
    acts.do("reject", [first])
    moved = full.root / "drafts/rejected" / sidecar.name
    assert moved.exists() and not sidecar.exists()
    acts.undo()
    acts.undo()
    assert lying(full) == before
