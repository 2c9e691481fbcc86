"""Writes down which watched functions a student's own code calls.

The recorder knows functions by identity, not by name: the body of the function itself is exchanged, so every
reference to it, an alias or a copy imported earlier, leads through here. torch's own layers call some of
these functions when they are built; such calls go on working and are not written down.

It is advisory. Code that sets out to hide a call, or to rewrite this module, can: the two run in one process.
"""

from __future__ import annotations

import functools
import inspect
import os
import pkgutil
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch

TORCH = f"{Path(torch.__file__).parent}{os.sep}"
HERE = f"{Path(__file__).parent}{os.sep}"
HOOK = "__grader_recorder__"

_called: list[str] = []
_installed: set[str] = set()


@contextmanager
def recording(names: Sequence[str]) -> Iterator[Callable[[], tuple[str, ...]]]:
    """Within, calls of the named functions are recorded; the value tells which so far."""
    for name in names:
        install(name)
    _called.clear()
    yield lambda: tuple(name for name in names if name in _called)
    _called.clear()


def install(name: str) -> None:
    """Watch the function with this dotted name. One that this torch lacks cannot be called, and
    is skipped."""
    if name in _installed:
        return
    _installed.add(name)
    parent_name, _, last = name.rpartition(".")
    try:
        parent: Any = pkgutil.resolve_name(parent_name)
        function = getattr(parent, last)
    except (ImportError, AttributeError, ValueError):
        return
    if inspect.isclass(function):
        parent, last, function = function, "__init__", function.__init__
    if not (isinstance(function, types.FunctionType) and _exchange_body(function, name)):
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
    original = types.FunctionType(function.__code__, function.__globals__, function.__name__,
                                  function.__defaults__)
    original.__kwdefaults__ = function.__kwdefaults__
    hook = f"{HOOK}{name.replace('.', '_')}"
    function.__globals__[hook] = functools.partial(_note_and_call, name, original)
    signature = inspect.signature(function)
    scope: dict[str, Any] = {}
    exec(f"def {function.__name__}(*args, **kwargs):\n    return {hook}(*args, **kwargs)", scope)
    body = scope[function.__name__].__code__
    # whoever asks for the source still finds it; no `__wrapped__`, which would be the original
    was = function.__code__
    function.__code__ = body.replace(co_filename=was.co_filename, co_firstlineno=was.co_firstlineno,
                                     co_qualname=function.__qualname__)
    function.__signature__ = signature  # type: ignore[attr-defined]
    return True


def _note_and_call(name: str, original: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    _note(name, sys._getframe(1))
    return original(*args, **kwargs)


def _note(name: str, frame: types.FrameType | None) -> None:
    words = {name.rpartition(".")[2], "__init__"}
    while frame is not None and _passes_on(frame.f_code, words):
        frame = frame.f_back
    if frame is not None and not frame.f_code.co_filename.startswith(TORCH):
        _called.append(name)


def _passes_on(code: types.CodeType, words: set[str]) -> bool:
    """Did this frame only call what it was given? torch's code that wants the function itself
    says its name."""
    file = code.co_filename
    return (file.startswith(HERE) or file == functools.__file__
            or any(w.startswith(HOOK) for w in code.co_names)
            or (file.startswith(TORCH) and words.isdisjoint(code.co_names)))
