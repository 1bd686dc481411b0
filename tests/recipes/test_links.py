"""Chains: what a profile lists, and the recipes that follow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hotfolder.errors import MistakesError, PictureError
from hotfolder.recipes.config import Config
from hotfolder.recipes.encoding import Encoding
from hotfolder.recipes.recipe import (
    MAX_LINKS,
    Pixels,
    Recipe,
    canonical,
    chain,
    from_builtins,
    lineage,
    picked,
)
from hotfolder.recipes.refine import key, refine, sizes_of
from hotfolder.recipes.settings import Settings

DRAFT = Recipe(
    prompt="a castle",
    seed=1,
    width=1067,
    height=600,
    multiple=8,
    model="a/b",
    scheduler="Euler",
    steps=20,
    guidance_scale=7.0,
)
FOREIGN = Pixels(sha256="0" * 64, width=800, height=600)
TABLES: dict[str, dict[str, Any]] = {
    "own": {"model": {"source": "a/b"}, "steps": 20, "refine": {"strength": [0.4, 0.6]}},
    "better": {
        "model": {"source": "c/d", "multiple": 16},
        "steps": 40,
        "scheduler": "Euler a",
        "guidance_scale": 4.0,
        "refine": {"steps": 50},
    },
}


def config(*links: dict[str, Any], **refinement: Any) -> Config:
    table = {"extends": "own", "refine": {**refinement, "links": list(links)}}
    return Config(Settings(), {**TABLES, "chain": table}, {}, "")


def finals(*links: dict[str, Any], source: Any = DRAFT, **refinement: Any) -> tuple[Recipe, ...]:
    own = config(*links, **refinement)
    return refine(source, own.profile("chain"), "a castle", "text", config=own)


def mistakes(*links: Any) -> str:
    with pytest.raises(MistakesError) as caught:
        config(*links).profile("chain")
    return str(caught.value)


def test_a_single_refinement_is_a_chain_of_one() -> None:
    """One link that says nothing gives the very recipes of no links at all, in the old schema."""
    plain = Config(Settings(), TABLES, {}, "")
    assert finals({}) == refine(DRAFT, plain.profile("own"), "", "")
    assert '"schema":1' in canonical(finals({})[0])
    assert all(chain(final) == (final,) for final in finals())


def test_links_follow_one_another() -> None:
    """Each link's recipe is the source of the next; the whole chain leads back to the pick."""
    first, *_ = finals({"area": "1200x1200"}, {"factor": 1.5, "strength": 0.3}, {"factor": 1.2})
    one, two, three = chain(first)
    assert (one.link, two.link, three.link) == (1, 2, 3)
    assert three is first and three.source == two and two.source == one and one.source == DRAFT
    assert picked(first) == DRAFT and len(lineage(first)) == 4
    assert (one.width, one.height) == (1600, 900)
    assert (two.width, two.height) == (2400, 1350)
    assert (one.strength, two.strength, three.strength) == (0.4, 0.3, 0.4)
    assert len({one.seed, two.seed, three.seed}) == 3
    assert from_builtins(json.loads(canonical(first))) == first
    assert '"schema":3' in canonical(first)


def test_finals_of_a_chain_differ() -> None:
    """Each final has seeds of its own in every link, and its own strength of a list."""
    all_three = finals({}, {"strength": [0.2, 0.3]})
    assert len(all_three) == 3
    assert len({link.seed for final in all_three for link in chain(final)}) == 6
    assert [final.strength for final in all_three] == [0.2, 0.3, 0.2]
    assert all_three == finals({}, {"strength": [0.2, 0.3]})


def test_steps_go_where_they_belong() -> None:
    """Those before the first img2img prepare it; those after one finish it."""
    last, *_ = finals(
        {"step": "enlarge", "factor": 1.5},
        {"step": "noise"},
        {},
        {"step": "denoise", "amount": 0.2},
        {"factor": 1.2},
        {"step": "sharpen"},
        {"step": "crop", "width": 1920, "height": 1080},
    )
    one, two = chain(last)
    assert [step.name for step in one.prepare] == ["enlarge", "noise"]
    assert [step.name for step in one.finish] == ["denoise"]
    assert [step.name for step in two.finish] == ["sharpen", "crop"]
    assert one.finish[0].settings == {"amount": 0.2}
    assert two.prepare == () and one.drawn is None
    assert (two.width, two.height) == (1920, 1080) != two.canvas
    assert two.canvas == (round(one.width * 1.2), round(one.height * 1.2))


def test_steps_alone_are_one_final() -> None:
    """Where nothing is drawn there is nothing to choose from."""
    (only,) = finals({"step": "enlarge"}, {"step": "sharpen"}, source=FOREIGN)
    assert (only.width, only.height) == (1600, 1200)
    assert not only.is_drawn and only.prepare == ()
    assert from_builtins(json.loads(canonical(only))) == only
    assert config({"step": "sharpen"}).profile("chain").refine.finals == 1


