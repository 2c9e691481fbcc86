"""Memory that no process shows as its own: who takes it is stopped for memory, and nobody else is hurt."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.execute import pool
from grader.execute.bubblewrap import BubblewrapSandbox
from grader.inside.runner import sockets
from grader.wall import wire
from grader.wall.messages import CallStep, CellCause, Ended, Job, Limits, LossCause, Observations, Returned
from grader.wall.values import Whole
from tests.notebooks import notebook
from tests.sandboxes import walled

pytestmark = pytest.mark.timeout(600)
LIMITS = Limits(memory_bytes=1 << 30, disk_bytes=600 << 20, cell_seconds=30, call_seconds=10)
START = '''
import ctypes, mmap, os, socket, time
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p

def tables(mib):
    """Page tables of so many MiB, without a page: what is read was never written to."""
    span = (mib << 20) // 4096 * (2 << 20)
    at = libc.mmap(None, ctypes.c_size_t(span), 1, 0x4022, -1, ctypes.c_size_t(0))
    if at in (None, 2**64 - 1):
        raise MemoryError(f"{mib} MiB of page tables")
    libc.madvise(ctypes.c_void_p(at), ctypes.c_size_t(span), 15)
    for place in range(at, at + span, 2 << 20):
        ctypes.c_char.from_address(place).value

def children(count, does):
    for _ in range(count):
        if os.fork() == 0:
            try:
                kept = does()
                time.sleep(60)
            finally:
                os._exit(0)
    time.sleep(20)

def sockets(kind, size, closed):
    kept = []
    for _ in range(200):
        a, b = socket.socketpair(socket.AF_UNIX, kind)
        a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20)
        a.setblocking(False)
        try:
            while True:
                a.send(bytes(size))
        except BlockingIOError:
            pass
        kept += [b] if closed else [a, b]
    return kept

def files():
    with open("/dev/shm/a", "wb") as file:
        for _ in range(500):
            file.write(bytes(1 << 20))
    children(2, lambda: bytearray(b"x") * (300 << 20))

def mappings(generations):
    """Each is cheap, and once more for each process above."""
    size = 60_000 * 4096
    held = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    at = ctypes.addressof(ctypes.c_char.from_buffer(held))
    libc.madvise(ctypes.c_void_p(at), ctypes.c_size_t(size), 15)
    held[0] = 1
    for page in range(1, 60_000, 2):
        libc.mprotect(ctypes.c_void_p(at + page * 4096), ctypes.c_size_t(4096), 1)
    for _ in range(generations):
        if os.fork():
            break
    time.sleep(25)

def daemon(does):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            does()
        os._exit(0)
    os.wait()
'''
# What takes the memory. None of it passes a limit on one process.
TAKES = {
    "page tables of one process": "tables(2500)",
    "page tables of twenty": "children(20, lambda: tables(60))",
    "streams that nobody reads": "children(20, lambda: sockets(socket.SOCK_STREAM, 60_000, False))",
    "streams whose writer is gone": "children(20, lambda: sockets(socket.SOCK_STREAM, 60_000, True))",
    "datagrams whose writer is gone": "children(20, lambda: sockets(socket.SOCK_DGRAM, 100_000, True))",
    "files in memory, and memory": "files()",
    "mappings of a long line of processes": "mappings(24)",
    "memory of many children": "children(9, lambda: bytearray(b'x') * (200 << 20))",
    "a daemon's": "daemon(lambda: children(20, lambda: tables(60)))\ntime.sleep(20)",
}
HONEST = notebook("def a(): return 7")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[BubblewrapSandbox]:
    with walled() as opened:
        yield opened


def beside_a_neighbour(sandbox: BubblewrapSandbox, text: str) -> Observations:
    """What became of it, while an honest notebook was graded."""
    steps = [CallStep(key="a", function="a")]
    work = [pool.Work((number, ""), Job(notebook=each, functions=("a",), limits=LIMITS, processes=True),
                      steps, {})
            for number, each in enumerate((text, HONEST))]
    found = {number: parcel for (number, _), parcel in pool.observe_all(sandbox, work, 2)}
    hostile, honest = found[0], found[1]
    assert isinstance(hostile, wire.Parcel), hostile
    assert isinstance(honest, wire.Parcel), honest
    outcome = honest.record.outcomes["a"]
    assert isinstance(outcome, Returned)
    assert outcome.rounds[0].value == Whole(value=7)
    return hostile.record


@pytest.mark.parametrize("takes", TAKES.values(), ids=TAKES)
def test_a_cell_is_stopped_for_memory(sandbox: BubblewrapSandbox, takes: str) -> None:
    found = beside_a_neighbour(sandbox, notebook("def a(): return 1", f"{START}\n{takes}"))
    assert [event.cause for event in found.run.events] == [CellCause.MEMORY], found.run.events
    assert isinstance(found.outcomes["a"], Returned)


@pytest.mark.parametrize("takes", TAKES.values(), ids=TAKES)
def test_a_call_is_stopped_for_memory(sandbox: BubblewrapSandbox, takes: str) -> None:
    body = "\n    ".join(takes.splitlines())
    found = beside_a_neighbour(sandbox, notebook(f"{START}\ndef a():\n    {body}"))
    outcome = found.outcomes["a"]
    if takes == TAKES["page tables of one process"]:  # what it asked for, it was not given
        assert getattr(outcome, "error", "") == "MemoryError" or outcome.cause is LossCause.MEMORY  # type: ignore[union-attr]
    else:
        assert outcome == Ended(cause=LossCause.MEMORY)


def test_a_cell_s_daemon_that_takes_it_during_a_call_ends_the_kernel(sandbox: BubblewrapSandbox) -> None:
    """Nothing that the call started is to blame, so that to end the call alone would end nothing."""
    waits = "daemon(lambda: (time.sleep(3), children(20, lambda: tables(60))))"
    found = beside_a_neighbour(sandbox, notebook(START, waits, "def a(): time.sleep(25)"))
    assert found.outcomes["a"] == Ended(cause=LossCause.MEMORY)


@pytest.mark.parametrize("takes", [
    "held = [mmap.mmap(-1, 50 << 20) for _ in range(60)]\nfor each in held: each[:] = bytes(50 << 20)",
    "with open('/dev/zero', 'r+b') as file: held = mmap.mmap(file.fileno(), 50 << 20)"],
    ids=["anonymous", "/dev/zero"])
def test_shared_memory_that_no_process_need_show_is_not_given(sandbox: BubblewrapSandbox,
                                                              takes: str) -> None:
    """Touched, and unmapped but for a page, it stays and nothing tells of it."""
    found = beside_a_neighbour(sandbox, notebook("def a(): return 1", f"{START}\n{takes}"))
    assert [event.cause for event in found.run.events] == [CellCause.RAISED], found.run.events
    assert isinstance(found.outcomes["a"], Returned)


def test_what_right_solutions_need_is_given(sandbox: BubblewrapSandbox) -> None:
    """Many threads that allocate, workers, a figure: in memory as large as a test's."""
    cells = ('''
import threading, torch
from torch.utils.data import DataLoader, TensorDataset
def allocates(): sum(len(bytes(1000)) for _ in range(1000))
threads = [threading.Thread(target=allocates) for _ in range(40)]
for thread in threads: thread.start()
for thread in threads: thread.join()
''', '''
loader = DataLoader(TensorDataset(torch.ones(64, 1000)), batch_size=8, num_workers=3)
total = sum(batch.sum().item() for batch, in loader)
import matplotlib.pyplot as plt
plt.plot([1, 2])
plt.show()
''', "def a(): return int(total)")
    found = beside_a_neighbour(sandbox, notebook(*cells))
    assert not found.run.events, found.run.events
    assert found.outcomes["a"].rounds[0].value == Whole(value=64_000)  # type: ignore[union-attr]


def test_what_waits_in_a_socket_counts_with_its_writer() -> None:
    if not Path("/proc/self/ns/net").exists():
        pytest.skip("not Linux")
    ours, theirs = socket.socketpair()
    sockets.send(theirs)
    theirs.close()
    asked = sockets.received(ours)
    assert asked is not None

    def seen(end: socket.socket) -> sockets.Socket:
        asked.end.send(sockets.ASKED)
        return {each.inode: each for each in asked._answers()}[os.fstat(end.fileno()).st_ino]
    a, b = socket.socketpair()
    with asked.end, a, b:
        assert (seen(a).written, seen(b).unread) == (0, 0)
        a.send(bytes(100_000))
        assert seen(a).written >= seen(b).unread == 100_000
        assert seen(b).peer == seen(a).inode
        assert b.recv(100_000, socket.MSG_WAITALL)
        assert (seen(a).written, seen(b).unread) == (0, 0)
