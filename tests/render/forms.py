"""Forty forms that people have the same weights in, each beside a folder of diffusers' with them.

A form is a function that writes files into a folder and returns two models: what a profile says for
these files, and the folder.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import gguf
import torch
from safetensors.torch import load_file, save_file

from hotfolder.recipes.model import Model
from tests.render import tiny_single
from tests.render.originals import NAMES, Tensors, original, prefixed

Pair = tuple[Model, Model]
DENOISER = "model.diffusion_model."


@dataclass(frozen=True, slots=True)
class Place:
    """Where forms are made: an empty folder, the tiny layouts, the zoo, and the hub's cache."""

    folder: Path
    layouts: Path
    zoo: Path
    hub: Path

    def cache(self, repository: str, family: str) -> None:
        """Put a family's small files into the hub's cache, and none of its weights."""
        to = self.hub / f"models--{repository.replace('/', '--')}" / "snapshots" / "main"
        if not to.exists():
            weights = shutil.ignore_patterns("*.safetensors")
            shutil.copytree(self.zoo / family, to, ignore=weights)


@cache
def _made(layout: Path) -> tuple[Tensors, dict[str, Any]]:
    """The tensors of a random model of this layout, and its parts as diffusers has them."""
    path = layout.parent.parent / f"{layout.name}.safetensors"
    parts = tiny_single.write(path, layout)
    return load_file(path), parts


@cache
def _folder(layout: Path) -> Path:
    """The same model as a folder of diffusers'."""
    to = layout.parent.parent / layout.name
    return tiny_single.folder(layout, _made(layout)[1], to)


Form = Callable[[Place], Pair]
FORMS: dict[str, Form] = {}


def form(name: str) -> Callable[[Form], Form]:
    """Enters a form under its name."""

    def enter(function: Form) -> Form:
        FORMS[name] = function
        return function

    return enter


def half(tensors: Tensors) -> Tensors:
    return {n: t.half() if t.is_floating_point() else t for n, t in tensors.items()}


def eight_bits(tensors: Tensors, scaled: str) -> tuple[Tensors, Tensors]:
    """(as other programs store them in eight bits, what they stand for) of a denoiser's weights.

    `scaled` is the ending of the scales' names, "" for none.
    """
    stored, meant = dict(tensors), dict(tensors)
    for name, tensor in tensors.items():
        if tensor.dim() < 2 or not tensor.is_floating_point() or not name.startswith(DENOISER):
            continue
        factor = 0.5 if scaled else 1.0
        stored[name] = (tensor / factor).to(torch.float8_e4m3fn)
        meant[name] = stored[name].to(tensor.dtype) * factor
        if scaled and name.endswith(".weight"):
            stored[name.removesuffix(".weight") + scaled] = torch.tensor(factor)
    if scaled == ".scale_weight":
        stored["scaled_fp8"] = torch.zeros(2, dtype=torch.float8_e4m3fn)
    return stored, meant


# Stable Diffusion 1.x, 2.x, XL: one file, or parts of it.


def _single(layout: str, change: Callable[[Tensors], Tensors], **says: Any) -> Form:
    """A whole model in one file, `change`d; the folder holds what it was before."""

    def make(place: Place) -> Pair:
        path = place.folder / "model.safetensors"
        folder = shutil.copytree(_folder(place.layouts / layout), place.folder / "folder")
        save_file(change(_made(place.layouts / layout)[0]), path, says.get("metadata"))
        if prediction := says.get("prediction"):
            _predicts(folder, prediction, says.get("zero_snr", False))
        more = says.get("more", {})
        return Model(source="./model.safetensors", **more), Model(source="./folder")

    return make


def _predicts(folder: Path, prediction: str, zero_snr: bool) -> None:
    config = folder / "scheduler" / "scheduler_config.json"
    told = {**json.loads(config.read_text()), "prediction_type": prediction}
    if prediction == "v_prediction":
        told |= {"timestep_spacing": "trailing", "rescale_betas_zero_snr": zero_snr}
    config.write_text(json.dumps(told))


def _old_clip(tensors: Tensors) -> Tensors:
    return {
        name.replace("transformer.text_model.", "transformer."): t for name, t in tensors.items()
    }


def _merged(tensors: Tensors) -> Tensors:
    """With what merging programs leave beside the weights."""
    more = {
        "model_ema.decay": torch.tensor(0.9999),
        "betas": torch.zeros(1000),
        "alphas_cumprod": torch.zeros(1000),
        "cond_stage_model.transformer.text_model.embeddings.position_ids": torch.arange(77)[None],
    }
    return {**tensors, **more}


