"""The prompt form: what it says of a wish is what the daemon makes of the file."""

from __future__ import annotations

import pytest

from hotfolder.errors import HotfolderError
from hotfolder.light.wishes import Mended, Wish, ask, check, mend
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.survey import Survey

FOLDER = 'count = 7\naspect = "3:2"\nfixed = "at night"\nprofile = "ink"\n'


@pytest.fixture
def night(studio: Studio) -> Studio:
    """A studio whose folder `inbox/night` says something for its files."""
    (studio.profiles / "ink.toml").write_text('extends = "postcard"\n')
    (studio.inbox / "night/deep").mkdir(parents=True)
    (studio.inbox / "night/folder.toml").write_text(FOLDER)
    return studio


def test_a_folder_has_its_say(night: Studio) -> None:
    """Its settings are shown, hold in the examples, and hold for the file that is dropped."""
    wish = Wish("a castle\n\na boat", negative="people", folder="night/deep")
    found = check(night, wish)
    assert found["folders"] == ["night", "night/deep"]
    assert (found["default"], found["count"], found["mistakes"]) == ("ink", 14, [])
    assert found["said"].splitlines() == [
        "count = 7",
        'aspect = "3:2"',
        'fixed = ["at night"]',
        'profile = "ink"',
    ]
    assert [one["prompt"] for one in found["examples"]] == [
        "a castle, at night",
        "a boat, at night",
    ]
    assert all(one["width"] > one["height"] for one in found["examples"])
    path = ask(night, wish)
    assert path.startswith("inbox/night/deep/")
    (file,) = Survey(night).look().prompt_files
    assert (file.path, [request.count for request in file.requests]) == (path, [7, 7])
    assert {request.profile_name for request in file.requests} == {"ink"}
    plain = check(night, Wish("a castle"))
    assert (plain["default"], plain["said"]) == ("postcard", "")


def test_a_folder_of_a_profiles_name(night: Studio) -> None:
    """It stands for the profile, also while it is empty."""
    (night.inbox / "ink").mkdir()
    assert check(night, Wish("a castle", folder="ink"))["default"] == "ink"


def test_a_folder_with_a_mistake(night: Studio) -> None:
    """The mistake is shown, and nothing is dropped before it is mended."""
    (night.inbox / "night/folder.toml").write_text("cuont = 2\n")
    (says,) = check(night, Wish("a castle", folder="night"))["mistakes"]
    assert says.startswith("folder.toml: cuont: unknown key")
    with pytest.raises(HotfolderError, match="cuont"):
        ask(night, Wish("a castle", folder="night"))
    assert not list(night.inbox.rglob("a-castle*"))


@pytest.mark.parametrize("folder", ["../drafts", "gone/deep", "link", "night/../..", "/"])
def test_no_way_out(night: Studio, folder: str) -> None:
    """A file is dropped into a real folder of the inbox or nowhere."""
    (night.inbox / "link").symlink_to(night.drafts)
    assert "link" not in check(night, Wish("x"))["folders"]
    before = sorted(night.root.rglob("*"))
    with pytest.raises(HotfolderError, match="there is no folder"):
        ask(night, Wish("a castle", folder=folder))
    assert sorted(night.root.rglob("*")) == before


def test_a_mended_file_belongs_to_its_folder(night: Studio) -> None:
    """What its folder says is part of what is checked: here there is no such profile any more."""
    (night.failed / "night").mkdir()
    (night.failed / "night/a.txt").write_text("a castle")
    (night.inbox / "night/folder.toml").write_text('profile = "charcoal"\n')
    with pytest.raises(HotfolderError, match="charcoal"):
        mend(night, Mended("night/a.txt", "a tower"))
    (night.inbox / "night/folder.toml").write_text(FOLDER)
    assert mend(night, Mended("night/a.txt", "a tower")) == "inbox/night/a.txt"
