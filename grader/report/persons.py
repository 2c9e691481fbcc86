"""How people are called and listed wherever a tutor or a student reads: by name, with the id beside it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from grader.records import Result

_NUMBER = re.compile(r"(\d{1,18})", re.ASCII)

# text and numbers by turns
Order = tuple[tuple[tuple[str, int], ...], tuple[tuple[str, int], ...], str]


def shown(name: str, id: str) -> str:
    """"Anna Schmidt (1003)"; the id alone where there is no name, or nobody may know it."""
    return f"{name} ({id})" if name and name != id else id


def order(name: str, id: str) -> Order:
    """What people are sorted by: name, then id, as a reader expects: Ä beside A, s2 before s10."""
    return _readers(name or id), _readers(id), id


def names(results: Iterable[Result]) -> dict[str, str]:
    """Id -> name, as one of somebody's results has it; "" where none does."""
    found: dict[str, str] = {}
    for result in results:
        found[result.student] = result.name or found.get(result.student, "")
    return found


def _readers(text: str) -> tuple[tuple[str, int], ...]:
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    parts = _NUMBER.split(plain)
    return tuple(("", int(part)) if number % 2 else (part, 0) for number, part in enumerate(parts))
