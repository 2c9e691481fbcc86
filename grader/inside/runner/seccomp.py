"""Filters over system calls: allow-lists, written as BPF by hand: nothing has to be compiled or installed.

A kernel and all that it starts may make the calls of `syscalls.ALLOWED`; every other is put before the runner
(gate.py), which refuses and counts it. Server and runner have shorter lists.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable, Iterator

from grader.inside import linux
from grader.inside.runner import syscalls
from grader.inside.runner.syscalls import CLONE, CLONE3, FCNTL, IOCTL, MMAP, SOCKET

FAMILIES = (1, 2, 10, 16)              # UNIX, INET, INET6, NETLINK: there is no network to reach with them
NEW_NAMESPACES = 0x7E020000            # every CLONE_NEW* that clone itself accepts
THREAD = 0x10000                       # CLONE_THREAD
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column of syscalls.py, AUDIT_ARCH

# What is asked of files, sockets and terminals. A driver has commands of its own: with a GPU, all but
# INJECTING are allowed.
CONTROLS = (
    *range(0x5401, 0x540C), 0x540E, 0x540F, 0x5410, 0x5411, 0x5413, 0x5414, 0x541B, 0x5420, 0x5421, 0x5422,
    0x5429, 0x5441, 0x5450, 0x5451, 0x5452, 0x802C542A, 0x402C542B, 0x402C542C, 0x402C542D,
    0x80045430, 0x40045431, 0x80045439,                             # a pseudo-terminal's number and lock
    0x40049409, 0x80086601, 0xC020660B,                             # FICLONE, FS_IOC_GETFLAGS, FS_IOC_FIEMAP
    0x8905, *range(0x8910, 0x8916), 0x8919, 0x891B, 0x891D, 0x8921, 0x8927, 0x8933,  # of network interfaces
)
INJECTING = (0x5412, 0x541C)           # TIOCSTI, TIOCLINUX: types on a terminal for whoever sits there
TELLING = (1024, 1025, 1026)           # F_SETLEASE, F_GETLEASE, F_NOTIFY: who else opens a shared file?
NAMELESS = 0x1 | 0x20                  # MAP_SHARED, MAP_ANONYMOUS
WRITING = 0o1 | 0o2 | 0o100 | 0o1000   # O_WRONLY, O_RDWR, O_CREAT, O_TRUNC: the same on both machines

LOAD, EQUAL, AT_LEAST, ANY_BIT, AND, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
# offsets in struct seccomp_data; little-endian: the low word of an argument comes first
NUMBER, ARCH, FIRST, SECOND, THIRD, FOURTH = 0, 4, 16, 24, 32, 40
ALLOW, KILL, ERROR, NOTIFY, TRACE = 0x7FFF0000, 0x80000000, 0x00050000, 0x7FC00000, 0x7FF00000
SET_FILTER, NEW_LISTENER = 1, 8
Line = tuple[int, int, int, int]

# Of those, what a runner does once its kernel runs. It opens nothing for writing, starts no program.
RUNNING = (
    "read", "readv", "pread64", "write", "writev", "close", "close_range", "lseek", "fstat", "stat", "lstat",
    "statfs", "fstatfs",
    "newfstatat", "statx", "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getdents64",
    "getcwd", "dup", "dup2", "dup3", "pipe2", "eventfd2", *syscalls.WAITING, *syscalls.SOCKETS,
    *syscalls.MEMORY, *syscalls.SIGNALS, *syscalls.MACHINE, "exit", "exit_group", "wait4", "waitid", "getpid",
    "getppid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getrlimit", "prlimit64", "getrusage",
    "times", "prctl", "set_robust_list", "rseq", "getcpu", "sched_yield", "sched_getaffinity",
    "sched_getparam", "sched_getscheduler", "sched_setscheduler", "getpriority", "fcntl", "ioctl")


def supported() -> bool:
    return platform.machine() in MACHINES


def for_kernel(machine: str, *, gpu: bool = False) -> bytes:
    """Everything that is not allowed is put before the gate: processes, programs, and what is refused."""
    column, _ = MACHINES[machine]
    special = (_unless(IOCTL[column], SECOND, INJECTING, NOTIFY) if gpu else
               [*_only(IOCTL[column], SECOND, CONTROLS, NOTIFY), *_not_nameless(MMAP[column])])
    return _program(machine, [
        # libc falls back from clone3, whose flags lie in memory where no filter can look, to clone
        (EQUAL, 0, 1, CLONE3[column]), (RETURN, 0, 0, ERROR | errno.ENOSYS),
        (EQUAL, 0, 5, CLONE[column]), (LOAD, 0, 0, FIRST), (ANY_BIT, 1, 0, NEW_NAMESPACES),
        (ANY_BIT, 1, 0, THREAD), (RETURN, 0, 0, NOTIFY), (RETURN, 0, 0, ALLOW),
        *_only(SOCKET[column], FIRST, FAMILIES, NOTIFY), *special,
        *_unless(FCNTL[column], SECOND, TELLING, NOTIFY), *_allowed(column, syscalls.ALLOWED)], NOTIFY)


def for_runner(machine: str) -> bytes:
    """What a runner may do beside its kernel. Whatever else it is brought to ask for fails."""
    column, _ = MACHINES[machine]
    deny = ERROR | errno.EPERM
    opening = [line for name, flags in (("openat", THIRD), ("open", SECOND))
               if (number := syscalls.ALLOWED[name][column]) >= 0
               for line in ((EQUAL, 0, 4, number), (LOAD, 0, 0, flags), (ANY_BIT, 0, 1, WRITING),
                            (RETURN, 0, 0, deny), (RETURN, 0, 0, ALLOW))]
    return _program(machine, [
        (EQUAL, 0, 1, CLONE3[column]), (RETURN, 0, 0, ERROR | errno.ENOSYS),
        (EQUAL, 0, 4, CLONE[column]), (LOAD, 0, 0, FIRST), (ANY_BIT, 0, 1, THREAD),
        (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, deny), *opening, *_only(SOCKET[column], FIRST, (1,), deny),
        *_allowed(column, {name: syscalls.NAMES[name] for name in RUNNING})], deny)


def for_server(machine: str) -> bytes:
    """What the server and all its jobs may do: a kernel's list, and what sets up a job.

    The rest is left to a tracer, and there is none: it fails with ENOSYS. Of all refusals it is the one that
    a kernel's own filter goes before.
    """
    column, _ = MACHINES[machine]
    names = {**syscalls.ALLOWED, **syscalls.BY_ARGUMENT, **syscalls.CREATING, **syscalls.SETTING_UP}
    return _program(machine, _allowed(column, names), TRACE)


def _program(machine: str, lines: Iterable[Line], otherwise: int) -> bytes:
    """Jumps are forward by count: each test falls through to the next."""
    _, audit = MACHINES[machine]
    whole = [(LOAD, 0, 0, ARCH), (EQUAL, 1, 0, audit), (RETURN, 0, 0, KILL), (LOAD, 0, 0, NUMBER), *lines,
             (RETURN, 0, 0, otherwise)]
    return b"".join(struct.pack("<HBBI", *line) for line in whole)


def _only(number: int, argument: int, values: tuple[int, ...], otherwise: int) -> list[Line]:
    """One call, allowed where an argument has one of some values."""
    count = len(values)
    return [(EQUAL, 0, count + 3, number), (LOAD, 0, 0, argument),
            *((EQUAL, count - index, 0, value) for index, value in enumerate(values)),
            (RETURN, 0, 0, otherwise), (RETURN, 0, 0, ALLOW)]


def _unless(number: int, argument: int, values: tuple[int, ...], otherwise: int) -> list[Line]:
    """One call, allowed where an argument has none of some values."""
    count = len(values)
    return [(EQUAL, 0, count + 3, number), (LOAD, 0, 0, argument),
            *((EQUAL, count - index, 0, value) for index, value in enumerate(values)),
            (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, otherwise)]


def _not_nameless(number: int) -> list[Line]:
    """mmap, but not of memory that is shared and in no file: no process need show all of it."""
    return [(EQUAL, 0, 5, number), (LOAD, 0, 0, FOURTH), (AND, 0, 0, NAMELESS), (EQUAL, 0, 1, NAMELESS),
            (RETURN, 0, 0, NOTIFY), (RETURN, 0, 0, ALLOW)]


def _allowed(column: int, names: syscalls.Numbers) -> Iterator[Line]:
    """Runs of numbers, each within two comparisons."""
    numbers = sorted({each[column] for each in names.values()} - {-1})
    while numbers:
        length = next((i for i, number in enumerate(numbers) if number != numbers[0] + i), len(numbers))
        yield from ((AT_LEAST, 0, 2, numbers[0]), (AT_LEAST, 1, 0, numbers[0] + length),
                    (RETURN, 0, 0, ALLOW))
        del numbers[:length]


def install(program: bytes, *, listened: bool = False) -> int:
    """For this thread and all that it starts, for ever. Needs no_new_privs.

    Returns:
        Where it is `listened` to, the descriptor on which the kernel asks; else -1.

    Raises:
        OSError: the kernel refuses: it is older than 5.5, or another listener is there already.
    """
    buffer = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    filled = Program(len(program) // 8, ctypes.addressof(buffer))
    column, _ = MACHINES[platform.machine()]
    number = syscalls.SETTING_UP["seccomp"][column]
    found = linux.libc().syscall(ctypes.c_long(number), ctypes.c_ulong(SET_FILTER),
                                 ctypes.c_ulong(NEW_LISTENER if listened else 0), ctypes.byref(filled))
    if found < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"seccomp: {os.strerror(error)}")
    return int(found) if listened else -1
