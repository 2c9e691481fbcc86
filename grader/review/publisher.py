"""The files of the whole class, written beside the page: each change is in them as soon as it can be."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Publisher:
    """Calls `write` in a thread of its own, once for all changes that came meanwhile."""

    def __init__(self, write: Callable[[], object]) -> None:
        self._write = write
        self._wanted = threading.Condition()
        self._changed = self._busy = self._ending = False
        self.problem = ""          # why the files are older than the gradebook; "" where they are not
        self._thread = threading.Thread(target=self._run, name="publisher")
        self._thread.start()

    @property
    def behind(self) -> bool:
        """Is there a change that is not in the files yet?"""
        with self._wanted:
            return self._changed or self._busy

    def changed(self) -> None:
        """The gradebook says something new."""
        with self._wanted:
            self._changed = True
            self._wanted.notify_all()

    def close(self) -> None:
        """Returns when every change is in the files, or the last try failed."""
        with self._wanted:
            self._ending = True
            self._wanted.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._wanted:
                self._busy = False
                self._wanted.wait_for(lambda: self._changed or self._ending)
                if not self._changed:
                    return
                self._changed, self._busy = False, True
            try:
                self._write()
                self.problem = ""
            except Exception as error:  # whatever it is, the next change is to be written
                self.problem = str(error) or type(error).__name__
