"""Notebooks that run on other machines: a batch's cluster, and a machine that lends itself to one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from grader.cli.shared import epilog, opened_sandbox, takes
from grader.errors import Mendable
from grader.options import Options

if TYPE_CHECKING:
    from grader.execute.executor import Executor
    from grader.execute.sandbox import Sandbox

INSTALL = "Dask is not installed: pip install 'torch-grader[cluster]'"


@contextmanager
def opened_place(options: Options) -> Iterator[Sandbox | Executor]:
    """Where a batch's notebooks run: this machine's sandbox, or the cluster that was asked for."""
    if options.cluster is None:
        with opened_sandbox(options) as sandbox:
            yield sandbox
        return
    if options.jobs or options.jobs_per_gpu > 1:
        raise click.UsageError("with --cluster, each worker has its own --jobs and --jobs-per-gpu: say them "
                               "to grader worker")
    try:
        from grader.execute.cluster import driver
    except ImportError as error:
        raise Mendable(INSTALL) from error
    from grader.exercise.catalog import course_packages
    from grader.intake.packages import COMMON
    from grader.report.console import fitting

    def note(text: str) -> None:
        click.echo(f"note: {fitting(text, 1000)}", err=True)

    with driver.opened(options.cluster, sandbox=options.sandbox or "bubblewrap", device=options.device,
                       known=COMMON.values(), course=course_packages(options.exercises), note=note) as opened:
        yield opened


@click.command(epilog=epilog("worker"))
@click.argument("address")
@takes("sandbox", "device", "jobs", "jobs_per_gpu")
def worker(options: Options, address: str) -> None:
    """Lend this machine to the batches of a Dask scheduler, until it is interrupted.

    ADDRESS is the scheduler's, tcp://HOST:8786; `dask scheduler --host HOST` starts it. One worker for each
    machine: its sandbox is opened first, and is warm for all jobs. What it needs besides is the same grader,
    Python, torch and packages as the batch's machine: another is given no job.
    """
    try:
        from grader.execute.cluster import serving
        from grader.execute.cluster.station import Station
    except ImportError as error:
        raise Mendable(INSTALL) from error
    from grader.execute.pool import default_jobs
    from grader.intake.packages import COMMON

    jobs = options.jobs or default_jobs()
    with opened_sandbox(options) as sandbox:
        sandbox.await_ready()
        held = ", ".join(sandbox.layers) or "no isolation"
        gpus = "".join(f", {gpu.name}" for gpu in sandbox.gpus)
        click.echo(f"{jobs} at one time in {sandbox.name} ({held}){gpus}, for {address}", err=True)
        station = Station(sandbox, jobs=jobs, jobs_per_gpu=options.jobs_per_gpu)
        serving.serve(address, station, COMMON.values())
    os._exit(0)   # threads may still run what others now have: the end of Python would not wait for them
