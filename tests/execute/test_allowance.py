"""A submission has one amount of time, however many executions and worlds it brings about."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from grader.execute import pool
from grader.execute.allowance import Allowance
from grader.execute.bubblewrap import BubblewrapSandbox
from grader.wall import wire
from grader.wall.messages import (
    Again,
    CallStep,
    CellCause,
    Ended,
    Job,
    Limits,
    LossCause,
    NotStarted,
    Observations,
    Returned,
    Run,
    Step,
)
from tests.notebooks import notebook

OUT_OF_TIME = Ended(cause=LossCause.TIMEOUT, of_all=True)
STEPS = [CallStep(key=name, function=name) for name in "abc"]
KILLS = "import os, time\ndef a():\n    os.kill(os.getppid(), 9)\n    time.sleep(9)\nb = c = a"
FINE = "def a(): return 1\nb = c = a"


class Counting(BubblewrapSandbox):
    """Keeps what each execution was allowed."""

    def __init__(self) -> None:
        super().__init__()
        self.allowed: list[float | None] = []

    def run(self, job: Job, steps: Sequence[Step], arrays: Mapping[str, wire.Array],
            places: Mapping[str, str] = {}) -> wire.Parcel[Observations] | NotStarted:
        self.allowed.append(job.seconds)
        return super().run(job, steps, arrays, places)


@pytest.fixture
def sandbox() -> Iterator[Counting]:
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    opened = Counting()
    with opened:
        yield opened


def observed(sandbox: Any, *cells: str, seconds: float, worlds: int = 1) -> list[Observations]:
    """What each world brought, one after the other."""
    job = Job(notebook=notebook(*cells), functions=("a", "b", "c"), limits=Limits(submission_seconds=seconds))
    work = [pool.Work((0, str(world)), job, STEPS, {}) for world in range(worlds)]
    found = dict(pool.observe_all(sandbox, work, 1))
    assert not [each for each in found.values() if isinstance(each, NotStarted)]
    return [found[0, str(world)].record for world in range(worlds)]  # type: ignore[union-attr]


def test_calls_that_kill_a_slow_kernel_earn_one_more_execution_and_no_third(sandbox: Counting) -> None:
    record, = observed(sandbox, KILLS, "time.sleep(4)", seconds=65)
    assert len(sandbox.allowed) == 2
    assert sandbox.allowed[1] == pytest.approx(6.5)
    assert record.outcomes == {"a": Ended(cause=LossCause.CRASHED), "b": Ended(cause=LossCause.CRASHED),
                               "c": OUT_OF_TIME}


def test_calls_that_kill_a_quick_kernel_cost_themselves_alone(sandbox: Counting) -> None:
    record, = observed(sandbox, KILLS, "def c(): return 3", seconds=300)
    assert [type(outcome) for outcome in record.outcomes.values()] == [Ended, Ended, Returned]


def test_a_slow_cell_that_kills_the_kernel_is_not_waited_for_where_no_time_is_left(sandbox: Counting) -> None:
    record, = observed(sandbox, FINE, "import os, time\ntime.sleep(2)\nos._exit(0)", seconds=3.5)
    assert len(sandbox.allowed) == 1
    assert [event.cause for event in record.run.events] == [CellCause.CRASHED]
    assert set(record.outcomes.values()) == {OUT_OF_TIME}


def test_behind_a_cell_that_kills_the_kernel_all_the_time_is_left(sandbox: Counting) -> None:
    cells = FINE, "import os\nos._exit(0)", "import time\ntime.sleep(4)"
    record, = observed(sandbox, *cells, seconds=20)
    assert [type(outcome) for outcome in record.outcomes.values()] == [Returned] * 3
    assert len(sandbox.allowed) == 2
    assert (sandbox.allowed[1] or 0) > 4


def test_worlds_share_the_time(sandbox: Counting) -> None:
    """And one for which none is left has met the limit; it is not withheld."""
    first, second, third = observed(sandbox, FINE, "import time\ntime.sleep(7)", seconds=13, worlds=3)
    assert [type(outcome) for outcome in first.outcomes.values()] == [Returned] * 3
    assert set(second.outcomes.values()) == set(third.outcomes.values()) == {OUT_OF_TIME}
    assert not [event for event in second.run.events if event.killed]


class Busy:
    """A sandbox on a machine that is always busy."""

    name, gpus = "busy", ()

    def __init__(self, *, takes: float) -> None:
        self.takes, self.runs = takes, 0

    def await_ready(self) -> None: ...

    def run(self, *_: object) -> wire.Parcel[Observations]:
        self.runs += 1
        time.sleep(self.takes)
        slow = Ended(cause=LossCause.TIMEOUT, after_seconds=1, again=Again.ALONE)
        return wire.Parcel(record=Observations(run=Run(), outcomes={"a": slow}))


@pytest.mark.parametrize(("takes", "runs"), [(0.0, 4), (0.6, 2)])
def test_what_is_run_again_alone_has_no_time_of_its_own(takes: float, runs: int) -> None:
    sandbox: Any = Busy(takes=takes)
    job = Job(notebook="", limits=Limits(submission_seconds=1.5))
    work = [pool.Work((number, ""), job, STEPS[:1], {}) for number in range(2)]
    found = dict(pool.observe_all(sandbox, work, 2))
    assert sandbox.runs == runs
    assert all(each.record.outcomes["a"].after_seconds == 1  # type: ignore[union-attr]
               for each in found.values())


def test_the_same_second_is_charged_once() -> None:
    allowance, began = Allowance(100), time.monotonic()
    with allowance.charged(), allowance.charged():
        time.sleep(0.2)
    assert 0.2 <= 100 - allowance.left <= time.monotonic() - began
    left = allowance.left
    time.sleep(0.05)
    assert allowance.left == left
