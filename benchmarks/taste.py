"""How well a taste is learned, by simulated owners on drafts of the shipped model.

    python -m benchmarks.taste CACHE [PART ...]

PART is one of `order`, `prompt`, `change`, `looks`, `steer`, `stop`, `cost`; by default all. CACHE
is a folder for the drafts, which are rendered once (992 of them: minutes to an hour). All seeds are
in this file.

An owner has a hidden taste, and every tenth of what pleases is a wrong click: that many others are
liked in its place. Subjects, hours and seasons are taken from what was asked for; where subject,
horizon and moon are in a draft is told by an eye that has seen painted scenes alone.
"""

from __future__ import annotations

import json
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import structs
from PIL import Image

from hotfolder.images.composition import measured
from hotfolder.taste import judge, odds, rule, scale, steering
from hotfolder.taste.features import Features, pack
from hotfolder.taste.judgements import Judgement
from hotfolder.taste.logistic import auc, calibration_error

Array = np.ndarray[Any, Any]

STEPS = (50, 100, 200)  # judgements
ORDERS = 2  # in which an owner meets the drafts, each with wrong clicks of its own
HELD = 450  # drafts that are never judged
VARIED, ALIKE = 800, 48  # drafts of all kinds of prompts, and of each of four prompts
SIZES = ((256, 256), (320, 208), (208, 320), (288, 224), (224, 288))
SIDES = (0.36, 0.18, 0.16, 0.15, 0.15)
SAME = (
    "a castle on a hill, at night, with a full moon",
    "a sailing boat at sea, at sunset, with a low sun",
    "a cottage by a lake, by day, in winter, with mountains behind",
    "a lone tree in a meadow, at dawn, in autumn, in the mist",
)
STOPPED = 0.23
"""What a draft costs that is given up after 3 of 12 steps, as a share of one that is completed."""


def _words(one: Features) -> Features:
    return Features(one.picture, prompt=one.prompt)


def _recipe(one: Features) -> Features:
    return structs.replace(one, kinds={})


def _only(*families: str) -> Callable[[Features], Features]:
    """Nothing but numbers of these families."""

    def look(one: Features) -> Features:
        kinds = {name: data for name, data in one.kinds.items() if scale.family(name) in families}
        return Features(one.picture, kinds=kinds)

    return look


def _early(one: Features) -> Features:
    """What is known after a quarter of the steps."""
    kinds = {name: data for name, data in one.kinds.items() if scale.family(name) != "pixels"}
    return structs.replace(one, kinds=kinds)


LOOKS: dict[str, Callable[[Features], Features] | None] = {
    "by chance": None,
    "the prompt's words": _words,
    "the whole recipe": _recipe,
    "pixels alone": _only("pixels"),
    "denoiser alone": _only("denoiser"),
    "at a quarter": _early,
    "all": lambda one: one,
}


@dataclass(frozen=True, slots=True)
class Drafts:
    """What was drawn: what each was asked for, its features, and a small picture of it.

    `alike` is the number of the prompt that several share, -1 for those of all kinds.
    """

    told: list[dict[str, Any]]
    features: list[Features]
    small: list[Array]
    alike: Array

    def seen_by(self, look: Callable[[Features], Features]) -> Drafts:
        """The same, of which only so much is known."""
        return replace(self, features=[look(one) for one in self.features])

    @property
    def varied(self) -> Array:
        """The numbers of those that share no prompt."""
        return np.flatnonzero(self.alike < 0)


def drafts(cache: Path) -> Drafts:
    """The drafts in `cache`, rendered first if they are not there."""
    if not (cache / "features.jsonl").exists():
        _render(cache)
    lines = (cache / "features.jsonl").read_bytes().splitlines()
    features = [msgspec.json.decode(line, type=Features) for line in lines]
    told = json.loads((cache / "told.json").read_text())
    small = [np.asarray(Image.open(cache / "small" / f"{n}.png")) for n in range(len(features))]
    return Drafts(told, features, small, np.array([one["alike"] for one in told]))