def test_a_link_is_drawn_by_another_profile() -> None:
    """Its model, its scheduler, its steps and its guidance; what the link says comes first."""
    last, *_ = finals({}, {"profile": "better", "steps": 30, "prompt": "fine details"})
    one, two = chain(last)
    assert (one.model, one.scheduler, one.steps) == ("a/b", "model", 20)
    assert (two.model, two.scheduler, two.steps) == ("c/d", "Euler a", 30)
    assert (two.guidance_scale, two.multiple) == (4.0, 16)
    assert (one.prompt, two.prompt) == ("a castle", "a castle, fine details")
    assert chain(finals({}, {"profile": "better"})[0])[1].steps == 50


def test_only_the_first_link_sees_what_the_file_lost() -> None:
    """Between two links nothing is lost."""
    own = config({}, {})
    last, *_ = refine(DRAFT, own.profile("chain"), "", "", Encoding("jpeg", 90), own)
    one, two = chain(last)
    assert one.source_encoding == Encoding("jpeg", 90) and two.source_encoding is None


def test_a_final_is_refined_again() -> None:
    """A final that is picked begins a chain of its own, and its lineage shows all of it."""
    once = finals({}, {})[0]
    again = finals({}, {}, source=once)[0]
    assert [link.link for link in lineage(again) if isinstance(link, Recipe)] == [2, 1, 2, 1, 1]
    assert picked(again) == once
    assert again.seed != once.seed
    assert key(once) == once.id


def test_sizes_are_known_without_recipes() -> None:
    """What limits are compared with is what the recipes say."""
    links = [{"factor": 2}, {"step": "border", "width": 0.1}, {"area": "900x900"}]
    own = config(*links)
    made = [(size.drawn, size.finished) for size in sizes_of(own.profile("chain"), (1067, 600))]
    recipes = chain(finals(*links)[0])
    assert made == [(link.canvas, (link.width, link.height)) for link in recipes]


@pytest.mark.parametrize(
    ("links", "says"),
    [
        ([{"step": "sharpn"}], "refine.links 1.step: there is no step 'sharpn'; did you mean"),
        ([{}, {"step": "sharpen", "amout": 1}], "refine.links 2.amout: unknown key; did you mean"),
        ([{"step": "crop"}], "refine.links 1.width: this key is missing"),
        ([{"step": "grain", "amount": 3}], "refine.links 1.amount: expected a number from 0 to 1"),
        ([{"areaa": "9x9"}], "refine.links 1.areaa: unknown key; did you mean 'area'?"),
        ([{"factor": 20}], "refine.links 1.factor: expected a number above 0 and up to 8"),
        ([{"profile": "beter"}], "refine.links 1.profile: there is no profile 'beter'; did you"),
        ([{"strength": 0.01}], "refine.links 1.strength: 20 steps at strength 0.01 are not even"),
        ([{"profile": "better", "strength": 0.01}], "refine.links 1.strength: 50 steps at"),
        ([{"settings": {}}], "refine.links 1.settings: unknown key"),
        ([{"scheduler": "Eulr"}], "refine.links 1.scheduler: expected the name of a scheduler"),
        ("img2img", "refine.links: expected tables under [[refine.links]]"),
        ([{}] * (MAX_LINKS + 1), "refine.links: expected at most 16 links"),
    ],
)
def test_a_mistake_names_its_link(links: Any, says: str) -> None:
    """Which link, which key, what was expected, and the nearest name."""
    table = {"extends": "own", "refine": {"links": links}}
    with pytest.raises(MistakesError) as caught:
        Config(Settings(), {**TABLES, "chain": table}, {}, "").profile("chain")
    assert says in str(caught.value)


def test_all_mistakes_of_steps_are_told_at_once() -> None:
    """Whoever mends one need not try again for the next."""
    told = mistakes({"step": "sharpen", "amount": 9}, {"step": "border", "colour": "red"})
    assert "refine.links 1.amount" in told and 'expected a colour like "#ffffff"' in told


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"link": 3}, "link 3 of a chain, and not all are there"),
        ({"strength": None}, "a strength, or steps of finishing"),
        ({"strength": None, "prepare": [{"name": "noise"}]}, "a strength, or steps"),
        ({"source": None, "strength": None, "finish": [{"name": "noise"}]}, "only a refinement"),
        ({"drawn": [16_000, 4_000]}, "more than 50,000,000 pixels"),
        ({"link": 0}, "not valid"),
    ],
)
def test_a_recipe_that_is_no_chain_is_refused(change: dict[str, Any], says: str) -> None:
    """What a picture from anywhere says of its links fits together, or is no recipe."""
    data = json.loads(canonical(finals({}, {"step": "sharpen"})[0]))
    plain = {key: value for key, value in data.items() if key != "finish"}
    assert from_builtins(data)
    with pytest.raises(PictureError, match=says):
        from_builtins(plain | change | {"schema": 3})
