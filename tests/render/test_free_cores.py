"""How many cores other programs leave free."""

from __future__ import annotations

import pytest

from hotfolder.render.free_cores import FreeCores, Sample, sample


@pytest.mark.parametrize(
    ("others", "ours", "threads"),
    [(0.0, 16.0, 4), (10.0, 10.0, 3), (19.0, 10.0, 2), (40.0, 0.0, 1), (60.0, 0.0, 1)],
)
def test_what_others_took_is_left_to_them(others: float, ours: float, threads: int) -> None:
    """Of four cores in ten seconds; one thread at least, and our own work does not count."""
    samples = iter([Sample(100, 1000, 50), Sample(110, 1000 + others + ours, 50 + ours)])
    assert FreeCores(most=4, cores=4, now=lambda: next(samples)).count() == threads


def test_it_follows_and_a_moment_says_nothing() -> None:
    """Each count is of the time since the last one, unless that was just now."""
    busy, free = Sample(10, 20, 0), Sample(20, 20, 0)
    samples = iter([Sample(0, 0, 0), busy, Sample(10.1, 20, 0), free])
    cores = FreeCores(most=2, cores=2, now=lambda: next(samples))
    assert [cores.count(), cores.count(), cores.count()] == [1, 1, 2]


def test_the_system_tells() -> None:
    """Times only grow, and we are part of all."""
    one = sample()
    sum(range(300_000))
    two = sample()
    assert two.at > one.at
    assert two.all >= one.all
    assert two.ours - one.ours >= 0
