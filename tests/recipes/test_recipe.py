"""Recipes: one text, one id, and nothing read that is not a recipe."""

from __future__ import annotations

import json
import pickle
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotfolder.errors import PictureError
from hotfolder.recipes.encoding import Encoding
from hotfolder.recipes.prompt_syntax.tree import Edit, Part, Tree, Words
from hotfolder.recipes.recipe import (
    MAX_AREA_PX,
    MAX_DEPTH,
    Lora,
    Pixels,
    Recipe,
    canonical,
    from_builtins,
    lineage,
)

GOLDEN = Recipe(
    prompt="a castle by the sea, 城",
    negative_prompt="text",
    seed=7,
    width=1224,
    height=816,
    multiple=8,
    model="postcard",
    scheduler="Euler a",
    steps=20,
    guidance_scale=6.5,
    strength=0.5,
    source=Pixels(sha256="0123456789abcdef" * 4, width=800, height=533),
)

sides = st.integers(16, 4_000)
pixels = st.builds(
    Pixels, sha256=st.text("0123456789abcdef", min_size=64, max_size=64), width=sides, height=sides
)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def recipes(**more: Any) -> st.SearchStrategy[Recipe]:
    return st.builds(
        Recipe,
        prompt=words,
        negative_prompt=words,
        seed=st.integers(0, 2**63 - 1),
        width=sides,
        height=sides,
        multiple=st.integers(1, 256),
        model=words.filter(bool),
        scheduler=words.filter(bool),
        steps=st.integers(1, 1000),
        guidance_scale=st.floats(0, 100),
        **more,
    )


def refined(source: st.SearchStrategy[Any]) -> st.SearchStrategy[Recipe]:
    return recipes(strength=st.floats(0.001, 1), source=source)


chains = recipes() | refined(pixels) | refined(recipes()) | refined(refined(recipes() | pixels))


def drafted(generations: int = 1) -> Recipe:
    recipe = msgspec.structs.replace(GOLDEN, strength=None, source=None)
    for _ in range(generations - 1):
        recipe = msgspec.structs.replace(GOLDEN, source=recipe)
    return recipe


@given(chains)
@settings(max_examples=60)
def test_canonical_text_reads_back(recipe: Recipe) -> None:
    """A recipe read from its own text is the same recipe and has the same id."""
    text = canonical(recipe)
    again = from_builtins(json.loads(text))
    assert again == recipe
    assert canonical(again) == text
    assert again.id == recipe.id
    assert text.isascii()


def test_id_never_changes() -> None:
    """This recipe had this id in the first version, and has it in all that follow."""
    assert canonical(GOLDEN) == (
        '{"guidance_scale":6.5,"height":816,"kind":"recipe","model":"postcard","multiple":8,'
        '"negative_prompt":"text","prompt":"a castle by the sea, \\u57ce","scheduler":"Euler a",'
        '"schema":1,"seed":7,"source":{"height":533,"kind":"pixels","sha256":'
        '"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","width":800},'
        '"steps":20,"strength":0.5,"width":1224}'
    )
    assert GOLDEN.id == "c9b3f23b218214c6a2f98332e733621ad59f96220ce334f7484bce688bfcb759"


@given(chains)
@settings(max_examples=40)
def test_another_process_and_an_explicit_default_change_no_id(recipe: Recipe) -> None:
    """What is equal has one text, though msgspec looks whether a default is that very object."""
    whole = msgspec.structs.replace(recipe, source_encoding=Encoding("jpeg", 90))
    assert pickle.loads(pickle.dumps(whole)).id == whole.id  # noqa: S301 - it was pickled here
    text = {**json.loads(canonical(recipe)), "emphasis": "".join(["a11", "11"])}
    assert from_builtins(text).id == recipe.id


@given(chains, chains)
@settings(max_examples=40)
def test_different_recipes_have_different_ids(one: Recipe, other: Recipe) -> None:
    """Two recipes have one id exactly when they are equal."""
    assert (one.id == other.id) == (one == other)


