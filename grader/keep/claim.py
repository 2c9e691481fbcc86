"""Who is at work in an output folder: locks that die with their process, so that none is ever left behind."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.errors import Mendable

# Two files: whoever closes one lets go of every lock that the process has on it.
AT_WORK, PUBLISHING = "gradebook.lock", "pages.lock"
_threads = threading.RLock()       # a process is one owner to the kernel, whatever its threads do


class BusyError(Mendable):
    """Another process is at work in the folder: one line."""


@contextmanager
def at_work(out: Path) -> Iterator[None]:
    """For what runs or judges a class: one process at a time.

    Raises:
        BusyError: there is another one.
    """
    with _opened(out / AT_WORK) as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(f"{out}: another grader is at work in this folder (process "
                            f"{_said(file) or 'unknown'}); wait until it is done, or stop it") from error
        os.pwrite(file, f"{os.getpid():<20}\n".encode(), 0)
        yield


@contextmanager
def publishing(out: Path) -> Iterator[None]:
    """For what writes the files of the whole class: one after the other, so that the last to write is the
    last to have read."""
    with _threads, _opened(out / PUBLISHING) as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield file
    finally:
        os.close(file)


def _said(file: int) -> str:
    return os.pread(file, 20, 0).decode("ascii", "replace").strip()
