"""The order of work: examples of each rule, and properties that hold for all snapshots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotfolder.history import Entry, Finished, History, Made, Picked
from hotfolder.jobs import (
    Explain,
    Finish,
    Job,
    Pick,
    PutBack,
    Reject,
    RenderDraft,
    RenderFinal,
    SetAside,
)
from hotfolder.plan import following, plan
from hotfolder.recipes.config import Config
from hotfolder.recipes.prompt import Prompt
from hotfolder.recipes.recipe import Pixels
from hotfolder.recipes.refine import Wish, key
from hotfolder.recipes.settings import Parts, Settings, Stars, Taste
from hotfolder.snapshot import BrokenFile, PromptFile, Request, SeedImage, Snapshot, Starred
from hotfolder.taste.advice import Advice, Favourite
from hotfolder.taste.odds import Odds

OWNER = Config(
    settings=Settings(profile="small", pause_endless_at=10),
    profiles={"small": {"model": {"source": "a/b"}, "fixed": "sharp", "negative": "text"}},
    words={},
    salt="salt",
)
PROFILE = OWNER.profile(None)
Count = int | Literal["endless"]


def request(text: str, count: Count = 2, **more: Any) -> Request:
    prompt = Prompt(text=text, literal=True, **more)
    return Request(prompt, prompt.digest, count, "small", PROFILE)


def file(name: str, *requests: Request, arrived: int = 0) -> PromptFile:
    path = f"inbox/{name}.txt"
    return PromptFile(path, requests or (request(name),), (arrived, path))


def seed(number: int, arrived: int = 0, path: str = "") -> SeedImage:
    source = Pixels(sha256=f"{number:064x}", width=800, height=600)
    path = path or f"seeds/{number}.png"
    return SeedImage(path, source, (arrived, path), "small", PROFILE, prompt=f"seed {number}")


def starred(name: str, changed: bool = False) -> Starred:
    return Starred(f"drafts/{name}.png", name, changed, {"{name}.xmp": f"drafts/{name}.png.xmp"})


def jobs(snapshot: Snapshot, history: History | None = None, config: Config = OWNER) -> list[Job]:
    return list(islice(plan(snapshot, history or History(), config), 200))


def entry(job: RenderDraft | RenderFinal) -> Made:
    stage: Literal["draft", "final"] = "draft" if isinstance(job, RenderDraft) else "final"
    return Made(stage, job.request, job.ordinal, job.recipe.id, "x.png")


def first(snapshot: Snapshot, history: History) -> Job | None:
    return next(plan(snapshot, history, OWNER), None)


def history(entries: Iterable[Entry] = ()) -> History:
    index = History()
    for item in entries:
        index.apply(item)
    return index


def drafted(path_or_file: PromptFile, *ordinals: int) -> list[Made]:
    digest = path_or_file.requests[0].digest
    return [Made("draft", digest, ordinal, f"{digest}{ordinal}", "x.png") for ordinal in ordinals]


def after(snapshot: Snapshot, log: History, steps: int) -> list[str]:
    """The names of the prompt files that get the next pictures, one by one."""
    served: list[str] = []
    while len(served) < steps:
        job = next(job for job in plan(snapshot, log, OWNER) if not isinstance(job, Finish))
        assert isinstance(job, RenderDraft)
        log.apply(entry(job))
        served.append(job.path.removeprefix("inbox/").removesuffix(".txt"))
    return served


def test_nothing_to_do() -> None:
    """An empty studio plans nothing."""
    assert jobs(Snapshot()) == []


def test_the_order_of_kinds() -> None:
    """Housekeeping, refinements, counted drafts, endless drafts."""
    done = file("done", request("done", 1))
    snapshot = Snapshot(
        prompt_files=[file("e", request("e", "endless")), file("c"), done],
        broken=[BrokenFile("inbox/bad.txt", "says")],
        starred=[starred("s")],
        seeds=[seed(1)],
        useless_seeds=[BrokenFile("seeds/bad.png", "says")],
    )
    kinds = [type(job) for job in jobs(snapshot, history(drafted(done, 0)))]
    assert kinds == [SetAside, Explain, Pick, Finish] + 3 * [RenderFinal] + 3 * [RenderDraft]
    last = jobs(snapshot, history(drafted(done, 0)))[-1]
    assert isinstance(last, RenderDraft) and last.endless


def test_what_is_being_made_is_not_planned() -> None:
    """Others take its place, a file is finished only after its last draft; given up, it is back."""
    counted, endless = file("c", request("c", 3)), file("e", request("e", "endless"))
    snapshot = Snapshot(prompt_files=[counted, endless], seeds=[seed(1)])
    log = History()
    planned = jobs(snapshot)
    begun = [planned[0], planned[3], planned[6]]
    for job in begun:
        assert isinstance(job, RenderFinal | RenderDraft)
        log.begin(entry(job).stage, job.request, job.ordinal)
    left = jobs(snapshot, log)
    assert left[:4] == [*planned[1:3], *planned[4:6]]
    assert isinstance(left[4], RenderDraft) and left[4].ordinal == 1, "the endless file's next"
    for job in (planned[4], planned[5]):
        assert isinstance(job, RenderDraft)
        log.apply(entry(job))
    only = Snapshot(prompt_files=[counted])
    assert jobs(only, log) == []
    assert isinstance(planned[3], RenderDraft)
    log.apply(entry(planned[3]))
    assert [type(job) for job in jobs(only, log)] == [Finish]


def test_drafts_under_way_count_as_unseen() -> None:
    """Endless drafts pause before there are too many, not after."""
    endless = file("e", request("e", "endless"))
    log = History()
    log.begin("draft", endless.requests[0].digest, 0)
    assert len(jobs(Snapshot(prompt_files=[endless], unseen_drafts=8), log)) == 1
    assert jobs(Snapshot(prompt_files=[endless], unseen_drafts=9), log) == []


def test_the_longest_waiting_seed_is_first() -> None:
    """All finals of one seed, then those of the seed that was picked next."""
    found = jobs(Snapshot(seeds=[seed(1, arrived=9), seed(2, arrived=3), seed(3, arrived=5)]))
    assert [job.path for job in found] == [f"seeds/{n}.png" for n in (2, 2, 2, 3, 3, 3, 1, 1, 1)]


def test_missing_finals_only() -> None:
    """A seed of which one final was made gets the others, even if the final was deleted."""
    one = seed(1)
    made = history([Made("final", key(one.source), 1, "r", "final/x.png")])
    found = jobs(Snapshot(seeds=[one]), made)
    assert [job.ordinal for job in found if isinstance(job, RenderFinal)] == [0, 2]


def test_one_picture_twice() -> None:
    """A picture that lies in seeds/ twice is refined once."""
    found = jobs(Snapshot(seeds=[seed(1), seed(1, arrived=1, path="seeds/copy.png")]))
    assert [job.path for job in found] == ["seeds/1.png"] * 3


def test_a_foreign_seed_without_prompt() -> None:
    """A picture that says nothing of itself is refined with the profile's own words."""
    job = jobs(Snapshot(seeds=[replace(seed(1), prompt="")]))[0]
    assert isinstance(job, RenderFinal)
    assert (job.recipe.prompt, job.recipe.negative_prompt) == ("sharp", "text")


