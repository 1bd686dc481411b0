"""A whole model in one file, as other programs keep it: which it is, and its opening.

Such a file has the weights alone. For Stable Diffusion 1.x, 2.x and XL the shape is included in
`models/layouts`; other families have a repository on the hub whose small files tell it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hotfolder.errors import RenderError
from hotfolder.render.models import contents, header
from hotfolder.render.models.contents import Contents
from hotfolder.render.models.family import Family

LAYOUTS = Path(__file__).parents[2] / "models" / "layouts"

_END = "<|endoftext|>"
_PADS = {
    "sd15": (_END,),
    "sd21": ("!",),
    "sdxl": (_END, "!"),
}  # what CLIP's tokenizers fill up with
_WORDS = {  # what a person calls the kinds of checkpoints that are no models for text to picture
    "inpainting": "made for inpainting",
    "inpaint": "made for inpainting",
    "fill": "made for inpainting",
    "depth": "made for depth maps",
    "refiner": "a refiner, which cannot start a picture",
    "upscal": "made for enlarging pictures",
    "pix2pix": "made for editing pictures",
    "wan": "made for videos",
    "ltx": "made for videos",
    "hunyuan-video": "made for videos",
    "mochi": "made for videos",
    "cosmos": "made for videos",
}


def require(path: Path) -> Contents:
    """What is in `path`, if that is a whole model of a family that is known.

    Raises RenderError with what it is instead and where it belongs.
    """
    found = contents.of_file(path)
    if found.family and not found.readers:
        raise RenderError(_alone(path, found))
    if found.kind == "denoiser" or (found.kind == "model" and not found.family):
        raise RenderError(unusable(path, found))
    if found.kind == "model":
        if says := contents.packed(path, header.read(path)):
            raise RenderError(says)
        return found
    if found.kind:
        raise RenderError(f"{path.name} is not a complete model: it {_belongs(found, path)}")
    raise RenderError(
        f"the model family of {path.name} cannot be told from its tensors; "
        "only its diffusers folder can be used"
    )


def require_denoiser(path: Path) -> Contents:
    """What is in `path`, if a denoiser of a family that is known is among it."""
    found = contents.of_file(path)
    if found.kind not in ("model", "denoiser"):
        raise RenderError(f"model.transformer: {mistaken(path, 'denoiser')}")
    if found.family is None:
        raise RenderError(f"model.transformer: {unusable(path, found)}")
    if says := contents.packed(path, header.read(path)):
        raise RenderError(f"model.transformer: {says}")
    return found


def mistaken(path: Path, wanted: str) -> str:
    """A sentence for a file that was taken for a `wanted`: what it is, and where it belongs."""
    found = contents.of_file(path)
    says = (
        f"it {_belongs(found, path)}"
        if found.kind
        else "what it is cannot be told from its tensors"
    )
    return f"{path.name} is no {wanted}: {says}"


def unusable(path: Path, found: Contents) -> str:
    """A sentence for a checkpoint of a kind that nothing is drawn with from text."""
    what = next((said for mark, said in _WORDS.items() if mark in found.form), "")
    if what:
        return f"{path.name} is {what} ({found.form}); only models for text to picture can be used"
    return f"{path.name} looks like {found.form}; only its diffusers folder can be used"


def base_of(found: Contents) -> str:
    """The repository on the hub that has the rest of what a denoiser of this kind needs."""
    if "/" in found.origin:
        return found.origin
    index = json.loads((LAYOUTS / found.origin / "model_index.json").read_text(encoding="utf-8"))
    base: str = index["_name_or_path"]
    return base


def layout(found: Contents) -> Path | None:
    """The folder with the shape of a file's model, if it is included."""
    return LAYOUTS / found.origin if found.origin and "/" not in found.origin else None


def family(path: Path) -> tuple[Family, str]:
    """The family of a whole model in one file, and its layout in `models/layouts`, "" for none.

    Raises RenderError for what is damaged, pickled, no whole model, or of no family that is known.
    """
    found = require(path)
    assert found.family is not None  # noqa: S101 - `require` says so
    return found.family, "" if "/" in found.origin else found.origin


def tokenizers(folder: Path) -> dict[str, Any]:
    """The tokenizers of a folder of `LAYOUTS`, which has none in files."""
    pads = dict(zip(("tokenizer", "tokenizer_2"), _PADS[folder.name], strict=False))
    return {name: _tokenizer(pad) for name, pad in pads.items()}


def _alone(path: Path, found: Contents) -> str:
    return (
        f"{path.name} has the denoiser alone, without text encoders: write "
        f'source = "{base_of(found)}" and transformer = "{path.name}" under [model]'
    )


def _belongs(found: Contents, path: Path) -> str:
    """What a file is that was taken for a model, and where it belongs."""
    return {
        "model": f'is a complete model: write source = "{path.name}" under [model] of a profile',
        "denoiser": f'is a denoiser: write transformer = "{path.name}" under [model]',
        "LoRA": 'is a LoRA: name its folder in hotfolder.toml, loras = ["…"]',
        "embedding": 'is an embedding: name its folder in hotfolder.toml, embeddings = ["…"]',
        "autoencoder": f'is an autoencoder (VAE): write vae = "{path.name}" under [model]',
        "text encoder": f'is a text encoder: write text_encoder = "{path.name}" under [model]',
        "ControlNet": "is a ControlNet, which hotfolder does not use",
    }[found.kind]


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
