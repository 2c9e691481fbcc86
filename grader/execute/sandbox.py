"""What every sandbox promises, and how one is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Protocol

from grader.errors import Mendable
from grader.execute.exchange import NOWHERE, Places
from grader.execute.gpus import Gpu
from grader.wall import wire
from grader.wall.messages import Job, NotStarted, Observations, Step

HOW_TO_GO_ON = "or go on without isolation: --sandbox process"


class SandboxUnavailable(Mendable):
    """This machine cannot open the sandbox that was asked for. One line, which says what to do."""


class Sandbox(Protocol):
    """Runs jobs. `run` blocks, and may be called from many threads at once."""

    name: str
    gpus: tuple[Gpu, ...]

    @property
    def layers(self) -> tuple[str, ...]:
        """What holds between a notebook and this machine, by the names that reports have for it."""

    def await_ready(self) -> None:
        """Wait until jobs can be run: a sandbox is opened at once and gets ready beside whoever opened it.

        Raises:
            SandboxUnavailable: it does not start here.
        """

    def run(self, job: Job, steps: Sequence[Step], arrays: Mapping[str, wire.Array],
            places: Places = NOWHERE) -> wire.Parcel[Observations] | NotStarted:
        """What a job's notebook did and what its steps brought. Never raises for what a notebook does.

        Args:
            places: where the bytes of the job's files lie.
        """

    def close(self) -> None: ...

    def __enter__(self) -> Sandbox: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None: ...
