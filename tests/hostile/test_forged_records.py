"""Whatever records a sandbox writes, judging them ends in marks of the student's: never in a fault of ours.

A student who could make a check raise would have the mark withheld, and be run again for ever.
"""

from __future__ import annotations

import json
import signal
import struct
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from grader import records
from grader.execute.exchange import checked
from grader.exercise.catalog import Exercise, discover, load
from grader.exercise.inline import observe_inline
from grader.exercise.solutions import cells
from grader.judge import judge, verdict_on
from grader.spec import On, Preparation, Seen, Strange, described
from grader.wall import messages, wire
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
from grader.wall.wire import Array, Garbled

FOLDERS = discover(Path(__file__).resolve().parents[2] / "exercises")
NAN, INF, HUGE = Real(value="nan"), Real(value="-inf"), Whole(value=-(1 << 63))


def scalars() -> Iterator[Value]:
    yield from (Nothing(), Truth(value=True), Whole(value=(1 << 63) - 1), HUGE, NAN, INF,
                Real(value="no number"), Real(value="0x1p+99999"), Text(value=""), Text(value="x" * 100_000),
                Opaque(kind="Evil"),
                Device(value="cuda:99"), Device(value="no device"))


def compounds() -> Iterator[Value]:
    yield from (SequenceValue(items=()), SequenceValue(items=(NAN,) * 40),
                SequenceValue(items=(Nothing(), INF), kind="tuple"),
                SequenceValue(items=tuple(MappingValue(items=()) for _ in range(30))), MappingValue(items=()),
                MappingValue(items=((SequenceValue(items=()), Text(value="x")), (NAN, NAN),
                                    (Nothing(), HUGE))))


TENSORS = {"empty": Array(dtype="float32", shape=(0,), data=b""),
           "scalar": Array(dtype="int64", shape=(), data=bytes(8)),
           "nan": Array(dtype="float64", shape=(2, 2), data=struct.pack("<4d", *[float("nan")] * 4)),
           "odd-truth": Array(dtype="bool", shape=(3,), data=b"\xff\x02\x00"),
           "thin": Array(dtype="bfloat16", shape=(1, 0, 7), data=b"")}


def tensor(name: str, key: str) -> TensorRef:
    return TensorRef(key=f"{key}/forged-{name}", dtype=TENSORS[name].dtype, shape=TENSORS[name].shape)


def forgeries(key: str) -> list[Value]:
    tensors = (tensor(name, key) for name in TENSORS)
    return [*scalars(), *compounds(), *tensors, TensorRef(key="lost", dtype="int8", shape=())]


def replaced(value: Value, forged: Value) -> Iterator[Value]:
    """The value with one part after another forged: itself, or one of the first in each mapping and list
    within."""
    yield forged
    if isinstance(value, MappingValue):
        for at, (name, part) in enumerate(value.items[:3]):
            for other in replaced(part, forged):
                yield structs.replace(value, items=(*value.items[:at], (name, other), *value.items[at + 1:]))
    if isinstance(value, SequenceValue):
        for at, part in enumerate(value.items[:2]):
            for other in replaced(part, forged):
                yield structs.replace(value, items=(*value.items[:at], other, *value.items[at + 1:]))


class Forger:
    """An exercise's own right solution, observed; and what the checks say when a part of it is forged."""

    def __init__(self, exercise: Exercise) -> None:
        self.exercise = exercise
        self.prepared: Preparation = exercise.prepare(5)
        self.observed = observe_inline(exercise, cells(exercise), self.prepared)
        assert {v.mark for v in judge(exercise, self.observed, self.prepared)} <= {records.Mark.PASS,
                                                                                   records.Mark.NOT_AVAILABLE}

    def verdicts(self, world: str, key: str, outcome: messages.Outcome) -> Iterator[records.Verdict]:
        """What each check that looks at this step makes of the forged outcome."""
        was = self.observed[world]
        forged = {f"{key}/forged-{name}": array for name, array in TENSORS.items()}
        parcel = wire.Parcel(record=structs.replace(was.record,
                                                    outcomes={**was.record.outcomes, key: outcome}),
                             arrays={**was.arrays, **forged})
        for check in self.exercise.checks:
            if key in {self.exercise.keys[step] for step in check.looks_at}:
                yield verdict_on(self.exercise, check, {**self.observed, world: parcel}, self.prepared)


