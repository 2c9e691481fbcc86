"""GitHub Classroom's checkouts: `he-init-submissions/he-init-octocat/…`, one repository for each student."""

from __future__ import annotations

from collections.abc import Iterable

from grader.intake.called import AS_ONE, stem, text
from grader.intake.handed import IntakeError, Reading, Tree
from grader.intake.layouts.entries import Parts, Theirs, entries, hollow, reading, split
from grader.records import Person

# `gh classroom clone student-repos` makes <assignment>-submissions/<assignment>-<username>
ALL = "-submissions"
FEWEST = 3                # checkouts whose names alone tell what all begin with


class Classroom:
    name = "classroom"

    def fits(self, tree: Tree) -> bool:
        tops = _folders(tree)
        if (assignment := _assignment(tree)):
            return 0 < len(tops) <= 2 * sum(top.startswith(assignment) for top in tops)
        return len(tops) >= FEWEST and tops <= _checkouts(tree) and bool(_common(tops))

    def read(self, tree: Tree, exercises: Iterable[str]) -> Reading:
        tops = _folders(tree)
        prefix = _assignment(tree) or _exercise(tops, exercises) or (_common(tops) if len(tops) > 1 else "")
        if not prefix and not tops & _checkouts(tree):
            raise IntakeError(f"{tree.source}: no checkouts of GitHub Classroom's, which are called "
                              "<assignment>-<username>")

        def whose(parts: Parts) -> Theirs | str:
            if len(parts) == 1:
                return "it lies in no checkout"
            username = parts[0].removeprefix(prefix)
            if not username or not parts[0].startswith(prefix):
                return f"its folder is not called {prefix}<username>"
            return Theirs(person=Person(id=username), name="/".join(parts[1:]))

        return reading("GitHub Classroom", "<assignment>-<username>/<notebook>.ipynb", tree, whose,
                       said=[f"{prefix}<username> is taken for the checkouts' names"] if prefix else [])


def _folders(tree: Tree) -> set[str]:
    return {entry.parts[0] for entry in entries(tree) if len(entry.parts) > 1} | {
        parts[0] for parts in hollow(tree)}


def _checkouts(tree: Tree) -> set[str]:
    return {split(folder)[0] for folder in tree.gits if len(split(folder)) == 1}


def _assignment(tree: Tree) -> str:
    """What the folder around them says that their names begin with."""
    name = stem(text(tree.source.name))
    return f"{name.removesuffix(ALL)}-" if name.endswith(ALL) and name != ALL else ""


def _exercise(tops: set[str], exercises: Iterable[str]) -> str:
    """An exercise's name that all begin with, as they write it."""
    as_one = [top.translate(AS_ONE) for top in tops]
    fits = [exercise for exercise in exercises
            if as_one and all(top.startswith(f"{exercise.translate(AS_ONE)}_") for top in as_one)]
    written = {top[:len(max(fits, key=len)) + 1] for top in tops} if fits else set()
    return written.pop() if len(written) == 1 else ""


def _common(tops: set[str]) -> str:
    """What all names begin with, up to a hyphen; never all of one, nor so much that a mere number is left."""
    words = [top.split("-")[:-1] for top in tops]
    common = list[str]()
    for each in zip(*words, strict=False):
        if len(set(each)) > 1:
            break
        common.append(each[0])
    while common and any("-".join(top.split("-")[len(common):]).isdigit() for top in tops):
        common.pop()
    return "".join(f"{word}-" for word in common)