def test_whole_numbers_are_read_as_the_same_recipe() -> None:
    """A guidance scale of 7 is the number 7.0: other programs write JSON as they like."""
    data = json.loads(canonical(drafted())) | {"guidance_scale": 7}
    assert from_builtins(data).id == from_builtins(data | {"guidance_scale": 7.0}).id


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 4},
        {"schema": 0},
        {"schema": "1"},
        {"schema": None},
        {"unknown": 1},
        {"kind": "pixels"},
        {"seed": -1},
        {"seed": 2**63},
        {"seed": True},
        {"seed": "7"},
        {"width": 15},
        {"height": 16_385},
        {"width": 16_000, "height": 4_001},
        {"multiple": 0},
        {"steps": 0},
        {"steps": 1001},
        {"guidance_scale": 100.5},
        {"strength": 0},
        {"strength": 0.5, "source": None},
        {"source": {"kind": "pixels", "sha256": "0" * 64, "width": 64, "height": 64}},
        {"prompt": "x" * 65_537},
        {"prompt": None},
        {"model": ""},
        {"scheduler": "x" * 257},
    ],
)
def test_refuses(change: dict[str, Any]) -> None:
    """What is out of bounds, of another kind or unknown is no recipe."""
    data = json.loads(canonical(drafted()))
    assert from_builtins(data) == drafted()
    with pytest.raises(PictureError):
        from_builtins(data | change)


@pytest.mark.parametrize("missing", ["prompt", "seed", "width", "model", "steps", "schema"])
def test_refuses_what_is_incomplete(missing: str) -> None:
    """A recipe that leaves anything open decides no pixels."""
    data = json.loads(canonical(drafted()))
    del data[missing]
    with pytest.raises(PictureError):
        from_builtins(data)


@pytest.mark.parametrize(
    "sha256", ["0" * 63, "0" * 65, "A" * 64, "0" * 64 + "\n", "../" + "0" * 61]
)
def test_refuses_pixels_without_a_hash(sha256: str) -> None:
    """A pixel hash is 64 hex digits and nothing else: a file is named by it."""
    source = {"kind": "pixels", "sha256": sha256, "width": 64, "height": 64}
    with pytest.raises(PictureError):
        from_builtins(json.loads(canonical(GOLDEN)) | {"source": source})


@pytest.mark.parametrize("data", [None, [], "recipe", 3])
def test_refuses_what_is_no_table(data: object) -> None:
    """Any JSON but an object is refused with a sentence."""
    with pytest.raises(PictureError, match="not a JSON object"):
        from_builtins(data)


def test_chain_has_a_limit() -> None:
    """As many generations as the limit are read; one more is refused."""
    deepest = drafted(MAX_DEPTH)
    assert from_builtins(json.loads(canonical(deepest))) == deepest
    with pytest.raises(PictureError, match=f"{MAX_DEPTH + 1} generations"):
        from_builtins(json.loads(canonical(drafted(MAX_DEPTH + 1))))


def test_endless_nesting_is_refused() -> None:
    """Ten thousand generations end in a sentence, not in a stack overflow."""
    golden = json.loads(canonical(GOLDEN))
    generation = {key: value for key, value in golden.items() if key != "schema"}
    nested = generation["source"]
    for _ in range(10_000):
        nested = generation | {"source": nested}
    with pytest.raises(PictureError):
        from_builtins(golden | {"source": nested})


def test_every_generation_is_checked() -> None:
    """A source's sides are bounded like the picture's own."""
    source = {"kind": "pixels", "sha256": "0" * 64, "width": 16_000, "height": 4_001}
    with pytest.raises(PictureError, match=f"{MAX_AREA_PX:,} pixels"):
        from_builtins(json.loads(canonical(GOLDEN)) | {"source": source})


