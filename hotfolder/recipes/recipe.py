"""The recipe: everything that decides the pixels of one picture, and its canonical text and id."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from hotfolder.errors import PictureError
from hotfolder.recipes import defaults
from hotfolder.recipes.encoding import Encoding
from hotfolder.recipes.prompt_syntax import tree as trees
from hotfolder.recipes.prompt_syntax.read import Emphasis
from hotfolder.recipes.prompt_syntax.tree import Tree
from hotfolder.recipes.region import Region, trouble

SCHEMA = 3  # the latest; recipes say the first that has a place for what they say
MAX_TEXT = 65_536
MIN_SIDE_PX = 16
MAX_SIDE_PX = 16_384
MAX_AREA_PX = 50_000_000
MAX_DEPTH = 64
MAX_LINKS = 16
_OLD_DEPTH = 8  # of schemas 1 and 2
MAX_SAID = 200  # characters of a refusal that quotes what was read

Prompt_ = Annotated[str, Meta(max_length=MAX_TEXT)]
Name = Annotated[str, Meta(min_length=1, max_length=256)]
Word = Annotated[str, Meta(max_length=256)]
Side = Annotated[int, Meta(ge=MIN_SIDE_PX, le=MAX_SIDE_PX)]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class Pixels(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="pixels"):
    """A source picture that is known by its pixels alone: a person's own, or an edited draft.

    `sha256` is the pixel hash of `images.pixels.pixel_hash`; sides are in px.
    """

    sha256: Sha256
    width: Side
    height: Side


Scale = Annotated[float, Meta(ge=-10, le=10)]


class Lora(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A LoRA by the name that its owner gave it, and how strongly it works.

    `text_scale` is how strongly it works on the text encoders; None: as on the rest.
    """

    name: Name
    scale: Scale
    text_scale: Scale | None = None


