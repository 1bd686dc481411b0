"""The documentation: every snippet is taken by the program, every link leads somewhere."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from importlib.metadata import metadata as metadata_of
from pathlib import Path

import pytest
from PIL import Image

from hotfolder import cli
from hotfolder.errors import MistakesError
from hotfolder.images import metadata, recipe_text
from hotfolder.images.picture import publishable
from hotfolder.parser import parser
from hotfolder.prompts import folder
from hotfolder.prompts import toml as prompt_files
from hotfolder.recipes import profile as profiles
from hotfolder.recipes import schema, settings
from hotfolder.render.memory import fit, footprint
from hotfolder.render.memory.memory_plan import GIB, Budget
from hotfolder.studio.config.load import nobody
from hotfolder.studio.store import local
from tests import tutorial
from tests.conftest import ROOT
from tests.images.made import RECIPE, RECORD

PAGES = [*sorted(ROOT.glob("README*.md")), *sorted(ROOT.glob("docs/*.md"))]

VERDICTS = {"はい": "yes", "いいえ": "no", "一部": "partly", "まだ": "not yet"}


def snippets(kind: str) -> list[tuple[str, str]]:
    """(page, text) of all blocks of this kind."""
    block = re.compile(rf"```{kind}\n(.*?)```", re.S)
    return [(page.name, text) for page in PAGES for text in block.findall(page.read_text("utf-8"))]


@pytest.mark.parametrize(("page", "snippet"), snippets("toml"))
def test_toml_is_accepted(page: str, snippet: str) -> None:
    """Each is a file of one kind, or a part of a profile, as it stands."""
    table = tomllib.loads(snippet)
    mine = {**nobody().profiles, "mine": {"extends": "sdxl", **table}}
    kinds: dict[str, Callable[[], object]] = {
        "prompt file": lambda: prompt_files.parse(snippet),
        "settings": lambda: schema.convert(table, settings.Settings),
        "folder.toml": lambda: folder.parse(snippet),
        "profile": lambda: profiles.resolve("mine", mine),
    }
    wrong = {}
    for kind, reads in kinds.items():
        try:
            reads()
        except MistakesError as error:
            wrong[kind] = str(error)
    assert len(wrong) < len(kinds), wrong


def test_commands_are_understood() -> None:
    """Every command of a console or an indented block is one that the program would take."""
    lines = [
        (page.name, line)
        for page in PAGES
        for line in re.findall(
            r"(?m)^(?:\$ | {4})hotfolder (.*?)(?:\s{2,}#.*)?$", page.read_text("utf-8")
        )
    ]
    assert len(lines) > 20
    for page, line in lines:
        arguments = [word for word in shlex.split(line) if word != "…"]
        assert parser().parse_args(arguments).command == arguments[0], (page, line)


def test_the_website_builds(tmp_path: Path) -> None:
    """Without a warning, with a reference of all commands and keys, and nothing from elsewhere."""
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "build.py", tmp_path / "docs"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    site = tmp_path / "docs" / "site"
    commands = (site / "reference" / "commands.html").read_text("utf-8")
    for module in (ROOT / "hotfolder" / "commands").glob("[a-z]*.py"):
        heading = module.stem.replace("_", "-")
        assert f'id="{heading}"' in commands, heading
    assert "pause_endless_at" in (site / "reference" / "settings.html").read_text("utf-8")
    listed = (site / "llms.txt").read_text("utf-8")
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        assert not re.search(r'(?:src|href)="(?:https?:)?//[^"]*\.(?:js|css|woff2?)"', text), page
        path = page.relative_to(site).as_posix()
        assert path == "404.html" or f"({path})" in listed, path


def test_every_page_can_be_found() -> None:
    """All pages stand in the website's table of contents."""
    contents = (ROOT / "zensical.toml").read_text("utf-8")
    for page in ROOT.glob("docs/*.md"):
        assert f'"{page.name}"' in contents, page.name


