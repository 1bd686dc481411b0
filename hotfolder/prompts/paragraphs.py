"""Plain text -> prompts: paragraphs, comments, and A1111 texts pasted from anywhere."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator
from itertools import chain
from typing import Any, NamedTuple

from hotfolder.errors import Mistake, MistakesError, brief, mistake
from hotfolder.images import infotext, infotext_lines
from hotfolder.images.generation_params import GenerationParams
from hotfolder.prompts import heading, keys, switches
from hotfolder.recipes.prompt import MAX_PROMPTS, MAX_SEED, Prompt
from hotfolder.recipes.recipe import MAX_TEXT
from hotfolder.recipes.schedulers import SCHEDULERS
from hotfolder.recipes.sizes import MAX_ASPECT


class Asked(NamedTuple):
    """What a program said, with the keys that somebody wrote above or below it."""

    params: GenerationParams
    table: dict[str, Any]


Written = Prompt | GenerationParams | Asked
"""A prompt that somebody wrote, or what a program said, for which a profile is to be found."""


class Custom(NamedTuple):
    """How a studio reads plain text: the profiles that a first line can name, and its habit."""

    profiles: Collection[str] = ()
    per_line: bool = False


PLAIN = Custom()

_LORA = re.compile(  # as in GenerationParams
    r"([^<>:]{1,200}?)(?: \(([+-]?[\d.]{1,20}(?::[+-]?[\d.]{1,20})?)\))?"
)
_TEXT_ENCODER_FIRST = ("A1111", "Forge")
_ADDRESS = re.compile(r"\bhttps?://\S")
_PARTS = re.compile(r"(?<!\S)[^\s\[\]]*::-?\d")  # as Midjourney's; [fog::0.3] is an edit
_MODEL = re.compile(r"^\s*(?:model|checkpoint|ckpt)\s?[:=][^,\n]*$", re.IGNORECASE | re.MULTILINE)
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


def prompts(text: str, custom: Custom = PLAIN) -> tuple[Written, ...]:
    """One prompt for each paragraph, and what each A1111 text says, in their order.

    Lines that begin with `#` are left out. The lines of a paragraph become one, joined by spaces,
    unless each is to be a prompt; a line `Negative prompt: ...` begins its negative prompt. A line
    of three or more settings ends an A1111 text, which is taken literally and may hold blank lines;
    what programs write below their settings is left out. A first line of settings is for all; lines
    of one setting are for their paragraph, or for the prompt above. Raises MistakesError with the
    lines that are wrong, or if there is no prompt.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    mistakes: list[Mistake] = []
    common, per_line = _headed(lines, custom, mistakes)
    found: list[Written] = []
    blocks = _blocks(_paragraphs(lines, per_line))
    for block in blocks[: 2 * MAX_PROMPTS]:
        try:
            if block[-1].is_pasted:
                found.append(_pasted(block))
            elif isinstance(one := _written(block), Prompt):
                found.append(one)
            elif found:
                found[-1] = _granted(found[-1], one)
            else:
                common = {**common, **one}
        except MistakesError as error:
            mistakes += error.mistakes
    if len(found) > MAX_PROMPTS or len(blocks) > 2 * MAX_PROMPTS:
        mistakes.append(Mistake("", f"there are more than {MAX_PROMPTS:,} prompts in it"))
    if mistakes:
        raise MistakesError(mistakes)
    if not found:
        raise mistake(
            "there is no prompt in it, only blank lines and comments; "
            "write what the picture should show, without # before it"
        )
    return tuple(_granted(one, common) for one in found) if common else tuple(found)


def _headed(
    lines: list[str], custom: Custom, mistakes: list[Mistake]
) -> tuple[dict[str, Any], bool]:
    """What the first line says if it is a heading, which becomes a blank line, and the habit."""
    for number, line in enumerate(lines):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                found = heading.read(line, custom.profiles)
            except MistakesError as error:
                where = f"line {number + 1}, "
                mistakes += [
                    Mistake(where + wrong.where, wrong.says, wrong.lacks)
                    for wrong in error.mistakes
                ]
                found = heading.Heading({})
            if found is None:
                break
            lines[number] = ""
            return found.table, found.per_line or custom.per_line
    return {}, custom.per_line


def _granted(one: Written, table: dict[str, Any]) -> Written:
    """The same with keys that were written beside it; those of its own come first."""
    if isinstance(one, Prompt):
        return keys.granted(one, table)
    if isinstance(one, Asked):
        return Asked(one.params, {**table, **one.table})
    return Asked(one, table)


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
        if f"<lora:{match[1]}:" in read.prompt:
            continue  # it is typed there as well
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


def _paragraphs(lines: list[str], per_line: bool) -> list[_Paragraph]:
    found: list[_Paragraph] = []
    open_one: _Paragraph | None = None
    below, directly = False, False  # a line of settings was the last one that counts, just now
    for number, line in enumerate(infotext_lines.tidied(lines), start=1):
        if line.lstrip().startswith("#"):
            continue
        if not line.strip():
            open_one, directly = None, False
            continue
        start = infotext_lines.settings_start(line)
        if start is None and below and infotext_lines.is_below(line, directly):
            continue
        if open_one is None:
            open_one = _Paragraph(number, [], [])
            found.append(open_one)
        open_one.lines.append(line)
        open_one.settings.append(start)
        below = directly = start is not None
        if start is not None or per_line:
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
    if infotext_lines.is_negative(begin):
        return not any(infotext_lines.is_negative(paragraph.lines[0]) for paragraph in above)
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


def _written(block: list[_Paragraph]) -> Prompt | dict[str, Any]:
    """The prompt of a block, or the settings of one that has nothing else."""
    lines = [line for paragraph in block for line in paragraph.lines]
    taken = switches.take("\n".join(lines))
    parts = infotext_lines.split(taken.text)
    text, negative = (" ".join(line.strip() for line in part.split("\n")) for part in parts)
    where = f"line {block[0].first}"
    if not text and taken.table and not negative:
        return taken.table
    if not text:
        raise mistake('there is no prompt above "Negative prompt:"', where)
    if len(text) > MAX_TEXT or len(negative) > MAX_TEXT:
        longest = max(len(text), len(negative))
        raise mistake(
            f"this paragraph has {longest:,} characters; expected at most {MAX_TEXT:,}", where
        )
    notes = (*taken.notes, *_hints(parts[0], where))
    table = keys.together([{"negative": negative} if negative else {}, taken.table])
    return keys.granted(Prompt(text=text.strip()), table, notes)


def _hints(text: str, where: str) -> Iterator[str]:
    """What somebody may have meant otherwise."""
    if heading.looks_like_one(text.split("\n")[0]):
        yield (
            f"{where} is read as a prompt; a first line of settings has commas between them, and "
            "names what is known, as in: 10 drafts, wide, sdxl"
        )
    if _ADDRESS.search(text):
        yield "the web address in it is read as words; a picture to start from belongs in seeds/"
    if _PARTS.search(text):
        yield '"::" and what follows is read as words; write (castle:1.4), or AND between prompts'
    if match := _MODEL.search(text):
        yield (
            f'"{brief(match[0].strip(), 60)}" is read as words; a profile says which model, as in  '
            "profile: sdxl"
        )
    lines = [line for line in text.split("\n") if line.strip()]
    if switches.looks_like_lines(lines):
        yield (
            f"the {len(lines)} lines from {where} on are one prompt; for a prompt in each line, "
            "write  one prompt per line  into the first line, or a blank line between them"
        )
