"""The batch's end of a cluster: submissions out, answers in."""

from __future__ import annotations

import contextlib
import itertools
import logging
import queue
import secrets
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from types import TracebackType
from typing import Any, NamedTuple

import dask
import msgspec
from distributed import Client, Future
from distributed.scheduler import KilledWorker

from grader.errors import Mendable
from grader.execute.cluster import station, travel
from grader.execute.cluster.identity import Description, described, difference, layer
from grader.execute.exchange import Changed
from grader.execute.executor import Answered
from grader.execute.gpus import Gpu
from grader.execute.pool import Found, Work
from grader.wall.messages import NotStarted

CONNECT_SECONDS = 10.0
PATIENCE = 120.0     # s for which a batch waits for a worker that fits
LOOK_SECONDS = 2.0   # from one look at who is there to the next
AHEAD = 2            # submissions in flight for each that can run
FETCHING = 8         # answers that are fetched at one time
SAID = 3             # workers that are named where none fits; each was before
CONTINUE = "then run the same command again: what was graded is kept"
# Answers are bytes and nothing else: a worker that sends a pickle is not listened to.
READS = ["dask", "msgpack", "error"]


class NoCluster(Mendable):
    """There is no scheduler, or no worker that could do the work. One line, which says what to do."""


class Wanted(NamedTuple):
    """What a batch asks of a worker."""

    here: Description            # this machine, with the sandbox that the batch wants
    known: tuple[str, ...]       # packages that notebooks are known to import
    course: tuple[str, ...]      # those that the course names besides
    device: str                  # cpu, cuda or auto


class Cluster:
    """The workers of one scheduler that see what this machine would see."""

    def __init__(self, address: str, wanted: Wanted, note: Callable[[str], None]) -> None:
        """Wait until there is a worker that fits.

        Args:
            note: is told of each worker that does not.

        Raises:
            NoCluster: there is none.
        """
        self.address, self.wanted, self.note = address, wanted, note
        self.name = wanted.here.sandbox
        self.layers: tuple[str, ...] = ()
        self.gpus: tuple[Gpu, ...] = ()
        self.facts: tuple[str, ...] = ()
        self.told: set[str] = set()
        self.room, self.seen, self.looked = 0, time.monotonic(), 0.0
        self.client = _connected(address)
        try:
            self._await_workers()
        except BaseException:
            self.close()
            raise

    def _await_workers(self) -> None:
        began = time.monotonic()
        fitting = self._look()
        while not fitting or (self.wanted.device == "cuda" and not any(one.gpus for one in fitting)):
            if time.monotonic() - began > PATIENCE:
                raise NoCluster(f"--device cuda: no worker of {self.address} has a GPU: start one with "
                                f"grader worker {self.address} --device cuda")
            time.sleep(min(LOOK_SECONDS, PATIENCE))
            fitting = self._look()
        everywhere = set.intersection(*(set(one.layers) for one in fitting))
        self.layers = tuple(name for name in fitting[0].layers if name in everywhere)
        here = msgspec.structs.replace(self.wanted.here, layers=self.layers)
        self.wanted = self.wanted._replace(here=here)
        self.facts = (here.digest(self.wanted.known), *map(layer, here.layers),
                      *here.package_facts(self.wanted.course))
        if self.wanted.device != "cpu":
            self.gpus = tuple(Gpu(uuid=gpu.uuid, name=gpu.name, node="")
                              for one in fitting for gpu in one.gpus)

    def _look(self) -> list[Description]:
        """Who is there and fits; what does not is told once.

        Raises:
            NoCluster: the scheduler is gone, or nobody has fitted for long.
        """
        try:
            workers = self.client.scheduler_info()["workers"]
        except (OSError, RuntimeError, TimeoutError) as error:
            raise self.lost() from error
        self.looked = time.monotonic()
        fitting, self.room = [], 0
        for address, info in workers.items():
            one = self._fitting(address, info)
            if one is not None:
                fitting.append(one)
                self.room += AHEAD * int(info["nthreads"])
        if fitting:
            self.seen = self.looked
        elif self.looked - self.seen > PATIENCE:
            refused = (*sorted(self.told)[:SAID], *["..."] * (len(self.told) > SAID))
            told = "; ".join(refused) or "there is none"
            raise NoCluster(f"no worker of {self.address} can grade this batch ({told}): "
                            f"start some with grader worker {self.address}, {CONTINUE}")
        return fitting

    def _fitting(self, address: str, info: Any) -> Description | None:
        try:
            there = msgspec.json.decode(info.get(station.NAME, ""), type=Description)
            names = (*self.wanted.known, *self.wanted.course)
            why = difference(self.wanted.here, there, names)
        except msgspec.MsgspecError:
            there, why = None, f"it is none of this grader's: start it with grader worker {self.address}"
        if why:
            line = f"worker {address} is given no job: {why}"
            if line not in self.told:
                self.told.add(line)
                self.note(line)
            return None
        return there

    def lost(self) -> NoCluster:
        return NoCluster(f"the scheduler at {self.address} is gone: start it and its workers, {CONTINUE}")

    def observe_all(self, work: Iterable[Work]) -> Iterator[Answered]:
        batch = Batch(self)
        try:
            groups = (list(jobs) for _, jobs in itertools.groupby(work, key=lambda each: each.key[0]))
            while True:
                while len(batch.flying) < max(self.room, 1) and (jobs := next(groups, None)) is not None:
                    try:
                        batch.send(jobs)
                    except Changed as error:
                        yield from ((each.key, NotStarted(reason=str(error))) for each in jobs)
                if not batch.flying:
                    return
                yield from batch.next()
                if time.monotonic() - self.looked > LOOK_SECONDS:
                    self._look()
        finally:
            batch.close()

    def needed(self, jobs: Sequence[Work]) -> dict[str, float]:
        """What a worker must have that runs these jobs."""
        names = {gpu.name for gpu in self.gpus if any(each.on_gpu for each in jobs)}
        gpu = ["GPU", *(f"GPU {name}" for name in names if len(names) == 1)] if names else []
        return dict.fromkeys((*self.facts, *gpu), 1.0)

    def close(self) -> None:
        with contextlib.suppress(Exception):   # what is left of it ends with us
            self.client.close(timeout=CONNECT_SECONDS)

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()


