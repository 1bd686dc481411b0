"""How each model family wants to be called, told from the signature of its pipeline."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from hotfolder.errors import RenderError
from hotfolder.recipes.recipe import Recipe

Mode = Literal["txt2img", "img2img"]
AfterStep = Callable[[Any, int, Any], None]


# text-to-image pipeline -> its img2img sibling; "" where diffusers has none with a strength.
FAMILIES: Mapping[str, str] = {
    "StableDiffusionPipeline": "StableDiffusionImg2ImgPipeline",
    "StableDiffusionXLPipeline": "StableDiffusionXLImg2ImgPipeline",
    "LatentConsistencyModelPipeline": "LatentConsistencyModelImg2ImgPipeline",
    "StableDiffusion3Pipeline": "StableDiffusion3Img2ImgPipeline",
    "FluxPipeline": "FluxImg2ImgPipeline",
    "QwenImagePipeline": "QwenImageImg2ImgPipeline",
    "ZImagePipeline": "ZImageImg2ImgPipeline",
    "ChromaPipeline": "ChromaImg2ImgPipeline",
    "SanaSprintPipeline": "SanaSprintImg2ImgPipeline",
    "Kandinsky3Pipeline": "Kandinsky3Img2ImgPipeline",
    "KolorsPipeline": "KolorsImg2ImgPipeline",
    "SanaPipeline": "",
    "PixArtAlphaPipeline": "",
    "PixArtSigmaPipeline": "",
    "AuraFlowPipeline": "",
    "LuminaPipeline": "",
    "Lumina2Pipeline": "",
    "HunyuanDiTPipeline": "",
    "CogView3PlusPipeline": "",
    "CogView4Pipeline": "",
    "Flux2Pipeline": "",
    "Flux2KleinPipeline": "",
    "QwenImage21Pipeline": "",
    "PRXPipeline": "",
    "OvisImagePipeline": "",
    "Krea2Pipeline": "",
}


_CLIP = ("StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline", "StableDiffusionXL", "Latent")


def reads_by_clip_alone(class_name: str) -> bool:
    """Whether pipelines of this name read prompts with CLIP and nothing else."""
    return class_name.startswith(_CLIP)


def name(pipe: Any) -> str:
    """The name of a pipeline's family, as people know it."""
    return type(pipe).__name__.removesuffix("Pipeline").removesuffix("Img2Img")


def trouble(class_name: str, mode: Mode) -> str:
    """A sentence if a model whose model_index.json names this pipeline cannot do `mode`."""
    family = class_name.removesuffix("Pipeline")
    if class_name not in FAMILIES:
        return f"{family} models are none that hotfolder can make pictures with from a prompt"
    if mode == "img2img" and not FAMILIES[class_name]:
        return (
            f"diffusers has no img2img with a strength for {family} models, so their drafts cannot "
            "be refined; choose another profile, or write count = 0 below [refine]"
        )
    return ""


def pipeline(modules: Any, mode: Mode, **others: Any) -> Any:
    """A new pipeline object for `mode` around the loaded modules of the pipeline `modules`.

    `others` are components to take instead of the loaded ones: the scheduler, always.
    It costs 1.5 ms and shares nothing but weights with any other, so one render can interrupt
    another. Raises RenderError where diffusers has no such pipeline for the family.
    """
    import diffusers

    name = type(modules).__name__
    if says := trouble(name, mode):
        raise RenderError(says)
    wanted = getattr(diffusers, name if mode == "txt2img" else FAMILIES[name])
    # Not by `from_pipe`, which puts shared modules into float32, and knows not every sibling.
    have = {**modules.config, **modules.components, **others}
    pipe = wanted(**{name: have[name] for name in _parameters(wanted.__init__) if name in have})
    pipe.set_progress_bar_config(disable=True)
    return pipe


