"""Which layout a source has, by what is there, and whose each of its files is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from grader.intake.called import stem, uncopied
from grader.intake.handed import IntakeError, Layout, Reading, Tree
from grader.intake.layouts import canvas, gradescope, moodle
from grader.intake.layouts.canvas import Canvas
from grader.intake.layouts.classroom import Classroom
from grader.intake.layouts.entries import beneath, branches, entries
from grader.intake.layouts.folders import Folders, flat_person
from grader.intake.layouts.gradescope import Gradescope
from grader.intake.layouts.moodle import Moodle
from grader.intake.layouts.nbgrader import Nbgrader
from grader.intake.layouts.regexp import Regexp
from grader.intake.layouts.wrapped import is_wrapper, refuse_doubt

# told by what is called as they call it
SURE: tuple[Layout, ...] = (Moodle(), Canvas(), Nbgrader(), Classroom(), Gradescope())
LAYOUTS: dict[str, Layout] = {layout.name: layout for layout in (Folders(), *SURE)}
DEEPEST = 3      # folders around a download


def chosen(tree: Tree, exercises: Iterable[str], asked: str | None = None) -> Reading:
    """Whose each file is.

    Args:
        exercises: the names in the catalogue.
        asked: a layout's name, or a regular expression with the groups student_id and file_id.

    Raises:
        IntakeError: the tree is not of the layout that was asked for, nobody can tell which it is, or there
            is nothing in it.
    """
    known = tuple(exercises)
    if asked is None:
        return _found(tree, known, DEEPEST)
    if asked in LAYOUTS:
        return _asked(tree, known, LAYOUTS[asked])
    if "(?P<" in asked:
        return Regexp(asked).read(tree, known)
    raise IntakeError(f"--layout {asked}: neither a layout ({', '.join(LAYOUTS)}) nor a regular expression "
                      "with (?P<student_id>...) and (?P<file_id>...)")


def _asked(tree: Tree, exercises: tuple[str, ...], layout: Layout, deepest: int = DEEPEST) -> Reading:
    """The layout that was asked for, in the tree itself or in the only folder that it has."""
    inner = branches(tree)
    if deepest and len(inner) == 1 and not layout.fits(tree):
        (top, below), = inner.items()
        try:
            return beneath(top, tree, _asked(below, exercises, layout, deepest - 1))
        except IntakeError:
            pass       # what is said of the whole tree helps more
    return layout.read(tree, exercises)


def _found(tree: Tree, exercises: tuple[str, ...], deepest: int) -> Reading:
    fitting = [layout for layout in SURE if layout.fits(tree)]
    if len(fitting) > 1:
        raise IntakeError(f"{tree.source}: may be {' or '.join(layout.name for layout in fitting)}; "
                          "say which with --layout")
    if fitting:
        return fitting[0].read(tree, exercises)
    if moodle.some(tree):
        raise IntakeError(f"{tree.source}: a part of it is Moodle's, most is not; give Moodle's download by "
                          "itself, or say --layout moodle and the rest is left out")
    inner = branches(tree)
    if deepest and inner and all(_is_sure(below, deepest - 1) for below in inner.values()):
        return _downloads(tree, inner, exercises, deepest)
    if deepest and len(inner) == 1 and not _flat(tree, exercises):
        (top, below), = inner.items()
        _refuse_chance(top, below)
        if is_wrapper(top, tree, below, exercises):
            return beneath(top, tree, _found(below, exercises, deepest - 1))
    said = refuse_doubt(tree, exercises)
    return replace(Folders().read(tree, exercises), said=tuple(said))


def _downloads(tree: Tree, inner: dict[str, Tree], exercises: tuple[str, ...], deepest: int) -> Reading:
    """The only download in a folder, or one that was saved under its name again."""
    if len({uncopied(stem(top)) for top in inner}) > 1:
        raise IntakeError(f"{tree.source}: holds {len(inner)} downloads ({', '.join(sorted(inner)[:4])}); "
                          "give each as a source of its own, one after the other")
    readings = [beneath(top, tree, _found(below, exercises, deepest - 1)) for top, below in inner.items()]
    first, *more = readings
    if any(each.layout != first.layout or each.blind != first.blind for each in more):
        raise IntakeError(f"{tree.source}: holds downloads of different kinds; give each as a source of its "
                          "own, one after the other")
    handed = tuple(each for reading in readings for each in reading.handed)
    seen = {each.person.id for each in handed}
    without = {person.id: person for reading in readings for person in reading.without
               if person.id not in seen}
    return replace(first, handed=handed, without=tuple(without.values()),
                   ignored=tuple(dict.fromkeys(each for reading in readings for each in reading.ignored)),
                   said=tuple(dict.fromkeys(line for reading in readings for line in reading.said)))


def _flat(tree: Tree, exercises: tuple[str, ...]) -> bool:
    """Does a person's file lie in the tree itself?"""
    return any(len(entry.parts) == 1 and flat_person(entry.parts[0], exercises) for entry in entries(tree))


def _refuse_chance(top: str, below: Tree) -> None:
    """Asks where one folder may be a download or a student's, who calls files so by chance.

    Raises:
        IntakeError: it is so.
    """
    for layout in SURE:
        if layout.fits(below) and not _beyond_chance(layout, below):
            raise IntakeError(f"{below.source.parent}: cannot tell whether {top} is a student's folder (then "
                              f"say --layout folders) or a download (then say --layout {layout.name})")


def _beyond_chance(layout: Layout, tree: Tree) -> bool:
    """Would no student call the files in a folder of their own so?"""
    if layout.name == "canvas":
        return "submissions" in tree.source.name.casefold() or canvas.users(tree) > 1
    if layout.name == "gradescope":
        return gradescope.is_export(tree)
    return True


def _is_sure(tree: Tree, deepest: int) -> bool:
    """Is it a download, or a folder around one?"""
    if any(layout.fits(tree) and _beyond_chance(layout, tree) for layout in SURE):
        return True
    inner = branches(tree)
    return bool(deepest) and len(inner) == 1 and all(_is_sure(below, deepest - 1) for below in inner.values())
