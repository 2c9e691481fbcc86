"""What a job is charged, whatever becomes of its processes."""

from __future__ import annotations

import os
import time

import pytest

from grader.inside.runner.proc import Process
from grader.inside.runner.spent import Spent, clock_of


def process(pid: int, *, own: float, children: float = 0.0) -> Process:
    return Process(pid, 1, own + children, 0, own)


def test_a_child_is_charged_once_whether_it_lives_or_has_been_waited_for() -> None:
    spent = Spent([process(1, own=7.0)])
    assert spent.look([process(1, own=7.0), process(2, own=3.0)]) == pytest.approx(3.0)
    assert spent.look([process(1, own=7.5, children=4.0)]) == pytest.approx(4.5)


def test_a_child_is_charged_once_where_its_parent_waits_for_it_late() -> None:
    spent = Spent([process(1, own=0.0)])
    assert spent.look([process(1, own=0.0), process(2, own=3.0)]) == pytest.approx(3.0)
    assert spent.look([process(1, own=0.5)]) == pytest.approx(3.5)   # it has ended, and is in no list
    assert spent.look([process(1, own=1.0, children=3.25)]) == pytest.approx(4.25)
    assert spent.look([process(1, own=1.0, children=5.25)]) == pytest.approx(6.25)


def test_a_child_for_which_nobody_waits_is_charged_all_the_same() -> None:
    """As under SIGCHLD ignored: Linux adds its time to nobody's."""
    spent = Spent([process(1, own=0.0)])
    for child in range(2, 12):
        spent.look([process(1, own=0.0), process(child, own=1.0)])
    assert spent.look([process(1, own=0.0)]) == pytest.approx(10.0)


def test_what_ran_before_is_charged_for_what_it_does_now() -> None:
    spent = Spent([process(1, own=5.0), process(2, own=100.0)])
    assert spent.look([process(1, own=5.0), process(2, own=101.0)]) == pytest.approx(1.0)


@pytest.mark.skipif(not hasattr(time, "clock_gettime"), reason="no such clock")
def test_a_clock_of_a_process_is_its_own() -> None:
    before = time.process_time()
    assert before <= clock_of(os.getpid()) <= time.process_time()
    assert clock_of(0) == 0
