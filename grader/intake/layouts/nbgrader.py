"""nbgrader's course: `submitted/anna/he_init/he_init.ipynb` with its `timestamp.txt`, or a part of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from grader.intake.called import text
from grader.intake.handed import File, IntakeError, Reading, Tree
from grader.intake.layouts.aside import small, when
from grader.intake.layouts.entries import OWN, Parts, Theirs, beneath, branches, entries, reading, split
from grader.records import Person

HANDED_IN = ("submitted", "autograded")       # that with the students' own files first
HANDED_OUT = ("source", "source_with_tests", "release", "solution", "feedback")
COURSE = {"nbgrader_config.py", "gradebook.db"}
TIMESTAMP = "timestamp.txt"
LIKE = "<student>/<assignment>/<notebook>.ipynb"
MAX_TIMESTAMP = 1024
PACKED = (".zip", ".tar", ".tar.gz", ".tgz")


class Nbgrader:
    name = "nbgrader"

    def fits(self, tree: Tree) -> bool:
        step, _ = _step(tree)
        if step:
            inner = branches(tree).get(step)
            every = {split(file.relative)[0] for file in tree.files if split(file.relative)}
            return inner is not None and bool(
                every & COURSE or len(every & {*HANDED_IN, *HANDED_OUT}) > 1 or _stamped(inner, lead=1))
        return _stamped(tree, lead=_lead(tree))

    def read(self, tree: Tree, exercises: Iterable[str]) -> Reading:  # noqa: ARG002 - the folders say which
        step, others = _step(tree)
        if not step:
            return _read(tree)
        inner = branches(tree).get(step)
        if inner is None:
            raise IntakeError(f"{tree.source}: nothing was handed in; {step} is empty")
        theirs = _read(replace(inner, source=tree.source / step))
        left = f"; {', '.join(others)} left as they are" if others else ""
        read = beneath(step, tree, theirs)
        rest = tuple((file.relative, OWN) for file in tree.files if split(file.relative)[:1] != (step,)
                     and file.relative not in dict(read.ignored))
        return replace(read, said=(f"{step} is taken{left}", *theirs.said), ignored=(*read.ignored, *rest))


def _step(tree: Tree) -> tuple[str, list[str]]:
    """The course's folder with what was handed in, and its other folders; "": the tree is no course."""
    tops = {parts[0] for file in tree.files if len(parts := split(file.relative)) > 1}
    tops |= {split(folder)[0] for folder in tree.empty if split(folder)}
    step = next((step for step in HANDED_IN if step in tops), "")
    return step, sorted(tops & {*HANDED_IN, *HANDED_OUT} - {step})


def _above(tree: Tree) -> Parts:
    return tuple(text(part) for part in tree.source.absolute().parts)


def _lead(tree: Tree) -> int:
    """How many of (step, student, assignment) the tree's own path says; 0: none."""
    return next((number for number, part in enumerate(reversed(_above(tree)[-3:]), start=1)
                 if part in HANDED_IN), 0)


def _stamped(tree: Tree, *, lead: int) -> bool:
    """Does at least half of its folders have nbgrader's timestamps, where they belong?"""
    depth = 4 - max(lead, 1)       # (student, assignment, timestamp.txt)
    stamped, every = set[str](), set[str]()
    for entry in entries(tree):
        every.add(entry.parts[0])
        if any(part.lower().endswith(PACKED) for part in entry.parts[:-1]):
            continue  # what a student packed says nothing of the whole
        if entry.parts[-1] == TIMESTAMP and len(entry.parts) == depth:
            stamped.add(entry.parts[0])
    return bool(stamped) and (depth == 1 or 2 * len(stamped) >= len(every))


def _read(tree: Tree) -> Reading:
    """What lies in a step, in a student's folder of it, or in one assignment of theirs.

    Raises:
        IntakeError: no file lies in an assignment's folder.
    """
    lead = _above(tree)[len(_above(tree)) - _lead(tree) + 1:] if _lead(tree) else ()
    stamps, told = _timestamps(tree, lead)

    def whose(parts: Parts) -> Theirs | str:
        student, *inner = (*lead, *parts)
        if not inner:
            return "it lies in no student's folder"
        exercise = inner[0] if len(inner) > 1 else ""
        return Theirs(person=Person(id=student), name="/".join(inner[1:] or inner), exercise=exercise,
                      handed_in_at=stamps.get((student, exercise), ""))

    # Who has a timestamp and no file still has a row.
    theirs = replace(tree, files=tuple(file for file in tree.files if not _is_stamp(file, lead)),
                     empty=(*tree.empty, *(file.relative for file in tree.files if _is_stamp(file, lead))))
    found = reading("nbgrader", LIKE, theirs, whose)
    if not any(each.exercise for each in found.handed):
        raise IntakeError(f"{tree.source}: nothing in it is laid out as nbgrader does it: {LIKE}")
    return replace(found, ignored=(*found.ignored, *told))


def _timestamps(tree: Tree, lead: Parts) -> tuple[dict[tuple[str, str], str], list[tuple[str, str]]]:
    """When each student handed in each assignment; and of each timestamp what becomes of it."""
    read, told = dict[tuple[str, str], str](), list[tuple[str, str]]()
    for file in tree.files:
        if _is_stamp(file, lead):
            student, exercise, _ = (*lead, *split(file.relative))
            said = small(file.path, MAX_TIMESTAMP) or b""
            read[student, exercise] = when(said.decode("utf-8", "replace"))
            told.append((file.relative, OWN if read[student, exercise] else "no time can be read in it"))
    return read, told


def _is_stamp(file: File, lead: Parts) -> bool:
    parts = (*lead, *split(file.relative))
    return len(parts) == 3 and parts[-1] == TIMESTAMP
