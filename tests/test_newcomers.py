"""Pictures from elsewhere, and drafts of which all was lost, are shown to the model."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest
from PIL import Image

from hotfolder.daemon import Daemon, Until
from hotfolder.errors import PictureError
from hotfolder.jobs import Encode, Work
from hotfolder.studio.identity import Identity, identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.store import opinions
from hotfolder.taste.features import Features
from hotfolder.taste.judge import LEAST
from hotfolder.taste.judgements import Judgement
from tests.painter import FakeExecutor

SMALL = """\
extends = "postcard"
[draft]
area = "64x64"
count = 1
"""


def _judge(studio: Studio, count: int) -> None:
    for number in range(count):
        key = f"{number:064x}"
        opinions.keep(studio, Features(key, prompt="a castle"))
        opinions.note(studio, [Judgement(key, "picked", float(number))])


def _draw(studio: Studio, daemon: Daemon, prompt: str) -> None:
    (studio.inbox / f"{prompt}.txt").write_text(f"a {prompt}")
    daemon.run(Until(idle=True))


def _kept(studio: Studio) -> dict[str, Features]:
    kept = list(opinions.features(studio))
    assert len({one.picture for one in kept}) == len(kept)  # each once
    return {one.picture: one for one in kept}


def test_what_came_from_elsewhere_is_shown_to_the_model(studio: Studio) -> None:
    """Once each, as soon as there is something to learn, while a model is in memory anyway.

    A photo, another program's picture of any name, and a draft of ours whose features were lost:
    they get kinds of the same names as drafts, and are no drafts that somebody passed by.
    """
    (studio.profiles / "small.toml").write_text(SMALL)
    studio.settings.write_text("profile = 'small'\nsettle_seconds = 0.05\nlook_seconds = 1\n")
    random = np.random.default_rng(1)
    for name in ("photo.jpg", "00012-deadbeef.png"):
        pixels = random.integers(0, 255, (4, 6, 3), np.uint8)
        image = Image.fromarray(pixels).resize((300, 200), Image.Resampling.BICUBIC)
        image.save(studio.drafts / name)
    (studio.drafts / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno picture")
    with closing(Daemon(studio)) as daemon:
        _draw(studio, daemon, "castle")
        (drawn,) = _kept(studio).values()
        assert not drawn.encoded

        features = next((studio.root / ".hotfolder/taste/features").iterdir())
        features.unlink()
        _judge(studio, LEAST)
    with closing(Daemon(studio)) as daemon:
        daemon.run(Until(idle=True))
        assert len(_kept(studio)) == LEAST  # no model is read for that
        _draw(studio, daemon, "boat")
        kept = _kept(studio)
        encoded = {picture: one for picture, one in kept.items() if one.encoded}
        assert len(kept) == LEAST + 4 and len(encoded) == 3
        assert all(one.kinds.keys() == drawn.kinds.keys() for one in encoded.values())
        again = encoded[drawn.picture]
        assert (again.prompt, again.profile, again.prompt_file) == ("a castle", "small", "castle")
        assert encoded.keys().isdisjoint(opinions.order(studio))
        _draw(studio, daemon, "tree")
        assert len(_kept(studio)) == LEAST + 5
    made = identify(next(studio.drafts.glob("castle-*.png")).read_bytes())
    assert made.recipe is not None and made.recipe.id == drawn.picture


def test_what_cannot_be_read_any_more_is_passed_by(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no reason to go on for ever, for nobody has asked for it."""
    Image.new("RGB", (48, 32), (9, 90, 40)).save(studio.drafts / "photo.png")
    _judge(studio, LEAST)
    identity, begin, begun = Scanner.identity, Daemon._begin, list[str]()

    def spoilt(scanner: Scanner, path: str) -> Identity:
        if path == "drafts/photo.png":
            raise PictureError("it is no picture any more")
        return identity(scanner, path)

    def noted(daemon: Daemon, job: Work, slot: int) -> None:
        begun.extend([job.path] if isinstance(job, Encode) else [])
        assert len(begun) < 9
        begin(daemon, job, slot)

    monkeypatch.setattr(Scanner, "identity", spoilt)
    monkeypatch.setattr(Daemon, "_begin", noted)
    with closing(Daemon(studio, executor=FakeExecutor(1))) as daemon:
        _draw(studio, daemon, "castle")
    assert 0 < len(begun) <= 2  # the turn after that may know of it still
