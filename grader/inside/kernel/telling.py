"""What is said of an exception, in bounded time and length, whatever it is: its text is the student's code.

IPython's own tracebacks are shown where they are cheap. They take a minute for a deep recursion, a long chain
of causes, a long line or a slow `__str__`; then a plain one is shown, with the same places in it.
"""

from __future__ import annotations

import contextlib
import functools
import linecache
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

from grader.wall.text import name_of, storable

T = TypeVar("T")
SECONDS = 1.0          # for an exception's text, and again for a traceback
NO_TEXT = "(no text: "
AGAIN = 0.2            # s until it is asked once more to stop
MAX_TEXT = 32 << 10    # characters of an exception's text
MODEST_FRAMES = 50     # of all exceptions in a chain: IPython renders a hundred in a second
MODEST_CHAIN = 8       # exceptions
MODEST_TEXT = 10_000   # characters of its text
MODEST_LINE = 1000     # characters of a source line: what looks for the failing expression slows with them
MODEST_SOURCE = 200_000   # characters of one file
ENDS = 8               # frames shown of each end
MAX_LINE = 300         # characters of a shown source line


class TooSlow(BaseException):  # as KeyboardInterrupt is: no `except Exception` eats it
    """It took too long to say what happened."""


_held: list[bool] = []  # something is being sent, and must be sent whole


class Said(NamedTuple):
    """An exception in words."""

    name: str
    text: str


@contextlib.contextmanager
def in_time(seconds: float = SECONDS) -> Iterator[None]:
    """Raise TooSlow within, where the system and the thread allow it. Another alarm goes on afterwards."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    armed = [True]

    def stop(*_: object) -> None:
        if armed and not _held:
            raise TooSlow
    before, began = signal.signal(signal.SIGALRM, stop), time.monotonic()
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        try:
            yield
        finally:
            armed.clear()
    finally:
        signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - began), AGAIN) if left else 0)
        signal.signal(signal.SIGALRM, before)


def said(error: BaseException, most: int = MAX_TEXT) -> Said:
    """Its class's name and its text, cut to `most` characters."""
    name = name_of(type(error))
    try:
        with in_time():
            text = str(error)
    except BaseException as another:  # a student's own __str__
        return Said(name, f"{NO_TEXT}{name_of(type(another))})")
    return Said(name, storable(text, most))


def bound(shell: Any) -> None:
    """From here on the shell says what happened in bounded time and length."""
    Telling(shell)


class Telling:
    """Stands before a shell's own ways of showing an exception."""

    def __init__(self, shell: Any) -> None:
        self.shell, self.depth, self.told = shell, 0, False
        self.last: tuple[BaseException, Said] | None = None
        self.send = shell._showtraceback
        shell._showtraceback, shell.run_cell_async = self.sent, self.after(shell.run_cell_async)
        shell._format_exception_for_storage = self.stored  # newer IPythons render each traceback once more
        shell.should_run_async = _total(shell.should_run_async)
        for name in "showtraceback", "showsyntaxerror":
            setattr(shell, name, functools.partial(self.shown, getattr(shell, name)))

    def words(self, error: BaseException) -> Said:
        """What it says of itself, asked for once."""
        if self.last is None or self.last[0] is not error:
            self.last = error, said(error)
        return self.last[1]

    def shown(self, show: Any, *args: Any, **keywords: Any) -> None:
        """As IPython shows it, or plainly."""
        given = args[0] if args else keywords.get("exc_tuple")
        error = given[1] if isinstance(given, tuple) else sys.exc_info()[1]
        self.told = False
        words = Said("", "") if error is None else self.words(error)
        if error is None or _quick(lambda: is_modest(error, words), False):
            try:
                with in_time():
                    show(*args, **keywords)
                return
            except TooSlow:
                pass
        if error is not None and not self.told:
            nothing: list[str] = []
            self.sent(type(error), error, _quick(lambda: plain(error, words, self.shell.compile), nothing))

    def sent(self, _: Any, error: Any, lines: Any) -> None:
        """Send it, whole: what is half sent is no message."""
        stand_in = _stand_in(self.words(error))
        cut = [storable(line, MAX_TEXT) for line in lines] if isinstance(lines, list) else []
        _held.append(True)
        try:
            self.send(type(stand_in), stand_in, cut)
            self.told = True
        finally:
            _held.pop()

    def stored(self, error: BaseException, *_: object, **__: object) -> dict[str, Any]:
        """What a history would keep; there is none."""
        words = self.words(error)
        return {"ename": words.name, "evalue": words.text, "traceback": []}

    def after(self, run: Any) -> Any:
        """The same way to run a cell; the kernel asks it once more what went wrong."""
        @functools.wraps(run)
        async def ran(*args: Any, **keywords: Any) -> Any:
            self.depth += 1
            try:
                result = await run(*args, **keywords)
            finally:
                self.depth -= 1
            if not self.depth:  # else it is a notebook's own call, which is given what was raised
                for name in "error_before_exec", "error_in_exec":
                    error = getattr(result, name, None)
                    if error is not None:
                        setattr(result, name, _stand_in(self.words(error)))
                self.last = None
            return result
        return ran


