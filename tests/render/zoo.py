"""A tiny model of every family, by the names that tests and the bit campaign use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from tests.render import tiny, tiny_dit, tiny_flow, tiny_flux2, tiny_more, tiny_qwen

Builder = Callable[[Path], Path]

SIBLINGS: dict[str, Builder] = {
    "sd": tiny.stable_diffusion,
    "lcm": tiny.latent_consistency,
    "sdxl": tiny.stable_diffusion_xl,
    "sd3": tiny_flow.stable_diffusion_3,
    "schnell": tiny_flow.flux,
    "dev": lambda folder: tiny_flow.flux(folder, guidance_embeds=True),
    "qwen": tiny_flow.qwen_image,
    "z-image": tiny_flow.z_image,
    "chroma": tiny_dit.chroma,
    "sprint": tiny_dit.sana_sprint,
}
OURS: dict[str, Builder] = {  # diffusers has no img2img for these
    "sana": tiny_dit.sana,
    "pixart": tiny_dit.pixart,
    "pixart-alpha": tiny_dit.pixart_alpha,
    "lumina": tiny_dit.lumina_2,
    "aura": tiny_dit.aura_flow,
    "cogview": tiny_dit.cogview_4,
    "klein": tiny_flux2.klein,
    "flux2": tiny_flux2.flux_2,
    "krea": tiny_qwen.krea_2,
    "qwen2": tiny_qwen.qwen_image_2,
    "nucleus": tiny_qwen.nucleus,
    "ideogram": tiny_qwen.ideogram_4,
    "fibo2": tiny_qwen.fibo_2,
    "longcat": tiny_qwen.longcat,
    "kandinsky5": tiny_qwen.kandinsky_5,
    "hunyuan": tiny_qwen.hunyuan_image,
    "ovis": tiny_more.ovis,
    "ernie": tiny_more.ernie,
    "hidream": tiny_more.hidream,
    "bria": tiny_more.bria,
    "fibo": tiny_more.fibo,
    "prx": tiny_more.prx,
    "cogview3": tiny_more.cogview_3,
    "hunyuan-dit": tiny_more.hunyuan_dit,
    "lumina-next": tiny_more.lumina_next,
}
FAMILIES = {**SIBLINGS, **OURS}
MULTIPLES = {"sana": 32, "sprint": 32, "qwen2": 32}


def build(folder: Path) -> Path:
    """Write a model of each family into `folder`."""
    for name, builder in FAMILIES.items():
        builder(folder / name)
    return folder


def engine(folder: Path) -> Engine:
    """An engine for the models in `folder`, with one thread."""
    models = {name: Model(source=f"./{name}") for name in FAMILIES}
    return Engine(models, folder, device="cpu", threads=1)


def of(family: str, recipe: Recipe, **values: object) -> Recipe:
    """`recipe` for a model of this family, with its own scheduler."""
    multiple = MULTIPLES.get(family, 16)
    values = {"model": family, "scheduler": "model", "multiple": multiple, **values}
    return msgspec.structs.replace(recipe, **values)
