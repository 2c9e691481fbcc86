"""Which layout a source has, by what is there, and whose each of its files is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from grader.intake.called import stem, uncopied
from grader.intake.handed import IntakeError, Layout, Reading, Tree
from grader.intake.layouts import moodle
from grader.intake.layouts.canvas import Canvas
from grader.intake.layouts.entries import branches, entries
from grader.intake.layouts.folders import Folders, flat_person
from grader.intake.layouts.moodle import Moodle
from grader.intake.layouts.wrapped import is_wrapper, refuse_doubt

SURE: tuple[Layout, ...] = (Moodle(), Canvas())     # told by their names
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
    raise IntakeError(f"--layout {asked}: neither a layout ({', '.join(LAYOUTS)}) nor a regular expression "
                      "with (?P<student_id>...) and (?P<file_id>...)")


def _asked(tree: Tree, exercises: tuple[str, ...], layout: Layout) -> Reading:
    inner = branches(tree)
    if len(inner) == 1 and layout.name != "folders" and not layout.fits(tree):
        (top, below), = inner.items()
        if layout.fits(below):
            return _beneath(top, tree, layout.read(below, exercises))
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
    sure = {top: below for top, below in inner.items() if _is_sure(below, deepest - 1)} if deepest else {}
    if sure and len(sure) == len(inner):
        return _downloads(tree, sure, exercises, deepest)
    if deepest and len(inner) == 1 and not _flat(tree, exercises):
        (top, below), = inner.items()
        if is_wrapper(top, tree, below, exercises):
            return _beneath(top, tree, _found(below, exercises, deepest - 1))
    refuse_doubt(tree, exercises)
    return Folders().read(tree, exercises)


def _downloads(tree: Tree, inner: dict[str, Tree], exercises: tuple[str, ...], deepest: int) -> Reading:
    """The only download in a folder, or one that was saved under its name again."""
    if len({uncopied(stem(top)) for top in inner}) > 1:
        raise IntakeError(f"{tree.source}: holds {len(inner)} downloads ({', '.join(sorted(inner)[:4])}); "
                          "give each as a source of its own, one after the other")
    readings = [_beneath(top, tree, _found(below, exercises, deepest - 1)) for top, below in inner.items()]
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


def _beneath(top: str, tree: Tree, reading: Reading) -> Reading:
    """A reading of one of the tree's folders, as a reading of the tree."""
    whole = {file.path: file for file in tree.files}
    return replace(
        reading,
        handed=tuple(replace(each, file=whole[each.file.path]) for each in reading.handed),
        ignored=(*_loose(tree), *((f"{top}/{file}", why) for file, why in reading.ignored)),
        said=(f"{top} is taken for the folder that holds them all", *reading.said))


def _loose(tree: Tree) -> tuple[tuple[str, str], ...]:
    return tuple((entry.file.relative, "it lies beside the folder that holds them all")
                 for entry in entries(tree) if len(entry.parts) == 1)


def _flat(tree: Tree, exercises: tuple[str, ...]) -> bool:
    """Does a person's file lie in the tree itself?"""
    return any(len(entry.parts) == 1 and flat_person(entry.parts[0], exercises) for entry in entries(tree))


def _is_sure(tree: Tree, deepest: int) -> bool:
    """Is it a download, or a folder around one?"""
    if any(layout.fits(tree) for layout in SURE):
        return True
    inner = branches(tree)
    return bool(deepest) and len(inner) == 1 and all(_is_sure(below, deepest - 1) for below in inner.values())