def test_files_in_turn() -> None:
    """Each file gets one draft, then each the next; first come, first served."""
    files = [file(n, request(n, 3), arrived=i) for i, n in enumerate("bac")]
    assert after(Snapshot(prompt_files=files), History(), 9) == list("bacbacbac")
    assert [job.path[6] for job in jobs(Snapshot(prompt_files=files))] == list("bacbacbac")


def test_a_large_file_starves_no_small_one() -> None:
    """A file that arrives while a large one is at work is served next."""
    large = file("large", request("large", 1000))
    log = History()
    after(Snapshot(prompt_files=[large]), log, 20)
    small = file("small", request("small", 2), arrived=5)
    served = after(Snapshot(prompt_files=[large, small]), log, 4)
    assert served.count("small") == 2


def test_a_stream_of_small_files_starves_no_large_one() -> None:
    """While new files keep coming, the one that came first still has every other turn."""
    large = file("large", request("large", 10))
    log, served = History(), []
    for number in range(25):
        small = file(f"small{number}", request(f"small{number}", 1), arrived=number + 1)
        served += after(Snapshot(prompt_files=[large, small]), log, 1)
    assert served.count("large") == 10


def test_many_large_files_starve_no_new_one() -> None:
    """A new file is served while many that came earlier still have much to do."""
    large = [file(f"l{n}", request(f"l{n}", 100), arrived=n) for n in range(10)]
    log = History()
    after(Snapshot(prompt_files=large), log, 37)
    new = file("new", request("new", 2), arrived=50)
    assert after(Snapshot(prompt_files=[*large, new]), log, 1) == ["new"]
    assert "new" in after(Snapshot(prompt_files=[*large, new]), log, 11)


