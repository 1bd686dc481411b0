"""TOML of strangers: refused in words, in a time that follows from its length."""

from __future__ import annotations

import contextlib
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder import bounded_toml
from hotfolder.errors import MistakesError
from hotfolder.images import metadata
from hotfolder.prompts import formats
from hotfolder.studio.config.load import read_config
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio
from tests.growth import MOST, growing, growth

HOSTILE = Path(__file__).parent / "data/hostile"


@pytest.mark.parametrize(
    "text",
    [
        ".".join("a" * 50_000) + " = 1", "[" + ".".join("a" * 5000) + "]", "x = 0x" + "f" * 5000,
        "x = " + "9" * 5000, "x = [" * 5000, "x = {" + ".".join("a" * 100) + " = 1}",
        '"a"' + '."a"' * 1000 + " = 1", "[[" + " . ".join("a" * 40) + "]]", "x = 0b" + "1" * 70_000,
    ],
)  # fmt: skip
def test_what_would_take_long_or_cannot_be_printed(text: str) -> None:
    """Refused with a sentence."""
    with pytest.raises(ValueError):
        bounded_toml.loads(text)
    with pytest.raises(MistakesError):
        formats.parse_text(".toml", text)


@pytest.mark.parametrize(
    "text",
    ['prompt = "' + "a." * 500 + '"', "prompt = '''\n" + ".".join("a" * 40) + "\n'''",
     "draft.area = '1x1'", "a.b.c.d.e = 1", "x = 0xffff", "# " + ".".join("a" * 100)],
)  # fmt: skip
def test_what_people_write(text: str) -> None:
    """Dots in prompts are no keys."""
    assert bounded_toml.loads(text) == tomllib.loads(text)


@given(st.text(st.sampled_from("ab.\"'=[]{}# \n\\1x"), max_size=60))
def test_any_text(text: str) -> None:
    """Read as by the standard library, or refused as by it."""
    try:
        wanted = tomllib.loads(text)
    except ValueError:
        with pytest.raises(ValueError):
            bounded_toml.loads(text)
    else:
        assert bounded_toml.loads(text) == wanted


GROWING = {
    "a dotted key": lambda n: ".".join("a" * n) + "=1",
    "a nested header": lambda n: "[" + ".".join("a" * n) + "]\nx=1\n",
    "keys of one table": lambda n: "".join(f"a.b{k}=1\n" for k in range(n)),
    "one long word": lambda n: "a" * n,
    "words without a key": lambda n: "a.b " * n,
    "an open quote": lambda n: '"' * n,
    "open tables": lambda n: "x = {a = " * n,
}


@pytest.mark.parametrize("name", GROWING)
def test_time_grows_with_the_length(name: str) -> None:
    """Twice as much takes twice as long, whatever it is."""

    def read(text: str) -> None:
        with contextlib.suppress(ValueError):
            bounded_toml.loads(text)

    assert growth(read, growing(GROWING[name], 16_000)) <= MOST


@pytest.mark.parametrize("name", ["crash_hex_seed.toml", "esckey.toml"])
def test_hostile_prompt_files(name: str) -> None:
    """What is wrong is said in words that can be printed, on lines that nobody forged."""
    with pytest.raises(MistakesError) as wrong:
        formats.parse_text(".toml", (HOSTILE / name).read_text("utf-8"))
    assert all(line.isprintable() for line in str(wrong.value).splitlines())
    assert not any(line.startswith("02:02:02") for line in str(wrong.value).splitlines())


def _raw_profile(size: int) -> bytes:
    return b"\nexif\n 400000\n" + b" " * size + b"z"


def test_a_picture_whose_profile_is_blanks() -> None:
    """A text of blanks in the place of hex digits is passed over in no time."""
    from hotfolder.images import png

    def read(payload: bytes) -> None:
        assert png._profile("Raw profile type exif", payload) is None

    assert growth(read, growing(_raw_profile, 100_000)) <= MOST
    metadata.read((HOSTILE / "redos.png").read_bytes())


def test_a_picture_of_many_long_texts() -> None:
    """Fifteen times the same text is parsed once."""
    assert identify((HOSTILE / "slow_texts.png").read_bytes()).recipe is None


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("[taste]\nx = 1\n[taste]\ny = 2\n", "line 3", "this table is here for the second time"),
        ("[a]\nb.c = 1\n[a.b]\n", "line 3", "this table is here for the second time"),
        ("a = 1\na = 2\n", "line 2", "this key is here for the second time"),
        ("a = 1\na.b = 2\n", "line 2", "this key is here for the second time"),
        ("a = {b = 1, b = 2}", "line 1", "this key is here for the second time"),
        ('a = "C:\\Users\\me"', "line 1", "write \\\\ for a backslash"),
        ('a = "C:\\\\a\\me"', "line 1", "write \\\\ for a backslash"),
        ('a = "\\ud800"', "line 1", "write \\\\ for a backslash"),
        ("[draft\nsteps = 2", "line 1", "begins with [ and ends with ]"),
        ("a castle", "line 1", "expected KEY = VALUE"),
        ("a = castle", "line 1", "text must be in quotes"),
        ("a = 2026-02-30", "line 1", "no date or time"),
        ("a = 'castle", "the end of the file", "never closed"),
        ("a = [1", "the end of the file", "never closed with ]"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(text: str, where: str, says: str) -> None:
    """In settings, profiles and prompt files alike: which line, and what was expected."""
    with pytest.raises(MistakesError) as error:
        bounded_toml.table(text)
    [mistake] = error.value.mistakes
    assert (mistake.where, says in mistake.says) == (where, True), mistake


def test_mistakes_in_settings_and_profiles_name_the_line(studio: Studio) -> None:
    """The file, the line and what it reads; who asks for such a profile hears of it."""
    profile = studio.profiles / "mine.toml"
    profile.write_text('[model]\nsource = "C:\\models"\n')
    config = read_config(studio)
    says = [str(wrong) for wrong in config.mistakes]
    assert says[0].startswith("profiles/mine.toml, line 2: write \\\\ for a backslash")
    assert len(says) == 1, "its model is said there, though it cannot be read"
    with pytest.raises(MistakesError, match=r"'mine' is not used: profiles/mine\.toml, line 2: "):
        config.profile("mine")
    with studio.settings.open("a") as stream:
        stream.write("[taste]\n\n[taste]\n")
    with pytest.raises(MistakesError, match=r"^hotfolder\.toml, line \d+: this table is .*second"):
        read_config(studio)
    studio.settings.write_text('profile = "mine"\n')
    with pytest.raises(MistakesError) as error:
        read_config(studio)
    assert [str(wrong) for wrong in error.value.mistakes] == says
