"""A model put together from files: what each file has is taken from there, the rest from a base.

The base is a folder in diffusers' layout, whose weights may be missing where a file has them: a
folder of `models/layouts`, a repository of the hub, or a folder of the owner's.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from hotfolder.errors import RenderError
from hotfolder.installation import remedy
from hotfolder.render.models import contents, header, scaled
from hotfolder.render.models.family import Family

Chosen = Mapping[str, Path]  # the file that each part of a pipeline is taken from
_TIED = ("embed_tokens.weight", "lm_head.weight", "shared.weight")  # one is enough
_CLIP_G_WIDTH = 1280
_UNASKED = ("logit_scale", "position_ids", "text_projection.weight", "inv_freq")


def assemble(family: Family, folder: Path, chosen: Chosen, dtype: torch.dtype, **given: Any) -> Any:
    """The pipeline of `family` around these files, the rest from `folder`, in `dtype`.

    `given` are parts that are here already, and options of diffusers' from_pretrained. Raises
    RenderError for a file that does not have what it is taken for.
    """
    import diffusers

    index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    states: dict[Path, dict[str, Any]] = {}
    for name, path in chosen.items():
        if name in given:
            continue
        class_name = (index.get(name) or (None, None))[1]
        if class_name is None:
            raise RenderError(f"{family.name} models have no {name}, for which {path.name} is")
        if path.suffix.lower() == header.GGUF:
            given[name] = _quantised(class_name, folder / name, path, dtype)
            continue
        if path not in states:
            states[path] = scaled.read(path, dtype)
        state = states[path]
        if name == family.denoiser:
            prefix = contents.DENOISER if name == "unet" else ""
            given[name] = denoiser(class_name, folder / name, path, state, dtype, prefix)
        elif name == "vae":
            given[name] = autoencoder(class_name, folder / name, path, state, dtype)
        else:
            given[name] = _text_encoder(class_name, folder / name, path, state, dtype)
    states.clear()
    pipeline = getattr(diffusers, family.pipeline)
    options = {"use_safetensors": True, "local_files_only": True, "dtype": dtype}
    return pipeline.from_pretrained(folder, **options, **given)


def denoiser(
    class_name: str,
    config: Path,
    path: Path,
    state: dict[str, Any],
    dtype: torch.dtype,
    prefix: str,
) -> Any:
    """The denoiser in `state`, under any usual prefix, with the shape in the folder `config`.

    `prefix` is the one without which diffusers does not know the names of its makers.
    """
    import diffusers

    kind = getattr(diffusers, class_name)
    bare = contents.denoiser_names(state)
    if prefix and "conv_in.weight" not in bare:
        bare = {prefix + name: tensor for name, tensor in bare.items()}
    try:
        module = kind.from_single_file(dict(bare), config=str(config), dtype=dtype)
    except (ValueError, KeyError, RuntimeError, IndexError) as error:
        raise _misfit(path, "denoiser", class_name) from error
    return _whole(module, path, "denoiser")


def _quantised(class_name: str, config: Path, path: Path, dtype: torch.dtype) -> Any:
    """The denoiser in a .gguf file, which stays in its few bits; it computes in `dtype`."""
    import diffusers

    if importlib.util.find_spec("gguf") is None:
        raise RenderError(
            f"{path.name} is a GGUF file, for which a small package is missing; "
            f"type  {remedy('gguf')}"
        )
    kind = getattr(diffusers, class_name)
    how = diffusers.GGUFQuantizationConfig(compute_dtype=dtype)
    options = {"config": str(config), "quantization_config": how, "dtype": dtype}
    try:
        module = kind.from_single_file(str(path), **options)
    except (ValueError, KeyError, RuntimeError, IndexError) as error:
        raise _misfit(path, "denoiser", class_name) from error
    return _whole(module, path, "denoiser")


def autoencoder(
    class_name: str, config: Path, path: Path, state: dict[str, Any], dtype: torch.dtype
) -> Any:
    """The autoencoder in `state`, under any usual prefix, with the shape in the folder `config`."""
    module = shape(class_name, config)
    own = _below(state, contents.VAE) or state
    try:
        converted = _in_diffusers_names(own, dict(module.config), module.state_dict().keys())
        wrong = module.load_state_dict(converted, strict=False, assign=True)
    except (RuntimeError, KeyError, IndexError) as error:
        raise _misfit(path, "autoencoder", class_name) from error
    if wrong.missing_keys:
        raise _misfit(path, "autoencoder", class_name)
    return module.to(dtype).eval()


def shape(class_name: str, config: Path) -> Any:
    """A module of diffusers' with the shape in the folder `config`, and no numbers yet."""
    import diffusers
    from accelerate import init_empty_weights

    kind = getattr(diffusers, class_name)
    with init_empty_weights():
        return kind.from_config(kind.load_config(str(config)))


