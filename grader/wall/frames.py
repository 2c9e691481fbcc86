"""Frames: one byte of kind, eight bytes of length, then the payload. Readers state what they accept.

The kinds between the grader and a runner, and between a runner and its kernel::

    J job      S step      E no more steps
    s started  r run       o outcome        n not started, and why
    h hello    d defined   w how a call's process ended   k it stays for the next call
"""

from __future__ import annotations

import select
import socket
import struct
import time
from typing import Protocol

HEADER = struct.Struct("<cQ")
ENOUGH = 1 << 31  # bytes; a frame that claims more is not read


class Broken(Exception):  # noqa: N818 - the name is the statement
    """The other side closed, sent nonsense, or took too long."""


Bytes = bytes | bytearray | memoryview


class Readable(Protocol):
    def readinto(self, room: memoryview, /) -> int | None: ...


class Writable(Protocol):
    def write(self, data: Bytes, /) -> object: ...

    def flush(self) -> object: ...


def put(stream: Writable, kind: bytes, *payload: Bytes) -> None:
    """Write one frame. Its payload comes in as many parts as it is in: megabytes of numbers need
    no joining."""
    stream.write(HEADER.pack(kind, sum(map(len, payload))))
    for part in payload:
        stream.write(part)
    stream.flush()


def get(stream: Readable, most: int = ENOUGH) -> tuple[bytes, bytearray]:
    """The next frame.

    Raises:
        Broken: the stream ended, or the frame is longer than `most`.
    """
    kind, length = HEADER.unpack(_exactly(stream, HEADER.size))
    if length > most:
        raise Broken(f"a frame of {length} bytes, more than {most}")
    return kind, _exactly(stream, length)


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
