"""Forks a kernel into namespaces of its own. Linux, under bubblewrap.

The runner forks a *holder*, the holder makes the namespaces and forks the kernel's *init*, and init forks the
kernel::

    runner ── holder ── init (pid 1 of the kernel's pid namespace) ── kernel

Runner and holder stay outside that pid namespace: nothing in the kernel can name them. When the runner dies,
so does the holder, then init, and with init everything that the notebook started.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import resource
import signal
import socket
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from grader.inside import linux
from grader.inside.kernel.start import settle, start
from grader.inside.runner import beside, seccomp, sockets
from grader.inside.runner.gate import Gate
from grader.inside.runner.proc import OWN_THREADS, Process, descendants
from grader.wall.frames import CARRIER
from grader.wall.messages import Job

FOLDER = "/job"                     # the mount point, made by bubblewrap; empty outside a job
OWN = {"tmp": "/tmp", "shm": "/dev/shm", "run": "/run"}  # folders of the job's own, where they are seen
RUNNER_MEMORY = 1536 << 20          # bytes: twice the largest notebook, and what the warm server holds
DESCRIPTORS = 512
SETTING_UP_SECONDS = 30.0
GPU_NODE = re.compile(r"/dev/nvidia\d+")
SHOWN = ("cpuinfo", "meminfo", "filesystems", "version")  # of /proc; nothing else is there


class Jail:
    """A kernel in its namespaces, as the runner sees it."""

    passes_descriptors = True

    def __init__(self, job: Job, files: Iterator[tuple[str, bytearray]],
                 group: Sequence[int] = ()) -> None:
        """`group`: descriptors of the job's control group: by which to join it, and of its events."""
        linux.map_own_ids()
        linux.unshare(linux.NEWNS)
        linux.mount_tmpfs(FOLDER, size=job.limits.disk_bytes + beside.room(job))
        for name in ("home", "tmp", "shm", "run", "k"):
            Path(FOLDER, name).mkdir(0o700)
        beside.put_down(files, Path(FOLDER, "home"))
        self.at_first = _in_files()
        self.connection_file = _connection(f"{FOLDER}/k")
        self.channel, theirs = socket.socketpair()
        namespace, holders = socket.socketpair()
        self.holder = os.fork()
        if self.holder == 0:
            _hold(job, (theirs, holders, *group[:1]), self.connection_file)
        theirs.close()
        holders.close()
        self.sockets = sockets.received(namespace)
        for descriptor in group[:1]:
            os.close(descriptor)
        self.happened = group[1] if len(group) > 1 else -1
        self.ended = False
        self._pid = 0
        linux.drop_capabilities()
        linux.prctl(linux.SET_DUMPABLE, 0)
        linux.limit(resource.RLIMIT_DATA, RUNNER_MEMORY)
        linux.limit(resource.RLIMIT_CORE, 0)
        listener = self._listener()
        seccomp.install(seccomp.for_runner(platform.machine()))
        self.gate = Gate(listener)
        self.forks = not job.gpu

    def _listener(self) -> int:
        """Where the kernel's filter asks. It comes from init, before there is a kernel."""
        self.channel.settimeout(SETTING_UP_SECONDS)
        _, descriptors, *_ = socket.recv_fds(self.channel, 1, 1)
        self.channel.settimeout(None)
        if not descriptors:
            raise OSError("the kernel's namespaces could not be made")
        return descriptors[0]

    @property
    def pid(self) -> int:
        """The kernel's, as the runner's /proc has it: init's first child. Asked for after its hello."""
        if not self._pid:
            below = self.tree()
            init = next((p.pid for p in below if p.parent == self.holder), -1)
            self._pid = min((p.pid for p in below if p.parent == init), default=0)
        return self._pid

    @property
    def refused(self) -> Mapping[str, int]:
        return self.gate.refused

    def shut(self) -> None:
        self.gate.admit(0)

    def admit(self) -> None:
        self.gate.admit(self.pid if self.forks else 0)

    def resume(self) -> None:
        with contextlib.suppress(ProcessLookupError):  # its call may have ended it
            os.kill(self.pid or self.holder, signal.SIGCONT)

    def tree(self) -> list[Process]:
        return descendants(self.holder)

    def unmapped(self) -> int:
        return max(0, _in_files() - self.at_first) + (self.sockets.held() if self.sockets else 0)

    def starved(self) -> bool:
        try:
            lines = os.pread(self.happened, 1 << 12, 0).split(b"\n") if self.happened >= 0 else []
        except OSError:
            return False
        return any(line.startswith(b"oom_kill ") and line != b"oom_kill 0" for line in lines)

    def alive(self) -> bool:
        if not self.ended:
            try:
                self.ended = os.waitpid(self.holder, os.WNOHANG) != (0, 0)
            except ChildProcessError:
                self.ended = True
        return not self.ended

    def interrupt(self) -> None:
        if self.alive() and self.pid:
            os.kill(self.pid, signal.SIGINT)

    def kill(self) -> None:
        if self.alive():
            os.kill(self.holder, signal.SIGKILL)  # init dies with its holder, and all the rest with init


def _in_files() -> int:
    """Bytes of the job's files; they lie in memory."""
    at = os.statvfs(FOLDER)
    return (at.f_blocks - at.f_bfree) * at.f_frsize


def _connection(folder: str) -> str:
    """A connection file for sockets in a folder that only this job has."""
    file = Path(folder, "kernel.json")
    ports = {f"{name}_port": number for number, name in
             enumerate(("shell", "iopub", "stdin", "control", "hb"), start=1)}
    file.write_text(json.dumps({**ports, "transport": "ipc", "ip": f"{folder}/s", "key": os.urandom(16).hex(),
                                "signature_scheme": "hmac-sha256", "kernel_name": "python3"}))
    return str(file)


