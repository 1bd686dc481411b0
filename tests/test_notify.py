"""Messages to the owner: one for many events, only where the owner said, and never in the way."""

from __future__ import annotations

import json
import threading
from argparse import Namespace
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from hotfolder.commands import check
from hotfolder.daemon import Daemon, Until
from hotfolder.errors import HotfolderError
from hotfolder.history import Made
from hotfolder.notify import Gathered, Notifier, deliver, mistakes
from hotfolder.recipes.settings import Notify
from hotfolder.report.progress import Lines
from hotfolder.studio.config.load import examine
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import trust
from hotfolder.studio.store.ledger import Ledger
from tests.painter import FakeExecutor

ALL = Notify().about
TOLD = (("all", "ours"), ("anna", "hers"))


class Clock:
    """A time that stands still until it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def made(number: int, request: str = "r1", stage: Any = "final") -> Made:
    """An entry of the ledger."""
    return Made(stage, request, number, f"{number:064x}", f"final/castle-{number}.png")


def test_many_events_are_one_message() -> None:
    """Three finals within seconds are told together, once it is calm, or after a minute at last."""
    gathered = Gathered()
    for number, at in enumerate((0.0, 4.0, 8.0)):
        gathered.final(f"final/castle-{number}.png", "r1", at)
    never = float("-inf")
    assert not gathered.is_due(15.0, never)
    assert gathered.is_due(20.0, never)
    assert not gathered.is_due(20.0, sent=0.0), "less than a minute after the last message"
    for at in range(8, 70, 4):
        gathered.final("final/other.png", "r2", at)
    assert gathered.is_due(68.5, never), "not for ever"
    assert gathered.message(ALL).startswith("19 finals of 2 picks are ready: castle-0.png, ")


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        (["finals"], "1 final is ready: a.png"),
        (["trouble"], "the disk is full"),
        (["done"], "Everything that was asked for has been made."),
        ([], ""),
    ],
)
def test_only_what_was_asked_for(about: list[str], expected: str) -> None:
    """Each kind by itself; a trouble that is repeated is told once."""
    gathered = Gathered()
    gathered.final("final/a.png", "r1", 0)
    gathered.trouble("the disk is full", 0)
    gathered.trouble("the disk is full", 0)
    gathered.all_made(0)
    assert gathered.message(about) == expected


def test_a_studio_s_doings_are_told(studio: Studio) -> None:
    """What is entered in the ledger, what is warned of and the end of the queue, each once."""
    studio.settings.write_text('[notify]\nto = ["ntfy://a", "desktop"]\n')
    told: list[tuple[str, str]] = []
    clock, ledger = Clock(), Ledger(studio)
    notifier = Notifier(studio, Lines(), lambda to, _, text: told.append((to, text)), clock)
    notifier.queue(0, 0)
    notifier.queue(0, 3)
    for number in range(3):
        ledger.append(made(number))
    ledger.append(made(9, stage="draft"))
    notifier.warn("a picture\x1b[31m is broken")
    notifier.queue(0, 0)
    notifier.look()
    assert not told
    clock.now += 13
    notifier.look()
    assert [to for to, _ in told] == ["ntfy://a", "desktop"]
    assert told[0][1].splitlines() == [
        "3 finals are ready: castle-0.png, castle-1.png, castle-2.png",
        "a picture\\x1b[31m is broken",
        "Everything that was asked for has been made.",
    ]
    clock.now += 100
    notifier.look()
    assert len(told) == 2


@pytest.mark.slow
def test_a_folder_s_own_are_told(studio: Studio) -> None:
    """Of its finals, in place of those in `to`; a name that nobody has changes nothing."""
    studio.settings.write_text('[notify]\nto = ["ntfy://all"]\nnamed.anna = ["ntfy://anna"]\n')
    for name, who in (("hers", '"anna"'), ("ours", '["nobody", "else"]')):
        folder = studio.inbox / name
        folder.mkdir()
        (folder / "folder.toml").write_text(f"notify = {who}\ncount = 1\n")
        (folder / f"{name}.txt").write_text(f"a castle of {name}")
    told: list[tuple[str, str]] = []
    clock = Clock()
    notifier = Notifier(studio, Lines(), lambda to, _, text: told.append((to, text)), clock)
    for _ in range(2):
        daemon = Daemon(studio, notifier, executor=FakeExecutor(1))
        daemon.run(Until(idle=True))
        daemon.close()
        for draft in studio.drafts.iterdir():
            draft.rename(studio.seeds / draft.name)
    notifier.look(at_the_end=True)
    finals = {to: text for to, text in told if "finals are ready" in text}
    assert set(finals) == {"ntfy://all", "ntfy://anna"}
    assert all(f"castle-of-{name}" in finals[f"ntfy://{to}"] for to, name in TOLD)


@pytest.mark.slow
def test_check_knows_who_is_told(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    """A name in a folder.toml that nobody here has is told, with the nearest one."""
    studio.settings.write_text('[notify]\nnamed.anna = ["ntfy://anna"]\n')
    (studio.inbox / "hers").mkdir()
    (studio.inbox / "hers/folder.toml").write_text('notify = "ana"\n')
    (studio.inbox / "hers/a.txt").write_text("a castle")
    check.run(Namespace(studio=studio.root))
    says = "inbox/hers/a.txt: its folder's notify: there is no 'ana' in [notify.named]"
    said = " ".join(capsys.readouterr().out.split())
    assert says in said and "did you mean 'anna'?" in said


def test_what_cannot_be_sent_is_said_once(studio: Studio, caplog: pytest.LogCaptureFixture) -> None:
    """A failing target disturbs nothing, and its address, which may be a secret, is not logged."""
    studio.settings.write_text('[notify]\nto = ["tgram://secret-token/chat"]\n')

    def fails(to: str, title: str, text: str) -> None:
        raise HotfolderError("no network")

    clock = Clock()
    notifier = Notifier(studio, Lines(), fails, clock)
    for _ in range(3):
        notifier.warn("something")
        clock.now += 100
        notifier.look()
    said = [record.getMessage() for record in caplog.records if "no message" in record.getMessage()]
    assert said == ["no message went out by tgram: no network"]
    assert "secret-token" not in caplog.text


def test_a_stranger_s_studio_sends_nothing(studio: Studio) -> None:
    """Where messages go is held back until the studio is trusted, and that is said."""
    studio.settings.write_text(
        '[notify]\nto = ["json://collector.example"]\nnamed.anna = ["json://other.example"]\n'
    )
    trust.record(studio, False)
    config, _ = examine(studio)
    assert config.settings.notify == Notify()
    assert any("notify" in note for note in config.notes)


def test_addresses_are_checked() -> None:
    """What Apprise does not know is told without its secret part."""
    (says,) = mistakes(Notify(to=["nosuchthing://secret"]))
    assert says == "nosuchthing with this address is not known to Apprise"
    assert mistakes(Notify(to=["ntfy://topic", "desktop"])) == []


@pytest.fixture
def collector() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server on this computer that takes messages as JSON; its address, and what it got."""
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"json://127.0.0.1:{server.server_port}/", got
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_message_arrives(collector: tuple[str, list[dict[str, Any]]]) -> None:
    """Apprise delivers title and text; a server that is not there is told in words."""
    address, got = collector
    deliver(address, "hotfolder: pictures", "1 final is ready: a.png")
    assert got[0]["title"] == "hotfolder: pictures"
    assert got[0]["message"] == "1 final is ready: a.png"
    with pytest.raises(HotfolderError, match="network"):
        deliver("json://127.0.0.1:9/", "a", "b")
