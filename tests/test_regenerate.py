"""Any picture can be made again from its recipe, and the verdict tells what differs."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from typing import Any

import msgspec
import pytest
from PIL import Image

from hotfolder.images.picture import publishable
from hotfolder.images.pixels import decode, pixel_hash
from hotfolder.recipes.encoding import Encoding, encoding
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Pixels, Recipe
from hotfolder.recipes.record import Record
from hotfolder.regenerate import Recent, regenerate
from hotfolder.render.engine import Engine
from hotfolder.render.rendered import Rendered
from tests.render import tiny

DRAFT = Recipe(
    prompt="a castle",
    seed=1,
    width=70,
    height=52,
    multiple=tiny.MULTIPLE,
    model="sd",
    scheduler="Euler a",
    steps=3,
    guidance_scale=3.0,
)
FINAL = msgspec.structs.replace(DRAFT, width=88, height=65, strength=0.7, seed=2, source=DRAFT)


class Counting(Engine):
    """An engine that counts its renders."""

    renders = 0

    def render(self, *args: object, **more: object) -> Rendered:
        self.renders += 1
        return super().render(*args, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Counting:
    """An engine for one tiny model."""
    folder = tiny.stable_diffusion(tmp_path_factory.mktemp("models") / "sd")
    model = Model(source=str(folder), multiple=tiny.MULTIPLE)
    return Counting({"sd": model}, None, device="cpu", threads=1)


def recorded(rendered: Rendered) -> Record:
    """The render record of a picture."""
    facts = {field.name: getattr(rendered.facts, field.name) for field in fields(rendered.facts)}
    return Record(stage="final", pixels=pixel_hash(rendered.image), **facts)


def nothing(_sha256: str) -> None:
    """A studio that keeps no sources."""


@pytest.fixture(scope="module")
def final(engine: Counting) -> Rendered:
    """The final as it was first made."""
    return engine.render(FINAL, engine.render(DRAFT).image)


def test_a_final_is_made_again_without_its_draft(engine: Counting, final: Rendered) -> None:
    """The recipe alone is enough for the whole lineage, bit for bit."""
    remade = regenerate(FINAL, recorded(final), engine, nothing, picture=final.image)
    assert remade.verdict == "identical"
    assert remade.differences == ()
    assert (remade.psnr_db, remade.largest_difference) == (float("inf"), 0)


def test_it_computes_with_the_threads_of_then(engine: Counting) -> None:
    """Another thread count can change bits, so the recorded one is used."""
    with_two = engine.render(DRAFT, threads=2)
    remade = regenerate(DRAFT, recorded(with_two), engine, nothing)
    assert remade.verdict == "identical"
    assert remade.facts is not None
    assert remade.facts.threads == 2


def test_it_follows_the_memory_plan_of_then(engine: Counting) -> None:
    """A final made by windows is made by windows again, though now it would fit whole."""
    plan = "resident, vae tiles 256/64, split guidance, windows 256x256/64"
    wide = msgspec.structs.replace(FINAL, width=384, height=256)
    by_windows = engine.render(wide, engine.render(DRAFT).image, plan=plan)
    remade = regenerate(wide, recorded(by_windows), engine, nothing)
    assert remade.verdict == "identical"
    assert remade.facts is not None
    assert remade.facts.memory_plan == plan


def test_a_source_without_a_record_is_an_ordinary_draft(
    engine: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How a final fitted into memory says nothing of the draft that it was made from."""
    split = "resident, split guidance"
    made = engine.render(FINAL, engine.render(DRAFT).image, plan=split)
    plans = []
    render = engine.render

    def noted(*arguments: Any, **options: Any) -> Rendered:
        plans.append(options["plan"])
        return render(*arguments, **options)

    monkeypatch.setattr(engine, "render", noted)
    assert regenerate(FINAL, recorded(made), engine, nothing).verdict == "identical"
    assert plans == ["", split]


def test_a_plan_from_another_version_is_told(engine: Counting) -> None:
    """A plan that nobody knows is not followed, and the record's difference is named."""
    draft = recorded(engine.render(DRAFT))
    then = msgspec.structs.replace(draft, memory_plan="quantum", pixels="0" * 64)
    remade = regenerate(DRAFT, then, engine, nothing)
    assert remade.verdict == "differs"
    assert any("quantum" in sentence for sentence in remade.differences)


def test_a_common_draft_is_rendered_once(engine: Counting, final: Rendered) -> None:
    """Two finals of one draft take three renders, not four."""
    engine.renders = 0
    recent = Recent()
    other = msgspec.structs.replace(FINAL, seed=3)
    for recipe in (FINAL, other):
        regenerate(recipe, recorded(final), engine, nothing, recent=recent)
    assert engine.renders == 3


def test_recent_forgets_the_oldest() -> None:
    """Only so many pictures are kept; asking for one keeps it longer."""
    recent = Recent(most=2)
    image = Image.new("RGB", (1, 1))
    record = Record(stage="draft", pixels="0" * 64)
    recent.put("a", record, image)
    recent.put("b", record, image)
    recent.get("a", record)
    recent.put("c", record, image)
    assert recent.get("a", record) is image
    assert recent.get("b", record) is None


