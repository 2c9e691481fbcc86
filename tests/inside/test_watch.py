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

    def __init__(self, cpu: Callable[[], float] = lambda: 0.0, *more: Process) -> None:
        self.interrupted, self.cpu, self.more, self.blocked = 0, cpu, more, False

    def interrupt(self) -> None:
        self.interrupted += 1

    def kill(self) -> None: ...

    def tree(self) -> list[Process]:
        return [Process(self.pid, 1, self.cpu(), 0, self.cpu(), self.blocked), *self.more]

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


def machine(monkeypatch: pytest.MonkeyPatch, *, waits: float, others: float | None) -> None:
    """On which each thread waits for a core so much of the time, and others compute."""
    monkeypatch.setattr(held_up, "waited", lambda pid: waits * time.monotonic())
    monkeypatch.setattr(held_up, "waits_of", lambda pid: [(pid, waits * time.monotonic())])
    monkeypatch.setattr(held_up, "_of_others",
                        lambda tree: None if others is None else others * time.monotonic())


@pytest.mark.parametrize(("waits", "others", "busy"), [
    (0.0, 2.0, False), (0.3, 2.0, True), (0.3, 0.0, False), (0.3, 0.01, False), (0.0, None, True)],
    ids=["beside others", "and waits for others", "itself", "itself most of all", "nobody knows"])
def test_who_waits_for_a_core_that_its_own_hold_has_no_busy_machine_to_blame(
        monkeypatch: pytest.MonkeyPatch, waits: float, others: float | None, busy: bool) -> None:
    machine(monkeypatch, waits=waits, others=others)
    kernel = Seen()
    looked = watch.Watch(kernel, Limits(cell_seconds=0.3), seconds=100)
    span = stopped(looked)
    looked.close()
    assert span.stop is not None
    assert (span.stop.waited, span.stop.busy, kernel.interrupted) == (True, busy, 1)


def test_who_is_ready_all_the_time_and_gets_no_core_does_not_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, waits=1.0, others=2.0)
    looked = watch.Watch(Seen(), Limits(cell_seconds=0.2), seconds=100)
    span = looked.begin_cell()
    time.sleep(1.5)
    looked.end(span)
    looked.close()
    assert span.stop is None


@pytest.mark.parametrize("child", [False, True], ids=["by Linux", "by its own child"])
def test_who_is_kept_by_linux_and_not_by_a_child_does_not_sleep(child: bool) -> None:
    kernel = Seen(lambda: 0.0, *[Process(1 << 22, os.getpid(), 0.0, 0)] * child)
    kernel.blocked = True
    looked = watch.Watch(kernel, Limits(cell_seconds=0.2), seconds=100)
    span = looked.begin_cell()
    time.sleep(1.5)
    looked.end(span)
    looked.close()
    assert (span.stop is not None) is child


def test_a_wait_of_which_linux_tells_late_is_none_of_the_cell_s(monkeypatch: pytest.MonkeyPatch) -> None:
    began = time.monotonic()
    told = lambda: round(time.monotonic() - began)   # noqa: E731 - once a second
    machine(monkeypatch, waits=1.0, others=2.0)
    monkeypatch.setattr(held_up, "waited", lambda pid: float(told()))
    monkeypatch.setattr(held_up, "waits_of", lambda pid: [(pid, float(told()))])
    looked = watch.Watch(Seen(), Limits(cell_seconds=0.9), seconds=100)
    span = looked.begin_cell()
    time.sleep(4)
    looked.end(span)
    looked.close()
    assert span.stop is None


def test_a_cell_is_charged_what_all_its_threads_compute_and_not_the_clock() -> None:
    """Two threads that compute are stopped after half the time, and the next cell has a quarter of it."""
    looked = watch.Watch(Seen(lambda: 2 * time.monotonic()), Limits(cell_seconds=4), seconds=100)
    first, second = stopped(looked), stopped(looked)
    looked.close()
    assert first.stop is not None
    assert second.stop is not None
    assert (first.stop.after_seconds, first.stop.waited) == (4, False)
    assert (second.stop.after_seconds, second.stop.waited) == (1, False)


def test_all_that_a_job_may_wait_is_bounded() -> None:
    looked = watch.Watch(Seen(), Limits(cell_seconds=30), seconds=1000)
    looked.close()
    assert looked.begin_cell().waiting == 60
    looked.idle = 59
    assert looked.begin_cell().waiting == looked.begin_call(20).waiting == 2
    assert looked.begin_call(0.2).waiting == pytest.approx(0.4)
