"""A new studio: its folders, its marker and the texts that explain it."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from hotfolder.errors import HotfolderError, PictureError
from hotfolder.json_schemas import schemas
from hotfolder.studio import beneath, layout
from hotfolder.studio.layout import Studio, find
from hotfolder.studio.store import atomic, trust

_SETTINGS = """\
#:schema ./.hotfolder/schemas/settings.schema.json
# The settings of this studio. Every line is optional; remove a # to change one.

# The model and how it is used: a file in profiles/, or one that is included
# (the command `hotfolder profiles` lists them).
# profile = "postcard"

# What counts as one prompt in a text file: a "paragraph" or a "line". A file can also decide for
# itself, if its first line says: one prompt per line
# one_prompt_per = "paragraph"

# How drafts/ and final/ are organised: "flat" (no folders), "prompt" (a folder for each prompt
# file) or "day" (a folder for each day).
# folders = "flat"

# Endless drafts pause while drafts/ holds this many pictures.
# pause_endless_at = 500

# Nothing is rendered while the disk has less free space than this.
# keep_free_gb = 1.0

# A file is read once it has not changed for this long. Use a higher value on slow network folders.
# settle_seconds = 2.0

# How often all folders are looked through, in case the system missed reporting a change.
# look_seconds = 60.0

# Where pictures are rendered: "auto", "cpu", "cuda", "xpu" or "mps", or a list such as
# ["cuda:0", "cuda:1"]; each device in a list gets a process of its own.
# devices = "auto"

# CPU threads for a picture: 0 means one for each core, "auto" one for each core that other
# programs leave free when the picture is started, which is faster on a busy computer.
# threads = 0

# The models' memory is freed when nothing has been rendered for this long.
# unload_after_minutes = 10.0

# Keep a page STATUS.html in this folder, for people who see only the folder (a NAS, a phone).
# status_page = false

# How different pictures in one stack on the light table may be: from 0 (hardly) to 20 (very).
# alike = 6

# Folders with LoRAs and embeddings (.safetensors files), for example  loras=['D:/loras']
# A prompt names a LoRA as <lora:NAME:0.8>, and an embedding by its NAME alone.
# loras = []
# embeddings = []

# Folders with upscalers (.safetensors files), which profiles name in links with  step="enlarge".
# upscalers = []

# Messages while you are away: "desktop", or Apprise addresses for phones, chats and mail (needs
# `hotfolder setup notify`). Addresses may be secret: if this folder is shared, put them
# into your own settings instead, which `hotfolder config` opens.
[notify]

# to = []
# about = ["finals", "trouble", "done"]

# Names for addresses, so that the folder.toml of a folder in inbox/ can say who is told about its
# finals, for example  anna="mailto://…"
[notify.named]

# Limits for people who share this studio. Anything faster than this waits its turn; anything larger
# is refused with a note.
[limits]

# prompt_files_per_minute = 600
# refinements_per_hour = 1000

# How many drafts one prompt file may ask for, and how large a picture may be.
# drafts_per_file = 10000
# render_megapixels = 16.0

# The largest files that are read: texts, and pictures in inbox/ and seeds/.
# text_kb = 1000
# picture_mb = 256
# picture_megapixels = 50.0

# Photos and other pictures in seeds/ and inbox/ that carry no prompt. A text file beside one,
# NAME.txt, is its prompt; this is the prompt for pictures without such a file.
[photos]

# prompt = ""
# negative = ""

# The profile they are refined with, if not the studio's own, for example
#   profile="portrait"

# What hotfolder may do by itself with what it has learned from your picks and rejects.
[taste]

# For endless prompt files: draw the prompts, wildcard values and shapes you are likely to want
# more often than others.
# hold_back = false

# The share of those drafts that is drawn as usual, so that everything comes up now and then.
# usual = 0.2

# This many of the best drafts go to seeds/ by themselves, every "hour" or "night".
# auto_pick = 0
# every = "night"

# Give up endless drafts early when it is clear that you will not want them (once there are 100
# judgements). `hotfolder status` counts them; `hotfolder finish` makes one after all.
# early_stop = false

# `hotfolder tune` learns while nothing is drawn. This is its share of the time while drafts are,
# for studios that draw all day: 0.25 means one minute in four.
[tune]

# share = 0.0

# Stars, tags and labels that you give to drafts in your picture program.
[stars]

