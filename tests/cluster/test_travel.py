"""What travels between the batch and its workers, as bytes; what comes back is hostile."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("distributed")

from grader.execute.cluster import identity, travel
from grader.execute.cluster.station import Floor
from grader.execute.exchange import Changed
from grader.execute.pool import Found, Work
from grader.wall import wire
from grader.wall.messages import (
    Brought,
    CallStep,
    Job,
    NotStarted,
    Observations,
    ProbeStep,
    Returned,
    Round,
    Run,
    World,
)
from grader.wall.values import TensorRef
from tests.fuzz import fuzzed

STEPS = CallStep(key="a", function="double"), ProbeStep(key="b", function="f", source="def f(): pass")
ARRAY = wire.Array(dtype="float32", shape=(2,), data=b"12345678")
JOBS = [Work(key=(3, name), job=Job(notebook="{}", world=World(name=name)), steps=STEPS,
             arrays={"a/0": ARRAY}, on_gpu=name == "cuda") for name in ("plain", "cuda")]
REF = TensorRef(key="a/r", dtype="float32", shape=(2,))
SEEN = wire.Parcel(record=Observations(run=Run(executed="{}", seconds=0.1), held_up=1 / 3, outcomes={
    "a": Returned(rounds=(Round(value=REF),))}), arrays={"a/r": ARRAY})
FOUND: dict[str, Found] = {"plain": SEEN, "cuda": NotStarted(reason="no room")}


def test_jobs_travel_whole_and_what_they_share_once() -> None:
    packer = travel.Packer()
    packed = packer.packed(JOBS)
    assert len(packed.apart) == 1, "both worlds ask the same"
    assert packer.packed([each._replace(key=(4, "x")) for each in JOBS]).apart.keys() == packed.apart.keys()
    work, files = travel.unpacked(packed.errand, [*packed.apart.values()])
    assert files == {}
    assert work == [each._replace(key=(0, each.key[1])) for each in JOBS]


def test_a_file_that_is_not_as_it_was_read_does_not_travel() -> None:
    job = Job(notebook="{}", files=(Brought(name="data.csv", sha256="0" * 64, size=1),))
    with pytest.raises(Changed, match=r"data\.csv has changed"):
        travel.Packer().packed([JOBS[0]._replace(job=job)])


def test_answers_come_back_as_they_were() -> None:
    assert travel.read(travel.answered(FOUND), JOBS) == FOUND


@fuzzed
@given(st.binary(max_size=400))
def test_reading_answers_never_raises(data: bytes) -> None:
    assert {type(one) for one in travel.read(data, JOBS).values()} == {NotStarted}


@fuzzed
@given(st.integers(0, 10_000), st.integers(0, 255), st.integers(0, 10_000))
def test_reading_spoilt_answers_never_raises(place: int, value: int, cut: int) -> None:
    data = bytearray(travel.answered(FOUND))
    data[place % len(data)] = value
    assert travel.read(bytes(data[:cut]), JOBS).keys() == {"plain", "cuda"}
    assert travel.read(bytes(data), JOBS).keys() == {"plain", "cuda"}


@pytest.mark.parametrize(("spoilt", "why"), [
    (lambda: {"plain": SEEN}, "it is of other jobs"),
    (lambda: {"cuda": SEEN, "plain": SEEN}, "it is of other jobs"),
    (lambda: {"plain": wire.Parcel(record=SEEN.record), "cuda": SEEN}, "does not fit its numbers"),
    (lambda: {"plain": wire.Parcel(record=msgspec.structs.replace(SEEN.record, outcomes={
        "b": SEEN.record.outcomes["a"]}), arrays=SEEN.arrays), "cuda": SEEN}, "does not fit its numbers"),
], ids=["one is missing", "in another order", "without numbers", "another step's"])
def test_an_answer_that_does_not_fit_has_not_started(spoilt: Callable[[], dict[str, Found]],
                                                     why: str) -> None:
    found = travel.read(travel.answered(spoilt()), JOBS)
    assert why in str(found["plain"])


HERE = identity.described("bubblewrap", ("namespaces", "users"))


@pytest.mark.parametrize(("there", "why"), [
    ({}, ""),
    ({"layers": ("namespaces", "users", "cgroup")}, ""),
    ({"packages": {**HERE.packages, "left-pad": "1"}}, ""),
    ({"grader": "0.1 abc"}, f"it has grader 0.1 abc, and here is {HERE.grader}"),
    ({"python": "3.9.1"}, f"it has Python 3.9.1, and here is {HERE.python}"),
    ({"machine": "Linux arm"}, f"it has machine Linux arm, and here is {HERE.machine}"),
    ({"sandbox": "process"}, "it has sandbox process, and here is bubblewrap"),
    ({"packages": {**HERE.packages, "torch": "1.0"}},
     f"it has torch 1.0, and here is {HERE.packages['torch']}"),
    ({"packages": {name: version for name, version in HERE.packages.items() if name != "numpy"}},
     f"it has no numpy, and here is {HERE.packages['numpy']}"),
    ({"packages": {**HERE.packages, "left-pad-2": "1"}}, "it has left-pad-2 1, and here is none"),
    ({"layers": ("namespaces",)}, "its sandbox lacks what holds on the others: users"),
], ids=lambda value: next(iter(value), "same") if isinstance(value, dict) else "")
def test_what_tells_a_worker_apart_is_named(there: dict[str, object], why: str) -> None:
    known = ["Left_Pad.2"]
    other = msgspec.structs.replace(HERE, **there)
    assert identity.difference(HERE, other, known) == why
    fitting = {HERE.digest(known), *map(identity.layer, HERE.layers)} <= other.offers(known, 1).keys()
    assert fitting == (not why), "the scheduler sees the same"


def test_who_wants_to_be_alone_is() -> None:
    floor, order = Floor(), list[str]()
    entered, leave = threading.Event(), threading.Event()

    def first() -> None:
        with floor.shared():
            entered.set()
            leave.wait()
            order.append("first")

    def alone() -> None:
        with floor.alone():
            order.append("alone")

    threads = [threading.Thread(target=first), threading.Thread(target=alone)]
    threads[0].start()
    entered.wait()
    with floor.shared():
        order.append("second")
    threads[1].start()
    leave.set()
    for thread in threads:
        thread.join()
    assert order == ["second", "first", "alone"]
    with floor.shared():
        order.append("again")