def _hold(job: Job, ends: tuple[socket.socket, socket.socket, *tuple[int, ...]],
          connection_file: str) -> NoReturn:
    """The holder: joins the job's control group, makes the namespaces, forks init, waits for it."""
    try:
        channel, to_runner, *groups = ends
        linux.prctl(linux.SET_PDEATHSIG, signal.SIGKILL)
        linux.close_all_but(channel.fileno(), to_runner.fileno(), *groups)
        for group in groups:
            with contextlib.suppress(OSError):  # the grader looks whether anybody has joined
                os.write(group, b"0")
            os.close(group)
        linux.map_own_ids()
        linux.unshare(linux.NEWNS | linux.NEWPID | linux.NEWIPC | linux.NEWNET)
        sockets.send(to_runner)
        to_runner.close()
        init = os.fork()
        if init == 0:
            _init(job, channel, connection_file)
        channel.close()
        os.waitpid(init, 0)
    finally:
        os._exit(0)


def _init(job: Job, channel: socket.socket, connection_file: str) -> NoReturn:
    """Pid 1: shuts the doors, forks the kernel, collects orphans, and ends everything when the
    kernel ends."""
    try:
        linux.prctl(linux.SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != 0:  # the holder lies outside this pid namespace: 0 is what is seen of it
            os._exit(1)
        listener = _shut_the_doors(job)
        socket.send_fds(channel, [CARRIER], [listener])
        os.close(listener)
        kernel = os.fork()
        if kernel == 0:
            _kernel(job, channel, connection_file)
        channel.close()
        while os.wait()[0] != kernel:
            continue
    finally:
        os._exit(0)


def _shut_the_doors(job: Job) -> int:
    """What the kernel sees, what it may use, and which system calls it may make. Nothing here can
    be undone. Returns where the filter asks."""
    hidden = [(os.open(prefix, os.O_PATH | os.O_DIRECTORY), prefix)
              for prefix in _prefixes_below(OWN.values())]
    for source, target in OWN.items():
        linux.bind(f"{FOLDER}/{source}", target, writable=True)
    for descriptor, prefix in hidden:
        Path(prefix).mkdir(parents=True)
        linux.bind_tree(f"/proc/self/fd/{descriptor}", prefix)
        os.close(descriptor)
    _cover_terminals()
    linux.bind("/dev/null", "/dev/zero", writable=True)  # shared memory in no file, when it is mapped
    _cover_gpus(job)
    if not job.gpu or not _own_proc():
        _cover_proc()
    linux.drop_capabilities()
    limits = job.limits
    if not job.gpu:  # CUDA maps more than it uses; the watch counts what is used
        linux.limit(resource.RLIMIT_DATA, limits.memory_bytes)
        linux.limit(resource.RLIMIT_AS, limits.address_bytes)
    linux.limit(resource.RLIMIT_NPROC, limits.processes + OWN_THREADS)
    linux.limit(resource.RLIMIT_FSIZE, limits.disk_bytes)
    linux.limit(resource.RLIMIT_NOFILE, DESCRIPTORS)
    linux.limit(resource.RLIMIT_MEMLOCK, 1 << 20)
    linux.limit(resource.RLIMIT_MSGQUEUE, 0)
    linux.limit(resource.RLIMIT_CORE, 0)
    return seccomp.install(seccomp.for_kernel(platform.machine(), gpu=bool(job.gpu)), listened=True)


def _prefixes_below(folders: Iterable[str]) -> set[str]:
    """Where this Python lives, if that is in one of the folders that each job has for itself: it must stay in
    sight."""
    prefixes = {str(Path(prefix).resolve()) for prefix in (sys.prefix, sys.base_prefix)}
    return {prefix for prefix in prefixes if prefix.startswith(tuple(f"{folder}/" for folder in folders))}


def _cover_terminals() -> None:
    """Terminals of the job's own: bubblewrap's are one set for all jobs, and one job could write into
    another's."""
    try:
        linux.mount("devpts", "/dev/pts", "devpts", linux.NOSUID | linux.NOEXEC,
                    "newinstance,ptmxmode=0666,mode=600")
    except OSError:
        linux.bind(f"{FOLDER}/run", "/dev/pts", writable=False)


def _cover_gpus(job: Job) -> None:
    """A job sees the GPU that it was given, and no other."""
    for node in Path("/dev").glob("nvidia*"):
        if not job.gpu or (GPU_NODE.fullmatch(str(node)) and str(node) != job.gpu_node):
            linux.bind("/dev/null", str(node), writable=True)


def _own_proc() -> bool:
    """A /proc of the job's own processes: the driver's library names its threads there, and fails where it
    cannot."""
    try:
        linux.mount("proc", "/proc", "proc", linux.NOSUID | linux.NODEV | linux.NOEXEC)
    except OSError:
        return False
    return True


def _cover_proc() -> None:
    """A few harmless files instead of /proc: the outer one shows every job's processes."""
    folder = Path(FOLDER, "proc")
    folder.mkdir(0o755)
    for name in SHOWN:
        try:
            (folder / name).write_bytes(Path("/proc", name).read_bytes())
        except OSError:
            continue
    linux.bind(str(folder), "/proc", writable=False)


def _kernel(job: Job, channel: socket.socket, connection_file: str) -> NoReturn:
    try:
        os.setsid()
        settle(f"{FOLDER}/home")
        start(job, connection_file, channel, fork=True)
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.__stderr__)
    finally:
        os._exit(1)
