"""One piece of work after the other, by several processes of ours at once."""

from __future__ import annotations

import gc
import multiprocessing
import signal
import sys
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from grader.execute.pool import default_jobs

T = TypeVar("T")
R = TypeVar("R")

FEW = 4      # pieces that one process has done as soon as another one would have begun
AHEAD = 4    # pieces for each process that are on their way there or back; the rest is not in memory
_work: Callable[[Any], Any] | None = None   # in such a process: what it does


def each(work: Callable[[T], R], pieces: Iterable[T], count: int) -> Iterator[tuple[T, R]]:
    """Each piece and what `work` makes of it, in their order.

    The processes are forks: what `work` reaches is there already, and is loaded and sent no second time. It
    may read and write files, and touches no gradebook: a connection belongs to one process. Where a process
    dies, the pieces that it leaves are done here.

    Args:
        count: of the pieces, about; few are done here.
    """
    processes = min(default_jobs(), count // FEW) if sys.platform == "linux" else 1
    if processes < 2:
        yield from ((piece, work(piece)) for piece in pieces)
        return
    gc.freeze()   # or each process's collector goes over all that is shared, and makes it its own
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_begin, initargs=(work,)) as pool:
        try:
            for piece, answer in _ahead(pool, pieces, AHEAD * processes):
                yield piece, _answered(answer, work, piece)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _ahead(pool: ProcessPoolExecutor, pieces: Iterable[T],
           most: int) -> Iterator[tuple[T, Future[Any] | None]]:
    """The pieces in their order, each with its answer to come; None where nobody is left to give one."""
    waiting: deque[tuple[T, Future[Any] | None]] = deque()
    for piece in pieces:
        waiting.append((piece, _sent(pool, piece)))
        if len(waiting) >= most:
            yield waiting.popleft()
    yield from waiting


def _sent(pool: ProcessPoolExecutor, piece: Any) -> Future[Any] | None:
    # Newer Pythons warn of forks beside threads; no lock of those that are here is wanted there.
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        try:
            return pool.submit(_done, piece)
        except BrokenProcessPool:
            return None


def _answered(answer: Future[R] | None, work: Callable[[T], R], piece: T) -> R:
    if answer is not None:
        try:
            return answer.result()
        except BrokenProcessPool:
            pass
    return work(piece)


def _begin(work: Callable[[Any], Any]) -> None:
    global _work
    signal.signal(signal.SIGINT, signal.SIG_IGN)   # the one that is asked to stop ends the others
    _work = work


def _done(piece: Any) -> Any:
    assert _work is not None
    return _work(piece)