def test_counted_prompts_beside_an_endless_one() -> None:
    """In one file too, counted prompts come first; the file stays while the endless one works."""
    mixed = file("mixed", request("a", "endless"), request("b", 2))
    found = jobs(Snapshot(prompt_files=[mixed, file("e", request("e", "endless"), arrived=1)]))
    texts = [(job.prompt.text, job.endless) for job in found if isinstance(job, RenderDraft)]
    assert texts == [("b", False), ("b", False), ("a", True), ("e", True)]
    made = [Made("draft", request("b").digest, n, f"b{n}", "x.png") for n in range(2)]
    (job,) = jobs(Snapshot(prompt_files=[mixed]), history(made))
    assert isinstance(job, RenderDraft) and job.endless


def test_prompts_of_one_file_in_turn() -> None:
    """The paragraphs of a file take turns, even across a restart."""
    both = file("both", request("a", 3), request("b", 3))
    log, texts = History(), []
    for _ in range(6):
        job = first(Snapshot(prompt_files=[both]), log)
        assert isinstance(job, RenderDraft)
        log.apply(entry(job))
        texts.append(job.prompt.text)
    assert texts == list("ababab")


def test_an_endless_file_appears_once() -> None:
    """A plan shows one draft of each endless file; after it, the next."""
    endless = [file(n, request(n, "endless")) for n in "ab"]
    snapshot = Snapshot(prompt_files=endless)
    assert [job.path for job in jobs(snapshot)] == ["inbox/a.txt", "inbox/b.txt"]
    assert after(snapshot, History(), 6) == list("ababab")


def test_back_pressure() -> None:
    """Endless drafts stop at the settings' number; counted ones and refinements go on."""
    files = [file("e", request("e", "endless")), file("c", request("c", 1))]
    snapshot = Snapshot(prompt_files=files, seeds=[seed(1)], unseen_drafts=9)
    assert len(jobs(snapshot)) == 5
    assert len(jobs(replace(snapshot, unseen_drafts=10))) == 4


STEERED = replace(
    OWNER,
    settings=Settings(profile="small", pause_endless_at=1000, taste=Taste(hold_back=True)),
    words={"subject": ["castle", "boat", "mill", "tree"]},
)
CASTLES = Advice(Odds(50, {"castle": (2.0,) * 32, "file: b": (3.0,) * 32, "boat": (-2.0,) * 32}))


def steered(snapshot: Snapshot, count: int, config: Config = STEERED) -> list[RenderDraft]:
    """The next so many drafts, one after the other."""
    made: list[RenderDraft] = []
    log = History()
    for _ in range(count):
        job = next(plan(snapshot, log, config))
        assert isinstance(job, RenderDraft)
        log.apply(entry(job))
        made.append(job)
    return made


