"""What has jobs run: this machine, or the workers of a cluster. The pipeline does not know which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from grader.execute.gpus import Gpu
from grader.execute.pool import Found, Work, default_jobs, observe_all
from grader.execute.sandbox import Sandbox

Answered = tuple[tuple[int, str], Found]   # a job's key, and what was found


@runtime_checkable
class Executor(Protocol):
    """Runs the jobs of many submissions, each in a sandbox."""

    @property
    def name(self) -> str:
        """Of the sandboxes."""

    @property
    def gpus(self) -> tuple[Gpu, ...]:
        """On which jobs may run."""

    @property
    def layers(self) -> tuple[str, ...]:
        """What holds between every notebook and the machine on which it runs."""

    def observe_all(self, work: Iterable[Work]) -> Iterator[Answered]:
        """The observations of each job under its key, each once, in the order in which they are done. The
        jobs of one submission follow each other in `work`.

        Raises:
            Mendable: there is nowhere left to run them. What came before holds.
        """


@dataclass(frozen=True, kw_only=True)
class Here:
    """This machine."""

    sandbox: Sandbox
    jobs: int
    jobs_per_gpu: int

    @property
    def name(self) -> str:
        return self.sandbox.name

    @property
    def gpus(self) -> tuple[Gpu, ...]:
        return self.sandbox.gpus

    @property
    def layers(self) -> tuple[str, ...]:
        return self.sandbox.layers

    def observe_all(self, work: Iterable[Work]) -> Iterator[Answered]:
        return observe_all(self.sandbox, work, self.jobs, self.jobs_per_gpu)


def executor(place: Sandbox | Executor, *, jobs: int | None, jobs_per_gpu: int) -> Executor:
    """Who has jobs run that are meant for this place: a sandbox's run on this machine.

    Args:
        jobs: kernels in flight; None: as many as cores. A cluster has an order of its own.
    """
    if isinstance(place, Executor):
        return place
    return Here(sandbox=place, jobs=jobs or default_jobs(), jobs_per_gpu=jobs_per_gpu)
