"""Which preset is proposed to whom."""

from __future__ import annotations

import pytest

from hotfolder.commands import doctor
from hotfolder.recipes.config import Config
from hotfolder.render.memory import fit
from hotfolder.render.memory.memory_plan import GIB, Budget
from hotfolder.render.memory.proposal import CANDIDATES, proposed
from hotfolder.studio.config import load


@pytest.fixture(scope="module")
def config() -> Config:
    return load.nobody()


def on(config: Config, gib: float, free_gb: float = 500.0, device: str = "cuda") -> str | None:
    """The profile that is proposed for a card with so much memory left."""
    budget = Budget(round(gib * GIB), round(32 * GIB))
    names = [candidate.profile for candidate in CANDIDATES]
    found = {n: fit.prospect(config.profile(n), None, "float16", budget) for n in names}
    best = proposed(device, found, free_gb * 1e9)
    return best.profile if best else None


@pytest.mark.parametrize(
    ("gib", "profile"),
    [(23.0, "flux2-klein"), (7.5, "sdxl-lightning"), (3.5, "sd15"), (0.5, None)],
)
def test_the_best_that_a_card_draws_without_detours(
    config: Config, gib: float, profile: str | None
) -> None:
    """24 GB, 8 GB, 4 GB, and one that does for none."""
    assert on(config, gib) == profile


def test_a_full_disk_and_a_computer_without_a_card(config: Config) -> None:
    """What cannot be fetched is not proposed, and on a CPU the included model stays."""
    assert on(config, 23.0, free_gb=10) == "sdxl-lightning"
    assert on(config, 23.0, free_gb=1) is None
    assert on(config, 23.0, device="cpu") is None


def test_how_long_it_takes() -> None:
    """At 100 Mbit/s."""
    assert [candidate.minutes for candidate in CANDIDATES] == [21, 9, 3]


def test_what_the_doctor_says_of_it() -> None:
    """What it is, what it costs, and what to type."""
    prospects = {"sd15": fit.Prospect("missing", "", ())}
    (finding,) = doctor._of_proposal(CANDIDATES[2], prospects)
    assert finding.says == (
        "sd15 is the best for this card and disk; licence: CreativeML Open RAIL-M; "
        "2.1 GB to fetch, 3 min at 100 Mbit/s"
    )
    assert finding.advice.startswith("`hotfolder fetch sd15` fetches it; then profile = ")
