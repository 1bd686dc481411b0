"""Where a model's files are, whether they are whole and safe to open, and the opening.

Weights are read from safetensors only: a pickle can run code, and so can a model's own Python.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hotfolder.errors import ModelMissingError, RenderError
from hotfolder.recipes import sources
from hotfolder.recipes.model import Model
from hotfolder.render.models import (
    contents,
    diffusers_folder,
    editions,
    families,
    header,
    hub,
    single_file,
    split,
)
from hotfolder.render.models.family import Family

SHIPPED = editions.SHIPPED
_UNCLEAR = "v2"  # some of Stable Diffusion 2 predict noise, some velocity


def locate(model: Model, base: Path | None) -> Path:
    """The diffusers folder or .safetensors file of `model`; fetches nothing.

    Relative paths start at `base`. Raises ModelMissingError with what to do about it, and
    RenderError for files that we do not open.
    """
    source = model.source
    if source.startswith("shipped:"):
        return diffusers_folder.whole(editions.shipped(source), model, base)
    path = (base or Path()) / Path(source).expanduser()
    if path.is_dir():
        return diffusers_folder.whole(path, model, base)
    if path.is_file():
        says = header.piece(path)
        if path.suffix.lower() != header.SAFETENSORS:
            says = f"{path.name} is not a .safetensors file; {header.misnamed(path)}"
        if says:
            raise RenderError(f"model.source: {says}")
        return path
    if source.startswith("hub:") or sources.is_hub_id(source):
        wanted = hub.sources(model, base)[0]
        found = _cached(wanted)
        return found if wanted.file else diffusers_folder.whole(found, model, base)
    says = header.nearest(path) or sources.hint(source)
    raise ModelMissingError(
        f"there is no model at {path}; put its folder or .safetensors file there, "
        f"or correct model.source in the profile{says}"
    )


def here(model: Model, base: Path | None) -> Path | None:
    """Where `model` is, or None for one that would have to be fetched first.

    Raises ModelMissingError and RenderError as `locate` does.
    """
    wanted = next(iter(hub.sources(model, base)), None)
    is_model = wanted is not None and not wanted.part and wanted.repository in model.source
    if is_model and wanted is not None and hub.cached(wanted) is None:
        return None
    return locate(model, base)


def lacking(model: Model, base: Path | None) -> tuple[hub.Source, ...]:
    """What of `model` would have to be fetched before it can be used. Raises RenderError."""
    return tuple(one for one in split.sources(model, base) if not _is_whole(one, model))


def _is_whole(source: hub.Source, model: Model) -> bool:
    path = hub.cached(source)
    if path is None or source.file or source.part:
        return path is not None
    try:
        diffusers_folder.require_parts(path, model, source.without)
    except ModelMissingError:
        return False
    return not source.safety_checker or diffusers_folder.has_weights(path / "safety_checker")


def family(path: Path) -> Family:
    """The family of the model in a diffusers folder or single file. Raises RenderError."""
    return (
        families.of(diffusers_folder.pipeline_class(path))
        if path.is_dir()
        else single_file.family(path)[0]
    )


def load(path: Path, model: Model, dtype: Any, base: Path | None = None) -> Any:
    """The pipeline at `path` (see `locate`), in `dtype`, without any content filter.

    Parts that `model` has in files of their own are taken from those.
    """
    _quiet()
    from diffusers import DiffusionPipeline

    from hotfolder.render.models import parts, text_processor

    try:
        chosen = split.chosen(model, path, base)
        folder = split.folder(model, path)
        index = diffusers_folder.read_index(folder)
        if (reader := families.of(index["_class_name"]).tokenizer) not in index:
            raise diffusers_folder.without_reader(folder, reader)
        readers = text_processor.readers(folder, index)
        given = diffusers_folder.left_out(folder) | text_processor.acceptable(readers, index)
        given |= _autoencoder(model, chosen, folder, base, dtype)
        if path.is_file() and folder.parent == single_file.LAYOUTS:
            given |= single_file.tokenizers(folder)
            _require_autoencoder(path, chosen, given)
        elif not path.is_file():
            given["variant"] = _variant(model, folder)
        if chosen:
            of = families.of(diffusers_folder.pipeline_class(folder))
            pipe = parts.assemble(of, folder, chosen, dtype, **given)
        else:
            options = {"dtype": dtype, "use_safetensors": True, "local_files_only": True}
            pipe = DiffusionPipeline.from_pretrained(folder, **options, **given)
        pipe.register_modules(**readers)
        if edition := editions.find(model.source):
            editions.put_back(pipe, edition)
        _set_prediction(pipe, model, path)
        return pipe
    except (RenderError, MemoryError):
        raise
    except Exception as error:
        raise RenderError(f"the model {path.name} cannot be loaded: {error}") from error


def _variant(model: Model, folder: Path) -> str | None:
    """What `model.variant` says. Raises RenderError where `folder` has no such files."""
    if model.variant and not any(folder.glob(f"*/*.{model.variant}*.safetensors")):
        raise RenderError(
            f"model.variant: {folder.name} has no files of the variant {model.variant!r}; "
            "leave it out"
        )
    return model.variant


def _autoencoder(
    model: Model, chosen: Mapping[str, Path], folder: Path, base: Path | None, dtype: Any
) -> dict[str, Any]:
    """The autoencoder that `model` names by a folder, if any. Raises RenderError for a misfit."""
    from hotfolder.render.models import parts

    if not model.vae or "vae" in chosen:
        return {}
    path, vae = autoencoder(model.vae, base, dtype)
    own = parts.shape(diffusers_folder.read_index(folder)["vae"][1], folder / "vae").config
    for key in ("latent_channels", "scaling_factor", "shift_factor"):
        if own.get(key) != vae.config.get(key):
            raise RenderError(
                f"model.vae: {path.name} is not made for this model, whose latents are others "
                f"({key} {own.get(key)}, not {vae.config.get(key)})"
            )
    return {"vae": vae}


def _require_autoencoder(path: Path, chosen: Mapping[str, Path], given: Mapping[str, Any]) -> None:
    if "vae" not in chosen and "vae" not in given:
        raise RenderError(
            f"{path.name} has no autoencoder (VAE) inside; name one that you have under [model]: "
            'vae = "FILE.safetensors"'
        )


def _set_prediction(pipe: Any, model: Model, path: Path) -> None:
    """Have the scheduler take what the denoiser predicts for what it is."""
    told, zero_snr = "", False
    if path.is_file():
        found = contents.of_file(path)
        told, zero_snr = found.prediction, found.zero_snr
        if found.form == _UNCLEAR and not told and model.prediction_type == "auto":
            raise RenderError(
                f"{path.name} is of Stable Diffusion 2 and does not say what it predicts; write "
                'prediction_type = "v_prediction" under [model] for those that learned on pictures '
                'of 768x768, or "epsilon" for those of 512x512'
            )
    if model.prediction_type != "auto":
        told = model.prediction_type
    config = pipe.scheduler.config
    own: dict[str, Any] = {}
    if told and told != config.get("prediction_type"):
        own["prediction_type"] = told
        if told == "v_prediction" and path.is_file():
            own |= {"timestep_spacing": "trailing", "rescale_betas_zero_snr": zero_snr}
    if (wanted := model.zero_terminal_snr) is not None:
        own["rescale_betas_zero_snr"] = wanted
        own |= {"timestep_spacing": "trailing"} if wanted else {}
    if not own:
        return
    if config.get("prediction_type") not in ("epsilon", "v_prediction"):
        key = "prediction_type" if "prediction_type" in own else "zero_terminal_snr"
        raise RenderError(f"model.{key} is for Stable Diffusion 1.x, 2.x and XL; remove it")
    predicts = own.get("prediction_type", config["prediction_type"])
    if own.get("rescale_betas_zero_snr") and predicts == "epsilon":
        raise RenderError(
            "model.zero_terminal_snr is for models that predict velocity: noise cannot be told "
            'from pure noise; write prediction_type = "v_prediction" as well, or take it out'
        )
    pipe.scheduler = type(pipe.scheduler).from_config(config, **own)


def safety_checker(path: Path, dtype: Any) -> dict[str, Any]:
    """The content filter of the model at `path`, and what prepares pictures for it.

    Raises RenderError for a model that brings none along.
    """
    if not (path / "safety_checker").is_dir() or not diffusers_folder.has_weights(
        path / "safety_checker"
    ):
        raise RenderError(
            f"the model {path.name} comes without a safety checker; "
            "remove safety_checker from the profile, or fetch the whole model"
        )
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from transformers import CLIPImageProcessorPil

    try:
        checker = StableDiffusionSafetyChecker.from_pretrained(
            path / "safety_checker", dtype=dtype, use_safetensors=True, local_files_only=True
        )
        extractor = CLIPImageProcessorPil.from_pretrained(path / "feature_extractor")
    except Exception as error:
        raise RenderError(f"the safety checker of {path.name} cannot be loaded: {error}") from error
    return {"safety_checker": checker, "feature_extractor": extractor}


def autoencoder(source: str, base: Path | None, dtype: Any) -> tuple[Path, Any]:
    """Where the autoencoder at `source` is, and the autoencoder.

    `source` is a folder of diffusers' or a hub id.
    """
    _quiet()
    from diffusers import AutoModel

    path = (base or Path()) / Path(source).expanduser()
    try:
        if not path.is_dir():
            path = _cached(hub.Source(source, part=True))
        for file in path.glob("*.safetensors"):
            header.read(file)
        options = {"dtype": dtype, "use_safetensors": True, "local_files_only": True}
        return path, AutoModel.from_pretrained(str(path), **options)
    except RenderError:
        raise
    except Exception as error:
        raise RenderError(f"the autoencoder {path.name} cannot be loaded: {error}") from error


def _cached(source: hub.Source) -> Path:
    """Where something of the hub's is on this computer. Raises ModelMissingError."""
    found = hub.cached(source)
    if found is None:
        raise split.not_here(source)
    return found


def _quiet() -> None:
    """Keep progress bars and warnings for programmers off the screen; failures still raise."""
    import diffusers.utils.logging
    import transformers.utils.logging

    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    for library in (diffusers.utils.logging, transformers.utils.logging):
        library.set_verbosity(logging.CRITICAL)
        library.disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning, module="diffusers")
    # LoRAs are many and never melted into weights; compiled programs are kept by their own names.
    warnings.filterwarnings("ignore", module="peft.tuners")
    warnings.filterwarnings("ignore", message=".*_stable_hash_for_caching")
