"""Runner and kernel without isolation, for every system: plain processes, a plain Jupyter kernel, loopback
sockets.

``python -m grader.inside.runner.portable FOLDER`` is the runner, in the job's folder, and speaks with the
grader on stdin and stdout; ``python -m grader.inside.runner.portable FOLDER kernel`` is the kernel. A runner
that was forked from a warm server (`plain_server.py`) forks its kernel too.
"""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jupyter_client.connect import write_connection_file

import grader.wall.nbformat_lean  # noqa: F401 - before the runner brings nbformat in
from grader.inside import linux
from grader.inside.runner import beside, landlock
from grader.inside.runner.forks import Fork
from grader.inside.runner.proc import Process, descendants
from grader.inside.runner.sweeping import sweep
from grader.wall import frames, wire
from grader.wall.messages import Job

NONCE = 32           # bytes, by which the kernel shows that it is the one
START_SECONDS = 120.0
LINUX = sys.platform == "linux"   # where a process with torch in it can safely be forked


class PlainKernel:
    """A kernel process of our own user's, with all that this user may do."""

    passes_descriptors = False

    def __init__(self, job: Job, files: Iterator[tuple[str, bytearray]], folder: Path, *,
                 warm: bool = False) -> None:
        """`warm`: this process has imported what a kernel needs."""
        home = folder / "home"
        home.mkdir()
        beside.put_down(files, home)
        transport, place = ("tcp", "127.0.0.1") if os.name == "nt" else ("ipc", str(folder / "s"))
        self.connection_file, _ = write_connection_file(str(folder / "kernel.json"), transport=transport,
                                                        ip=place)
        nonce = os.urandom(NONCE)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            (folder / "job").write_bytes(nonce + listener.getsockname()[1].to_bytes(4, "little")
                                         + wire.encode(job))
            self.process = _forked(folder, home) if warm else _started(folder, home)
            self.channel = _accepted(listener, nonce)
        self.pid = self.process.pid if LINUX else 0
        self.refused: Mapping[str, int] = {}

    def shut(self) -> None:
        """Nobody is asked whether a process may be made."""

    admit = shut

    def resume(self) -> None:
        """It is not stopped."""

    def tree(self) -> list[Process]:
        return descendants(os.getpid()) if LINUX else []

    def unmapped(self) -> int:
        return 0  # its files lie on a disk

    def starved(self) -> bool:
        return False

    def alive(self) -> bool:
        return self.process.poll() is None

    def interrupt(self) -> None:
        if os.name == "nt":  # there is no such signal
            self.kill()
        elif self.alive():
            self.process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        for process in self.tree():
            with contextlib.suppress(OSError):
                os.kill(process.pid, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
        if self.alive():
            self.process.kill()


def _started(folder: Path, home: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "grader.inside.runner.portable", str(folder), "kernel"]
    return subprocess.Popen(command, cwd=home, env=_settled(folder), stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _forked(folder: Path, home: Path) -> Fork:
    pid = os.fork()
    if pid:
        return Fork(pid)
    try:
        linux.close_all_but()   # what the runner speaks on
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.chdir(home)
        settled = _settled(folder)
        os.environ.clear()
        os.environ.update(settled)
        tempfile.tempdir = None   # it may have been asked for
        run_kernel(folder)
    finally:
        os._exit(0)


def _settled(folder: Path) -> dict[str, str]:
    """The kernel's environment. On Linux its home and its temporary files are the job's own."""
    if not LINUX:
        return dict(os.environ)
    home, cache = str(folder / "home"), folder / "cache"
    (folder / "tmp").mkdir()
    (cache / "matplotlib").mkdir(parents=True)
    usual = Path(os.environ.get("HOME", "/"), ".cache", "matplotlib")
    for fonts in usual.glob("fontlist-*.json"):  # seconds to make anew
        with contextlib.suppress(OSError):
            shutil.copy(fonts, cache / "matplotlib")
    return {**os.environ, "HOME": home, "TMPDIR": str(folder / "tmp"), "XDG_CACHE_HOME": str(cache),
            "MPLCONFIGDIR": str(cache / "matplotlib"), "IPYTHONDIR": str(cache / "ipython")}


def _accepted(listener: socket.socket, nonce: bytes) -> socket.socket:
    """The connection of the kernel that was started, and of nobody else."""
    listener.settimeout(START_SECONDS)
    while True:
        channel, _ = listener.accept()
        channel.settimeout(5)
        with contextlib.suppress(OSError):
            if channel.recv(NONCE, socket.MSG_WAITALL) == nonce:
                channel.settimeout(None)
                return channel
        channel.close()


def run_job(folder: Path, stream: frames.Stream, *, warm: bool = False) -> None:
    """The conductor."""
    from grader.inside.runner import conductor

    if LINUX:  # daemons stay below us
        linux.prctl(linux.SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGTERM, _stopped)
    try:
        folder.mkdir(0o700)  # by whoever runs here, which may be another user than the grader
        _, payload = frames.get(stream)
        parcel = wire.read(payload, Job)
        if isinstance(parcel, wire.Garbled):
            raise conductor.NotReady(f"the job cannot be read: {parcel.reason}")
        files = beside.received(stream, parcel.record)
        conductor.conduct(stream, parcel.record, PlainKernel(parcel.record, files, folder, warm=warm))
    except BaseException as error:
        with contextlib.suppress(BaseException):
            frames.put(stream, frames.Kind.NOT_READY,
                       f"{type(error).__name__}: {error}".encode("utf-8", "replace")[:2000])
    finally:
        sweep()


def _stopped(*_: object) -> None:
    """The grader has given the job up."""
    sweep()
    os._exit(0)


class Pipes:
    """Stdin and stdout as one stream; what else is printed goes to stderr."""

    def __init__(self) -> None:
        source: Any = sys.stdin.buffer
        self.target = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        self.readinto, self.write, self.flush = source.readinto, self.target.write, self.target.flush


def run_kernel(folder: Path) -> None:
    """The kernel."""
    if LINUX:
        landlock.confine(folder)
    from grader.inside.kernel.start import start

    data = (folder / "job").read_bytes()
    (folder / "job").unlink()
    channel = socket.create_connection(("127.0.0.1", int.from_bytes(data[NONCE:NONCE + 4], "little")))
    channel.sendall(data[:NONCE])
    parcel = wire.read(data[NONCE + 4:], Job)
    assert isinstance(parcel, wire.Parcel)  # the runner has just written it
    _limit(parcel.record)
    start(parcel.record, str(folder / "kernel.json"), channel, fork=LINUX)


def _limit(job: Job) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource
        if not job.gpu:  # CUDA maps more than it uses
            most = job.limits.memory_bytes
            resource.setrlimit(resource.RLIMIT_DATA, (most, most))
            resource.setrlimit(resource.RLIMIT_AS, (job.limits.address_bytes, job.limits.address_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    gc.set_threshold(50_000, 20, 100)  # of what is imported hardly anything is garbage
    if sys.argv[2:]:
        run_kernel(Path(sys.argv[1]))
    else:
        run_job(Path(sys.argv[1]), Pipes())
