"""A worker's end: the jobs of a submission, run in this machine's own sandbox."""

from __future__ import annotations

import contextlib
import logging
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from distributed import Worker, get_worker
from distributed.diagnostics.plugin import WorkerPlugin

from grader.execute.allowance import Allowance
from grader.execute.cluster import travel
from grader.execute.exchange import Places
from grader.execute.pool import Found, Seats, Work, disturbed, observe, run_alone
from grader.execute.sandbox import Sandbox
from grader.wall.messages import NotStarted

NAME = "grader"


class Station(WorkerPlugin):
    """One warm sandbox, for as many submissions at one time as the worker has threads."""

    name = NAME

    def __init__(self, sandbox: Sandbox, *, jobs: int, jobs_per_gpu: int) -> None:
        self.sandbox, self.jobs, self.jobs_per_gpu = sandbox, jobs, jobs_per_gpu
        self.seats = Seats(sandbox.gpus, jobs_per_gpu)
        self.floor = Floor()

    def setup(self, worker: Worker) -> None:
        """Nothing is left to do: the sandbox is ready before the worker is."""

    def run(self, errand: bytes, apart: Sequence[bytes]) -> bytes:
        """What came of a submission's jobs. A fault of ours withholds its mark, and ends no batch."""
        jobs, files = travel.unpacked(errand, apart)
        try:
            with placed(files) as places:
                return travel.answered(self._observed([each._replace(places=places) for each in jobs]))
        except Exception as error:
            logging.getLogger(__name__).exception("a submission's jobs")
            failed = NotStarted(reason=f"the worker failed: {type(error).__name__}")
            return travel.answered({each.key[1]: failed for each in jobs})

    def _observed(self, jobs: Sequence[Work]) -> dict[str, Found]:
        """One after the other, within the one allowance that they have together."""
        allowance = Allowance(jobs[0].job.limits.submission_seconds)
        found: dict[str, Found] = {}
        for each in jobs:
            with self._seated(each) as work:
                with self.floor.shared():
                    first = observe(self.sandbox, work.job, work.steps, work.arrays, work.places, allowance)
                if disturbed(work, first, self.jobs, self.jobs_per_gpu):
                    with self.floor.alone():
                        first = run_alone(self.sandbox, work, first, allowance)
            found[each.key[1]] = first
        return found

    @contextlib.contextmanager
    def _seated(self, work: Work) -> Iterator[Work]:
        """With a GPU of its own, where it wants one: the scheduler sends no more of those than there are."""
        if not work.on_gpu:
            yield work
            return
        seated, gpu = self.seats.seated(work)
        try:
            yield seated
        finally:
            self.seats.free.append(gpu)


class Floor:
    """Where many may be at one time, or one alone. Who wants to be alone waits for those who are there, and
    others wait for them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._turn = threading.Lock()     # of coming in
        self._there = 0

    @contextlib.contextmanager
    def shared(self) -> Iterator[None]:
        with self._turn, self._changed:
            self._there += 1
        try:
            yield
        finally:
            with self._changed:
                self._there -= 1
                self._changed.notify_all()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        with self._turn, self._changed:
            self._changed.wait_for(lambda: self._there == 0)
            yield


@contextlib.contextmanager
def placed(files: dict[str, bytes]) -> Iterator[Places]:
    """The files on this machine's disk, under their hashes, as long as they are needed."""
    if not files:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="grader-files-") as folder:
        places = {digest: str(Path(folder, digest)) for digest in files}
        for digest, content in files.items():
            Path(places[digest]).write_bytes(content)
        yield places


def run(errand: bytes, *apart: bytes) -> bytes:
    """The task that a worker is sent."""
    station = get_worker().plugins[NAME]
    assert isinstance(station, Station)
    return station.run(errand, apart)


def as_it_is(content: bytes) -> bytes:
    """The task by which what many submissions share comes to a worker: made again, should one be lost."""
    return content