def _render(cache: Path) -> None:
    import tomllib

    import hotfolder.render  # noqa: F401 - before torch
    from hotfolder.recipes import profile as profiles
    from hotfolder.recipes.draw import draw
    from hotfolder.recipes.prompt import Prompt
    from hotfolder.render.engine import Engine

    raw = {"postcard": tomllib.loads(Path("profiles/postcard.toml").read_text())}
    profile = profiles.resolve("postcard", raw)
    engine = Engine({profiles.model_name(profile.model): profile.model}, None)
    (cache / "small").mkdir(parents=True, exist_ok=True)
    random, told, lines = np.random.default_rng(7), [], []
    wanted = [(-1, *_asked(random)) for _ in range(VARIED)]
    wanted += [(n, {}, text) for _ in range(ALIKE) for n, text in enumerate(SAME)]
    for number, (alike, facts, text) in enumerate(wanted):
        width, height = SIZES[0] if alike >= 0 else SIZES[random.choice(len(SIZES), p=SIDES)]
        prompt = Prompt(text=text, literal=True, size=f"{width}x{height}")
        recipe = draw(prompt, profile, number, "taste", {})
        rendered = engine.render(recipe)
        image = rendered.image
        kinds = {**rendered.features, **measured.features(image)}
        lines.append(Features(str(number), prompt=text, width=width, height=height, kinds=kinds))
        told.append({**facts, "alike": alike})
        image.resize((width // 2, height // 2), Image.Resampling.BOX).save(
            cache / "small" / f"{number}.png"
        )
    (cache / "told.json").write_text(json.dumps(told))
    (cache / "features.jsonl").write_bytes(b"\n".join(map(msgspec.json.encode, lines)))


def _asked(random: np.random.Generator) -> tuple[dict[str, Any], str]:
    """A wish for a landscape in the words of the model's training: what it says, and how."""
    from training.painter import caption
    from training.painter.scene import GREEN_GROUNDS, HOMES

    def one(*options: Any, p: Sequence[float] | None = None) -> str:
        return str(random.choice(options, p=p))

    def word(options: Any) -> str:
        return str(caption.choose(random, options))

    subject = one("castle", "lighthouse", "windmill", "cottage", "boat", "tree", "pines", "balloon")
    home = HOMES[subject]
    shares = np.array(list(home.values()), float) ** 0.5
    ground = one(*home, p=(shares / shares.sum()).tolist())
    hour = one("dawn", "day", "sunset", "night", p=(0.18, 0.24, 0.25, 0.33))
    season = one("summer", "spring", "autumn", "winter") if ground in GREEN_GROUNDS else "summer"
    weather = one("clear", "cloudy", "fog", p=(0.6, 0.22, 0.18))
    mountains = bool(random.random() < 0.25)
    moon = hour == "night" and weather == "clear" and random.random() < 0.5

    class Scene:
        pass

    Scene.ground = ground  # type: ignore[attr-defined]
    noun = word(caption.NOUNS[subject])
    noun = noun if subject in caption.PLURALS else caption.article(noun)
    parts = [word(caption.HOURS[hour])]
    parts += [word(caption.WEATHERS[weather])] if weather != "clear" else []
    parts += [word(caption.SEASONS[season])] if season != "summer" else []
    parts += [word(caption.MOUNTAINS)] if mountains else []
    parts += ["with a full moon"] if moon else []
    random.shuffle(parts)
    facts = {"subject": subject, "ground": ground, "hour": hour, "season": season}
    facts |= {"weather": weather, "mountains": mountains}
    return facts, ", ".join([f"{noun} {caption.place(Scene, subject, random)}", *parts])


def eye(shown: Sequence[Array], cache: Path) -> dict[str, Array]:
    """Where subject (0 left, 1 right) and horizon (1 low) are, and whether a moon is seen.

    Kernel ridge regression on painted scenes that no model has drawn.
    """
    file = cache / "painted.npz"
    if not file.exists():
        _paint(file)
    painted = np.load(file)
    count, found = len(painted["truth"]), {}
    for number, name in enumerate(("subject", "horizon", "moon")):
        seen = painted[name]
        spread = np.median(_apart(seen[:300], seen[:300]))
        kernel, truth = np.exp(-_apart(seen, seen) / spread), painted["truth"][:, number]
        weights = np.linalg.solve(kernel + 0.1 * np.eye(count), truth - truth.mean())
        rows = np.stack([_seen(picture)[name] for picture in shown])
        found[name] = np.exp(-_apart(rows, seen) / spread) @ weights + truth.mean()
    return found


def _paint(file: Path) -> None:
    from training.painter.picture import paint
    from training.painter.scene import draw_scene

    truth, seen, seed = [], [], 50_000_000
    while len(truth) < 2000:
        scene, seed = draw_scene(seed), seed + 1
        if scene.subject == "none" or scene.companion != "none":
            continue
        width, height = SIZES[seed % len(SIZES)]
        seen.append(_seen(paint(scene, width // 2, height // 2)))
        truth.append((scene.subject_x, scene.horizon, scene.moon != "none"))
    columns = {name: np.stack([one[name] for one in seen]) for name in seen[0]}
    np.savez(file, truth=np.array(truth, float), **columns)


def _seen(picture: Array) -> dict[str, Array]:
    """What the eye looks at: what differs from its row, edges between rows, bright spots above."""
    image = Image.fromarray(picture).resize((48, 48), Image.Resampling.BOX)
    small = np.asarray(image, np.float32) / 255
    middle = np.median(small, axis=1)
    odd = np.abs(small - middle[:, None]).sum(2)
    edges = np.abs(np.diff(middle, axis=0)).sum(1)
    sky = small.mean(2)[:24]
    spots = sky.reshape(8, 3, 16, 3).max((1, 3)) - np.median(sky)
    cells = (odd / (odd.max() + 0.05)).reshape(12, 4, 24, 2).mean((1, 3))
    return {
        "subject": 3 * np.sqrt(cells).ravel(),
        "horizon": np.r_[2 * edges / (edges.max() + 0.02), (middle - middle.mean(0)).ravel()],
        "moon": 3 * spots.ravel(),
    }


def _apart(rows: Array, others: Array) -> Array:
    apart: Array = (rows**2).sum(1)[:, None] + (others**2).sum(1) - 2 * rows @ others.T
    return apart


def owners(shown: Drafts, cache: Path) -> dict[str, dict[str, Array]]:
    """Owners by their kind and name: whether each draft pleases."""
    at = eye(shown.small, cache)

    def asked(key: str, *values: Any) -> Array:
        return np.array([one.get(key) in values for one in shown.told])

    def top(values: Array, share: float) -> Array:
        most: Array = values > np.quantile(values[shown.varied], 1 - share)
        return most

    hsv = [np.asarray(Image.fromarray(p).convert("HSV")).reshape(-1, 3) for p in shown.small]
    grey = [np.asarray(Image.fromarray(p).convert("L"), float) for p in shown.small]
    warm = np.array([(((p[:, 0] < 43) | (p[:, 0] > 230)) & (p[:, 1] > 70)).mean() for p in hsv])
    contrast = np.array([np.subtract(*np.percentile(p, (97, 3))) for p in grey])
    busy = np.array([(np.abs(np.diff(p, axis=0)) > 10).mean() for p in grey])
    night, sunset = asked("hour", "night"), asked("hour", "sunset", "dawn")
    castle, boat = asked("subject", "castle"), asked("subject", "boat")
    homes, boats = asked("subject", "castle", "cottage"), asked("subject", "boat", "lighthouse")
    trees, winter = asked("subject", "tree", "pines"), asked("season", "winter")
    fog, mountains = asked("weather", "fog"), asked("mountains", True)
    left, right = top(-at["subject"], 0.28), top(at["subject"], 0.28)
    low, high = top(at["horizon"], 0.25), top(-at["horizon"], 0.25)
    moon = (at["moon"] > 0.5) & night
    random = np.random.default_rng(5)
    facts = np.stack(
        [castle, boat, trees, night, sunset, winter, fog, mountains, at["subject"] * 4,
         at["horizon"] * 10, warm * 3, contrast / 60, busy * 8]
    ).astype(float)  # fmt: skip
    facts = (facts - facts.mean(1, keepdims=True)) / facts.std(1, keepdims=True)
    mixed = {f"mixed {n + 1}": top(random.normal(size=len(facts)) @ facts, 0.2) for n in range(4)}
    return {
        "a subject": {"castle": castle, "boat": boat, "trees": trees, "mountains": mountains},
        "hour and palette": {"night": night, "warm": top(warm, 0.25), "winter": winter,
                             "contrast": top(contrast, 0.22)},
        "place": {"left": left, "right": right, "low horizon": low, "high horizon": high},
        "both": {"house, night": homes & night, "boat or light, sunset": boats & sunset,
                 "moon": moon, "trees, left": trees & top(-at["subject"], 0.6)},
        "dislikes": {"no night, no fog": ~night & ~fog & ~boat, "no trees": ~(trees | sunset | fog),
                     "nothing busy": ~top(busy, 0.7), "no day": ~(asked("hour", "day") | castle)},
        "mixed": mixed,
        "none": {"no taste": random.random(len(shown.told)) < 0.2},
    }  # fmt: skip


def clicked(likes: Array, random: np.random.Generator) -> Array:
    """What an owner clicks: of what pleases a tenth is missed, and as many others are hit."""
    clicks, pleasing, others = likes.copy(), np.flatnonzero(likes), np.flatnonzero(~likes)
    wrong = round(len(pleasing) / 10)
    clicks[random.choice(pleasing, wrong, replace=False)] = False
    clicks[random.choice(others, wrong, replace=False)] = True
    return clicks


def learn(
    shown: Drafts, rows: Sequence[int], clicks: Array, others: Sequence[int]
) -> judge.Judge | None:
    """What is learned from these drafts, judged one after the other, while others lie there."""
    said = _said(rows, clicks)
    known = {str(row): shown.features[row] for row in (*others, *rows)}
    return judge.fit(said, known)


def _said(rows: Sequence[int], clicks: Array) -> list[Judgement]:
    return [
        Judgement(str(row), "picked" if clicks[row] else "seen", float(at))
        for at, row in enumerate(rows)
    ]


def _scores(learned: judge.Judge | None, shown: Drafts, rows: Sequence[int]) -> Array:
    if learned is None:
        return np.zeros(len(rows))
    return learned.scores([shown.features[row] for row in rows])


def order(shown: Drafts, everyone: dict[str, dict[str, Array]]) -> None:
    """AUC on drafts that were never judged, and how far probabilities are off."""
    print(f"\nAUC on {HELD} held-out drafts after {STEPS} judgements, {ORDERS} orders")
    for family, look in LOOKS.items():
        seen = shown.seen_by(look) if look else shown
        found: dict[int, list[float]] = {n: [] for n in STEPS}
        errors: dict[int, list[float]] = {n: [] for n in STEPS}
        lines = []
        for kind, some in everyone.items():
            for name, likes in some.items():
                means = []
                for count in STEPS:
                    runs = [
                        _order(seen, likes, count, turn, look is None) for turn in range(ORDERS)
                    ]
                    means.append(float(np.nanmean([run[0] for run in runs])))
                    if kind != "none":
                        errors[count].append(float(np.mean([run[1] for run in runs])))
                        found[count].append(means[-1])
                lines.append(f"  {kind}: {name}  " + " ".join(f"{m:.3f}" for m in means))
        told = [
            f"{np.mean(found[n]):.3f} (4 of 5: {np.quantile(found[n], 0.2):.3f})" for n in STEPS
        ]
        off = " ".join(f"{np.mean(errors[n]):.3f}" for n in STEPS)
        print(f"{family:18s} {'  '.join(told)}   calibration error {off}", flush=True)
        if family == "all":
            print("\n".join(lines))


def _order(
    shown: Drafts, likes: Array, count: int, turn: int, by_chance: bool
) -> tuple[float, float]:
    rows = np.random.default_rng(100 + turn).permutation(shown.varied)
    held, clicks = rows[-HELD:], clicked(likes, np.random.default_rng(900 + turn))
    if by_chance:
        scores = np.random.default_rng(turn).random(HELD)
    else:
        scores = _scores(learn(shown, rows[:count], clicks, held), shown, held)
    return auc(scores, likes[held]), calibration_error(scores, clicks[held])


def one_prompt(shown: Drafts, everyone: dict[str, dict[str, Array]]) -> None:
    """Drafts of one prompt, after 200 judgements of others: words say nothing there."""
    found, early = [], []
    for kind in ("place", "hour and palette", "mixed"):
        for likes in everyone[kind].values():
            for number in range(len(SAME)):
                held = np.flatnonzero(shown.alike == number)
                if not 4 <= likes[held].sum() <= len(held) - 4:
                    continue
                for turn in range(ORDERS):
                    rows = np.random.default_rng(turn).permutation(shown.varied)[:200]
                    for scores, seen in ((found, shown), (early, shown.seen_by(_early))):
                        learned = learn(seen, rows, likes, held)
                        scores.append(auc(_scores(learned, seen, held), likes[held]))
    told = f"{np.mean(found):.3f} ({len(found)} cases), at a quarter {np.mean(early):.3f}"
    print(f"\nwithin one prompt, after 200 judgements of other prompts: AUC {told}")


def change(shown: Drafts, everyone: dict[str, dict[str, Array]]) -> None:
    """A taste that changes after 100 judgements: AUC for the new one."""
    flat = {name: likes for some in everyone.values() for name, likes in some.items()}
    pairs = [
        ("castle", "night"),
        ("left", "warm"),
        ("winter", "boat or light, sunset"),
        ("boat", "trees"),
    ]
    print("\na taste that changes after 100 judgements: AUC for the new one")
    for more in (25, 50, 100):
        found = []
        for before, after in pairs:
            for turn in range(ORDERS):
                rows = np.random.default_rng(turn).permutation(shown.varied)
                held, judged = rows[-HELD:], rows[: 100 + more]
                clicks = flat[after].copy()
                clicks[rows[:100]] = flat[before][rows[:100]]
                learned = learn(shown, judged, clicks, held)
                found.append(auc(_scores(learned, shown, held), flat[after][held]))
        print(f"  after {more} more: {np.mean(found):.3f}", flush=True)


def looks(shown: Drafts, everyone: dict[str, dict[str, Array]], want: int = 20) -> None:
    """Drafts that are looked at until so many are found that please; learned anew every ten."""
    print(f"\ndrafts looked at until {want} please, as a share of that without an order")
    shares = []
    for kind, some in everyone.items():
        for name, likes in some.items():
            ratios = []
            for turn in range(1):
                rows = np.random.default_rng(300 + turn).permutation(shown.varied)
                clicks = clicked(likes, np.random.default_rng(900 + turn))
                plain = int(np.searchsorted(np.cumsum(likes[rows]), want) + 1)
                ratios.append(_looked(shown, rows, likes, clicks, want) / min(plain, len(rows)))
            print(f"  {kind}: {name}  {np.mean(ratios):.2f}", flush=True)
            if kind != "none":
                shares.append(float(np.mean(ratios)))
    print(f"mean {np.mean(shares):.3f}, four of five at most {np.quantile(shares, 0.8):.3f}")


def _looked(shown: Drafts, rows: Array, likes: Array, clicks: Array, want: int) -> int:
    seen, left = list(rows[:15]), list(rows[15:])
    while likes[seen].sum() < want and left:
        learned = learn(shown, seen, clicks, left[:200])
        scores = _scores(learned, shown, left)
        best = [left[at] for at in np.argsort(-scores, kind="stable")[:10]]
        for row in best:
            seen.append(row)
            left.remove(row)
            if likes[seen].sum() >= want:
                break
    return len(seen)


def steer(shown: Drafts, everyone: dict[str, dict[str, Array]], count: int = 300) -> None:
    """Endless drafts that are steered: how many please, and whether everything is still drawn.

    A draw is one of the drafts that are left, and all that is known of it is its recipe; learned
    anew every twenty. What was made is not drawn again, so what pleases gets rarer.
    """
    print(f"\nof {count} steered drafts, those that please, as a multiple of that without steering")
    gains, late, missing = [], [], 0
    for kind, some in everyone.items():
        for name, likes in some.items():
            usual = likes[shown.varied].mean()
            made = _steered(shown, likes, count)
            gain, last = likes[made].mean() / usual, likes[made[-100:]].mean() / usual
            told = [shown.told[row] for row in made]
            asked = [shown.told[row] for row in shown.varied]
            missing += sum(
                len({o[key] for o in asked} - {t[key] for t in told})
                for key in ("subject", "ground", "hour", "season", "weather")
            )
            print(f"  {kind}: {name}  {gain:.2f}, of the last hundred {last:.2f}", flush=True)
            if kind != "none":
                gains.append(gain)
                late.append(last)
    most = sum(gain >= 1.5 for gain in gains)
    print(f"mean {np.mean(gains):.2f}, of the last hundred {np.mean(late):.2f}")
    print(f"at least 1.5 for {most} of {len(gains)}; values that never came: {missing}")


def _steered(shown: Drafts, likes: Array, count: int) -> list[int]:
    clicks = clicked(likes, np.random.default_rng(900))
    left = list(np.random.default_rng(300).permutation(shown.varied))
    random, made, table = np.random.default_rng(400), [], None
    words = {row: scale.words_of(shown.features[row]) for row in left}
    while len(made) < count:
        drawn = [left[at] for at in random.choice(len(left), steering.DRAWS, replace=False)]
        best, what = 0, ("salt", str(len(made)))
        if table is not None and not steering.is_usual(0.2, *what):
            best = steering.likeliest(lambda n: words[drawn[n]], table, *what)  # noqa: B023
        made.append(drawn[best])
        left.remove(drawn[best])
        if len(made) % 20 == 0:
            said = _said(made, clicks)
            table = odds.learn(said, {str(row): shown.features[row] for row in made})
    return made


def stop(shown: Drafts, everyone: dict[str, dict[str, Array]]) -> None:
    """Endless drafts that are given up: what is lost, and what comes of an hour of rendering."""
    print(f"\ngiven up after a quarter, at {STOPPED} of a draft's cost; a tenth of it is completed")
    for count in (100, 200):
        gains, losses, shares = [], [], []
        for kind, some in everyone.items():
            if kind == "none":
                continue
            for name, likes in some.items():
                runs = [_given_up(shown, likes, count, turn) for turn in range(ORDERS)]
                gain, lost, given_up = np.mean(runs, axis=0)
                gains.append(gain)
                losses.append(lost)
                shares.append(given_up)
                print(f"  {count} {kind}: {name}  {gain:.2f} times as many an hour, "
                      f"{lost:.1%} of what pleases lost", flush=True)  # fmt: skip
        print(f"after {count}: {np.mean(gains):.2f} times as many, {np.mean(losses):.1%} lost "
              f"(at most {max(losses):.1%}), {np.mean(shares):.0%} given up")  # fmt: skip


def _given_up(shown: Drafts, likes: Array, count: int, turn: int) -> tuple[float, float, float]:
    rows = np.random.default_rng(100 + turn).permutation(shown.varied)
    clicks = clicked(likes, np.random.default_rng(900 + turn))
    judged, others, held = rows[:count], rows[count:-HELD], rows[-HELD:]
    seen = shown.seen_by(_early)
    known = {str(row): shown.features[row] for row in (*others, *judged)}
    learned = rule.learn(_said(judged, clicks), known)
    if learned is None:
        return 1.0, 0.0, 0.0
    given_up = np.zeros(HELD, bool)
    for at, row in enumerate(held):
        one = seen.features[row]
        logit = learned.of(scale.words_of(one)).logit(one.kinds)
        below = logit is not None and logit < learned.bound
        given_up[at] = below and not steering.is_usual(rule.COMPLETED, str(row), "given up")
    lost = likes[held][given_up].sum() / max(1, likes[held].sum())
    spent = 1 - given_up.mean() * (1 - STOPPED)
    return float((1 - lost) / spent), float(lost), float(given_up.mean())


def cost(shown: Drafts, everyone: dict[str, dict[str, Array]]) -> None:
    """What learning and knowing take: seconds of a processor for 5,000 judgements, bytes."""
    random, many = np.random.default_rng(0), []
    for number in range(5500):
        one = shown.features[int(random.choice(shown.varied))]
        kinds = {name: _shaken(data, random) for name, data in one.kinds.items()}
        many.append(msgspec.structs.replace(one, picture=str(number), kinds=kinds))
    likes = np.array(["castle" in one.prompt for one in many])
    said = [Judgement(str(n), "picked" if likes[n] else "seen", float(n)) for n in range(5000)]
    began = time.process_time()
    learned = judge.fit(said, {one.picture: one for one in many})
    print(f"\n5,000 judgements are learned in {time.process_time() - began:.2f} s of a processor")
    assert learned is not None
    tracemalloc.start()
    scores = {f"drafts/a-castle-on-a-hill-{n:08x}.png": float(n) for n in range(100_000)}
    print(
        f"100,000 scores take {tracemalloc.get_traced_memory()[0] / 1e6:.0f} MB ({len(scores):,})"
    )
    sizes = [sum(map(len, one.kinds.values())) for one in shown.features]
    print(f"features of a draft take {np.mean(sizes):.0f} bytes")


def _shaken(data: bytes, random: np.random.Generator) -> bytes:
    numbers = np.frombuffer(data, np.int8).astype(float)
    return pack((numbers + random.normal(size=len(numbers)) * 3) / 32)


PARTS: dict[str, Callable[[Drafts, dict[str, dict[str, Array]]], None]] = {
    "order": order,
    "prompt": one_prompt,
    "change": change,
    "looks": looks,
    "steer": steer,
    "stop": stop,
    "cost": cost,
}


def main(folder: str, *parts: str) -> None:
    """Print the figures of these parts, or of all."""
    cache = Path(folder)
    shown = drafts(cache)
    everyone = owners(shown, cache)
    for kind, some in everyone.items():
        shares = ", ".join(
            f"{name} {likes[shown.varied].mean():.2f}" for name, likes in some.items()
        )
        print(f"{kind}: {shares}")
    for part in parts or PARTS:
        PARTS[part](shown, everyone)


if __name__ == "__main__":
    main(*sys.argv[1:])
