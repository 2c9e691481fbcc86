"""What runs beside a student's code, tried in-process on trusted code."""

from __future__ import annotations

import gc
import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from grader.inside.kernel.calls import observe_step
from grader.inside.kernel.encoding import Decoder, Encoder, TooMuch, tensor_of
from grader.inside.runner import seccomp
from grader.inside.runner.executing import does_something, notebook_of
from grader.inside.runner.sanitising import sanitised
from grader.inside.simulated_cuda import entered
from grader.wall import wire
from grader.wall.messages import Answer, CallStep, LossCause, Lost, ProbeStep, Raised, Returned, World
from grader.wall.values import (
    Device,
    MappingValue,
    Nothing,
    Opaque,
    Real,
    SequenceValue,
    TensorRef,
    Text,
    Truth,
    Value,
    Whole,
)

ONES = wire.Array(dtype="float32", shape=(2, 3), data=torch.ones(2, 3).numpy().tobytes())
REF = TensorRef(key="x", dtype="float32", shape=(2, 3))
CELL = "a_cell_of_the_notebook"
WATCHED = ("torch.nn.init.kaiming_normal_", "torch.nn.init.kaiming_uniform_", "torch.matmul")


def encoded(thing: object) -> tuple[Value, dict[str, wire.Array]]:
    encoder = Encoder("k", 1 << 20)
    return encoder.encode(thing), encoder.arrays


def observed(source: str, *, times: int = 1, watched: tuple[str, ...] = (),
             arguments: tuple[Value, ...] = (REF,)) -> Answer:
    namespace: dict[str, Any] = {}
    exec(compile(source, CELL, "exec"), namespace)
    outcome, arrays = observe_step(CallStep(key="k", function="f", arguments=arguments, times=times, seed=3),
                                   {"x": ONES}, namespace, watched, cells={CELL: (7, source)})
    back = wire.read(wire.encode(outcome, arrays), Answer)
    assert isinstance(back, wire.Parcel)
    assert back.record == outcome
    return outcome


@pytest.mark.parametrize(("thing", "value"), [
    (None, Nothing()), (True, Truth(value=True)), (np.bool_(False), Truth(value=False)), (5, Whole(value=5)),
    (np.int64(5), Whole(value=5, kind="int64")), (1 << 70, Opaque(kind="int")),
    (0.5, Real(value="0x1.0000000000000p-1")),
    (float("nan"), Real(value="nan")), (-float("inf"), Real(value="-inf")),
    (np.float32(0.5), Real(value="0x1.0000000000000p-1", kind="float32")),
    ("a\ud800", Text(value="a?")), (torch.device("cpu"), Device(value="cpu")), (1j, Opaque(kind="complex")),
    ([1, (2,)], SequenceValue(items=(Whole(value=1), SequenceValue(items=(Whole(value=2),), kind="tuple")))),
    ({"a": 1}, MappingValue(items=((Text(value="a"), Whole(value=1)),))), (object(), Opaque(kind="object")),
    (torch.zeros(2, dtype=torch.complex64), Opaque(kind="Tensor")),
    (torch.zeros(2, device="meta"), Opaque(kind="Tensor")),
    (torch.zeros(2, 2).to_sparse(), Opaque(kind="Tensor")), (torch.nn.Linear(1, 1), Opaque(kind="Linear")),
], ids=range(20))
def test_plain_values(thing: object, value: Value) -> None:
    assert encoded(thing) == (value, {})


@pytest.mark.parametrize("name", sorted(wire.NAMES))
def test_every_dtype_survives(name: str) -> None:
    tensor = torch.arange(6).reshape(2, 3).to(getattr(torch, name)).T  # not contiguous
    value, arrays = encoded(tensor)
    assert isinstance(value, TensorRef)
    assert (value.dtype, value.shape) == (name, (3, 2))
    assert torch.equal(tensor_of(arrays[value.key]), tensor)