def test_another_environment_is_named(engine: Counting, final: Rendered) -> None:
    """Where the bits differ, the verdict lists all that is not as it was."""
    then = msgspec.structs.replace(
        recorded(final),
        pixels="0" * 64,
        device="cuda NVIDIA H100",
        dtype="float16",
        versions={**final.facts.versions, "torch": "2.4.0", "cuda": "12.4"},
    )
    remade = regenerate(FINAL, then, engine, nothing, picture=Image.new("RGB", (88, 65)))
    assert remade.verdict == "differs"
    said = "\n".join(remade.differences)
    assert "the device was cuda NVIDIA H100, now it is cpu" in said
    assert "the number format was float16, now it is float32" in said
    assert "torch was 2.4.0" in said
    assert "cuda was 12.4, now it is not here" in said
    assert len(remade.differences) == 4
    assert remade.psnr_db is not None
    assert 0 < remade.psnr_db < 40


def test_a_draft_that_comes_out_differently_is_named(engine: Counting, final: Rendered) -> None:
    """What differs in the chain comes first: the final could not come out the same."""
    draft = msgspec.structs.replace(
        recorded(engine.render(DRAFT)), stage="draft", pixels="0" * 64, device="cuda NVIDIA H100"
    )
    then = msgspec.structs.replace(recorded(final), pixels="1" * 64, source=draft)
    recent = Recent()
    for _ in range(2):  # the second time, the draft is remembered
        remade = regenerate(FINAL, then, engine, nothing, recent=recent)
        assert remade.verdict == "differs"
        says = f"the draft {DRAFT.id[:8]} it was made from already has different pixels"
        assert remade.differences[0] == says
        assert remade.differences[1].startswith("the device was cuda NVIDIA H100, now it is cpu")
    same = msgspec.structs.replace(recorded(final), source=draft)
    remade = regenerate(FINAL, same, engine, nothing)
    assert (remade.verdict, len(remade.differences)) == ("identical", 2)


def test_a_foreign_source_is_asked_for(engine: Counting) -> None:
    """A source that is known by its pixels is given by its hash, and checked."""
    photo = Image.linear_gradient("L").convert("RGB").resize((70, 52))
    source = Pixels(sha256=pixel_hash(photo), width=70, height=52)
    recipe = msgspec.structs.replace(FINAL, source=source)
    record = recorded(engine.render(recipe, photo))
    kept = {source.sha256: photo}
    assert regenerate(recipe, record, engine, kept.get).verdict == "identical"
    gone = regenerate(recipe, record, engine, nothing)
    assert gone.verdict == "cannot"
    says = f"(70x52 px, pixel hash {source.sha256[:12]}…) is not kept in .hotfolder/sources/"
    assert says in gone.differences[0]
    assert "put a copy of it into seeds/" in gone.differences[0]
    changed = regenerate(recipe, record, engine, lambda _: Image.new("RGB", (70, 52)))
    assert (changed.verdict, changed.differences) == ("cannot", gone.differences)


def test_a_missing_model_is_a_verdict(engine: Counting, final: Rendered) -> None:
    """A recipe of a model that is not here cannot be made again, and says why."""
    recipe = msgspec.structs.replace(FINAL, model="flux")
    then = msgspec.structs.replace(recorded(final), model_sha256="ab" * 32)
    remade = regenerate(recipe, then, engine, nothing)
    assert remade.verdict == "cannot"
    assert "no profile here has the model 'flux'" in remade.differences[0]
    assert "it was made with flux (fingerprint abababababab)" in remade.differences[0]
    lost = msgspec.structs.replace(FINAL, source=msgspec.structs.replace(DRAFT, model="gone"))
    then = msgspec.structs.replace(then, source=recorded(final))
    assert "'gone'" in regenerate(lost, then, engine, nothing).differences[0]


def test_the_module_is_light() -> None:
    """Importing it imports no torch; the engine is handed in."""
    look = "import sys, hotfolder.regenerate; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


LOSSY = [encoding("jpeg", 60), encoding("webp", 60)]


@pytest.mark.parametrize("lossy", LOSSY, ids=str)
def test_a_final_of_a_lossy_draft_is_made_again(engine: Counting, lossy: Encoding) -> None:
    """A final is made of what the draft's file shows, and again from its own recipe alone."""
    rendered = engine.render(DRAFT)
    data, record = publishable(rendered.image, DRAFT, recorded(rendered), lossy)
    recipe = msgspec.structs.replace(FINAL, source_encoding=lossy)
    final = engine.render(recipe, decode(data))
    data, made = publishable(final.image, recipe, recorded(final), lossy)
    assert made.pixels != pixel_hash(final.image) == made.rendered
    made = msgspec.structs.replace(made, source=record)
    remade = regenerate(recipe, made, engine, nothing, decode(data))
    assert (remade.verdict, remade.largest_difference) == ("identical", 0)
    assert publishable(remade.image, recipe, made, lossy)[0]
    plain = regenerate(FINAL, made, engine, nothing, decode(data))
    assert plain.verdict == "differs", "what the draft's file lost has a part in the final"


def test_another_encoder_is_named(engine: Counting) -> None:
    """Where only the library that wrote the file has changed, the verdict says that."""
    rendered = engine.render(DRAFT)
    record = publishable(rendered.image, DRAFT, recorded(rendered), LOSSY[1])[1]
    versions = {**record.versions, "libwebp": "0.1"}
    then = msgspec.structs.replace(record, pixels="0" * 64, versions=versions)
    remade = regenerate(DRAFT, then, engine, nothing)
    assert remade.verdict == "differs"
    assert [said.partition(",")[0] for said in remade.differences] == [
        "only what its WebP of quality 60 made of the same pixels differs",
        "libwebp was 0.1",
    ]
