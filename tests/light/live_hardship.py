"""What happens to computers while a page is open: they sleep, fill up, are asked too much, die."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from contextlib import suppress
from http.cookiejar import CookieJar
from typing import Any

import pytest

from hotfolder.studio.layout import Studio
from tests.forkserver import until
from tests.light.conftest import opened
from tests.light.test_command import ROOT, printed
from tests.light.test_page import press
from tests.test_flow import QUICK


def flood(address: str, ending: threading.Event) -> list[threading.Thread]:
    """Twenty clients that ask without pause, none of them let in."""
    url = address.partition("?")[0] + "api/view"

    def ask() -> None:
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        while not ending.is_set():
            with suppress(urllib.error.HTTPError, OSError):
                browser.open(url, timeout=5).read()

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(20)]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.timeout(900)
@pytest.mark.posix("signals that stop a process, and limits on what it may write")
def test_a_page_goes_on_whatever_happens(browser: Any, full: Studio) -> None:
    """A flood keeps no draft from being made; a laptop that sleeps, a full disk and a killed
    daemon are said on the page, and what can go on does so by itself.
    """
    (full.profiles / "quick.toml").write_text(QUICK)
    full.settings.write_text('profile = "quick"\nsettle_seconds = 0.1\nlook_seconds = 1\n')
    process = subprocess.Popen(
        [sys.executable, "-m", "hotfolder", "run", "--light", str(full.root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
    )
    try:
        address = printed(process)
        threading.Thread(target=process.communicate, daemon=True).start()
        with opened(browser, address, clock=True) as page:
            ending = threading.Event()
            threads = flood(address, ending)
            (full.inbox / "some.toml").write_text('prompt = "a red barn"\ncount = 3\n')
            until(lambda: len(list(full.drafts.glob("red-barn-*.png"))) == 3, 400)
            ending.set()
            for thread in threads:
                thread.join()
            it_sleeps(page, process)
            its_disk_is_full(page, process, full)
            process.kill()
            page.wait_for_selector("#notice:not([hidden])")
    finally:
        process.kill()
        process.wait()


def it_sleeps(page: Any, process: subprocess.Popen[str]) -> None:
    """The server stands still, and a minute passes."""
    process.send_signal(signal.SIGSTOP)
    page.clock.fast_forward(60_000)
    page.wait_for_selector("#notice:not([hidden])")
    process.send_signal(signal.SIGCONT)

    def is_back() -> bool:
        page.clock.run_for(2_000)
        return bool(page.evaluate("document.getElementById('notice').hidden"))

    until(is_back, 120)


def its_disk_is_full(page: Any, process: subprocess.Popen[str], studio: Studio) -> None:
    """Nothing can be written for a while: a key says so, and works when there is room again."""
    limits = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, limits[1]))
    press(page, "Home", "3")
    page.wait_for_selector(".toast.trouble")
    assert not list(studio.root.rglob("*.xmp"))
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, limits)
    press(page, "3")
    until(lambda: len(list(studio.root.rglob("*.xmp"))) == 1, 120)
