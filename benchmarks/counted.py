"""What a whole img2img call takes, memory and work: the real pipeline without any numbers.

On torch's meta device every operation runs and gives a tensor of the right shape, but no numbers.
What is alive is added up after every operation: weights, latents, activations, the picture.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import torch
import torch.nn.functional as F
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter
from torch.utils.flop_counter import FlopCounterMode

from hotfolder.render.memory import footprint, memory_plan, tiling
from hotfolder.render.memory.memory_plan import Plan
from hotfolder.render.models import families, pipelines
from hotfolder.render.models.weights import SHIPPED
from hotfolder.tuning import course, trainer
from hotfolder.tuning import memory as tuning

LAYOUTS = SHIPPED / "layouts"


class Fused(TorchFunctionMode):
    """Attention as graphics cards do it: without a matrix of all pairs."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None):
        if function is F.scaled_dot_product_attention:
            return torch.empty_like(args[0])
        return function(*args, **(kwargs or {}))


class Levels(TorchFunctionMode):
    """Says a noise level where there is none: one at which windows are as large as they get."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None):
        if function is torch.Tensor.__float__ and args[0].device.type == "meta":
            return 972.0
        return function(*args, **(kwargs or {}))


class Alive(TorchDispatchMode):
    """Adds up the bytes of all tensors on the meta device that are alive, weights included."""

    def __init__(self, *modules: torch.nn.Module) -> None:
        super().__init__()
        self.peak = 0
        self._alive: dict[int, tuple[StorageWeakRef, int]] = {}
        self._at_most = 0  # the bytes alive, and of some that died since they were last counted
        for module in modules:
            for tensor in module.state_dict(keep_vars=True).values():
                self._enter(tensor.untyped_storage())

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
        if known is None or known[0].expired():
            if known is not None:
                self._at_most -= known[1]
            self._alive[key] = (StorageWeakRef(storage), storage.nbytes())
            self._at_most += storage.nbytes()


def peak_of(run: Callable[[], Any], *modules: torch.nn.Module) -> int:
    """The most bytes alive at a time while `run` runs, with the weights of `modules`."""
    gc.collect()
    alive = Alive(*modules)
    with torch.no_grad(), Fused(), alive:
        run()
    return alive.peak


def parts(layout: str) -> dict[str, Any]:
    """The modules of SD 1.5 or SDXL, float16, without numbers; by the pipeline's names."""
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    folder = LAYOUTS / layout
    with torch.device("meta"):
        made: dict[str, Any] = {
            "unet": UNet2DConditionModel.from_config(_config(folder / "unet")),
            "vae": AutoencoderKL.from_config(_config(folder / "vae")),
            "text_encoder": CLIPTextModel(CLIPTextConfig(**_config(folder / "text_encoder"))),
        }
        second = folder / "text_encoder_2"
        if second.is_dir():
            config = CLIPTextConfig(**_config(second))
            made["text_encoder_2"] = CLIPTextModelWithProjection(config)
    return {name: module.half() for name, module in made.items()}


def taken(layout: str) -> memory_plan.Footprint:
    """What hotfolder believes that a model of this layout takes in float16."""
    modules = parts(layout)
    configs = {name: _config(LAYOUTS / layout / name) for name in modules}
    counts = {name: footprint.kept(module) for name, module in modules.items()}
    family, _ = families.of_layout(layout)
    return footprint.of_parts(family, configs, counts, "float16")


def peak_bytes(layout: str, plan: Plan, sides: tuple[int, int]) -> int:
    """The peak of a guided refinement by `plan`: texts read, source encoded, steps, decoded."""
    modules = parts(layout)
    texts = [module for name, module in modules.items() if name.startswith("text_")]
    others = [modules["unet"], modules["vae"]]
    resident = texts if plan.holding == "resident" else []
    draw = peak_of(lambda: _draw(layout, modules, plan, sides, 2), *others, *resident)
    read = (
        0
        if plan.holding == "resident"
        else max(
            peak_of(lambda text=text: text(_empty(2, 77, dtype=torch.int64)), *others, text)
            for text in texts
        )
    )
    return max(draw, read)


