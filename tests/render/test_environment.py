"""What is recorded of a computer, and how torch is set on it."""

from __future__ import annotations

import pytest
import torch

from hotfolder.render import environment


@pytest.mark.parametrize(
    ("wanted", "device", "chosen"),
    [
        ("auto", "cpu", torch.float32),
        ("auto", "mps", torch.float32),
        ("auto", "cuda:1", torch.float16),
        ("auto", "xpu", torch.float16),
        ("bfloat16", "cuda", torch.bfloat16),
        ("float32", "cuda", torch.float32),
    ],
)
def test_the_number_format(wanted: str, device: str, chosen: torch.dtype) -> None:
    """The owner's choice counts; left to itself it is float16 where that is fast and safe."""
    assert environment.dtype(wanted, device) == chosen


@pytest.mark.parametrize(
    ("wanted", "device", "chosen"),
    [
        ("auto", "cpu", torch.float32),
        ("auto", "mps", torch.bfloat16),
        ("auto", "cuda:1", torch.bfloat16),
        ("auto", "xpu", torch.bfloat16),
        ("float16", "cuda", torch.float16),
    ],
)
def test_the_number_format_of_wide_models(wanted: str, device: str, chosen: torch.dtype) -> None:
    """What would overflow in float16 is computed in bfloat16, unless its owner says otherwise."""
    assert environment.dtype(wanted, device, wide=True) == chosen


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
