"""What the owner decided, while the files change."""

from __future__ import annotations

import pytest

from hotfolder.studio.config.live import LiveConfig, decides
from hotfolder.studio.config.load import read_config
from hotfolder.studio.layout import Studio


def test_mistakes_change_nothing(studio: Studio, caplog: pytest.LogCaptureFixture) -> None:
    """The owner stays as before, is told once, and the settings are said to wait."""
    decisions = LiveConfig(read_config(studio))
    before = decisions.config
    studio.settings.write_text("setle_seconds = 1\n")
    assert not decisions.read(lambda: read_config(studio))
    assert not decisions.read(lambda: read_config(studio))
    assert decisions.config == before
    assert decisions.may_change
    assert caplog.text.count("did you mean 'settle_seconds'") == 1
    assert decisions.waiting().keys() == {"hotfolder.toml"}
    studio.settings.write_text("settle_seconds = 7\n")
    assert decisions.read(lambda: read_config(studio))
    assert decisions.config.settings.settle_seconds == 7
    assert not decisions.may_change
    assert decisions.waiting() == {}
    assert not decisions.read(lambda: read_config(studio)), "nothing has changed since"


def test_a_file_that_vanishes_for_a_moment(studio: Studio) -> None:
    """It is unsure until it has been gone for as long as a file takes to settle."""
    decisions = LiveConfig(read_config(studio))
    assert not decisions.is_unsure
    decisions.vanished("hotfolder.toml", 100.0)
    assert decisions.is_unsure
    assert decisions.unsure_until_s(quiet_s=2.0) == [102.0]
    decisions.give_up_the_vanished()
    assert not decisions.is_unsure


def test_which_files_decide() -> None:
    """Settings, profiles and word lists, and nothing of the other rooms."""
    assert all(map(decides, ("hotfolder.toml", "profiles/a.toml", "wildcards/x/y.txt")))
    assert not any(map(decides, ("inbox/a.toml", "drafts/a.png", "hotfolder.toml.txt")))
