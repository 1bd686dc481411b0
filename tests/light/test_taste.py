"""The order that taste learned, on the light table."""

from __future__ import annotations

import json

from hotfolder.light.serving import Place
from hotfolder.light.table import Table
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import opinions
from hotfolder.taste.judgements import standing
from tests.forkserver import until
from tests.light.test_attacks import let_in


def test_what_its_owner_likes_comes_first(
    table: Table, full: Studio, place: Place, address: str
) -> None:
    """Too few judgements are told; with enough of them, the kind that was picked comes first."""
    owner = let_in(place, address)
    status, body, _ = owner("POST", "/api/best")
    assert status == 200 and "at least 15 are needed" in json.loads(body)["says"]
    castles = table.catalogue.rows("SELECT id FROM picture WHERE path LIKE '%castle%' ORDER BY id")
    others = table.catalogue.rows("SELECT id FROM picture WHERE path LIKE '%boat%' ORDER BY id")
    liked, disliked = [row[0] for row in castles[:6]], [row[0] for row in others[:9]]
    assert owner("POST", "/api/act", {"act": "pick", "ids": liked})[0] == 200
    assert owner("POST", "/api/act", {"act": "reject", "ids": disliked})[0] == 200
    status, body, _ = owner("POST", "/api/best")
    found = json.loads(body)
    assert status == 200 and not found["says"] and found["scores"] > 10
    query = "SELECT path FROM picture WHERE score IS NOT NULL ORDER BY score DESC"
    ranked = [row[0] for row in table.catalogue.rows(query)]
    assert "castle" in ranked[0] and "boat" in ranked[-1]


def test_what_is_thrown_away_is_noted_and_undone(
    table: Table, full: Studio, place: Place, address: str
) -> None:
    """A draft or a final, by its recipe; who takes it back has said nothing."""
    owner = let_in(place, address)
    read = "SELECT id, recipe FROM picture WHERE there AND recipe != '' LIMIT 1"
    until(lambda: table.catalogue.rows(read), 120)
    [(id_, recipe)] = table.catalogue.rows(read)
    assert owner("POST", "/api/act", {"act": "delete", "ids": [id_]})[0] == 200
    assert [(j.picture, j.how) for j in opinions.judgements(full)] == [(recipe, "deleted")]
    assert owner("POST", "/api/undo")[0] == 200
    assert standing(opinions.judgements(full)) == {}


def test_drafts_that_were_seen_and_left_are_noted(
    table: Table, full: Studio, place: Place, address: str
) -> None:
    """Each once, and only drafts without a mark: what is picked or final says enough by itself."""
    owner = let_in(place, address)
    unread = "SELECT COUNT(*) FROM picture WHERE recipe IS NULL OR recipe=''"
    until(lambda: table.catalogue.rows(unread) == [(0,)], 300)
    every = table.catalogue.rows("SELECT id FROM picture")
    wanted = {
        picture.recipe
        for picture in table.catalogue.shown([row[0] for row in every])
        if picture.room == "drafts" and picture.recipe and not picture.stars
    }
    assert wanted
    for _ in range(2):
        assert owner("POST", "/api/seen", {"ids": [row[0] for row in every]})[0] == 200
    noted = opinions.judgements(full)
    assert {judgement.picture for judgement in noted} == wanted
    assert {judgement.how for judgement in noted} == {"seen"}
    again = len(noted)
    owner("POST", "/api/seen", {"ids": [row[0] for row in every]})
    assert len(opinions.judgements(full)) == again