# A draft with at least this many stars is picked.
# from = 1

# A tag, colour label or pick label with one of these names counts as a star, too.
# tags = ["star", "starred", "★", "fav", "favorite", "favourite", "accepted"]

# Kinds of marks to ignore, for example ["name", "finder"]. The kinds are
# baloo, exif, finder, geeqie, gthumb, name, sidecar, tags and xmp.
# ignore = []

# What happens to a picked draft: "move" or "copy" (to seeds/), or "part": it is moved, and only a
# part of it is redrawn, as [stars.parts] says.
# then = "move"

# What happens to a draft that you reject: "stay" or "move" (to drafts/rejected/).
# rejected = "stay"

# More stars can mean more: here, a number of stars can have a profile of its own for the
# refinements, for example  5="postcard-large"
[stars.presets]

# Which part is redrawn with then="part", for example  4="face: calm eyes"
[stars.parts]
"""

_README = """\
What this folder is
===================

A program called hotfolder works here. It makes pictures from what you put into these folders.

inbox     Put a text file here that says what you would like to see. Small pictures (drafts)
          appear in "drafts". To write several prompts, put an empty line between them.
          A finished text file moves to inbox/done. One with a mistake moves to inbox/failed,
          with a note beside it that says what to change; then put it back into inbox.
drafts    Look through these with any program. Delete what you do not like.
seeds     Move a draft you like here, or give it a star in your picture program.
          Three larger, refined versions of it appear in "final". You may also put a picture
          of your own here.
final     The results.

profiles  Your own presets: which model, how large, how many. hotfolder.toml has the settings.
wildcards Lists of words, one per line, in NAME.txt. Write __NAME__ in a prompt to draw from one.

Nothing of yours is ever deleted or overwritten. You may rename and move pictures and make
folders for them as you like. Please leave the folder .hotfolder alone.
"""


def create(path: Path, shared: bool = False) -> tuple[Studio, tuple[Path, ...]]:
    """Make a studio at `path`, or what an existing one lacks; returns what was made.

    A new one is trusted on this machine, unless it is to be `shared`. Never touches what is there,
    and puts nothing into the inbox. The marker comes last: a folder that has one is a whole studio.
    Raises StudioMissingError if there is one that says nothing, and HotfolderError where none can
    be: at a file, below one, or within another studio.
    """
    studio = Studio(path.resolve())
    _require_place(studio.root)
    made = []
    folders = [
        studio.inbox,
        studio.done,
        studio.failed,
        studio.drafts,
        studio.seeds,
        studio.final,
        studio.profiles,
        studio.wildcards,
        studio.ledger,
        studio.sources,
        studio.recipes,
    ]
    if not studio.root.is_dir():
        studio.root.mkdir(parents=True)
        made.append(studio.root)
    for folder in folders:
        name = atomic.relative(studio.root, folder)
        if beneath.status(studio.root, name) is None:
            made.append(folder)
        beneath.make_folder(studio.root, name, new=True)
    for name, text in schemas().items():
        where, data = f".hotfolder/schemas/{name}", text.encode()
        if _differs(studio.root, where, data):
            beneath.unlink(studio.root, where)  # of another version
            atomic.place(studio.root, where, data)
    marker = json.dumps({"schema": 1, "salt": secrets.token_hex(16)}, indent=1) + "\n"
    texts = {
        studio.settings: _SETTINGS,
        studio.root / "README.txt": _README,
        studio.marker: marker,
    }
    for file, text in texts.items():
        name = atomic.relative(studio.root, file)
        is_new = beneath.status(studio.root, name) is None
        if is_new and atomic.place(studio.root, name, text.encode()):
            made.append(file)
    found = find(studio.root)
    if studio.marker in made:
        trust.record(found, trusted=not shared)
    return found, tuple(made)


def _require_place(root: Path) -> None:
    for folder in (root, *root.parents):
        if folder.is_file():
            raise HotfolderError(
                f"{folder} is a file, and a studio is a folder; choose another name"
            )
    above = layout.around(root)
    if above and not Studio(root).marker.exists():
        raise HotfolderError(
            f"{root} would be within the studio {above}, which reads its own folders; choose a "
            "place outside it"
        )


def _differs(root: Path, path: str, data: bytes) -> bool:
    try:
        return beneath.read(root, path, len(data)) != data
    except (OSError, PictureError):
        return True
