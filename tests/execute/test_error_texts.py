"""A student's own error text costs neither time nor points, in a cell or a call; nor does hoarded memory."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from grader.execute.opening import open_sandbox
from grader.execute.pool import observe
from grader.execute.sandbox import Sandbox
from grader.wall import wire
from grader.wall.messages import (
    CallStep,
    CellCause,
    CellEvent,
    Job,
    Limits,
    Observations,
    Raised,
    Returned,
)
from tests.notebooks import notebook

pytestmark = [pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
              pytest.mark.timeout(300)]
OWN = "class E(Exception):\n    def {0}:\n        {1}\nraise E('x')"
# What a cell does -> the error and line that are told of it. Each took the cell's whole time, or its reply
# never came; with it the answers behind it were lost.
CELLS = {
    'raise ValueError("\\ud800 x")': ("ValueError", 1),
    'raise ValueError("x" * 10**8)': ("ValueError", 1),
    'raise type("E" * 10**7, (Exception,), {})("x")': ("E" * 200, 1),
    OWN.format("__str__(self)", "import time; time.sleep(1000)"): ("E", 4),
    OWN.format("__str__(self)", "raise SystemExit"): ("E", 4),
    OWN.format("__str__(self)", "raise KeyboardInterrupt"): ("E", 4),
    OWN.format("_render_traceback_(self)", "import time; time.sleep(1000)"): ("E", 4),
    "class M(type):\n    @property\n    def __name__(self): return 'x' * 10**8\n"
    "class N(Exception, metaclass=M): pass\nraise N": ("N", 5),
    "def f(n):\n    return f(n + 1)\nf(0)": ("RecursionError", 3),
    "y = " + "+".join(["1"] * 3000) + " + 1 / 0": ("RecursionError", 0),
    "import sys\nsys.setrecursionlimit(10**5)\ndef g(n):\n    return g(n + 1) if n < 9000 else 1 / 0\ng(0)":
        ("ZeroDivisionError", 5),
    "e = None\nfor i in range(3000):\n    try:\n        raise ValueError(i) from e\n"
    "    except ValueError as error:\n        e = error\nraise e": ("ValueError", 7),
    "a, b = ValueError('a'), ValueError('b')\na.__cause__ = b; b.__cause__ = a\nraise a": ("ValueError", 3),
    "raise ExceptionGroup('g', [ValueError(i) for i in range(10**5)])": ("ExceptionGroup", 1),
    "raise SyntaxError('bad', ('f.py', 1, 1, 'y' * 10**8))": ("SyntaxError", 1),
    "e = ValueError('x')\nfor i in range(10**5): e.add_note('n' * 100)\nraise e": ("ValueError", None),
    "exec(compile('1 / 0', '/dev/zero', 'exec'))": ("ZeroDivisionError", 1),
    "1 / 0": ("ZeroDivisionError", 1),
    "def broken(:": ("SyntaxError", 1),
    "[][3]  # " + "long " * 1000: ("IndexError", 1),
}
CALLS = {
    "slow": "class Slow(Exception):\n    def __str__(self):\n        import time; time.sleep(1000)\n"
            "def slow(): raise Slow",
    "surrogate": "def surrogate(): raise ValueError('\\ud800')",
    "huge": "def huge(): raise ValueError('x' * 10**8)",
    "named": "class M(type):\n    @property\n    def __name__(self): return 'x' * 10**8\n"
             "    @property\n    def __mro__(self): return 5\n"
             "class N(Exception, metaclass=M): pass\ndef named(): raise N",
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with open_sandbox("bubblewrap") as opened:
        yield opened


def run(sandbox: Sandbox, *cells: str, calls: tuple[str, ...] = (), **limits: float) -> Observations:
    job = Job(notebook=notebook(*cells), limits=Limits(**limits), functions=calls)  # type: ignore[arg-type]
    found = observe(sandbox, job, [CallStep(key=name, function=name) for name in calls], {})
    assert isinstance(found, wire.Parcel), found
    return found.record


def test_no_error_text_costs_the_time_of_a_cell(sandbox: Sandbox) -> None:
    seen = run(sandbox, *CELLS, "def ok(): return 1", calls=("ok",), cell_seconds=20, submission_seconds=250)
    told = {event.cell: (event.cause, event.error, event.line) for event in seen.run.events}
    assert {number: found[:2] for number, found in told.items()} == {
        number: (CellCause.RAISED, error) for number, (error, _) in enumerate(CELLS.values())}
    lines = {number: found[2] for number, found in told.items()}
    assert lines == {number: lines[number] if line is None else line
                     for number, (_, line) in enumerate(CELLS.values())}
    assert isinstance(seen.outcomes["ok"], Returned)


def test_no_error_text_costs_the_time_of_a_call(sandbox: Sandbox) -> None:
    seen = run(sandbox, *CALLS.values(), calls=tuple(CALLS), call_seconds=4)
    found = {name: outcome.error if isinstance(outcome, Raised) else outcome
             for name, outcome in seen.outcomes.items()}
    assert found == {"slow": "Slow", "surrogate": "ValueError", "huge": "ValueError", "named": "N"}


def test_a_notebooks_own_run_of_code_is_given_what_was_raised(sandbox: Sandbox) -> None:
    seen = run(sandbox, "result = get_ipython().run_cell('1 / 0')\n"
                        "assert type(result.error_in_exec) is ZeroDivisionError")
    assert not seen.run.events


@pytest.mark.parametrize("hoard", [
    "kept = []\nwhile True:\n    kept.append(torch.zeros(5_000_000))",
    "kept = []\ntry:\n    while True:\n        kept.append(torch.zeros(5_000_000))\n"
    "except RuntimeError:\n    print('full')",
    "kept = []\nwhile True:\n    kept.append(bytearray(50_000_000))",
], ids=["raised", "caught", "bytes"])
def test_what_a_cell_hoards_costs_the_answers_nothing(sandbox: Sandbox, hoard: str) -> None:
    answer = "def answer():\n    return torch.zeros(50_000_000).sum().item()"
    seen = run(sandbox, "import torch", hoard, answer, "answer()", calls=("answer",), memory_bytes=2 << 30)
    assert isinstance(seen.outcomes["answer"], Returned), seen.outcomes
    event = only(seen)
    assert (event.cell, event.cause, event.killed) == (1, CellCause.MEMORY, True)


@pytest.mark.parametrize("use", [
    "torch.zeros(10**13)",                                # asks for too much, and keeps nothing
    "kept = torch.zeros(300_000_000)\n1 / 0",             # keeps more than half, and fails for another reason
    "raise MemoryError",                                  # only says so
    "kept = torch.zeros(300_000_000)",
], ids=range(4))
def test_a_cell_that_keeps_its_memory_for_itself_is_not_left_out(sandbox: Sandbox, use: str) -> None:
    seen = run(sandbox, f"import torch\ndef answer(): return 1\n{use}", calls=("answer",),
               memory_bytes=2 << 30)
    assert isinstance(seen.outcomes["answer"], Returned), seen.outcomes
    assert not any(event.killed for event in seen.run.events)
    assert not seen.run.left_out


def only(seen: Observations) -> CellEvent:
    event, = seen.run.events
    return event
