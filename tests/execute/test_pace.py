"""Who was stopped has less time for the next call; everybody else has ten times what the reference needs."""

from __future__ import annotations

import pytest

from grader.execute.pace import Pace
from grader.wall.messages import Again, CallStep, Ended, Limits, LossCause, Lost, Outcome, ProbeStep, Returned

LIMITS = Limits(call_seconds=8.0, memory_bytes=1600)
LATE = Lost(cause=LossCause.TIMEOUT, after_seconds=1.0)
A, B = (CallStep(key=name, function=name) for name in "ab")
BY_PROBE = ProbeStep(key="p", function="p", source="", uses=("a",))


def test_a_function_that_is_stopped_has_a_quarter_and_then_a_sixteenth() -> None:
    pace = Pace(Limits(call_seconds=32.0))
    seconds = []
    for _ in range(4):
        seconds.append(pace.of(A).seconds)
        pace.note(A, LATE)
    assert seconds == [None, 8.0, 2.0, 2.0]
    assert pace.of(BY_PROBE).seconds == 2.0
    assert pace.of(B).seconds == 16.0


def test_nobody_has_less_than_a_second() -> None:
    pace = Pace(LIMITS)
    for _ in range(3):
        pace.note(A, LATE)
    assert pace.of(A).seconds == 1.0


def test_which_of_two_functions_of_a_probe_is_slow_nobody_can_tell() -> None:
    pace, both = Pace(LIMITS), ProbeStep(key="p", function="p", source="", uses=("a", "b"))
    pace.note(both, LATE)
    assert pace.of(both).seconds == 2.0
    assert pace.of(A).seconds == pace.of(B).seconds == 4.0
    pace.note(both, Lost(cause=LossCause.MEMORY))
    assert pace.of(both).memory == 100
    assert pace.of(A).memory is None


def test_a_probe_that_is_stopped_speaks_for_the_function_that_it_calls() -> None:
    pace = Pace(LIMITS)
    pace.note(BY_PROBE, LATE)
    assert pace.of(A).seconds == 2.0


@pytest.mark.parametrize("outcome", [
    Returned(rounds=()), Lost(cause=LossCause.OUTPUT), Ended(cause=LossCause.CRASHED),
    Ended(cause=LossCause.TIMEOUT, of_all=True), Ended(cause=LossCause.TIMEOUT, again=Again.ALONE)], ids=str)
def test_nobody_has_less_for_what_was_not_its_own_time(outcome: Outcome) -> None:
    pace = Pace(LIMITS)
    pace.note(A, outcome)
    assert pace.of(A) is A
    assert pace.of(B) is B


@pytest.mark.parametrize("outcome", [Lost(cause=LossCause.MEMORY), Ended(cause=LossCause.MEMORY)], ids=str)
def test_who_had_all_the_memory_has_a_sixteenth_of_it(outcome: Outcome) -> None:
    pace = Pace(LIMITS)
    pace.note(A, outcome)
    assert (pace.of(A).memory, pace.of(BY_PROBE).memory, pace.of(B).memory) == (100, 100, None)
    assert pace.of(A).seconds is None
