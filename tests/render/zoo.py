"""A tiny model of every family, by the names that tests and the bit campaign use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from hotfolder.recipes.profile import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from tests.render import tiny, tiny_dit, tiny_flow, tiny_flux2

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
    "lumina": tiny_dit.lumina_2,
    "aura": tiny_dit.aura_flow,
    "cogview": tiny_dit.cogview_4,
    "klein": tiny_flux2.klein,
}
FAMILIES = {**SIBLINGS, **OURS}
MULTIPLES = {"sana": 32, "sprint": 32}


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
