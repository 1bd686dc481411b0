"""What hangs where in a gallery, and what it is found by."""

from __future__ import annotations

import pytest

from hotfolder.gallery.arrangement import arranged, searchable, tags, words
from hotfolder.gallery.exhibit import Exhibit


def shown(id: str, created: str = "", prompt: str = "", source: str = "") -> Exhibit:
    """A picture that never was."""
    return Exhibit(id, 320, 240, created=created, prompt=prompt, source=source)


def test_the_newest_hang_first_and_each_once() -> None:
    """Undated pictures come last, in an order that does not depend on where their files lie."""
    pictures = [shown("b"), shown("c", "2026-01-02"), shown("a"), shown("d", "2026-03-01")]
    order = [piece.shown.id for piece in arranged([*pictures, shown("b")], {})]
    assert order == ["d", "c", "a", "b"]
    assert [piece.shown.id for piece in arranged(reversed(pictures), {})] == order


def test_finals_know_their_draft_and_one_another() -> None:
    """A draft that is at hand hangs with its finals; a final of none has no others."""
    draft = Exhibit("draft", 256, 192, recipe="r")
    pieces = arranged([shown("a", source="r"), shown("b", source="r"), shown("c")], {"r": draft})
    found = {piece.shown.id: (piece.draft, [one.id for one in piece.siblings]) for piece in pieces}
    assert found == {"a": (draft, ["b"]), "b": (draft, ["a"]), "c": (None, [])}


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a castle by a lake, golden hour", {"castle", "lake", "golden hour"}),
        ("(red roofs:1.3), [fog], <lora:paint:0.8>", {"red roofs", "fog"}),
        ("masterpiece, best quality, BREAK, windmill", {"windmill"}),
        ("湖のほとりの城、夕焼け", {"湖のほとりの城", "夕焼け"}),
        ("\uff23\uff21\uff33\uff34\uff2c\uff25", {"castle"}),
        ("", set()),
    ],
)
def test_words_of_a_prompt(prompt: str, expected: set[str]) -> None:
    """Short phrases are tags as they are; longer ones give their words; syntax gives none."""
    assert words(prompt) == expected


def test_tags_tell_pictures_apart() -> None:
    """What one picture has, or all have, is no tag; the commonest come first."""
    prompts = ["castle, fog", "castle, fog, art", "castle, sea", "lake, sea", "lake, sea, art"]
    pieces = arranged([shown(str(k), prompt=f"{p}, paint") for k, p in enumerate(prompts)], {})
    assert [(tag.word, len(tag.ids)) for tag in tags(pieces)] == [
        ("castle", 3),
        ("sea", 3),
        ("art", 2),
        ("fog", 2),
        ("lake", 2),
    ]


def test_a_search_sees_neither_case_nor_brackets() -> None:
    """A prompt is compared as plain words."""
    assert searchable("(A Castle:1.2)\n by  night") == "a castle by night"
