"""Endless loops cost seconds, and long trainings cost nobody an answer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence

import pytest

from grader.execute import pool
from grader.execute.bubblewrap import BubblewrapSandbox
from grader.wall import wire
from grader.wall.messages import (
    CallStep,
    CellCause,
    Ended,
    Job,
    Limits,
    LossCause,
    Lost,
    NotStarted,
    Observations,
    Outcome,
    Returned,
    Step,
)
from grader.wall.values import Whole
from tests.notebooks import notebook

pytestmark = pytest.mark.timeout(600)
COMPUTES = """import time
def compute(seconds):
    ends = time.process_time() + seconds
    while time.process_time() < ends: sum(range(1000))
"""
LIMITS = Limits(cell_seconds=1.0, patient_seconds=8.0, call_seconds=1.0)


class Counting(BubblewrapSandbox):
    """Keeps what a cell was allowed in each execution, and which steps were asked."""

    def __init__(self) -> None:
        super().__init__()
        self.allowed: list[float] = []
        self.asked: list[list[str]] = []

    def run(self, job: Job, steps: Sequence[Step], arrays: Mapping[str, wire.Array],
            places: Mapping[str, str] = {}) -> wire.Parcel[Observations] | NotStarted:
        self.allowed.append(job.limits.cell_seconds)
        self.asked.append([step.key for step in steps])
        return super().run(job, steps, arrays, places)


@pytest.fixture(scope="module")
def opened() -> Iterator[Counting]:
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    opened = Counting()
    with opened:
        opened.await_ready()
        yield opened


@pytest.fixture
def sandbox(opened: Counting) -> Counting:
    opened.allowed, opened.asked = [], []
    return opened


def observed(sandbox: Counting, *cells: str, names: str = "f", limits: Limits = LIMITS) -> Observations:
    functions = tuple(names)
    job = Job(notebook=notebook(COMPUTES, *cells), functions=functions, limits=limits)
    steps = [CallStep(key=f"{name}{number}", function=name) for name in functions for number in range(2)]
    found = pool.observe(sandbox, job, steps, {})
    assert isinstance(found, wire.Parcel), found
    return found.record


def late(seen: Observations) -> dict[int, tuple[float | None, bool]]:
    return {event.cell: (event.after_seconds, event.waited) for event in seen.run.events
            if event.cause is CellCause.TIMEOUT}


def all_returned(seen: Observations) -> bool:
    return all(isinstance(outcome, Returned) for outcome in seen.outcomes.values())


F = "def f(): return 1"


@pytest.mark.parametrize("cells", [
    (f"compute(3)\n{F}",),
    ("compute(3)\nlosses = [1.0]", "def f(): return losses"),
    ("losses = []", "for _ in range(3):\n    compute(1)\n    losses.append(1)",
     "def f(): return len(losses)"),
    ("compute(3)\ndef helper(): return 1", "def f(): return helper()"),
    ("compute(3)\ntable = {1: 2}", "best = table[1]\ndef f(): return 1"),
], ids=["behind it in the cell", "of what it makes", "of what it changes", "by a helper", "in a later one"])
def test_an_answer_that_a_long_training_owes_is_waited_for(sandbox: Counting, cells: tuple[str, ...]) -> None:
    seen = observed(sandbox, *cells)
    assert all_returned(seen), seen.outcomes
    assert seen.run.events == ()
    assert sandbox.allowed == [1.0, 8.0]


@pytest.mark.parametrize("cells", [
    (F, "while True: pass"), (F, "compute(3)", "x = 1"), (f"{F}\nfor _ in range(9): compute(1)",),
    ("def f(x=None):\n    total = x\n    return total", "total = 0\nwhile True: total += 1"),
    (F, "%matplotlib inline\nwhile True: f()")],
    ids=["a loop", "a training", "behind the answer", "a name of its own", "with a magic"])
def test_where_a_stopped_cell_owes_no_answer_nothing_is_executed_again(sandbox: Counting,
                                                                     cells: tuple[str, ...]) -> None:
    seen = observed(sandbox, *cells)
    assert all_returned(seen), seen.outcomes
    assert list(late(seen).values()) == [(1.0, False)]
    assert sandbox.allowed == [1.0]


def test_who_never_ends_is_waited_for_once(sandbox: Counting) -> None:
    seen = observed(sandbox, f"n = 0\nwhile n < 1: pass\n{F}", "while True: pass", limits=Limits(
        cell_seconds=1.0, patient_seconds=6.0))
    assert sandbox.allowed == [1.0, 6.0]
    assert late(seen) == {1: (6.0, False), 2: (6.0, False)}
    assert {type(outcome) for outcome in seen.outcomes.values()} == {Lost}


def test_a_cell_that_cannot_be_interrupted_is_left_out_and_its_answer_waited_for(sandbox: Counting) -> None:
    """The first time it is killed, since it is in C for longer than an interrupt is given."""
    slow = "while not done:\n    try:\n        compute(4); done = True\n    except BaseException: pass"
    seen = observed(sandbox, "done = False", f"{slow}\n{F}")
    assert all_returned(seen), seen.outcomes
    assert sandbox.allowed == [1.0, 1.0, 8.0]
    assert seen.run.events == ()


def test_a_function_that_never_ends_has_less_time_at_each_call(sandbox: Counting) -> None:
    """And what is right of it, and what is another's, is seen all the same."""
    limits = Limits(call_seconds=2.0)
    source = "def f(n=0):\n    while n == 0: pass\n    return n\ndef g(): return 2"
    job = Job(notebook=notebook(source), functions=("f", "g"), limits=limits)
    steps = [*(CallStep(key=f"f{number}", function="f") for number in range(4)),
             CallStep(key="right", function="f", arguments=(Whole(value=3),)),
             CallStep(key="g", function="g")]
    found = pool.observe(sandbox, job, steps, {})
    assert isinstance(found, wire.Parcel)
    outcomes = found.record.outcomes
    assert [after(outcomes[f"f{number}"]) for number in range(4)] == [2.0, 1.0, 1.0, 1.0]
    assert isinstance(outcomes["right"], Returned)
    assert isinstance(outcomes["g"], Returned)
    assert len(sandbox.allowed) == 1


