"""A picture made again from its recipe alone, and the verdict: identical, or what differs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from msgspec import structs

from hotfolder.errors import ModelMissingError, PictureError, RenderError
from hotfolder.recipes.encoding import PNG
from hotfolder.recipes.model import at_revision
from hotfolder.recipes.recipe import Pixels, Recipe
from hotfolder.recipes.record import Record

if TYPE_CHECKING:
    from PIL import Image

    from hotfolder.render.engine import Engine
    from hotfolder.render.rendered import Facts, Rendered
    from hotfolder.render.sampling import OnStep

Sources = Callable[[str], "Image.Image | None"]
Verdict = Literal["identical", "differs", "cannot"]


@dataclass(frozen=True, slots=True)
class Remade:
    """A picture made again, and how it compares with the one in hand.

    `differences` are sentences on what was not as it was then, sources first; empty where nothing
    is known to differ. `psnr_db` (inf for equal pixels) and `largest_difference` (0..255) compare
    with the old picture's pixels, where they were given. `image` and `facts` are None if the
    verdict is "cannot"; then `differences` says what is missing.
    """

    verdict: Verdict
    image: Image.Image | None = None
    facts: Facts | None = None
    differences: tuple[str, ...] = ()
    psnr_db: float | None = None
    largest_difference: int | None = None


class Recent:
    """The last few pictures rendered: finals of one draft need it rendered only once."""

    def __init__(self, most: int = 4) -> None:
        self._most = most
        self._rendered: OrderedDict[tuple[str, int, str], Rendered] = OrderedDict()

    def get(self, recipe_id: str, record: Record) -> Rendered | None:
        """What came of this recipe made in the way that `record` tells, if it is remembered."""
        key = (recipe_id, record.threads, record.memory_plan)
        if key in self._rendered:
            self._rendered.move_to_end(key)
        return self._rendered.get(key)

    def put(self, recipe_id: str, record: Record, rendered: Rendered) -> None:
        """Remember what was rendered, and forget what was not asked for longest."""
        key = (recipe_id, record.threads, record.memory_plan)
        self._rendered[key] = rendered
        self._rendered.move_to_end(key)
        while len(self._rendered) > self._most:
            self._rendered.popitem(last=False)


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

    again = _Again(engine, sources, recent or Recent(), on_step)
    try:
        rendered = again.rendered(recipe, record)
    except (RenderError, PictureError) as error:
        return Remade("cannot", differences=(f"{error}{_made_with(recipe, record, error)}",))
    image = pixels.shown(rendered.image, record.encoding)
    psnr_db, largest = _compare(image, picture) if picture else (None, None)
    verdict: Verdict = "identical"
    differences = again.differences
    if pixels.pixel_hash(image) != record.pixels:
        verdict = "differs"
        if pixels.pixel_hash(rendered.image) == record.rendered:
            differences.append(f"only what its {record.encoding} made of the same pixels differs")
        encoders = pixels.encoders(record.encoding, recipe.source_encoding)
        now = {**rendered.facts.versions, **encoders}
        differences += _differences(record, rendered.facts, now)
        if record.model_commit not in ("", rendered.facts.model_commit):
            then = at_revision(recipe.model, record.model_commit)
            differences.append(f"`hotfolder fetch {then}` fetches the model as it was then")
    distinct = tuple(dict.fromkeys(differences))
    return Remade(verdict, rendered.image, rendered.facts, distinct, psnr_db, largest)


class _Again:
    """One picture's whole lineage, rendered again; what differs on the way is in `differences`."""

    def __init__(
        self, engine: Engine, sources: Sources, recent: Recent, on_step: OnStep | None
    ) -> None:
        self.differences: list[str] = []
        self._engine = engine
        self._sources = sources
        self._recent = recent
        self._on_step = on_step
        self._starts: dict[str, Image.Image | None] = {}

    def rendered(self, recipe: Recipe, record: Record) -> Rendered:
        """The picture of a recipe, made as its record says, from its sources made again."""
        from hotfolder.render import link

        source = self._source(recipe, record)
        threads, plan = record.threads or None, record.memory_plan
        model = self._engine.edition(recipe.model, record.model_sha256, record.model_commit)
        of_then = structs.replace(recipe, model=model)

        def draw(prepared: Image.Image | None) -> Rendered:
            return self._engine.render(of_then, prepared, self._on_step, threads=threads, plan=plan)

        picked = self._picked(recipe, record)
        rendered = link.make(of_then, source, picked, draw, self._engine.upscale)
        self._recent.put(recipe.id, record, rendered)
        return rendered

    def _picked(self, recipe: Recipe, record: Record) -> Image.Image | None:
        """The picture that a recipe's chain began with; None for a draft."""
        first, made_so = recipe, record
        while first.link > 1 and isinstance(first.source, Recipe):
            first, made_so = first.source, made_so.source or made_so
        return self._source(first, made_so)

    def _source(self, recipe: Recipe, record: Record) -> Image.Image | None:
        """The picture that `recipe` starts from, worked out once."""
        if recipe.id not in self._starts:
            self._starts[recipe.id] = self._found(recipe, record)
        return self._starts[recipe.id]

    def _found(self, recipe: Recipe, record: Record) -> Image.Image | None:
        """The picture that `recipe` starts from: rendered, remembered or asked for; None for none.

        It is made as its own record says; where it has none, as an ordinary draft: how the final
        fitted into memory says nothing of it, and other plans make other bits on some processors.
        It is as its file showed it, if that lost something.
        """
        from hotfolder.images import pixels

        if recipe.source is None:
            return None
        if isinstance(recipe.source, Pixels):
            return _asked_for(recipe.source, self._sources)
        made_so = record.source or structs.replace(record, memory_plan="")
        rendered = self._recent.get(recipe.source.id, made_so)
        if rendered is None:
            rendered = self.rendered(recipe.source, made_so)
        if record.source is not None:
            self._judge(recipe.source, record.source, rendered)
        return pixels.shown(rendered.image, recipe.source_encoding or PNG)

    def _judge(self, source: Recipe, record: Record, rendered: Rendered) -> None:
        """Note where a source did not come out as it was: what is made of it cannot either."""
        from hotfolder.images.pixels import pixel_hash

        if pixel_hash(rendered.image) != (record.rendered or record.pixels):
            self.differences.append(
                f"the {record.stage} {source.id[:8]} it was made from already has different pixels"
            )
            self.differences += _differences(record, rendered.facts, rendered.facts.versions)