@pytest.fixture(scope="module", params=sorted(FOLDERS))
def forger(request: pytest.FixtureRequest) -> Forger:
    return Forger(load(FOLDERS[request.param]))


def test_no_forged_value_is_our_fault(forger: Forger) -> None:
    for step, key in forger.exercise.keys.items():
        was = forger.observed.get(step.world.name)
        outcome = was.record.outcomes[key] if was else None
        if not isinstance(outcome, messages.Returned):
            continue
        first = outcome.rounds[0]
        for forged in forgeries(key):
            rounds = [structs.replace(first, value=value) for value in replaced(first.value, forged)]
            rounds += [structs.replace(first, arguments=(forged, *first.arguments[1:])),
                       structs.replace(first, arguments=())]
            for one in rounds:
                changed = structs.replace(outcome, rounds=(one, *outcome.rounds[1:]))
                for verdict in forger.verdicts(step.world.name, key, changed):
                    assert verdict.mark is not records.Mark.GRADER_ERROR, (key, forged, verdict.message)


@pytest.mark.parametrize("outcome", [
    *(messages.Lost(cause=cause, after_seconds=1e6, no_function=True) for cause in messages.LossCause),
    *(messages.Ended(cause=cause, by_signal=signal.SIGKILL) for cause in messages.LossCause),
    messages.Raised(error="", message="\u202e`x`" * 500),
    messages.Raised(error="GraderError", lines=(messages.Line(cell=-5, line=1 << 62, text=""),) * 200),
    messages.Returned(rounds=()),
    messages.Returned(rounds=(messages.Round(value=Nothing()),) * 1000),
    messages.Returned(rounds=(messages.Round(value=Nothing()),), forbidden=("x" * 200,) * 200),
], ids=[*(f"lost-{cause.value}" for cause in messages.LossCause),
        *(f"ended-{cause.value}" for cause in messages.LossCause),
        "raised", "raised-odd", "no-rounds", "many-rounds", "forbidden"])
def test_no_forged_outcome_is_our_fault(forger: Forger, outcome: messages.Outcome) -> None:
    for step, key in forger.exercise.keys.items():
        if step.world.name in forger.observed:
            for verdict in forger.verdicts(step.world.name, key, outcome):
                assert verdict.mark is not records.Mark.GRADER_ERROR, verdict
                assert len(verdict.message) <= 2000


def parcel(text: str, tail: bytes = b"") -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    return struct.pack("<Q", len(data)) + data + tail


def header(entries: dict[str, object], data: bytes = b"") -> bytes:
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.mark.parametrize("text", [
    '{"type":"returned","rounds":[{"value":{"type":"whole","value":1' + "0" * 400 + '}}]}',
    '{"type":"returned","rounds":[{"value":{"type":"whole","value":9223372036854775808}}]}',
    '{"type":"lost","cause":"withheld"}', '{"type":"lost","cause":"crashed","detail":"' + "x" * 100_000
    + '"}', '{"type":"raised","error":"' + "E" * 100_000 + '"}',
    '{"type":"raised","error":"E","lines":[' + ",".join(['{"cell":0,"line":0,"text":""}'] * 10_000) + "]}",
    '{"type":"returned","rounds":[],"forbidden":[' + ",".join(['"x"'] * 10_000) + "]}",
    '{"type":"returned","rounds":[{"value":{"type":"tensor","key":"other/0","dtype":"int8","shape":[]}}]}',
    '{"type":"returned","rounds":[],"mark":"pass"}', '{"type":"passed"}',
    '{"type":"raised","error":"\ud800"}',
    '{"type":"raised","error":"\\ud800"}', "[" * 1000, "null", "1e999", '{"type":"returned","rounds":null}',
])
def test_what_is_no_outcome_of_ours_is_the_call_s_loss(text: str) -> None:
    outcome, arrays = checked(parcel(text), "step")
    assert outcome == messages.Ended(cause=messages.LossCause.CRASHED)
    assert arrays == {}


@pytest.mark.parametrize("shape", [(1 << 31, 1 << 31, 0), (0, 1 << 31, 1 << 31, 1 << 31),
                                   (1 << 31,) * 7 + (0,)])