def test_endless_drafts_are_drawn_by_what_is_likely_to_please() -> None:
    """Most show what the table favours, every value still comes, and each says that it was."""
    asked = Prompt(text="a __subject__ by the sea")
    endless = Request(asked, asked.digest, "endless", "small", PROFILE)
    snapshot = Snapshot(prompt_files=[file("a", endless)], advice=CASTLES)
    made = steered(snapshot, 100)
    shown = Counter(job.recipe.prompt.split()[1] for job in made)
    assert shown["castle"] > 70 and set(shown) == {"castle", "boat", "mill", "tree"}
    assert sum(not job.steered for job in made) > 10
    assert "; draw " in next(job.why for job in made if job.steered)
    assert [job.recipe for job in steered(snapshot, 100)] == [job.recipe for job in made]
    following_ones = list(islice(following(made[0], snapshot, History(), STEERED), 99))
    assert [job.recipe for job in following_ones] == [job.recipe for job in made[1:]]
    off = [job.recipe for job in steered(snapshot, 20, replace(STEERED, settings=OWNER.settings))]
    assert off == [job.recipe for job in steered(replace(snapshot, advice=Advice()), 20)]


def test_endless_prompts_that_are_likely_to_please_come_more_often() -> None:
    """The others still have their turns; what is wanted by number is drawn as ever."""
    files = [file(n, request(n, "endless")) for n in "abc"]
    snapshot = Snapshot(prompt_files=files, advice=CASTLES)
    shown = Counter(job.path for job in steered(snapshot, 100))
    assert shown["inbox/b.txt"] > 70 and min(shown.values()) >= 3 and len(shown) == 3
    counted = Snapshot(prompt_files=[file("b", request("castle", 50))], advice=CASTLES)
    plain = replace(counted, advice=Advice())
    assert jobs(counted, config=STEERED) == jobs(plain, config=STEERED)


def test_the_best_go_to_seeds_by_themselves_once() -> None:
    """Only where that is asked for; one that was put back stays, and a final says why."""
    one = Favourite("drafts/a.png", "a", "one of the 3 best drafts of the night")
    snapshot = Snapshot(advice=Advice(favourites=(one,)))
    asked = replace(OWNER, settings=Settings(profile="small", taste=Taste(auto_pick=3)))
    assert jobs(snapshot) == []
    (pick,) = jobs(snapshot, config=asked)
    assert isinstance(pick, Pick) and pick.by_itself and pick.why == one.why
    assert jobs(snapshot, history([Picked("seeds/a.png", "a", one.why)]), asked) == []
    lying = seed(7)
    (final, *_) = jobs(Snapshot(seeds=[lying]), history([Picked(lying.path, lying.key, one.why)]))
    assert isinstance(final, RenderFinal) and final.picked == one.why


def sorting(**settings: Any) -> Config:
    return replace(OWNER, settings=Settings(profile="small", stars=Stars(**settings)))


def test_a_star_picks_a_picture_once() -> None:
    """What a star has picked before stays where its owner puts it, until the star is set anew."""
    picked = history([Picked("seeds/s.png", "s")])
    (pick,) = jobs(Snapshot(starred=[starred("s")]))
    assert isinstance(pick, Pick) and not pick.copy
    assert pick.sidecars == {"{name}.xmp": "drafts/s.png.xmp"}
    assert jobs(Snapshot(starred=[starred("s")]), picked) == []
    assert len(jobs(Snapshot(starred=[starred("s", changed=True)]), picked)) == 1


def test_a_copy_of_a_picture_that_lies_in_seeds_is_enough() -> None:
    """A starred draft that stays in drafts/ is copied once, also after a crash in between."""
    copy = sorting(then="copy")
    image = seed(1)
    draft = Starred("drafts/s.png", image.key, changed=True)
    (pick,) = jobs(Snapshot(starred=[draft]), config=copy)
    assert isinstance(pick, Pick) and pick.copy
    found = jobs(Snapshot(starred=[draft], seeds=[image]), config=copy)
    assert {type(job) for job in found} == {RenderFinal}