def _in_diffusers_names(state: dict[str, Any], config: Any, wanted: Any) -> dict[str, Any]:
    from diffusers.loaders.single_file_utils import (
        convert_ldm_vae_checkpoint,
        convert_wan_vae_to_diffusers,
    )

    if not (wanted - state.keys()):
        return state
    if "decoder.middle.0.residual.0.gamma" in state:  # as Wan and Qwen-Image call them
        converted: dict[str, Any] = convert_wan_vae_to_diffusers(dict(state))
        return converted
    norm = {name: tensor for name, tensor in state.items() if name.startswith("bn.")}
    converted = convert_ldm_vae_checkpoint(dict(state), config)
    return converted | norm


def _text_encoder(
    class_name: str, config: Path, path: Path, state: dict[str, Any], dtype: torch.dtype
) -> Any:
    """The text encoder in `state` that has the shape in the folder `config`."""
    import transformers
    from accelerate import init_empty_weights

    kind = getattr(transformers, class_name)
    shape = kind.config_class.from_pretrained(config)
    with init_empty_weights():
        module = kind(shape)
    wanted = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    groups = contents.text_encoders(state)
    for prefix, tensors in groups.items() or [("", state)]:
        named = _as_module(tensors, wanted, module)
        if named is not None:
            for each in tensors if groups else ():
                del state[prefix + each]  # another may have the same shape
            options = {"config": shape, "state_dict": named, "dtype": dtype}
            return kind.from_pretrained(None, **options).eval()
    raise _misfit(path, "text encoder", class_name)


def _as_module(
    tensors: dict[str, Any], wanted: Mapping[str, tuple[int, ...]], module: Any
) -> dict[str, Any] | None:
    """`tensors` under the names that a module has for them; None where they do not fill it."""
    if "positional_embedding" in tensors:
        from diffusers.loaders.single_file_utils import convert_open_clip_checkpoint

        tensors = convert_open_clip_checkpoint(module, dict(tensors), prefix="")
    here = {_plain(name): tensor for name, tensor in tensors.items()}
    named = {name: here[_plain(name)] for name in wanted if _plain(name) in here}
    sides = wanted.get("text_projection.weight")
    if sides and "text_projection.weight" not in named and sides[0] < _CLIP_G_WIDTH:
        named["text_projection.weight"] = torch.eye(*sides)  # CLIP-L is often kept without it
    lacking = [name for name in wanted if name not in named]
    if not any(name.endswith((*_TIED, "token_embedding.weight")) for name in named):
        return None
    if any(not name.endswith((*_TIED, *_UNASKED)) for name in lacking):
        return None
    if any(tuple(tensor.shape) != wanted[name] for name, tensor in named.items()):
        return None
    return named


def _plain(name: str) -> str:
    """A text encoder's tensor without the words that libraries put before its name."""
    words = name.split(".")
    while words[0] in ("text_model", "model", "language_model", "transformer"):
        words = words[1:]
    return ".".join(words)


def _below(state: Mapping[str, Any], prefixes: tuple[str, ...]) -> dict[str, Any]:
    return {
        name[len(prefix) :]: tensor
        for prefix in prefixes
        for name, tensor in state.items()
        if name.startswith(prefix)
    }


def _whole(module: Any, path: Path, what: str) -> Any:
    """`module` if all of its numbers have arrived."""
    if any(tensor.is_meta for tensor in module.state_dict().values()):
        raise _misfit(path, what, type(module).__name__)
    return module


def _misfit(path: Path, what: str, class_name: str) -> RenderError:
    return RenderError(f"{path.name} has no {what} that fits this model ({class_name})")
