"""Who may ask, and from where: before any page is made.

The page is bound to this machine alone, yet every web site that the tutor's browser has open, and every
program that serves pages on another port of this machine, can send requests to it.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 200_000           # of a request's body: a comment and a few numbers
ENTRANCE = "/enter"
REFUSED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; "
          "img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Session:
    """One browser of one marker's."""

    def __init__(self, marker: str) -> None:
        self.marker = marker
        self.secret = secrets.token_urlsafe(32)    # the cookie
        self.form = secrets.token_urlsafe(32)      # what every form of its pages carries


class Door:
    """The markers' one-time tokens, and the browsers that came in with one."""

    def __init__(self, markers: Iterable[str]) -> None:
        self._tokens = {self._new(): name for name in markers}
        self._sessions: dict[str, Session] = {}

    @staticmethod
    def _new() -> str:
        return secrets.token_urlsafe(24)

    def tokens(self) -> dict[str, str]:
        """Marker -> a token that nobody has used."""
        return {name: token for token, name in self._tokens.items()}

    def enter(self, token: str) -> Session | None:
        """A session for a token, which is worth nothing from now on; the marker has a new one."""
        marker = self._tokens.pop(token, None)
        if marker is None:
            return None
        self._tokens[self._new()] = marker
        made = Session(marker)
        self._sessions[made.secret] = made
        return made

    def session(self, secret: str) -> Session | None:
        """Whose cookie this is."""
        return self._sessions.get(secret)


class Guard:
    """ASGI: lets through what comes from a page of ours in a browser that came in, refuses all else, and puts
    the headers on every answer."""

    def __init__(self, app: ASGIApp, *, door: Door, port: int,
                 entered: Callable[[str], None]) -> None:
        self._app = app
        self._door = door
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._cookie = f"grader-review-{port}"  # browsers share cookies between ports
        self._entered = entered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        answer: ASGIApp = self._app
        session = None
        if why := self._strange(scope, headers):
            answer = PlainTextResponse(why, 403)
        elif scope["path"] == ENTRANCE:
            answer = self._entrance(scope)
        elif (session := self._door.session(self._secret(headers))) is None:
            answer = PlainTextResponse("Open the link that `grader review` printed.", 403)
        elif not _short(scope, headers):
            answer = PlainTextResponse("Too long, or of unknown length.", 413)
        scope.setdefault("state", {})["session"] = session
        await answer(scope, receive, _dressed(send))

    def _strange(self, scope: Scope, headers: dict[str, str]) -> str:
        """Why a request is none of a page of ours; "" where it may be one."""
        host = headers.get("host", "")
        if host not in self._hosts or sum(name == b"host" for name, _ in scope["headers"]) != 1:
            return "This page is called 127.0.0.1 or localhost, and nothing else."  # DNS rebinding
        if scope["method"] not in ("GET", "POST"):
            return "GET or POST."
        site, origin = headers.get("sec-fetch-site", ""), headers.get("origin", "")
        if scope["method"] == "GET":
            anywhere = scope["path"] == ENTRANCE   # a link in a message may lead there
            return "" if anywhere or site in ("", "none", "same-origin") else "Not from another site."
        if origin not in ("", f"http://{host}") or site not in ("", "same-origin") or not (origin or site):
            return "Not from another site."
        return ""

    def _secret(self, headers: dict[str, str]) -> str:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return ""
        return found.value if found else ""

    def _entrance(self, scope: Scope) -> ASGIApp:
        """The cookie, on a page that leads on by itself: a browser that came from elsewhere sends no strict
        cookie with a redirect."""
        token = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        session = self._door.enter(token) if scope["method"] == "GET" else None
        if session is None:
            return PlainTextResponse("This link has been used, or is none. The terminal has the next one.",
                                     403)
        self._entered(session.marker)
        page = ('<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>grader review</title>'
                '<meta http-equiv="refresh" content="0; url=/"><p><a href="/">To the review page</a></p>')
        answer = PlainTextResponse(page, media_type="text/html")
        answer.set_cookie(self._cookie, session.secret, httponly=True, samesite="strict", path="/")
        return answer


def _short(scope: Scope, headers: dict[str, str]) -> bool:
    length = headers.get("content-length", "" if scope["method"] == "POST" else "0")
    return length.isdecimal() and int(length) <= MOST_BYTES and "transfer-encoding" not in headers


def allowed(session: Session, token: str) -> bool:
    """Does a form carry what only this browser's pages know?"""
    return hmac.compare_digest(session.form.encode(), token.encode("utf-8", "replace"))


def _dressed(send: Send) -> Send:
    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message["headers"]}
            policy = POLICY if message["status"] < 400 else REFUSED
            more = {**HEADERS, "Content-Security-Policy": policy}
            message["headers"] = [*message["headers"], *(
                (name.lower().encode(), value.encode()) for name, value in more.items()
                if name.lower().encode() not in there)]
        await send(message)
    return dressed
