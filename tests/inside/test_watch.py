"""Whose fault it is that a cell took too long by the clock."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from grader.inside.runner import held_up, watch
from grader.inside.runner.proc import Process
from grader.inside.runner.span import Span
from grader.wall.messages import Limits


class Seen:
    """A kernel of which this much is seen."""

    pid = os.getpid()

    def __init__(self, cpu: Callable[[], float] = lambda: 0.0) -> None:
        self.interrupted, self.cpu = 0, cpu

    def interrupt(self) -> None:
        self.interrupted += 1

    def kill(self) -> None: ...

    def tree(self) -> list[Process]:
        return [Process(self.pid, 1, self.cpu(), 0, self.cpu())]

    def unmapped(self) -> int:
        return 0

    def starved(self) -> bool:
        return False


def stopped(looked: watch.Watch) -> Span:
    span = looked.begin_cell()
    while span.stop is None:
        time.sleep(0.02)
    looked.end(span)
    return span


@pytest.mark.parametrize(("others", "busy"), [
    (lambda: 2 * time.monotonic(), True), (lambda: 0.0, False), (lambda: 0.05 * time.monotonic(), False),
    (lambda: None, True)], ids=["others", "itself", "itself most of all", "nobody knows"])
def test_who_waits_for_a_core_that_its_own_processes_hold_has_no_busy_machine_to_blame(
        monkeypatch: pytest.MonkeyPatch, others: Callable[[], float | None], busy: bool) -> None:
    monkeypatch.setattr(held_up, "waited", lambda pid: time.monotonic())  # all the time
    monkeypatch.setattr(held_up, "_of_others", lambda tree: others())
    kernel = Seen()
    looked = watch.Watch(kernel, Limits(cell_seconds=0.3), seconds=100)
    span = stopped(looked)
    looked.close()
    assert span.stop is not None
    assert (span.stop.waited, span.stop.busy, kernel.interrupted) == (True, busy, 1)


def test_a_cell_is_charged_what_all_its_threads_compute_and_not_the_clock(
        monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads that compute are stopped after half the time, and the next cell has half of it."""
    looked = watch.Watch(Seen(lambda: 2 * time.monotonic()), Limits(cell_seconds=4), seconds=100)
    first, second = stopped(looked), stopped(looked)
    looked.close()
    assert first.stop is not None
    assert second.stop is not None
    assert (first.stop.after_seconds, first.stop.waited) == (4, False)
    assert (second.stop.after_seconds, second.stop.waited) == (2, False)


def test_all_that_a_job_may_wait_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = watch.Watch(Seen(), Limits(cell_seconds=30), seconds=1000)
    looked.close()
    assert looked.begin_cell().waiting == 60
    looked.idle = 59
    assert looked.begin_cell().waiting == looked.begin_call(20).waiting == 2
    assert looked.begin_call(0.2).waiting == pytest.approx(0.4)