def test_a_star_taken_back_before_the_turn() -> None:
    """What a star moved to seeds/ goes back with it, unless a refinement was made already."""
    image = seed(1)
    snapshot = Snapshot(unstarred=[Starred(image.path, image.key, changed=True)])
    picked = [Picked(image.path, image.key)]
    assert [type(job) for job in jobs(snapshot, history(picked))] == [PutBack]
    assert jobs(snapshot) == [], "its owner put it there by hand"
    refined = Made("final", image.key, 0, "r", "final/x.png")
    assert jobs(snapshot, history([*picked, refined])) == []
    retouch = key(image.source, [Wish(None, "towers", "castle")])
    drawn = [*picked, Made("final", retouch, 0, "r", "final/x.png")]
    for line, count in (("castle: towers", 0), ("castle: walls", 1)):
        config = sorting(then="part", parts=Parts(five=line))
        assert len(jobs(snapshot, history(drawn), config)) == count


def test_rejected_drafts_are_put_away_only_on_request() -> None:
    """Where the owner wants that, they are moved; after the picks."""
    snapshot = Snapshot(starred=[starred("s")], rejected=[starred("r")])
    assert [type(job) for job in jobs(snapshot)] == [Pick]
    found = jobs(snapshot, config=sorting(rejected="move"))
    assert [type(job) for job in found] == [Pick, Reject]


def test_low_disk() -> None:
    """With little room left nothing is rendered; files are still put in order."""
    done = file("done", request("done", 1))
    snapshot = Snapshot(
        prompt_files=[done, file("c")],
        broken=[BrokenFile("inbox/bad.txt", "says")],
        starred=[starred("s")],
        seeds=[seed(1)],
        disk_is_low=True,
    )
    found = jobs(snapshot, history(drafted(done, 0)))
    assert [type(job) for job in found] == [SetAside, Pick, Finish]


def test_a_deleted_draft_never_returns() -> None:
    """What the ledger knows is not wanted again: nothing here looks for the picture."""
    one = file("a", request("a", 3))
    found = jobs(Snapshot(prompt_files=[one]), history(drafted(one, 0, 1)))
    assert [job.ordinal for job in found if isinstance(job, RenderDraft)] == [2]


def test_dropped_again() -> None:
    """The same prompt dropped once more goes on with new numbers, so with new pictures."""
    one, log = file("a", request("a", 2)), History()
    snapshot = Snapshot(prompt_files=[one])
    before = jobs(snapshot, log)
    after(snapshot, log, 2)
    (finish,) = jobs(snapshot, log)
    assert isinstance(finish, Finish)
    log.apply(Finished("inbox/done/a.txt", dict(finish.through)))
    again = jobs(snapshot, log)
    assert [job.ordinal for job in again if isinstance(job, RenderDraft)] == [2, 3]
    assert [job.why for job in again] == ["draft 1 of 2", "draft 2 of 2"]
    seeds = {job.recipe.seed for job in (*before, *again) if isinstance(job, RenderDraft)}
    assert len(seeds) == 4


@pytest.mark.parametrize("earlier", [10, "endless"])
def test_dropped_again_after_a_larger_count(earlier: Count) -> None:
    """A count made smaller ends the file; dropped again, it asks for pictures that are new."""
    log = History()
    after(Snapshot(prompt_files=[file("a", request("a", earlier))]), log, 7)
    snapshot = Snapshot(prompt_files=[file("a", request("a", 2))])
    (finish,) = jobs(snapshot, log)
    assert isinstance(finish, Finish)
    log.apply(Finished("inbox/done/a.txt", dict(finish.through)))
    assert after(snapshot, log, 2) == ["a", "a"]


def test_a_larger_count_goes_on() -> None:
    """A count that is raised while the file lies there asks only for the rest."""
    log = History()
    after(Snapshot(prompt_files=[file("a", request("a", 2))]), log, 2)
    found = jobs(Snapshot(prompt_files=[file("a", request("a", 5))]), log)
    assert [job.ordinal for job in found if isinstance(job, RenderDraft)] == [2, 3, 4]