def take_autoencoder(pipe: Any, vae: Any, path: Path) -> None:
    """Give `pipe` the autoencoder from `path`. Raises RenderError for one with other latents."""
    own, other = pipe.vae.config, vae.config
    if path.is_file():  # without a word on the scale of its latents: the model's own is meant
        vae.register_to_config(scaling_factor=own.get("scaling_factor"))
    for key in ("latent_channels", "scaling_factor", "shift_factor"):
        if own.get(key) != other.get(key):
            raise RenderError(
                f"model.vae: {path.name} is not made for this model, whose latents are others "
                f"({key} {own.get(key)}, not {other.get(key)})"
            )
    pipe.vae = vae


def denoiser(pipe: Any) -> Any:
    """The module that takes the noise out, whatever its family calls it."""
    return pipe.unet if getattr(pipe, "unet", None) is not None else pipe.transformer


def arguments(pipe: Any, recipe: Recipe, canvas: tuple[int, int]) -> dict[str, Any]:
    """The arguments of `pipe` that follow from the recipe; `canvas` is (width, height) in px."""
    names = accepted(pipe)
    width, height = canvas
    wanted = {
        "prompt": recipe.prompt,
        "num_inference_steps": recipe.steps,
        "strength": recipe.strength,
        "width": width,
        "height": height,
        # These families would render at a size that they were trained at, and scale the picture.
        "use_resolution_binning": False,
        **_guidance(pipe, recipe, names),
    }
    if recipe.steps != 2:
        wanted["intermediate_timesteps"] = None  # Sana Sprint's default is for two steps
    return {name: value for name, value in wanted.items() if name in names}


def _guidance(pipe: Any, recipe: Recipe, names: frozenset[str]) -> dict[str, Any]:
    """The guidance scale and negative prompt under the names that the family gives them.

    A pipeline with `true_cfg_scale` (FLUX.1, Qwen-Image) takes as `guidance_scale` a number that
    the model itself was trained to read, if it was; such a model has no use for a negative prompt.
    """
    negative = recipe.negative_prompt
    if "true_cfg_scale" not in names:
        said = {"negative_prompt": negative} if negative else {}  # unsaid, each has a default
        return {"guidance_scale": recipe.guidance_scale, **said}
    if pipe.transformer.config.guidance_embeds:
        return {"guidance_scale": recipe.guidance_scale, "true_cfg_scale": 1.0}
    # FLUX.1 schnell was trained on prompts of 256 tokens; diffusers' default is that of dev.
    length = {"max_sequence_length": 256} if type(pipe).__name__.startswith("Flux") else {}
    if recipe.guidance_scale <= 1:
        return {"true_cfg_scale": 1.0, **length}
    # Without a negative prompt these pipelines switch guidance off; a space stands for none.
    negative = negative or " "
    return {"true_cfg_scale": recipe.guidance_scale, "negative_prompt": negative, **length}


def listen(pipe: Any, arguments: dict[str, Any], after_step: AfterStep) -> None:
    """Have `after_step(pipe, steps, latents)` called after every denoising step.

    `steps` is the number of all steps of this call; `latents` are the loop's own, and may be
    changed in place.
    """
    names = accepted(pipe)
    if "callback_on_step_end" in names:

        def at_end(_: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            after_step(pipe, pipe.num_timesteps, tensors["latents"])
            return tensors

        arguments["callback_on_step_end"] = at_end
    elif "callback" in names:  # how older pipelines do it, PixArt's among them
        steps = arguments["num_inference_steps"]
        arguments["callback"] = lambda step, timestep, latents: after_step(pipe, steps, latents)


def decodes_latents(pipe: Any) -> bool:
    """Whether `pipe` decodes the latents of its loop; a few decode what else their last step gave.

    So those cannot go on from after their last step.
    """
    return not type(pipe).__name__.startswith(("SanaSprint", "LatentConsistency"))


def accepted(pipe: Any) -> frozenset[str]:
    """The names of the arguments that a pipeline takes."""
    return _parameters(pipe.__call__)


def _parameters(function: Any) -> frozenset[str]:
    return frozenset(inspect.signature(function).parameters)
