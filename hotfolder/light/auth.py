"""Who may talk to the light table: keys, sessions, and what a request must look like.

The printed address holds a key that works once and becomes a cookie. A page of another site cannot
use that cookie (SameSite, Origin), nor can a foreign name that was pointed at this computer (Host).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hotfolder.studio.store import local

_LASTS_S = 30 * 24 * 3600.0
_KEY_LASTS_S = 24 * 3600.0
_MOST_SESSIONS = 50
_SAME_SITE = ("same-origin", "none")  # "none": a person typed the address or opened a bookmark
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Sessions:
    """The keys that still work and the browsers that have come in.

    Sessions outlast a restart: their hashes are in a file of this machine that only its owner may
    read, so that a page that is open goes on by itself.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._guard = threading.Lock()
        self._keys: dict[str, float] = {}
        self._sessions = _read(file)

    def key(self) -> str:
        """A new key, good for one browser and one day."""
        key = secrets.token_urlsafe(24)
        with self._guard:
            self._keys[_hashed(key)] = time.time() + _KEY_LASTS_S
        return key

    def open(self, key: str) -> str | None:
        """A session for whoever has a key that was not used; the key is used by that."""
        with self._guard:
            if self._keys.pop(_hashed(key), 0.0) < time.time():
                return None
            session = secrets.token_urlsafe(32)
            kept = sorted(self._sessions.items(), key=lambda item: item[1])[1 - _MOST_SESSIONS :]
            self._sessions = {**dict(kept), _hashed(session): time.time() + _LASTS_S}
            self._save()
            return session

    def knows(self, session: str) -> bool:
        """Whether a browser came in with a key."""
        hashed = _hashed(session)
        return any(
            hmac.compare_digest(hashed, known) and until > time.time()
            for known, until in self._sessions.items()
        )

    def _save(self) -> None:
        local.replace(self._file, json.dumps(self._sessions).encode("ascii"))


class Guard:
    """Lets through what a page of our own asks for a person who has come in.

    `hosts` are the names and ports by which this server may be called, as in "127.0.0.1:8321".
    """

    def __init__(self, app: ASGIApp, sessions: Sessions, hosts: frozenset[str]) -> None:
        self._app = app
        self._sessions = sessions
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it with 403."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        answer = self._refusal(scope)
        await (answer or self._app)(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        request = Request(scope)
        headers = request.headers
        host = headers.get("host", "").lower()
        if len(headers.getlist("host")) != 1 or host not in self._hosts:
            return _refused("this is not one of this computer's names for the light table")
        if not _is_from_here(scope["method"], headers, host):
            return _refused("a page from another site asked for this")
        cookie = cookie_name(host)
        if request.url.path == "/" and (key := request.query_params.get("key")):
            return self._enter(key, cookie, request)
        if not self._sessions.knows(request.cookies.get(cookie, "")):
            return _refused("open the address that `hotfolder light` printed; each works only once")
        return None

    def _enter(self, key: str, cookie: str, request: Request) -> Response:
        session = self._sessions.open(key)
        if session is None:
            if self._sessions.knows(request.cookies.get(cookie, "")):
                return RedirectResponse("/", 303)  # who has come in already may reload
            return _refused("this address was already used; `hotfolder light` prints a new one")
        answer = RedirectResponse("/", 303)
        answer.set_cookie(
            cookie, session, max_age=int(_LASTS_S), path="/", httponly=True, samesite="strict"
        )
        return answer


def cookie_name(host: str) -> str:
    """Browsers keep cookies by name and not by port: each server here has a name of its own."""
    return f"hotfolder-light-{host.rpartition(':')[2]}"


def _is_from_here(method: str, headers: Headers, host: str) -> bool:
    """Whether no other site's page is behind a request: whatever changes something must say so."""
    origin = headers.get("origin")
    if origin is not None and origin.lower() != f"http://{host}":
        return False
    if headers.get("sec-fetch-site", "none") not in _SAME_SITE:
        return False
    return method in ("GET", "HEAD") or origin is not None


def _refused(says: str) -> Response:
    return PlainTextResponse(f"Not here: {says}.\n", 403)


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _read(file: Path) -> dict[str, float]:
    try:
        found: Mapping[str, float] = json.loads(file.read_text("ascii"))
        return {str(session): float(until) for session, until in found.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
