"""A child process that was forked, used as `subprocess.Popen` is for one that was started."""

from __future__ import annotations

import contextlib
import subprocess

import psutil

UNKNOWN = -1     # the exit code of a child that somebody else has taken off the system's list


class Fork:
    """A child of this process, by its pid."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.process = psutil.Process(pid)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """
        Raises:
            subprocess.TimeoutExpired: it has not ended by then.
        """
        if self.returncode is None:
            try:
                code = self.process.wait(timeout)
            except psutil.TimeoutExpired:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0) from None
            self.returncode = UNKNOWN if code is None else int(code)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Nothing where it has ended."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self.process.send_signal(number)

    def terminate(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            self.process.terminate()

    def kill(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            self.process.kill()
