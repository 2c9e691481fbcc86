"""A file that somebody handed in, on its way to be what is graded, or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grader.intake.handed import Handed, Reading, Tree
from grader.intake.nodes import Place
from grader.intake.people import Standing
from grader.intake.reading import Look
from grader.records import Person


@dataclass(frozen=True, kw_only=True)
class Source:
    """One source, read."""

    label: str                            # what stands before its files' names; "" where it is the only one
    tree: Tree
    reading: Reading

    def called(self, relative: str) -> str:
        return f"{self.label}/{relative}" if self.label else relative


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A file that counts, or may count, for one person."""

    source: int
    label: str               # the file's name in the mapping, and in what is graded
    handed: Handed
    standing: Standing
    look: Look | None        # None: neither a notebook nor called one
    exercise: str = ""       # "": nobody can tell
    sure: bool = False       # the file itself says so
    old: bool = False        # it says that something newer counts
    use: str = ""            # as the tutor's mapping says

    @property
    def person(self) -> Person:
        return self.standing.person

    @property
    def place(self) -> Place:
        """Where the download names whoever handed it in."""
        return self.source, self.handed.person.id, self.handed.person.name

    @property
    def folder(self) -> str:
        return self.handed.name.rpartition("/")[0]

    @property
    def who(self) -> dict[str, Any]:
        """The fields of HandedIn."""
        return {"student": self.person.id, "name": self.person.name, "team": self.standing.team,
                "source_id": self.handed.source_id or self.standing.source_id,
                "attempt": self.handed.attempt, "handed_in_at": self.handed.handed_in_at,
                "late": self.handed.late}
