"""`hotfolder explain`: longer help on what hotfolder says."""

from __future__ import annotations

from argparse import Namespace

from hotfolder.errors import EXIT_DONE, HotfolderError, did_you_mean, printable
from hotfolder.explanations import explanations, topics
from hotfolder.report.terminal import console


def run(options: Namespace) -> int:
    """Print topics, which are given by name or by what was said; without any, list them."""
    known = explanations()
    screen = console()
    if not options.names:
        widest = max(map(len, known))
        for name, topic in known.items():
            screen.print(f"{name:{widest}}  {topic.title}")
        return EXIT_DONE
    for name in _named(options.names):
        if screen.is_terminal:
            from rich.markdown import Markdown

            screen.print(Markdown(known[name].text), soft_wrap=False)
        else:
            screen.print(known[name].text)
    return EXIT_DONE


def _named(words: list[str]) -> list[str]:
    known = explanations()
    said = " ".join(words)
    if found := topics(said):
        return found
    for word in words:
        if word not in known:
            says = f"there is no topic {printable(word)!r}; {did_you_mean(word, known)}"
            raise HotfolderError(f"{says} (`hotfolder explain` lists all)")
    return list(dict.fromkeys(words))