def work(layout: str, plan: Plan, sides: tuple[int, int], steps: int) -> float:
    """Multiplications and additions of such a refinement with so many denoising steps."""
    few = []
    for count in (1, 2):
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            _draw(layout, parts(layout), plan, sides, count)
        few.append(counter.get_total_flops())
    return float(few[0] + (steps - 1) * (few[1] - few[0]))


def training_peak_bytes(layout: str, plan: tuning.Plan, sides: tuple[int, int]) -> int:
    """The peak of a training step by `plan`: told without the LoRA and with it, and the way back.

    Attention keeps what it was asked, as a graphics card's does. The optimiser's moments are added.
    """
    unet = parts(layout)["unet"]
    family, _ = families.of_layout(layout)
    assert family.tuning is not None
    with torch.device("meta"):
        trainer.add_lora(unet, family.tuning.layers, course.Course(0, 1, 1e-4))
    if plan.checkpoints:
        unet.enable_gradient_checkpointing()
        unet.train()
    count, width, height = plan.together, sides[0] // 8, sides[1] // 8
    states = _empty(count, 77, 2048 if layout == "sdxl" else 768)
    added = {"text_embeds": _empty(count, 1280), "time_ids": _empty(count, 6)}

    def told() -> torch.Tensor:
        said: torch.Tensor = unet(
            _empty(count, 4, height, width),
            _empty(count),
            states,
            added_cond_kwargs=added if layout == "sdxl" else None,
            return_dict=False,
        )[0]
        return said

    def fused(query: Any, key: Any, value: Any, *_: Any, **__: Any) -> Any:
        return query + key.mean(-2, keepdim=True) + value.mean(-2, keepdim=True)

    gc.collect()
    alive = Alive(unet)
    # Patched, since modes for functions do not hold on the way back.
    with mock.patch.object(F, "scaled_dot_product_attention", fused), alive:
        with torch.no_grad(), trainer.without(unet):
            told()
        told().float().square().mean().backward()
    numbers = sum(parameter.numel() for parameter in trainer.weights(unet).values())
    return alive.peak + numbers * (2 if plan.eight_bit else 8)


def _draw(
    layout: str, modules: dict[str, Any], plan: Plan, sides: tuple[int, int], steps: int
) -> None:
    """Call diffusers' own pipeline for so many steps, with the prompt already read."""
    import diffusers

    width, height = sides
    xl = layout == "sdxl"
    scheduler = diffusers.DPMSolverMultistepScheduler(
        beta_schedule="scaled_linear", algorithm_type="sde-dpmsolver++", steps_offset=1
    )
    given = {**modules, "scheduler": scheduler, "tokenizer": None}
    if xl:
        pipe = diffusers.StableDiffusionXLImg2ImgPipeline(
            **given, tokenizer_2=None, add_watermarker=False
        )
        words = {
            "prompt_embeds": _empty(1, 77, 2048),
            "negative_prompt_embeds": _empty(1, 77, 2048),
            "pooled_prompt_embeds": _empty(1, 1280),
            "negative_pooled_prompt_embeds": _empty(1, 1280),
        }
    else:
        pipe = diffusers.StableDiffusionImg2ImgPipeline(
            **given, safety_checker=None, feature_extractor=None, requires_safety_checker=False
        )
        words = {
            "prompt_embeds": _empty(1, 77, 768),
            "negative_prompt_embeds": _empty(1, 77, 768),
        }
    pipe.set_progress_bar_config(disable=True)
    tiling.apply(plan, pipe, pipelines.denoiser(pipe))
    with Levels():
        pipe(
            image=torch.empty(1, 3, height, width),
            strength=0.5,
            num_inference_steps=2 * steps,
            guidance_scale=5.0,
            generator=torch.Generator("cpu").manual_seed(0),
            output_type="pt",
            **words,
        )


def _empty(*shape: int, dtype: torch.dtype = torch.float16) -> torch.Tensor:
    return torch.empty(*shape, dtype=dtype, device="meta")


def _config(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return config
