"""Which memory plan comes next on one device: by what is free there, and by what has failed."""

from __future__ import annotations

import gc
from dataclasses import replace

import torch

from hotfolder import render
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.sizes import render_sides
from hotfolder.render import failures
from hotfolder.render.memory import devices, memory_plan
from hotfolder.render.memory.memory_plan import Budget, Footprint, Plan, Workload


class Planner:
    """Chooses plans for one device, with less memory after each one that did not fit.

    `memory_bytes` is how much of the device's memory to use: by default what is free.
    """

    def __init__(self, device: str, memory_bytes: int | None = None) -> None:
        self._device = device
        self._memory_bytes = memory_bytes
        with failures.in_words():
            self._budget = self._free()

    def choose(self, taken: Footprint, workload: Workload) -> Plan:
        """The fastest plan that fits; where by the estimates none does, the one most likely to."""
        chosen = memory_plan.choose(taken, self._budget, workload)
        return chosen or memory_plan.most_frugal(taken, self._budget, workload)

    def together(self, plan: Plan, taken: Footprint, workload: Workload, count: int) -> Plan:
        """`plan` for as many of `count` drafts as fit."""
        return memory_plan.together(plan, taken, self._budget, workload, count)

    def after(self, failed: Plan, taken: Footprint, workload: Workload) -> Plan | None:
        """The plan after one that failed, if any is left.

        What a plan takes by the estimates was too much, so from now on there is less than that.
        """
        self._budget = replace(self._budget, device_bytes=self._less(failed, taken, workload))
        return memory_plan.choose(taken, self._budget, workload)

    def remedy(self, failed: Plan, recipe: Recipe, taken: Footprint) -> str:
        """What to do when memory ran out with a plan, for whoever wrote the profile."""
        workload = workload_of(recipe)
        peak = memory_plan.peak_bytes(failed, taken, workload, self._budget.on_cpu)
        budget = replace(self._budget, device_bytes=peak - 1)
        key = "draft.area" if recipe.source is None else "refine.area"
        smaller = memory_plan.largest(taken, budget, workload)
        advice = "choose a profile with a smaller model"
        if smaller:
            advice = f'set {key} = "{smaller[0]}x{smaller[1]}" or smaller in its profile'
        return (
            f"{failures.TOO_LARGE}, {recipe.width}x{recipe.height}; "
            f"close programs that need much memory, or {advice}"
        )

    def renew(self) -> None:
        """Return what nobody uses any more, and look at what is free anew."""
        with failures.in_words():
            self.give_back()
            self._budget = self._free()

    def give_back(self) -> None:
        """Return what nobody uses any more to the device, and to the operating system."""
        gc.collect()
        render.trim()
        if self._device.startswith("cuda"):
            torch.cuda.empty_cache()
        elif self._device.startswith("xpu"):
            torch.xpu.empty_cache()
        elif self._device.startswith("mps"):
            torch.mps.empty_cache()

    def _less(self, failed: Plan, taken: Footprint, workload: Workload) -> int:
        peak = memory_plan.peak_bytes(failed, taken, workload, self._budget.on_cpu)
        return min(self._budget.device_bytes, peak - 1)

    def _free(self) -> Budget:
        budget = devices.budget(self._device)
        if self._memory_bytes:
            budget = replace(budget, device_bytes=self._memory_bytes)
        devices.cap(self._device, budget.device_bytes)
        return budget


def workload_of(recipe: Recipe) -> Workload:
    """What the memory plan has to know of a recipe."""
    sides = render_sides(*recipe.canvas, recipe.multiple)
    return Workload(sides, recipe.source is not None, recipe.guidance_scale > 1)
