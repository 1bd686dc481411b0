"""What large pictures cost: memory by counting and by measuring, seconds a megapixel, seams.

    python benchmarks/memory.py count      bytes of SD 1.5, SDXL and others, on the meta device
    python benchmarks/memory.py measure    peak memory of the model that comes along, on the CPU
    python benchmarks/memory.py seconds    CPU seconds a megapixel at 0.64, 1, 2, 8 megapixels
    python benchmarks/memory.py seams DIR  windowed against whole pictures, which are kept in DIR

Counting runs the real code on tensors without numbers, and adds up what is alive at a time.
"""

from __future__ import annotations

import argparse
import functools
import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from hotfolder.recipes.profile import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.render import footprint, grid, memory, views
from hotfolder.render.engine import Engine
from hotfolder.render.memory import GIB, Plan, Room, Task
from hotfolder.render.weights import SHIPPED

BUDGET = Room(int(7.5 * GIB), 32 * GIB)
SIZES = ((800, 800), (1000, 1000), (1920, 1080), (3840, 2160))
POSTCARD = {"postcard": Model(source="shipped:postcard", multiple=16)}


class Fused(TorchFunctionMode):
    """Attention as graphics cards do it: without a matrix of all pairs."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None):
        if function is F.scaled_dot_product_attention:
            return torch.empty_like(args[0])
        return function(*args, **(kwargs or {}))


class Alive(TorchDispatchMode):
    """Adds up the bytes of all tensors that are alive, but for those that were there before."""

    def __init__(self, before: set[int]) -> None:
        super().__init__()
        self.peak = 0
        self._before = before
        self._alive: dict[int, tuple[StorageWeakRef, int]] = {}
        self._at_most = 0  # the bytes alive, and of some that died since they were last counted

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None):
        result = function(*args, **(kwargs or {}))
        for tensor in tree_iter(result):
            if isinstance(tensor, torch.Tensor) and tensor.device.type == "meta":
                self._enter(tensor.untyped_storage())
        if self._at_most > self.peak:
            self._alive = {k: kept for k, kept in self._alive.items() if not kept[0].expired()}
            self._at_most = sum(size for _, size in self._alive.values())
            self.peak = max(self.peak, self._at_most)
        return result

    def _enter(self, storage: torch.UntypedStorage) -> None:
        key = storage._cdata
        known = self._alive.get(key)
        if key not in self._before and (known is None or known[0].expired()):
            self._alive[key] = (StorageWeakRef(storage), storage.nbytes())
            self._at_most += storage.nbytes()


def peak_of(run: Callable[[], Any], *modules: torch.nn.Module) -> int:
    """The most bytes alive at a time while `run` runs, without the weights of `modules`."""
    before = {t.untyped_storage()._cdata for m in modules for t in m.state_dict().values()}
    gc.collect()
    alive = Alive(before)
    with torch.no_grad(), Fused(), alive:
        run()
    return alive.peak


def on_meta(layout: str) -> SimpleNamespace:
    """The UNet and autoencoder of a layout that comes along, float16, without numbers."""
    from diffusers import AutoencoderKL, UNet2DConditionModel

    folder = SHIPPED / "layouts" / layout
    with torch.device("meta"):
        unet = UNet2DConditionModel.from_config(_config(folder / "unet")).half()
        vae = AutoencoderKL.from_config(_config(folder / "vae"))
    return SimpleNamespace(unet=unet, vae=vae, vae_scale_factor=8, layout=layout)


def count() -> None:
    """Print counted and estimated peaks for the plans that 7.5 GiB lead to."""
    import diffusers

    diffusers.utils.logging.set_verbosity_error()
    print("GiB                                              plan, within 7.5 GiB")
    for layout in ("sd15", "sdxl"):
        taken = _footprint_of(layout)
        for width, height in SIZES:
            sides = (-(-width // 8) * 8, -(-height // 8) * 8)
            task = Task(sides, img2img=True, guided=True)
            for plan in (Plan(), memory.choose(taken, BUDGET, task)):
                counted = _counted(layout, plan, sides)
                estimated = memory.peak_bytes(plan, taken, task)
                print(
                    f"{layout:5} {width:4}x{height:<4} counted {counted / GIB:6.2f} "
                    f"estimated {estimated / GIB:6.2f}  {plan}"
                )
    _count_transformers()


def _counted(layout: str, plan: Plan, sides: tuple[int, int]) -> int:
    """The peak of the largest of encoding, a denoising pass and decoding, with all weights."""
    pipe = on_meta(layout)
    xl = layout == "sdxl"
    vae_type = torch.float32 if xl else torch.float16
    pipe.vae.to(vae_type)
    unet, vae = pipe.unet, pipe.vae
    views.apply(plan, pipe)
    width, height = sides

    def empty(*shape: int, dtype: torch.dtype = torch.float16) -> torch.Tensor:
        return torch.empty(*shape, dtype=dtype, device="meta")

    more = {"time_ids": empty(2, 6), "text_embeds": empty(2, 1280)} if xl else None
    latents = empty(2, 4, height // 8, width // 8)
    words = empty(2, 77, 2048 if xl else 768)

    def draw() -> None:
        pipe.unet(
            latents,
            empty(1),
            encoder_hidden_states=words,
            added_cond_kwargs=more,
            return_dict=False,
        )

    def decode() -> None:
        pipe.vae.decode(empty(1, 4, height // 8, width // 8, dtype=vae_type), return_dict=False)

    def encode() -> None:
        pipe.vae.encode(empty(1, 3, height, width, dtype=vae_type))

    peak = max(peak_of(run, unet, vae) for run in (draw, decode, encode))
    held = sum(t.nbytes for module in (unet, vae) for t in module.state_dict().values())
    text = sum(_footprint_of(layout).text_bytes) if plan.holding == "resident" else 0
    return held + text + peak


@functools.cache
def _footprint_of(layout: str) -> memory.Footprint:
    """What a model of this layout takes in float16, its numbers counted on the meta device."""
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    pipe, folder = on_meta(layout), SHIPPED / "layouts" / layout
    modules = {"unet": pipe.unet, "vae": pipe.vae}
    for encoder in sorted(folder.glob("text_encoder*")):
        with torch.device("meta"):
            modules[encoder.name] = CLIPTextModelWithProjection(CLIPTextConfig(**_config(encoder)))
    configs = {name: _config(folder / name) for name in modules}
    counts = {name: footprint.kept(module) for name, module in modules.items()}
    name = "StableDiffusionXLPipeline" if layout == "sdxl" else "StableDiffusionPipeline"
    return footprint.of_parts(name, configs, counts, "float16")


def _config(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return config


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
        small, large = (peak_of(functools.partial(run, side), model) for side in (64, 90))
        print(f"{name:28} {(large - small) / 2 / (90 * 90 - 64 * 64) / width:5.1f}")


def _pass(model: Any, inputs: Callable[[int], dict[str, Any]], side: int) -> None:
    model(**inputs(side), return_dict=False)


def measure() -> None:
    """Print the peak memory of finals of the model that comes along, each in a process alone."""
    print("megabytes above those of a small final      estimated")
    for width, height in ((640, 640), (1920, 1088), (3840, 2160)):
        for plan in ("resident", ""):
            command = [sys.executable, __file__, "one", str(width), str(height), plan]
            ran = subprocess.run(command, capture_output=True, text=True, check=True)
            print(f"{width:4}x{height:<4} {ran.stdout.splitlines()[-1]}", flush=True)


def one(width: int, height: int, plan: str) -> None:
    """Render one final in this process and print what it took."""
    import resource

    engine = Engine(POSTCARD, None, device="cpu")
    source = Image.new("RGB", (256, 256), "teal")
    engine.render(_final(256, 256, steps=2), source)

    def peak_bytes() -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    before = peak_bytes()
    text = engine.render(_final(width, height, steps=2), source, plan=plan).facts.memory_plan
    taken = engine.load("postcard").footprint
    task = Task((width, height), img2img=True, guided=True)
    held = taken.denoiser_bytes + sum(taken.text_bytes) + taken.vae_bytes
    estimated = memory.peak_bytes(memory.parse(text), taken, task) - held
    print(f"{(peak_bytes() - before) / 1e6:6.0f} {estimated / 1e6:6.0f}  {text}")


def seconds(rounds: int) -> None:
    """Print CPU seconds a megapixel; CPU time of one thread, so other programs hardly matter."""
    engine = Engine(POSTCARD, None, device="cpu", threads=1)
    source = Image.new("RGB", (320, 180), "teal")
    engine.render(_final(256, 256, steps=2), source)
    spent: dict[tuple[int, int], list[float]] = {}
    for _ in range(rounds):
        for sides in ((1072, 608), (1344, 752), (1920, 1088), (3840, 2160)):
            began = time.process_time()
            plan = engine.render(_final(*sides, steps=4), source).facts.memory_plan
            spent.setdefault(sides, []).append(time.process_time() - began)
            print(sides, plan, f"{spent[sides][-1]:.1f} s", flush=True)
    each = {}
    for (width, height), runs in spent.items():
        each[width, height] = min(runs) / (width * height / 1e6)
        print(f"{width}x{height}: {each[width, height]:.2f} s a megapixel")
    print(f"largest by smallest: {max(each.values()) / min(each.values()):.2f}")


def seams(folder: Path) -> None:
    """Compare windowed with whole finals of the same recipes, at the windows' borders.

    The measure: how much two px differ that lie side by side, on average over a border line of the
    windows, by the same on all lines; and the same for the means of strips of 16 px to both sides,
    which sees a soft change of tone. A whole picture has no borders: its numbers, on the same
    lines, say what the pictures themselves do there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    engine = Engine(POSTCARD, None, device="cpu")
    found: dict[str, list[tuple[float, float]]] = {}
    for seed in range(2):
        draft = msgspec.structs.replace(_final(256, 256), seed=seed, source=None, strength=None)
        source = engine.render(draft).image
        for sides in ((640, 640), (1024, 576)):
            recipe = msgspec.structs.replace(_final(*sides), seed=seed + 100, source=draft)
            windowed = engine.render(recipe, source)
            plan = memory.parse(windowed.facts.memory_plan)
            tiled = engine.render(recipe, source, plan="resident, vae tiles 512/128").image
            whole = engine.render(recipe, source, plan="resident").image
            by_tiles = Plan(windows=memory.Windows(512, 512, 128))
            for kind, image, borders in (
                ("windowed", windowed.image, plan),
                ("whole, on the windows' lines", whole, plan),
                ("tiled", tiled, by_tiles),
                ("whole, on the tiles' lines", whole, by_tiles),
            ):
                found.setdefault(kind, []).append(_seam(image, borders))
                name = f"{seed}-{sides[0]}-{kind.partition(',')[0]}.png"
                image.save(folder / name)
            print(seed, sides, plan, flush=True)
    for kind, pairs in found.items():
        steps, tones = (float(np.mean(values)) for values in zip(*pairs, strict=True))
        print(f"{kind:30} step {steps:.2f}  tone {tones:.2f}")


