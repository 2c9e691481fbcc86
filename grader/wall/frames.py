"""The protocol between the grader, a job's runner and its kernel.

A frame is one byte of kind, eight bytes of length, then the payload. Readers state the most they accept.
"""

from __future__ import annotations

import enum
import select
import socket
import struct
import time
from typing import Protocol

HEADER = struct.Struct("<cQ")
ENOUGH = 1 << 31   # bytes; a frame that claims more is not read
NONCE = 16         # bytes before a step, by which its answer is known
STATUS = struct.Struct("<i")
CARRIER = b"."     # the byte before a runner's frame; the answer's descriptor travels with it


class Kind(enum.Enum):
    """Every frame: who sends it, what it holds, what follows."""

    # between the grader and a runner
    JOB = b"J"         # grader: a Job, once; its files follow, then STARTED or NOT_READY
    FILE = b"f"        # grader: the bytes of one of the job's files, in the job's order
    STARTED = b"s"     # runner: the first cell comes next, from here on all is the student's; RUN follows
    NOT_READY = b"n"   # runner, or a kernel in place of HELLO: why, as text; nothing follows
    RUN = b"r"         # runner: a Run; now the grader asks
    STEP = b"S"        # grader: a Step, answered by OUTCOME. Also runner to kernel, see below
    END = b"E"         # grader: no further step; REFUSED follows
    REFUSED = b"x"     # runner: a Count of the system calls that its job was refused; nothing follows
    OUTCOME = b"o"     # runner: an Outcome. Also of a call's process, see below

    # between a runner and its kernel, which calls processes that it forks
    HELLO = b"h"       # kernel: it is ready for the first cell
    NAMES = b"D"       # runner: which functions are there? DEFINED follows
    DEFINED = b"d"     # kernel: a Defined
    # STEP               runner: nonce and Step; TAKEN, OUTCOME, then STAYS or GONE follow, unless it dies
    TAKEN = b"t"       # a call's process: it has begun
    # OUTCOME            a call's process: nonce and Answer
    STAYS = b"k"       # a call's process: it takes the next STEP
    GONE = b"w"        # kernel: the call's process has ended, its wait status; the kernel takes the next STEP


class Order(enum.Enum):
    """What passes on the warm server's line, one message each."""

    READY = b"r"       # server: everything is imported; now the grader may send
    JOB = b"j"         # grader: 8 bytes of id, and a descriptor; a runner is forked that serves a job there.
                       # Where it has a control group: two more, by which it is joined and of its events
    KILL = b"k"        # grader: 8 bytes of id; that runner is killed
    IMPORT = b"i"      # grader: a module's name, to be imported for the jobs to come


KINDS = {kind.value: kind for kind in Kind}


class Broken(Exception):  # noqa: N818 - the name is the statement
    """The other side closed, sent nonsense, or took too long."""


class Nonsense(Broken):
    """What came is no frame of ours."""


class TooLong(Broken):
    """The next frame is longer than was accepted. Nothing of it has been read."""


Bytes = bytes | bytearray | memoryview


class Readable(Protocol):
    def readinto(self, room: memoryview, /) -> int | None: ...


class Writable(Protocol):
    def write(self, data: Bytes, /) -> object: ...

    def flush(self) -> object: ...


class Stream(Readable, Writable, Protocol):
    """Both ways, between the grader and a runner."""


def put(stream: Writable, kind: Kind, *payload: Bytes) -> None:
    """Write one frame. Its payload comes in as many parts as it is in: megabytes of numbers need
    no joining."""
    stream.write(HEADER.pack(kind.value, sum(map(len, payload))))
    for part in payload:
        stream.write(part)
    stream.flush()


def get(stream: Readable, most: int = ENOUGH) -> tuple[Kind, bytearray]:
    """The next frame.

    Raises:
        TooLong: the frame is longer than `most`.
        Nonsense: there is no such kind of frame.
        Broken: the stream ended.
    """
    byte, length = HEADER.unpack(_exactly(stream, HEADER.size))
    if byte not in KINDS:
        raise Nonsense(f"no kind of frame begins with {byte!r}")
    if length > most:
        raise TooLong(f"a frame of {length} bytes, more than {most}")
    return KINDS[byte], _exactly(stream, length)


def _exactly(stream: Readable, size: int) -> bytearray:
    whole = bytearray(size)
    room = memoryview(whole)
    while room:
        read = stream.readinto(room)
        if not read:
            raise Broken("the stream ended")
        room = room[read:]
    return whole


class Line:
    """A socket without a buffer: what could not be sent is not tried again when it is closed."""

    def __init__(self, end: socket.socket) -> None:
        self.readinto, self.write = end.recv_into, end.sendall

    def flush(self) -> None:
        """Nothing is held back."""


class Timed:
    """A socket or pipe, read and written by a deadline, whatever the other side does."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self.deadline = time.monotonic() + 30

    def within(self, seconds: float) -> Timed:
        self.deadline = time.monotonic() + seconds
        return self

    def _left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Broken("no answer in time")
        return left

    def readinto(self, room: memoryview, /) -> int:
        if not select.select([self.end], [], [], self._left())[0]:
            raise Broken("no answer in time")
        try:
            return self.end.recv_into(room)
        except OSError as error:
            raise Broken(str(error)) from None

    def write(self, data: Bytes, /) -> None:
        view = memoryview(data)
        while view:
            if not select.select([], [self.end], [], self._left())[1]:
                raise Broken("nothing is read at the other end")
            try:
                view = view[self.end.send(view[:1 << 16], socket.MSG_DONTWAIT):]
            except BlockingIOError:
                continue
            except OSError as error:
                raise Broken(str(error)) from None

    def flush(self) -> None:
        """Nothing is held back."""
