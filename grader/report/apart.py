"""Pages of a stranger's notebook, made in a process of their own: whatever they cost there, it ends.

Highlighting and Markdown are other people's patterns, and some take minutes for a few thousand characters.
One process makes page after page and remembers what most notebooks have in common. Where it dies of one,
another makes that page plain, and the ones to come.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import lru_cache
from typing import BinaryIO, cast

import msgspec

from grader.files import import_path
from grader.report import page, safe_text

WALL_SECONDS = 20.0       # of a page: four times what the process may compute, for a busy machine
START_SECONDS = 120.0     # until it has imported everything
MOST_BYTES = 32 << 20     # of a page: no reader's browser likes a larger one


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One page to be made; a line of JSON."""

    notebook: str
    student: str
    exercise: str
    report: str
    language: str
    plain: bool            # no colours, no Markdown, no pictures: linear in the notebook's length


def executed(notebook: str, *, student: str = "", exercise: str = "", report: str = "",
             language: str = "en") -> str:
    """The page of a notebook as it was executed: plain where anything else costs too much, and it says so."""
    for plain in False, True:
        made = _child().page(Asked(notebook=_storable(notebook), student=_storable(student),
                                   exercise=_storable(exercise), report=_storable(report), language=language,
                                   plain=plain))
        if made:
            return made
    return page.html("executed.html.j2", language, cells=(), plain=False, student=safe_text.line(student),
                     exercise=safe_text.line(exercise), report=safe_text.href(report), policy=page.policy())


def start() -> None:
    """Begin what is slow the first time, and do not wait for it."""
    _child().start()


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


class Child:
    """The process, started when it is first wanted and again where it has died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False     # it has imported everything, and said so by an empty line

    def start(self) -> None:
        with self._lock:
            self._running()

    def page(self, asked: Asked) -> str:
        """The page; "" where it was not done within the limits."""
        with self._lock:
            process = self._running()
            if not self._ready:
                with _ended_after(process, START_SECONDS):
                    self._ready = _pipe(process.stdout).readline(1) == b"\n"
            with _ended_after(process, WALL_SECONDS), contextlib.suppress(OSError):
                _pipe(process.stdin).write(msgspec.json.encode(asked) + b"\n")
                _pipe(process.stdin).flush()
                answer = _pipe(process.stdout).readline(MOST_BYTES)
                if answer.endswith(b"\n"):
                    return msgspec.json.decode(answer, type=str)
            self._close()
            return ""

    def close(self) -> None:
        with self._lock:
            self._close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self._close()
        if self._process is None:
            self._ready = False
            environment = {**os.environ, "PYTHONPATH": import_path()}
            self._process = subprocess.Popen([sys.executable, "-P", "-m", "grader.report.child"],
                                             env=environment, stdin=subprocess.PIPE,
                                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return self._process

    def _close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in process.stdin, process.stdout:
            with contextlib.suppress(OSError):  # what was not written cannot be any more
                _pipe(pipe).close()
        process.wait()


@lru_cache
def _child() -> Child:
    made = Child()
    atexit.register(made.close)
    return made


@contextlib.contextmanager
def _ended_after(process: subprocess.Popen[bytes], seconds: float) -> Iterator[None]:
    alarm = threading.Timer(seconds, process.kill)
    alarm.daemon = True
    alarm.start()
    try:
        yield
    finally:
        alarm.cancel()


def _pipe(pipe: object) -> BinaryIO:
    return cast(BinaryIO, pipe)
