"""The review page without a server, a browser, or files that are written behind it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from starlette.types import Message

from grader.review import serving
from grader.review.desk import ReviewDesk
from grader.review.guard import Session


class Quiet(ReviewDesk):
    """A desk that writes no files of the class: what those cost is another question."""

    def _publish(self) -> None:
        """Nothing."""


def asked(desk: ReviewDesk, address: str) -> str:
    """A page, as whoever came in gets it."""
    app, sent = serving.application(desk), list[Message]()
    path, _, query = address.partition("?")

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)
    # in a thread of its own: this one may run a browser's event loop
    whole = app({"type": "http", "method": "GET", "path": path, "query_string": query.encode(),
                     "headers": [], "state": {"session": Session("ada")}}, receive, send)
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, whole).result()
    assert sent[0]["status"] == 200, address
    return b"".join(message.get("body", b"") for message in sent).decode()
