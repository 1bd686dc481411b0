"""Cards that torch cannot use are named, with the one line that helps."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hotfolder.render.memory import cards
from hotfolder.render.memory.cards import Card, Torch, trouble

RTX = Card("nvidia", "NVIDIA GeForce RTX 3060", "560.94", (8, 6))
CPU_BUILD = Torch("2.13.0+cpu")
CUDA_BUILD = Torch("2.13.0+cu126", cuda="12.6")
WORKING = Torch("2.13.0+cu126", "12.6", works=True, architectures=("sm_75", "sm_80", "sm_90"))


@pytest.mark.parametrize(
    ("card", "torch", "says", "remedy"),
    [
        (
            RTX,
            CPU_BUILD,
            "RTX 3060 was found, but the installed torch 2.13.0+cpu is for CPUs",
            "cu126",
        ),
        (RTX, CUDA_BUILD, "cannot use it with the driver 560.94", "nvidia.com/drivers"),
        (Card("amd", "an AMD GPU"), CPU_BUILD, "an AMD GPU was found", "rocm"),
        (Card("apple", "Apple silicon"), CPU_BUILD, "macOS 14", "Update macOS"),
        (Card("nvidia", "B300", "600", (12, 1)), WORKING, "too new", "--upgrade"),
        (Card("nvidia", "GTX 980", "560", (5, 2)), WORKING, "too old", "torch==2.7.1 --index-url"),
    ],
)
def test_why_a_card_is_not_used(card: Card, torch: Torch, says: str, remedy: str) -> None:
    """What is here, what is wrong with torch, and what to type."""
    found = trouble(card, torch)
    assert found is not None
    assert says in found.says
    assert remedy in found.advice


@pytest.mark.parametrize("card", [None, RTX, Card("nvidia", "Ada", "560", (8, 9))])
def test_where_all_is_well_nothing_is_said(card: Card | None) -> None:
    """Code for an earlier card of the same generation runs on a later one."""
    assert trouble(card, WORKING) is None


def test_no_card_and_a_torch_for_cpus() -> None:
    """Nothing is missing on a computer without a card."""
    assert trouble(None, CPU_BUILD) is None


@pytest.mark.skipif(sys.platform == "win32", reason="its nvidia-smi lies in System32")
@pytest.mark.parametrize(
    ("prints", "card"),
    [
        ("NVIDIA GeForce RTX 3060, 560.94, 8.6", RTX),
        ("NVIDIA GeForce RTX 3060, 560.94", Card("nvidia", RTX.name, "560.94")),
        ("", None),
    ],
)
def test_nvidia_s_own_program_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prints: str, card: Card | None
) -> None:
    """The first card that it lists; older versions know no compute capability."""
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\nprintf '%s' '{prints}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert cards._nvidia() == card


def test_the_torch_that_is_here() -> None:
    """Its version is the installed one's."""
    import torch

    assert cards.torch_here().version == str(torch.__version__)
