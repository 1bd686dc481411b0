"""What is in a file of weights, told from its tensors' names and shapes: nothing else is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from hotfolder.render.models import families, header
from hotfolder.render.models.family import Family
from hotfolder.render.models.header import Header, Shapes

T = TypeVar("T")
Kind = Literal[
    "model", "denoiser", "text encoder", "autoencoder", "LoRA", "embedding", "ControlNet", ""
]
DENOISER = "model.diffusion_model."
VAE = ("first_stage_model.", "vae.")

_TEXT = re.compile(
    r"text_encoders\.[^.]+\.(?:transformer\.)?|cond_stage_model\.(?:transformer|model)\."
    r"|conditioner\.embedders\.\d\.(?:transformer|model)\."
)
_BARE = (DENOISER, "diffusion_model.", "transformer.", "model.")  # prefixes of denoisers alone
_LORA = re.compile(
    r"\.(lora[._](down|up|A|B|linear_layer)\b|hada_w|lokr_w|oft_|dora_scale|diff(_b)?$|on_input)|_lora\."
    r"|^lora_(unet|te|transformer)"
)
_CONTROL = ("control_model.", "controlnet_", "input_hint_block.", "control_")
_WORDS = {"emb_params", "clip_l", "clip_g", "*", "t5xxl"}
_WORD_WIDTHS = (768, 1024, 1280, 2048, 4096)
_MOST_VECTORS = 256  # of a word
_CLIP = "embeddings.position_embedding.weight"
_CLIP_G_WIDTH, _CLIP_H_WIDTH = 1280, 1024
_OPEN_CLIP = "positional_embedding"
_LLM = "layers.0.self_attn.q_proj.weight"
_T5 = "encoder.block.0.layer.0.SelfAttention.q.weight"
_VAE_MARKS = ("decoder.conv_in.weight", "decoder.conv1.weight", "decoder.conv_in.conv.weight")

_COMFY, _EIGHT = ".comfy_quant", "F8"  # a layer that ComfyUI packed; a format that is read here
# What weights are stored in that cannot be told from plain numbers once they are read.
_PACKED = {
    ".quant_state.bitsandbytes__nf4": "bitsandbytes' four-bit format (nf4)",
    ".quant_state.bitsandbytes__fp4": "bitsandbytes' four-bit format (fp4)",
    ".absmax": "a format of bitsandbytes",
    ".weight_scale_2": "NVIDIA's four-bit format (nvfp4)",
    ".wscales": "Nunchaku's four-bit format (SVDQuant)",
    ".qweight": "another program's format",
    ".SCB": "bitsandbytes' eight-bit format (int8)",
}


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds, and of which family, where that can be told.

    `form` is diffusers' word for this kind of checkpoint ("xl_base", "flux-dev"), `origin` what has
    the rest: a folder of `models/layouts`, or a repository of the hub. A "model" has at least its
    denoiser and a text encoder or an autoencoder; `has_text` and `has_vae` say which.
    `reads` says of a text encoder alone what it is: "CLIP-L", "CLIP-G", "T5" or "LLM".
    `prediction` is what the file says that it predicts, if it does; `zero_snr` whether its
    schedule ends in pure noise.
    """

    kind: Kind
    form: str = ""
    family: Family | None = None
    origin: str = ""
    readers: tuple[str, ...] = ()
    has_vae: bool = False
    prediction: str = ""
    zero_snr: bool = False


def of_file(path: Path) -> Contents:
    """What is in a .safetensors or .gguf file. Raises RenderError and ModelMissingError."""
    try:
        stat = path.stat()
    except OSError:
        return of_header(header.read(path))  # raises, with a sentence
    return _remembered(path, stat.st_size, stat.st_mtime_ns, stat.st_ino)


@lru_cache(maxsize=4096)
def _remembered(path: Path, *_: int) -> Contents:
    return of_header(header.read(path))


def of_header(head: Header) -> Contents:
    """What a file with this header holds."""
    names = head.shapes
    if any(map(_LORA.search, names)):
        return Contents("LoRA")
    if _is_word(names):
        return Contents("embedding")
    if any(name.startswith(_CONTROL) for name in names):
        return Contents("ControlNet")
    if form := form_of(names):
        family, origin = families.of_checkpoint(form) or (None, "")
        inside = text_encoders(names).items()
        readers = tuple(filter(None, (_reader(each, prefix) for prefix, each in inside)))
        vae = any(name.startswith(VAE) for name in names)
        kind: Kind = "model" if readers or vae else "denoiser"
        return Contents(kind, form, family, origin, readers, vae, *_prediction(head))
    if reader := _reader(names):
        return Contents("text encoder", readers=(reader,))
    if any(_stripped(name, VAE) in _VAE_MARKS for name in names):
        return Contents("autoencoder")
    return Contents("")


