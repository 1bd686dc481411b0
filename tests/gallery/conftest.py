"""Pictures for galleries: finals with their drafts, and pictures of all kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotfolder.studio.layout import Studio
from tests.light.pictures import fill, final


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache of a test lies in a folder of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def picked(studio: Studio) -> Studio:
    """A studio with eight drafts, of which two lie in seeds/, and two finals of each of these."""
    fill(studio.drafts, range(8))
    for number in (0, 1):
        draft = next(studio.drafts.glob(f"*-00000{number}.png"))
        draft.rename(studio.seeds / draft.name)
        for which in range(2):
            (studio.final / f"final-{number}-{which}.png").write_bytes(final(number, which))
    return studio


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
