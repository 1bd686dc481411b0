"""A picture made again from its recipe alone, and the verdict: identical, or what differs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hotfolder.errors import PictureError, RenderError
from hotfolder.recipes.encoding import PNG
from hotfolder.recipes.recipe import Pixels, Recipe
from hotfolder.recipes.record import Record

if TYPE_CHECKING:
    from PIL import Image

    from hotfolder.render.engine import Engine, Facts, OnStep, Rendered

Sources = Callable[[str], "Image.Image | None"]
Verdict = Literal["identical", "differs", "cannot"]


@dataclass(frozen=True, slots=True)
class Remade:
    """A picture made again, and how it compares with the one in hand.

    `differences` are sentences on what was not as it was then; empty where nothing is known to
    differ. `psnr_db` (inf for equal pixels) and `largest_difference` (0..255) compare with the old
    picture's pixels, where they were given. `image` and `facts` are None if the verdict is
    "cannot"; then `differences` says what is missing.
    """

    verdict: Verdict
    image: Image.Image | None = None
    facts: Facts | None = None
    differences: tuple[str, ...] = ()
    psnr_db: float | None = None
    largest_difference: int | None = None


class Recent:
    """The pictures of the last few recipes: finals of one draft need it rendered only once."""

    def __init__(self, most: int = 4) -> None:
        self._most = most
        self._pictures: OrderedDict[tuple[str, int, str], Image.Image] = OrderedDict()

    def get(self, recipe_id: str, record: Record) -> Image.Image | None:
        """The picture of this recipe made in the way that `record` tells, if it is remembered."""
        key = (recipe_id, record.threads, record.memory_plan)
        if key in self._pictures:
            self._pictures.move_to_end(key)
        return self._pictures.get(key)

    def put(self, recipe_id: str, record: Record, picture: Image.Image) -> None:
        """Remember `picture`, and forget the one that was not asked for longest."""
        key = (recipe_id, record.threads, record.memory_plan)
        self._pictures[key] = picture
        self._pictures.move_to_end(key)
        while len(self._pictures) > self._most:
            self._pictures.popitem(last=False)


def regenerate(
    recipe: Recipe,
    record: Record,
    engine: Engine,
    sources: Sources,
    picture: Image.Image | None = None,
    recent: Recent | None = None,
    on_step: OnStep | None = None,
) -> Remade:
    """`recipe` rendered again with its whole lineage, judged by `record`.

    What is judged is what a file of the recorded encoding shows of it.
    `sources` gives a picture by its pixel hash, or None; it is asked only for sources that no
    recipe describes. `picture`, if given, is the old picture to compare with. One `recent` for
    several calls saves rendering a common draft again.
    """
    from hotfolder.images import pixels

    recent = recent if recent is not None else Recent()
    try:
        source = _source(recipe, record, engine, sources, recent, on_step)
        rendered = _rendered(engine, recipe, record, source, on_step)
    except (RenderError, PictureError) as error:
        return Remade("cannot", differences=(str(error),))
    recent.put(recipe.id, record, rendered.image)
    image = pixels.shown(rendered.image, record.encoding)
    psnr_db, largest = _compare(image, picture) if picture else (None, None)
    if pixels.pixel_hash(image) == record.pixels:
        verdict: Verdict = "identical"
    else:
        verdict = "differs"
    encoders = pixels.encoders(record.encoding, recipe.source_encoding)
    now = {**rendered.facts.versions, **encoders}
    differences = () if verdict == "identical" else _differences(record, rendered.facts, now)
    return Remade(verdict, rendered.image, rendered.facts, differences, psnr_db, largest)


def _source(
    recipe: Recipe,
    record: Record,
    engine: Engine,
    sources: Sources,
    recent: Recent,
    on_step: OnStep | None,
) -> Image.Image | None:
    """The picture that `recipe` starts from: rendered, remembered or asked for; None for none.

    It is as its file showed it, if that lost something.
    """
    if recipe.source is None:
        return None
    from hotfolder.images import pixels

    if isinstance(recipe.source, Pixels):
        return _asked_for(recipe.source, sources)
    made_so = record.source or record
    image = recent.get(recipe.source.id, made_so)
    if image is None:
        below = _source(recipe.source, made_so, engine, sources, recent, on_step)
        image = _rendered(engine, recipe.source, made_so, below, on_step).image
        recent.put(recipe.source.id, made_so, image)
    return pixels.shown(image, recipe.source_encoding or PNG)


def _rendered(
    engine: Engine,
    recipe: Recipe,
    record: Record,
    source: Image.Image | None,
    on_step: OnStep | None,
) -> Rendered:
    """`recipe` rendered in the way that `record` tells."""
    threads, plan = record.threads or None, record.memory_plan
    return engine.render(recipe, source, on_step, threads=threads, plan=plan)


def _asked_for(source: Pixels, sources: Sources) -> Image.Image:
    from hotfolder.images.pixels import pixel_hash

    image = sources(source.sha256)
    if image is None:
        raise PictureError(
            f"its source picture ({source.width}x{source.height}, pixel hash "
            f"{source.sha256[:12]}…) was not made here and is not in this studio"
        )
    if pixel_hash(image) != source.sha256:
        raise PictureError(f"the kept source picture {source.sha256[:12]}… was changed since")
    return image


def _differences(record: Record, facts: Facts, versions: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence for each thing that is known to change bits and is not as it was then."""
    pairs = [
        ("the model's files", record.model_sha256[:12], facts.model_sha256[:12]),
        ("the device", record.device, facts.device),
        ("the number format", record.dtype, facts.dtype),
        ("the number of threads", str(record.threads), str(facts.threads)),
        ("the memory plan", record.memory_plan, facts.memory_plan),
    ]
    for name in sorted({*record.versions, *versions}):
        pairs.append((name, record.versions.get(name, ""), versions.get(name, "")))
    return tuple(
        f"{what} was {then or 'not recorded'}, now it is {now or 'not here'}"
        for what, then, now in pairs
        if then != now
    )


def _compare(new: Image.Image, old: Image.Image) -> tuple[float | None, int | None]:
    """(PSNR in dB, largest difference of any value, 0..255); (None, None) for other sides."""
    import numpy as np

    if new.size != old.size:
        return None, None
    difference = np.asarray(new, dtype=np.int16) - np.asarray(old.convert("RGB"), dtype=np.int16)
    mean_square = float(np.mean(difference.astype(np.float64) ** 2))
    psnr_db = float("inf") if mean_square == 0 else 10 * np.log10(255**2 / mean_square)
    return float(psnr_db), int(np.abs(difference).max())
