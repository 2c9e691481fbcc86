"""Whose fault it is that a cell took too long by the clock."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from grader.inside.runner import held_up, watch
from grader.inside.runner.proc import Process
from grader.wall.messages import Limits


class Idle:
    """A kernel of which nothing is seen."""

    pid = os.getpid()

    def __init__(self) -> None:
        self.interrupted = 0

    def interrupt(self) -> None:
        self.interrupted += 1

    def kill(self) -> None: ...

    def tree(self) -> list[Process]:
        return []

    def unmapped(self) -> int:
        return 0

    def starved(self) -> bool:
        return False


@pytest.mark.parametrize(("others", "busy"), [
    (lambda: 2 * time.monotonic(), True), (lambda: 0.0, False), (lambda: 0.5 * time.monotonic(), False),
    (lambda: None, True)], ids=["others", "itself", "itself most of all", "nobody knows"])
def test_who_waits_for_a_core_that_its_own_processes_hold_has_no_busy_machine_to_blame(
        monkeypatch: pytest.MonkeyPatch, others: Callable[[], float | None], busy: bool) -> None:
    monkeypatch.setattr(watch, "waited", lambda pid: time.monotonic())  # all the time
    monkeypatch.setattr(held_up, "_of_others", lambda tree: others())
    kernel = Idle()
    looked = watch.Watch(kernel, Limits(cell_seconds=0.3), seconds=100)
    span = looked.begin_cell()
    while span.stop is None:
        time.sleep(0.05)
    looked.close()
    assert (span.stop.busy, kernel.interrupted) == (busy, 1)
