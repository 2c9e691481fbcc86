"""Workers without notebooks, for what is asked of the executor alone: a job's text says what becomes of it.

`python -m tests.cluster.quick ADDRESS [GPUS]`
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from types import TracebackType

from grader.execute.cluster.serving import serve
from grader.execute.cluster.station import Station
from grader.execute.exchange import NOWHERE, Places, brought
from grader.execute.gpus import Gpu
from grader.intake.packages import COMMON
from grader.wall import wire
from grader.wall.messages import Job, NotStarted, Observations, Run, Step


class Quick:
    """Answers with what it was given. A job whose notebook is `die` ends the worker; a number sleeps so many
    seconds."""

    name = "quick"
    layers = ("namespaces",)

    def __init__(self, gpus: int = 0) -> None:
        self.gpus = tuple(Gpu(uuid=f"GPU-{number}", name="Tesla", node="") for number in range(gpus))

    def await_ready(self) -> None: ...

    def run(self, job: Job, steps: Sequence[Step], arrays: Mapping[str, wire.Array],
            places: Places = NOWHERE) -> wire.Parcel[Observations] | NotStarted:
        if job.notebook == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if job.notebook == "fail":
            raise KeyError("a fault of ours")
        time.sleep(float(job.notebook or 0))
        files = tuple(brought(file, places).decode() for file in job.files)
        run = Run(defined=(*(step.key for step in steps), *files), executed=job.gpu, seconds=job.gpu_share)
        return wire.Parcel(record=Observations(run=run, device=str(os.getpid())), arrays=arrays)

    def close(self) -> None: ...

    def __enter__(self) -> Quick:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None: ...


if __name__ == "__main__":
    faulthandler.enable()
    serve(sys.argv[1], Station(Quick(int((*sys.argv, "0")[2])), jobs=2, jobs_per_gpu=1), COMMON.values())
    os._exit(0)   # as `grader worker` does