def _marked(*marks: str) -> Callable[[Tensors], Tensors]:
    return lambda tensors: {**tensors, **{mark: torch.zeros(1) for mark in marks}}


def _as_it_is(tensors: Tensors) -> Tensors:
    return tensors


V = {"prediction": "v_prediction"}
FORMS |= {
    "SD 1.x": _single("sd15", _as_it_is),
    "SD 1.x, old names of the text encoder": _single("sd15", _old_clip),
    "SD 1.x, merged": _single("sd15", _merged),
    "SD 1.x, its metadata say v-prediction": _single(
        "sd15", _as_it_is, metadata={"modelspec.prediction_type": "v"}, **V
    ),
    "SD 2.x, v-prediction by its profile": _single(
        "sd21", _as_it_is, more={"prediction_type": "v_prediction"}
    ),
    "SD 2.x, noise by its profile": _single(
        "sd21", _as_it_is, more={"prediction_type": "epsilon"}, prediction="epsilon"
    ),
    "SDXL": _single("sdxl", _as_it_is),
    "SDXL, marked as v-prediction": _single("sdxl", _marked("v_pred"), **V),
    "SDXL, marked as v-prediction to zero": _single(
        "sdxl", _marked("v_pred", "ztsnr"), zero_snr=True, **V
    ),
    "SDXL, its metadata say v-prediction": _single(
        "sdxl", _as_it_is, metadata={"modelspec.prediction_type": "v"}, **V
    ),
    "SDXL, v-prediction by its profile": _single(
        "sdxl", _as_it_is, more={"prediction_type": "v_prediction"}, **V
    ),
    "SDXL, v-prediction to zero by its profile": _single(
        "sdxl",
        _as_it_is,
        more={"prediction_type": "v_prediction", "zero_terminal_snr": True},
        zero_snr=True,
        **V,
    ),
}


def _eight_bit_file(layout: str, scaled: str) -> Form:
    def make(place: Place) -> Pair:
        path = place.folder / "model.safetensors"
        stored, meant = eight_bits(_made(place.layouts / layout)[0], scaled)
        save_file(meant, path)
        save_file(stored, place.folder / "eight.safetensors")
        return Model(source="./eight.safetensors"), Model(source="./model.safetensors")

    return make


FORMS |= {
    "SD 1.x in fp8": _eight_bit_file("sd15", ""),
    "SD 1.x in scaled fp8": _eight_bit_file("sd15", ".scale_weight"),
    "SDXL in scaled fp8, newer names": _eight_bit_file("sdxl", ".weight_scale"),
}


