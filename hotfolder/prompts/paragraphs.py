"""Plain text -> prompts: paragraphs, comments, and A1111 texts pasted from anywhere."""

from __future__ import annotations

import math
import re
from itertools import chain
from typing import Any, NamedTuple

from hotfolder.errors import Mistake, MistakesError, mistake
from hotfolder.images import infotext
from hotfolder.images.generation_params import GenerationParams
from hotfolder.recipes.prompt import MAX_PROMPTS, MAX_SEED, Prompt
from hotfolder.recipes.recipe import MAX_TEXT
from hotfolder.recipes.schedulers import SCHEDULERS
from hotfolder.recipes.sizes import MAX_ASPECT

Written = Prompt | GenerationParams
"""A prompt that somebody wrote, or what a program said, for which a profile is to be found."""

_LORA = re.compile(  # as in GenerationParams
    r"([^<>:]{1,200}?)(?: \(([+-]?[\d.]{1,20}(?::[+-]?[\d.]{1,20})?)\))?"
)
_TEXT_ENCODER_FIRST = ("A1111", "Forge")
_GOES_ON = re.compile(r"(?:,|\bBREAK)\s*$")


class _Paragraph(NamedTuple):
    """Lines without blank ones between them, and the number of the first.

    `settings` says of each line where settings begin in it, or None.
    """

    first: int
    lines: list[str]
    settings: list[int | None]

    @property
    def is_pasted(self) -> bool:
        """Whether it ends in settings."""
        return self.settings[-1] is not None


def prompts(text: str) -> tuple[Written, ...]:
    """One prompt for each paragraph, and what each A1111 text says, in their order.

    Lines that begin with `#` are left out. The lines of a paragraph become one, joined by spaces; a
    line `Negative prompt: ...` begins its negative prompt. A line of three or more settings ends an
    A1111 text, which is taken literally and may hold blank lines; what programs write below their
    settings is left out. Raises MistakesError with the lines that are wrong, or if there is no
    prompt.
    """
    found: list[Written] = []
    mistakes: list[Mistake] = []
    for block in _blocks(_paragraphs(text)):
        try:
            found.append(_pasted(block) if block[-1].is_pasted else _written(block))
        except MistakesError as error:
            mistakes += error.mistakes
    if len(found) > MAX_PROMPTS:
        mistakes.append(Mistake("", f"{len(found):,} prompts are more than {MAX_PROMPTS:,}"))
    if mistakes:
        raise MistakesError(mistakes)
    if not found:
        raise mistake(
            "there is no prompt in it, only blank lines and comments; "
            "write what the picture shall show, without # before it"
        )
    return tuple(found)


def from_params(read: GenerationParams) -> Prompt:
    """The prompt that a program told. Its size gives the shape only: the area is the profile's."""
    return Prompt(
        text=prompt_of(read),
        negative=read.negative_prompt,
        literal=True,
        seed=None if read.seed is None or read.seed > MAX_SEED else read.seed,
        overrides=overrides(
            read.steps, read.guidance_scale, read.scheduler, read.width, read.height
        )
        | ({"emphasis": read.emphasis} if read.emphasis else {}),
    )


def prompt_of(read: GenerationParams) -> str:
    """The prompt that a picture tells, with a tag for each LoRA that it was made with.

    Of two weights A1111 and Forge write that of the text encoder first, other programs second.
    """
    tags = []
    for match in filter(None, map(_LORA.fullmatch, read.loras)):
        weight, colon, other = (match[2] or "1").partition(":")
        if colon and read.program in _TEXT_ENCODER_FIRST:
            weight, other = f"te={weight}", f"unet={other}"
        tags.append(f"<lora:{match[1]}:{weight}{colon}{other}>")
    text = " ".join([read.prompt, *tags]).strip()
    return text if len(text) <= MAX_TEXT else read.prompt


def overrides(
    steps: int | None,
    guidance_scale: float | None,
    scheduler: str | None,
    width: int | None,
    height: int | None,
) -> dict[str, Any]:
    """The profile keys that a picture's settings stand for; sides are in px."""
    table: dict[str, Any] = {}
    if steps is not None:
        table["steps"] = steps
    if guidance_scale is not None:
        table["guidance_scale"] = guidance_scale
    if scheduler in SCHEDULERS:
        table["scheduler"] = scheduler
    if width and height and 1 / MAX_ASPECT <= width / height <= MAX_ASPECT:
        shared = math.gcd(width, height)
        table["draft"] = {"aspect": f"{width // shared}:{height // shared}"}
    return table


def _paragraphs(text: str) -> list[_Paragraph]:
    found: list[_Paragraph] = []
    open_one: _Paragraph | None = None
    below, directly = False, False  # a line of settings was the last one that counts, just now
    lines = infotext.merged(text.replace("\r\n", "\n").split("\n"))
    for number, line in enumerate(lines, start=1):
        if line.lstrip().startswith("#"):
            continue
        if not line.strip():
            open_one, directly = None, False
            continue
        start = infotext.settings_start(line)
        if start is None and below and infotext.is_below(line, directly):
            continue
        if open_one is None:
            open_one = _Paragraph(number, [], [])
            found.append(open_one)
        open_one.lines.append(line)
        open_one.settings.append(start)
        below = directly = start is not None
        if start is not None:
            open_one = None
    return found


def _blocks(paragraphs: list[_Paragraph]) -> list[list[_Paragraph]]:
    """The paragraphs that make one prompt together: an A1111 text may be several."""
    blocks: list[list[_Paragraph]] = []
    for paragraph in paragraphs:
        first, start = paragraph, len(blocks)
        while start and _belongs(blocks[start - 1], first, paragraph.is_pasted):
            start -= 1
            first = blocks[start][0]
        blocks[start:] = [[*chain.from_iterable(blocks[start:]), paragraph]]
    return blocks


def _belongs(above: list[_Paragraph], first: _Paragraph, pasted: bool) -> bool:
    """Whether a block goes on at `first`; `pasted` says whether it is an A1111 text."""
    begin = first.lines[0]
    if above[-1].is_pasted:
        return False
    if infotext.is_negative(begin):
        return not any(infotext.is_negative(paragraph.lines[0]) for paragraph in above)
    unfinished = _GOES_ON.search(above[-1].lines[-1]) or begin.lstrip().startswith("BREAK")
    return first.settings[0] == 0 or (pasted and bool(unfinished))


def _pasted(block: list[_Paragraph]) -> GenerationParams:
    read = infotext.read("\n\n".join("\n".join(paragraph.lines) for paragraph in block))
    where = f"line {block[0].first}"
    if read is None:
        raise mistake(f"this prompt is longer than {MAX_TEXT:,} characters", where)
    if not read.prompt:
        raise mistake('there is no prompt above "Negative prompt:" or "Steps:"', where)
    return read


def _written(block: list[_Paragraph]) -> Prompt:
    lines = [line for paragraph in block for line in paragraph.lines]
    parts = infotext.split("\n".join(lines))
    text, negative = (" ".join(line.strip() for line in part.split("\n")) for part in parts)
    where = f"line {block[0].first}"
    if not text:
        raise mistake('there is no prompt above "Negative prompt:"', where)
    if len(text) > MAX_TEXT or len(negative) > MAX_TEXT:
        longest = max(len(text), len(negative))
        raise mistake(
            f"this paragraph has {longest:,} characters; expected at most {MAX_TEXT:,}", where
        )
    return Prompt(text=text, negative=negative)
