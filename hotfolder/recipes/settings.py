"""A studio's settings, as `hotfolder.toml` gives them."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from hotfolder.recipes import schema
from hotfolder.recipes.recipe import MAX_TEXT
from hotfolder.recipes.region import part

TAGS = ("star", "starred", "★", "fav", "favorite", "favourite", "accepted")
"""Tags that count as a star unless the owner names others; "accepted" is digiKam's pick label."""

Preset = Annotated[str, Meta(min_length=1)] | None


class Presets(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The profile with which a picture with so many stars is refined; None: its draft's own."""

    one: Preset = field(default=None, name="1")
    two: Preset = field(default=None, name="2")
    three: Preset = field(default=None, name="3")
    four: Preset = field(default=None, name="4")
    five: Preset = field(default=None, name="5")


Part = Annotated[str, schema.checked(part)] | None


class Parts(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which part of a picture with so many stars is redrawn, and as what; None: it is refined."""

    one: Part = field(default=None, name="1")
    two: Part = field(default=None, name="2")
    three: Part = field(default=None, name="3")
    four: Part = field(default=None, name="4")
    five: Part = field(default=None, name="5")


class Stars(Struct, frozen=True, forbid_unknown_fields=True):
    """Which marks pick a draft, and what happens to it then.

    `from` is the lowest rating that picks. A tag, colour label or pick label that is in `tags`
    counts as that many stars. Kinds of marks in `ignore` are not looked at. `rejected` says whether
    a rejected draft (rating -1) is moved to `drafts/rejected/`. With `then = "part"` a draft is
    moved, and if `parts` names a part for its stars, only that part is redrawn.
    """

    least: Annotated[int, Meta(ge=1, le=5)] = field(default=1, name="from")
    tags: list[str] = field(default_factory=lambda: list(TAGS))
    ignore: list[str] = []
    then: Literal["move", "copy", "part"] = "move"
    rejected: Literal["stay", "move"] = "stay"
    presets: Presets = Presets()
    parts: Parts = Parts()

    def preset(self, stars: int) -> str | None:
        """The profile for a picture of so many stars, 0 to 5, if the owner named one."""
        named = (None, *msgspec.structs.astuple(self.presets))
        return named[stars] if stars > 0 else None

    def part(self, stars: int) -> str | None:
        """Where and as what a picture of so many stars, 0 to 5, is drawn anew, if it is."""
        named = (None, *msgspec.structs.astuple(self.parts))
        return named[stars] if stars > 0 and self.then == "part" else None


LOCAL = "local"
_DEVICE = re.compile(r"auto|cpu|mps|(cuda|xpu)(:\d{1,3})?")


def device(name: str) -> str:
    """`name` if it can be the name of a device; ValueError with a sentence otherwise."""
    if not _DEVICE.fullmatch(name):
        raise ValueError('expected "auto", "cpu", "cuda", "cuda:0", "cuda:1", "xpu" or "mps"')
    return name


Device = Annotated[str, schema.checked(device)]


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """How much of this computer people who share a studio may use.

    What comes too fast waits for its turn: `prompt_files_per_minute`, `refinements_per_hour`. What
    is too large is refused with a note: text files of more than `text_kb`, pictures of more than
    `picture_mb` or `picture_megapixels`, files that ask for more than `drafts_per_file` drafts or
    for renders of more than `render_megapixels`.
    """

    prompt_files_per_minute: Annotated[int, Meta(ge=1, le=1_000_000)] = 600
    refinements_per_hour: Annotated[int, Meta(ge=1, le=1_000_000)] = 1000
    drafts_per_file: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 10_000
    text_kb: Annotated[int, Meta(ge=1, le=1000)] = 1000
    picture_mb: Annotated[int, Meta(ge=1, le=256)] = 256
    picture_megapixels: Annotated[float, Meta(gt=0, le=64)] = 50.0
    render_megapixels: Annotated[float, Meta(gt=0, le=64)] = 16.0


class Photos(Struct, frozen=True, forbid_unknown_fields=True):
    """How pictures are refined that carry no prompt.

    `prompt` and `negative` stand in for the picture's own, and `profile` for the default one; with
    neither a prompt here nor fixed parts in that profile, such a picture waits.
    """

    prompt: Annotated[str, Meta(max_length=MAX_TEXT)] = ""
    negative: Annotated[str, Meta(max_length=MAX_TEXT)] = ""
    profile: Preset = None


class Taste(Struct, frozen=True, forbid_unknown_fields=True):
    """What hotfolder may do by itself with what it has learned about your taste. Default: nothing.

    `hold_back`: endless files draw prompts, wildcard values and aspects that you are likely to like
    more often than others. `usual` is the share of those drafts that is drawn as usual, so that
    everything comes up now and then. `auto_pick` is how many of the best drafts go to `seeds/`,
    once an hour or a night. `early_stop`: endless drafts that are surely unwanted are given up
    early; `hotfolder finish` makes one all the same.
    """

    hold_back: bool = False
    usual: Annotated[float, Meta(ge=0.05, le=1)] = 0.2
    auto_pick: Annotated[int, Meta(ge=0, le=1000)] = 0
    every: Literal["hour", "night"] = "night"
    early_stop: bool = False


class Tune(Struct, frozen=True, forbid_unknown_fields=True):
    """When `hotfolder tune` learns while pictures are made: it always comes last.

    `share` is its share of the time while drafts are drawn; 0 means that it learns only when
    nothing is drawn. A picked picture never waits for it longer than one of its steps.
    """

    share: Annotated[float, Meta(ge=0, le=0.9)] = 0.0


class Together(Struct, frozen=True, forbid_unknown_fields=True):
    """Which part of the work on a studio this computer takes when other computers share it.

    `work`: "off" (it works as if it were alone), "all", only "drafts" or only "refinements"; and
    only those of `profiles`, if any are named. It counts only in a computer's own settings, never
    in a studio's.
    """

    work: Literal["off", "all", "drafts", "refinements"] = "off"
    profiles: Annotated[list[str], Meta(max_length=1000)] = []


def address(name: str) -> str:
    """`name` if a cluster can be there; ValueError with a sentence otherwise."""
    if not _ADDRESS.fullmatch(name):
        raise ValueError('expected "auto" or a computer and a port, such as "192.168.1.20:6379"')
    return name


_ADDRESS = re.compile(r"auto|([^\s:/]{1,253}|\[[0-9a-fA-F:]{2,45}\]):\d{1,5}")


class ExecutorChoice(Struct, frozen=True, forbid_unknown_fields=True):
    """Where pictures are rendered, if not on this computer alone.

    `name` is the name of an installed executor. The other keys are for "ray": `address` is where
    the cluster's head listens, or "auto" for the cluster that this computer belongs to. `gpu_share`
    is the part of a graphics card that a worker gets: 0.5 puts two on each. A computer without a
    card has one worker for every `cores` of its processor; 0: one in all.
    """

    name: Annotated[str, Meta(min_length=1)] = "ray"
    address: Annotated[str, Meta(min_length=1), schema.checked(address)] = "auto"
    gpu_share: Annotated[float, Meta(ge=0.05, le=1)] = 1.0
    cores: Annotated[int, Meta(ge=0, le=1024)] = 0


DESKTOP = "desktop"


def target(name: str) -> str:
    """`name` if messages can be sent there; ValueError with a sentence otherwise."""
    scheme, colon, rest = name.partition("://")
    if name != DESKTOP and not (colon and rest and scheme.isalnum()):
        raise ValueError(
            f'expected "{DESKTOP}" or an address of Apprise, such as "ntfy://my-topic"'
        )
    return name


Target = Annotated[str, schema.checked(target)]


class Notify(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is told about what while nobody is watching.

    `to` lists "desktop" and Apprise addresses (https://github.com/caronc/apprise/wiki): phones,
    chats, mail. `about` says what for: "finals" that are ready, "trouble" that needs somebody, and
    "done" when everything that was asked for has been made. Many events become one message, at most
    one a minute. `named` gives names to further addresses; a `folder.toml` uses them to say who is
    told about the finals of drafts from that folder, instead of those in `to`.
    """

    to: list[Target] = []
    about: tuple[Literal["finals", "trouble", "done"], ...] = ("finals", "trouble", "done")
    named: dict[str, list[Target]] = {}


class Signing(Struct, frozen=True, forbid_unknown_fields=True):
    """What `hotfolder export --sign` signs with; only your own settings count, not a studio's.

    `certificate` is a file with the certificates, the signer's first, and `key` a file with the
    signer's private key; both in PEM form. Without them a certificate is made once.
    """

    certificate: str = ""
    key: str = ""


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """What the owner of a studio may choose; every key has a default.

    `stars` says which marks pick a draft, `photos` how pictures without a prompt are refined,
    `taste` what may be done by itself with what was learned, `tune` when a model may learn.
    `folders` says how `drafts/` and `final/` are organised. Endless drafts pause while `drafts/`
    holds `pause_endless_at` pictures; all rendering pauses while the disk has less than
    `keep_free_gb` free. A file is read once it has not changed for `settle_seconds`; the folders
    are looked through every `look_seconds`, in case the operating system missed reporting a change.

    Pictures are rendered on `devices`: one, or a list in which each gets a process of its own.
    "auto" is the best one, or all graphics cards if there are several. A single CPU uses this many
    `threads`: 0 is one for each core, "auto" one for each core that other programs leave free when
    a picture is started. The models' memory is freed when nothing has been rendered for
    `unload_after_minutes`. `executor` is "local" or an installed one: its name, or a table with its
    settings; like `together` it counts only in a computer's own settings. `status_page` keeps
    STATUS.html in the studio up to date. Pictures are in one stack on the light table if their
    perceptual hashes differ in at most `alike` of 64 bits. `limits` are for people who share the
    studio, `together` is for several computers that work on it.

    `notify` says who is told about what; it counts only in your own settings or in a trusted
    studio's. `signing` says what copies are signed with; it counts only in your own settings.
    `one_prompt_per` says what is one prompt in a text file: a paragraph, or each line. `loras` and
    `embeddings` are folders; prompts name what is in them. `upscalers` are folders; `enlarge` links
    in profiles name what is in them. Relative paths start at the studio's folder.
    """

    profile: Annotated[str, Meta(min_length=1)] = "postcard"
    one_prompt_per: Literal["paragraph", "line"] = "paragraph"
    folders: Literal["flat", "prompt", "day"] = "flat"
    pause_endless_at: Annotated[int, Meta(ge=1)] = 500
    keep_free_gb: Annotated[float, Meta(ge=0)] = 1.0
    settle_seconds: Annotated[float, Meta(ge=0.05, le=600)] = 2.0
    look_seconds: Annotated[float, Meta(ge=0.5, le=3600)] = 60.0
    devices: Device | Annotated[list[Device], Meta(min_length=1)] = "auto"
    threads: Annotated[int, Meta(ge=0, le=256)] | Literal["auto"] = 0
    unload_after_minutes: Annotated[float, Meta(ge=0, le=100_000)] = 10.0
    executor: Annotated[str, Meta(min_length=1)] | ExecutorChoice = LOCAL
    status_page: bool = False
    alike: Annotated[int, Meta(ge=0, le=20)] = 6
    stars: Stars = Stars()
    photos: Photos = Photos()
    taste: Taste = Taste()
    tune: Tune = Tune()
    notify: Notify = Notify()
    loras: list[str] = []
    embeddings: list[str] = []
    upscalers: list[str] = []
    limits: Limits = Limits()
    signing: Signing = Signing()
    together: Together = Together()

    @property
    def executor_choice(self) -> ExecutorChoice:
        """Where pictures are rendered."""
        named = self.executor
        return ExecutorChoice(named) if isinstance(named, str) else named