def test_what_is_noted_of_a_tensor() -> None:
    parameter = torch.nn.Parameter(torch.ones(2))
    value, _ = encoded([parameter, parameter * 2, parameter, np.ones(2)])
    assert isinstance(value, SequenceValue)
    first, second, third, fourth = value.items
    assert isinstance(first, TensorRef)
    assert isinstance(second, TensorRef)
    assert isinstance(fourth, TensorRef)
    assert (first.parameter, first.requires_grad) == (True, True)
    assert (second.parameter, second.requires_grad) == (False, True)
    assert third == first
    assert fourth.dtype == "float64"


def test_a_lying_subclass_is_not_asked() -> None:
    class Liar(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return torch.zeros(1)

    liar = torch.ones(2, 3).as_subclass(Liar)
    value, arrays = encoded(liar)
    assert isinstance(value, TensorRef)
    assert arrays[value.key] == ONES


@pytest.mark.parametrize("thing", [torch.zeros(1 << 20), torch.zeros(1).expand(1 << 40),
                                   ["x" * 100] * 200_000,
                                   [[[[[[[[[[1]]]]]]]]]], [torch.zeros(1) for _ in range(5000)]],
                         ids=range(5))
def test_too_much(thing: object) -> None:
    with pytest.raises(TooMuch):
        encoded(thing)


def test_arguments_are_fresh_and_shared_by_key() -> None:
    first, second = Decoder({"x": ONES}), Decoder({"x": ONES})
    assert first.decode(REF) is first.decode(REF)
    first.decode(REF).zero_()
    assert second.decode(REF).sum() == 6


def test_a_call() -> None:
    outcome = observed("def f(x):\n    print('hello')\n    x.zero_()\n    return x", times=2)
    assert isinstance(outcome, Returned)
    first, second = outcome.rounds
    assert first.value == first.arguments[0]
    assert first.value != second.value


def test_seeds_cover_torch_numpy_and_random() -> None:
    source = ("import torch, random, numpy\n"
              "def f(x): return [float(torch.rand(())), random.random(), numpy.random.rand()]")
    once, again, twice = observed(source), observed(source), observed(source, times=2)
    assert isinstance(once, Returned)
    assert isinstance(again, Returned)
    assert isinstance(twice, Returned)
    assert once.rounds == again.rounds
    assert twice.rounds[0] != twice.rounds[1]


def test_an_exception_is_placed() -> None:
    outcome = observed("class Own(ValueError): pass\ndef g(x):\n    raise Own('no\\ud800')\ndef f(x):\n    "
                       "return g(x)")
    assert isinstance(outcome, Raised)
    assert (outcome.error, outcome.message) == ("Own", "no?")
    assert outcome.ancestry[:3] == ("Own", "ValueError", "Exception")
    assert [(line.cell, line.line) for line in outcome.lines] == [(7, 5), (7, 3)]
    assert outcome.lines[0].text == "return g(x)"
    assert not outcome.inside_probe


@pytest.mark.parametrize(("source", "cause"), [
    ("def f(x): raise MemoryError", LossCause.MEMORY),
    ("def f(x):\n    while True: print('x' * 1000)", LossCause.OUTPUT),
    ("def g(x): pass", LossCause.MISSING), ("f = 5", LossCause.MISSING),
    ("def f(x): return [x] * 200_000", LossCause.OUTPUT)])
def test_lost(source: str, cause: LossCause) -> None:
    outcome = observed(source)
    assert isinstance(outcome, Lost)
    assert outcome.cause is cause


def test_a_name_that_is_no_function_is_told_from_one_that_is_not_there() -> None:
    assert observed("f = 5") == Lost(cause=LossCause.MISSING, no_function=True)
    assert observed("g = 5") == Lost(cause=LossCause.MISSING)


@pytest.mark.parametrize("body", ["raise SystemExit(3)", "raise KeyboardInterrupt", "f(x)", "1/0",
                                  "x.no_such",
                                  "raise type('E', (Exception,), {'__str__': lambda self: 1/0})()"])
def test_raised(body: str) -> None:
    assert isinstance(observed(f"def f(x):\n    {body}"), Raised)


OWN = "class SimulationLimit(NotImplementedError): pass\n"
ITS_OWN = "from grader.inside.simulated_cuda import SimulationLimit as Limit\n"


@pytest.mark.parametrize(("before", "raised", "name", "not_simulated"), [
    ("", "torch.eye(2, device='cuda').to_sparse()", "SimulationLimit", True),
    (OWN, "raise_(SimulationLimit('no GPU'))", "Exception", False),
    (f"{ITS_OWN}class SimulationLimit(Limit): pass\n", "raise_(SimulationLimit('x'))", "Exception", False),
    (f"{ITS_OWN}class Mine(Limit): pass\n", "raise_(Mine('x'))", "Mine", False),
], ids=["the simulation's", "a class of that name", "a subclass of that name", "a subclass"])
def test_what_is_not_simulated_is_told_by_the_class_itself(before: str, raised: str, name: str,
                                                           not_simulated: bool) -> None:
    raising = "exec(compile('def raise_(error): raise error', 'simulated_cuda/limit.py', 'exec'))\n"
    source = f"import torch\n{before}{raising}def f(): return {raised}"
    with entered(World(name="one", gpus=("Tesla T4",), built_for_cuda="13.0")):
        outcome = observed(source, arguments=())
    assert isinstance(outcome, Raised)
    assert (outcome.error, outcome.not_simulated) == (name, not_simulated)


def test_a_probe() -> None:
    source = ("def p(namespace, x):\n    return {'n': namespace['g'](x)}\n"
              "def q(namespace):\n    raise KeyError('mine')")
    step = ProbeStep(key="k", function="p", source=source, inputs=(("x", Whole(value=2)),))
    outcome, _ = observe_step(step, {}, {"g": lambda x: x + 1})
    assert isinstance(outcome, Returned)
    assert outcome.rounds[0].value == MappingValue(items=((Text(value="n"), Whole(value=3)),))
    outcome, _ = observe_step(ProbeStep(key="k", function="q", source=source), {}, {})
    assert isinstance(outcome, Raised)
    assert outcome.inside_probe
    source = "import torch\ndef p(namespace):\n    return torch.stack(namespace['g']())"
    for returned, own in (lambda: None, True), (lambda: [1 / 0], False):
        outcome, _ = observe_step(ProbeStep(key="k", function="p", source=source), {}, {"g": returned})
        assert isinstance(outcome, Raised)
        assert outcome.inside_probe is own


def test_a_function_of_the_probe_that_the_students_code_calls_wrongly_is_the_students_error() -> None:
    source = "def p(namespace):\n    return namespace['f'](lambda x: x + 1)"
    code = "def f(g):\n    return g('two')"
    namespace: dict[str, Any] = {}
    exec(compile(code, CELL, "exec"), namespace)
    outcome, _ = observe_step(ProbeStep(key="k", function="p", source=source), {}, namespace,
                              cells={CELL: (0, code)})
    assert isinstance(outcome, Raised)
    assert (outcome.error, outcome.inside_probe) == ("TypeError", False)
    assert [line.text for line in outcome.lines] == ["return g('two')"]


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
@pytest.mark.parametrize("source", [
    "import torch\ndef f(x): return x.clone().share_memory_()",
    "import torch\ndef f(x): return [x.clone().share_memory_()[1:, 1:].t()]",
    "import torch\ndef f(x): x.set_(torch.zeros(4, 4).share_memory_().untyped_storage(), 0, (3, 3))",
    "import torch, tempfile, os\npath = os.path.join(tempfile.mkdtemp(), 'x')\n"
    "def f(x): return torch.from_file(path, shared=True, size=9)",
    "import mmap, numpy\ndef f(x): return numpy.frombuffer(mmap.mmap(-1, 4096), dtype='float32')",
    "import torch, mmap\ndef f(x): return torch.frombuffer(mmap.mmap(-1, 4096), dtype=torch.float32)",
], ids=range(6))
def test_numbers_that_other_processes_can_change_are_no_answer(source: str) -> None:
    outcome = observed(source)
    assert isinstance(outcome, Raised)
    assert (outcome.error, outcome.inside_probe) == ("SharedMemoryError", False)
    assert isinstance(observed("def f(x): return x.clone().share_memory_().clone()"), Returned)

@pytest.mark.parametrize(("source", "seen"), [
    ("import torch\ndef f(x): return torch.nn.init.kaiming_normal_(x)", ["kaiming_normal_"]),
    ("from torch.nn.init import kaiming_normal_ as k\ndef f(x): return k(x)", ["kaiming_normal_"]),
    ("import torch, warnings\ndef f(x):\n    warnings.simplefilter('ignore')\n    "
     "torch.nn.init.kaiming_normal(x)", ["kaiming_normal_"]),
    ("import torch\ndef f(x): return torch.nn.Sequential(torch.nn.Linear(3, 2)).apply(str)", []),
    ("import torch\ninit = torch.nn.init.kaiming_normal_\ninit(torch.ones(2, 2))\ndef f(x): pass", []),
    ("import torch\ndef one(m):\n    if isinstance(m, torch.nn.Linear): "
     "torch.nn.init.kaiming_uniform_(m.weight)\n"
     "def f(x): torch.nn.Sequential(torch.nn.Linear(3, 2)).apply(one)", ["kaiming_uniform_"]),
    ("import torch, functools\ndef f(x): functools.partial(torch.nn.init.kaiming_normal_, a=1)(x)",
     ["kaiming_normal_"]),
    ("import torch\ndef f(x): list(map(torch.nn.init.kaiming_normal_, [x]))", ["kaiming_normal_"]),
    ("import torch\ndef f(x): return torch.matmul(x, x.T)", ["torch.matmul"]),
], ids=range(9))
def test_the_recorder(source: str, seen: list[str]) -> None:
    outcome = observed(source, watched=WATCHED)
    assert isinstance(outcome, Returned)
    assert [name.removeprefix("torch.nn.init.") for name in outcome.forbidden] == seen


@pytest.mark.parametrize(("source", "seen"), [
    ("import importlib.util as u\nspec = u.find_spec('torch.nn.init')\nmine = u.module_from_spec(spec)\n"
     "spec.loader.exec_module(mine)\ndef f(x): return mine.kaiming_normal_(x)", True),
    ("import pathlib, torch\nmine = {}\nsource = pathlib.Path(torch.nn.init.__file__).read_text()\n"
     "exec(compile(source, 'mine.py', 'exec', optimize=2), mine)\n"
     "def f(x): return mine['kaiming_normal_'](x)", True),
    ("import inspect, torch\ndef f(x):\n    mine = dict(vars(torch.nn.init))\n"
     "    exec(inspect.getsource(torch.nn.init.kaiming_normal_), mine)\n"
     "    return mine['kaiming_normal_'](x)", True),
    ("import marshal, pathlib, torch, types\nsource = pathlib.Path(torch.nn.init.__file__).read_text()\n"
     "whole = compile(source, 'x', 'exec')\n"
     "code = next(c for c in whole.co_consts if getattr(c, 'co_name', '') == 'kaiming_normal_')\n"
     "code = marshal.loads(marshal.dumps(code)).replace(co_name='mine', co_filename='mine.py')\n"
     "mine = types.FunctionType(code, vars(torch.nn.init), 'mine', (0, 'fan_in', 'leaky_relu', None))\n"
     "def f(x): return mine(x)", True),
    ("import torch\nscope = {'torch': torch}\nfile = torch.__path__[0] + '/mine.py'\n"
     "exec(compile('def fill(w): torch.nn.init.kaiming_normal_(w)', file, 'exec'), scope)\n"
     "def f(x): scope['fill'](x)", True),
    ("import pathlib, torch\nmine = {}\nexec(pathlib.Path(torch.nn.init.__file__).read_text(), mine)\n"
     "def f(x): return mine['normal_'](x)", False),   # a copy that is not asked
    ("import torch\nscope = {}\nexec('def fill(w): return w.normal_()', scope)\n"
     "def f(x): scope['fill'](x)", False),
], ids=range(7))
def test_the_recorder_knows_code_that_was_made_again(source: str, seen: bool) -> None:
    outcome = observed(source, watched=WATCHED)
    assert isinstance(outcome, Returned), outcome
    assert ("torch.nn.init.kaiming_normal_" in outcome.forbidden) is seen
    assert not observed("def f(x): return x", watched=WATCHED).forbidden  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["torch.nn.init.no_such_", "torch.nn.no_such.f", "no.such",
                                  "torch.nn-init.f"])
