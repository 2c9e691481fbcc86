"""The page as a tutor has it: the command itself, serving a small class."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.browser.conftest import browser
from tests.review import course

__all__ = ["browser"]
ROOT = Path(__file__).resolve().parent.parent.parent
LINK = re.compile(r"http://127\.0\.0\.1:\d+/enter\?token=[\w-]+")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    text: str


@dataclass
class Served:
    """A running `grader review`."""

    out: Path
    process: subprocess.Popen[str]
    links: dict[str, str] = field(default_factory=dict)
    base: str = ""             # "http://127.0.0.1:54321"

    @property
    def port(self) -> int:
        return int(self.base.rpartition(":")[2])

    def link(self, marker: str) -> str:
        """A link that nobody has used; the terminal then has the next one, which is waited for."""
        return self.links.pop(marker)

    def used(self, marker: str) -> None:
        """Take the next link of a marker's from the terminal."""
        assert self.process.stdout
        while marker not in self.links:
            line = self.process.stdout.readline()
            assert line, "the server is gone"
            self.heard(line)

    def heard(self, line: str) -> None:
        if found := LINK.search(line):
            self.links[re.split(r"[: ]", line)[0]] = found[0]
            self.base = found[0].partition("/enter")[0]

    def ask(self, method: str, path: str, body: Mapping[str, str] | None = None,
            **headers: str) -> Answer:
        """One request as it is, of whatever host and cookie; `_` in a header's name is a hyphen."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = urlencode(body) if body is not None else None
        plain = {"Host": f"127.0.0.1:{self.port}"}
        if sent is not None:
            plain["Content-Type"] = "application/x-www-form-urlencoded"
        plain |= {name.replace("_", "-"): value for name, value in headers.items()}
        with contextlib.closing(line):
            line.request(method, path, sent, plain)
            with line.getresponse() as got:
                return Answer(got.status, got.headers, got.read().decode())

    def cookie(self, marker: str) -> str:
        """Come in as somebody, without a browser."""
        answer = self.ask("GET", self.link(marker).removeprefix(self.base))
        assert answer.status == 200
        self.used(marker)
        return answer.headers["Set-Cookie"].partition(";")[0]


def start(out: Path, *markers: str) -> Served:
    """The command, when it says that it listens."""
    words = [sys.executable, "-m", "grader", "review", str(out), "--no-open"]
    process = subprocess.Popen([*words, *(part for name in markers for part in ("--marker", name))],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT,
                               env={**os.environ, "PYTHONPATH": str(ROOT)})
    served = Served(out, process)
    assert process.stdout
    for line in process.stdout:
        served.heard(line)
        if "Ctrl+C" in line:
            return served
    raise AssertionError(f"it did not start: {process.wait()}")


def stop(served: Served) -> int:
    """As Ctrl+C does; the exit code."""
    served.process.send_signal(signal.SIGINT)
    code = served.process.wait(timeout=120)
    assert served.process.stdout
    served.process.stdout.close()
    return code


@contextlib.contextmanager
def running(out: Path, *markers: str) -> Iterator[Served]:
    """The command, which is gone afterwards."""
    served = start(out, *markers)
    try:
        yield served
    finally:
        if served.process.poll() is None:
            stop(served)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A small class under review by ada and bo."""
    out = tmp_path_factory.mktemp("review") / "out"
    course.make(out)
    with running(out, "ada", "bo") as served:
        yield served


@pytest.fixture
def pages(browser: Any, served: Served) -> Iterator[Any]:
    """pages(marker): a page of Playwright in a browser that came in as that marker."""
    contexts: list[Any] = []

    def opened(marker: str, *, width: int = 1280, scheme: str = "light") -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.goto(served.link(marker))
        page.wait_for_url(f"{served.base}/")
        served.used(marker)
        return page

    yield opened
    for context in contexts:
        context.close()
