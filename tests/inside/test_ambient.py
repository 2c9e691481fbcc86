"""Whatever state a notebook leaves, right answers are right.

Each state is a cell that stands above a right solution, and is left for the calls. `make test` puts several
that do not meddle with each other into one cell, and takes another right solution of each exercise in turn;
`make test-long` runs each state with every right solution.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from grader.execute.opening import open_sandbox
from grader.execute.pool import observe_all
from grader.execute.sandbox import Sandbox
from grader.exercise import catalog
from grader.exercise.catalog import Exercise
from grader.exercise.inline import as_notebook
from grader.exercise.solutions import Solution, cells, reference, solutions
from grader.inside.kernel import settled
from grader.inside.kernel.calls import observe_step
from grader.judge import judge
from grader.records import Mark
from grader.wall import messages, wire
from grader.wall.messages import CallStep, ProbeStep, Raised, Returned
from grader.wall.values import TensorRef, Truth

COURSE = Path(__file__).parent.parent.parent / "exercises"
EXERCISES = sorted(catalog.discover(COURSE))
SEED = 20
WEIGHT = wire.Array(dtype="float64", shape=(2, 2), data=torch.ones(2, 2).double().numpy().tobytes())

STATES = {
    # what tensors are made of, where, and whether a graph is kept
    "default dtype float64": "torch.set_default_dtype(torch.float64)",
    "default dtype float16": "torch.set_default_dtype(torch.float16)",
    "default dtype bfloat16": "torch.set_default_dtype(torch.bfloat16)",
    "default tensor type": "torch.set_default_tensor_type(torch.DoubleTensor)",
    "a GPU's tensor type": "if torch.cuda.is_available():\n"
                           "    torch.set_default_tensor_type('torch.cuda.FloatTensor')",
    "default device cuda": "torch.set_default_device('cuda')",
    "default device meta": "torch.set_default_device('meta')",
    "a device entered": "torch.device('meta').__enter__()",
    "grad mode off": "torch.set_grad_enabled(False)",
    "inference mode": "guard = torch.inference_mode()\nguard.__enter__()",
    "autocast": "torch.autocast('cpu', dtype=torch.bfloat16).__enter__()",
    "autocast for cuda": "if torch.cuda.is_available():\n"
                         "    torch.autocast('cuda', dtype=torch.float16).__enter__()",
    "a mode of functions": "from torch.overrides import TorchFunctionMode\n"
                           "class Own(TorchFunctionMode):\n"
                           "    def __torch_function__(self, function, types, args=(), kwargs=None):\n"
                           "        result = function(*args, **(kwargs or {}))\n"
                           "        return result * 0 if function is torch.sigmoid else result\n"
                           "Own().__enter__()",
    "fake tensors": "from torch._subclasses.fake_tensor import FakeTensorMode\nFakeTensorMode().__enter__()",
    "the last GPU": "if torch.cuda.device_count() > 1:\n    torch.cuda.set_device(1)",
    "parameters replaced by conversion": "torch.__future__.set_overwrite_module_params_on_conversion(True)",
    "parameters swapped by conversion": "torch.__future__.set_swap_module_params_on_conversion(True)",
    # how numbers are worked out
    "matmul precision": "torch.set_float32_matmul_precision('medium')",
    "matmul precision of one library": "torch.backends.mkldnn.matmul.fp32_precision = 'bf16'",
    "denormals flushed": "torch.set_flush_denormal(True)",
    "threads": "torch.set_num_threads(3)",
    "seeds": "import random\nrandom.seed(0)\nnumpy.random.seed(0)\ntorch.manual_seed(0)",
    # what raises
    "deterministic algorithms": "torch.use_deterministic_algorithms(True)\n"
                                "torch.utils.deterministic.fill_uninitialized_memory = True",
    "anomaly detection": "torch.autograd.set_detect_anomaly(True)",
    "warnings are errors": "import warnings\nwarnings.simplefilter('error')",
    "numpy raises": "numpy.seterr(all='raise')",
    "recursion limit": "import sys\nsys.setrecursionlimit(180)",
    # what is written
    "print options": "torch.set_printoptions(precision=1, threshold=3, sci_mode=True, profile='full')\n"
                     "numpy.set_printoptions(precision=1)",
    "print replaced": "import builtins\ndef shout(*things, **options):\n    raise RuntimeError('no')\n"
                      "builtins.print = shout",
    "built-in functions replaced": "import builtins\nbuiltins.sum, builtins.abs = torch.sum, torch.abs",
    "stdout closed": "import sys\nsys.stdout.close()",
    "no stdout": "import sys\nsys.stdout = sys.stderr = None",
    "stdout in a closed file": "import io, sys\nsys.stdout = io.StringIO()\nsys.stdout.close()",
    "descriptors closed": "import os\nos.close(1)\nos.close(2)",
    # the process
    "another folder": "import os, tempfile\nos.chdir(tempfile.mkdtemp())",
    "a deleted folder": "import os, tempfile\ngone = tempfile.mkdtemp()\nos.chdir(gone)\nos.rmdir(gone)",
    "environment emptied": "import os\nos.environ.clear()",
    "children ignored": "import signal\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)",
    "signals handled": "import signal\ndef stop(*_):\n    raise RuntimeError('a signal')\n"
                       "for name in 'INT', 'TERM', 'ALRM', 'PROF', 'XCPU', 'CHLD', 'USR1':\n"
                       "    signal.signal(getattr(signal, f'SIG{name}'), stop)",
    "an alarm set": "import signal\ndef stop(*_):\n    raise RuntimeError('too late')\n"
                    "signal.signal(signal.SIGALRM, stop)\nsignal.setitimer(signal.ITIMER_REAL, 0.5, 0.01)",
    "tracing": "import sys\ndef trace(frame, event, argument):\n    return trace\nsys.settrace(trace)",
    "profiling": "import sys\nsys.setprofile(lambda frame, event, argument: None)",
    "no garbage collected": "import gc\ngc.disable()\ngc.set_debug(gc.DEBUG_SAVEALL)",
    "garbage collected all the time": "import gc\ngc.set_threshold(1)",
    "a thread beside": "import threading, time\ndef beside():\n    while True:\n        time.sleep(0.01)\n"
                       "threading.Thread(target=beside, daemon=True).start()",
    "decimal": "import decimal\ndecimal.getcontext().prec = 1\n"
               "decimal.getcontext().traps[decimal.Inexact] = True",
    "locale": "import locale\nfor name in 'de_DE.UTF-8', 'C':\n    try:\n"
              "        locale.setlocale(locale.LC_ALL, name)\n    except locale.Error:\n        pass",
}


TOGETHER = (
    ("default dtype float64", "warnings are errors", "a deleted folder", "tracing", "threads"),
    ("default dtype float16", "numpy raises", "print replaced", "children ignored", "no garbage collected"),
    ("default dtype bfloat16", "anomaly detection", "stdout closed", "an alarm set", "denormals flushed"),
    ("default tensor type", "matmul precision", "seeds", "environment emptied", "no stdout"),
    ("default device cuda", "recursion limit", "stdout in a closed file", "signals handled", "the last GPU"),
    ("default device meta", "parameters replaced by conversion", "built-in functions replaced",
     "another folder"),
    ("a device entered", "grad mode off", "autocast", "print options", "profiling"),
    ("inference mode", "parameters swapped by conversion", "a mode of functions", "a GPU's tensor type",
     "garbage collected all the time", "locale"),
    ("deterministic algorithms", "fake tensors", "autocast for cuda", "matmul precision of one library",
     "descriptors closed", "a thread beside", "decimal"))

# how each of an exercise's functions may be compiled
COMPILED = ("{0} = torch.compile({0})", "{0} = torch.compile(mode='reduce-overhead', fullgraph=True)({0})",
            "{0} = torch.compile({0}, backend='aot_eager', dynamic=True)",
            "import torch._dynamo\n{0} = torch._dynamo.optimize('inductor')({0})")
# ... and its models, in and around an answer
COMPILED_INSIDE = {
    "cuda_check": "own = train_step\ndef train_step(model, batch, loss_fn, optimizer, device):\n"
                  "    model.compile(backend='inductor')\n"
                  "    return own(torch.compile(model), batch, torch.compile(loss_fn), optimizer, device)",
    "gradient_norms": "own = attach_gradient_norm_hooks\n@torch.compile\n"
                      "def attach_gradient_norm_hooks(model):\n    return own(torch.compile(model))",
    "saturation": "net = remedy\ndef remedy(depth, width):\n"
                  "    return torch.compile(net(depth, width), mode='max-autotune')\n"
                  "@torch.jit.script\ndef sigmoid_derivative(z):\n"
                  "    return torch.sigmoid(z) * (1 - torch.sigmoid(z))",
    "thirty_layers": "net, steps_of = build, train\ndef build(depth, width, init):\n"
                     "    return torch.compile(net(depth, width, init))\ndef train(model, steps, lr):\n"
                     "    model.compile()\n    return steps_of(torch.compile(model)._orig_mod, steps, lr)",
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with open_sandbox() as opened:
        yield opened


def right_ones(exercise: Exercise) -> list[Solution]:
    return [reference(exercise), *solutions(exercise, "right")]


def above(*states: str) -> str:
    return "\n".join(["import torch, numpy", *(STATES[state] for state in states)])


def lost(sandbox: Sandbox, exercise: Exercise, tried: Iterable[tuple[str, Solution, str]]) -> list[str]:
    """What each solution loses with a cell above it and one below, and which of the cells do not run."""
    prepared, tried = exercise.prepare(SEED), list(tried)
    work = (one for index, (first, solution, last) in enumerate(tried)
            for one in exercise.jobs(index, as_notebook([first, *cells(exercise, solution.path), last]),
                                     prepared))
    observed: dict[int, dict[str, wire.Parcel[messages.Observations]]] = {}
    found = []
    for (index, world), answer in observe_all(sandbox, work, 1):
        assert not isinstance(answer, messages.NotStarted), answer
        observed.setdefault(index, {})[world] = answer
        found += [f"{tried[index][1].path.name}, {world}, cell {event.cell}: {event.error}: {event.message}"
                  for event in answer.record.run.events]
    return found + [f"{tried[index][1].path.name}: {verdict.id}: {verdict.message}" for index in observed
                    for verdict in judge(exercise, observed[index], prepared)
                    if verdict.mark not in (Mark.PASS, Mark.NOT_AVAILABLE)]


@pytest.mark.parametrize("name", EXERCISES)
def test_states_with_right_solutions_in_turn(name: str, sandbox: Sandbox) -> None:
    exercise = catalog.load(COURSE / name)
    solutions = right_ones(exercise)
    assert not lost(sandbox, exercise, [(above(*states), solutions[i % len(solutions)], "")
                                        for i, states in enumerate(TOGETHER)])


def test_every_state_is_tried_in_turn() -> None:
    assert sorted(state for states in TOGETHER for state in states) == sorted(STATES)


@pytest.mark.long
@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize("state", STATES)
def test_each_state_with_every_right_solution(name: str, state: str, sandbox: Sandbox) -> None:
    exercise = catalog.load(COURSE / name)
    assert not lost(sandbox, exercise, [(above(state), one, "") for one in right_ones(exercise)])


@pytest.mark.parametrize("name", EXERCISES)
def test_compiled_answers_run_as_they_are(name: str, sandbox: Sandbox) -> None:
    """One way to compile for each exercise, and all ways for all exercises together."""
    exercise = catalog.load(COURSE / name)
    way = COMPILED[EXERCISES.index(name) % len(COMPILED)]
    below = ["\n".join(way.format(function) for function in exercise.settings.functions),
             *filter(None, [COMPILED_INSIDE.get(name)])]
    assert not lost(sandbox, exercise, [("import torch", reference(exercise), last) for last in below])


def observed(source: str, step: CallStep | ProbeStep | None = None) -> messages.Answer:
    names: dict[str, Any] = {"torch": torch}
    exec(source, names)
    reference = TensorRef(key="w", dtype="float64", shape=(2, 2), parameter=True, requires_grad=True)
    return observe_step(step or CallStep(key="k", function="f", arguments=(reference,), seed=3),
                        {"w": WEIGHT}, names)[0]


RESTS_ON = {
    "default dtype float64": "def f(w): return torch.zeros(2) @ w",
    "grad mode off": "def f(w): return w.normal_()",
    "default device meta": "def f(w): return torch.zeros(2, 2) + torch.empty_like(w, device='meta')",
}


@pytest.mark.parametrize("state", RESTS_ON)
def test_what_a_right_answer_rests_on_is_there_where_it_raises_without(state: str) -> None:
    assert isinstance(observed(RESTS_ON[state]), Raised)
    with settled.kept():
        exec(above(state))
        outcome = observed(RESTS_ON[state])
        assert settled.differs()
    assert isinstance(outcome, Returned)
    assert not settled.differs()


def test_both_tries_draw_the_same_numbers() -> None:
    with settled.kept():
        torch.set_default_dtype(torch.float64)
        outcome = observed("drawn = []\ndef f(w):\n    drawn.append(torch.rand((), dtype=torch.float32))\n"
                           "    torch.zeros(2) @ w\n    return bool(drawn[0] == drawn[1])")
    assert isinstance(outcome, Returned)
    assert outcome.rounds[0].value == Truth(value=True)


def test_what_raises_either_way_is_told_as_it_was_first() -> None:
    with settled.kept():
        torch.set_default_dtype(torch.float64)
        outcome = observed("def f(w): raise ValueError(torch.get_default_dtype())")
    assert isinstance(outcome, Raised)
    assert outcome.message == "torch.float32"


def test_a_probe_makes_its_tensors_under_the_stated_state() -> None:
    probe = ProbeStep(key="k", function="made", seed=1,
                      source="import torch\ndef made(names):\n"
                             "    return torch.nn.Linear(2, 2).weight.dtype == torch.float32")
    with settled.kept():
        torch.set_default_dtype(torch.float64)
        outcome = observed("", probe)
    assert isinstance(outcome, Returned)
    assert outcome.rounds[0].value == Truth(value=True)


def test_a_lowered_dtype_stays_lowered() -> None:
    with settled.kept():
        torch.set_default_dtype(torch.float64)
        outcome = observed("def f(w): return w.detach().to(torch.float16)")
    assert isinstance(outcome, Returned)
    value = outcome.rounds[0].value
    assert isinstance(value, TensorRef)
    assert value.dtype == "float16"


@pytest.mark.parametrize("left", ["torch.set_default_dtype(torch.float16)", "torch.set_grad_enabled(False)",
                                  "torch.set_default_device('meta')",
                                  "torch.autocast('cpu').__enter__()", "import os; os.chdir('/')",
                                  "import numpy; numpy.seterr(all='raise')"])
def test_what_a_call_leaves_is_gone_with_it(left: str) -> None:
    before = [item.now() for item in settled.ITEMS]
    assert isinstance(observed(f"def f(w):\n    {left}"), Returned)
    assert [item.now() for item in settled.ITEMS] == before
