"""What a cluster costs beside the notebooks: jobs that do nothing, or only wait, through a batch's executor.

    .venv/bin/python benchmarks/scheduling.py [--jobs 10000] [--workers 2] [--seconds 0] [--kilobytes 0]

A scheduler and workers on this machine's loopback. Prints the wall clock, and the CPU time of each end, which
counts where others use the cores too.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import click
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from grader.execute.cluster import driver
from grader.execute.pool import Work
from grader.intake.packages import COMMON
from grader.wall import wire
from grader.wall.messages import CallStep, Job
from tests.cluster.loopback import loopback

STEPS = (CallStep(key="a", function="f"),)


def cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@click.command()
@click.option("--jobs", default=10_000, show_default=True)
@click.option("--workers", default=2, show_default=True, help="Each has two threads.")
@click.option("--seconds", default=0.0, show_default=True, help="For which a job waits.")
@click.option("--kilobytes", default=0, show_default=True, help="Of what a job brings back.")
def main(jobs: int, workers: int, seconds: float, kilobytes: int) -> None:
    size = kilobytes << 10
    arrays = {"a/0": wire.Array(dtype="uint8", shape=(size,), data=bytes(size))} if size else {}
    work = (Work(key=(number, "plain"), job=Job(notebook=str(seconds or "")), steps=STEPS, arrays=arrays)
            for number in range(jobs))
    with tempfile.TemporaryDirectory() as folder, loopback(Path(folder)) as there:
        ends = {"batch": [psutil.Process()], "scheduler": [psutil.Process(there.scheduler.pid)],
                "workers": [psutil.Process(there.quick().pid) for _ in range(workers)]}
        with driver.opened(there.address, sandbox="quick", device="cpu", known=COMMON.values(), course=(),
                           note=print) as cluster:
            cluster.client.wait_for_workers(workers)
            before = {end: sum(map(cpu, processes)) for end, processes in ends.items()}
            began = time.monotonic()
            count = sum(1 for _ in cluster.observe_all(work))
            took = time.monotonic() - began
            spent = {end: sum(map(cpu, processes)) - before[end] for end, processes in ends.items()}
    told = ", ".join(f"{end} {1000 * used / count:.2f}" for end, used in spent.items())
    print(f"{count} jobs, {workers} workers: {took:.1f} s, {1000 * took / count:.2f} ms a job; "
          f"CPU ms a job: {told}, together {1000 * sum(spent.values()) / count:.2f}")
    if seconds:
        print(f"busy: {count * seconds / (2 * workers * took):.0%} of what {2 * workers} threads could do")


if __name__ == "__main__":
    main()
