"""What every request works on: the gradebook, how the class stands, and the files that follow it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress

from grader.errors import Mendable
from grader.keep.answers import questions
from grader.keep.gradebook import Gradebook, Key
from grader.keep.output import Output
from grader.keep.publish import class_files, publish, rewrite
from grader.keep.written import Comment
from grader.records import Result
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
        """Every submission, and why it waits."""
        return waiting(self.standing.results(), self.book.desk.reviewed(), self.standing.alike)

    def asked(self) -> Questions:
        """What is asked in writing."""
        return {(one.exercise, one.id): one for one in questions(self.standing.results().values())}

    def result(self, key: Key, number: int | None = None) -> Result | None:
        """One submission with the tutor's words, pictures and all."""
        return self.book.result(*key, number)

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