def test_equal_copies_wait() -> None:
    """Two files with one prompt are two requests: the second is served after the first."""
    copies = [file("a", request("x", 2)), file("b", request("x", 2), arrived=1)]
    log = History()
    assert after(Snapshot(prompt_files=copies), log, 2) == ["a", "a"]
    finish = first(Snapshot(prompt_files=copies), log)
    assert isinstance(finish, Finish) and finish.path == "inbox/a.txt"
    log.apply(Finished("inbox/done/a.txt", dict(finish.through)))
    assert after(Snapshot(prompt_files=copies[1:]), log, 2) == ["b", "b"]
    assert log.made("draft", copies[0].requests[0].digest) == {0, 1, 2, 3}


def test_explicit_seeds() -> None:
    """Drafts of a prompt with a seed of its own count up from it."""
    found = jobs(Snapshot(prompt_files=[file("a", request("a", 3, seed=100))]))
    assert [job.recipe.seed for job in found if isinstance(job, RenderDraft)] == [100, 101, 102]


def test_only_the_first_job_is_paid_for() -> None:
    """The first of a hundred thousand drafts is planned without drawing the others."""
    plans = plan(Snapshot(prompt_files=[file("a", request("a", 100_000))]), History(), OWNER)
    job = next(plans)
    assert isinstance(job, RenderDraft) and job.ordinal == 0


counts = st.one_of(st.integers(1, 3), st.just("endless"))
names = st.sampled_from("abcdef")