def _quick(what: Callable[[], T], otherwise: T) -> T:
    """What comes of it in time. A frame may name any file as its source, and that is read."""
    try:
        with in_time():
            return what()
    except (TooSlow, Exception):
        return otherwise


def _total(should_run_async: Any) -> Any:
    """The same question; no where it raises, as it does for what cannot be compiled: the kernel would never
    reply."""
    @functools.wraps(should_run_async)
    def asked(*args: Any, **keywords: Any) -> bool:
        try:
            return bool(should_run_async(*args, **keywords))
        except Exception:
            return False
    return asked


def _stand_in(words: Said) -> Exception:
    """An exception that is called as another, and says as much of itself, at once."""
    kind: type[Exception] = type(words.name.replace("\0", "?"), (Exception,),
                                 {"__str__": lambda _: words.text})
    return kind()


def is_modest(error: BaseException, words: Said) -> bool:
    """Is it cheap to render at length?"""
    if len(words.text) > MODEST_TEXT or words.text.startswith(NO_TEXT):
        return False
    if isinstance(error, BaseExceptionGroup):  # IPython would tell the place of the error before
        return False
    frames, chain, files = 0, 0, set[str]()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None:
            continue
        chain += 1
        trace = one.__traceback__
        while trace is not None and frames <= MODEST_FRAMES:
            frames += 1
            files.add(trace.tb_frame.f_code.co_filename)
            trace = trace.tb_next
        if chain > MODEST_CHAIN or frames > MODEST_FRAMES or _long_source(one):
            return False
        waiting += [one.__cause__, one.__context__]
    return all(map(_is_modest_source, files))


def _long_source(error: BaseException) -> bool:
    """Does a SyntaxError quote more than a screen?"""
    text = error.text if isinstance(error, SyntaxError) else None
    return isinstance(text, str) and len(text) > MODEST_LINE


def _is_modest_source(file: str) -> bool:
    if Path(file).exists() and not Path(file).is_file():
        return False
    lines = linecache.getlines(file)
    sizes = [len(line) for line in lines]
    return max(sizes, default=0) <= MODEST_LINE and sum(sizes) <= MODEST_SOURCE


def plain(error: BaseException, words: Said, compiler: Any) -> list[str]:
    """A traceback of an exception's own frames, of many the two ends."""
    places = list[tuple[TracebackType, str]]()
    trace, file = error.__traceback__, ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if places or "ipykernel_" in file or trace.tb_next is None:  # IPython's own are above the cell's
            places.append((trace, file))
        trace = trace.tb_next
    middle = len(places) - 2 * ENDS
    shown = [_place(*each, compiler) for each in (places[:ENDS] + places[-ENDS:] if middle > 0 else places)]
    if middle > 0:
        shown.insert(ENDS, f"... {middle} more ...")
    if isinstance(error, SyntaxError):
        line = error.lineno if isinstance(error.lineno, int) else 0
        shown.append(_heading(str(error.filename)[:MAX_LINE], line, compiler)
                     + f"\n    {storable(error.text, MAX_LINE)}".rstrip())
    return ["Traceback (most recent call last)", *shown, f"{words.name}: {words.text}"]


def _place(trace: TracebackType, file: str, compiler: Any) -> str:
    number = trace.tb_lineno or 0
    odd = Path(file).exists() and not Path(file).is_file()   # a device has no last line
    text = "" if odd else storable(linecache.getline(file, number).strip(), MAX_LINE)
    name = storable(trace.tb_frame.f_code.co_name, MAX_LINE)
    return f"{_heading(file, number, compiler)}, in {name}\n----> {number} {text}"


def _heading(file: str, number: int, compiler: Any) -> str:
    label = compiler.format_code_name(file) if hasattr(compiler, "format_code_name") else None
    return f"{' '.join(label)}, line {number}" if label else f"File {storable(file, MAX_LINE)}:{number}"