def test_every_picture_has_what_makes_it() -> None:
    """`make pictures` knows all pictures of the pages, by name or as one of a group."""
    spec = importlib.util.spec_from_file_location("pictures", ROOT / "docs" / "pictures.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    there = {path.name for path in (ROOT / "docs").glob("*.*") if path.suffix in (".png", ".jpg")}
    groups = {name.partition("-")[0].partition(".")[0] for name in module.PICTURES}
    assert set(module.PICTURES) <= there
    assert {name.partition("-")[0].partition(".")[0] for name in there} == groups


def test_libraries_are_linked_where_they_say_they_live() -> None:
    """The links of the page on dependencies are among those that the packages carry themselves."""
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    rows = re.findall(r"\[([a-z0-9-]+)\]\((https://[^)]+)\)", page)
    assert len(rows) > 20
    compared = 0
    for name, link in rows:
        try:
            package = metadata_of(name)
        except PackageNotFoundError:  # an extra that is not installed here
            continue
        urls = " ".join([package["Home-page"] or "", *(package.get_all("Project-URL") or [])])
        if urls.strip():
            compared += 1
            assert link.lower() in urls.lower().replace("www.", ""), (name, urls)
    assert compared > 15


def test_the_page_on_wallpapers_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who does what it says gets drafts planned in the shape of the screen, and finals exactly."""
    settings_, prompt, wide = [text for page, text in snippets("toml") if page == "wallpapers.md"]
    monkeypatch.chdir(tmp_path)
    assert cli.main(["init", "walls"]) == 0
    walls = tmp_path / "walls"
    (walls / "inbox" / "walls.toml").write_text(prompt, "utf-8")
    (walls / "profiles" / "ultrawide.toml").write_text(wide, "utf-8")
    for profile, sides in (("wallpaper-4k", "1067x600"), ("ultrawide", "1236x518")):
        named = settings_.replace("wallpaper-4k", profile)
        (walls / "hotfolder.toml").write_text(named, "utf-8")
        capsys.readouterr()
        assert cli.main(["plan", "walls"]) == 0
        assert sides in capsys.readouterr().out


def test_the_page_on_publishing_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its commands make copies, each as its line in the table says."""
    text = (ROOT / "docs" / "publishing.md").read_text("utf-8")
    monkeypatch.setattr(local, "config", lambda: tmp_path / "owner")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my-studio" / "final").mkdir(parents=True)
    data = publishable(Image.new("RGB", (24, 16)), RECIPE, RECORD)[0]
    (tmp_path / "my-studio" / "final" / "a-castle.png").write_bytes(data)
    commands = re.findall(r"(?m)^ {4}hotfolder (export .*)$", text)
    assert len(commands) == 2
    for line in commands:
        assert cli.main(shlex.split(line)) == 0
    rows = re.findall(
        r"(?m)^\| `(?:hotfolder export|(--[^`]+))` \| .* \| yes \| (\w+).* \| (\w+)", text
    )
    assert len(rows) == 6
    for number, (option, prompt, recipe) in enumerate(rows):
        assert cli.main(["export", "my-studio/final", "--to", str(number), *option.split()]) == 0
        (copy,) = (tmp_path / str(number)).iterdir()
        carried = metadata.read(copy.read_bytes())
        assert (RECIPE.prompt in str(carried.texts)) == (prompt == "yes"), option
        assert (recipe_text.find(carried) is not None) == (recipe == "yes"), option
        assert b"trainedAlgorithmicMedia" in (carried.xmp or b""), option


def test_what_fits_a_small_card() -> None:
    """The plans for a card with 7.2 GiB free are those that the page on small cards tells."""
    page = (ROOT / "docs" / "small-cards.md").read_text("utf-8")
    plans = {
        "all of it": "resident",
        "text encoders": "text-offload",
        "layer by layer": "group-offload",
    }
    rows = re.findall(r"(?m)^\| (`.*?`) \| (.*?) \|", page)
    assert len(rows) == 4
    for names, says in rows:
        wanted = next(plan for words, plan in plans.items() if says.startswith(words))
        for name in re.findall(r"`([^`]+)`", names):
            profile = nobody().profile(name)
            taken = footprint.of_source(profile.model.source, "float16", profile.model.quantize)
            assert taken is not None
            for found in fit.fits(profile, taken, Budget(int(7.2 * GIB), 24 * GIB)):
                assert found.fits and found.plan.split(",")[0] == wanted, (name, found)


def test_both_readmes_say_the_same() -> None:
    """The translation has the commands, the code and the verdicts of the original."""

    def said(page: str) -> tuple[object, ...]:
        text = (ROOT / page).read_text("utf-8")
        lines = re.findall(r"(?m)^\$ (.*?)(?: +#.*)?$", text)
        prose = " ".join(re.sub(r"```.*?```", "", text, flags=re.S).split())
        spans = re.findall(r"`([^`]+)`", prose)
        typed = {span for span in spans if re.match(r"\S*(?:pipx?|python|make|hotfolder) ", span)}
        blocks = re.findall(r"```(?:text|python)\n(.*?)```", text, re.S)
        code = [re.sub(r"(?m) +#.*$", "", block) for block in blocks]
        pictures = re.findall(r"!\[[^\]]*\]\(([^)]*)\)", text)
        table = re.findall(r"(?m)^\| .* \| (?:yes|no|はい|いいえ|not yet|まだ) \|.*$", text)
        verdicts = [
            [VERDICTS.get(cell.strip(), cell.strip()) for cell in row.split("|")[2:]]
            for row in table
        ]
        assert len(lines) > 4 and len(verdicts) > 5
        return lines, typed, code, pictures, verdicts

    assert said("README.ja.md") == said("README.md")


@pytest.mark.parametrize("page", ["tutorial.md", "tutorial.ja.md"])
def test_both_tutorials_say_the_same(page: str) -> None:
    """A translation has the commands and the prompt file of the original."""
    assert tutorial.commands(page) == tutorial.commands("tutorial.md")
    assert tutorial.prompts(page) == tutorial.prompts("tutorial.md")


@pytest.mark.timeout(3600)  # a minute, unless the computer is busy with much else
def test_the_tutorial_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever types its commands gets eight drafts and six finals; none of them fails.

    `regenerate --check` is one of them: it fails unless all six come out identical.
    """

    def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(cwd)
        code = cli.main(arguments)
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, said.out, said.err)

    tutorial.walk(tmp_path, run)
    studio = tmp_path / "pictures"
    assert len(list(studio.glob("final/*.png"))) == 6
    assert len(list(studio.glob("drafts/*.png"))) == 6
    assert (studio / "inbox" / "done" / "coast.txt").is_file()
