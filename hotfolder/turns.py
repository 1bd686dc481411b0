"""Whose turn it is: prompt files by priority and last turn, the prompts of a file, and queues."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from hotfolder.history import History
from hotfolder.snapshot import PromptFile, Request

T = TypeVar("T")


def by_priority(files: Sequence[PromptFile]) -> Iterator[list[PromptFile]]:
    """The files of each priority, the largest first."""
    for priority in sorted({file.priority for file in files}, reverse=True):
        yield [file for file in files if file.priority == priority]


def of_files(files: Sequence[PromptFile], history: History) -> list[PromptFile]:
    """The files in the order of their turns.

    New ones are in front, but not of one that has waited for as many turns as there are others:
    or else new ones that keep coming would never let it have another.
    """

    def place(file: PromptFile) -> tuple[bool, int, tuple[int, str]]:
        last = history.last_turn("draft", digests(file))
        overdue = last > 0 and history.turn("draft") - last >= len(files) - 1
        return not overdue, last, file.arrived

    return sorted(files, key=place)


def first_of_each(files: Sequence[PromptFile]) -> list[PromptFile]:
    """Files that ask for something of their own: an equal copy waits until the first is done."""
    taken: set[str] = set()
    first = []
    for file in sorted(files, key=lambda file: file.arrived):
        if taken.isdisjoint(digests(file)):
            first.append(file)
        taken.update(digests(file))
    return first


def of_prompts(file: PromptFile, history: History) -> list[Request]:
    """The prompts of a file in the order of their turns."""
    return sorted(file.requests, key=lambda request: history.last_turn("draft", [request.digest]))


def alternate(queues: Sequence[Iterator[T]]) -> Iterator[T]:
    """One of each queue, then the next of each, until all are empty."""
    waiting = list(queues)
    while waiting:
        for queue in tuple(waiting):
            try:
                yield next(queue)
            except StopIteration:
                waiting.remove(queue)


def digests(file: PromptFile) -> tuple[str, ...]:
    """What names the prompts of a file in the ledger."""
    return tuple(request.digest for request in file.requests)
