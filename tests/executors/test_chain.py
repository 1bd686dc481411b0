"""A chain's links: each is made once, whatever ends in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from PIL import Image

from hotfolder.errors import Stopped
from hotfolder.executors import chain
from hotfolder.executors.chain import Chained
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.recipe import Recipe, Step
from hotfolder.render.rendered import Facts, Rendered
from tests.executors.conftest import FINAL

PICKED = Image.new("RGB", (64, 48), (1, 2, 3))
ONE = replace(FINAL, finish=(Step("sharpen", {"amount": 0.5, "radius": 1.0}),))
TWO = replace(FINAL, source=ONE, link=2, seed=9)
THREE = replace(FINAL, source=TWO, link=3, seed=10, steps=20)


@dataclass
class Trial:
    """Draws one colour a link, and stops where it is told to."""

    stop_at: int = 99
    drawn: list[int] = field(default_factory=list)
    steps: list[tuple[int, int]] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)

    def draw(
        self, link: Recipe, source: Image.Image, picked: Image.Image, on_step: Callable[..., None]
    ) -> Rendered:
        assert picked is PICKED
        if link.link == self.stop_at:
            raise Stopped
        of = int(link.steps * (link.strength or 1))
        for step in range(of):
            on_step(step + 1, of)
        self.drawn.append(link.link)
        self.sources.append(pixel_hash(source))
        image = Image.new("RGB", (64, 48), (link.link, 0, 0))
        return Rendered(image, Facts(0.5, of, "cpu", "fp32", 1, {}, "a" * 64, "resident", {}))

    def make(self, states: Path | None) -> Chained:
        """The whole chain."""
        return chain.make(THREE, PICKED, self.draw, lambda *s: self.steps.append(s), states)


def test_links_are_drawn_one_from_the_other(tmp_path: Path) -> None:
    """Each from the one before; steps are counted through all of them, and each is recorded."""
    trial = Trial()
    made = trial.make(tmp_path)
    assert trial.drawn == [1, 2, 3]
    first, second = (Image.new("RGB", (64, 48), (n, 0, 0)) for n in (1, 2))
    assert trial.sources == [pixel_hash(PICKED), pixel_hash(first), pixel_hash(second)]
    assert made.rendered.image.getpixel((0, 0)) == (3, 0, 0)
    assert [one.pixels for one in made.links] == trial.sources[1:]
    assert made.links[0].facts["memory_plan"] == "resident"
    assert trial.steps == [(n, 22) for n in range(1, 23)]


@pytest.mark.parametrize("at", [1, 2, 3])
def test_what_is_done_is_not_done_again(at: int, tmp_path: Path) -> None:
    """A process that ends in any link leaves the ones before it to the next process."""
    with pytest.raises(Stopped):
        Trial(stop_at=at).make(tmp_path)
    again = Trial()
    made = again.make(tmp_path)
    assert again.drawn == list(range(at, 4))
    whole = Trial().make(None)
    assert msgspec.json.encode(made.links) == msgspec.json.encode(whole.links)
    assert pixel_hash(made.rendered.image) == pixel_hash(whole.rendered.image)
    chain.forget(THREE, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_fit_is_made_again(tmp_path: Path) -> None:
    """A torn file, other pixels in it, or another picked picture: the link is drawn."""
    Trial().make(tmp_path)
    one, two = (tmp_path / f"{link.id}.link" for link in (ONE, TWO))
    kept = one.read_bytes()
    one.write_bytes(kept[: len(kept) // 2])
    two.write_bytes(two.read_bytes().replace(b"\x02\x00\x00" * 4, b"\x09\x00\x00" * 4))
    again = Trial()
    again.make(tmp_path)
    assert again.drawn == [1, 2, 3]
    one.write_bytes(two.read_bytes())
    again = Trial()
    again.make(tmp_path)
    assert again.drawn == [1, 3]


def test_a_full_disk_is_no_reason_to_fail(tmp_path: Path) -> None:
    """Where nothing can be kept the picture is made all the same."""
    (tmp_path / "file").touch()
    trial = Trial()
    trial.make(tmp_path / "file" / "states")
    assert trial.drawn == [1, 2, 3]
