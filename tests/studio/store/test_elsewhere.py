"""What was judged in one studio is a prior in the owner's others, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotfolder.studio.create import create
from hotfolder.studio.store import elsewhere, local
from tests.taste.owners import judged, scenes


def test_other_studios_hear_what_was_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the studio itself; the latest of all, the oldest first; damaged files say nothing."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("WIN_PD_OVERRIDE_LOCAL_APPDATA", str(tmp_path / "state"))
    one, other, third = (create(tmp_path / name)[0] for name in ("one", "other", "third"))
    assert elsewhere.heard(one) == []
    shown = scenes(400)
    said = judged(shown, lambda scene: scene.subject == "castle")
    told = [(judgement, scene.features) for judgement, scene in zip(said, shown, strict=True)]
    elsewhere.tell(one, told)
    elsewhere.tell(third, told[:1])
    assert elsewhere.heard(other) == told[-300:]
    assert elsewhere.heard(one) == told[:1]
    for file in local.state().glob("studios/*/judged.json"):
        file.write_bytes(b'[[{"picture":')
    assert elsewhere.heard(other) == []
