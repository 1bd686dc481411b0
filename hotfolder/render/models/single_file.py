"""A whole model in one .safetensors file, as other programs keep it: which it is, and its opening.

Such a file has the weights alone. For Stable Diffusion 1.x and XL the shape is included in
`models/layouts`; for other families diffusers fetches a few small files, once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hotfolder.errors import RenderError
from hotfolder.render.models import families, safetensors_file
from hotfolder.render.models.family import Family

LAYOUTS = Path(__file__).parents[2] / "models" / "layouts"

_WHOLE = ("model.diffusion_model.", "double_blocks.")
_TEXT_ENCODER = "cond_stage_model.transformer.text_model.embeddings.position_embedding.weight"
# Marks that the trainers of models with another prediction leave for the programs that open them.
_VELOCITY, _ZERO_SNR = "v_pred", "ztsnr"


def family(path: Path) -> tuple[Family, str]:
    """The family and layout of the file, told from its tensors' names and shapes.

    Raises RenderError for what is damaged, pickled, no whole model, or of no family that is known.
    """
    import torch
    from diffusers.loaders.single_file_utils import infer_diffusers_model_type

    shapes = safetensors_file.shapes(path)
    if not any(name.startswith(_WHOLE) for name in shapes):
        raise RenderError(f"{path.name} is no whole model; a LoRA or a part of one does not do")
    meta = {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}
    kind: str = infer_diffusers_model_type(meta)
    if kind == "v1" and _TEXT_ENCODER not in shapes:  # diffusers' word for what it does not know
        raise RenderError(
            f"{path.name} is of no family that can be told from its tensors; "
            "only its diffusers folder can be used"
        )
    found = families.of_checkpoint(kind)
    if found is None:
        raise RenderError(f"{path.name} looks like {kind}; only its diffusers folder can be used")
    return found


def load(path: Path, dtype: Any, offline: bool) -> Any:
    """The pipeline in the file; asks the network only where no layout is included."""
    import diffusers

    of_file, layout = family(path)
    kind = getattr(diffusers, of_file.pipeline)
    if not layout:
        return kind.from_single_file(str(path), dtype=dtype, local_files_only=offline)
    tokenizers = {"tokenizer": _tokenizer("<|endoftext|>")}
    if (LAYOUTS / layout / "text_encoder_2").is_dir():
        tokenizers["tokenizer_2"] = _tokenizer("!")
    pipe = kind.from_single_file(
        str(path), config=str(LAYOUTS / layout), dtype=dtype, local_files_only=True, **tokenizers
    )
    marks = safetensors_file.shapes(path).keys() & {_VELOCITY, _ZERO_SNR}
    if marks:
        own = {"prediction_type": "v_prediction", "timestep_spacing": "trailing"}
        zero = {"rescale_betas_zero_snr": _ZERO_SNR in marks}
        pipe.scheduler = type(pipe.scheduler).from_config(pipe.scheduler.config, **own, **zero)
    return pipe


def _tokenizer(pad: str) -> Any:
    """CLIP's tokenizer, its vocabulary made from its merges as CLIP makes it."""
    from transformers import CLIPTokenizer
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    lines = (LAYOUTS / "merges.txt").read_text(encoding="utf-8").splitlines()[1:]
    letters = list(bytes_to_unicode().values())
    words = [*letters, *(f"{letter}</w>" for letter in letters)]
    words += [line.replace(" ", "") for line in lines]
    words += ["<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(
        vocab={word: number for number, word in enumerate(words)},
        merges=[tuple(line.split(" ")) for line in lines],
        pad_token=pad,
        model_max_length=77,
    )
