"""What a browser may ask of the light table, and the answers."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct
from sse_starlette.sse import EventSourceResponse
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from hotfolder import json_text
from hotfolder.errors import HotfolderError, MistakesError, PictureError, printable, refusal
from hotfolder.light import panel, views, wishes
from hotfolder.light.acts import Act, Outcome
from hotfolder.light.auth import Guard
from hotfolder.light.catalogue import Shown, builtins
from hotfolder.light.table import Table
from hotfolder.light.work import Work
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import MAX_PICTURE_BYTES, read_file
from hotfolder.studio.scan.listing import is_within
from hotfolder.studio.store import passed_over
from hotfolder.studio.store.lock import is_held

T = TypeVar("T")
Answer = Callable[[Request], Awaitable[Response]]
_MOST_BYTES = 2_500_000
_MOST_IDS = 20_000
_MOST_PASSED = 50
_MOST_ITEMS, _MOST_THUMBNAILS = 500, 64
_FOR_GOOD = "private, max-age=31536000, immutable"  # addresses of pictures name their contents
_KINDS = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}
_PACKAGE = Path(str(files("hotfolder.light")))


class Doing(Struct, frozen=True, forbid_unknown_fields=True):
    """An act on pictures."""

    act: Act
    ids: list[int]
    stars: Literal[0, 1, 2, 3, 4, 5] = 0


class Ids(Struct, frozen=True, forbid_unknown_fields=True):
    """Some pictures."""

    ids: list[int]


class Unfinished(Struct, frozen=True, forbid_unknown_fields=True):
    """A draft that was given up, by its recipe's id."""

    recipe: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class _Answers:
    """What the light table says to each request, as of now."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._work = Work(table.studio)

    async def view(self, request: Request) -> Response:
        question = msgspec.convert(_query(request), views.Question, strict=False)
        rows = await asyncio.to_thread(views.answer, self._table.catalogue, question)
        return Response(await asyncio.to_thread(views.packed, rows), 200, {}, _BYTES)

    async def items(self, request: Request) -> Response:
        shown = await asyncio.to_thread(self._table.catalogue.shown, _ids(request, _MOST_ITEMS))
        return _json([builtins(picture) for picture in shown])

    async def facets(self, _: Request) -> Response:
        return _json(await asyncio.to_thread(views.facets, self._table.catalogue))

    async def thumbnails(self, request: Request) -> Response:
        ids = _ids(request, _MOST_THUMBNAILS)
        beyond = int(request.query_params.get("beyond", "0"))
        made = await asyncio.to_thread(self._table.thumbnails, ids, beyond)
        return Response(made, 200, {}, _BYTES)

    async def picture(self, request: Request) -> Response:
        shown = await _shown(self._table, request)
        return _picture(await asyncio.to_thread(_bytes, self._table, shown.path), _FOR_GOOD)

    async def make_again(self, request: Request) -> Response:
        shown = await _shown(self._table, request)
        await asyncio.to_thread(_bytes, self._table, shown.path)
        await asyncio.to_thread(self._table.again.begin, shown)
        return _json(None)

    async def made_again(self, request: Request) -> Response:
        file = self._table.again.picture(request.path_params["id"])
        return _picture(await asyncio.to_thread(file.read_bytes), "no-store")

    async def details(self, request: Request) -> Response:
        shown = await _shown(self._table, request)
        return _json(
            await asyncio.to_thread(panel.details, self._table.studio, self._table.catalogue, shown)
        )

    async def act(self, request: Request) -> Response:
        doing = await _body(request, Doing)
        ids = doing.ids[:_MOST_IDS]
        done = await asyncio.to_thread(self._table.acts.do, doing.act, ids, doing.stars)
        return await self._done(done)

    async def undo(self, _: Request) -> Response:
        return await self._done(await asyncio.to_thread(self._table.acts.undo))

    async def _done(self, outcome: Outcome | None) -> Response:
        if outcome is None:
            return _json(None)
        self._table.news.tell("changed")
        return _json({**_asdict(outcome), "undoable": self._table.acts.depth})

    async def seen(self, request: Request) -> Response:
        ids = (await _body(request, Ids)).ids[:_MOST_IDS]
        await asyncio.to_thread(self._table.saw, ids)
        return _json(None)

    async def more(self, request: Request) -> Response:
        shown = await _shown(self._table, request)
        return await self._asked(wishes.more_like, shown.path)

    async def check(self, request: Request) -> Response:
        wish = await _body(request, wishes.Wish)
        return _json(await asyncio.to_thread(wishes.check, self._table.studio, wish))

    async def ask(self, request: Request) -> Response:
        wish = await _body(request, wishes.Wish)
        return await self._asked(wishes.ask, wish)

    async def failed(self, _: Request) -> Response:
        return _json(await asyncio.to_thread(wishes.failed, self._table.studio))

    async def mend(self, request: Request) -> Response:
        mended = await _body(request, wishes.Mended)
        return await self._asked(wishes.mend, mended)

    async def _asked(self, ask: Callable[[Studio, T], str], what: T) -> Response:
        """Drop a file into `inbox/`, and say where, and whether somebody makes what it asks for."""
        studio = self._table.studio
        path = await asyncio.to_thread(ask, studio, what)
        return _json({"path": path, "running": await asyncio.to_thread(is_held, studio.root)})

    async def passed(self, _: Request) -> Response:
        left = (await asyncio.to_thread(passed_over.left, self._table.studio))[-_MOST_PASSED:]
        shown = [{"recipe": d.recipe, "name": printable(d.name), "score": d.score} for d in left]
        return _json(shown[::-1])

    async def finish(self, request: Request) -> Response:
        asked = await _body(request, Unfinished)
        left = await asyncio.to_thread(passed_over.left, self._table.studio)
        draft = passed_over.find(left, asked.recipe)
        return _json({"path": await asyncio.to_thread(passed_over.ask, self._table.studio, draft)})

    async def at_work(self, _: Request) -> Response:
        now = await asyncio.to_thread(self._work.now)
        return _json({**now, "made": await asyncio.to_thread(self._table.making)})

    async def best(self, _: Request) -> Response:
        scores, says = await asyncio.to_thread(self._work.best)
        await asyncio.to_thread(self._table.catalogue.score, scores)
        return _json({"scores": len(scores), "says": says})

    async def events(self, _: Request) -> Response:
        return EventSourceResponse(self._table.news.stream(), ping=3600)

    async def page(self, _: Request) -> Response:
        return Response((_PACKAGE / "static" / "index.html").read_bytes(), 200, {}, _HTML)


def app(table: Table, hosts: frozenset[str]) -> Starlette:
    """The light table's web application. `hosts` are the names it may be called by."""
    answers = _Answers(table)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        table.news.bind(asyncio.get_running_loop())
        yield

    return Starlette(
        routes=[
            Route("/", answers.page),
            Route("/api/view", answers.view),
            Route("/api/items", answers.items),
            Route("/api/facets", answers.facets),
            Route("/api/picture/{id:int}", answers.details),
            Route("/api/act", answers.act, methods=["POST"]),
            Route("/api/undo", answers.undo, methods=["POST"]),
            Route("/api/seen", answers.seen, methods=["POST"]),
            Route("/api/more/{id:int}", answers.more, methods=["POST"]),
            Route("/api/again/{id:int}", answers.make_again, methods=["POST"]),
            Route("/api/check", answers.check, methods=["POST"]),
            Route("/api/ask", answers.ask, methods=["POST"]),
            Route("/api/failed", answers.failed),
            Route("/api/mend", answers.mend, methods=["POST"]),
            Route("/api/work", answers.at_work),
            Route("/api/passed", answers.passed),
            Route("/api/finish", answers.finish, methods=["POST"]),
            Route("/api/best", answers.best, methods=["POST"]),
            Route("/thumbnails", answers.thumbnails),
            Route("/picture/{id:int}", answers.picture),
            Route("/again/{id:int}", answers.made_again),
            Route("/events", answers.events),
            Mount("/static", StaticFiles(directory=_PACKAGE / "static")),
        ],
        middleware=[Middleware(Guard, sessions=table.sessions, hosts=hosts)],
        exception_handlers={
            HotfolderError: _refused,
            OSError: _refused,
            sqlite3.Error: _refused,
            msgspec.MsgspecError: _refused,
            UnicodeDecodeError: _refused,
            ValueError: _refused,
        },
        lifespan=lifespan,
    )


