"""The server, from its first line in the terminal to the last file written."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from grader.errors import Mendable
from grader.keep.output import Output
from grader.keep.publish import opened
from grader.review import changing, showing
from grader.review.desk import ReviewDesk
from grader.review.guard import ENTRANCE, Door, Guard

HERE = "127.0.0.1"
NAME = re.compile(r"[\w.@-][\w .@-]{0,39}")
Tell = Callable[[str], None]


class ReviewError(Mendable):
    """The page cannot be served. One line."""


def serve(out: Path, markers: Sequence[str], *, port: int, browse: bool, tell: Tell) -> None:
    """Serve the review page of a folder until somebody stops it.

    Args:
        port: 0 for a free one.
        browse: open the first marker's page in the browser.
        tell: a line for the terminal.

    Raises:
        ReviewError: the port is taken, or a marker's name is none.
        GradebookError: there is no gradebook, or it cannot be read or written.
    """
    names = list(dict.fromkeys(markers)) or ["tutor"]
    for name in names:
        if not NAME.fullmatch(name) or name == "grader":
            raise ReviewError(f"--marker {name!r}: a name has letters, digits, spaces and . @ - _, and is "
                              "not 'grader'")
    with _bound(port) as bound, opened(out) as book:
        desk = ReviewDesk(book, Output(out))
        try:
            _run(desk, bound, names, browse, tell)
        finally:
            if desk.publisher.behind:
                tell("writing the class page, results.jsonl and grades.csv ...")
            desk.close()
        if desk.publisher.problem:
            raise ReviewError(f"every change is in the gradebook, and the files are older: "
                              f"{desk.publisher.problem}; then run `grader report {out}`")


def _run(desk: ReviewDesk, bound: socket.socket, names: Sequence[str], browse: bool, tell: Tell) -> None:
    port, door = bound.getsockname()[1], Door(names)

    def link(marker: str) -> str:
        return f"http://{HERE}:{port}{ENTRANCE}?token={door.tokens()[marker]}"

    for name in names:
        tell(f"{name}: {link(name)}")
    tell("each link opens the page in one browser, once; Ctrl+C ends it")
    app = Guard(application(desk), door=door, port=port,
                entered=lambda marker: tell(f"{marker} came in; for another browser: {link(marker)}"))
    if browse:
        threading.Thread(target=webbrowser.open, args=(link(names[0]),), daemon=True).start()
    config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off", server_header=False,
                            proxy_headers=False, ws="none", timeout_graceful_shutdown=3)
    _Server(config).run(sockets=[bound])


def application(desk: ReviewDesk) -> Starlette:
    """The pages and forms, for `Guard` to stand before."""
    made = Starlette(routes=[*showing.routes(), *changing.routes()])
    made.state.desk = desk
    return made


@contextlib.contextmanager
def _bound(port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((HERE, port))
        except OSError as error:
            raise ReviewError(f"port {port} of {HERE}: {error.strerror}; give another --port, or "
                              "none") from None
        bound.listen()  # whoever opens the link at once waits, and is not refused
        yield bound


class _Server(uvicorn.Server):
    """Ends by a signal without passing it on: what was changed is still to be written."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for which in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(which, self.handle_exit, which, None)
        yield
        for which in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(which)
