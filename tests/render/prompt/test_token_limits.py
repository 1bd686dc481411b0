"""What a family does not read of a long prompt is told: once, and by `check` beforehand."""

from __future__ import annotations

import inspect
import logging
from pathlib import Path

import diffusers
import pytest

from hotfolder.commands import check
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from hotfolder.render.models import families
from hotfolder.studio.layout import Studio
from tests.render import tiny_dit, zoo

LONG = "a castle " * 40 + "in the far north"  # 376 letters, and so many tokens of a tiny T5
READ, LOST = 299, LONG[299:].strip()  # a token is for the end


@pytest.fixture(scope="module")
def pixart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model that reads 300 tokens."""
    folder = tmp_path_factory.mktemp("models")
    tiny_dit.pixart(folder / "pixart")
    return folder


def test_the_numbers_are_those_of_diffusers() -> None:
    """Wherever a pipeline says by default how many tokens it reads, the table says so too."""
    said = 0
    for family in families.known():
        parameters = inspect.signature(getattr(diffusers, family.pipeline).__call__).parameters
        if family.tokens and "max_sequence_length" in parameters:
            assert parameters["max_sequence_length"].default == family.tokens
            said += 1
    assert said > 12


def test_a_render_tells_it_once(
    pixart: Path, draft: Recipe, caplog: pytest.LogCaptureFixture
) -> None:
    """A log's line quotes what is lost; another draft of the same prompt says no more."""
    engine = Engine({"pixart": Model(source="./pixart")}, pixart, "cpu", 1)
    with caplog.at_level(logging.WARNING):
        for prompt, seed in ((LONG, 1), (LONG, 2), (LONG[:READ], 3)):
            engine.render(zoo.of("pixart", draft, prompt=prompt, seed=seed, steps=1))
    says = [line for line in caplog.messages if "is not read" in line]
    assert says == [
        f'PixArtSigma models read 300 tokens of a prompt; what follows is not read: "{LOST}"'
    ]


def test_check_tells_it(pixart: Path, studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    """By the tokenizer alone, for the prompts that are too long."""
    (studio.profiles / "far.toml").write_text(
        f'[model]\nsource = "{pixart / "pixart"}"\n[refine]\ncount = 0\n'
    )
    studio.settings.write_text('profile = "far"\n')
    (studio.inbox / "long.txt").write_text(LONG)
    (studio.inbox / "short.txt").write_text(LONG[:READ])

    class Options:
        studio: Path

    options = Options()
    options.studio = studio.root
    try:
        check.run(options)  # type: ignore[arg-type]
    finally:
        logging.disable(logging.NOTSET)
    params = " ".join(capsys.readouterr().out.split())
    assert "inbox/long.txt: PixArtSigma models read 300 tokens of a prompt; what follows" in params
    assert LOST in params
    assert "short.txt" not in params
