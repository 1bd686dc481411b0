"""Recipes and records to embed: one plain pair, and strategies for any."""

from __future__ import annotations

from hypothesis import strategies as st

from hotfolder.recipes.recipe import Pixels, Recipe
from hotfolder.recipes.record import Record

RECIPE = Recipe(
    prompt="a castle by the sea",
    negative_prompt="blurry",
    seed=7,
    width=24,
    height=16,
    multiple=8,
    model="postcard",
    scheduler="Euler",
    steps=20,
    guidance_scale=5.0,
)
RECORD = Record(
    stage="draft",
    pixels="0" * 64,
    seconds=1.5,
    versions={"torch": "2.9"},
    template="a {castle|house} by the sea",
)

HARD = 'Negative prompt: "x",\r\n\t{a|b} \\ Steps: 3, Seed: 4\0 狐 été 🦊 \u202e'
texts = st.one_of(
    st.text(max_size=200),
    st.sampled_from(["", HARD]),
    st.sampled_from([HARD, "🦊", "a, "]).map(lambda part: (part * 5000)[:5000]),  # up to 20 kB
)
sides = st.integers(16, 1024)
hashes = st.text("0123456789abcdef", min_size=64, max_size=64)


def recipes() -> st.SearchStrategy[Recipe]:
    """Any recipe, some with sources of sources."""
    drafts = _recipe(st.none() | _pixels)
    finals = _recipe(drafts)
    return drafts | finals | _recipe(finals)


def records() -> st.SearchStrategy[Record]:
    """Any record."""
    short = st.text(max_size=40)
    return st.builds(
        Record,
        stage=st.sampled_from(["draft", "final"]),
        pixels=hashes,
        software=short,
        seconds=st.floats(0, 1e6),
        steps_run=st.integers(0, 1000),
        versions=st.dictionaries(short, short, max_size=4),
        template=texts,
        prompt_file=short,
    )


_pixels = st.builds(Pixels, sha256=hashes, width=sides, height=sides)


def _recipe(sources: st.SearchStrategy[Recipe | Pixels | None]) -> st.SearchStrategy[Recipe]:
    def made(source: Recipe | Pixels | None, strength: float, **fields: object) -> Recipe:
        return Recipe(**fields, source=source, strength=None if source is None else strength)  # type: ignore[arg-type]

    return st.builds(
        made,
        source=sources,
        strength=st.floats(0.01, 1),
        prompt=texts,
        negative_prompt=texts,
        seed=st.integers(0, 2**63 - 1),
        width=sides,
        height=sides,
        multiple=st.integers(1, 256),
        model=st.text(min_size=1, max_size=40),
        scheduler=st.sampled_from(["model", "Euler", "DPM++ 2M Karras"]),
        steps=st.integers(1, 1000),
        guidance_scale=st.floats(0, 100),
    )
