"""How much memory large pictures take: counted for real models, measured for a small one.

    python benchmarks/memory.py count      SD 1.5, SDXL and others, on the meta device
    python benchmarks/memory.py measure    the model that is included, on the CPU: peak of a process

Both stand beside what `hotfolder.render.memory.memory_plan` expected when it chose the plan.
"""

from __future__ import annotations

import argparse
import functools
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import torch
from PIL import Image

from benchmarks import counted
from benchmarks.large import POSTCARD, SIZES, final
from hotfolder.render.engine import Engine
from hotfolder.render.memory import memory_plan
from hotfolder.render.memory.memory_plan import GIB, Budget, Workload
from hotfolder.tuning import memory as tuning

BUDGETS = (Budget(int(7.5 * GIB), 32 * GIB), Budget(int(3.5 * GIB), 32 * GIB))
COUNTED = ((800, 800), (1000, 1000), (1920, 1080), (3840, 2160), (1632, 4896))


def count() -> None:
    """Print counted and expected peaks of refinements by the plans that two cards lead to."""
    import diffusers

    diffusers.utils.logging.set_verbosity_error()
    print("GiB                    counted  expected        of    plan")
    for layout in ("sd15", "sdxl"):
        taken = counted.taken(layout)
        for sides in COUNTED:
            workload = Workload(sides, img2img=True, guided=True)
            for budget in BUDGETS:
                plan = memory_plan.choose(taken, budget, workload)
                size = f"{layout:5} {sides[0]:4}x{sides[1]:<4}"
                if plan is None or plan.holding not in ("resident", "text-offload"):
                    print(
                        f"{size}         {budget.device_bytes / GIB:25.1f}    {plan}: not counted"
                    )
                    continue
                peak = counted.peak_bytes(layout, plan, sides)
                expected = memory_plan.peak_bytes(plan, taken, workload)
                print(
                    f"{size}        {peak / GIB:7.2f} {expected / GIB:9.2f} "
                    f"{expected / peak - 1:+6.1%}{budget.device_bytes / GIB:5.1f}    {plan}",
                    flush=True,
                )
    _count_training()
    _count_transformers()


def _count_training() -> None:
    """Print counted and expected peaks of training steps, and what 7.5 GiB lead to."""
    for layout, sides in (("sd15", (512, 512)), ("sdxl", (800, 800)), ("sdxl", (1024, 1024))):
        taken = counted.taken(layout)
        chosen = tuning.choose(taken, BUDGETS[0].device_bytes, sides, 8)
        for plan in dict.fromkeys((chosen, tuning.Plan(2), tuning.Plan(2, checkpoints=True))):
            peak = counted.training_peak_bytes(layout, plan, sides)
            expected = tuning.peak_bytes(plan, taken, sides)
            size = f"{layout:5} {sides[0]:4}x{sides[1]:<4}"
            print(
                f"{size} tuning {peak / GIB:7.2f} {expected / GIB:9.2f} "
                f"{expected / peak - 1:+6.1%}         {plan}",
                flush=True,
            )


def _count_transformers() -> None:
    """Print how many numbers a token costs, by which the estimate for transformers is made."""
    import diffusers

    def empty(*shape: int) -> torch.Tensor:
        return torch.empty(*shape, dtype=torch.bfloat16, device="meta")

    print("transformers: numbers for each token, by its width, between 1 and 2 megapixels")
    shapes: dict[str, tuple[dict[str, Any], int, Callable[[int], dict[str, Any]]]] = {
        "FluxTransformer2DModel": (
            {"guidance_embeds": True},
            3072,
            lambda side: {
                "hidden_states": empty(1, side * side, 64),
                "encoder_hidden_states": empty(1, 512, 4096),
                "pooled_projections": empty(1, 768),
                "timestep": empty(1),
                "guidance": empty(1),
                "img_ids": empty(side * side, 3),
                "txt_ids": empty(512, 3),
            },
        ),
        "QwenImageTransformer2DModel": (
            {},
            3072,
            lambda side: {
                "hidden_states": empty(1, side * side, 64),
                "encoder_hidden_states": empty(1, 100, 3584),
                "encoder_hidden_states_mask": None,
                "timestep": empty(1),
                "img_shapes": [[(1, side, side)]],
            },
        ),
        "ZImageTransformer2DModel": (
            {},
            3840,
            lambda side: {
                "x": [empty(16, 1, 2 * side, 2 * side)],
                "t": empty(1),
                "cap_feats": [empty(100, 2560)],
            },
        ),
    }
    for name, (config, width, inputs) in shapes.items():
        with torch.device("meta"):
            model = getattr(diffusers, name)(**config).bfloat16()
        run = functools.partial(_pass, model, inputs)
        small, large = (counted.peak_of(functools.partial(run, side), model) for side in (64, 90))
        print(f"{name:28} {(large - small) / 2 / (90 * 90 - 64 * 64) / width:5.1f}")


def _pass(model: Any, inputs: Callable[[int], dict[str, Any]], side: int) -> None:
    model(**inputs(side), return_dict=False)


def measure() -> None:
    """Print the peak memory of finals of the model that is included, each in a process alone."""
    print("megabytes above those of a small final: measured, expected, plan")
    for width, height in SIZES:
        for windowed in ("", "windowed"):
            command = [sys.executable, __file__, "one", str(width), str(height), windowed]
            ran = subprocess.run(command, capture_output=True, text=True, check=True)
            print(f"{width:4}x{height:<4} {ran.stdout.splitlines()[-1]}", flush=True)


def one(width: int, height: int, windowed: bool) -> None:
    """Render one final in this process and print what it took; by windows, if that is wanted."""
    import resource

    engine = Engine(POSTCARD, None, device="cpu")
    source = Image.new("RGB", (256, 256), "teal")
    engine.render(final(256, 256, steps=2), source)
    taken = engine.load("postcard").footprint
    workload = Workload((width, height), img2img=True, guided=True)
    plans = list(memory_plan.ladder(taken, Budget(64 * GIB, on_cpu=True), workload))
    plan = next((p for p in plans if p.windows), plans[0]) if windowed else plans[0]
    if windowed and not plan.windows:
        plan = memory_plan.parse("resident, windows 512x512/64")

    def peak_bytes() -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    before = peak_bytes()
    engine.render(final(width, height, steps=2), source, plan=str(plan))
    held = taken.denoiser_bytes + sum(taken.text_bytes) + taken.vae_bytes
    expected = memory_plan.peak_bytes(plan, taken, workload, on_cpu=True) - held
    print(f"{(peak_bytes() - before) / 1e6:6.0f} {expected / 1e6:6.0f}  {plan}")


def main() -> None:
    """Run the part that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["count", "measure", "one"])
    parser.add_argument("more", nargs="*")
    options = parser.parse_args()
    if options.what == "one":
        width, height, windowed = options.more
        one(int(width), int(height), bool(windowed))
    else:
        {"count": count, "measure": measure}[options.what]()


if __name__ == "__main__":
    main()
