"""What one model family is: everything that hotfolder has to know of it, as plain data.

Nothing here imports torch or diffusers, so a profile is checked in milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hotfolder.recipes.recipe import Recipe

Config = Mapping[str, Any]
Shapes = Mapping[str, tuple[int, ...]]
Arguments = dict[str, Any]

# How many numbers text encoders and autoencoders have that several families share.
CLIP_L, CLIP_G, T5_XXL = 123_060_480, 694_659_840, 4_762_310_656
SMALL_VAE, LARGE_VAE = 83_653_863, 83_819_683  # with latents of 4 and of 16 channels
QWEN_VAE, QWEN3_4B, QWEN3_VL_4B = 126_892_531, 4_022_468_096, 4_437_815_808

# Of parts with so many numbers, how many stay as they are when the rest is quantised: tables of
# words, convolutions, embedded noise levels. Of the parts not named it is less than a hundredth.
STAYING = {
    CLIP_L: 38_125_824,
    CLIP_G: 63_875_840,
    T5_XXL: 131_596_288,
    QWEN3_4B: 388_956_160,
    QWEN3_VL_4B: 388_956_160,
    8_292_166_656: 1_089_994_752,  # Qwen2.5-VL of 7B
    8_767_123_696: 1_244_659_712,  # Qwen3-VL of 8B
    859_520_964: 591_519_684,  # the UNets of Stable Diffusion 1.x and XL
    2_567_463_684: 342_106_884,
    3_875_544_576: 34_610_688,  # FLUX.2 Klein: how its modulation begins
}


@dataclass(frozen=True, slots=True)
class Size:
    """The size of well-known weights, for the time before they are here.

    `denoiser` is the part of its configuration that decides its memory, `numbers` how many numbers
    each part has.
    """

    denoiser: Config
    numbers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Usual:
    """How pictures of a family's models are usually drawn, where their names have this `mark`.

    `mark` is a regular expression for names in small letters; "" fits all.
    `side_px` is the side of the squares that they learned on, where drafts of the usual area would
    be more than they can. `origin` has what a denoiser of this mark lacks, where that is not what
    others of its family take.
    """

    steps: int
    guidance_scale: float
    mark: str = ""
    scheduler: str = "model"
    side_px: int = 0
    origin: str = ""


def plain_guidance(denoiser: Config, recipe: Recipe) -> Arguments:
    """The guidance scale and the negative prompt as they are; an empty one has a default."""
    negative = {"negative_prompt": recipe.negative_prompt} if recipe.negative_prompt else {}
    return {"guidance_scale": recipe.guidance_scale, **negative}


def scaled_latents(pipe: Any, picture: Any) -> Any:
    """The latents of `picture`, (1, 3, height, width), -1..1, as most denoisers take them."""
    encoded, config = pipe.vae.encode(picture), pipe.vae.config
    latents = encoded.latent if hasattr(encoded, "latent") else encoded.latent_dist.mode()
    return (latents - (config.get("shift_factor") or 0.0)) * config["scaling_factor"]


def film_latents(pipe: Any, picture: Any) -> Any:
    """Latents of an autoencoder for films, by the mean and deviation of each of its channels."""
    latents = pipe.vae.encode(picture.unsqueeze(2)).latent_dist.mode()[:, :, 0]
    mean, deviation = (
        latents.new_tensor(pipe.vae.config[name]).view(1, -1, 1, 1)
        for name in ("latents_mean", "latents_std")
    )
    return (latents - mean) / deviation


def normalised_latents(pipe: Any, picture: Any, epsilon: float | None = None) -> Any:
    """FLUX.2's, in patches of 2x2: by the running mean and variance of its autoencoder's norm.

    `epsilon` is added to the variance, by default what the autoencoder's configuration says.
    """
    latents, norm = patches(pipe.vae.encode(picture).latent_dist.mode()), pipe.vae.bn
    mean, variance = (x.view(1, -1, 1, 1) for x in (norm.running_mean, norm.running_var))
    return (latents - mean) / (variance + (epsilon or pipe.vae.config.batch_norm_eps)).sqrt()


def patches(latents: Any) -> Any:
    """Latents, (1, channels, height, width), with four channels for each, one for each 2x2 px."""
    number, channels, height, width = latents.shape
    parts = latents.view(number, channels, height // 2, 2, width // 2, 2)
    return parts.permute(0, 1, 3, 5, 2, 4).reshape(number, channels * 4, height // 2, width // 2)


def in_a_row(latents: Any) -> Any:
    """Latents, (1, channels, height, width), as tokens: (1, height x width, channels)."""
    return latents.flatten(2).transpose(1, 2)


def just_so(pipe: Any, recipe: Recipe, canvas: tuple[int, int]) -> None:
    """Most pipelines hear by their arguments all that they have to know."""


def nothing_else(pipe: Any) -> tuple[Any, ...]:
    """Most pipelines remember nothing from step to step but what their schedulers do."""
    return ()


# What of a transformer's and a UNet's attention a LoRA changes.
ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a LoRA is trained on a family's denoiser.

    `layers` are the ends of the names of the layers that get it. `hears` makes the denoiser's own
    arguments, by their names, of what the text encoders gave, by the names of the pipeline's
    arguments, for a canvas, (width, height) in px; each has one row for each prompt. `predict` asks
    the denoiser about noisy latents at these times, (n,), 0 to 1000. `flow`: it learned the
    straight way from picture to noise.

    `embeds` gives the prompt's embeddings where prompts are not read with CLIP alone.
    """

    layers: tuple[str, ...]
    hears: Callable[[Arguments, tuple[int, int]], Arguments]
    predict: Callable[[Any, Any, Any, Arguments], Any]
    flow: bool = False
    embeds: Callable[[Any, str], Arguments] | None = None


