"""Who must get nothing from the light table, and gets nothing."""

from __future__ import annotations

import http.client
import io
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hotfolder.light.auth import Sessions
from hotfolder.light.serving import Place
from hotfolder.light.table import Table
from hotfolder.recipes.recipe import Recipe
from hotfolder.studio.layout import Studio
from tests.light.pictures import draft, recipe

SECRET = b"the owner's own"


class Caller:
    """Somebody who talks to the server; `cookie` is what a browser would send."""

    def __init__(self, place: Place, cookie: str = "") -> None:
        self.place = place
        self.cookie = cookie

    def __call__(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers of an answer; names of headers have _ for -."""
        connection = http.client.HTTPConnection("127.0.0.1", self.place.port, timeout=30)
        sent = {"Host": f"127.0.0.1:{self.place.port}", "Cookie": self.cookie}
        if method == "POST":
            sent["Origin"] = f"http://127.0.0.1:{self.place.port}"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {k: v for k, v in sent.items() if v})
        response = connection.getresponse()
        found = response.read()
        connection.close()
        return response.status, found, {k.lower(): v for k, v in response.getheaders()}


@pytest.fixture
def stranger(place: Place, address: str) -> Caller:
    """Somebody without a key."""
    return Caller(place)


@pytest.fixture
def owner(place: Place, address: str) -> Caller:
    """Somebody who came in with the printed address."""
    return let_in(place, address)


def let_in(place: Place, address: str) -> Caller:
    """Open the printed address as a browser does."""
    caller = Caller(place)
    parts = urlsplit(address)
    status, _, headers = caller("GET", f"{parts.path}?{parts.query}")
    assert status == 303 and headers["location"] == "/"
    cookie = headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie
    caller.cookie = headers["set-cookie"].partition(";")[0]
    return caller


def test_without_a_key_there_is_nothing(stranger: Caller) -> None:
    """Neither the page nor a picture nor a word of the studio; not with a made-up key or cookie."""
    for path in ("/", "/api/view", "/api/facets", "/thumbnails?ids=1", "/picture/1", "/events",
                 "/static/main.js", "/?key=wrong", "/?key="):  # fmt: skip
        status, body, _ = stranger("GET", path)
        assert status == 403 and b"castle" not in body
    stranger.cookie = f"hotfolder-light-{stranger.place.port}=guess"
    assert stranger("GET", "/api/view")[0] == 403
    assert stranger("POST", "/api/act", {"act": "delete", "ids": [1]})[0] == 403


def test_a_key_works_once(place: Place, address: str, owner: Caller) -> None:
    """The printed address lets one browser in; who is in may use it again."""
    parts = urlsplit(address)
    path = f"{parts.path}?{parts.query}"
    assert Caller(place)("GET", path)[0] == 403
    assert owner("GET", path)[0] == 303
    assert owner("GET", "/")[0] == 200


def test_an_old_key_and_an_old_session_are_worth_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day later the address is stale, a month later the cookie; a restart forgets neither."""
    now = [1_800_000_000.0]
    monkeypatch.setattr("hotfolder.light.auth.time.time", lambda: now[0])
    file = tmp_path / "sessions.json"
    sessions = Sessions(file)
    key, other = sessions.key(), sessions.key()
    session = sessions.open(key)
    assert session and sessions.open(key) is None
    assert file.stat().st_mode & 0o077 == 0 and session not in file.read_text()
    assert Sessions(file).knows(session)
    now[0] += 25 * 3600
    assert sessions.open(other) is None
    now[0] += 30 * 24 * 3600
    assert not sessions.knows(session) and not Sessions(file).knows(session)


def test_a_foreign_name_gets_nothing(owner: Caller) -> None:
    """DNS rebinding: the browser has the cookie and talks to us, but calls us evil.example."""
    port = owner.place.port
    for host in (f"evil.example:{port}", "evil.example", f"127.0.0.1.evil.example:{port}", "",
                 f"127.0.0.1:{port + 1}", "127.0.0.1"):  # fmt: skip
        assert owner("GET", "/api/view", Host=host or " ")[0] in (400, 403), host
    for host in (f"localhost:{port}", f"LOCALHOST:{port}"):
        assert owner("GET", "/api/view", Host=host)[0] == 200


def test_a_foreign_page_gets_nothing(owner: Caller) -> None:
    """Cross-site requests: a foreign Origin, none at all, or what browsers say of the site."""
    act = {"act": "reject", "ids": [1, 2, 3]}
    port = owner.place.port
    for origin in ("https://evil.example", "null", f"http://127.0.0.1:{port + 1}",
                   f"https://127.0.0.1:{port}", ""):  # fmt: skip
        assert owner("POST", "/api/act", act, Origin=origin)[0] == 403, origin
    assert owner("POST", "/api/act", act, Sec_Fetch_Site="cross-site")[0] == 403
    assert owner("GET", "/picture/1", Sec_Fetch_Site="same-site")[0] == 403
    assert owner("GET", "/api/view", Sec_Fetch_Site="same-origin")[0] == 200
    assert owner("GET", "/api/undo")[0] == 405


def test_every_answer_forbids_what_is_not_ours(owner: Caller) -> None:
    """A strict content security policy, no sniffing, no frames; also on refusals."""
    for path in ("/", "/api/facets", "/static/main.js", "/api/nothing"):
        _, _, headers = owner("GET", path)
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


def test_no_path_leads_out(owner: Caller, full: Studio, tmp_path: Path) -> None:
    """Not by dots, not by a mended file's name, not by static files."""
    (tmp_path / "secret.txt").write_bytes(SECRET)
    (full.failed / "a.txt").write_text("a castle")
    for path in ("/static/../auth.py", "/static/%2e%2e/auth.py", "/static/..%2fauth.py",
                 "/picture/..%2f..%2fsecret.txt", "/static//etc/passwd"):  # fmt: skip
        status, body, _ = owner("GET", path)
        assert status in (400, 404) and b"import" not in body and b"root:" not in body
    for name in ("../../../secret.txt", "../done/x.txt", "/etc/passwd", "a\0.txt", "..\\a.txt", ".",
                 "../../hotfolder.toml"):  # fmt: skip
        status, body, _ = owner("POST", "/api/mend", {"name": name, "text": "a castle"})
        assert status == 400 and SECRET not in body
    assert (tmp_path / "secret.txt").read_bytes() == SECRET


def test_a_link_in_the_place_of_a_picture_is_not_followed(
    owner: Caller, table: Table, full: Studio, tmp_path: Path
) -> None:
    """Somebody swaps a draft, or its folder, for a link after it was listed."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.png").write_bytes(draft(5) + SECRET)
    (one, path) = table.catalogue.rows("SELECT id, path FROM picture WHERE room='drafts'")[0]
    (full.root / path).unlink()
    (full.root / path).symlink_to(outside / "secret.png")
    status, body, _ = owner("GET", f"/picture/{one}")
    assert status in (400, 404) and SECRET not in body
    full.seeds.rename(tmp_path / "seeds")
    full.seeds.symlink_to(outside, target_is_directory=True)
    for act in ("pick", "rate"):
        owner("POST", "/api/act", {"act": act, "ids": [one], "stars": 3})
    assert [file.name for file in outside.iterdir()] == ["secret.png"]


def test_requests_of_another_form_are_refused_in_words(owner: Caller) -> None:
    """Wrong types, unknown acts and keys, too much at once: 400 and a sentence, never a trace."""
    for path, body in (
        ("/api/act", {"act": "format", "ids": [1]}),
        ("/api/act", {"act": "rate", "ids": [1], "stars": 99}),
        ("/api/act", {"act": "rate", "ids": ["1; DROP TABLE picture"]}),
        ("/api/seen", {"ids": "all"}),
        ("/api/ask", {"text": "x" * 3_000_000}),
        ("/api/check", {"text": "x", "suffix": "../x"}),
        ("/api/ask", {"text": "  "}),
        ("/api/ask", {"text": "a castle", "profile": "../../etc/passwd"}),
    ):
        status, answer, _ = owner("POST", path, body)
        assert status == 400 and json.loads(answer)["says"], (path, answer)
        assert b"Traceback" not in answer
    for query in ("room=cellar", "stars=many", "words=" + "x" * 500, "order=random", "opened=a",
                  "since=yesterday", "nonsense=1"):  # fmt: skip
        assert owner("GET", f"/api/view?{query}")[0] == 400, query
    for words in ("%27%3B%20DROP%20TABLE%20picture%3B--", "%25", "%22", "%00"):
        assert owner("GET", f"/api/view?words={words}")[0] == 200
    assert owner("GET", "/picture/99999999")[0] == 404
    assert owner("GET", f"/picture/{2**70}")[0] in (400, 404)


def test_a_flood_of_requests_is_survived(owner: Caller) -> None:
    """Hundreds at once, many of them never finished: the owner is served afterwards."""
    idle = [socket.create_connection(("127.0.0.1", owner.place.port)) for _ in range(100)]
    for one in idle:
        one.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
    found: list[int] = []

    def ask() -> None:
        for _ in range(10):
            try:
                found.append(owner("GET", "/api/view")[0])
            except OSError:
                found.append(0)

    threads = [threading.Thread(target=ask) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in idle:
        one.close()
    assert set(found) <= {0, 200, 503}
    assert owner("GET", "/api/view")[0] == 200


def hostile(number: int) -> Recipe:
    """A recipe whose prompt is a script."""
    from msgspec.structs import replace

    script = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
    return replace(recipe(number), prompt=f"{script} '\";--")


@pytest.fixture
def scripted(full: Studio) -> Iterator[Studio]:
    """Scripts in a prompt, a wildcard, a prompt file's name, a file's name and a note."""
    from hotfolder.images.picture import publishable
    from hotfolder.recipes.record import Record
    from tests.light.pictures import painted

    made = hostile(3)
    script = "<script>document.title='run'</script>"
    record = Record(
        stage="draft", pixels="0" * 64, template="{a|b}", prompt_file=script, profile=script
    )
    data, _ = publishable(painted(3, made.width, made.height), made, record)
    (full.drafts / "<img src=x onerror=document.title='run'>.png").write_bytes(data)
    elsewhere = painted(4, 96, 96)
    exif = elsewhere.getexif()
    exif[0x010E] = script  # ImageDescription
    told = f"{script} from elsewhere\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 96x96"
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + told.encode("utf-16-be")  # UserComment
    written = io.BytesIO()
    elsewhere.save(written, "JPEG", exif=exif)
    undefined = written.getvalue().replace(b"\x92\x86\x00\x01", b"\x92\x86\x00\x07")  # its kind
    (full.drafts / "elsewhere.jpg").write_bytes(undefined)
    (full.failed / "<b onclick=document.title='run'>x.txt").write_text("</textarea>" + script)
    (full.failed / "<b onclick=document.title='run'>x.txt.error.txt").write_text(script)
    (full.wildcards / "<script>.txt").write_text(script)
    yield full