class Flight(NamedTuple):
    """A submission that is on its way."""

    jobs: list[Work]
    apart: list[Future[bytes]]      # what it shares with others, there as long as somebody needs it


class Batch:
    """The submissions in flight of one batch. Whichever worker dies, each comes back once."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.client = cluster, cluster.client
        self.flying: dict[Future[bytes], Flight] = {}
        self.name, self.numbers = secrets.token_hex(8), itertools.count()
        self.packer = travel.Packer()
        self.apart: weakref.WeakValueDictionary[str, Future[bytes]] = weakref.WeakValueDictionary()
        self.done: queue.SimpleQueue[tuple[Future[bytes], bytes | Exception]] = queue.SimpleQueue()
        self.fetchers = ThreadPoolExecutor(FETCHING, thread_name_prefix="fetch")

    def send(self, jobs: list[Work]) -> None:
        """The jobs of one submission.

        Raises:
            Changed: one of its files is not there any more as it was read.
        """
        errand, apart = self.packer.packed(jobs)
        facts = self.cluster.needed(jobs)
        shared = [self._shared(name, content, facts) for name, content in apart.items()]
        future = self.client.submit(station.run, errand, *shared, resources=facts, pure=False,
                                    key=f"grader-{self.name}-{next(self.numbers)}")
        self.flying[future] = Flight(jobs, shared)
        future.add_done_callback(self._landed)

    def _shared(self, name: str, content: bytes, facts: dict[str, float]) -> Future[bytes]:
        plain = {fact: count for fact, count in facts.items() if not fact.startswith("GPU")}
        if name not in self.apart:
            with dask.config.set({"admin.large-graph-warning-threshold": "1 TB"}):
                made: Future[bytes] = self.client.submit(station.as_it_is, content, resources=plain,
                                                  key=f"grader-{self.name}-{name}")
            self.apart[name] = made
            return made
        return self.apart[name]

    def _landed(self, future: Future[bytes]) -> None:
        with contextlib.suppress(RuntimeError):   # the batch has ended before
            self.fetchers.submit(self._fetch, future)

    def _fetch(self, future: Future[bytes]) -> None:
        try:
            self.done.put((future, future.result()))
        except (Exception, CancelledError) as error:
            self.done.put((future, error))

    def next(self) -> Iterator[Answered]:
        """What came of the next submission that is done; nothing, if none is for a while."""
        try:
            future, answer = self.done.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            return
        flight = self.flying.pop(future)
        found = self._read(answer, flight.jobs)
        for each in flight.jobs:
            yield each.key, found[each.key[1]]

    def _read(self, answer: bytes | Exception, jobs: Sequence[Work]) -> dict[str, Found]:
        if isinstance(answer, bytes):
            return travel.read(answer, jobs)
        if isinstance(answer, CancelledError | OSError):
            raise self.cluster.lost() from answer
        logging.getLogger(__name__).error("a submission's jobs", exc_info=answer)
        why = ("the workers that ran it ended, one after the other" if isinstance(answer, KilledWorker)
               else f"the cluster failed: {type(answer).__name__}")
        return {each.key[1]: NotStarted(reason=why) for each in jobs}

    def close(self) -> None:
        """What is still in flight is wanted no more."""
        self.fetchers.shutdown(wait=False, cancel_futures=True)
        with contextlib.suppress(Exception):
            self.client.cancel(list(self.flying))


def _connected(address: str) -> Client:
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)   # what they say reaches us as exceptions, too
    try:
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False, deserializers=READS)
    except (OSError, ValueError, TypeError, TimeoutError) as error:
        raise NoCluster(f"no Dask scheduler answers at {address} ({error}): start one with "
                        "dask scheduler, and workers with grader worker") from error


def opened(address: str, *, sandbox: str, device: str, known: Iterable[str], course: Iterable[str],
           note: Callable[[str], None]) -> Cluster:
    """The cluster at an address, for jobs in that sandbox. See `Cluster`."""
    wanted = Wanted(described(sandbox), tuple(known), tuple(course), device)
    return Cluster(address, wanted, note)
