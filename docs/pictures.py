"""The pictures of the documentation, each made by the real program: `make pictures`.

`python docs/pictures.py gallery.jpg retouch.jpg` makes only these.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))
_GAP, _GREY = 14, (190, 184, 176)
_ALBUM = (0, 0, 1260, 400)
"""Where digiKam's window has the album on the screen: left, upper, right, lower, in pixels."""
_SCENE = 'prompt = "a castle by a lake at sunset"\ncount = 1\nseed = 12\nsize = "384x256"\n'
_PROMPTS = (
    "a {castle|house|windmill} by the {lake|sea}, {misty morning|summer evening|winter day}",
    "a {lighthouse|sailing boat|hot air balloon}, {sunset|at night|summer morning}, calm colours",
)
_FOLDER = 'count = 12\naspect = "3:2"\nfixed = "in deep snow"\n'
_TOWERS = (128, 16, 262, 190)


def main(names: Sequence[str]) -> None:
    """Make these, or all."""
    for name in names or PICTURES:
        sys.stderr.write(f"{name}\n")
        PICTURES[name](HERE / name)


def hotfolder(*words: str | Path) -> None:
    """Run the program."""
    subprocess.run([sys.executable, "-m", "hotfolder", *map(str, words)], cwd=ROOT, check=True)


def module(*words: str | Path) -> None:
    """Run a module of this repository that draws pictures."""
    subprocess.run([sys.executable, "-m", *map(str, words)], cwd=ROOT, check=True)


@cache
def work() -> Path:
    """A folder for whatever is made on the way."""
    folder = tempfile.TemporaryDirectory()
    _kept.append(folder)
    return Path(folder.name)


@cache
def demo() -> Path:
    """The studio that `hotfolder demo` makes."""
    hotfolder("demo", work() / "demo")
    return work() / "demo"


def demo_sheet(target: Path) -> None:
    """The contact sheet at the end of the demo."""
    shutil.copyfile(demo() / "contact-sheet.png", target)


def gallery(target: Path) -> None:
    """The wall of a gallery of the demo, and beside it the page of one final."""
    from playwright.sync_api import sync_playwright

    from tests.conftest import BROWSERS, FLAGS

    site = work() / "site"
    rooms = [demo() / room for room in ("drafts", "seeds", "final")]
    hotfolder("gallery", *rooms, "-o", site, "--prompts", "--title", "By the sea")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = browser.new_page(viewport={"width": 1000, "height": 620})
        page.goto((site / "index.html").as_uri())
        wall = shot(page)
        page.set_viewport_size({"width": 740, "height": 620})
        page.goto(page.locator("#wall a").first.evaluate("link => link.href"))
        beside(wall, shot(page)).save(target, quality=86, optimize=True)
        browser.close()


def retouch(target: Path) -> None:
    """A draft, and three retouches of its towers on the right by a mask."""
    studio = work() / "retouch"
    hotfolder("init", studio)
    (studio / "inbox" / "castle.toml").write_text(_SCENE, "utf-8")
    hotfolder("run", "--once", studio)
    (draft,) = (studio / "drafts").glob("*.png")
    picked = studio / "seeds" / draft.name
    mask = Image.new("L", Image.open(draft).size)
    ImageDraw.Draw(mask).ellipse(_TOWERS, fill=255)
    mask.save(picked.with_suffix(".mask.png"))
    draft.rename(picked)
    hotfolder("run", "--once", studio)
    four = [Image.open(path) for path in (picked, *sorted((studio / "final").glob("*.png")))]
    width, height = four[0].size
    sheet = Image.new("RGB", (2 * width, 2 * height))
    for number, image in enumerate(four):
        sheet.paste(image, (number % 2 * width, number // 2 * height))
    sheet.save(target, quality=90, optimize=True)


def chains(target: Path) -> None:
    """The same scenes by one link, by three, and drawn large at once."""
    module("benchmarks.refine", "--scenes", "3", "--keep", work())
    Image.open(work() / "refine.png").convert("RGB").save(target, quality=88, optimize=True)


def words(target: Path) -> None:
    """Scenes, where their subjects are, and where the words found them."""
    module("benchmarks.words", "--keep", work() / "words.png")
    Image.open(work() / "words.png").convert("RGB").save(target, quality=88, optimize=True)


def postcard(target: Path) -> None:
    """Eight prompts with four seeds each."""
    module("training.evaluate", "--only", "grids", "--out", work())
    shutil.copyfile(work() / "grid.png", target)


def light(_target: Path) -> None:
    """All pictures of the light table: of 56 drafts, five of them picked, and a folder."""
    studio = work() / "table"
    hotfolder("init", studio)
    settings = studio / "hotfolder.toml"
    settings.write_text(settings.read_text("utf-8").replace("# alike = 6", "alike = 14"), "utf-8")
    folder = studio / "inbox" / "winter"
    folder.mkdir()
    (folder / "folder.toml").write_text(_FOLDER, "utf-8")
    for number, prompt in enumerate(_PROMPTS):
        (studio / "inbox" / f"{number}.txt").write_text(f"28 drafts\n\n{prompt}\n", "utf-8")
    hotfolder("run", "--once", studio)
    for draft in sorted((studio / "drafts").glob("*.png"))[3::11]:
        draft.rename(studio / "seeds" / draft.name)
    hotfolder("run", "--once", studio)
    module("tests.light.screenshots", studio)


def tutorial(_target: Path) -> None:
    """Both pictures of the tutorial."""
    module("tests.tutorial")


def digikam(target: Path) -> None:
    """Stars in digiKam, of the last screen that `make test-desktop` left: it needs a desktop."""
    screens = sorted((ROOT / ".desktop").glob("digikam-*.png"))
    if not screens:
        sys.stderr.write(
            f"{target.name} stays as it is: `make test-desktop` leaves what it shows\n"
        )
        return
    with Image.open(screens[-1]) as screen:
        screen.convert("RGB").crop(_ALBUM).save(target, optimize=True)


def shot(page: Any) -> Image.Image:
    """What is to be seen of a page."""
    page.wait_for_load_state("networkidle")
    page.screenshot(path=work() / "page.png")
    with Image.open(work() / "page.png") as image:
        return image.convert("RGB")


def beside(left: Image.Image, right: Image.Image) -> Image.Image:
    """Two pictures side by side."""
    both = Image.new("RGB", (left.width + _GAP + right.width, left.height), _GREY)
    both.paste(left, (0, 0))
    both.paste(right, (left.width + _GAP, 0))
    return both


PICTURES: dict[str, Callable[[Path], None]] = {
    "demo.png": demo_sheet,
    "gallery.jpg": gallery,
    "light.jpg": light,
    "postcard.png": postcard,
    "refine.jpg": chains,
    "retouch.jpg": retouch,
    "stars.png": digikam,
    "tutorial-drafts.jpg": tutorial,
    "words.jpg": words,
}
"""Each picture, and what makes it. That of a group makes the whole group (`light-*`)."""

_kept: list[Any] = []

if __name__ == "__main__":
    main(sys.argv[1:])