def ask_unet(unet: Any, noisy: Any, times: Any, heard: Arguments) -> Any:
    """What a UNet of Stable Diffusion says of noisy latents."""
    added = {name: heard[name] for name in ("text_embeds", "time_ids") if name in heard}
    states = heard["encoder_hidden_states"]
    return unet(noisy, times, states, added_cond_kwargs=added or None, return_dict=False)[0]


@dataclass(frozen=True, slots=True)
class Family:
    """A model family, by the names that diffusers gives its pipelines and parts.

    `pipeline` makes pictures from text, and `img2img` is its sibling with a strength, if diffusers
    has one; else `encode` gives the latents of a picture as the pipeline takes them, if that is
    known. One that makes no pictures for hotfolder has a reason in `refused`, and nothing else.

    `denoiser` is the part that takes the noise out, and `unused` are parts that nothing is drawn
    with. `reads_clip` says that prompts are read with CLIP alone, in as many chunks as they need;
    otherwise `tokenizer` is the one that reads furthest, and `tokens` how many it may give (0:
    nobody knows). `spares_reader`: it draws without that one and its text encoder as well.
    `words_by` is the one whose tokens come first in what the denoiser hears, if that is another.
    `readers` says which part a text encoder of a kind is ("T5": "text_encoder_3"), where it is
    neither CLIP's nor the one that reads furthest.

    `guidance` gives the arguments for a recipe's guidance, from the denoiser's configuration.
    `ready` tells a new pipeline object what it takes by no argument, for a recipe and a canvas,
    (width, height) in px. `remembers` gives those objects of a running one, beside its scheduler,
    whose attributes go from step to step.
    `pairs`: the two passes of guidance are one call. `windows`: the latents are a picture, so it
    can be computed by windows. `words_behind`: where attention has words and picture in one row,
    the words come last, after tokens of the picture that are a multiple of this. `vae_upcast`: its
    autoencoder runs in float32 where the rest has float16. `decodes_latents`: the picture is made
    of the loop's last latents; a few families decode what else their last step gave, and cannot go
    on from after it. `step_caches` are the kinds of `recipes.step_caches` that its blocks are made
    for. `tuning` says how it learns what an owner likes, if that is known.

    `single_files` maps the beginnings of names for kinds of checkpoints to what has the rest that
    such a file lacks: a folder of `models/layouts`, or a repository of the hub. The names are
    diffusers', or what `recognises` makes of the tensors of a denoiser alone ("": not this family).
    `layouts` and `known` tell the sizes of weights by such a folder and by a profile's
    `model.source`. `usual` are settings for finding a file of this family and writing a profile for
    it, the first whose mark is in its name; sides are multiples of `multiple` px.
    """

    pipeline: str
    img2img: str = ""
    denoiser: Literal["unet", "transformer"] = "transformer"
    reads_clip: bool = False
    tokenizer: str = "tokenizer"
    tokens: int = 0
    spares_reader: bool = False
    guidance: Callable[[Config, Recipe], Arguments] = plain_guidance
    pairs: bool = True
    windows: bool = False
    words_behind: int = 0
    words_by: str = ""
    readers: Mapping[str, str] = field(default_factory=dict)
    vae_upcast: bool = False
    decodes_latents: bool = True
    step_caches: tuple[str, ...] = ()
    encode: Callable[[Any, Any], Any] | None = None
    tuning: Tuning | None = None
    refused: str = ""
    unused: tuple[str, ...] = ()
    ready: Callable[[Any, Recipe, tuple[int, int]], None] = just_so
    remembers: Callable[[Any], tuple[Any, ...]] = nothing_else
    single_files: Mapping[str, str] = field(default_factory=dict)
    recognises: Callable[[Shapes], str] | None = None
    usual: tuple[Usual, ...] = ()
    multiple: int = 16
    layouts: Mapping[str, Size] = field(default_factory=dict)
    known: Mapping[str, Size] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.pipeline.removesuffix("Pipeline")
