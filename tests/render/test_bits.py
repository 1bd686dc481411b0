"""A slice of the bit campaign: `make bits` runs all of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from tests.render import bits, zoo


def test_every_family_goes_on_with_the_same_bits(zoo_models: Path, tmp_path: Path) -> None:
    """Each family with one scheduler, both stages: preempted, and resumed by a new process."""
    found = list(bits.cases(zoo.engine(zoo_models), zoo.FAMILIES, tmp_path, most=1))
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps([asdict(case) for case in found]))
    went_on = bits.resumed(zoo_models, manifest)
    names = [f"{case.family} {case.stage} {case.scheduler}" for case in found]
    assert len(found) == 2 * len(zoo.FAMILIES)
    assert [name for name, case in zip(names, found, strict=True) if not case.preempted] == []
    assert [name for name, same in zip(names, went_on, strict=True) if not same] == []
