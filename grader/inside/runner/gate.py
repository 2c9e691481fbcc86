"""Answers, in the runner, for what a kernel's filter does not allow by itself.

Linux holds a process until it is answered. What decides is in registers (which call it is, who makes it), and
whether one of the grader's own calls is being made: nothing can be changed behind our back.
"""

from __future__ import annotations

import errno
import fcntl
import os
import platform
import select
import struct
import threading
import time
from collections import Counter

from grader.inside.runner import seccomp, syscalls

# struct seccomp_notif: id, thread, flags; number, architecture, place, arguments
ASKED = struct.Struct("<QII iIQ 6Q")
ANSWER = struct.Struct("<QqiI")        # struct seccomp_notif_resp: id, result, error, flags
RECEIVE, SEND = 0xC0502100, 0xC0182101
GO_ON = 1                              # SECCOMP_USER_NOTIF_FLAG_CONTINUE
MANY = 10_000                          # refusals; from then on each takes a while
MOST_NAMES = 400                       # that are counted apart
SLOWLY = 0.001                         # s


class Gate:
    """Who may make a process, and a count of all that was refused."""

    def __init__(self, listener: int) -> None:
        self.refused: Counter[str] = Counter()
        self.shut = False                  # no process is made but those admitted
        self.admitted = 0                  # the thread that may make one
        self.column, _ = seccomp.MACHINES[platform.machine()]
        self.names = {numbers[self.column]: name for name, numbers in syscalls.NAMES.items()}
        threading.Thread(target=self._serve, args=(listener,), daemon=True).start()

    def admit(self, thread: int) -> None:
        """From now on no process is made, but one by this thread. 0: none at all."""
        self.shut, self.admitted = True, thread

    def _serve(self, listener: int) -> None:
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        while True:
            events = poll.poll()[0][1]
            if events & select.POLLIN:
                self._answer(listener)
            elif events:
                os.close(listener)         # nobody is left to ask
                return

    def _answer(self, listener: int) -> None:
        asked, admitted = bytearray(ASKED.size), self.admitted
        try:
            fcntl.ioctl(listener, RECEIVE, asked)
            number, thread, _, call, _, _, *arguments = ASKED.unpack(asked)
            error = self._error(thread, call, arguments)
            if error and self.refused.total() > MANY:
                time.sleep(SLOWLY)
            fcntl.ioctl(listener, SEND, ANSWER.pack(number, 0, -error, 0 if error else GO_ON))
        except OSError:                    # whoever asked has ended, or was interrupted and asks again
            self.admitted = admitted

    def _error(self, thread: int, call: int, arguments: list[int]) -> int:
        """0: it goes on."""
        name = self.names.get(call, "")
        creates = name in syscalls.CREATING or (name == "clone" and not arguments[0] & seccomp.NEW_NAMESPACES)
        if creates and self._may_create(thread, name):
            return 0
        known = name or f"number {call}"
        self.refused[known if known in self.refused or len(self.refused) < MOST_NAMES else "others"] += 1
        if name == "ioctl" and arguments[1] & 0xFFFFFFFF not in seccomp.INJECTING:
            return errno.ENOTTY
        if name == "socket":
            return errno.EAFNOSUPPORT
        forbidden = name == "mmap" or name in {*syscalls.FORBIDDEN, *syscalls.CREATING, *syscalls.BY_ARGUMENT}
        return errno.EPERM if forbidden else errno.ENOSYS

    def _may_create(self, thread: int, name: str) -> bool:
        if not self.shut:
            return True
        if name not in ("execve", "execveat") and thread == self.admitted:
            self.admitted = 0
            return True
        return False
