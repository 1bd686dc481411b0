"""What tests of the light table share: studios full of pictures, a server, and a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hotfolder.light.portrait import Portrait, Trouble, portray
from hotfolder.light.serving import Place, listen, served
from hotfolder.light.table import Table
from hotfolder.studio.layout import Studio
from tests.forkserver import until
from tests.light.pictures import fill, final


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache of a test lies in a folder of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(autouse=True)
def basket(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The waste basket of a test; send2trash looks for it once, when it is imported."""
    home = tmp_path_factory.mktemp("data")
    monkeypatch.setattr("send2trash.plat_other.XDG_DATA_HOME", os.fsencode(home))
    monkeypatch.setattr("send2trash.plat_other.HOMETRASH_B", os.fsencode(home / "Trash"))
    return home / "Trash"


@pytest.fixture(scope="session")
def painted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty drafts, and three finals of each of the first two."""
    folder = tmp_path_factory.mktemp("painted")
    fill(folder / "drafts", range(40))
    (folder / "final").mkdir()
    for number in (0, 1):
        for which in range(3):
            (folder / "final" / f"final-{number}-{which}.png").write_bytes(final(number, which))
    return folder


@pytest.fixture
def full(studio: Studio, painted: Path) -> Studio:
    """A studio with forty drafts, two of them picked and refined."""
    for folder in ("drafts", "final"):
        shutil.copytree(painted / folder, studio.root / folder, dirs_exist_ok=True)
    for draft in sorted(studio.drafts.glob("*-00000[01].png")):
        draft.rename(studio.seeds / draft.name)
    return studio


Portraits = dict[str, Portrait | Trouble]


@pytest.fixture(scope="session")
def portraits() -> Portraits:
    """What was found out about those, by their names."""
    return {}


def portray_all(table: Table, count: int, portraits: Portraits) -> None:
    """Find out about all `count` pictures what workers would, but for those that are known.

    Workers have the lowest priority: on a busy machine they might take minutes.
    """
    until(lambda: len(table.catalogue.rows("SELECT 1 FROM picture")) == count, 120)
    found = {}
    for id_, path in table.catalogue.rows("SELECT id, path FROM picture"):
        name = Path(path).name
        if name not in portraits:
            portraits[name] = portray(str(table.studio.root), path)
        found[id_] = portraits[name]
    table.cache.put([one for one in found.values() if isinstance(one, Portrait)])
    table.catalogue.describe(found)
    table.portrayed(set(found))


@pytest.fixture
def table(full: Studio, portraits: Portraits) -> Iterator[Table]:
    """The light table of that studio; all its pictures and thumbnails are known."""
    opened = Table(full)
    portray_all(opened, 46, portraits)
    yield opened
    opened.close()


@pytest.fixture
def place() -> Iterator[Place]:
    """A free port of this computer."""
    found = listen(port=0)
    yield found
    found.listening.close()


@pytest.fixture
def address(table: Table, place: Place) -> Iterator[str]:
    """Where the light table is served; its path lets one browser in."""
    with served(table, place) as server:
        until(lambda: server.started, 20)
        yield place.address(table.sessions.key())


Open = Callable[..., Any]


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """The light table in a browser, all thumbnails in sight there."""
    with opened(browser, address) as shown:
        yield shown


class opened:
    """A page of the light table in a context of its own; fails the test on any script's error.

    With a `clock` the test can let time pass on the page.
    """

    def __init__(self, browser: Any, address: str, clock: bool = False, **options: Any) -> None:
        options.setdefault("viewport", {"width": 1280, "height": 800})
        self._context = browser.new_context(**options)
        self._address = address
        self._clock = clock
        self.errors: list[str] = []

    def __enter__(self) -> Any:
        page = self._context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.set_default_timeout(120_000)  # a machine may be busy with much else
        if self._clock:
            page.clock.install()
        page.goto(self._address)
        page.wait_for_selector(".cell.ready", timeout=120_000)
        page.evaluate("light.table.settled()")
        return page

    def __exit__(self, *_: object) -> None:
        self._context.close()
        assert not self.errors
