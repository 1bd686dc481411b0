"""Wake-up calls of the real operating system."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotfolder.studio.layout import Studio
from hotfolder.studio.watch import Watch
from tests.kennel import until


@pytest.fixture
def watch(studio: Studio) -> Iterator[Watch]:
    """A watch on the studio."""
    new = Watch(studio.root)
    yield new
    new.stop()


def test_paths_that_change_are_hinted(watch: Watch, studio: Studio) -> None:
    """Each new, moved and removed file is named, relative to the studio."""
    hints: set[str] = set()

    def hinted(path: str) -> bool:
        hints.update(watch.take() or ())
        return path in hints

    (studio.inbox / "灯台.txt").write_text("a lighthouse")
    until(lambda: hinted("inbox/灯台.txt"), 10)
    (studio.inbox / "灯台.txt").rename(studio.inbox / "b.txt")
    until(lambda: hinted("inbox/b.txt"), 10)
    hints.clear()
    (studio.inbox / "b.txt").unlink()
    until(lambda: hinted("inbox/b.txt"), 10)


def test_reading_and_our_own_books_wake_nobody(watch: Watch, studio: Studio) -> None:
    """Neither a look at a file nor an entry in the ledger is news."""
    hints: set[str] = set()

    def all_until(name: str) -> None:
        """One write is several events; all before that of a later file have arrived with it."""
        (studio.inbox / name).write_text("a fence")

        def arrived() -> bool:
            hints.update(watch.take() or ())
            return f"inbox/{name}" in hints

        until(arrived, 10)

    file = studio.inbox / "a.txt"
    file.write_text("a")
    all_until("first.txt")
    assert "inbox/a.txt" in hints
    hints.clear()
    file.read_text()
    (studio.ledger / "machine.jsonl").write_text("{}\n")
    all_until("last.txt")
    assert not [path for path in hints if path.startswith(".hotfolder")]
    assert "inbox/a.txt" not in hints


def test_a_wait_can_be_ended(watch: Watch) -> None:
    """`wake` ends a wait at once, also one that begins later."""
    watch.wake()
    watch.wait(3600)