def test_a_function_that_had_all_the_memory_has_less_for_its_next_call(sandbox: Counting) -> None:
    source = ("kept = []\ndef f(most):\n    while len(kept) < most: kept.append(b'x' * (1 << 20) + b'y')\n"
              "    time.sleep(0.5)\n    return 1")
    job = Job(notebook=notebook("import time", source), functions=("f",), limits=Limits(memory_bytes=2 << 30))
    steps = [CallStep(key=str(most), function="f", arguments=(Whole(value=most),))
             for most in (400, 10**6, 401, 50)]
    found = pool.observe(sandbox, job, steps, {})
    assert isinstance(found, wire.Parcel)
    outcomes = found.record.outcomes
    assert {key: getattr(outcome, "cause", None) for key, outcome in outcomes.items()} == {
        "400": None, "1000000": LossCause.MEMORY, "401": LossCause.MEMORY, "50": None}
    assert len(sandbox.allowed) == 1


def after(outcome: Outcome) -> float | None:
    return outcome.after_seconds if isinstance(outcome, Lost | Ended) else None


def test_a_right_answer_that_takes_nearly_all_its_time_passes(sandbox: Counting) -> None:
    """Each time: only who was stopped has less for the next call."""
    seen = observed(sandbox, "def f():\n    compute(0.8)\n    return 1")
    assert all_returned(seen), seen.outcomes


def test_a_call_that_was_stopped_is_not_made_again_where_the_notebook_is(sandbox: Counting) -> None:
    seen = observed(sandbox, "def f():\n    while True: pass", "compute(3)\ndef g(): return 1", names="fg")
    assert sandbox.asked == [["f0", "f1", "g0", "g1"], ["g0", "g1"]]
    assert [type(outcome) for outcome in seen.outcomes.values()] == [Lost, Lost, Returned, Returned]


def test_who_sleeps_a_little_is_left_alone_and_who_sleeps_long_is_stopped(sandbox: Counting) -> None:
    seen = observed(sandbox, F, "time.sleep(1.5)", "time.sleep(10 ** 6)", "time.sleep(1.5)")
    assert late(seen) == {3: (2.0, True)}
    assert all_returned(seen)
    assert sandbox.allowed == [1.0]


@pytest.mark.parametrize("cell", [
    "import threading\nfor _ in range(2): threading.Thread(target=compute, args=(99,), daemon=True).start()\n"
    "time.sleep(99)",
    "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'while True: pass'])",
    "import os\nif os.fork() == 0:\n    while True: pass\nos.wait()",
    "import os, signal\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\nwhile True:\n    if os.fork() == 0:\n"
    "        compute(0.4); os._exit(0)\n    time.sleep(0.5)",
    "import os\nwhile True:\n    if os.fork() == 0:\n        if os.fork() == 0: compute(0.4)\n"
    "        os._exit(0)\n"
    "    os.wait(); time.sleep(0.5)",
], ids=["threads", "a program", "a child", "children for which nobody waits", "grandchildren"])
def test_a_cell_is_charged_what_it_has_others_compute(sandbox: Counting, cell: str) -> None:
    seen = observed(sandbox, F, cell)
    assert late(seen) == {2: (1.0, False)}, seen.run.events
    assert all_returned(seen)


def test_what_a_cell_leaves_running_is_charged_to_none_of_the_calls(sandbox: Counting) -> None:
    seen = observed(sandbox, "def f():\n    compute(0.3)\n    return 1",
                    "from threading import Thread\n"
                    "Thread(target=compute, args=(10 ** 6,), daemon=True).start()")
    assert all_returned(seen), seen.outcomes


def test_the_slowest_cell_is_measured(sandbox: Counting) -> None:
    seen = observed(sandbox, F, "compute(0.6)", limits=Limits())
    assert 0.5 < seen.run.slowest < 3


@pytest.mark.parametrize(("cell", "cause"), [
    ("kept = []\nwhile True: kept.append(bytearray(b'x') * (1 << 24))", CellCause.MEMORY),
    ("import os\nos._exit(0)", CellCause.CRASHED)], ids=["hog", "dead"])
def test_what_ends_the_kernel_is_left_out_of_one_new_execution(sandbox: Counting, cell: str,
                                                               cause: CellCause) -> None:
    seen = observed(sandbox, F, cell, limits=Limits(memory_bytes=1 << 30))
    assert all_returned(seen), seen.outcomes
    assert [event.cause for event in seen.run.events] == [cause]
    assert len(sandbox.allowed) == 2