def test_a_watched_name_that_there_is_not_is_skipped(name: str) -> None:
    assert isinstance(observed("def f(x): return 1", watched=(name,)), Returned)


def test_watched_functions_look_as_before() -> None:
    observed("def f(x): pass", watched=WATCHED)
    kaiming = torch.nn.init.kaiming_normal_
    assert list(inspect.signature(kaiming).parameters)[:3] == ["tensor", "a", "mode"]
    assert "def kaiming_normal_" in inspect.getsource(kaiming)
    assert "Kaiming" in (kaiming.__doc__ or "") or "He" in (kaiming.__doc__ or "")
    assert kaiming.__name__ == "kaiming_normal_"


@pytest.mark.parametrize("machine", seccomp.MACHINES)
@pytest.mark.parametrize("made", [seccomp.for_kernel, seccomp.for_runner, seccomp.for_server])
def test_the_filter_never_jumps_out(made: Callable[[str], bytes], machine: str) -> None:
    program = made(machine)
    count = len(program) // 8
    for index in range(count):
        code, yes, no = program[8 * index], program[8 * index + 2], program[8 * index + 3]
        if code in (seccomp.EQUAL, seccomp.AT_LEAST, seccomp.ANY_BIT):
            assert index + 1 + max(yes, no) < count
    assert program[-8] == seccomp.RETURN


