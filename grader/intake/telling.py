"""People and lists in a line for the tutor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from grader.records import Person


def some(texts: Sequence[str], most: int) -> str:
    """The first few, and how many more there are."""
    more = len(texts) - most
    return ", ".join(texts[:most]) + (f" and {more} more" if more > 0 else "")


def called(id: str, name: str) -> str:
    """Whoever is told by the id first: "1003 (Anna Schmidt)"."""
    return id + (f" ({name})" if name not in ("", id) else "")


def told(people: Iterable[Person]) -> str:
    """People by id and name."""
    return ", ".join(called(one.id, one.name) for one in people)