class Step(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something that is done to pixels: its name in `finishing`, and all its settings."""

    name: Name
    settings: Annotated[dict[Name, bool | int | float | Word], Meta(max_length=16)] = {}


Steps = Annotated[tuple[Step, ...], Meta(max_length=MAX_LINKS)]


class Recipe(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    kw_only=True,
    tag_field="kind",
    tag="recipe",
):
    """Everything that decides the pixels of one picture, fully resolved.

    The picture has `width` x `height` px. It is rendered at the next sides that are multiples of
    `multiple` and cropped. With a `source` it is an img2img picture of that source at `strength`.
    A source that was rendered and then lost some of its pixels' bits to its file is taken as that
    file shows it: `source_encoding` says how; what a recipe's own file is like is no part of it.
    `model` is the name of a model that the owner configured, never a path. `scheduler` is a name
    from `recipes.schedulers`. `loras` and `embeddings` are names as well, of what the owner gave
    the model besides its own weights. `clip_skip` counts as A1111 does: 1 is the last layer
    of the text encoder.

    `link` is its number in its chain: the picture that was picked lies so many sources back.
    `prepare` is done to the source, in this order, before it is drawn from, and `finish` to what
    was drawn. Where that changes the sides, the picture was drawn with those of `drawn`. With a
    source and no strength nothing is drawn: the picture is what `finish` makes of its source.
    With a `region` only that part of the source is drawn, with the sides of `drawn`; all else is
    the source's, pixel by pixel.

    `tree` is what the prompts mean, if they are more than words: only then are brackets and their
    like anything but text. `emphasis` is the rule by which its weights work.

    Fields with a default are left out of the canonical text, so that a later version can add
    one without changing the id of any recipe written before.
    """

    prompt: Prompt_
    negative_prompt: Prompt_ = ""
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    width: Side
    height: Side
    multiple: Annotated[int, Meta(ge=1, le=256)]
    model: Name
    scheduler: Name
    steps: Annotated[int, Meta(ge=1, le=1000)]
    guidance_scale: Annotated[float, Meta(ge=0, le=100)]
    strength: Annotated[float, Meta(gt=0, le=1)] | None = None
    source: Recipe | Pixels | None = None
    loras: tuple[Lora, ...] = ()
    embeddings: tuple[Name, ...] = ()
    clip_skip: Annotated[int, Meta(ge=1, le=12)] = 1
    safety_checker: bool = False
    source_encoding: Encoding | None = None
    tree: Tree | None = None
    emphasis: Emphasis = "a1111"
    link: Annotated[int, Meta(ge=1, le=MAX_LINKS)] = 1
    prepare: Steps = ()
    finish: Steps = ()
    drawn: tuple[Side, Side] | None = None
    region: Region | None = None

    def __post_init__(self) -> None:
        # 7 and 7.0, 0.0 and -0.0 are one number: they must give one id.
        for name in ("guidance_scale", "strength"):
            if (number := getattr(self, name)) is not None:
                msgspec.structs.force_setattr(self, name, float(number) + 0.0)
        defaults.restore(self)

    @property
    def canvas(self) -> tuple[int, int]:
        """(width, height) in px that the picture is drawn with, before it is finished."""
        return self.drawn or (self.width, self.height)

    @property
    def is_drawn(self) -> bool:
        """Whether a model draws anything for it."""
        return self.source is None or self.strength is not None

    @property
    def id(self) -> str:
        """SHA-256 of the canonical text, 64 hex digits."""
        return hashlib.sha256(canonical(self).encode("ascii")).hexdigest()


def canonical(recipe: Recipe) -> str:
    """The one ASCII text of a recipe: JSON, sorted keys, no spaces, defaults left out."""
    return json.dumps(
        {"schema": _schema(recipe), **msgspec.to_builtins(recipe)},
        ensure_ascii=True,
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
    )


def from_builtins(data: Any) -> Recipe:
    """The recipe that parsed JSON describes; raises PictureError with a sentence if it is none."""
    if not isinstance(data, dict):
        raise PictureError("the recipe is not a JSON object")
    data = dict(data)
    schema = data.pop("schema", None)
    if not isinstance(schema, int) or not 1 <= schema <= SCHEMA:
        raise PictureError(_unknown(schema))
    try:
        return _within_bounds(msgspec.convert(data, Recipe))
    except (ValueError, RecursionError) as error:
        raise PictureError(f"the recipe is not valid: {str(error)[:MAX_SAID]}") from None


def alike(recipe: Recipe, other: Recipe) -> bool:
    """Whether two drafts can be drawn together: only prompts and seeds differ, if anything."""
    same = msgspec.structs.replace(
        other,
        prompt=recipe.prompt,
        negative_prompt=recipe.negative_prompt,
        seed=recipe.seed,
        tree=recipe.tree,
    )
    return same == recipe and recipe.source is None and not recipe.safety_checker


def lineage(recipe: Recipe) -> tuple[Recipe | Pixels, ...]:
    """The recipe, its source, the source's source, and so on; the oldest last."""
    chain: list[Recipe | Pixels] = [recipe]
    while isinstance(last := chain[-1], Recipe) and last.source is not None:
        chain.append(last.source)
    return tuple(chain)


def chain(recipe: Recipe) -> tuple[Recipe, ...]:
    """The links that lead from the picture that was picked to this recipe's, itself the last."""
    links = [link for link in lineage(recipe) if isinstance(link, Recipe)]
    return tuple(reversed(links[: recipe.link]))


def picked(recipe: Recipe) -> Recipe | Pixels | None:
    """What the picture was that the recipe's chain begins with; None for a draft."""
    return chain(recipe)[0].source


def drafted(recipe: Recipe) -> Recipe:
    """The first recipe of a lineage: that of the draft that everything was made from."""
    return [link for link in lineage(recipe) if isinstance(link, Recipe)][-1]


def _schema(recipe: Recipe) -> int:
    """The first schema that has a place for all that a recipe says."""
    links = [link for link in lineage(recipe) if isinstance(link, Recipe)]
    if len(links) > _OLD_DEPTH or any(map(_is_of_a_chain, links)):
        return 3
    of_text = any(lora.text_scale is not None for link in links for lora in link.loras)
    return 2 if of_text or any(link.tree is not None for link in links) else 1


def _is_of_a_chain(recipe: Recipe) -> bool:
    """Whether a recipe says what a single refinement without any steps has no need of."""
    stepped = recipe.prepare or recipe.finish or recipe.drawn or not recipe.is_drawn
    return bool(recipe.link > 1 or stepped)


def _unknown(schema: Any) -> str:
    if isinstance(schema, int) and schema > SCHEMA:
        return (
            f"its recipe has the schema {str(schema)[:MAX_SAID]}, of a later version of hotfolder; "
            f"this one reads up to {SCHEMA}"
        )
    return f"the recipe's schema is {repr(schema)[:MAX_SAID]}; this version reads 1 to {SCHEMA}"


def _within_bounds(recipe: Recipe) -> Recipe:
    generations = lineage(recipe)
    if len(generations) > MAX_DEPTH:
        raise PictureError(
            f"the recipe has {len(generations)} generations; at most {MAX_DEPTH} are read"
        )
    for link in generations:
        if link.width * link.height > MAX_AREA_PX:
            raise PictureError(f"{link.width}x{link.height} is more than {MAX_AREA_PX:,} pixels")
        if isinstance(link, Recipe):
            _check_link(link)
        if isinstance(link, Recipe) and link.tree and (says := trees.trouble(link.tree)):
            raise PictureError(says)
        if isinstance(link, Recipe) and link.source_encoding is not None:
            _check_source_encoding(link, link.source_encoding)
    return recipe


def _check_link(recipe: Recipe) -> None:
    """Raises PictureError where a recipe's place in its chain, or what is done in it, is none."""
    if recipe.strength is not None and recipe.source is None:
        raise PictureError("a recipe has a strength only when it has a source")
    if not recipe.is_drawn and (recipe.prepare or not recipe.finish):
        raise PictureError("a recipe has a strength, or steps of finishing, when it has a source")
    if recipe.source is None and (recipe.prepare or recipe.finish or recipe.drawn):
        raise PictureError("only a refinement is prepared or finished")
    if recipe.region is not None:
        _check_region(recipe, recipe.region)
    before = recipe.source.link if isinstance(recipe.source, Recipe) else 0
    if recipe.link > 1 and before != recipe.link - 1:
        raise PictureError(f"the recipe is link {recipe.link} of a chain, and not all are there")
    width, height = recipe.canvas
    if width * height > MAX_AREA_PX:
        raise PictureError(f"{width}x{height} is more than {MAX_AREA_PX:,} pixels")


def _check_region(recipe: Recipe, region: Region) -> None:
    """Raises PictureError where a part of the source cannot be drawn as a recipe says."""
    size = (recipe.width, recipe.height)
    source = recipe.source
    if source is None or (source.width, source.height) != size or not recipe.drawn:
        raise PictureError("a region is drawn in a source of the same size")
    if recipe.strength is None or recipe.prepare or recipe.finish:
        raise PictureError("a region is drawn, and not prepared or finished")
    if says := trouble(region, size):
        raise PictureError(says)


def _check_source_encoding(recipe: Recipe, encoding: Encoding) -> None:
    if not (encoding.lossy and isinstance(recipe.source, Recipe)):
        raise PictureError("only a source that was rendered can have lost something in its file")
