"""What crosses the wall: whatever a kernel or a runner writes, the reader has a record or a reason, and the
judge a mark for every check."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import tempfile
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from grader import judge, records
from grader.execute import exchange
from grader.exercise import catalog
from grader.exercise.inline import observe_inline
from grader.inside.runner import calling
from grader.inside.runner.conductor import NOTHING, Conductor
from grader.keep import output, parcels
from grader.wall import frames, wire
from grader.wall.frames import CARRIER, NONCE, Kind
from grader.wall.messages import (
    Answer,
    CallStep,
    Defined,
    Ended,
    Job,
    Limits,
    LossCause,
    NotStarted,
    Observations,
    Outcome,
    Raised,
    Returned,
    Round,
    Run,
)
from grader.wall.values import TensorRef, Text
from tests.conftest import CELLS, write_exercise
from tests.fuzz import JSON, PIECES, fuzzed, odd, spoilt
from tests.notebooks import notebook

SEED = 11
WRONG = {
    "right": "",
    "squares": "def double(x):\n    return x * x",
    "in place": "def double(x):\n    return x.add_(x)",
    "raises": "def halve(x):\n    raise KeyError('no')",
    "forbids": "def double(x):\n    return torch.mul(x, 2)",
    "odd": "def double(x):\n    return {'a': [x, float('nan'), 1 << 70, object()]}",
    "gone": "del double",
}
NUMBERS = wire.Array(dtype="float32", shape=(2, 2), data=bytes(range(16)))
RETURNED = Returned(
    rounds=(
        Round(value=TensorRef(key="s0/0", dtype="float32", shape=(2, 2))),
        Round(value=Text(value="é\u2028")),
    )
)
ANSWERS = [
    wire.encode(RETURNED, {"s0/0": NUMBERS}),
    wire.encode(Raised(error="KeyError", message="no")),
    wire.encode(Ended(cause=LossCause.CRASHED)),
]
RUN = Run(executed=notebook("x = 1"), defined=("double",))


@cache
def an_exercise() -> catalog.Exercise:
    return catalog.load(write_exercise(Path(tempfile.mkdtemp(prefix="fuzz-")) / "exercises" / "doubling"))


@cache
def observed(what: str) -> wire.Parcel[Observations]:
    """What a solution really brings."""
    exercise = an_exercise()
    return observe_inline(exercise, [*CELLS, WRONG[what]], exercise.prepare(SEED))["plain"]


def judged(parcel: wire.Parcel[Observations]) -> dict[str, records.Verdict]:
    exercise = an_exercise()
    return {v.id: v for v in judge.judge(exercise, {"plain": parcel}, exercise.prepare(SEED))}


def points(verdicts: Mapping[str, records.Verdict]) -> dict[str, float]:
    assert [*verdicts] == [check.id for check in an_exercise().checks]
    assert all(v.mark is not records.Mark.GRADER_ERROR for v in verdicts.values()), verdicts
    return {name: verdict.points for name, verdict in verdicts.items()}


# --- bytes -> records ----------------------------------------------------------------------------------


@fuzzed
@given(
    st.one_of(
        odd(*ANSWERS, wire.encode(RUN)),
        JSON.map(lambda found: json.dumps(found).encode()).map(
            lambda text: len(text).to_bytes(8, "little") + text
        ),
    ),
    st.sampled_from([Outcome, Answer, Run, Observations, Job]),
)
def test_wire(data: bytes, kind: Any) -> None:
    found = wire.read(data, kind)
    if isinstance(found, wire.Garbled):
        assert 0 < len(found.reason) < 400
        return
    assert wire.read(wire.encode(found.record, found.arrays), kind) == found
    assert sum(len(array.data) for array in found.arrays.values()) <= len(data)
    for array in found.arrays.values():
        assert wire.to_tensor(array).shape == array.shape


@fuzzed
@given(
    st.one_of(
        odd(frames.HEADER.pack(b"o", 3) + b"abc"),
        st.builds(
            lambda kind, length, rest: frames.HEADER.pack(kind, length) + rest,
            st.sampled_from([*frames.KINDS, b"\x00", b"!"]),
            st.integers(0, 2**64 - 1),
            st.binary(max_size=20),
        ),
    ),
    st.sampled_from([0, 2, 1 << 16]),
)
def test_frames(data: bytes, most: int) -> None:
    stream = io.BytesIO(data)
    while True:
        try:
            _, payload = frames.get(stream, most)
        except frames.Broken:
            return
        assert len(payload) <= most


# --- the runner reads a kernel -------------------------------------------------------------------------


class Hostile:
    """A kernel that says what it is told to and hangs up."""

    def __init__(self, says: bytes, answer: bytes | None) -> None:
        self.channel, self.theirs = socket.socketpair()
        self.passes_descriptors = answer is not None
        self.says, self.answer = says, answer
        self.thread = threading.Thread(target=self.speak)
        self.thread.start()

    def resume(self) -> None:
        """It was never stopped."""

    def speak(self) -> None:
        with self.theirs, contextlib.suppress(OSError):  # the runner may have heard enough
            if self.answer is not None:
                _, descriptors, *_ = socket.recv_fds(self.theirs, len(CARRIER), 1)
                with socket.socket(fileno=descriptors[0]) as end:
                    end.sendall(self.answer)
            self.theirs.sendall(self.says)
            self.theirs.shutdown(socket.SHUT_WR)
            while self.theirs.recv(1 << 16):
                pass

    def close(self) -> None:
        self.channel.close()
        self.thread.join()


def framed(*made: tuple[Kind, bytes]) -> bytes:
    stream = io.BytesIO()
    for kind, payload in made:
        frames.put(stream, kind, payload)
    return stream.getvalue()


IN_FULL = framed((Kind.TAKEN, b""), (Kind.OUTCOME, b"n" * NONCE + ANSWERS[0]))
ENDS = framed((Kind.STAYS, b"")), framed((Kind.GONE, frames.STATUS.pack(9)))


@fuzzed
@given(odd(IN_FULL), odd(*ENDS), st.booleans(), st.sampled_from([100, 1 << 16]))
def test_runner_hears_a_call(answer: bytes, says: bytes, apart: bool, most: int) -> None:
    kernel = Hostile(says if apart else answer + says, answer if apart else None)
    try:
        heard = calling.call(kernel, (b"n" * NONCE, b"step"), seconds=30, most=most)
    finally:
        kernel.close()
    assert isinstance(heard, calling.Heard)
    assert len(heard.answer) <= most


@fuzzed
@given(odd(*ANSWERS), st.sampled_from([50, 1 << 16]))
def test_runner_passes_an_answer_on(data: bytes, most: int) -> None:
    passed = b"".join(calling.passed_on(b"n" * NONCE + data, most))
    outcome, _ = exchange.checked(passed, "s0")
    assert len(passed) <= most or isinstance(outcome, Ended)
    if isinstance(wire.open_parcel(data, Ended), tuple):  # the runner's own word, from a kernel
        assert outcome == calling.CRASHED


@fuzzed
@given(odd(framed((Kind.DEFINED, wire.encode(Defined(names=("double",)))))))
def test_runner_hears_what_is_defined(says: bytes) -> None:
    kernel = Hostile(says, None)
    try:
        told = Conductor(cast(Any, None), Job(notebook=""), cast(Any, kernel), cast(Any, None))._defined()
    finally:
        kernel.close()
    assert told[1] is None or told == (NOTHING, calling.CRASHED)


# --- the grader reads a runner -------------------------------------------------------------------------


class Scripted(io.BytesIO):
    """A runner that says what is written here, whatever it is asked."""

    def write(self, data: Any, /) -> int:
        return len(data)


STEPS = [CallStep(key=name, function=name) for name in ("s0", "s1")]
TOLD = framed(
    (Kind.STARTED, b""), (Kind.RUN, wire.encode(RUN)), (Kind.OUTCOME, ANSWERS[0]), (Kind.OUTCOME, ANSWERS[1])
)


@fuzzed
@given(odd(TOLD))
def test_grader_hears_a_runner(told: bytes) -> None:
    job = Job(notebook=notebook("x = 1"), limits=Limits(observation_bytes=1 << 16))
    found = exchange.converse(Scripted(told), job, STEPS, {})
    if isinstance(found, NotStarted):
        assert found.reason
        return
    assert list(found.record.outcomes) == ["s0", "s1"]
    assert all(name.startswith(("s0/", "s1/")) for name in found.arrays)


# --- real observations, byte by byte -------------------------------------------------------------------


def refused_or_judged(parcel: wire.Parcel[Observations], honest: dict[str, float]) -> None:
    """No spoilt byte turns a wrong answer into a right one, makes the judge raise or withholds a mark."""
    found = points(judged(parcel))
    assert all(found[name] <= honest[name] for name in honest), found


def each_byte(data: bytes, every: int) -> list[bytes]:
    """At each place: a bit flipped, the byte gone, one more there, the same once more."""
    return [
        changed
        for at in range(0, len(data), every)
        for changed in (
            data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :],
            data[:at] + data[at + 1 :],
            data[:at] + b"0" + data[at:],
            data[: at + 1] + data[at:],
        )
    ]


EVERY = 1 if fuzzed.max_examples > 1000 else 41  # bytes


@pytest.mark.parametrize("what", WRONG)
def test_each_byte_of_an_outcome(what: str) -> None:
    honest = observed(what)
    marks = points(judged(honest))
    for key, outcome in honest.record.outcomes.items():
        own = {name: array for name, array in honest.arrays.items() if name.startswith(f"{key}/")}
        for data in each_byte(wire.encode(outcome, own), EVERY):
            spoilt_outcome, arrays = exchange.checked(data, key)
            outcomes = {**honest.record.outcomes, key: spoilt_outcome}
            kept = {name: array for name, array in honest.arrays.items() if name not in own}
            refused_or_judged(
                wire.Parcel(record=structs.replace(honest.record, outcomes=outcomes), arrays=kept | arrays),
                marks,
            )


@fuzzed
@given(st.data(), st.sampled_from(sorted(WRONG)), st.booleans())
def test_stored_observations(data: Any, what: str, older: bool) -> None:
    """What is stored is read again as hostile as on the day it came; so is what an older grader stored."""
    honest = observed(what)
    stored = parcels.Stored(**structs.asdict(honest.record), question="q")
    honestly = wire.encode(stored, honest.arrays) if older else parcels.packed(honest, "q")
    written = data.draw(st.one_of(spoilt(honestly, 2), PIECES))
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        kept = output.Output(Path(folder))
        place = kept.observations("ada", "doubling", "plain")
        place.parent.mkdir(parents=True)
        place.write_bytes(written)
        found = kept.kept("ada", "doubling", "plain", "q")
    if found is not None:
        points(judged(found))


def test_these_are_heard_where_nothing_is_spoilt() -> None:
    """Or nothing here would show anything."""
    assert points(judged(observed("right"))) == {"values": 3, "untouched": 1, "half": 2}
    found = exchange.converse(Scripted(TOLD), Job(notebook=notebook("x = 1")), STEPS, {})
    assert isinstance(found, wire.Parcel)
    assert isinstance(found.record.outcomes["s1"], Raised)
    kernel = Hostile(ENDS[0], IN_FULL)
    heard = calling.call(kernel, (b"n" * NONCE, b"step"), seconds=30, most=1 << 16)
    kernel.close()
    assert heard.after is calling.After.STAYS
    assert heard.answer[NONCE:] == ANSWERS[0]