def _apart(layout: str, prefix: str, to: str, change: Callable[[Tensors], Tensors]) -> Form:
    """An autoencoder of its own beside a file without one."""

    def make(place: Place) -> Pair:
        path = place.folder / "model.safetensors"
        tensors, _ = _made(place.layouts / layout)
        own = {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
        save_file({n: t for n, t in tensors.items() if not n.startswith(prefix)}, path)
        save_file(prefixed(to)(change(own)), place.folder / "vae.safetensors")
        folder = str(_folder(place.layouts / layout))
        return Model(source="./model.safetensors", vae="./vae.safetensors"), Model(source=folder)

    return make


for told, to in {
    "without": "",
    "with their first": "first_stage_model.",
    "with another": "vae.",
}.items():
    FORMS[f"SDXL without VAE, a VAE {told} prefix"] = _apart(
        "sdxl", "first_stage_model.", to, _as_it_is
    )


@form("SD 1.x with a VAE in diffusers' names")
def _diffusers_vae(place: Place) -> Pair:
    path = place.folder / "model.safetensors"
    tensors, parts = _made(place.layouts / "sd15")
    save_file(tensors, path)
    save_file(parts["vae"].state_dict(), place.folder / "vae.safetensors")
    folder = str(_folder(place.layouts / "sd15"))
    return Model(source="./model.safetensors", vae="./vae.safetensors"), Model(source=folder)


def _unet(layout: str, change: Callable[[Tensors], Tensors] | None) -> Form:
    """A UNet alone over a folder whose own has other weights; None: in diffusers' names."""

    def make(place: Place) -> Pair:
        whole, parts = _made(place.layouts / layout)
        folder = _folder(place.layouts / layout)
        base = shutil.copytree(folder, place.folder / "base")
        next((base / "unet").glob("*.safetensors")).unlink()
        own = {n: t for n, t in whole.items() if n.startswith(DENOISER)}
        tensors = change(own) if change else parts["unet"].state_dict()
        save_file(
            {n: t.contiguous() for n, t in tensors.items()}, place.folder / "unet.safetensors"
        )
        return Model(source="./base", transformer="./unet.safetensors"), Model(source=str(folder))

    return make


def _bare(tensors: Tensors) -> Tensors:
    return {name.removeprefix(DENOISER): tensor for name, tensor in tensors.items()}


FORMS |= {
    "SD 1.x, its UNet alone": _unet("sd15", _as_it_is),
    "SD 1.x, its UNet alone in diffusers' names": _unet("sd15", None),
    "SDXL, its UNet alone": _unet("sdxl", _as_it_is),
    "SDXL, its UNet alone without a prefix": _unet("sdxl", _bare),
    "SDXL, its UNet alone in diffusers' names": _unet("sdxl", None),
}


# Transformers: their denoisers alone, split, or all in one.


def denoiser(folder: Path) -> Tensors:
    return load_file(next((folder / "transformer").glob("*.safetensors")))


def _alone(family: str, to: str, own_names: bool = True) -> Form:
    """A denoiser alone, in its makers' names or in diffusers', over a folder without one."""

    def make(place: Place) -> Pair:
        base = shutil.copytree(place.zoo / family, place.folder / "base")
        state = denoiser(base)
        next((base / "transformer").glob("*.safetensors")).unlink()
        tensors = original(family, state) if own_names else state
        save_file(prefixed(to)(tensors), place.folder / "one.safetensors")
        source = str(place.zoo / family)
        return Model(source="./base", transformer="./one.safetensors"), Model(source=source)

    return make


ALONE = {
    "SD 3": "sd3",
    "FLUX.1 schnell": "schnell",
    "FLUX.1 dev": "dev",
    "FLUX.2 Klein": "klein",
    "Chroma": "chroma",
    "Qwen-Image": "qwen",
    "Z-Image": "z-image",
    "Lumina 2": "lumina",
    "FLUX.2 dev": "flux2",
    "Krea 2": "krea",
    "Qwen-Image 2.1": "qwen2",
    "HiDream": "hidream",
    "AuraFlow": "aura",
    "Sana": "sana",
}
for told, family in ALONE.items():
    FORMS[f"{told}, its transformer alone"] = _alone(family, "")
    FORMS[f"{told}, its transformer alone under ComfyUI's prefix"] = _alone(family, DENOISER)
for told, family in {t: f for t, f in ALONE.items() if NAMES[f]}.items():
    FORMS[f"{told}, its transformer alone in diffusers' names"] = _alone(family, "", False)


def _gguf(family: str) -> Form:
    """A denoiser as GGUF in eight bits, beside a file with the numbers that those stand for."""

    def make(place: Place) -> Pair:
        base = shutil.copytree(place.zoo / family, place.folder / "base")
        own = original(family, denoiser(base))
        writer = gguf.GGUFWriter(place.folder / "one.gguf", "diffusion")
        meant = dict(own)
        for name, tensor in own.items():
            numbers = tensor.float().numpy()
            if tensor.dim() == 2 and tensor.shape[1] % 32 == 0 and "layers.0." in name:
                packed = gguf.quants.quantize(numbers, gguf.GGMLQuantizationType.Q8_0)
                writer.add_tensor(name, packed, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
                numbers = gguf.quants.dequantize(packed, gguf.GGMLQuantizationType.Q8_0)
                meant[name] = torch.from_numpy(numbers).half()  # as diffusers unpacks them
            else:
                writer.add_tensor(name, numbers)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        next((base / "transformer").glob("*.safetensors")).unlink()
        save_file(
            {n: t.float().contiguous() for n, t in meant.items()}, place.folder / "m.safetensors"
        )
        return (
            Model(source="./base", transformer="./one.gguf"),
            Model(source="./base", transformer="./m.safetensors"),
        )

    return make


PACKED = {"Z-Image": "z-image", "Lumina 2": "lumina"}
FORMS |= {f"{told} as GGUF": _gguf(family) for told, family in PACKED.items()}

# What the text encoders of a family are called in files that have all in one.
_TEXTS = {
    "schnell": {"text_encoder": "clip_l", "text_encoder_2": "t5xxl"},
    "sd3": {"text_encoder": "clip_l", "text_encoder_2": "clip_g"},
    "klein": {"text_encoder": "qwen3_4b"},
    "z-image": {"text_encoder": "qwen3_4b"},
    "qwen": {"text_encoder": "qwen25_7b"},
    "lumina": {"text_encoder": "gemma2_2b"},
    "chroma": {"text_encoder": "t5xxl"},
    "flux2": {"text_encoder": "mistral_3_small_flux2"},
    "krea": {"text_encoder": "qwen3vl_4b"},
    "qwen2": {"text_encoder": "qwen3vl_8b"},
    "aura": {"text_encoder": "pile_t5xl"},
    "sana": {"text_encoder": "gemma_2_2b"},
    "hidream": {
        "text_encoder": "clip_l_hidream",
        "text_encoder_2": "clip_g_hidream",
        "text_encoder_3": "t5xxl",
        "text_encoder_4": "llama",
    },
}
_REPOSITORIES = {
    "schnell": "black-forest-labs/FLUX.1-schnell",
    "z-image": "Tongyi-MAI/Z-Image-Turbo",
    "lumina": "Alpha-VLLM/Lumina-Image-2.0",
    "qwen": "Qwen/Qwen-Image",
    "klein": "black-forest-labs/FLUX.2-klein-4B",
    "chroma": "lodestones/Chroma1-HD",
    "sd3": "stabilityai/stable-diffusion-3-medium-diffusers",
    "flux2": "black-forest-labs/FLUX.2-dev",
    "krea": "krea/Krea-2-Turbo",
    "qwen2": "Qwen/Qwen-Image-2.1",
    "aura": "fal/AuraFlow-v0.3",
    "sana": "Efficient-Large-Model/Sana_1600M_1024px_diffusers",
    "hidream": "HiDream-ai/HiDream-I1-Dev",
}


def _part(place: Place, family: str, part: str) -> Tensors:
    return load_file(next((place.zoo / family / part).glob("*.safetensors")))


def _split(family: str) -> Form:
    """Each part in a file of its own, over a folder without any weights."""

    def make(place: Place) -> Pair:
        ignored = shutil.ignore_patterns("*.safetensors")
        base = shutil.copytree(place.zoo / family, place.folder / "base", ignore=ignored)
        parts = _TEXTS[family]
        if "text_encoder_4" in parts:  # of HiDream: tiny CLIPs are all of one size
            for part in ("text_encoder", "text_encoder_2"):
                shutil.copytree(place.zoo / family / part, base / part, dirs_exist_ok=True)
            parts = {part: name for part, name in parts.items() if "clip" not in name}
        state = original(family, denoiser(place.zoo / family))
        save_file(state, place.folder / "one.safetensors")
        save_file(_part(place, family, "vae"), place.folder / "ae.safetensors")
        for part, name in parts.items():
            save_file(_part(place, family, part), place.folder / f"{name}.safetensors")
        texts = [f"./{name}.safetensors" for name in parts.values()]
        split = Model(
            source="./base",
            transformer="./one.safetensors",
            text_encoder=texts if len(texts) > 1 else texts[0],
            vae="./ae.safetensors",
        )
        return split, Model(source=str(place.zoo / family))

    return make


def _all_in_one(family: str) -> Form:
    """Everything in one file; the small files with its shape lie in the hub's cache."""

    def make(place: Place) -> Pair:
        place.cache(_REPOSITORIES[family], family)
        whole = prefixed(DENOISER)(original(family, denoiser(place.zoo / family)))
        whole |= prefixed("vae.")(_part(place, family, "vae"))
        for part, name in _TEXTS[family].items():
            prefix = f"text_encoders.{name}.transformer."
            whole |= prefixed(prefix)(_part(place, family, part))
        save_file(whole, place.folder / "whole.safetensors")
        return Model(source="./whole.safetensors"), Model(source=str(place.zoo / family))

    return make


WHOLE = {
    "FLUX.1 schnell": "schnell",
    "FLUX.2 Klein": "klein",
    "Qwen-Image": "qwen",
    "Z-Image": "z-image",
    "Lumina 2": "lumina",
    "Chroma": "chroma",
    "SD 3": "sd3",
    "FLUX.2 dev": "flux2",
    "Krea 2": "krea",
    "Qwen-Image 2.1": "qwen2",
    "HiDream": "hidream",
    "AuraFlow": "aura",
    "Sana": "sana",
}
for told, family in WHOLE.items():
    if family != "sd3":  # whose tiny CLIPs are of one size, so that nothing tells them apart
        FORMS[f"{told} in files for each part"] = _split(family)
    FORMS[f"{told}, all in one file"] = _all_in_one(family)

_BOTH = {"sd", "sdxl"}  # Stable Diffusion 1.x and XL come in all of these
IN_FILES = {
    "in one file": _BOTH | {*WHOLE.values()},
    "parts in files": _BOTH | {*ALONE.values()},
    "in 8 bits": _BOTH | {*PACKED.values()},
}
"""The models of the zoo that are tried in files: whole, part by part, and stored in eight bits."""
