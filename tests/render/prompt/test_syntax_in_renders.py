"""Weights, breaks, edits, alternation and AND in real renders of tiny models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from PIL import Image

from hotfolder.errors import Stopped
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.prompt_syntax import parse
from hotfolder.recipes.prompt_syntax.read import read
from hotfolder.recipes.prompt_syntax.schedule import phases
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from hotfolder.render.prompt import clip, switching
from hotfolder.render.prompt.emphasis import weighted
from tests.render import tiny

EXPECTED = json.loads((Path(__file__).parents[2] / "data/prompt_syntax.json").read_text())
SOURCE = Image.new("RGB", (70, 52), "orange")


def spoken(recipe: Recipe, prompt: str, negative: str = "", **values: Any) -> Recipe:
    """`recipe` with these prompts, read."""
    steps = values.get("steps", recipe.steps)
    tree = read(prompt, negative, steps).tree
    values = {"prompt": prompt, "negative_prompt": negative, "tree": tree, **values}
    return msgspec.structs.replace(recipe, **values)


def made(engine: Engine, recipe: Recipe, **how: Any) -> str:
    """The pixel hash of `recipe`'s picture."""
    return pixel_hash(engine.render(recipe, **how).image)


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The tokenizer of the tiny models."""
    return tiny.tokenizer(tmp_path_factory.mktemp("letters"))


def test_tokens_and_weights_in_chunks(letters: Any) -> None:
    """In each chunk of each state of 300 prompts they are those written down."""
    for expected in EXPECTED:
        parts = parse.parts(expected["prompt"], expected["steps"])
        for part, wanted in zip(parts, expected["parts"], strict=True):
            states = dict(phases(part.nodes, expected["steps"]))
            for end, _, chunks in wanted["phases"]:
                said = next(said for until, said in states.items() if end <= until)
                flat = [[(i, w) for ids, w in runs for i in ids] for runs in chunks]
                assert clip.chunks(letters, said, 75) == flat, expected["prompt"]


@pytest.mark.parametrize("model", ["sd", "sdxl"])
def test_syntax_without_effect_has_the_bits_of_words(
    engine: Engine, draft: Recipe, model: str
) -> None:
    """Weights of 1, an edit after no step and equal options give the picture of the bare words."""
    alike = ["(a castle:1) by the sea", "a [lake:castle:0] by the sea", "[a|a] castle by the sea"]
    plain = made(engine, spoken(draft, "a castle by the sea", "fog", model=model))
    for prompt in [*alike, "a castle by the sea AND a mill :0"]:
        recipe = spoken(draft, prompt, "(fog:1.0)", model=model)
        assert recipe.tree is not None
        if "AND" not in prompt:
            assert made(engine, recipe) == plain


@pytest.mark.parametrize("model", ["sd", "sdxl"])
def test_each_form_has_an_effect(engine: Engine, draft: Recipe, model: str) -> None:
    """Each has a picture of its own, the same every time; so have both rules of emphasis."""
    prompts = ["a castle", "a (castle:1.4)", "a [castle]", "a BREAK castle", "a [castle:lake:2]"]
    prompts += ["a [castle|lake]", "a AND castle", "a AND castle:0.5", "(a (castle:0.3):1.4)"]
    recipes = [spoken(draft, prompt, model=model, guidance_scale=3.0) for prompt in prompts]
    recipes.append(msgspec.structs.replace(recipes[-1], emphasis="compel"))
    recipes.append(spoken(draft, "a castle", "(fog:1.5)", model=model, guidance_scale=3.0))
    pictures = [made(engine, recipe) for recipe in recipes]
    assert len(set(pictures)) == len(recipes)
    assert [made(engine, recipe) for recipe in recipes] == pictures


def test_old_recipes_take_signs_as_text(engine: Engine, draft: Recipe) -> None:
    """A recipe without a tree is drawn from its letters, as before."""
    plain = msgspec.structs.replace(draft, prompt="a (castle:1.4)")
    assert made(engine, plain) != made(engine, spoken(draft, "a (castle:1.4)"))


def test_weights_as_a1111_has_them() -> None:
    """Each token's state is scaled, and the mean of all is what it was; 1 changes no bit."""
    states = torch.randn(1, 6, 8) + 0.5
    told = weighted("a1111", [1.0, 2.0], states, lambda _: states)
    scaled = states * torch.tensor([1.0, 1.0, 2.0, 1.0, 1.0, 1.0]).reshape(1, 6, 1)
    assert torch.allclose(told, scaled * (states.mean() / scaled.mean()))
    assert torch.allclose(told.mean(), states.mean())
    assert weighted("a1111", [1.0, 1.0], states, lambda _: states) is states


def test_weights_as_compel_has_them() -> None:
    """More is further from the empty prompt; at 0.5 the prompt without the words counts as much."""
    states, empty, without = torch.randn(3, 1, 6, 8)

    def read_again(places: Any) -> torch.Tensor:
        return without if len(places) else empty

    more = weighted("compel", [1.0, 1.5], states, read_again)
    assert torch.allclose(more[:, 2], empty[:, 2] + 1.5 * (states - empty)[:, 2], atol=1e-6)
    assert torch.allclose(more[:, 1], states[:, 1], atol=1e-6)
    less = weighted("compel", [1.0, 0.5], states, read_again)
    assert torch.allclose(less, (states + without) / 2, atol=1e-5)


