"""What every request works on: the gradebook, how the class stands, and the files that follow it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress

from grader.errors import Mendable
from grader.keep.answers import questions
from grader.keep.gradebook import Gradebook, Key
from grader.keep.output import Output
from grader.keep.publish import class_files, nobodys, publish, rewrite
from grader.keep.written import Comment
from grader.records import Result
from grader.report import side_by_side
from grader.report.resemblance import Alike, known_of
from grader.review.answers import Questions
from grader.review.publisher import Publisher
from grader.review.standing import Standing
from grader.review.waiting import Filter, Waiting, waiting


class ReviewDesk:
    """One gradebook under review. Whoever changes something holds `changing`, so that what was looked at
    before is what is replaced."""

    def __init__(self, book: Gradebook, output: Output) -> None:
        self.book = book
        self.output = output
        self.standing = Standing(book)
        self.changing = threading.Lock()
        self._writing = threading.Lock()   # or an older report may be written over a newer one
        self._begun = False
        self._queue: tuple[object, list[Waiting]] = (None, [])
        self._asked: tuple[object, Questions] = (None, {})
        self.publisher = Publisher(self._publish)
        self.publisher.changed()  # what an earlier one was killed before it wrote

    def close(self) -> None:
        """Returns when the class's files say what the gradebook says."""
        self.publisher.close()

    def _publish(self) -> None:
        if self._begun:
            class_files(self.book, self.output)
        else:
            with self._writing:
                publish(self.book, self.output)
            self._begun = True
        self.standing.compare()

    def changed(self, keys: Iterable[Key]) -> str:
        """Write the reports of these at once, and have the class's files written.

        Returns:
            Why a report could not be written; "" where all are.
        """
        problem = ""
        try:
            with self._writing:
                rewrite(self.book, self.output, sorted(keys))
        except (Mendable, OSError) as error:
            problem = f"it is in the gradebook, and the report could not be written: {error}"
        self.publisher.changed()
        return problem

    def queue(self) -> list[Waiting]:
        """Every submission, and why it waits; worked out anew when something has happened."""
        now = self._now()
        if self._queue[0] != now:   # what is read after `now` was asked is as new as that, or newer
            self._queue = now, waiting(self.standing.results(), self.book.desk.reviewed(),
                                       self.standing.alike)
        return self._queue[1]

    def asked(self) -> Questions:
        """What is asked in writing."""
        now = self._now()
        if self._asked[0] != now:
            self._asked = now, {(one.exercise, one.id): one
                                for one in questions(self.standing.results().values())}
        return self._asked[1]

    def _now(self) -> object:
        """Changes with whatever happens."""
        self.standing.results()
        return self.standing.last, self.standing.alike

    def result(self, key: Key, number: int | None = None) -> Result | None:
        """One submission with the tutor's words, pictures and all."""
        return self.book.result(*key, number)

    def pairs(self, group: Alike, people: Mapping[str, side_by_side.Person]) -> list[side_by_side.Pair]:
        """Look-alikes, compared as on the class page."""
        known = known_of(nobodys(self.book.batch_values()).get(group.exercise, ""))
        results = self.standing.results()

        def submitted(key: Key) -> tuple[str, Mapping[str, str]]:
            return self.book.notebook(*key), self.output.modules(results[key])
        return side_by_side.compared(group, submitted, known, people)

    def bank(self, exercise: str | None = None) -> dict[int, Comment]:
        """The comments that may be said of an exercise, or all."""
        return {one.id: one for one in self.book.written.comments(exercise)}


def key_of(said: dict[str, str]) -> Key:
    """Whose submission a request is about."""
    return said.get("student", ""), said.get("exercise", "")


def filter_of(said: dict[str, str]) -> Filter:
    """What part of the queue its reader goes through."""
    return Filter(exercise=said.get("in", ""), kind=said.get("of", ""))


def integer(text: str) -> int | None:
    """A number as an address has it; None of anything else."""
    with suppress(ValueError):
        return int(text) if len(text) < 19 else None
    return None
