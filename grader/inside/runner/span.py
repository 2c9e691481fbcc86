"""One cell or one call: what it has used, and which limit it has met."""

from __future__ import annotations

import time
from typing import NamedTuple, Protocol

from grader.inside.runner.held_up import HeldUp
from grader.inside.runner.proc import Process, data_of
from grader.inside.runner.spent import Spent, clock_of
from grader.wall.messages import LATE, Again, Ended, LossCause

WAITING_SHARE = 0.1    # of the wall-clock spent waiting for a core: then the machine was busy
KEPT = 10.0            # s in which Linux may keep a process; beyond that it is a trick (vfork)


class Kernel(Protocol):
    """What the watch needs of a kernel."""

    @property
    def pid(self) -> int:
        """In the runner's /proc; 0 where it cannot be looked at."""

    def interrupt(self) -> None: ...

    def kill(self) -> None: ...

    def tree(self) -> list[Process]: ...

    def unmapped(self) -> int:
        """Bytes that no process shows: of files in memory, and in sockets."""

    def starved(self) -> bool:
        """Has Linux ended processes for want of memory?"""


class Stop(NamedTuple):
    """Why something was stopped."""

    cause: LossCause
    words: str                          # for people; nothing reads them but they
    after_seconds: float | None = None
    waited: bool = False                # in these seconds it computed nothing
    busy: bool = False                  # others held the cores: it is tried again alone before it counts
    of_all: bool = False                # the time of the whole submission was used up

    @property
    def ended(self) -> Ended:
        return Ended(cause=self.cause, after_seconds=self.after_seconds, of_all=self.of_all,
                     waited=self.waited, again=Again.ALONE if self.busy else Again.NO)


class Span:
    """One cell or one call, being watched."""

    def __init__(self, kernel: Kernel, *, seconds: float, waiting: float, call: bool, held_up: HeldUp,
                 hand: int = 0) -> None:
        """`seconds` of CPU, and `waiting` in which it computes nothing. `hand`: the process of an earlier
        call that takes up this one; its past is not charged."""
        self.started = self.at = time.monotonic()
        self.seconds, self.waiting, self.call = seconds, waiting, call
        self.machine, self.held_up = held_up, held_up.seconds
        self.data = 0 if call else data_of(kernel.pid)
        self.clock = 0.0 if call else clock_of(kernel.pid)
        tree = kernel.tree() if call else []
        self.before = {process.pid for process in tree if process.pid != hand}
        # Looking for a cell's processes takes time, so what they have had is asked for at the first look.
        self.spent = Spent(process for process in tree if process.pid == hand) if call else None
        self.memory = 0         # bytes that all of the job may have meanwhile, where that is less than ever
        self.idle = 0.0         # s in which it neither computed nor was ready to
        self.kept = 0.0         # s in which Linux kept one of its processes
        self.stop: Stop | None = None
        self.asked = 0.0        # when it was interrupted
        self.killed = False     # the kernel was

    @property
    def used(self) -> float:
        """Seconds of CPU, as far as it was looked at."""
        return self.spent.seconds if self.spent else 0.0

    def look(self, tree: list[Process], waited: float) -> Stop | None:
        """The limit of time that it has met. `waited`: seconds since the last look in which a thread of the
        job was ready to run and had no core."""
        now, before = time.monotonic(), self.used
        self.spent = self.spent or Spent(tree)
        used = self.spent.look(process for process in tree if process.pid not in self.before)
        if _kept(tree) and self.kept < KEPT:
            self.kept += now - self.at
        else:
            self.idle += now - self.at - (used - before) - waited  # Linux may tell of a long wait at its end
        self.at = now
        if used > self.seconds + (LATE if self.call else 0.0):
            return Stop(LossCause.TIMEOUT, f"computed for more than {self.seconds:g} s", self.seconds)
        if self.idle > self.waiting:
            held_up = self.machine.seconds - self.held_up
            busy = not self.machine.known or held_up > WAITING_SHARE * (now - self.started)
            return Stop(LossCause.TIMEOUT, f"waited for more than {self.waiting:g} s", self.waiting,
                        waited=True, busy=busy)
        return None


def _kept(tree: list[Process]) -> bool:
    """Does Linux keep one of them, as it keeps who asks for much memory on a busy machine? A parent it may
    keep until its child ends (vfork), which is that parent's own doing."""
    parents = {process.parent for process in tree}
    return any(process.blocked and process.pid not in parents for process in tree)
