"""Look-alikes lie on stacks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageEnhance

from hotfolder.light.portrait import perceptual_hash
from hotfolder.light.stacks import stacked
from hotfolder.light.table import Table
from hotfolder.light.views import Row, _stacked
from hotfolder.recipes.settings import Settings
from hotfolder.studio.layout import Studio
from tests.forkserver import until
from tests.light.conftest import Portraits, portray_all
from tests.light.pictures import painted

ALIKE_BITS = Settings().alike
BITS = st.integers(-(2**63), 2**63 - 1)


def test_a_picture_is_alike_to_itself_and_to_no_other() -> None:
    """Smaller, brighter or compressed it is the same one; other paintings are others."""
    pictures = [painted(number, 256, 256) for number in range(24)]
    hashes = [perceptual_hash(picture) for picture in pictures]
    likes = [
        perceptual_hash(ImageEnhance.Brightness(picture.resize((200, 200))).enhance(1.1))
        for picture in pictures
    ]
    for number, like in enumerate(likes):
        assert ((hashes[number] ^ like) & (2**64 - 1)).bit_count() <= ALIKE_BITS
    found = stacked(list(enumerate(hashes)), [], ALIKE_BITS)
    assert all(found[number] == number for number in found)


@given(st.lists(BITS, max_size=30), st.integers(0, 12), st.integers(0, 30))
def test_it_makes_no_difference_in_how_many_steps_pictures_come(
    hashes: list[int], threshold: int, cut: int
) -> None:
    """All at once or some later: the same stacks, and each top lies on its own."""
    pictures = list(enumerate(hashes))
    at_once = stacked(pictures, [], threshold)
    first = stacked(pictures[:cut], [], threshold)
    tops = [(id_, hash_) for id_, hash_ in pictures[:cut] if first[id_] == id_]
    assert {**first, **stacked(pictures[cut:], tops, threshold)} == at_once
    for id_, top in at_once.items():
        assert at_once[top] == top
        assert ((hashes[id_] ^ hashes[top]) & (2**64 - 1)).bit_count() <= threshold


def test_a_stack_never_hides_a_pick() -> None:
    """Picked and starred pictures show beside their stack; an open stack shows everything."""
    plain, starred, picked = 1, 4, 1 | 8
    rows: list[Row] = [
        (number, 1.0, flags, 1, 0)
        for number, flags in enumerate([plain, plain, starred, picked], 1)
    ]
    assert [(row[0], bool(row[2] & 64)) for row in _stacked(rows, set())] == [
        (1, True),
        (3, False),
        (4, False),
    ]
    assert [row[0] for row in _stacked(rows, {1})] == [1, 2, 3, 4]


def test_the_owner_says_how_alike_they_are(full: Studio, portraits: Portraits) -> None:
    """Another threshold makes other stacks at once, and is known when the table opens again."""
    tops = "SELECT COUNT(*) FROM picture WHERE there AND stack = id"
    unstacked = "SELECT 1 FROM picture WHERE hash IS NOT NULL AND stack IS NULL"
    full.settings.write_text("alike = 0\n")
    table = Table(full)
    try:
        portray_all(table, 46, portraits)
        until(lambda: not table.catalogue.rows(unstacked), 60)
        ((apart,),) = table.catalogue.rows(tops)
        full.settings.write_text("alike = 20\n")
        until(lambda: table.catalogue.rows("SELECT within FROM stacked") == [(20,)], 60)
        until(lambda: not table.catalogue.rows(unstacked), 60)
        ((together,),) = table.catalogue.rows(tops)
        assert together < apart
    finally:
        table.close()
    table = Table(full)
    try:
        assert not table.catalogue.stack_within(20), "they were made by it"
    finally:
        table.close()
