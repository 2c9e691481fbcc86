"""A worker's own order: one allowance for a submission; what neighbours may have disturbed runs alone."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

pytest.importorskip("distributed")

from grader.execute.cluster import travel
from grader.execute.cluster.station import Station
from grader.execute.pool import Work
from grader.wall import wire
from grader.wall.messages import (
    Again,
    CallStep,
    Ended,
    Job,
    Limits,
    LossCause,
    NotStarted,
    Observations,
    Outcome,
    Returned,
    Run,
    World,
)
from tests.cluster.quick import Quick

STEP = CallStep(key="a", function="f")
TOO_BUSY = Ended(cause=LossCause.TIMEOUT, again=Again.ALONE)


class Crowded(Quick):
    """Every job meets its limit as long as there is another beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.there, self.lock, self.both = 0, threading.Lock(), threading.Barrier(2)
        self.given: list[float] = []

    def run(self, job: Job, *_: object) -> wire.Parcel[Observations]:
        with self.lock:
            self.there += 1
            self.given.append(job.most_seconds)
            crowded = len(self.given) <= 2
        if crowded:
            self.both.wait(60)
        with self.lock:
            outcome: Outcome = TOO_BUSY if self.there > 1 or crowded else Returned(rounds=())
            self.there -= 1
        return wire.Parcel(record=Observations(run=Run(), outcomes={"a": outcome}))


def run(station: Station, *worlds: str) -> dict[str, object]:
    limits = Limits(submission_seconds=100)
    jobs = [Work(key=(0, world), job=Job(notebook="", world=World(name=world), limits=limits), steps=[STEP],
                 arrays={}) for world in worlds]
    packed = travel.Packer().packed(jobs)
    return dict(travel.read(station.run(packed.errand, [*packed.apart.values()]), jobs))


def outcomes(found: dict[str, object]) -> Sequence[Outcome]:
    return [one.record.outcomes["a"] for one in found.values() if isinstance(one, wire.Parcel)]


def test_what_a_neighbour_may_have_slowed_down_runs_once_more_alone() -> None:
    station = Station(Crowded(), jobs=2, jobs_per_gpu=1)
    found: list[Outcome] = []
    threads = [threading.Thread(target=lambda: found.extend(outcomes(run(station, "plain"))))
               for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [Returned(rounds=())] * 2
    assert len(station.sandbox.given) == 4  # type: ignore[attr-defined]


class Slow(Quick):
    """Every job takes so long."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[float] = []

    def run(self, job: Job, *_: object) -> wire.Parcel[Observations]:
        self.given.append(job.most_seconds)
        threading.Event().wait(0.5)
        return wire.Parcel(record=Observations(run=Run(), outcomes={"a": Returned(rounds=())}))


def test_a_submission_has_one_time_for_all_its_worlds() -> None:
    sandbox = Slow()
    station = Station(sandbox, jobs=1, jobs_per_gpu=1)
    run(station, "plain", "cuda")
    run(station, "plain")
    first, second, another = sandbox.given
    assert second < first - 0.4, "the second world has what the first one left"
    assert another > second, "another submission has all of it"


def test_what_we_cannot_carry_out_is_withheld() -> None:
    class Failing(Quick):
        def run(self, *_: object) -> wire.Parcel[Observations]:
            raise ZeroDivisionError

    found = run(Station(Failing(), jobs=1, jobs_per_gpu=1), "plain", "cuda")
    failed = NotStarted(reason="the worker failed: ZeroDivisionError")
    assert found == {"plain": failed, "cuda": failed}
