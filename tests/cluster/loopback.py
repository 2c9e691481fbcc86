"""A real Dask scheduler with workers, on this machine's loopback."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
# A worker that is silent for so long is given up; and a job may go down with many workers.
CONFIGURED = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "20s",
              "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "20"}


class Loopback:
    """Processes of ours only; all of them end with it."""

    def __init__(self, folder: Path, *, protocol: str = "tcp", **configured: str) -> None:
        self.folder, self.started = folder, list[subprocess.Popen[bytes]]()
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), **CONFIGURED, **configured}
        told = folder / "scheduler.json"
        told.unlink(missing_ok=True)
        self.scheduler = self.start("-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1",
                                    "--port", "0", "--no-dashboard", "--protocol", protocol,
                                    "--scheduler-file", str(told), DASK_TEMPORARY_DIRECTORY=str(folder))
        while not told.exists() or not told.read_text():
            assert self.scheduler.poll() is None, self.said()
            time.sleep(0.1)
        self.address: str = json.loads(told.read_text())["address"]

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def start(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        with (self.folder / "said.txt").open("ab") as said:
            process = subprocess.Popen([sys.executable, *words], stdout=said, stderr=said, cwd=self.folder,
                                       env={**self.environment, **environment})
        self.started.append(process)
        return process

    def worker(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        """As a user starts it."""
        return self.start("-m", "grader", "worker", self.address, "--jobs", "1", *words, **environment)

    def quick(self, gpus: int = 0) -> subprocess.Popen[bytes]:
        return self.start("-m", "tests.cluster.quick", self.address, str(gpus))

    def said(self) -> str:
        """By all of them."""
        return (self.folder / "said.txt").read_text(errors="replace")

    def close(self) -> None:
        for process in reversed(self.started):
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(process.pid).resume()
            process.kill()
            process.wait()


@contextlib.contextmanager
def loopback(folder: Path, *, protocol: str = "tcp", **configured: str) -> Iterator[Loopback]:
    opened = Loopback(folder, protocol=protocol, **configured)
    try:
        yield opened
    finally:
        opened.close()