def packed(path: Path, head: Header) -> str:
    """A sentence for weights that are packed in a way that is not read here; "" for others."""
    for name in head.shapes:
        how = next((told for ending, told in _PACKED.items() if name.endswith(ending)), "")
        stem = name.removesuffix(_COMFY)
        if stem != name and not head.formats.get(f"{stem}.weight", _EIGHT).startswith(_EIGHT):
            how = "a format of ComfyUI (int8, int4 or the like)"
        if how:
            return (
                f"{path.name} stores its weights in {how}, which only the program that "
                "wrote them can unpack; use the plain file (fp16, bf16 or fp8), or a .gguf"
            )
    return ""


def form_of(names: Shapes) -> str:
    """diffusers' word for the kind of checkpoint that these tensors are, or our own; "" for none.

    Families are asked first, since diffusers looks at the text encoder where the denoiser would
    do, and calls all that it does not know Stable Diffusion 1.
    """
    bare = denoiser_names(names)
    for family in families.known():
        if family.recognises and (form := family.recognises(bare)):
            return form
    return _by_diffusers({**names, **bare})


def denoiser_names(names: Shapes) -> Shapes:
    """The denoiser's tensors by their names without a prefix."""
    for prefix in _BARE:
        if any(name.startswith(prefix) for name in names):
            cut = len(prefix)
            return {n[cut:]: shape for n, shape in names.items() if n.startswith(prefix)}
    return names


def text_encoders(names: Mapping[str, T]) -> dict[str, dict[str, T]]:
    """What is below each text encoder's prefix in a whole model, by that prefix."""
    found: dict[str, dict[str, T]] = {}
    for name, tensor in names.items():
        if match := _TEXT.match(name):
            found.setdefault(match[0], {})[name[match.end() :]] = tensor
    return found


def _by_diffusers(names: Shapes) -> str:
    from diffusers.loaders.single_file_utils import infer_diffusers_model_type

    known: dict[str, Any] = {name: _Shaped(shape) for name, shape in names.items()}
    try:
        kind: str = infer_diffusers_model_type(known)
    except (LookupError, UnboundLocalError, ValueError, TypeError, AttributeError):
        return ""  # it expects a tensor, or a side of one, that is not there
    return "" if kind == "v1" else kind


@dataclass(frozen=True, slots=True)
class _Shaped:
    """As much of a tensor as is looked at to tell what it is of."""

    shape: tuple[int, ...]


def _is_word(names: Shapes) -> bool:
    if not 1 <= len(names) <= 4 or any(len(shape) > 2 for shape in names.values()):
        return False
    if names.keys() <= _WORDS:
        return True
    shapes = list(names.values())
    return (
        len(shapes) == 1
        and shapes[0][-1:] != ()
        and shapes[0][-1] in _WORD_WIDTHS
        and (len(shapes[0]) == 1 or shapes[0][0] <= _MOST_VECTORS)
    )


def _reader(names: Shapes, prefix: str = "") -> str:
    """What a text encoder is; `prefix` is what its names have in a whole model."""
    if any(name.endswith(_T5) for name in names):
        return "T5"
    position = next((s for n, s in names.items() if n.endswith((_CLIP, _OPEN_CLIP))), None)
    if position is None:
        return "LLM" if any(name.endswith(_LLM) for name in names) else ""
    if prefix:
        second = prefix.startswith(("conditioner.embedders.1", "text_encoders.clip_g"))
        return "CLIP-G" if second else "CLIP-L"
    open_clip = any("resblocks." in name for name in names)
    is_large = position[-1] >= _CLIP_G_WIDTH or (open_clip and position[-1] != _CLIP_H_WIDTH)
    return "CLIP-G" if is_large else "CLIP-L"


def _prediction(head: Header) -> tuple[str, bool]:
    """What the file says that it predicts: by the marks of trainers, or by its metadata."""
    told = head.metadata.get("modelspec.prediction_type", "").lower()
    if "v_pred" in head.shapes or told in ("v", "v_prediction", "v-prediction", "velocity"):
        return "v_prediction", "ztsnr" in head.shapes
    if "ztsnr" in head.shapes:
        return "v_prediction", True
    return ("epsilon" if told in ("epsilon", "eps") else ""), False


def _stripped(name: str, prefixes: Iterable[str]) -> str:
    for prefix in prefixes:
        name = name.removeprefix(prefix)
    return name