def _seam(image: Image.Image, plan: Plan) -> tuple[float, float]:
    """(step, tone): how much more the picture changes across the windows' borders; 1 is none."""
    assert plan.windows is not None
    numbers = np.asarray(image, dtype=np.float64)
    windows = (plan.windows.height, plan.windows.width)
    steps, tones = [], []
    for axis, window in enumerate(windows):
        lines = np.moveaxis(numbers, axis, 0)
        length = len(lines)
        starts = grid.starts(length // 16, window // 16, plan.windows.overlap // 16)
        borders = {16 * start for start in starts} | {16 * start + window for start in starts}
        borders = {border for border in borders if 16 <= border <= length - 16}
        if not borders:
            continue
        step = {at: np.abs(lines[at] - lines[at - 1]).mean() for at in range(16, length - 15)}
        sums = np.concatenate([np.zeros_like(lines[:1]), lines.cumsum(axis=0)])
        tone = {
            at: np.abs(sums[at + 16] - 2 * sums[at] + sums[at - 16]).mean() / 16
            for at in range(16, length - 15)
        }
        for measured, kept in ((step, steps), (tone, tones)):
            kept.append(
                np.mean([measured[at] for at in borders]) / np.mean(list(measured.values()))
            )
    return float(np.mean(steps)), float(np.mean(tones))


def _final(width: int, height: int, steps: int = 12) -> Recipe:
    """A final of the model that comes along."""
    draft = Recipe(
        prompt="a castle by a lake at sunset, mountains",
        seed=7,
        width=256,
        height=256,
        multiple=16,
        model="postcard",
        scheduler="DPM++ 2M SDE",
        steps=12,
        guidance_scale=3.5,
    )
    return msgspec.structs.replace(
        draft, width=width, height=height, steps=steps, strength=0.5, source=draft
    )


def main() -> None:
    """Run the part that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["count", "measure", "seconds", "seams", "one"])
    parser.add_argument("more", nargs="*")
    options = parser.parse_args()
    if options.what == "one":
        width, height, plan = options.more
        one(int(width), int(height), plan)
    elif options.what == "seconds":
        seconds(int(options.more[0]) if options.more else 3)
    elif options.what == "seams":
        seams(Path(options.more[0]))
    else:
        {"count": count, "measure": measure}[options.what]()


if __name__ == "__main__":
    main()
