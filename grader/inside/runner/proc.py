"""What Linux says of processes, read from outside them, in /proc."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from grader.wall.messages import ADDRESSES

OWN_THREADS = 24       # of an idle kernel and its init: to Linux they are processes too
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


MAPPED = b"VmSize:", b"VmData:", b"VmStk:", b"VmExe:", b"VmLib:"  # all; what of it has a limit or a file


class Process(NamedTuple):
    pid: int
    parent: int
    cpu_seconds: float  # its own and its dead children's
    resident: int       # bytes, shared ones included
    own_seconds: float = 0.0  # of CPU, without its children's
    blocked: bool = False     # in the kernel of Linux, where no signal reaches it: for a disk, for pages


def _text(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 1 << 16)
    finally:
        os.close(descriptor)


def processes() -> dict[int, Process]:
    """Every process that /proc shows."""
    found = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 - often, and Path costs more than the rest
        if name.isdigit():
            try:
                fields = _text(f"/proc/{name}/stat").rpartition(b") ")[2].split()
            except OSError:
                continue
            if len(fields) > 21 and fields[0] not in b"ZX":
                own, whole = (sum(int(field) for field in fields[11:end]) / TICKS for end in (13, 15))
                found[int(name)] = Process(int(name), int(fields[1]), whole, int(fields[21]) * PAGE, own,
                                           fields[0] == b"D")
    return found


def descendants(top: int) -> list[Process]:
    everything = processes()
    children: dict[int, list[Process]] = {}
    for process in everything.values():
        children.setdefault(process.parent, []).append(process)
    found, waiting = [], [top]
    while waiting:
        below = children.get(waiting.pop(), [])
        found.extend(below)
        waiting.extend(process.pid for process in below)
    return found


def waited(pid: int) -> float | None:
    """Seconds that a thread, or a process's main thread, was ready to run and no core was free. None where
    Linux does not say."""
    try:
        return int(_text(f"/proc/{pid}/schedstat").split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return None


def waits_of(pid: int) -> list[tuple[int, float]]:
    """The same of each of its threads."""
    try:
        threads = [int(name) for name in os.listdir(f"/proc/{pid}/task")]  # noqa: PTH208 - as above
    except OSError:
        return []
    return [(thread, waited(thread) or 0.0) for thread in threads]


def busy_seconds() -> float | None:
    """Seconds that this machine's cores have worked since it started; None where Linux does not say."""
    try:
        user, nice, system, _, _, irq, softirq, steal = map(int, _text("/proc/stat").split(None, 9)[1:9])
    except (OSError, ValueError):
        return None
    return (user + nice + system + irq + softirq + steal) / TICKS or None


def fields(path: str, *names: bytes) -> dict[bytes, int]:
    """Some of a /proc file's fields, in bytes; those that it has."""
    try:
        lines = [line.split() for line in _text(path).splitlines()]
    except OSError:
        return {}
    return {line[0]: int(line[1]) * 1024 for line in lines if line and line[0] in names}


def memory_of(tree: list[Process], enough: int, unmapped: int = 0) -> int:
    """The memory of some processes together, their page tables included; pages they share are counted once
    where Linux tells.

    The cheap sum counts shared pages in full, and all that is mapped and may be shared. Only where it passes
    `enough` is the exact one worth its time.

    Args:
        unmapped: bytes of theirs that none of them need have mapped.
    """
    tables, rough = 0, unmapped
    for process in tree:
        has = fields(f"/proc/{process.pid}/status", *MAPPED, b"VmPTE:")
        table = has.pop(b"VmPTE:", 0)
        tables += table
        mapped = has.pop(b"VmSize:", 0)
        rough += process.resident + table
        if mapped <= enough + ADDRESSES:  # more is CUDA's, which maps what it does not use
            rough += max(0, mapped - sum(has.values()))
    return rough if rough <= enough else tables + _exact(tree, unmapped)


def _exact(tree: list[Process], unmapped: int) -> int:
    """What a process has shared, it may have left to another that never touches it: it counts as a whole."""
    own = shown = 0
    shared: dict[bytes, int] = {}
    for process in tree:
        has = fields(f"/proc/{process.pid}/smaps_rollup", b"Pss_Anon:", b"Pss_Shmem:", b"SwapPss:") \
            or fields(f"/proc/{process.pid}/status", b"RssAnon:", b"RssShmem:")
        part = has.pop(b"Pss_Shmem:", 0) + has.pop(b"RssShmem:", 0)
        shown, own = shown + part, own + sum(has.values())
        for inode, size in _shared(process.pid):
            shared[inode] = max(size, shared.get(inode, 0))
    return own + max(shown, unmapped + sum(shared.values()))


def _shared(pid: int) -> Iterator[tuple[bytes, int]]:
    """The nameless memory that a process shares with others: which it is, and how large at least."""
    try:
        with open(f"/proc/{pid}/maps", "rb") as file:  # noqa: PTH123 - as above
            for line in file:
                if line.endswith(b"/dev/zero (deleted)\n"):
                    span, _, offset, _, inode, *_ = line.split()
                    begin, end = (int(part, 16) for part in span.split(b"-"))
                    yield inode, int(offset, 16) + end - begin
    except (OSError, ValueError):
        return


def data_of(pid: int) -> int:
    """What a process has asked for and may write to, as RLIMIT_DATA counts it; 0 where Linux does not say."""
    return fields(f"/proc/{pid}/status", b"VmData:").get(b"VmData:", 0) if pid else 0
