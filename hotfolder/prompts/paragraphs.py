"""Plain text -> prompts: paragraphs, comments, and A1111 texts pasted from anywhere."""

from __future__ import annotations

import math
import re
from itertools import chain
from typing import Any, NamedTuple

from hotfolder.errors import Mistake, MistakesError, mistake
from hotfolder.images import infotext
from hotfolder.images.generation_params import GenerationParams
from hotfolder.images.infotext import NEGATIVE
from hotfolder.recipes.prompt import MAX_PROMPTS, MAX_SEED, Prompt
from hotfolder.recipes.recipe import MAX_TEXT
from hotfolder.recipes.schedulers import SCHEDULERS
from hotfolder.recipes.sizes import MAX_ASPECT

_SETTINGS = re.compile(r"\s*Steps:\s*\d")
_LORA = re.compile(r"([^<>:]{1,200}?)(?: \(([+-]?[\d.]{1,20})\))?")  # as in GenerationParams
_GOES_ON = re.compile(r"(?:,|\bBREAK)\s*$")


class _Paragraph(NamedTuple):
    """Lines without blank ones between them, and the number of the first."""

    first: int
    lines: list[str]

    @property
    def settings(self) -> bool:
        return _is_settings(self.lines[-1])


def prompts(text: str) -> tuple[Prompt, ...]:
    """One prompt for each paragraph, and one for each A1111 text, in their order.

    Lines that begin with `#` are left out. The lines of a paragraph become one, joined by spaces; a
    line `Negative prompt: ...` begins its negative prompt. A line `Steps: ..., ...` of three or
    more settings ends an A1111 text, which is taken literally and may hold blank lines.
    Raises MistakesError with the lines that are wrong, or if there is no prompt.
    """
    found: list[Prompt] = []
    mistakes: list[Mistake] = []
    for block in _blocks(_paragraphs(text)):
        try:
            found.append(_pasted(block) if block[-1].settings else _written(block))
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


def from_told(read: GenerationParams) -> Prompt:
    """The prompt that a picture tells. Its size gives the shape only: the area is the profile's."""
    return Prompt(
        text=prompt_of(read),
        negative=read.negative_prompt,
        literal=True,
        seed=None if read.seed is None or read.seed > MAX_SEED else read.seed,
        overrides=overrides(
            read.steps, read.guidance_scale, read.scheduler, read.width, read.height
        ),
    )


def prompt_of(read: GenerationParams) -> str:
    """The prompt that a picture tells, with a tag for each LoRA that it was made with."""
    found = (_LORA.fullmatch(lora) for lora in read.loras)
    tags = [f"<lora:{match[1]}:{match[2] or 1}>" for match in found if match]
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
    lines: list[str] = []
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        if line.lstrip().startswith("#"):
            continue
        if line.strip():
            if not lines:
                found.append(_Paragraph(number, lines))
            lines.append(line)
        if not line.strip() or _is_settings(line):
            lines = []
    return found


def _blocks(paragraphs: list[_Paragraph]) -> list[list[_Paragraph]]:
    """The paragraphs that make one prompt together: an A1111 text may be several."""
    blocks: list[list[_Paragraph]] = []
    for paragraph in paragraphs:
        first, start = paragraph, len(blocks)
        while start and _belongs(blocks[start - 1], first, paragraph.settings):
            start -= 1
            first = blocks[start][0]
        blocks[start:] = [[*chain.from_iterable(blocks[start:]), paragraph]]
    return blocks


def _belongs(above: list[_Paragraph], first: _Paragraph, settings: bool) -> bool:
    """Whether a block goes on at `first`; `settings` says whether it is an A1111 text."""
    begin = first.lines[0].lstrip()
    if above[-1].settings:
        return False
    if begin.startswith(NEGATIVE):
        return not any(paragraph.lines[0].lstrip().startswith(NEGATIVE) for paragraph in above)
    unfinished = _GOES_ON.search(above[-1].lines[-1]) or begin.startswith("BREAK")
    return _is_settings(begin) or (settings and bool(unfinished))


def _is_settings(line: str) -> bool:
    return bool(_SETTINGS.match(line)) and len(infotext.pairs(line)) >= infotext.FEWEST_PAIRS


def _pasted(block: list[_Paragraph]) -> Prompt:
    read = infotext.parse("\n\n".join("\n".join(paragraph.lines) for paragraph in block))
    where = f"line {block[0].first}"
    if read is None:
        raise mistake(f"this prompt is longer than {MAX_TEXT:,} characters", where)
    if not read.prompt:
        raise mistake('there is no prompt above "Negative prompt:" or "Steps:"', where)
    return from_told(read)


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
