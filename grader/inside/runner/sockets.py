"""What waits in a job's sockets: memory that no process shows. Linux; asked of the kernel through netlink."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SOCK_DIAG, BY_FAMILY, DUMP = 4, 20, 0x301   # NETLINK_SOCK_DIAG; its request; NLM_F_REQUEST | NLM_F_DUMP
DONE, ERROR = 3, 2
PEER, QUEUE, MEMORY = 2, 4, 5               # UNIX_DIAG_PEER, _RQLEN, _MEMINFO
SHOW = 0x04 | 0x10 | 0x20                   # the same, as UDIAG_SHOW_*
HEADER, DESCRIBED, ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=BBBBIII"), struct.Struct("=HH")
ASKED = HEADER.pack(40, BY_FAMILY, DUMP, 1, 0) + struct.pack(
    "=BBHIIIII", socket.AF_UNIX, 0, 0, 0xFFFFFFFF, 0, SHOW, 0xFFFFFFFF, 0xFFFFFFFF)
MOST_WAITING = 11      # datagrams in one queue (net.unix.max_dgram_qlen, and the one that passes it)
PATIENCE = 1.0         # s


class Socket(NamedTuple):
    inode: int
    peer: int = 0
    unread: int = 0    # bytes of the next datagram, or of the whole stream
    written: int = 0   # memory that what it wrote takes until it is read


class Sockets:
    """The UNIX sockets of one network namespace. A job has no others that anything can pass through."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        end.settimeout(PATIENCE)
        try:
            self.room = 2 * int(Path("/proc/sys/net/core/wmem_max").read_text())  # Linux doubles it
        except (OSError, ValueError):
            self.room = 8 << 20

    def held(self) -> int:
        """Bytes that were written and that nobody has read; 0 where Linux does not say.

        They count with their writer. Behind one that has closed its end, as many as there may be count.
        """
        try:
            self.end.send(ASKED)
            found = list(self._answers())
        except (OSError, struct.error):
            return 0
        alive = {each.inode for each in found}
        orphans = [each for each in found if each.unread and each.peer not in alive]
        return (sum(each.written for each in found)
                + sum(max(self.room, MOST_WAITING * each.unread) for each in orphans))

    def _answers(self) -> Iterator[Socket]:
        while True:
            answer, at = self.end.recv(1 << 16), 0
            while at < len(answer):
                length, kind, *_ = HEADER.unpack_from(answer, at)
                if kind in (DONE, ERROR) or length < HEADER.size:
                    return
                yield _described(answer[at + HEADER.size:at + length])
                at += _aligned(length)


def _described(answer: bytes) -> Socket:
    told = Socket(DESCRIBED.unpack_from(answer)[4])
    at = DESCRIBED.size
    while at + ATTRIBUTE.size <= len(answer):
        length, kind = ATTRIBUTE.unpack_from(answer, at)
        start = at + ATTRIBUTE.size
        if kind == PEER:
            told = told._replace(peer=struct.unpack_from("=I", answer, start)[0])
        elif kind == QUEUE:
            told = told._replace(unread=struct.unpack_from("=I", answer, start)[0])
        elif kind == MEMORY:
            told = told._replace(written=struct.unpack_from("=3I", answer, start)[2])
        at += _aligned(max(length, ATTRIBUTE.size))
    return told


def _aligned(length: int) -> int:
    return length + 3 & ~3


def send(to_runner: socket.socket) -> None:
    """A socket that asks of the namespace in which this process is."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, SOCK_DIAG) as end:
        socket.send_fds(to_runner, [b"s"], [end.fileno()])


def received(from_holder: socket.socket) -> Sockets | None:
    """What a holder has sent; None where it could not."""
    with from_holder:
        try:
            _, descriptors, _, _ = socket.recv_fds(from_holder, 1, 1)
        except OSError:
            return None
    return Sockets(socket.socket(fileno=descriptors[0])) if descriptors else None
