"""Scenes, their pictures, their parts and their captions agree."""

from __future__ import annotations

import hashlib
from dataclasses import astuple

import numpy as np
import pytest

from training import captions, parts, vocabulary
from training.painter import caption as english
from training.painter import japanese
from training.painter.picture import paint, paint_parts
from training.painter.scene import LARGE_FROM, SUBJECTS, Scene, draw_scene
from training.painter.shapes import PARTS


def scene_with(first_seed: int, subject: str) -> Scene:
    """The first scene of a subject, alone and in natural colours, of those from a seed on."""
    scenes = map(draw_scene, range(first_seed, first_seed + 10_000))
    return next(
        s
        for s in scenes
        if (s.subject, s.companion, s.palette, s.count) == (subject, "none", "natural", 1)
    )


def test_the_smaller_repertoire_never_changes() -> None:
    """Seeds give the scenes that they gave when v4 was trained, so that figures can be compared."""
    scenes = [astuple(draw_scene(seed)) for seed in (*range(200), 1_000_000, 10_000_499)]
    told = "".join(repr(tuple(scene[:-2])) for scene in scenes)
    assert hashlib.sha256(told.encode()).hexdigest()[:16] == "79d57fe235c6848a"


def test_the_larger_repertoire_has_all_subjects() -> None:
    """Every subject, several of a kind, near and far, are drawn and can be painted."""
    scenes = [draw_scene(LARGE_FROM + k) for k in range(600)]
    assert {scene.subject for scene in scenes} == set(SUBJECTS)
    assert {scene.count for scene in scenes} == {1, 2, 3}
    assert {scene.nearness for scene in scenes} == {"near", "middle", "far"}
    for subject in SUBJECTS:
        scene = next(s for s in scenes if s.subject == subject)
        picture, seen = paint_parts(scene, 96, 64)
        assert picture.shape == (64, 96, 3)
        assert (seen > 0).any() == (subject != "none")


@pytest.mark.parametrize("subject", parts.WHOLE)
def test_parts_are_where_they_are_painted(subject: str) -> None:
    """Labels of a whole subject tell that it is whole; without some parts they tell that too."""
    scene = scene_with(0, subject)
    picture, whole = paint_parts(scene, 256, 256)
    assert np.array_equal(picture, paint(scene, 256, 256))
    assert parts.whole(whole[::2, ::2], subject)
    other, broken = paint_parts(scene, 256, 256, parts.LOST[subject])
    assert not parts.whole(broken[::2, ::2], subject)
    changed = (picture != other).any(-1)
    lost = np.isin(whole, [1 + PARTS.index(part) for part in parts.LOST[subject]])
    assert changed[lost].mean() > 0.5
    assert not changed[: np.argwhere(whole > 0)[:, 0].min() - 2].any()


def test_captions_name_what_is_seen() -> None:
    """A caption names no other subject, hour or weather than its scene has, in either language."""
    rng = np.random.default_rng(0)
    for seed in range(LARGE_FROM, LARGE_FROM + 300):
        scene = draw_scene(seed)
        said = english.caption(scene, rng)
        for table, true in ((english.HOURS, scene.hour), (english.WEATHERS, scene.weather)):
            for value, phrases in table.items():
                assert value == true or not any(f" {p}" in said for p in phrases), said
        said = japanese.caption(scene, rng)
        for subject in ("灯台", "風車", "猫", "橋", "気球"):
            named = subject in said
            allowed = {
                n for s in (scene.subject, scene.companion) for n in japanese.NOUNS.get(s, ())
            }
            assert not named or any(subject in noun for noun in allowed), said


def test_the_tokenizer_reads_both_languages() -> None:
    """Words of the captions are one token each; spaces between characters cost tokens only."""
    tokenizer = vocabulary.build_tokenizer()
    for word in ("lighthouse", "locomotive", "灯台", "夕暮れ", "風車", "、"):
        assert len(tokenizer(word).input_ids) == 3, word
    rng = np.random.default_rng(0)
    texts = [captions.written(draw_scene(LARGE_FROM + k), rng) for k in range(300)]
    lengths = [len(tokenizer(text).input_ids) for text in texts]
    assert np.mean(np.array(lengths) > 48) < 0.01
    assert captions.spaced("夜のヨット") == "夜 のヨット"
    assert tokenizer.decode(tokenizer("丘の城と木、夜、冬").input_ids[1:-1]).replace(" ", "") == (
        "丘の城と木、夜、冬"
    )
