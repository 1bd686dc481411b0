"""How much memory a render may take."""

from __future__ import annotations

import pytest
import torch

from hotfolder.render.memory import devices
from hotfolder.render.memory.memory_plan import GIB


@pytest.fixture
def shares(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, int]]:
    """The shares that torch was told of for a card of 8 GiB, which is not here."""
    told: list[tuple[float, int]] = []
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (7 * GIB, 8 * GIB))
    monkeypatch.setattr(
        torch.cuda, "set_per_process_memory_fraction", lambda *share: told.append(share)
    )
    return told


@pytest.mark.parametrize(("platform", "kernel"), [("win32", "10"), ("linux", "6.6-Microsoft")])
def test_where_a_driver_lends_memory_torch_is_held_to_its_share(
    shares: list[tuple[float, int]], monkeypatch: pytest.MonkeyPatch, platform: str, kernel: str
) -> None:
    """On Windows, and on the Linux in it; never to more than all there is."""
    monkeypatch.setattr("hotfolder.render.memory.devices.sys.platform", platform)
    monkeypatch.setattr("hotfolder.render.memory.devices.platform.release", lambda: kernel)
    devices.cap("cuda", 6 * GIB)
    devices.cap("cuda:1", 9 * GIB)
    devices.cap("cpu", GIB)
    assert shares == [(0.75, 0), (1.0, 1)]


def test_elsewhere_the_driver_fails_by_itself(
    shares: list[tuple[float, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Linux nothing is lent, so nothing is forbidden."""
    monkeypatch.setattr("hotfolder.render.memory.devices.sys.platform", "linux")
    monkeypatch.setattr("hotfolder.render.memory.devices.platform.release", lambda: "6.1-amd64")
    devices.cap("cuda", 6 * GIB)
    assert shares == []
