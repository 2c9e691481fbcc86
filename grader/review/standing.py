"""How the class stands now: read once, then again only where an event says that something changed."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from grader.keep.events import Event
from grader.keep.gradebook import Gradebook, Key
from grader.keep.publish import Notebooks, groups
from grader.records import Result
from grader.report.resemblance import Alike


class Standing:
    """Every result that counts, with the tutor's words in it, and who looks like whom."""

    def __init__(self, book: Gradebook) -> None:
        self._book = book
        self._lock = threading.Lock()
        self._last = max((event.id for event in book.desk.events()), default=0)
        self._results = self._all()
        self._alike: tuple[Alike, ...] = ()
        self._compared: dict[Key, str] = {}

    @property
    def last(self) -> int:
        """The newest event that is in here."""
        return self._last

    def results(self) -> dict[Key, Result]:
        """As the gradebook has them at this moment."""
        with self._lock:
            if events := self._book.desk.events(after=self._last):
                self._read(events)
                self._last = events[-1].id
            return dict(self._results)

    def _read(self, events: Iterable[Event]) -> None:
        keys = {(event.student, event.exercise) for event in events if event.student}
        if any(not event.student for event in events):   # a comment of the bank, which may carry points
            keys |= {(one.student, one.exercise) for one in self._book.written.answers() if one.comments}
        for student, exercise in keys:
            found = self._book.result(student, exercise)
            if found:
                self._results[student, exercise] = found
            else:
                self._results.pop((student, exercise), None)

    def _all(self) -> dict[Key, Result]:
        return {(one.student, one.exercise): one for one in self._book.results(pictures=False)}

    @property
    def alike(self) -> tuple[Alike, ...]:
        """Who looked like whom when that was compared last."""
        return self._alike

    def compare(self) -> None:
        """Look who looks like whom, where other submissions count than the last time."""
        there = {key: one.notebook.sha256 for key, one in self.results().items()}
        if there != self._compared:
            self._alike = groups([*self.results().values()], Notebooks(self._book),
                                 self._book.batch_values())
            self._compared = there
