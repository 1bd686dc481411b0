"""A rendered picture's publication: its steps, their order, and an end between any two of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hotfolder.executors.orders import Done, Raster
from hotfolder.history import Made
from hotfolder.images import picture
from hotfolder.jobs import RenderDraft
from hotfolder.publishing import Published, publish
from hotfolder.recipes.prompt import Prompt
from hotfolder.recipes.recipe import Pixels, Recipe
from hotfolder.recipes.settings import Settings
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import archive, publication, sources
from hotfolder.studio.store.ledger import Ledger

RASTER = Raster(24, 16, bytes(24 * 16 * 3))
PIXELS = Pixels("0" * 64, 24, 16)
RECIPE = Recipe(
    prompt="a castle",
    seed=7,
    width=24,
    height=16,
    multiple=8,
    model="postcard",
    scheduler="Euler",
    steps=20,
    guidance_scale=5.0,
    source=PIXELS,
    strength=0.5,
)
JOB = RenderDraft(
    "inbox/a.txt", Prompt(text="a"), "digest", 0, RECIPE, "a", "postcard", False, (), "why"
)
STEPS: list[tuple[Any, str]] = [
    (publication, "announce"),
    (sources, "keep"),
    (picture, "publishable"),
    (archive, "enter"),
    (publication, "put"),
    (publication, "enter"),
]


class EndedError(BaseException):
    """The program has ended."""


@pytest.fixture
def ledger(studio: Studio) -> Ledger:
    return Ledger(studio, "one")


def published(studio: Studio, ledger: Ledger) -> Published | None:
    """Go through all steps in one thread."""
    facts = {"seconds": 1.0, "steps_run": 10}
    steps = publish(studio, ledger, JOB, RASTER, Done(0, RASTER, facts), Settings())
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def around(
    patch: pytest.MonkeyPatch, step: tuple[Any, str], call: Callable[..., Any] | BaseException
) -> None:
    """Have a step call something before it, or end by an exception after it."""
    room, name = step
    before = getattr(room, name)

    def instead(*given: Any) -> Any:
        if isinstance(call, BaseException):
            before(*given)
            raise call
        call()
        return before(*given)

    patch.setattr(room, name, instead)


def test_the_order_of_the_steps(
    studio: Studio, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Announced first, then all that it takes to make it again, then the picture, then entered."""
    taken: list[str] = []
    for step in STEPS:
        around(monkeypatch, step, lambda name=step[1]: taken.append(name))
    done = published(studio, ledger)
    assert done is not None
    assert taken == [name for _, name in STEPS]
    assert identify((studio.root / done.path).read_bytes()).recipe == RECIPE
    assert ledger.history.made("draft", "digest") == {0}


@pytest.mark.parametrize("last", STEPS, ids=lambda step: step[1])
def test_an_end_between_any_two_steps(
    studio: Studio, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, last: tuple[Any, str]
) -> None:
    """The next program finds one picture, or makes one: never two, and never none."""
    with monkeypatch.context() as patch:
        around(patch, last, EndedError())
        with pytest.raises(EndedError):
            published(studio, ledger)
    again = Ledger(studio, "one")
    publication.recover(studio, again)
    if not again.history.made("draft", "digest"):
        assert published(studio, again) is not None
    assert again.history.made("draft", "digest") == {0}
    assert len(list(studio.drafts.iterdir())) == 1


@pytest.mark.parametrize("failing", STEPS[1:-1], ids=lambda step: step[1])
def test_a_step_that_fails(
    studio: Studio, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, failing: tuple[Any, str]
) -> None:
    """Its announcement is withdrawn, in the ledger's thread, and another try publishes it."""
    withdrawn: list[bool] = []
    around(monkeypatch, (publication, "withdraw"), lambda: withdrawn.append(True))

    def fail() -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        around(patch, failing, fail)
        facts = {"seconds": 1.0, "steps_run": 10}
        steps = publish(studio, ledger, JOB, RASTER, Done(0, RASTER, facts), Settings())
        assert next(steps) == "press"
        assert next(steps) == "ledger"
        assert not withdrawn
        with pytest.raises(OSError, match="full"):
            next(steps)
    assert withdrawn
    assert not ledger.history.unconfirmed()
    assert published(studio, ledger) is not None


def test_a_picture_that_another_machine_has_made(studio: Studio, ledger: Ledger) -> None:
    """It is not published again, though its name may be free."""
    Ledger(studio, "two").append(Made("draft", "digest", 0, "0" * 64, "drafts/x.png"))
    assert published(studio, ledger) is None
    assert not list(studio.drafts.iterdir())