def test_lineage() -> None:
    """The oldest ancestor comes last."""
    chain = lineage(drafted(3))
    assert chain[0] == drafted(3)
    assert chain[-1] == drafted()
    assert len(chain) == 3
    assert lineage(GOLDEN)[-1] == GOLDEN.source


def test_a_number_has_one_id() -> None:
    """7 and 7.0, and both zeros, are the same guidance and the same strength."""
    for one, other in ((7, 7.0), (0.0, -0.0)):
        assert _with(guidance_scale=one).id == _with(guidance_scale=other).id
    assert _with(strength=1).id == _with(strength=1.0).id
    assert json.loads(canonical(_with(guidance_scale=7)))["guidance_scale"] == 7.0


def test_what_a_source_lost_is_part_of_the_recipe() -> None:
    """A final of a JPEG is another picture than one of a PNG; its own file does not matter."""
    draft = msgspec.structs.replace(GOLDEN, source=None, strength=None)
    plain = _with(source=draft)
    seen = _with(source=draft, source_encoding=Encoding("jpeg", 92))
    assert plain.id != seen.id
    assert "encoding" not in canonical(plain)
    assert from_builtins(json.loads(canonical(seen))) == seen


@pytest.mark.parametrize("encoding", [Encoding(), Encoding("jpeg", 92)])
def test_only_a_rendered_source_loses_something(encoding: Encoding) -> None:
    """A source known by its pixels is what it is, and a lossless file loses nothing."""
    source = GOLDEN.source if encoding.lossy else GOLDEN
    data = json.loads(canonical(_with(source=source, source_encoding=encoding)))
    with pytest.raises(PictureError, match="only a source that was rendered can have lost"):
        from_builtins(data)


def _with(**changes: Any) -> Recipe:
    return msgspec.structs.replace(GOLDEN, **changes)


TREE = Tree((Part((Words("a "), Words("castle", 1.3), Edit((Words("x"),), (), 3))),))


def test_a_recipe_has_the_first_schema_with_a_place_for_it() -> None:
    """Bare words are written as ever, with the id of ever; a tree needs the second schema."""
    assert json.loads(canonical(_with()))["schema"] == 1
    read = _with(tree=TREE)
    assert json.loads(canonical(read))["schema"] == 2
    final = msgspec.structs.replace(_with(), source=msgspec.structs.replace(read, source=None))
    assert json.loads(canonical(final))["schema"] == 2
    assert json.loads(canonical(_with(loras=(Lora("a", 1.0, 0.5),))))["schema"] == 2
    assert from_builtins(json.loads(canonical(read))) == read


@pytest.mark.parametrize(
    "tree",
    [
        {"parts": []},
        {"parts": [[[["words", "a", 101.0]], 1.0]]},
        {"parts": [[[["words", "a", 1.0, 2]], 1.0]]},
        {"parts": [[[["alternate", []]], 1.0]]},
        {"parts": [[[["edit", [], [], -1]], 1.0]]},
        {"parts": [[[["words", "a", 1.0]], 1.0]] * 17},
        {"parts": [[[["words", "a", 1.0]] * 4_001, 1.0]]},
        {"parts": [[[["other", 1]], 1.0]]},
        {"parts": [[[], 1.0]], "more": 1},
        "a",
    ],
)
def test_a_tree_that_is_none(tree: Any) -> None:
    """Trees from anywhere are bounded in every way."""
    with pytest.raises(PictureError):
        from_builtins(json.loads(canonical(GOLDEN)) | {"schema": 2, "tree": tree})


@pytest.mark.parametrize("depth", [33, 200, 5_000])
def test_a_tree_without_end(depth: int) -> None:
    """Nesting ends in a sentence, not in a stack overflow."""
    node: Any = ["words", "a", 1.0]
    for _ in range(depth):
        node = ["edit", [node], [], 1]
    tree = {"parts": [[[node], 1.0]]}
    with pytest.raises(PictureError):
        from_builtins(json.loads(canonical(GOLDEN)) | {"schema": 2, "tree": tree})
