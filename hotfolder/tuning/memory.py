"""How a training fits into a device's memory: what is computed again, swapped, or kept in bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any

import torch
from msgspec import Struct

from hotfolder.errors import TooLargeError
from hotfolder.render.memory.memory_plan import GIB, Footprint
from hotfolder.tuning.course import Course

# Numbers that are alive on the way back, as multiples of what a pass for drawing takes: counted for
# SDXL by benchmarks/memory.py, which prints estimates beside counts.
_KEPT = 55.0
_CHECKPOINTED = 5.0
_LORA_SHARE = 0.017  # of the denoiser's numbers, at rank 16
_SWAPPED_SHARE = 0.2  # of the denoiser's weights that are on the device at a time


class Plan(Struct, frozen=True):
    """How a training is done in the memory there is.

    `together` pictures are computed at once. `checkpoints`: activations are computed again on the
    way back. `eight_bit`: the optimiser keeps its moments in bytes. `swapped`: the denoiser's
    blocks come to the device when they are called, and leave it.
    """

    together: int = 16
    checkpoints: bool = False
    eight_bit: bool = False
    swapped: bool = False

    def __str__(self) -> str:
        words = [f"{self.together} at once"]
        words += ["checkpoints"] if self.checkpoints else []
        words += ["8-bit optimiser"] if self.eight_bit else []
        words += ["swapped blocks"] if self.swapped else []
        return ", ".join(words)


def plans(course_batch: int, eight_bit: bool) -> Iterator[Plan]:
    """All plans for steps of so many pictures, the fastest first."""
    yield Plan(course_batch)
    for together in (course_batch, 8, 4, 2):
        if together <= course_batch:
            yield Plan(together, checkpoints=True)
    if eight_bit:
        yield Plan(2, checkpoints=True, eight_bit=True)
    yield Plan(2, checkpoints=True, eight_bit=eight_bit, swapped=True)


def peak_bytes(plan: Plan, taken: Footprint, sides: tuple[int, int], rank: int = 16) -> int:
    """The most that a step takes on the device, with pictures of these sides, in bytes."""
    weights = taken.denoiser_bytes * (_SWAPPED_SHARE if plan.swapped else 1.0)
    numbers = taken.denoiser_bytes / 2 * _LORA_SHARE * rank / 16
    # In float32: itself and its gradient, and two moments of it.
    lora = numbers * (4 + 4 + (2 if plan.eight_bit else 8))
    each = taken.pass_bytes * (_CHECKPOINTED if plan.checkpoints else _KEPT)
    return round(weights + lora + each * sides[0] * sides[1] * plan.together)


def choose(taken: Footprint, budget_bytes: int, sides: tuple[int, int], course_batch: int) -> Plan:
    """The fastest plan that fits. Raises TooLargeError where none does."""
    found = list(plans(course_batch, eight_bit=find_spec("bitsandbytes") is not None))
    for plan in found:
        if peak_bytes(plan, taken, sides) <= budget_bytes:
            return plan
    least = peak_bytes(found[-1], taken, sides)
    raise TooLargeError(
        f"tuning this model needs {least / GIB:.1f} GiB of free memory on its device, and there is "
        f"{budget_bytes / GIB:.1f} GiB; close other programs, or tune a smaller model"
    )


def apply(plan: Plan, denoiser: Any, device: str) -> None:
    """Put a denoiser onto the device as `plan` says."""
    if plan.checkpoints:
        denoiser.enable_gradient_checkpointing()
        denoiser.train()  # diffusers keeps checkpoints only then; nothing here drops anything out
    if not plan.swapped:
        denoiser.to(device)
        return
    from diffusers.hooks import apply_group_offloading

    apply_group_offloading(
        denoiser,
        onload_device=torch.device(device),
        offload_device=torch.device("cpu"),
        offload_type="block_level",
        num_blocks_per_group=1,
    )


def optimizer(plan: Plan, parameters: Sequence[Any], course: Course) -> Any:
    """AdamW for the numbers of a LoRA."""
    settings: dict[str, Any] = {
        "lr": course.learning_rate,
        "betas": (0.9, 0.99),
        "weight_decay": 0.0,
    }
    if plan.eight_bit:
        from bitsandbytes.optim import AdamW8bit

        return AdamW8bit(parameters, **settings)
    return torch.optim.AdamW(parameters, **settings)
