"""Which layout a source has, by what is there, and whose each of its files is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from grader.intake.called import ARCHIVE, called, stem, uncopied
from grader.intake.handed import IntakeError, Layout, Reading, Tree
from grader.intake.layouts import canvas, moodle
from grader.intake.layouts.canvas import Canvas
from grader.intake.layouts.classroom import Classroom
from grader.intake.layouts.entries import beneath, branches, entries
from grader.intake.layouts.folders import Folders, flat_person, is_an_exercise
from grader.intake.layouts.gradescope import Gradescope
from grader.intake.layouts.moodle import Moodle
from grader.intake.layouts.nbgrader import Nbgrader
from grader.intake.layouts.regexp import Regexp
from grader.intake.layouts.wrapped import holds_all, is_wrapper, refuse_doubt

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
    """The layout that was asked for, in the tree itself or in the only folder that it has.

    Not in an archive that lies in the source: that may be a student's.
    """
    inner = branches(tree)
    if deepest and len(inner) == 1 and not layout.fits(tree):
        (top, below), = inner.items()
        if ARCHIVE.search(top) and layout.fits(below):
            raise IntakeError(f"{tree.source}: {top} may be a student's; if it is the download, give it as "
                              "the source")
        try:
            if not ARCHIVE.search(top):
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
    inner = branches(tree)
    if deepest and inner and all(_is_sure(top, tree, exercises, deepest - 1) for top in inner):
        return _downloads(tree, inner, exercises, deepest)
    if deepest and len(inner) == 1 and not _flat(tree, exercises):
        (top, below), = inner.items()
        _refuse_chance(top, below)
        if is_wrapper(top, tree, below, exercises):
            return _of(top, exercises, beneath(top, tree, _found(below, exercises, deepest - 1)))
    said = refuse_doubt(tree, exercises)
    if (few := moodle.alike(tree)):
        said.append(f"{len(few)} of it, such as {few[0]}, may be Moodle's, most is not: each is taken for "
                    "a person's own; give Moodle's download by itself, or say --layout moodle")
    if canvas.looks(tree):
        said.append("each file may be Canvas's, but most names do not tell whose: they are taken for people's"
                    " own; where it is Canvas's download, say --layout canvas")
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


def _of(top: str, exercises: tuple[str, ...], reading: Reading) -> Reading:
    """What lies in a folder that is called like an exercise is of that exercise, where nothing says more."""
    exercise = called(top, exercises).exercise if is_an_exercise(top, exercises) else ""
    return replace(reading, handed=tuple(replace(each, exercise=each.exercise or exercise)
                                         for each in reading.handed))


def _refuse_chance(top: str, below: Tree) -> None:
    """Asks where one folder may be a download or a student's, who may call files as they like.

    Raises:
        IntakeError: it is so.
    """
    for layout in SURE:
        if layout.fits(below):
            way = "give it as the source" if ARCHIVE.search(top) else f"say --layout {layout.name}"
            raise IntakeError(f"{below.source.parent}: cannot tell whether {top} is a student's (then say "
                              f"--layout folders) or a download (then {way})")


def _is_sure(top: str, tree: Tree, exercises: tuple[str, ...], deepest: int) -> bool:
    """Is one of the tree's folders a download, or a folder around one?

    Its own name must say so. What it holds may be a student's work.
    """
    below = branches(tree)[top]
    if not holds_all(top, tree, exercises):
        return False
    if any(layout.fits(below) for layout in SURE):
        return True
    inner = branches(below)
    return bool(deepest) and len(inner) == 1 and _is_sure(next(iter(inner)), below, exercises, deepest - 1)