@pytest.fixture
def asked(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The steps for which the conditioning was asked, as the renders of the test go on."""
    steps: list[int] = []
    at = switching.Phases.at

    def noting(self: switching.Phases, step: int) -> switching.Spoken:
        if len(self.until) > 1:
            steps.append(step)
        return at(self, step)

    monkeypatch.setattr(switching.Phases, "at", noting)
    return steps


@pytest.mark.parametrize("scheduler", ["Euler", "Heun", "DPM++ 2M", "PNDM", "DPM2"])
def test_each_step_has_its_conditioning(
    engine: Engine, draft: Recipe, final: Recipe, asked: list[int], scheduler: str
) -> None:
    """Also where a scheduler asks the denoiser twice; a refinement enters at its own step."""
    engine.render(spoken(draft, "[a:b:2]", scheduler=scheduler, steps=6))
    assert sorted(set(asked)) == [1, 2, 3, 4, 5, 6]
    assert asked == sorted(asked)
    asked.clear()
    late = spoken(final, "[a:b:2]", scheduler=scheduler, steps=6, strength=0.5)
    engine.render(late, SOURCE)
    assert asked[-1] == 6 and 2 <= asked[0] <= 5


def test_an_edit_holds_up_to_its_step(engine: Engine, draft: Recipe) -> None:
    """After none of the steps it is the one prompt, after all of them the other."""
    one, other = (made(engine, spoken(draft, prompt, steps=4)) for prompt in ("(a)", "(b)"))
    assert made(engine, spoken(draft, "([a:b:4])", steps=4)) == one
    assert made(engine, spoken(draft, "([a:b:0])", steps=4)) == other
    between = {made(engine, spoken(draft, f"([a:b:{n}])", steps=4)) for n in range(5)}
    assert len(between) == 5


def test_parts_are_composed_by_their_weights(engine: Engine, draft: Recipe) -> None:
    """Two halves of a prompt are nearly that prompt, and a part of weight 0 is as good as none."""
    whole = engine.render(spoken(draft, "a castle", guidance_scale=3.0)).image
    for prompt in ("a castle :0.5 AND a castle :0.5", "a castle AND a mill :0"):
        picture = engine.render(spoken(draft, prompt, guidance_scale=3.0)).image
        pairs = zip(whole.tobytes(), picture.tobytes(), strict=True)
        assert max(abs(a - b) for a, b in pairs) <= 2
    unguided = spoken(draft, "a castle AND a mill", guidance_scale=1.0)
    assert made(engine, unguided) != made(engine, spoken(draft, "a castle", guidance_scale=1.0))


@pytest.mark.parametrize("prompt", ["a [castle:lake:2]", "[a|b|c] mill", "a AND [b:c:3] :0.6"])
def test_stopped_interrupted_and_gone_on_with(
    engine: Engine, draft: Recipe, final: Recipe, tmp_path: Path, prompt: str
) -> None:
    """A refinement between two steps, or a stop and another start, change no bit of either."""
    recipe = spoken(draft, prompt, "[fog|rain]", steps=5)
    late = spoken(final, prompt, steps=6)
    alone, refined = made(engine, recipe), made(engine, late, source=SOURCE)
    between: list[str] = []

    def make_room(step: int, _: int) -> None:
        if step == 2:
            between.append(made(engine, late, source=SOURCE))

    assert made(engine, recipe, on_step=make_room) == alone
    assert between == [refined]
    for stop_at in (1, 2, 4):

        def stop(step: int, _: int, at: int = stop_at) -> None:
            if step == at:
                raise Stopped

        with pytest.raises(Stopped):
            engine.render(recipe, on_step=stop, resume=tmp_path / "state")
        assert (tmp_path / "state").exists()
        assert made(engine, recipe, resume=tmp_path / "state") == alone


def test_drawn_together(engine: Engine, draft: Recipe) -> None:
    """Drafts with edits of their own are drawn together, and each is made again alone."""
    prompts = ["a [castle:lake:1]", "a [mill|boat]", "a tower", "x AND y"]
    recipes = [spoken(draft, text, seed=n) for n, text in enumerate(prompts)]
    together = engine.render_batch(recipes)
    plans = [one.facts.memory_plan for one in together.values()]
    assert plans == [f"resident, place {n} of 3" for n in (1, 2, 3)]
    for recipe, one, plan in zip(recipes[:3], together.values(), plans, strict=True):
        assert made(engine, recipe, plan=plan) == pixel_hash(one.image)


def test_split_windows_and_latent_consistency(models: Path, draft: Recipe, tmp_path: Path) -> None:
    """Every plan of memory has its own bits, the same each time, with composed prompts as well."""
    from hotfolder.recipes.model import Model

    tiny.latent_consistency(tmp_path / "lcm")
    lcm = Engine({"lcm": Model(source="./lcm")}, tmp_path, "cpu", 1)
    prompt = "a AND [b:c:2] :0.5"
    recipe = spoken(draft, prompt, model="lcm", scheduler="model")
    assert made(lcm, recipe) == made(lcm, recipe)
    small = Engine({"sd": Model(source="./sd", multiple=16)}, models, "cpu", 1, memory_bytes=1)
    spared = small.render(spoken(draft, prompt))
    assert "resident" not in spared.facts.memory_plan or spared.facts.memory_plan != "resident"
    assert made(small, spoken(draft, prompt)) == pixel_hash(spared.image)
