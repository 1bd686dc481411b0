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
    """The profile by which a picture of so many stars is refined; None: the one of its draft."""

    one: Preset = field(default=None, name="1")
    two: Preset = field(default=None, name="2")
    three: Preset = field(default=None, name="3")
    four: Preset = field(default=None, name="4")
    five: Preset = field(default=None, name="5")


Part = Annotated[str, schema.checked(part)] | None


class Parts(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where and as what a picture of so many stars is drawn anew; None: it is refined."""

    one: Part = field(default=None, name="1")
    two: Part = field(default=None, name="2")
    three: Part = field(default=None, name="3")
    four: Part = field(default=None, name="4")
    five: Part = field(default=None, name="5")


class Stars(Struct, frozen=True, forbid_unknown_fields=True):
    """Which marks pick a draft, and what happens to it then.

    `least` is the least rating that does. A tag, colour label or pick label that is one of `tags`
    counts as so many stars. The detectors in `ignore` are not asked. `rejected` says whether a
    rejected draft (rating -1) is moved to `drafts/rejected/`. With "part" a draft is moved, and
    only a part of it is drawn anew, where `parts` say so for its stars.
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
    """How much of the machine those may use who put files into a shared studio.

    What comes too fast waits for its turn: `prompt_files_per_minute`, `refinements_per_hour`. What
    is too large is refused with a sentence: text files of more than `text_kb`, pictures of more
    than `picture_mb` or `picture_megapixels`, files that ask for more than `drafts_per_file` or
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
    """What is refined with a picture of which nothing says what it shows.

    `prompt` and `negative` take the place of its own, `profile` that of the default one; with
    neither a prompt here nor fixed parts in that profile such a picture waits.
    """

    prompt: Annotated[str, Meta(max_length=MAX_TEXT)] = ""
    negative: Annotated[str, Meta(max_length=MAX_TEXT)] = ""
    profile: Preset = None


class Taste(Struct, frozen=True, forbid_unknown_fields=True):
    """What hotfolder may do by itself with what it has learned of its owner; by default nothing.

    `hold_back`: endless files draw prompts, wildcard values and aspects that are likely to please
    more often than others. `usual` is the share of such drafts that is drawn as ever, so that
    everything comes now and then. `auto_pick` is how many of the best drafts go to `seeds/`, once
    an hour or a night. `early_stop`: endless drafts that are surely unwanted are given up early in
    their making; `hotfolder finish` makes one all the same.
    """

    hold_back: bool = False
    usual: Annotated[float, Meta(ge=0.05, le=1)] = 0.2
    auto_pick: Annotated[int, Meta(ge=0, le=1000)] = 0
    every: Literal["hour", "night"] = "night"
    early_stop: bool = False


class Tune(Struct, frozen=True, forbid_unknown_fields=True):
    """When `hotfolder tune` learns while pictures are made: the least important work there is.

    `share` is how much of the time it has while drafts are drawn; 0: none, it goes on when nothing
    is drawn. A picked picture never waits for it longer than one of its steps.
    """

    share: Annotated[float, Meta(ge=0, le=0.9)] = 0.0


class Together(Struct, frozen=True, forbid_unknown_fields=True):
    """Which part of the work on a studio this computer takes where others work on it as well.

    `work`: "off" (it works as if it were alone), "all", only "drafts" or only "refinements", and
    only those of `profiles`, if any are named. It counts in a computer's own settings alone, never
    in those of a studio.
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

    `name` is that of an installed executor. The others are for "ray": `address` is where the
    cluster's head listens, or "auto" for the one that this computer belongs to. So much of a
    graphics card is a worker's as `gpu_share` says, 0.5 puts two on each; a computer without a card
    has one worker for every `cores` of its processor, 0: one in all.
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
    """Who is told of what while nobody looks.

    `to` are "desktop" and addresses of Apprise (https://github.com/caronc/apprise/wiki): phones,
    chats, mail. `about` says of what: "finals" that are ready, "trouble" that needs somebody, and
    "done" when all that was asked for is made. Many events become one message, one a minute.
    `named` gives names to further targets, by which a `folder.toml` says who is told of the finals
    of what was drawn there, instead of those in `to`.
    """

    to: list[Target] = []
    about: tuple[Literal["finals", "trouble", "done"], ...] = ("finals", "trouble", "done")
    named: dict[str, list[Target]] = {}


class Signing(Struct, frozen=True, forbid_unknown_fields=True):
    """With what `hotfolder export --sign` signs; only the owner's own settings are asked.

    `certificate` is a file with the certificates, the signer's first, and `key` one with the
    signer's private key; both in PEM form. Without them a certificate is made once.
    """

    certificate: str = ""
    key: str = ""


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """What the owner of a studio may choose; every key has a default.

    `stars` says which marks pick a draft, `photos` what pictures without a prompt are refined with,
    `taste` what may be done by itself with what was learned, `tune` when a model may learn.
    `folders` says how `drafts/` and `final/` are divided. Endless drafts pause while `drafts/`
    holds `pause_endless_at` pictures; all rendering pauses while the disk has less than
    `keep_free_gb` free. A file is read once it has not changed for `settle_seconds`; the folders
    are looked through every `look_seconds`, should the operating system have lost a notice of a
    change.

    Pictures are rendered on `devices`: one, or a list of which each gets a process of its own.
    "auto" is the best one, or all graphics cards if there are several. A single CPU computes with
    so many `threads`: 0 is one for each core, "auto" one for each that other programs leave free at
    the start of a picture. The models' memory is freed when nothing was rendered for
    `unload_after_minutes`. `executor` is "local" or an installed one: its name, or a table that
    says more; like `together` it counts in a computer's own settings alone. `status_page` keeps
    STATUS.html in the studio up to date. Pictures lie in one stack on the light table whose
    perceptual hashes differ in at most `alike` of 64 bits. `limits` are for those who share the
    studio, `together` is for several computers that work on it.

    `notify` says who is told of what; only the owner's own settings or a trusted studio's count.
    `signing` says with what copies are signed; only the owner's own settings' counts.
    `one_prompt_per` says what is a prompt in a text file: a paragraph, or each line.
    `loras` and `embeddings` are folders; prompts name what lies there. `upscalers` are folders of
    what profiles name in links of `enlarge`. Relative ones are looked for from the studio's folder.
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
