"""Prompt files and pictures that were made to break things: each is answered in words, and soon."""

from __future__ import annotations

import tarfile
from contextlib import suppress
from pathlib import Path

import pytest

from hotfolder.errors import PictureError
from hotfolder.recipes.config import Config
from hotfolder.snapshot import BrokenFile
from hotfolder.stars import detectors
from hotfolder.stars.mark import DraftFile
from hotfolder.studio.config.load import read_config
from hotfolder.studio.create import create
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import Reading
from hotfolder.studio.scan import portraits, prompt_files
from hotfolder.studio.scan.apart import Apart, SlowError
from hotfolder.studio.scan.limits import check_picture
from hotfolder.studio.scan.prompt_files import Files, Waiting
from tests.growth import least_s

ARCHIVE = Path(__file__).parent / "data/hostile/files.tar.xz"
_MOST_S = 0.5  # of processor time; what needs more is read elsewhere, which is not waited for
with tarfile.open(ARCHIVE) as archive:
    NAMES = archive.getnames()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """A studio in which all of them lie."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        made, _ = create(tmp_path_factory.mktemp("hostile") / "studio")
        with tarfile.open(ARCHIVE) as archive:
            archive.extractall(made.root, filter="data")
    return made


@pytest.fixture(scope="module")
def config(hostile: Studio) -> Config:
    return read_config(hostile)


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_file(hostile: Studio, config: Config, name: str) -> None:
    """It asks for something, or is refused in words that can be printed; or it would take long."""
    state = Reading.of((hostile.root / name).lstat())

    def told() -> None:
        with suppress(SlowError):
            if name.startswith("inbox/"):
                says = _asked(Files(hostile, name, {name: state}), config)
            else:
                says = _shown(hostile, name, state, config)
            assert all(line.isprintable() for line in says.splitlines()), says

    assert least_s(told, _MOST_S) < _MOST_S


def _asked(files: Files, config: Config) -> str:
    found = prompt_files.read(files, config, hurry=True)
    if isinstance(found, BrokenFile | Waiting):
        return found.says
    assert found is not None
    return "\n".join(note for request in found for note in request.notes)


def _shown(studio: Studio, name: str, state: Reading, config: Config) -> str:
    reader = portraits.Portraits(studio, apart := Apart(studio.root), read_only=True)
    try:
        opened = reader.open(name)
        detectors.marks(DraftFile(name, opened.contents))
        check_picture(opened.data, config.settings.limits, opened.contents)
        portraits.require_quick_picture(len(opened.data), opened.contents)
        return portraits.portray(studio, name, state, config.settings.limits).note
    except PictureError as error:
        return str(error)
    finally:
        apart.close()
