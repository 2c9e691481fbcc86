"""Whether a notebook is worth a second execution, as its text has it."""

from __future__ import annotations

import pytest

from grader.execute.owed import owed
from grader.wall.messages import CallStep, CellCause, CellEvent, Job, ProbeStep, Run
from tests.notebooks import notebook

F = "def f(): return 1"
STOPPED = CellEvent(cell=1, cause=CellCause.TIMEOUT, after_seconds=5.0, line=1)
RAISED = CellEvent(cell=2, cause=CellCause.RAISED, error="NameError", line=1)


def is_owed(*cells: str, events: tuple[CellEvent, ...] = (STOPPED,), probe: str = "") -> bool:
    steps = [ProbeStep(key="a", function="p", source=probe) if probe else CallStep(key="a", function="f")]
    return owed(Job(notebook=notebook(*cells), functions=("f",)), steps, Run(events=events))


@pytest.mark.parametrize("cells", [
    ("", f"train()\n{F}"), ("", "train()\nf = lambda: 1"), ("x = 0", "x += train()", "def f(): return x"),
    ("model = 1", "train(model)", "def f(): return model"),
    ("", "train()\nclass A: pass", "def f(): return A()"),
    ("", "train()\nimport math", "def f(): return math.pi"), ("", "def", F),
    ("", "x = train()", "class A:\n    def g(self): return x"), ("", "max = train()", "def f(): return max"),
    ("", "if True:\n    x = train()", "def f():\n    global x\n    x = 1"),
    ("def f(): return (lambda: x)", "x = train()"), ("", "%%time\nx = train()", "def f(): return x"),
    ("", "if 1:\n    %time x = train()", "def f(): return x"), ("", "x = !train", "def f(): return x"),
    ("T = []\ndef fill(): T.append(1)", "fill()", "def f(): return T"),
    ("T = []\ndef once(): T.append(1)\ndef fill(): once()", "fill()", "def f(): return T"),
    ("n = []", "n.append(train())", "t = list(n)", "u = t[:]", "def f(): return u"),
    (F, "x = train()", "here = !ls"),
], ids=str)
def test_what_a_stopped_cell_was_to_make_is_owed(cells: tuple[str, ...]) -> None:
    assert is_owed(*cells)


@pytest.mark.parametrize("cells", [
    (F, "while True: pass"), (F, "while True: f()"),
    ("import torch\ndef f(w): return w", "w = torch.ones(3)\nf(w)"), ("def f(x): return x", "%time x = f()"),
    ("def f(n): return [range(n) for n in range(n)]", "for n in range(9): train()"),
    (F, "train()", "y = 1\ndef g(): return y")], ids=str)
def test_nothing_is_owed_of_what_nobody_asks_for(cells: tuple[str, ...]) -> None:
    assert not is_owed(*cells)


def test_what_a_later_cell_could_not_make_is_owed() -> None:
    cells = F, "table = train()", "best = table[1]\ndef f(): return 2"
    assert not is_owed(*cells)
    assert is_owed(*cells, events=(STOPPED, RAISED))


def test_what_a_cell_defines_before_it_is_stopped_is_there() -> None:
    cells = "", f"{F}\nwhile True: pass"
    interrupted = CellEvent(cell=1, cause=CellCause.TIMEOUT, after_seconds=5.0, line=2)
    assert not is_owed(*cells, events=(interrupted,))
    killed = CellEvent(cell=1, cause=CellCause.TIMEOUT, after_seconds=5.0, killed=True)
    assert is_owed(*cells, events=(killed,))


@pytest.mark.parametrize(("loop", "ends"), [
    ("while True: pass", False), ("while 1:\n    x = 1", False), ("while x < 1: pass", True),
    ("while True:\n    if x: break", True), ("while True:\n    raise x", True), ("while 0: pass", True),
    ("for _ in y: pass", True), ("try:\n    while True: pass\nfinally: pass", True)])
def test_behind_a_loop_that_has_no_way_out_nothing_is_owed(loop: str, ends: bool) -> None:
    assert is_owed("x = 1", f"{loop}\n{F}", "def g(): return x") is ends


def test_what_a_probe_looks_up_is_owed() -> None:
    cells = F, "losses = train()"
    assert is_owed(*cells, probe='def p(namespace): return namespace["losses"]')
    assert not is_owed(*cells, probe='def p(namespace):\n    losses = namespace["f"]()')


def test_nobody_can_tell_of_an_endless_text_and_it_raises_nothing() -> None:
    assert is_owed(F, "x = " + "(" * 5000)
    assert not is_owed(F, "while True: pass", "%%bash\nls -l", "x = " + "-" * 99_999)
    assert is_owed(F, "x = 1\n" * 100_000)
