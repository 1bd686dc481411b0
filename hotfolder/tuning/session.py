"""One training from what was gathered to the profile that draws with what was learned."""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import msgspec

from hotfolder.errors import HotfolderError, Stopped, brief, reason
from hotfolder.images import views
from hotfolder.recipes.config import Config
from hotfolder.recipes.model import LoraFile, Model, additions, model_name
from hotfolder.recipes.recipe import Recipe
from hotfolder.render import environment
from hotfolder.render.engine import Engine
from hotfolder.render.memory import devices
from hotfolder.render.models.loaded import Loaded
from hotfolder.report.learning import Learning
from hotfolder.report.sheet import Row, sheet
from hotfolder.studio.config import owners_file
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import trust, tuned
from hotfolder.studio.store.turns import Learner
from hotfolder.tuning import balance, checkpoint, chosen, course, gathering, memory, result, school
from hotfolder.tuning.checkpoint import Begun
from hotfolder.tuning.gathering import Gathered
from hotfolder.tuning.school import Learned
from hotfolder.tuning.trainer import Trainer

_SMALL_PX = 32
_IN_A_ROW = 6  # pictures of the sheet
_LONGEST = 90  # characters of a heading
_WAITS = "waits while pictures are drawn"


@dataclass(slots=True)
class Task:
    """What is wanted: which profile of a studio is tuned, by which seed, for how many steps."""

    studio: Studio
    config: Config
    profile: str
    seed: int = 0
    steps: int | None = None
    _stopping: list[bool] = field(default_factory=list)

    def stop(self) -> None:
        """End at the next step. For signal handlers."""
        self._stopping.append(True)

    def heed(self) -> None:
        """Raises Stopped if that was asked for."""
        if self._stopping:
            raise Stopped

    @property
    def model(self) -> Model:
        """The model of the profile that is tuned, with that profile's LoRAs."""
        return self.config.profile(self.profile).model


def run(task: Task, place: Path, gathered: Gathered, told: Learning) -> str:
    """Learn from what was gathered, or go on with what `place` has; the name of what comes of it.

    Raises Stopped; what was learned until then is kept. Raises HotfolderError with what is wrong.
    """
    device = devices.first(task.config.settings.devices)
    told.begin(f"reading {model_name(task.model)}")
    started = checkpoint.begun(place)
    some = started.pictures[0].recipe if started else next(iter(gathered.recipes.values()))
    loaded = school.load(task.model, task.studio.root, device, _own(some, task.model))
    if started is None or started.model_sha256 != loaded.sha256:
        shutil.rmtree(place, ignore_errors=True)
        started = _begin(task, place, gathered, loaded, device)
    else:
        told.say(f"Goes on with {started.name}, which was started before; --anew starts over.")
    listener = _Listener(task, told, len(started.pictures))
    frozen = _as_begun(started)
    try:
        learned = school.learn(
            started,
            place,
            loaded,
            device,
            lambda: gathering.pictures(task.studio, frozen),
            listener,
        )
    finally:
        listener.turns.close()
    if learned.score.at == 0:
        shutil.rmtree(place, ignore_errors=True)
        raise HotfolderError(
            f"nothing was learned that holds for other prompts: of {task.profile}, pictures of "
            "held-out prompts were told apart no better at any time. No profile was made; more "
            "picks and rejects would help"
        )
    name = _publish(task, started, learned, told)
    shutil.rmtree(place, ignore_errors=True)  # else the next one goes on with what is done
    return name


class _Listener:
    """Shows how far it is, and takes turns with what is drawn."""

    def __init__(self, task: Task, told: Learning, pictures: int) -> None:
        self.turns = Learner(task.config.settings.tune.share)
        self._task, self._told = task, told
        self._pictures, self._read = pictures, 0
        told.begin("reading pictures")

    def read(self) -> None:
        """Another picture was read."""
        self._task.heed()
        self.turns.attend(None, self._wait)
        self._read += 1
        self._told.step(self._read, self._pictures)

    def began(self, step: int) -> None:
        """Steps begin, or go on."""
        self._told.begin("learning", step)

    def before_step(self, made: Trainer) -> None:
        """Wait for its turn."""
        self._task.heed()
        self.turns.attend(made, self._wait)

    def after_step(self, step: int, steps: int) -> None:
        """Tell of it."""
        self._told.step(step, steps)

    def _wait(self) -> None:
        self._task.heed()
        self._told.wait(_WAITS)


