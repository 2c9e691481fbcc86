"""`grader worker`: this machine's sandbox, for the batches of a scheduler."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import tempfile
from collections.abc import Iterable
from typing import Any

import dask
import msgspec
from distributed import Worker

from grader.errors import Mendable
from grader.execute.cluster.identity import described
from grader.execute.cluster.station import NAME, Station

WAIT_SECONDS = 60     # for a scheduler that has not begun yet, or begins again


def serve(address: str, station: Station, known: Iterable[str]) -> None:
    """Run what the scheduler sends, until SIGINT or SIGTERM. A scheduler that has lost sight of this machine
    gets it back.

    Args:
        known: the packages that notebooks are known to import.

    Raises:
        Mendable: the scheduler does not answer, or not any more.
    """
    logging.getLogger("distributed").setLevel(logging.ERROR)
    # Dask looks into the threads' frames a hundred times a second, for a profile that nobody here looks at.
    dask.config.set({"distributed.worker.profile.enabled": False})
    # A folder of its own: in a shared one, a worker that was stopped may hold the lock others wait for.
    with tempfile.TemporaryDirectory(prefix="grader-worker-") as scratch:
        asyncio.run(_serve(address, station, tuple(known), scratch))


async def _serve(address: str, station: Station, known: tuple[str, ...], scratch: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    while not stop.is_set():
        worker = _worker(address, station, known, scratch)
        ended = asyncio.ensure_future(_until_it_ends(worker))
        stopped = asyncio.ensure_future(stop.wait())
        await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not ended.done():
            await worker.close(executor_wait=False, reason="stopped")
            ended.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            try:
                await ended
            except (OSError, TimeoutError, RuntimeError) as error:
                raise Mendable(f"no Dask scheduler answers at {address} ({error})") from error


async def _until_it_ends(worker: Worker) -> None:
    await worker
    await worker.finished()


def _worker(address: str, station: Station, known: tuple[str, ...], scratch: str) -> Worker:
    sandbox = station.sandbox
    me = described(sandbox.name, sandbox.layers, sandbox.gpus)
    told = msgspec.json.encode(me).decode()

    def tell(_: Any) -> str:
        return told

    # Its answers are fetched as they are made; a limit of memory would only have it pause.
    return Worker(address, nthreads=station.jobs, memory_limit=0, dashboard=False, plugins=(station,),
                  resources=me.offers(known, station.jobs_per_gpu), startup_information={NAME: tell},
                  local_directory=scratch, death_timeout=WAIT_SECONDS)
