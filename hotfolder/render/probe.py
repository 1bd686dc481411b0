"""One look of a denoiser at a picture with noise: what it makes of it, with some words in mind.

The pipeline begins as ever, with the picture and as much noise as a strength says, and is stopped
as soon as the denoiser has been called. Which weights that takes is as for any picture.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from msgspec.structs import replace
from PIL import Image

from hotfolder.errors import RenderError
from hotfolder.recipes import schedulers
from hotfolder.recipes.recipe import Recipe
from hotfolder.render import call, img2img
from hotfolder.render.attention import Array, Attention
from hotfolder.render.models import pipelines
from hotfolder.render.models.family import in_a_row, patches
from hotfolder.render.models.loaded import Loaded

UNSEEN = (
    "{} models do not show where words are; mark the part with a mask or a painted line, "
    "or choose another profile"
)
_STEPS = 20
_WORDS = ("encoder_hidden_states", "encoder_hidden_states_t5", "cap_feats", "text_bth")
_PICTURE = ("hidden_states", "sample", "x")


@dataclass(frozen=True, slots=True)
class Look:
    """What came of a look.

    `said` is what the denoiser said, (1, ...), and `wanted` what it should have said, but for its
    sign. `heard` is the prompt as it heard it, (tokens, channels). `maps` are of its attention, as
    `Attention` gives them.
    """

    said: torch.Tensor
    wanted: torch.Tensor
    heard: torch.Tensor
    maps: list[Array]


@dataclass(frozen=True, slots=True)
class Subject:
    """A picture to look at, and the model that looks: that of `recipe`, with its additions.

    `spare` makes a pipeline take no more memory than there is.
    """

    loaded: Loaded
    recipe: Recipe
    picture: Image.Image
    spare: Callable[[Any], None]
    _encoded: list[Any] = field(default_factory=list)

    def of(self, picture: Image.Image) -> Subject:
        """The same for another picture."""
        return Subject(self.loaded, self.recipe, picture, self.spare)

    def encode(self, encode: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """What an autoencoder's `encode` makes of the picture, asked once."""
        if not self._encoded:
            self._encoded.append(encode(*args, **named))
        return self._encoded[0]


class _SeenError(BaseException):
    """Ends a pipeline's call after its first look. No pipeline's `except` may catch it."""

    def __init__(self, said: torch.Tensor, heard: torch.Tensor, maps: list[Array]) -> None:
        super().__init__()
        self.said, self.heard, self.maps = said, heard, maps


@torch.no_grad()
def look(
    subject: Subject, text: str, strength: float, seed: int, words: Sequence[int] = ()
) -> Look:
    """What a model makes of a picture with noise and a text.

    Its attention is looked at for `words`, the places of their tokens in what is heard. Raises
    RenderError where the model cannot be looked into.
    """
    loaded, picture = subject.loaded, subject.picture
    family = pipelines.family(loaded.pipe)
    recipe = _asking(subject, text, strength, seed)
    made = call.prepare(loaded, [recipe], picture, loaded.parts | loaded.adapters.fetch(recipe))
    pipe = made.pipe
    subject.spare(pipe)
    pipe.vae = _view(pipe.vae, encode=functools.partial(subject.encode, pipe.vae.encode))
    noised = _listen(pipe.scheduler)
    if not family.img2img:
        img2img.begin(pipe, made.arguments, recipe)
    aspect = picture.width / picture.height
    attention = functools.partial(Attention, words, aspect=aspect, behind=family.words_behind)
    denoiser = pipelines.denoiser(pipe)
    once = functools.partial(_once, denoiser, attention)
    setattr(pipe, family.denoiser, _view(denoiser, forward=once))
    try:
        pipe(**made.arguments, output_type="latent")
    except ValueError as error:  # its scheduler knows no such steps
        raise RenderError(UNSEEN.format(family.name)) from error
    except _SeenError as seen:
        said = seen.said
        wanted = _in_layout(_wanted(pipe.scheduler, noised[-1]), said) if noised else None
        if wanted is not None:
            return Look(said[:, : wanted.shape[1]], wanted, seen.heard, seen.maps)
    raise RenderError(UNSEEN.format(family.name))