def test_an_empty_tensor_of_impossible_shape_is_refused(shape: tuple[int, ...]) -> None:
    """torch cannot make one: a check that tried would fail by our fault."""
    entry = {"dtype": "F32", "shape": list(shape), "data_offsets": [0, 0]}
    assert isinstance(wire.unpack(header({"step/0": entry})), Garbled)


def test_what_wire_lets_through_torch_can_hold() -> None:
    for dtype, (name, size) in wire.DTYPES.items():
        for shape in ((), (0,), (0, 5), (3, 0, 1 << 20), (2, 3)):
            count = 1
            for n in shape:
                count *= n
            entry = {"dtype": dtype, "shape": list(shape), "data_offsets": [0, count * size]}
            arrays = wire.unpack(header({"x": entry}, b"\xff" * (count * size)))
            assert not isinstance(arrays, Garbled)
            made = wire.to_tensor(arrays["x"])
            assert (tuple(made.shape), str(made.dtype)) == (shape, f"torch.{name}")


def test_a_class_s_name_takes_no_check_out_of_the_maximum(forger: Forger) -> None:
    """Nor does a kernel that says the simulated device could not do it."""
    for said in messages.Raised(error="SimulationLimit", message="cannot"), messages.Raised(
            error="SimulationLimit", message="cannot", not_simulated=True):
        for step, key in forger.exercise.keys.items():
            if step.world.name in forger.observed:
                for verdict in forger.verdicts(step.world.name, key, said):
                    assert verdict.mark is not records.Mark.NOT_AVAILABLE
                    simulated = said.not_simulated and step.world.gpus is not None
                    assert (verdict.cause is records.Cause.NOT_SIMULATED) <= simulated


def test_strange_values_equal_nothing() -> None:
    seen = Seen(step=None, given={}, outcome=messages.Lost(cause=messages.LossCause.CRASHED), arrays={})  # type: ignore[arg-type]
    strange = seen.decode(Opaque(kind="int"))
    assert strange != strange
    assert strange != 0
    assert msgspec.json.encode(Opaque(kind="int"))


def within(value: Value) -> Seen:
    """A step that has a tensor of six dimensions, of which torch would write down 46,656 numbers."""
    large = Array(dtype="bool", shape=(7,) * 6, data=bytes(7**6))
    return Seen(step=None, given={}, arrays={"large": large},  # type: ignore[arg-type]
                outcome=messages.Returned(rounds=(messages.Round(value=value),)))


LARGE = TensorRef(key="large", dtype="bool", shape=(7,) * 6)


def test_a_tensor_that_is_named_often_is_held_once() -> None:
    """A list of one tensor, 99,999 times over, is an honest kernel's megabyte, and was a hundred gigabytes
    here."""
    value = SequenceValue(items=(LARGE, SequenceValue(items=(LARGE,)),
                                 MappingValue(items=((Text(value="x"), LARGE),))))
    one, (another,), mapped = within(value).decode(value)
    assert one is another
    assert one is mapped["x"]


@pytest.mark.parametrize("items", [1, 1000])
def test_what_is_too_long_to_be_told_is_not_written_out(items: int) -> None:
    many = (LARGE,) * items
    for value in (SequenceValue(items=many), SequenceValue(items=many, kind="tuple"),
                  MappingValue(items=tuple((Whole(value=i), LARGE) for i in range(items)))):
        assert "of shape (7, 7, 7, 7, 7, 7)" in described(within(value).decode(value))
    keys = within(LARGE).decode(MappingValue(items=((SequenceValue(items=many, kind="tuple"), HUGE),
                                                    (LARGE, NAN))))
    assert len(keys) == 2
    assert all(len(key) < 200 * (items + 1) for key in keys)


@pytest.mark.parametrize("value", [
    [], (), {}, [1], (1,), (1, 2), [[], [()]], {"a": [1, (2.5, None)], 3: {}}, "x" * 100, ["x" * 100],
    [1] * 50, {i: str(i) for i in range(50)}, True, [On("cpu"), Strange("Liar")], 1 << 60])
def test_what_is_short_is_told_as_python_writes_it(value: object) -> None:
    written = repr(value)
    assert described(value) == (written if len(written) <= 80 else f"{written[:77]}...")