@st.composite
def snapshots(draw: st.DrawFn, endless: bool = True) -> Snapshot:
    files = []
    for number in range(draw(st.integers(0, 4))):
        texts = draw(st.lists(names, min_size=1, max_size=3, unique=True))
        asked = [request(text, draw(counts if endless else st.integers(1, 3))) for text in texts]
        files.append(file(f"f{number}", *asked, arrived=draw(st.integers(0, 3))))
    seeds = [
        seed(draw(st.integers(0, 2)), draw(st.integers(0, 3)), f"seeds/s{number}.png")
        for number in range(draw(st.integers(0, 3)))
    ]
    return Snapshot(
        prompt_files=files,
        seeds=seeds,
        starred=[starred(name) for name in draw(st.sets(st.sampled_from("xy")))],
        unseen_drafts=draw(st.sampled_from([0, 10])),
        disk_is_low=draw(st.integers(0, 9)) == 0,
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    log: list[Entry] = []
    for _ in range(draw(st.integers(0, 8))):
        if draw(st.booleans()):
            digest, ordinal = request(draw(names)).digest, draw(st.integers(0, 3))
            log.append(Made("draft", digest, ordinal, f"{digest}{ordinal}", "x.png"))
        else:
            source, ordinal = seed(draw(st.integers(0, 2))).source, draw(st.integers(0, 2))
            log.append(Made("final", key(source), ordinal, f"{key(source)}{ordinal}", "x.png"))
    return log


def rank(job: Job) -> int:
    if isinstance(job, RenderFinal):
        return 1
    if isinstance(job, RenderDraft):
        return 3 if job.endless else 2
    return 0


def wishes(found: Sequence[Job]) -> list[tuple[str, int]]:
    return [(j.request, j.ordinal) for j in found if isinstance(j, RenderDraft | RenderFinal)]


@given(snapshots(), histories())
@settings(max_examples=80, deadline=None)
def test_every_plan(snapshot: Snapshot, log: list[Entry]) -> None:
    """Kinds in order, nothing twice, nothing made before, and the same again when asked again."""
    found = jobs(snapshot, history(log))
    assert [rank(job) for job in found] == sorted(rank(job) for job in found)
    assert len(set(wishes(found))) == len(wishes(found))
    made = {(item.request, item.ordinal) for item in log if isinstance(item, Made)}
    assert made.isdisjoint(wishes(found))
    assert found == jobs(snapshot, history(log))
    endless = [job.path for job in found if isinstance(job, RenderDraft) and job.endless]
    assert len(endless) == len(set(endless))
    if snapshot.disk_is_low:
        assert not wishes(found)
    if snapshot.unseen_drafts >= 10:
        assert not endless


@given(snapshots(), histories())
@settings(max_examples=60, deadline=None)
def test_seeds_in_the_order_of_their_arrival(snapshot: Snapshot, log: list[Entry]) -> None:
    """No seed is refined before one that was picked earlier."""
    arrived = {image.path: image.arrived for image in snapshot.seeds}
    found = jobs(snapshot, history(log))
    finals = [arrived[job.path] for job in found if isinstance(job, RenderFinal)]
    assert finals == sorted(finals)


@given(snapshots(endless=False), histories())
@settings(max_examples=60, deadline=None)
def test_until_all_is_done(snapshot: Snapshot, log: list[Entry]) -> None:
    """Doing the first job over and over makes exactly the pictures that were asked for."""
    snapshot = replace(snapshot, disk_is_low=False)
    index = history(log)
    before = {(item.request, item.ordinal) for item in log if isinstance(item, Made)}
    wanted = {(key(image.source), n) for image in snapshot.seeds for n in range(3)} - before
    made: list[tuple[str, int]] = []
    for _ in range(300):
        job = first(snapshot, index)
        if job is None:
            break
        if isinstance(job, Pick):
            rest = [draft for draft in snapshot.starred if draft.path != job.path]
            snapshot = replace(snapshot, starred=rest)
        elif isinstance(job, Finish):
            (done,) = [f for f in snapshot.prompt_files if f.path == job.path]
            asked = {
                (r.digest, n)
                for r in done.requests
                for n in range(index.base(r.digest), index.base(r.digest) + int(r.count))
            }
            wanted |= asked - before
            files = [f for f in snapshot.prompt_files if f.path != job.path]
            snapshot = replace(snapshot, prompt_files=files)
            index.apply(Finished(f"inbox/done/{job.path}", dict(job.through)))
        else:
            assert isinstance(job, RenderDraft | RenderFinal)
            made.append((job.request, job.ordinal))
            index.apply(entry(job))
    assert jobs(snapshot, index) == []
    assert not snapshot.prompt_files and not snapshot.starred
    assert len(made) == len(set(made))
    assert set(made) == wanted


@given(st.lists(st.integers(1, 6), min_size=2, max_size=5), st.data())
@settings(max_examples=60, deadline=None)
def test_no_file_waits_for_long(sizes: list[int], data: st.DataObject) -> None:
    """Whenever files arrive, none waits for more than two turns of each of the others."""
    files = [file(f"f{n}", request(f"f{n}", size), arrived=n) for n, size in enumerate(sizes)]
    here, log = files[:1], History()
    waited = dict.fromkeys([item.path for item in files], 0)
    rest = files[1:]
    while here or rest:
        if rest and (not here or data.draw(st.booleans())):
            here.append(rest.pop(0))
        job = first(Snapshot(prompt_files=here), log)
        if isinstance(job, Finish):
            here = [item for item in here if item.path != job.path]
            continue
        assert isinstance(job, RenderDraft)
        log.apply(entry(job))
        for item in here:
            waited[item.path] = 0 if item.path == job.path else waited[item.path] + 1
            assert waited[item.path] <= 2 * len(files)


@pytest.mark.parametrize("count", [6, "endless"])
def test_the_drafts_that_follow(count: Count) -> None:
    """Those of the same prompt that are not made yet, in order, as later plans will want them."""
    wanted = Snapshot(prompt_files=(file("a", request("a", count)),))
    history = History()
    first = next(plan(wanted, history, OWNER))
    assert isinstance(first, RenderDraft)
    history.apply(Made("draft", first.request, 2, "x", "y", "z"))
    coming = list(islice(following(first, wanted, history, OWNER), 3))
    assert [draft.ordinal for draft in coming] == [1, 3, 4]
    history.begin("draft", first.request, 0)
    second = next(plan(wanted, history, OWNER))
    assert isinstance(second, RenderDraft)
    assert second.recipe in [draft.recipe for draft in coming]
