"""One call, asked of the kernel, and all that is heard of it. What arrives is hostile."""

from __future__ import annotations

import enum
import os
import signal
import socket
from typing import NamedTuple, Protocol

from grader.inside.runner.watch import DYING
from grader.wall import frames, wire
from grader.wall.frames import CARRIER, NONCE, STATUS, Kind
from grader.wall.messages import Answer, Ended, LossCause

SLACK = DYING + 2      # s beyond the watch's own limits before the runner gives a kernel up
MOST_PASSED_OVER = 1 << 16   # bytes of a frame
CRASHED = Ended(cause=LossCause.CRASHED)


class Reached(Protocol):
    """What a call needs of a kernel."""

    channel: socket.socket
    passes_descriptors: bool

    def resume(self) -> None: ...


class After(enum.Enum):
    """Who takes the next call."""

    STAYS = "the process that made this one"
    READY = "the kernel: the call's process has ended"
    SILENT = "nobody: the kernel has closed the channel, or says nothing"
    GARBLING = "nobody: what the kernel says makes no sense"


class Heard(NamedTuple):
    """A call, once it is over."""

    after: After
    taken: bool = False              # a process has begun with it
    answer: bytes | bytearray = b""  # nonce and all, as the kernel's side wrote it; empty where there is none
    ended: Ended = CRASHED           # what became of it where there is no answer


def call(kernel: Reached, request: tuple[frames.Bytes, ...], *, seconds: float, most: int) -> Heard:
    """Ask, and listen for `seconds` to an answer of `most` bytes."""
    channel = frames.Timed(kernel.channel).within(seconds)
    if not kernel.passes_descriptors:
        if not _sent(channel, request):
            return Heard(After.SILENT)
        heard = _answered(channel, most)
        return _with_end(heard, channel) if heard.answer else heard
    # The answer comes through a socket of its own, that only this call's process holds.
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            if not _sent(channel, request, answer=theirs.fileno()):
                return Heard(After.SILENT)
        heard = _answered(frames.Timed(ours).within(seconds), most)
    kernel.resume()
    # Closed by now: whoever writes an answer that is too long does not wait for a reader.
    return _with_end(heard, channel)


def passed_on(answer: bytes | bytearray, most: int) -> tuple[frames.Bytes, ...]:
    """An answer in the runner's writing, of `most` bytes. What a kernel may not say, the runner's own words
    above all, is a crash; what leaves out the fields that we write grows, and may be too long then."""
    opened = wire.open_parcel(memoryview(answer)[NONCE:], Answer)
    if isinstance(opened, wire.Garbled):
        return (wire.encode(CRASHED),)
    record, numbers = opened
    written = wire.head(record)
    if len(written) + len(numbers) > most:
        return (wire.encode(Ended(cause=LossCause.OUTPUT)),)
    return written, numbers


def _sent(channel: frames.Timed, request: tuple[frames.Bytes, ...], *, answer: int | None = None) -> bool:
    try:
        if answer is not None:
            socket.send_fds(channel.end, [CARRIER], [answer])
        else:
            channel.write(CARRIER)
        frames.put(channel, Kind.STEP, *request)
    except (OSError, frames.Broken):
        return False
    return True


def _answered(stream: frames.Timed, most: int) -> Heard:
    """What comes up to the answer, or in its place."""
    taken = False
    try:
        kind, payload = frames.get(stream, most)
        if kind is Kind.TAKEN:
            taken = True
            kind, payload = frames.get(stream, most)
    except frames.TooLong:
        return Heard(After.GARBLING, taken, ended=Ended(cause=LossCause.OUTPUT))
    except frames.Nonsense:
        return Heard(After.GARBLING, taken)
    except frames.Broken:
        return Heard(After.SILENT, taken)
    if kind is Kind.GONE:
        return Heard(After.READY, taken, ended=_ended(payload))
    return Heard(After.GARBLING, taken, payload if kind is Kind.OUTCOME else b"")


def _with_end(heard: Heard, channel: frames.Timed) -> Heard:
    """The same, once the kernel has said what became of the call's process. What else it says is passed over:
    the call may have written it."""
    channel.within(SLACK)
    try:
        kind, payload = frames.get(channel, MOST_PASSED_OVER)
        while kind not in (Kind.STAYS, Kind.GONE):
            kind, payload = frames.get(channel, MOST_PASSED_OVER)
    except (frames.TooLong, frames.Nonsense):
        return heard._replace(after=After.GARBLING)
    except frames.Broken:
        return heard._replace(after=After.SILENT)
    if kind is Kind.STAYS:
        return heard._replace(after=After.STAYS)
    ended = _ended(payload) if heard.ended is CRASHED else heard.ended
    return heard._replace(after=After.READY, ended=ended)


def _ended(payload: bytearray) -> Ended:
    """A process that has ended instead of answering, by its wait status."""
    status = STATUS.unpack(payload)[0] if len(payload) == STATUS.size else 0
    try:
        return Ended(cause=LossCause.CRASHED, by_signal=signal.Signals(os.WTERMSIG(status))) \
            if os.WIFSIGNALED(status) else CRASHED
    except ValueError:  # a signal without a name
        return CRASHED
