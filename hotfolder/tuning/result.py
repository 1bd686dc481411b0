"""What comes of a training, as bytes: weights, a profile, and a card that says what they are."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import tomli_w

from hotfolder.recipes.model import LoraFile, lora_name

if TYPE_CHECKING:
    from torch import Tensor

    from hotfolder.tuning.checkpoint import Begun
    from hotfolder.tuning.school import Learned

_TUNED = re.compile(r"-tuned-\d+$")


def untuned(profile: str) -> str:
    """The name of the profile that a tuned one was tuned from; any other's own."""
    return _TUNED.sub("", profile)


def named(profile: str, number: int) -> str:
    """The name of the result of this number, from 1."""
    return f"{profile}-tuned-{number}"


def file_of(lora: Mapping[str, Tensor], denoiser: str) -> bytes:
    """A .safetensors file as diffusers and other programs read it: half precision, by layers."""
    import torch
    from safetensors.torch import save

    from hotfolder.tuning.trainer import NAME

    named = {f"{denoiser}.{name.replace(f'.{NAME}.', '.')}": t for name, t in lora.items()}
    return save({name: t.to(torch.float16).contiguous() for name, t in named.items()})


def lora_of(name: str, data: bytes) -> str:
    """The name that pictures carry of a LoRA: with the first eight digits of its fingerprint."""
    return f"{name}-{hashlib.sha256(data).hexdigest()[:8]}"


def profile(begun: Begun, loras: Sequence[LoraFile], day: str) -> str:
    """The profile's file. The last of `loras` was learned, the others its parent has as well."""
    likes = sum(one.example.liked for one in begun.pictures)
    table = {
        "extends": begun.profile,
        "description": f"{begun.profile}, tuned to {likes} picks on {day}",
        "model": {
            "loras": [
                {"source": one.source, "scale": one.scale, "name": lora_name(one)} for one in loras
            ]
        },
    }
    return (
        f"# Learned by `hotfolder tune`; {begun.name}.md says from what and how.\n"
        "# A smaller scale (0.5) keeps closer to the untuned model; 0 is that model.\n"
        f"{tomli_w.dumps(table)}"
    )


def card(begun: Begun, learned: Learned, data: bytes, day: str) -> str:
    """What the LoRA is, from how many pictures, how it was made, and what held-out ones say."""
    course = begun.course
    likes = sum(one.example.liked for one in begun.pictures)
    prompts = len({one.recipe.prompt for one in begun.pictures})
    dislikes = sum(not (e.liked or e.mirrored) for e in (one.example for one in begun.pictures))
    sides = any(one.example.mirrored for one in begun.pictures)
    views = ", also mirrored" if begun.mirrored else ""
    views = ", and from mirror images of likes as dislikes, for sides matter" if sides else views
    rows = {
        "LoRA": f"`{lora_of(begun.name, data)}`, rank {course.rank}, "
        f"SHA-256 `{hashlib.sha256(data).hexdigest()}`",
        "of": f"the profile `{begun.profile}`; fingerprint of its model: `{begun.model_sha256}`",
        "learned from": f"{likes} likes and {dislikes} dislikes of {prompts} prompts{views}",
        "by": _METHODS[course.method],
        "steps": f"{learned.score.at} of {learned.steps}, the best by pictures of held-out "
        f"prompts; {course.batch} pictures each",
        "settings": f"learning rate {course.learning_rate:.2g}, strength {course.strength:g}, "
        f"seed {course.seed}",
        "held-out pictures": f"{learned.score.best:.2%} of what tells their likes from their "
        "dislikes was learned; most of it is chance, which cannot be learned",
        "made": day,
        "on": ", ".join(f"{name} {value}" for name, value in begun.circumstances.items()),
    }
    lines = [f"# {begun.name}", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in rows.items()]
    return "\n".join(lines) + (
        "\n\nThe same pictures and the same seed give the same file, bit for bit, on the same "
        f'computer.\nUse it with `profile = "{begun.name}"`.\n'
    )


_METHODS = {
    "preference": "what the model does not foresee of likes and dislikes (DiffusionNFT)",
    "picks": "plain denoising of likes",
}
