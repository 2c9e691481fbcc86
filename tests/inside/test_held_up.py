"""A submission does not pay for its neighbours; but for its own children it does."""

from __future__ import annotations

import time

import pytest

from grader.execute.allowance import Allowance
from grader.inside.runner import held_up
from grader.inside.runner.proc import Process

KERNEL = Process(7, 1, 0.0, 0)


class Machine:
    """Of four cores, on which time passes as a test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.busy = 0.0
        self.waits: dict[int, float] = {7: 0.0}
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(time, "process_time", lambda: 0.0)
        monkeypatch.setattr(held_up, "busy_seconds", lambda: self.busy)
        monkeypatch.setattr(held_up, "waited", lambda pid: self.waits.get(pid))
        self.seen = held_up.HeldUp()
        self.seen.look([KERNEL])

    def second(self, *, waits: float, others: float, own: float = 0.0) -> None:
        """A second in which a process waited, and others and the job's own children had so much CPU."""
        self.now += 1
        self.busy += others + own
        self.waits[7] += waits
        self.seen.look([KERNEL._replace(cpu_seconds=self.busy - self._others(others))])

    def _others(self, others: float) -> float:
        self.had = getattr(self, "had", 0.0) + others
        return self.had


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_time_in_which_others_had_the_cores_is_not_charged(machine: Machine) -> None:
    machine.second(waits=0.5, others=3.5)
    machine.second(waits=0.25, others=3.9)
    assert machine.seen.seconds == pytest.approx(0.75)


def test_who_waits_for_nothing_is_charged_however_busy_others_are(machine: Machine) -> None:
    machine.second(waits=0.0, others=3.0)
    assert machine.seen.seconds == 0


def test_who_waits_for_its_own_children_is_charged(machine: Machine) -> None:
    machine.second(waits=0.9, others=0.0, own=4.0)
    assert machine.seen.seconds == 0


def test_a_third_of_the_time_is_always_charged(machine: Machine) -> None:
    machine.second(waits=1.0, others=4.0)
    assert machine.seen.seconds == pytest.approx(2 / 3)


def test_a_submission_gets_back_what_others_took_up_to_two_thirds() -> None:
    allowance = Allowance(300)
    allowance.spent = 90
    allowance.free_of_charge(30)
    assert allowance.left == pytest.approx(240)
    allowance.free_of_charge(1000)
    assert allowance.left == pytest.approx(300 - 90 + held_up.MOST * 90) == pytest.approx(270)
