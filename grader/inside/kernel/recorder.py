"""Writes down which watched functions a student's own code calls.

The recorder knows functions by identity, not by name: the body of the function itself is exchanged, so every
reference to it, an alias or a copy imported earlier, leads through here. torch's own layers call some of
these functions when they are built; such calls go on working and are not written down. The function's own
code made a second time, from the library's source or out of a code object, is told by `copies`.

It is advisory. Code that sets out to hide a call, or to rewrite this module, can: the two run in one process.
"""

from __future__ import annotations

import functools
import inspect
import mmap
import os
import pkgutil
import sys
import tempfile
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from grader.inside.kernel import copies

TORCH = copies.TORCH
HERE = f"{Path(__file__).parent}{os.sep}"
HOOK = "__grader_recorder__"
MOST = 4096  # watched functions

_installed: dict[str, int] = {}  # name -> its place among the notes
_classes: set[str] = set()
_notes: Any = bytearray(MOST)    # not zero: called


def share() -> None:
    """From now on what this process forks writes its notes here too, a call's children and a cell's."""
    global _notes
    with tempfile.TemporaryFile() as file:  # shared memory that is in no file, a kernel is not given
        file.truncate(MOST)
        _notes = mmap.mmap(file.fileno(), MOST)


@contextmanager
def recording(names: Sequence[str]) -> Iterator[Callable[[], tuple[str, ...]]]:
    """Within, calls of the named functions are recorded; the value tells which so far."""
    for name in names:
        install(name)
    _notes[:] = bytes(MOST)

    def called() -> tuple[str, ...]:
        for name in copies.unfollowed():
            _write(name)
        return tuple(name for name in names if _notes[_installed[name]])

    with copies.followed():
        yield called


def install(name: str) -> None:
    """Watch the function with this dotted name. One that this torch lacks cannot be called, and
    is skipped."""
    if name in _installed or len(_installed) == MOST:
        return
    _installed[name] = len(_installed)
    parent_name, _, last = name.rpartition(".")
    try:
        parent: Any = pkgutil.resolve_name(parent_name)
        function = getattr(parent, last)
    except (ImportError, AttributeError, ValueError):
        return
    if inspect.isclass(function):
        parent, last, function = function, "__init__", function.__init__
        _classes.add(name)
    inner = inspect.unwrap(function)  # what decorates it calls it, and need not be known
    if not (isinstance(inner, types.FunctionType) and _exchange_body(inner, name)):
        setattr(parent, last, _wrapped(function, name))


def _wrapped(function: Any, name: str) -> Any:
    @functools.wraps(function)
    def watched(*args: Any, **kwargs: Any) -> Any:
        _note(name, sys._getframe(1))
        return function(*args, **kwargs)
    with suppress(TypeError, ValueError):  # some built-in functions have none
        watched.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    del watched.__wrapped__  # it would hand out the function itself
    return watched


def _exchange_body(function: types.FunctionType, name: str) -> bool:
    """Put a recording body into the function object itself. False where it closes over variables: it cannot
    be done."""
    if function.__closure__:
        return False
    hook = f"{HOOK}{name.replace('.', '_')}"
    if any(word.startswith(HOOK) for word in function.__code__.co_names):
        return True  # another name of it is watched
    was, signature = function.__code__, inspect.signature(function)
    copies.watch(name, was, _write)
    function.__globals__[hook] = _hook(name, was, function.__globals__, function.__defaults__,
                                       function.__kwdefaults__)
    scope: dict[str, Any] = {}
    exec(f"def {function.__name__}(*args, **kwargs):\n    return {hook}(*args, **kwargs)", scope)
    body = scope[function.__name__].__code__
    # whoever asks for the source still finds it; no `__wrapped__`, which would be the original
    function.__code__ = body.replace(co_filename=was.co_filename, co_firstlineno=was.co_firstlineno,
                                     co_qualname=function.__qualname__)
    function.__signature__ = signature  # type: ignore[attr-defined]
    return True


def _hook(name: str, code: types.CodeType, scope: dict[str, Any], defaults: tuple[Any, ...] | None,
          keywords: dict[str, Any] | None) -> Callable[..., Any]:
    """Notes a call and makes it. No function with the original code lies anywhere between calls: whoever
    makes one is heard (copies.py)."""
    def note_and_call(*args: Any, **kwargs: Any) -> Any:
        _note(name, sys._getframe(1))
        original = types.FunctionType(code, scope, code.co_name, defaults)
        original.__kwdefaults__ = keywords
        return original(*args, **kwargs)
    return note_and_call


def _note(name: str, frame: types.FrameType | None) -> None:
    words = {name.rpartition(".")[2], *(["__init__"] if name in _classes else [])}
    while frame is not None and _passes_on(frame.f_code, words):
        frame = frame.f_back
    if frame is not None and not copies.of_torch(frame.f_code):
        _write(name)


def _write(name: str) -> None:
    _notes[_installed[name]] = 1


def _passes_on(code: types.CodeType, words: set[str]) -> bool:
    """Did this frame only call what it was given? torch's code that wants the function itself
    says its name."""
    file = code.co_filename
    return (file.startswith(HERE) or file == functools.__file__
            or any(w.startswith(HOOK) for w in code.co_names)
            or (copies.of_torch(code) and words.isdisjoint(code.co_names)))