def test_odd_outputs_are_left_out() -> None:
    notebook = notebook_of('{"cells": [{"cell_type": "code", "source": ["1", "2"], '
                           '"metadata": {"tags": ["x"]}}]}')
    cell = notebook.cells[0]
    assert cell.source == "12"
    good = {"output_type": "stream", "name": "stdout", "text": "a\ud800"}
    cell.outputs = [good, {"output_type": "stream"}, {"output_type": "x"}, {}, 5,
                    {"output_type": "display_data",
                    "data": {"text/plain": float("nan"), "text/html": {}}, "metadata": {}},
                    {"output_type": "display_data", "data": {"a/json": float("nan")}, "metadata": {}}]
    text = sanitised(notebook)
    assert text.count("output_type") == 1
    assert "a?" in text
    text.encode()


def test_no_cycle_is_collected_in_mid_call() -> None:
    """A cycle goes away when the collector happens to come by: the same code would get a mark by chance."""
    source = ("import weakref\nclass Node: pass\ndef f():\n    node = Node(); node.itself = node\n"
              "    there = weakref.ref(node)\n    del node\n    garbage = [[] for _ in range(200000)]\n"
              "    return there() is not None")
    outcome = observed(source, arguments=())
    assert isinstance(outcome, Returned)
    assert outcome.rounds[0].value == Truth(value=True)
    assert gc.isenabled()


@pytest.mark.parametrize(("source", "expected"), [
    ("", False), ("# a\n\n   # b", False), ("#%%\n# c?", False), ("x", True), ("# a\nx = 1  # b", True),
    ("%%time", True), ("'# text'", True), ("'''\n# text\n'''", True), ("?x", True)])
def test_cells_of_comments_alone_are_not_run(source: str, expected: bool) -> None:
    assert does_something(source) is expected