_BYTES, _HTML = "application/octet-stream", "text/html"


async def _shown(table: Table, request: Request) -> Shown:
    found = await asyncio.to_thread(table.catalogue.shown, [request.path_params["id"]])
    if not found:
        raise FileNotFoundError(2, "this picture is no longer there")
    return found[0]


def _picture(data: bytes, cached: str) -> Response:
    kind = next((kind for head, kind in _KINDS.items() if data.startswith(head)), None)
    if kind is None:
        return PlainTextResponse("it is not a picture", 404)
    return Response(data, 200, {"Cache-Control": cached}, kind)


def _bytes(table: Table, path: str) -> bytes:
    """A picture's file, as it is now: a link may have taken its place since it was listed."""
    if not is_within(table.studio.root, path):
        raise FileNotFoundError(2, "this picture is no longer there")
    data = read_file(table.studio.root / path, below=table.studio.root)
    if len(data) > MAX_PICTURE_BYTES:
        raise PictureError(f"{PurePosixPath(path).name} is too large to be shown")
    return data


async def _body(request: Request, kind: type[T]) -> T:
    """The request's JSON; raises MsgspecError for another form, HotfolderError for too much."""
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > _MOST_BYTES:
            raise HotfolderError("this is more than can be read at once")
    return msgspec.json.decode(data, type=kind)


async def _refused(_: Request, error: Exception) -> Response:
    """Every refusal is a sentence; none says where things lie on this computer's disks."""
    if isinstance(error, MistakesError):
        says = [str(mistake) for mistake in error.mistakes]
    elif isinstance(error, FileNotFoundError):
        says = ["this is no longer there"]
    elif isinstance(error, OSError):
        says = [refusal(error)]
    elif isinstance(error, sqlite3.Error):
        says = [f"the light table cannot write its notes ({error}); is the disk full?"]
    else:
        says = [str(error)]
    status = 404 if isinstance(error, FileNotFoundError) else 400
    return Response(json_text.encode({"says": says}), status, {}, "application/json")


def _ids(request: Request, most: int) -> list[int]:
    return [int(id_) for id_ in request.query_params.get("ids", "").split(",")[:most] if id_]


def _query(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = dict(request.query_params)
    if "opened" in found:
        found["opened"] = [int(id_) for id_ in found["opened"].split(",") if id_]
    return found


def _json(data: Any) -> Response:
    return Response(json_text.encode(data), 200, {}, "application/json")


def _asdict(outcome: Outcome) -> dict[str, Any]:
    return {"act": outcome.act, "ids": list(outcome.ids), "troubles": list(outcome.troubles)}
