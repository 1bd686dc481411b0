"""`hotfolder light` and `hotfolder run --light` as a person starts them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from hotfolder.commands.light import _code
from hotfolder.errors import HotfolderError
from hotfolder.light.serving import listen
from hotfolder.studio.layout import Studio

ROOT = Path(__file__).parents[2]
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\?key=\S+")


def printed(process: subprocess.Popen[str]) -> str:
    """The address that a command prints."""
    assert process.stdout is not None
    for line in process.stdout:
        if match := ADDRESS.search(line):
            return match[0]
    raise AssertionError("no address was printed")


@pytest.mark.parametrize("command", [["light", "--no-browser", "--port", "0"], ["run", "--light"]])
def test_the_printed_address_opens_it(studio: Studio, command: list[str]) -> None:
    """It lets one browser in, which stays in; Ctrl-C ends the command."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "hotfolder", *command, str(studio.root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    try:
        address = printed(process)
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        with browser.open(address, timeout=30) as answer:
            assert "<title>hotfolder</title>" in answer.read().decode()
        with browser.open(address.partition("?")[0] + "api/facets", timeout=30) as answer:
            assert answer.status == 200
    finally:
        time.sleep(0.5)  # a signal amid the start of a thread would only be seen later
        process.send_signal(signal.SIGINT)
        assert process.wait(60) in (0, 130)


def test_an_address_that_is_not_ours_is_told() -> None:
    """A sentence with the remedy, not a trace; a taken port is passed over."""
    with pytest.raises(HotfolderError, match="give --address an address of this computer"):
        listen("203.0.113.7")
    first = listen()
    second = listen()
    assert first.port != second.port
    assert f"localhost:{first.port}" in first.hosts
    first.listening.close()
    second.listening.close()


def test_the_code_for_phones_is_a_square() -> None:
    """Each sign shows two rows of the QR code, which has a quiet edge."""
    rows = _code("http://192.168.1.20:8321/?key=abcdefghijklmnopqrstuvwxyz012345").splitlines()
    assert len({len(row) for row in rows}) == 1
    assert len(rows) == (len(rows[0]) + 1) // 2
    assert set(rows[0]) == {"█"}