def _begin(task: Task, place: Path, gathered: Gathered, loaded: Loaded, device: str) -> Begun:
    """Write down what is to be learned, so that later picks change nothing of it."""
    settings = task.config.settings
    wanted = settings.threads if isinstance(settings.threads, int) else 0
    sides = max((r.canvas for r in gathered.recipes.values()), key=lambda s: s[0] * s[1])
    learned = course.plan(
        len(gathered.chosen),
        school.width(loaded),
        task.seed,
        wanted or environment.default_threads(),
        "preference" if _can_compare(gathered) else "picks",
    )
    plan = memory.choose(
        loaded.footprint, devices.budget(device).device_bytes, sides, learned.batch
    )
    small = [
        views.grey(image, _SMALL_PX) for _, _, image in gathering.pictures(task.studio, gathered)
    ]
    prefers = chosen.prefers_a_side(small, [example.liked for example in gathered.chosen])
    examples = [*gathered.chosen, *(chosen.opposites(gathered.chosen) if prefers else ())]
    begun = Begun(
        task.profile,
        result.named(task.profile, tuned.free(_home(task.studio), task.profile)),
        msgspec.structs.replace(learned, together=plan.together, steps=task.steps or learned.steps),
        tuple(
            checkpoint.Picture(e, gathered.paths[e.picture], gathered.recipes[e.picture])
            for e in balance.balanced(examples)
        ),
        not prefers,
        loaded.sha256,
        school.circumstances(loaded, device, plan),
        plan,
    )
    try:
        checkpoint.begin(place, begun)
    except OSError as error:
        raise HotfolderError(reason(error)) from None
    return begun


def _can_compare(gathered: Gathered) -> bool:
    """Whether likes and dislikes can be told apart: there are both, of one size."""
    sizes: dict[bool, set[tuple[int, int]]] = {True: set(), False: set()}
    for one in gathered.chosen:
        sizes[one.liked].add(gathered.recipes[one.picture].canvas)
    return bool(sizes[True] & sizes[False])


def _publish(task: Task, begun: Begun, learned: Learned, told: Learning) -> str:
    """Put the LoRA, its card, its sheet and at last its profile where profiles lie."""
    root, model = _home(task.studio), task.model
    data = result.file_of(learned.lora, learned.denoiser)
    if not tuned.may_put(root, f"{begun.name}.safetensors", data):
        free = tuned.free(root, begun.profile)
        begun = msgspec.structs.replace(begun, name=result.named(begun.profile, free))
    name, day = begun.name, date.today().isoformat()
    here = f"profiles/{name}.safetensors"
    source = here if root == task.studio.root else str(root / here)
    lora = LoraFile(source, name=result.lora_of(name, data))
    loras = [*model.loras, lora]
    try:
        tuned.put(root, {f"{name}.safetensors": data})
        shown = _sheet(task, begun, msgspec.structs.replace(model, loras=loras), told)
        texts = {
            f"{name}.md": result.card(begun, learned, data, day).encode(),
            f"{name}.png": shown,
            f"{name}.toml": result.profile(begun, loras, day).encode(),
        }
        tuned.put(root, texts)
    except OSError as error:
        raise HotfolderError(reason(error)) from None
    told.say(
        f"{root / 'profiles'} has {name}: a profile (.toml), the LoRA (.safetensors), a card "
        "(.md), and the same seeds before and after (.png)"
    )
    return name


def _sheet(task: Task, begun: Begun, model: Model, told: Learning) -> bytes:
    """A PNG of the same recipes without and with what was learned, of held-out prompts first."""
    held = chosen.split([one.example for one in begun.pictures], begun.course.seed).held_out
    out = {example.picture for example in held}
    order = sorted(begun.pictures, key=lambda one: one.example.picture not in out)
    recipes: Mapping[str, Recipe] = {one.recipe.prompt: one.recipe for one in reversed(order)}
    some = list(recipes.values())[::-1][:_IN_A_ROW]
    rows: list[Row] = []
    told.begin("drawing before and after")
    engine = Engine({model_name(model): model}, task.studio.root)
    for heading, given in (("before", task.model), ("after", model)):
        shown = []
        for recipe in some:
            shown.append(engine.render(_own(recipe, given), on_step=lambda *_: task.heed()).image)
            told.step(len(rows) * len(some) + len(shown), 2 * len(some))
        rows.append(Row(heading, shown))
    prompts = "; ".join(recipe.prompt for recipe in some)
    rows[0] = Row(f"before: {brief(prompts, _LONGEST)}", rows[0].pictures)
    page = io.BytesIO()
    sheet(begun.name, rows).save(page, "PNG")
    return page.getvalue()


def _own(recipe: Recipe, model: Model) -> Recipe:
    """`recipe` with what a model is given besides its weights, and nothing else."""
    return msgspec.structs.replace(recipe, **additions(model))


def _as_begun(begun: Begun) -> Gathered:
    """What was gathered when it was begun."""
    return Gathered(
        [one.example for one in begun.pictures],
        {one.example.picture: one.path for one in begun.pictures},
        {one.example.picture: one.recipe for one in begun.pictures},
    )


def _home(studio: Studio) -> Path:
    """The folder above `profiles/`: of a studio that may name models here, else the owner's own."""
    return studio.root if trust.is_trusted(studio) else owners_file.make()