def _made_with(recipe: Recipe, record: Record, error: Exception) -> str:
    """Which model is missing, by what its files were."""
    if not isinstance(error, ModelMissingError):
        return ""
    made: Recipe | Pixels | None = recipe
    made_so: Record | None = record
    fingerprints = {}
    while isinstance(made, Recipe) and made_so is not None:
        fingerprints[made.model] = made_so.model_sha256[:12]
        made, made_so = made.source, made_so.source
    named = [
        f"{name} (fingerprint {sha256 or 'not recorded'})" for name, sha256 in fingerprints.items()
    ]
    return f"; it was made with {' and '.join(named)}, which a profile here must name"


def _asked_for(source: Pixels, sources: Sources) -> Image.Image:
    from hotfolder.images.pixels import pixel_hash

    image = sources(source.sha256)
    if image is None or pixel_hash(image) != source.sha256:
        raise PictureError(
            f"the picture from elsewhere that it was made from ({source.width}x{source.height} px, "
            f"pixel hash {source.sha256[:12]}…) is not kept in .hotfolder/sources/ any more; "
            "put a copy of it into seeds/ and try again"
        )
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
    for name in sorted({*record.additions, *facts.additions}):
        then, now = record.additions.get(name, ""), facts.additions.get(name, "")
        pairs.append((f"the file of {name}", then[:12], now[:12]))
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
