"""The program: arguments in, one call, words and an exit code out."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from hotfolder import endings
from hotfolder.errors import EXIT_DONE, EXIT_INTERRUPTED, HotfolderError
from hotfolder.parser import parser
from hotfolder.report.terminal import use_utf8


def program() -> NoReturn:
    """`main` as a process of its own, which ends at once when it has returned."""
    endings.leave(main())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    use_utf8()
    reader = parser()
    if "_ARGCOMPLETE" in os.environ:  # a shell asks what could be typed next
        import argcomplete

        argcomplete.autocomplete(reader)
    options = reader.parse_args(arguments)
    if not hasattr(options, "command"):
        reader.print_help()
        return EXIT_DONE
    try:
        return int(importlib.import_module(f"hotfolder.commands.{options.command}").run(options))
    except HotfolderError as error:
        from hotfolder.explanations import more

        told = "\n".join(filter(None, (f"hotfolder: {error}", more(str(error)))))
        print(told, file=sys.stderr)  # noqa: T201
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return EXIT_DONE


if __name__ == "__main__":
    sys.exit(main())
