"""What commands read and publish of a studio is the studio's, whatever links are put into it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from hotfolder import cli
from hotfolder.errors import HotfolderError
from hotfolder.studio.layout import Studio
from hotfolder.studio.pictures import of_rooms, pictures
from hotfolder.studio.reading import read_file


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Somebody's own photos."""
    made = tmp_path / "home"
    made.mkdir()
    Image.new("RGB", (64, 48), "red").save(made / "private.png")
    return made


def put_link(studio: Studio, home: Path, name: str) -> Path:
    """A link to the photos, in the place of a folder of the studio."""
    path = studio.root / name
    if path.is_dir():
        path.rename(studio.root / "aside")
    path.symlink_to(home)
    return path


@pytest.mark.parametrize("name", ["final", "final/day", "seeds"])
def test_a_link_in_the_place_of_a_folder(studio: Studio, home: Path, name: str) -> None:
    """What lies behind it is neither found nor read; what is named by itself is said."""
    room = put_link(studio, home, name)
    assert list(of_rooms(studio.final, studio.seeds, studio.drafts)) == []
    assert list(pictures([studio.root])) == []
    with pytest.raises(HotfolderError, match="a link"):
        list(pictures([room]))
    with pytest.raises(NotADirectoryError, match="a link"):
        read_file(room / "private.png")
    assert read_file(home / "private.png")


@pytest.mark.parametrize(
    "command",
    ["gallery STUDIO -o OUT", "gallery STUDIO/final -o OUT", "sheet STUDIO/final -o OUT",
     "export STUDIO/final --to OUT", "export STUDIO --to OUT", "verify STUDIO/final",
     "stats STUDIO"],
)  # fmt: skip
def test_nothing_of_the_owner_s_is_published(
    studio: Studio, home: Path, tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No command takes a picture from behind a link, nor names one."""
    put_link(studio, home, "final")
    out = tmp_path / "out"
    words = [
        w.replace("STUDIO", str(studio.root)).replace("OUT", str(out)) for w in command.split()
    ]
    cli.main(words)
    told = capsys.readouterr()
    assert "private" not in told.out + told.err and "Traceback" not in told.err
    kinds = (".png", ".jpg", ".webp", ".avif")
    assert not [path for path in tmp_path.glob("out*/**/*") if path.suffix in kinds]
    assert not out.is_file()
