"""A person leaves the class, with the history kept or without a trace."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from grader.keep.gradebook import Gradebook, GradebookError, points
from grader.keep.known import Known, same_name
from grader.keep.output import Output
from grader.keep.publish import opened, publish
from grader.keep.ruling import forget
from grader.report import persons, safe_text


def remove(out: Path, who: str, *, erase: bool = False) -> list[str]:
    """Take a person out of a folder that a batch wrote, and write its class page and tables anew.

    Args:
        who: an id, or a name that only one person has.
        erase: leave nothing: no attempt, override, history, observation or page, under any id of theirs.

    Returns:
        What was removed, in lines.

    Raises:
        GradebookError: there is no such person, or several have this name; or there is no gradebook.
    """
    output = Output(out)
    with opened(out) as book:
        person = chosen(book, who, out)
        student = person.person.id
        marks = [one for one in book.results(pictures=False) if one.student == student]
        said = ", ".join(f"{one.exercise} {points(one).replace('/', 'of')}" for one in marks) or "no mark"
        pages = output.remove(student, {*person.handed_in, *(mark.exercise for mark in marks)})
        book.remove(student)
        publish(book, output)
        if erase:  # the gradebook last: whoever is in it can be removed once more, should this be cut short
            others = {one.person.id for one in book.people()} - {student}
            for one in sorted(person.ids - others):
                output.erase(one)
            forget(book, person)
            book.erase(student)
    lines = [f"removed: {_listed([person])} ({said}), "
             f"{pages} page{'' if pages == 1 else 's'}"]
    lines.append("erased from this folder: attempts, overrides, history and observations too; not from the "
                 "submissions, nor from what was exported or handed back" if erase else
                 "their attempts, overrides and history are kept; they are back once they hand in again")
    return lines


def chosen(book: Gradebook, who: str, out: Path) -> Known:
    """The one person who is meant. An id comes before a name."""
    people = book.people()
    for meant in ([one for one in people if one.person.id == who],
                  [one for one in people if who in one.known_as],
                  [one for one in people if same_name(who, one.person.name)]):
        if len(meant) > 1:
            raise GradebookError(f"{who!r} may be {_listed(meant)}: give the id")
        if meant:
            return meant[0]
    raise GradebookError(f"{out}: nobody in the gradebook has the id or the name {who!r}")


def _listed(people: Sequence[Known]) -> str:
    return " or ".join(safe_text.line(persons.shown(one.person.name, one.person.id)) for one in people)
