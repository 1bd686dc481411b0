"""`hotfolder gallery`: a website of pictures, in a folder."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from hotfolder.errors import EXIT_DONE, EXIT_SOME_FAILED, HotfolderError, printable, reason
from hotfolder.report.terminal import console
from hotfolder.studio import layout
from hotfolder.studio.layout import Studio
from hotfolder.studio.pictures import of_rooms, pictures, studio_of


def run(options: Namespace) -> int:
    """Make the gallery, or bring it up to date; pictures that cannot be read are told."""
    from rich.progress import Progress

    from hotfolder.gallery import site
    from hotfolder.gallery.pages import Options

    named = options.images or [Path()]
    paths = [path for one in named for path in _shown(one, options.output)]
    if not paths:
        raise HotfolderError(f"there are no pictures in {', '.join(map(str, named))}")
    studio = studio_of(paths[0])
    drafts = list(of_rooms(studio.seeds)) if studio else []
    address = options.address.rstrip("/") + "/" if options.address else ""
    title = options.title or printable(_name(paths[0], studio))
    look = Options(title, options.prompts, address, options.language)
    screen = console()
    with Progress(transient=True, console=screen, disable=not screen.is_terminal) as bar:
        task = bar.add_task("", total=None)
        try:
            made = site.make(
                paths,
                drafts,
                options.output,
                look,
                lambda done, total: bar.update(task, completed=done, total=total),
            )
        except OSError as error:
            raise HotfolderError(f"{options.output} cannot be written: {reason(error)}") from error
    for path, says in made.left_out:
        screen.print(f"{printable(str(path))} was left out: {says}")
    prompts = "" if options.prompts else "; no prompt is in it (--prompts shows them)"
    number = "1 picture" if made.shown == 1 else f"{made.shown:,} pictures"
    index = printable(str(options.output / "index.html"))
    changed = "" if made.written else ", nothing has changed"
    screen.print(f"{index}: {number}{prompts}{changed}")
    return EXIT_SOME_FAILED if made.left_out else EXIT_DONE


def _shown(path: Path, output: Path) -> list[Path]:
    """The pictures at a path; of a studio, its finals; never those of the gallery itself."""
    try:
        path = layout.find(path).final if path.is_dir() else path
    except HotfolderError:
        if not path.exists():
            raise HotfolderError(f"there is no {printable(str(path))}") from None
    own = output.resolve()
    return [one for one in pictures([path]) if not one.resolve().is_relative_to(own)]


def _name(path: Path, studio: Studio | None) -> str:
    return studio.root.name if studio else path.resolve().parent.name
