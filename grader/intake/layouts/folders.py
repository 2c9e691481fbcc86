"""A plain folder: `anna/he_init.ipynb`, or flat `anna_he_init.ipynb`, or both."""

from __future__ import annotations

import re
from collections.abc import Iterable

from grader.intake.called import ARCHIVE, called, is_notebook
from grader.intake.handed import Reading, Tree
from grader.intake.layouts.entries import Parts, Theirs, reading
from grader.records import Person

LIKE = "<student>/<notebook>.ipynb or <student>_<exercise>.ipynb"
# what an editor calls a file that nobody has named
UNNAMED = re.compile(r"^(?:untitled|unbenannt|sans titre|sin título)[\s_-]?\d*$", re.IGNORECASE)


class Folders:
    name = "folders"

    def fits(self, tree: Tree) -> bool:  # noqa: ARG002 - every folder can be read so
        return True

    def read(self, tree: Tree, exercises: Iterable[str]) -> Reading:
        known = tuple(exercises)
        return reading("folders", LIKE, tree, lambda parts: whose(parts, known))


def whose(parts: Parts, exercises: tuple[str, ...]) -> Theirs | str:
    """Whose a file of a plain folder is, or why it is nobody's."""
    top, *inner = parts
    if not inner or ARCHIVE.search(top):
        person = flat_person(top, exercises)
        if not person:
            return "its name says no person" if inner or _a_submission(top) else (
                "it is no notebook, and its name does not say whose it is")
        return Theirs(person=Person(id=person), name="/".join(inner) or top)
    if is_an_exercise(top, exercises):
        return f"{top} is called like the exercise, not like a person; give that folder as the source"
    return Theirs(person=Person(id=top), name="/".join(inner))


def flat_person(name: str, exercises: tuple[str, ...]) -> str:
    """The person in a file's own name; "" where it names nobody."""
    said = called(name, exercises)
    if said.exercise:
        return said.before
    return "" if not _a_submission(name) or UNNAMED.match(said.before) else said.before


def is_an_exercise(name: str, exercises: tuple[str, ...]) -> bool:
    """Is it called like an exercise and nothing else?"""
    said = called(name, exercises)
    return bool(said.exercise) and not said.before


def _a_submission(name: str) -> bool:
    return is_notebook(name) or bool(ARCHIVE.search(name))
