"""Make the golden pictures of the present version: a draft and a final of each format.

Finals are chains, with a step before, between and after.

    python -m tests.golden.make tests/golden/v4

Pictures of earlier versions stay as they are for ever: people have such pictures.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from hotfolder.daemon import Daemon, Until
from hotfolder.studio.create import create
from hotfolder.studio.identity import identify

PROMPT = """\
prompt = "a {castle|lighthouse} by the sea at sunset, été, 狐 🦊, \\"(gulls:1.2)\\", \
[mist:storm:0.5] AND [sea|sand] :0.3"
negative = "blurry: text"
count = 1
"""
PROFILE = """\
extends = "postcard"
steps = 6
[draft]
area = "256x256"
{format}
[refine]
count = 1
{format}
[[refine.links]]
step = "noise"
[[refine.links]]
area = "288x288"
[[refine.links]]
step = "sharpen"
[[refine.links]]
factor = 1.1
strength = 0.34
prompt = "fine details"
[[refine.links]]
step = "crop"
width = 256
height = 256
"""
FORMATS = {
    "png": 'format = "png"',
    "jpeg": 'format = "jpeg"',
    "webp": 'format = "webp"',
    "webp-lossy": 'format = "webp"\nquality = 80',
}


def main(target: Path) -> None:
    """Let a studio make the pictures, and note what must be read from them for ever."""
    target.mkdir(parents=True)
    expected = {}
    for name, format in FORMATS.items():
        with tempfile.TemporaryDirectory() as folder:
            for path in _made(Path(folder), PROFILE.format(format=format)):
                copy = target / f"{name}-{path.parent.name.removesuffix('s')}{path.suffix}"
                copy.write_bytes(path.read_bytes())
                shown = identify(copy.read_bytes())
                assert shown.recipe is not None and not shown.edited
                expected[copy.name] = {"id": shown.recipe.id, "pixels": shown.pixels.sha256}
    (target / "expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")


def _made(folder: Path, profile: str) -> list[Path]:
    """The draft and the final that a new studio makes."""
    studio, _ = create(folder / "studio")
    (studio.profiles / "golden.toml").write_text(profile)
    studio.settings.write_text('profile = "golden"\nsettle_seconds = 0.1\n')
    (studio.inbox / "castle.toml").write_text(PROMPT, "utf-8")
    daemon = Daemon(studio)
    daemon.run(Until(idle=True))
    (draft,) = studio.drafts.iterdir()
    kept = folder / "drafts" / draft.name
    kept.parent.mkdir()
    kept.write_bytes(draft.read_bytes())
    draft.rename(studio.seeds / draft.name)
    daemon.run(Until(idle=True))
    daemon.close()
    return [kept, *studio.final.iterdir()]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
