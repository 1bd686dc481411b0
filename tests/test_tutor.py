"""What is learned beside the rendering, and what is done with it by itself."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta

import pytest

from hotfolder.critic import Critic
from hotfolder.daemon import Daemon, Until
from hotfolder.recipes.record import Record, without_taste
from hotfolder.recipes.settings import Taste
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.survey import Survey
from hotfolder.studio.store import ledger, opinions
from hotfolder.tutor import Tutor, due_since
from tests.painter import FakeExecutor
from tests.taste import studio as drafts

NOON = datetime(2026, 11, 30, 12).astimezone()


def _sort(studio: Studio, count: int) -> None:
    for number in range(count):
        path = drafts.put(studio, number)
        drafts.move(studio, path, "seeds" if drafts.is_castle(number) else "drafts/rejected")
    survey = Survey(studio)
    survey.look()
    Critic(studio).note(survey.scanner)


def _learned(tutor: Tutor, wanted: Taste, now: datetime = NOON) -> bool:
    """Whether the tutor has begun to learn, and is done."""
    began = tutor.attend(wanted, now)
    tutor.close()
    return began


def test_a_table_is_learned_when_it_is_wanted_and_there_is_news(studio: Studio) -> None:
    """It is kept, so that a plan in another process, or after a restart, is the same."""
    tutor = Tutor(studio, lambda: None)
    _sort(studio, 30)
    assert not _learned(tutor, Taste())
    assert _learned(tutor, Taste(hold_back=True))
    table = tutor.advice.odds
    assert table is not None and table.count == 30
    assert table.of(["castle"], 0) > table.of(["boat"], 0)
    assert not _learned(tutor, Taste(hold_back=True))
    assert Survey(studio).look().advice == tutor.advice == Tutor(studio, lambda: None).advice


def test_the_best_are_chosen_when_an_hour_or_the_night_has_passed(studio: Studio) -> None:
    """As many as are wanted, never the same ones again, each with a reason."""
    tutor = Tutor(studio, lambda: None)
    _sort(studio, 30)
    new = [drafts.put(studio, number) for number in range(100, 106)]
    wanted = Taste(auto_pick=2, every="hour")
    assert _learned(tutor, wanted)
    best = tutor.advice.favourites
    assert {one.path for one in best} == {path for path in new if "castle" in path}
    assert best[0].why.startswith("auto_pick: one of the 2 best drafts, 9")
    assert not _learned(tutor, wanted, NOON + timedelta(minutes=59))
    assert _learned(tutor, wanted, NOON + timedelta(minutes=61))
    lying = drafts.move(studio, best[0].path, "seeds")
    assert [one.path for one in Survey(studio).look().advice.favourites] == [best[1].path]
    assert lying.startswith("seeds/")


def test_what_cannot_be_learned_is_not_tried_at_once_again(studio: Studio) -> None:
    """Not even when that wakes the daemon, as each end of a lesson does: a few minutes later."""
    tutor, wanted = Tutor(studio, lambda: None), Taste(auto_pick=2, every="hour")
    settings = studio.settings.read_text()
    studio.settings.write_text("settle_secs = 1\n")
    assert _learned(tutor, wanted)
    assert not _learned(tutor, wanted, NOON + timedelta(minutes=1))
    studio.settings.write_text(settings)
    assert _learned(tutor, wanted, NOON + timedelta(minutes=6))
    assert not _learned(tutor, wanted, NOON + timedelta(minutes=12))


@pytest.mark.parametrize(("hour", "since"), [(2, 27), (3, 3), (12, 3)])
def test_a_night_is_over_at_three(hour: int, since: int) -> None:
    """Who looks at two o'clock looks for those of the night before."""
    now = NOON.replace(hour=hour)
    day = timedelta(days=1) if since > 24 else timedelta()
    assert due_since(Taste(), now) == (now.replace(hour=3) - day).timestamp()


def test_what_is_picked_by_itself_says_so_and_teaches_nothing(studio: Studio) -> None:
    """It lies in seeds/, is refined, its finals say why; nobody takes that for its owner's word."""
    _sort(studio, 30)
    new = [drafts.put(studio, number) for number in range(100, 106)]
    studio.settings.write_text(
        "settle_seconds = 0.05\nlook_seconds = 1\n[taste]\nauto_pick = 1\nevery = 'hour'\n"
        "[limits]\nrefinements_per_hour = 3\n"
    )
    for path in studio.seeds.glob("*.png"):
        path.unlink()
    daemon = Daemon(studio, executor=FakeExecutor())
    daemon.run(Until(idle=True))
    daemon.close()
    (picked,) = studio.seeds.glob("*.png")
    assert f"drafts/{picked.name}" in new and "castle" in picked.name
    why = next(entry.why for entry in ledger.entries(studio.root) if hasattr(entry, "why"))
    assert why.startswith("auto_pick: the best draft, 9")
    finals = [identify(path.read_bytes()).record for path in studio.final.glob("*.png")]
    assert len(finals) == 3 and {final and final.picked for final in finals} == {why}
    hows = Counter(judgement.how for judgement in opinions.judgements(studio))
    assert hows == {"picked": 10, "rejected": 20, "chosen": 1}
    survey = Survey(studio)
    survey.look()
    critic = Critic(studio)
    assert critic.listen(survey.scanner) == []
    drafts.move(studio, f"seeds/{picked.name}", "drafts")
    survey.look()
    assert [judgement.how for judgement in Critic(studio).listen(survey.scanner)] == ["withdrawn"]


def test_what_is_published_says_nothing_of_taste() -> None:
    """Neither how a draft was steered nor why its source was picked."""
    draft = Record(stage="draft", pixels="0" * 64, steered="draw 2 of 12", studio="s")
    final = Record(stage="final", pixels="1" * 64, picked="the best", source=draft)
    told = json.dumps(str(without_taste(final)))
    assert "draw 2" not in told and "the best" not in told and "studio='s'" in told