def _asking(subject: Subject, text: str, strength: float, seed: int) -> Recipe:
    """By what a look begins: the step at which there is so much noise is the first of several."""
    own = subject.loaded.pipe.scheduler
    is_noise = schedulers.kind(type(own).__name__, own.config) == "noise"
    return replace(
        subject.recipe,
        prompt=text,
        negative_prompt="",
        tree=None,
        seed=seed,
        scheduler="DDIM" if is_noise else schedulers.MODEL_OWN,
        steps=_STEPS,
        strength=strength,
        guidance_scale=1.0,
        width=subject.picture.width,
        height=subject.picture.height,
        drawn=None,
    )


def _view(module: Any, **others: Any) -> Any:
    """A shallow copy of a shared module, with its weights, that does some things otherwise."""
    view = copy.copy(module)
    for name, value in others.items():
        setattr(view, name, value)
    return view


def _listen(scheduler: Any) -> list[dict[str, Any]]:
    """By which latents, noise and time a scheduler adds noise, from now on."""
    noised: list[dict[str, Any]] = []
    name = "scale_noise" if hasattr(scheduler, "scale_noise") else "add_noise"
    if hasattr(scheduler, name):
        add = getattr(scheduler, name)

        @functools.wraps(add)
        def noted(*args: Any, **named: Any) -> Any:
            noised.append(_named(add, args, named))
            return add(*args, **named)

        setattr(scheduler, name, noted)
    return noised


def _once(denoiser: Any, attention: Callable[..., Attention], *args: Any, **named: Any) -> Any:
    """Stands for a denoiser that is called once."""
    given = _named(denoiser.forward, args, named)
    heard = next((_tensor(given[name]) for name in _WORDS if given.get(name) is not None), None)
    picture = next((_tensor(given[name]) for name in _PICTURE if given.get(name) is not None), None)
    if heard is None or picture is None:
        return denoiser(*args, **named)  # it is none that can be looked into
    heard = heard.reshape(-1, *heard.shape[-2:])[-1]
    with attention(tokens=len(heard), image=_cells(denoiser, picture)) as watch:
        said = denoiser(*args, **named)
    raise _SeenError(_tensor(said)[-1:].float().cpu(), heard.float().cpu(), watch.maps())


def _named(function: Any, args: Sequence[Any], named: dict[str, Any]) -> dict[str, Any]:
    return {**dict(zip(inspect.signature(function).parameters, args, strict=False)), **named}


def _tensor(given: Any) -> Any:
    """The tensor in whatever a denoiser takes or gives; of a list of samples the last, as a batch.

    A list whose tensors are of different things counts by its last one, too.
    """
    if isinstance(given, list):
        last = _tensor(given[-1])
        return last[None] if last.ndim in (2, 4) else last
    return _tensor(given[0]) if isinstance(given, tuple) or hasattr(given, "to_tuple") else given


def _cells(denoiser: Any, picture: torch.Tensor) -> int:
    """How many tokens a picture has: (1, tokens, channels), or latents in patches; 0: unknown."""
    if picture.ndim == 3:
        return picture.shape[1]
    patch = denoiser.config.get("patch_size") or denoiser.config.get("all_patch_size")
    if patch is None:
        return 0
    side = patch[-1] if isinstance(patch, list | tuple) else patch
    return int(picture.shape[-2] // side * (picture.shape[-1] // side))


def _wanted(scheduler: Any, noised: dict[str, Any]) -> torch.Tensor | None:
    """What a denoiser should say: noise, velocity, or the way from the one to the other."""
    name = "original_samples" if "original_samples" in noised else "sample"
    latents: torch.Tensor = noised[name].float()
    noise: torch.Tensor = noised["noise"].float()
    kind = scheduler.config.get("prediction_type", "flow_prediction")
    if kind == "epsilon":
        return noise
    if kind == "v_prediction":
        signal: torch.Tensor = scheduler.alphas_cumprod[int(noised["timesteps"].flatten()[0])]
        return signal.sqrt() * noise - (1 - signal).sqrt() * latents
    return noise - latents if kind == "flow_prediction" else None


def _in_layout(target: torch.Tensor | None, said: torch.Tensor) -> torch.Tensor | None:
    """`target`, latents of a picture, in the layout of what was said; None where that is unknown.

    Denoisers that say as well how sure they are do so in as many channels behind.
    """
    if target is None:
        return None
    target = target[-1:].cpu()
    if said.ndim == 3 and target.ndim == 4:
        rows = target.shape[-1] * target.shape[-2]
        target = in_a_row(target if rows == said.shape[1] else patches(target))
    if said.ndim == 5 and target.ndim == 4:
        target = target.unsqueeze(2)
    fits = said[:, : target.shape[1]].shape == target.shape
    return target if fits else None
