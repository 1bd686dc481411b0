"""What is recorded of a computer, and how torch is set on it."""

from __future__ import annotations

import pytest
import torch

from hotfolder.render import environment


@pytest.mark.parametrize(
    ("wanted", "device", "wide", "chosen"),
    [
        ("auto", "cpu", False, torch.float32),
        ("auto", "mps", False, torch.float32),
        ("auto", "cuda:1", False, torch.float16),
        ("auto", "xpu", False, torch.float16),
        ("bfloat16", "cuda", False, torch.bfloat16),
        ("float32", "cuda", False, torch.float32),
        ("auto", "cpu", True, torch.float32),
        ("auto", "mps", True, torch.bfloat16),
        ("auto", "cuda:1", True, torch.bfloat16),
        ("auto", "xpu", True, torch.bfloat16),
        ("float16", "cuda", True, torch.float16),
    ],
)
def test_the_number_format(wanted: str, device: str, wide: bool, chosen: torch.dtype) -> None:
    """The owner's choice counts; left to itself it is float16 where that is fast and safe, and
    bfloat16 for models that would overflow in it."""
    assert environment.dtype(wanted, device, wide=wide) == chosen


def test_the_device_is_named_with_what_changes_bits() -> None:
    """A CPU's name ends in the instructions that torch computes with."""
    assert environment.device_name("cpu").startswith("cpu ")
    assert environment.device_name("cpu").endswith(torch.backends.cpu.get_cpu_capability())


def test_threads_stay_within_reason() -> None:
    """A record that claims a million threads does not start them."""
    before = torch.get_num_threads()
    try:
        environment.set_threads(10**6)
        assert torch.get_num_threads() == environment.MAX_THREADS
        environment.set_threads(0)
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_versions_are_plain_text() -> None:
    """All versions are strings that fit into a record."""
    versions = environment.versions()
    assert {"torch", "diffusers", "transformers", "pillow"} <= set(versions)
    assert all(type(version) is str for version in versions.values())
