"""Hears of it when the code of a watched function is made a second time, and then follows what is run.

Python tells an audit hook of all code that becomes runnable, whatever it is compiled from, under whatever
file name, and nobody can take a hook away. Code is known by the names and constants that it holds, so that
the library's source compiled again is the same code. Making a copy is nothing yet: only then is it followed
which functions run, which costs time.
"""

from __future__ import annotations

import _thread
import os
import sys
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch

TORCH = f"{Path(torch.__file__).parent}{os.sep}"
HERE = f"{Path(__file__).parent}{os.sep}"
CELLS = f"IPython{os.sep}core{os.sep}interactiveshell.py"  # what runs the notebook's own text
IMPORTS = "<frozen importlib"
RAW = ("start_new_thread", "start_new", "start_joinable_thread", "_start_new_thread",
       "_start_joinable_thread")
FOLLOWING = (__file__, threading.__file__)   # these see to it that threads are followed
DEEPEST = 8  # functions within functions


class Likeness(NamedTuple):
    """What two compilations of one text have in common."""

    names: tuple[str, ...]
    arguments: tuple[int, int, int]
    constants: tuple[object, ...]


_watched: dict[tuple[str, ...], dict[Likeness, str]] = {}  # names in the code -> its likeness -> what it is
_originals: set[int] = set()       # the addresses of the watched code itself
_copied: set[str] = set()
_disguised: set[str] = set()       # file names of torch's that a notebook gave to code of its own
_looked_at: dict[int, tuple[types.CodeType, str | None]] = {}
_notes: list[Callable[[str], None]] = []
_calls: list[bool] = []            # not empty: a call is being made
_blind: list[str] = []             # what has been done in a call, so that not all that runs is followed


def watch(name: str, code: types.CodeType, note: Callable[[str], None]) -> None:
    """From now on, `code` made again is a copy of the function `name`; when one is run, `note` is told."""
    if not _watched:
        sys.addaudithook(_heard)
        for module, function in ((m, f) for m in (_thread, threading) for f in RAW if hasattr(m, f)):
            setattr(module, function, _noticed(getattr(module, function)))
    _notes[:] = [note]
    _originals.add(id(code))
    _watched.setdefault(code.co_names, {})[likeness(code)] = name


def _noticed(start: Callable[..., Any]) -> Callable[..., Any]:
    """Starts a thread; one that `threading` does not start is followed by nothing."""
    def starting(*args: Any, **kwargs: Any) -> Any:
        if _calls and sys._getframe(1).f_code.co_filename not in FOLLOWING:
            _blind.append("thread")
        return start(*args, **kwargs)
    return starting


def of_torch(code: types.CodeType) -> bool:
    """Is this code of torch's own?"""
    return code.co_filename.startswith(TORCH) and code.co_filename not in _disguised


def unfollowed() -> frozenset[str]:
    """The watched functions of which there are copies that may have been run unseen: what follows them was
    switched off, or a thread was started that it does not reach."""
    return frozenset(_copied) if _blind or sys.getprofile() is not _called else frozenset()


@contextmanager
def followed() -> Iterator[None]:
    """Within, what is run is followed if there is a copy of a watched function, whatever the cells left."""
    before = sys.getprofile()
    _calls.append(True)
    _blind.clear()
    if _copied:
        _follow()
    try:
        yield
    finally:
        _calls.pop()
        if _copied:
            sys.setprofile(before)
            threading.setprofile(None)


def likeness(code: types.CodeType, depth: int = 0) -> Likeness:
    """Compiled again, from the same text or with its docstrings left out, it is the same."""
    constants = code.co_consts[isinstance(next(iter(code.co_consts), None), str):]
    inner = tuple(likeness(one, depth + 1) if isinstance(one, types.CodeType) else repr(one)
                  for one in constants if one is not None) if depth < DEEPEST else ()
    return Likeness(code.co_names, (code.co_argcount, code.co_kwonlyargcount, code.co_posonlyargcount), inner)


def _heard(event: str, details: tuple[Any, ...]) -> None:
    if event in ("exec", "function.__new__"):
        code = details[0]
    elif event == "object.__setattr__" and details[1] == "__code__":
        code = details[2]
    else:
        if _calls and event == "sys.setprofile" and sys._getframe(1).f_code.co_filename not in FOLLOWING:
            _blind.append(event)
        return
    if isinstance(code, types.CodeType):
        maker = sys._getframe(1).f_code.co_filename
        if not (maker.startswith(HERE) or (maker.endswith(CELLS) and "ipykernel_" in code.co_filename)):
            _made(code, maker)


def _made(code: types.CodeType, maker: str) -> None:
    """Code has become runnable, and not by a notebook's own text."""
    file = code.co_filename
    if file.startswith(TORCH) and not maker.startswith(TORCH) and not (
            maker.startswith(IMPORTS) and Path(file).exists()):
        _disguised.add(file)
    found = set(_within(code))
    if found:
        _copied.update(found)
        if _calls or threading.current_thread() is not threading.main_thread():  # who may outlive its cell
            _follow()


def _within(code: types.CodeType, depth: int = 0) -> Iterator[str]:
    """The watched functions whose code this is, or holds."""
    if code.co_names in _watched and (name := _watched[code.co_names].get(likeness(code))):
        yield name
    if depth < DEEPEST:
        for part in code.co_consts:
            if isinstance(part, types.CodeType):
                yield from _within(part, depth + 1)


def _follow() -> None:
    threading.setprofile(_called)
    sys.setprofile(_called)


def _called(frame: types.FrameType, event: str, _: object) -> None:
    if event != "call":
        return
    code = frame.f_code
    if id(code) not in _looked_at:
        _looked_at[id(code)] = (code, _watched.get(code.co_names, {}).get(likeness(code)))
    name = _looked_at[id(code)][1]
    if name and not (id(code) in _originals and _noted(frame.f_back)):
        for note in _notes:
            note(name)


def _noted(frame: types.FrameType | None) -> bool:
    """Was a watched function called by what has noted it?"""
    return frame is not None and frame.f_code.co_filename == f"{HERE}recorder.py"
