"""What learning and knowing take: time of a processor, bytes."""

from __future__ import annotations

import time
import tracemalloc
from unittest import mock

import msgspec
import numpy as np

from benchmarks.taste.drafts import Drafts, draft, shipped
from benchmarks.taste.owners import Everyone
from hotfolder.images.composition import measured
from hotfolder.taste import judge
from hotfolder.taste.features import Features, pack
from hotfolder.taste.judgements import Judgement

_JUDGED, _SCORED, _AT_ONCE, _DRAWN = 5000, 100_000, 2000, 20


def measure(shown: Drafts, everyone: Everyone) -> None:
    """Seconds of a processor for learning and drawing, bytes for scores and features."""
    random = np.random.default_rng(0)
    known = {str(n): _another(shown, n, random) for n in range(_JUDGED + 500)}
    likes = ["castle" in one.prompt for one in known.values()]
    said = [Judgement(str(n), "picked" if likes[n] else "seen", float(n)) for n in range(_JUDGED)]
    began = time.process_time()
    learned = judge.fit(said, known)
    print(f"\n{_JUDGED:,} judgements are learned in {time.process_time() - began:.2f} CPU s")
    assert learned is not None
    tracemalloc.start()
    scores: dict[str, float] = {}
    some = list(known.values())[:_AT_ONCE]
    for first in range(0, _SCORED, _AT_ONCE):
        names = (f"drafts/a-castle-on-a-hill-{first + n:08x}.png" for n in range(_AT_ONCE))
        scores |= zip(names, learned.scores(some).tolist(), strict=True)
    kept, most = (size / 1e6 for size in tracemalloc.get_traced_memory())
    tracemalloc.stop()
    print(f"{len(scores):,} scores take {kept:.0f} MB, and at most {most:.0f} MB to make")
    sizes = [sum(map(len, one.kinds.values())) for one in shown.features]
    print(f"features of a draft take {np.mean(sizes):.0f} bytes")
    _drawing()


def _drawing() -> None:
    """The same drafts with and without looking into the denoiser, one after the other."""
    from hotfolder.render import engine as rendering

    engine, profile = shipped()
    spent: dict[str, list[float]] = {"without": [], "with": [], "measures": []}
    for number in range(_DRAWN + 1):
        recipe = draft(profile, "a castle on a hill, at night", (256, 256), number)
        for how in ("without", "with") if number % 2 else ("with", "without"):
            blind = mock.patch.object(rendering, "_seen", lambda *_: None)
            began = time.process_time()
            if how == "without":
                with blind:
                    image = engine.render(recipe).image
            else:
                image = engine.render(recipe).image
            spent[how].append(time.process_time() - began)
        began = time.process_time()
        measured.features(image)
        spent["measures"].append(time.process_time() - began)
    plain, seen, measures = (float(np.median(s[1:])) for s in spent.values())  # the first warms up
    apart = np.median(np.array(spent["with"][1:]) / np.array(spent["without"][1:]))
    print(
        f"a draft takes {plain:.3f} CPU s, {seen:.3f} where its features are kept "
        f"({apart - 1:+.1%} in the median of pairs), and its measures {measures:.4f} "
        f"({measures / plain:+.1%})"
    )


def _another(shown: Drafts, number: int, random: np.random.Generator) -> Features:
    """A draft like one of those that there are."""
    one = shown.features[int(random.choice(shown.varied))]
    kinds = {name: _shaken(data, random) for name, data in one.kinds.items()}
    return msgspec.structs.replace(one, picture=str(number), kinds=kinds)


def _shaken(data: bytes, random: np.random.Generator) -> bytes:
    numbers = np.frombuffer(data, np.int8).astype(float)
    return pack((numbers + random.normal(size=len(numbers)) * 3) / 32)
