"""Is a folder a student's, or one that holds students? Where nobody can tell, the tutor is asked."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from grader.intake.called import ARCHIVE, called, is_notebook, stem, text, uncopied
from grader.intake.handed import IntakeError, Tree
from grader.intake.layouts.entries import Entry, branches, entries
from grader.intake.layouts.folders import flat_person, is_an_exercise
from grader.intake.telling import some

# what nobody is called, and what people call the folder into which they unpack
WRAPPERS = {"submitted", "submission", "submissions", "abgabe", "abgaben", "einreichungen", "downloads",
            "handed in"}
# Moodle's "<course>-<assignment>-<number>", Canvas's and Classroom's "..._submissions", Gradescope's
DOWNLOAD = re.compile(r"-.*-[0-9]+$|[-_ ]submissions$|^assignment_.*_export", re.IGNORECASE)
SHOWN = 4         # names in a question


def is_wrapper(top: str, tree: Tree, inner: Tree, exercises: tuple[str, ...]) -> bool:
    """Is the tree's only folder one that holds students, beyond doubt?"""
    return holds_all(top, tree, exercises) and bool(_people_below(inner, exercises))


def holds_all(top: str, tree: Tree, exercises: tuple[str, ...]) -> bool:
    """Is it called as nobody calls a folder of one student's? An archive in a source may be a student's."""
    return not ARCHIVE.search(top) and (
        top.casefold() in WRAPPERS or bool(DOWNLOAD.search(uncopied(top))) or is_an_exercise(top, exercises)
        or top == stem(text(tree.source.name)))


def refuse_doubt(tree: Tree, exercises: tuple[str, ...]) -> list[str]:
    """Asks where students and folders of students look alike. Returns what to tell of single ones that do.

    Raises:
        IntakeError: most of what would be students may be a group, a week or a wrapper.
    """
    held = {top: inner for top, inner in branches(tree).items()
            if not is_an_exercise(top, exercises) and _notebooks(inner)}
    beside = sum(len(entry.parts) == 1 and bool(flat_person(entry.parts[0], exercises))
                 for entry in entries(tree))
    doubtful = [top for top, inner in held.items()
                if _like_a_class(inner, exercises, alone=len(held) + beside == 1)]
    if 2 * len(doubtful) <= len(held) + beside:
        return [f"{top} is taken for one student, though what it holds may be "
                f"{len(_people_below(held[top], exercises))} students'" for top in doubtful]
    below = sorted({person for top in doubtful for person in _people_below(held[top], exercises)})
    raise IntakeError(
        f"{tree.source}: cannot tell students from folders that hold students. Give the folder that holds "
        "the students (or several, one after the other), or say --layout folders where it is this one.\n"
        f"  students here: {some(sorted(held), SHOWN)}\n"
        f"  students one folder further down: {some(below, SHOWN)}")


def _like_a_class(inner: Tree, exercises: tuple[str, ...], *, alone: bool) -> bool:
    """May it be a folder of students? A student's own folders are for one exercise each, or old.

    Args:
        alone: there is nobody else to compare it with.
    """
    notebooks = _notebooks(inner)
    direct = [entry for entry in notebooks if len(entry.parts) == 1]
    if len(_flat_people(direct, exercises)) > 1:
        return True
    folders = defaultdict[str, set[str]](set)
    for entry in notebooks:
        if len(entry.parts) > 1:
            folders[entry.parts[0]].add(called(entry.parts[-1], exercises).exercise)
    folders = defaultdict(set, {name: held for name, held in folders.items()
                                if not called(name, exercises).old})
    if all(is_an_exercise(name, exercises) for name in folders):
        return False
    if alone and not direct:
        return True
    every = [exercise for held in folders.values() for exercise in held]
    shared = "" in every or len(every) > len(set(every))
    return shared and len(folders) > (2 if direct else 1)


def _flat_people(direct: Iterable[Entry], exercises: tuple[str, ...]) -> set[str]:
    """People in the names of files that lie in one folder, where two handed in the same exercise."""
    people = defaultdict[str, set[str]](set)
    for entry in direct:
        said = called(entry.parts[0], exercises)
        if said.exercise and said.before and not said.old:
            people[said.exercise].add(said.before)
    return max(people.values(), key=len, default=set())


def _people_below(inner: Tree, exercises: tuple[str, ...]) -> set[str]:
    """Who would be a student if the folder were a class."""
    flat = {flat_person(entry.parts[0], exercises) for entry in entries(inner) if len(entry.parts) == 1}
    return {top for top, theirs in branches(inner).items()
            if not is_an_exercise(top, exercises) and _notebooks(theirs)} | (flat - {""})


def _notebooks(tree: Tree) -> list[Entry]:
    return [entry for entry in entries(tree) if is_notebook(entry.parts[-1])]
