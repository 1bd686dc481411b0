"""`hotfolder light`: the light table, in a browser."""

from __future__ import annotations

import os
import sys
import threading
from argparse import Namespace

from hotfolder.endings import asked
from hotfolder.errors import EXIT_DONE
from hotfolder.light.serving import HERE, Place, listen, served
from hotfolder.light.table import Table
from hotfolder.report.terminal import console
from hotfolder.studio import layout


def run(options: Namespace) -> int:
    """Serve the light table of a studio until Ctrl-C."""
    studio = layout.find(options.studio)
    place = listen(options.address or HERE, options.port)
    ending = threading.Event()
    # Noted, not raised: an exception amid the start of a thread or a clean-up would get lost.
    with asked(ending.set):
        table = Table(studio)
        try:
            with served(table, place) as server:
                invite(table, place, opens=not options.no_browser)
                while not (server.should_exit or ending.wait(0.2)):
                    pass
        finally:
            table.close()
    return EXIT_DONE


def invite(table: Table, place: Place, opens: bool) -> None:
    """Print the address, with a QR code for phones where it is one of the home network."""
    screen = console()
    address = place.address(table.sessions.key())
    screen.print(f"The light table of {table.studio.root}:\n  {address}")
    if place.host != HERE:
        screen.print("\nFor a phone in this network (this code works once):")
        screen.print(_code(place.address(table.sessions.key())))
        screen.print("Others on this network can see that it is there, but cannot get in.")
    screen.print("Ctrl-C ends it; the pictures stay as they are.")
    if opens and sys.stdout.isatty() and _has_browser():
        import webbrowser

        threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()


def _code(address: str) -> str:
    """The address as a QR code of half blocks."""
    import segno

    rows = [list(row) for row in segno.make(address, error="l").matrix_iter(border=2)]
    rows += [[0] * len(rows[0])] * (len(rows) % 2)
    signs = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return "\n".join("".join(signs[a, b] for a, b in zip(*pair, strict=True)) for pair in pairs)


def _has_browser() -> bool:
    is_desktop = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return sys.platform in ("win32", "darwin") or bool(is_desktop)
