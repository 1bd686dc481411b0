"""Stars of real programs against a running daemon, and edits that are no stars."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from hotfolder.images import pixels
from hotfolder.studio.create import create
from hotfolder.studio.layout import Studio
from tests.forkserver import ForkServer, comes_true, until
from tests.stars.test_finder import RED_AND_STAR, TAGS

PATIENCE_S = 60.0
Tool = Callable[[str], str]

# Nothing is rendered while the disk is this low, and no round through the folders helps out.
ONLY_SORTING = "settle_seconds = 0.1\nlook_seconds = 3600\nkeep_free_gb = 1e9\n"

EXIFTOOL = {
    "its XMP": ["-XMP-xmp:Rating=5"],
    "its XMP, no backup": ["-overwrite_original", "-XMP-xmp:Rating=4"],
    "its XMP, in place": ["-overwrite_original_in_place", "-P", "-XMP-xmp:Rating=4"],
    "all that are called rating": ["-Rating=3"],
    "its EXIF": ["-EXIF:Rating=5"],
    "the percent of Windows": ["-XMP-microsoft:RatingPercent=99"],
    "digiKam's pick label": ["-XMP-digiKam:PickLabel=3"],
    "a keyword": ["-XMP-dc:Subject=starred"],
}
EXIV2 = {
    "its XMP": "set Xmp.xmp.Rating 5",
    "ACDSee's property": "set Xmp.acdsee.rating 4",
    "the percent of Windows": "set Xmp.MicrosoftPhoto.Rating 75",
    "its EXIF": "set Exif.Image.Rating Short 5",
    "its EXIF percent": "set Exif.Image.RatingPercent Short 99",
}
ATTRIBUTES = {
    "user.baloo.rating": "10",
    "user.xdg.tags": "star",
    f"user.{TAGS}": "0x" + RED_AND_STAR.hex(),
}
KINDS = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}


class Sorting:
    """A studio whose daemon is at work, for pictures that are starred there."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self._count = 0

    def draft(self, kind: str, folder: str = ".") -> Path:
        """Another picture in `drafts/`; no two have the same pixels."""
        self._count += 1
        path = self.studio.drafts / folder / f"draft {self._count}.{kind}"
        path.parent.mkdir(exist_ok=True)
        colour = (self._count % 8 * 30, self._count // 8 % 8 * 30, self._count // 64 * 30)
        Image.new("RGB", (24, 16), colour).save(path, KINDS[kind])
        return path

    def is_picked(self, name: str) -> bool:
        """Whether a draft of this name comes to lie in `seeds/`, whole."""
        seed = self.studio.seeds / name
        return comes_true(seed.exists, PATIENCE_S) and (
            pixels.decode(seed.read_bytes()).size == (24, 16)
        )

    def has_noted(self) -> bool:
        """Whether a pick is in the ledger, which comes after the move."""
        texts = (path.read_text("utf-8") for path in self.studio.ledger.rglob("*.jsonl"))
        return any('"picked"' in text for text in texts)


@pytest.fixture(scope="module")
def sorting(forkserver: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sorting]:
    """One running daemon for all stars."""
    with at_work(forkserver, tmp_path_factory.mktemp("stars") / "studio") as made:
        yield made


@contextmanager
def at_work(forkserver: ForkServer, root: Path, settings: str = ONLY_SORTING) -> Iterator[Sorting]:
    """A new studio and its daemon."""
    studio, _ = create(root)
    studio.settings.write_text(settings)
    daemon = forkserver.start("run", studio.root)
    try:
        yield Sorting(studio)
    finally:
        forkserver.kill(daemon)


def run(*command: str | Path) -> None:
    subprocess.run(list(map(str, command)), check=True, capture_output=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", EXIFTOOL)
def test_exiftool(sorting: Sorting, tool: Tool, how: str, kind: str) -> None:
    """Through a temp file and a rename, or in place; what it leaves is no draft."""
    draft = sorting.draft(kind)
    run(tool("exiftool"), *EXIFTOOL[how], draft)
    assert sorting.is_picked(draft.name)
    assert not list(sorting.studio.seeds.glob("*_original"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", EXIV2)
def test_exiv2(sorting: Sorting, tool: Tool, how: str, kind: str) -> None:
    """Each property that it can set, in place."""
    draft = sorting.draft(kind, "below")
    run(tool("exiv2"), "-M", EXIV2[how], draft)
    assert sorting.is_picked(draft.name)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ATTRIBUTES)
def test_setfattr(sorting: Sorting, tool: Tool, name: str, kind: str) -> None:
    """Nothing but an attribute changes, and the operating system gives notice of that."""
    draft = sorting.draft(kind)
    run(tool("setfattr"), "-n", name, "-v", ATTRIBUTES[name], draft)
    assert sorting.is_picked(draft.name)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["{stem}.{kind}.xmp", "{stem}.xmp", "{stem}.XMP"])
def test_a_sidecar_of_exiftool(sorting: Sorting, tool: Tool, name: str, kind: str) -> None:
    """It goes along."""
    draft = sorting.draft(kind)
    beside = draft.with_name(name.format(stem=draft.stem, kind=kind))
    run(tool("exiftool"), "-XMP-xmp:Rating=4", "-o", beside, draft)
    assert sorting.is_picked(draft.name)
    until((sorting.studio.seeds / beside.name).exists, PATIENCE_S)
    assert not beside.exists()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["★ {}", "starred/{}"])
def test_a_shell(sorting: Sorting, name: str, kind: str) -> None:
    """A draft that is renamed, or moved into a folder."""
    draft = sorting.draft(kind)
    target = draft.parent / name.format(draft.name)
    target.parent.mkdir(exist_ok=True)
    run("mv", draft, target)
    assert sorting.is_picked(target.name)


def test_fifty_stars_at_once(sorting: Sorting, tool: Tool) -> None:
    """One command rates fifty drafts; none is lost, none is torn."""
    drafts = [sorting.draft("jpg", "fifty") for _ in range(50)]
    run(tool("exiftool"), "-q", "-overwrite_original", "-XMP-xmp:Rating=5", drafts[0].parent)
    for draft in drafts:
        assert sorting.is_picked(draft.name)
    assert not list(drafts[0].parent.glob("*.jpg"))


def test_a_star_that_is_taken_back(forkserver: ForkServer, tmp_path: Path, tool: Tool) -> None:
    """Before the picture's turn its star is taken away in seeds/: it lies in drafts/ again."""
    with at_work(forkserver, tmp_path / "studio") as sorting:
        draft = sorting.draft("png")
        run(tool("exiftool"), "-XMP-xmp:Rating=4", draft)
        assert sorting.is_picked(draft.name)
        seed = sorting.studio.seeds / draft.name
        run(tool("exiftool"), "-overwrite_original", "-XMP-xmp:Rating=0", seed)
        until(draft.exists, PATIENCE_S)
        assert not seed.exists()


def test_a_star_set_while_no_daemon_runs(
    forkserver: ForkServer, tmp_path: Path, tool: Tool
) -> None:
    """It counts as soon as one does; a draft that its owner put back stays, starred or not."""
    root = tmp_path / "studio"
    with at_work(forkserver, root) as sorting:
        draft = sorting.draft("png")
    run(tool("setfattr"), "-n", "user.baloo.rating", "-v", "6", draft)
    with at_work(forkserver, root) as sorting:
        assert sorting.is_picked(draft.name)
        until(sorting.has_noted, PATIENCE_S)
    (sorting.studio.seeds / draft.name).rename(draft)
    with at_work(forkserver, root) as sorting:
        other = sorting.draft("jpg")
        run(tool("setfattr"), "-n", "user.baloo.rating", "-v", "6", other)
        assert sorting.is_picked(other.name)
        assert draft.exists(), "picked once, and put back by hand"
        run(tool("setfattr"), "-n", "user.baloo.rating", "-v", "8", draft)
        assert sorting.is_picked(draft.name)


SETTINGS = (
    ONLY_SORTING
    + 'photos.prompt = "x"\n[stars]\nfrom = 4\nthen = "copy"\nrejected = "move"\ntags = ["red"]\n'
)


def test_what_the_owner_wants_of_stars(forkserver: ForkServer, tmp_path: Path, tool: Tool) -> None:
    """Four stars copy a draft, three do nothing, a label counts, -1 puts away."""
    with at_work(forkserver, tmp_path / "studio", SETTINGS) as sorting:
        three, four, red, rejected = (sorting.draft("png") for _ in range(4))
        rate = [tool("exiftool"), "-q", "-overwrite_original"]
        run(*rate, "-XMP-xmp:Rating=3", three)
        run(*rate, "-XMP-xmp:Rating=4", four)
        run(*rate, "-XMP-xmp:Label=Red", red)
        run(*rate, "-XMP-xmp:Rating=-1", rejected)
        assert sorting.is_picked(four.name)
        assert sorting.is_picked(red.name)
        until((sorting.studio.drafts / "rejected" / rejected.name).exists, PATIENCE_S)
        assert three.exists() and four.exists() and red.exists()
        assert sorted(p.name for p in sorting.studio.seeds.iterdir()) == [four.name, red.name]
