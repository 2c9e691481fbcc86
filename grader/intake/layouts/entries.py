"""A tree's files as every layout looks at them: split at "/", in NFC, without what machines leave behind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from grader.intake.called import is_notebook, text
from grader.intake.handed import File, Handed, IntakeError, Reading, Tree
from grader.records import Person

LEFT_BY_MACHINES = {"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini"}
SHADOWS = ("._", ".ipynb_checkpoints", ".git", ".Trash")     # nobody's files, though they may be called so
OWN = "it is the download's own, nothing that was handed in"
FEEDBACK = "feedback"     # nbgrader puts there what was given back

Parts = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file that may have been handed in."""

    file: File
    parts: Parts


@dataclass(frozen=True, kw_only=True)
class Theirs:
    """What a path says of whose it is. The fields are those of `Handed`."""

    person: Person
    name: str
    team: str = ""
    attempt: int = 0
    handed_in_at: str = ""
    late: bool = False
    exercise: str = ""
    online: bool = False


Whose = Callable[[Parts], Theirs | tuple[Theirs, ...] | str]     # or why it is nobody's


@lru_cache(maxsize=1 << 18)     # every layout looks at every path, several times
def split(relative: str) -> Parts:
    """The parts of a path, as text."""
    return tuple(text(part) for part in relative.split("/") if part not in ("", "."))


def entries(tree: Tree) -> tuple[Entry, ...]:
    """The files that somebody may have handed in."""
    return tuple(Entry(file=file, parts=split(file.relative)) for file in tree.files
                 if _counts(file.relative))


def hollow(tree: Tree) -> tuple[Parts, ...]:
    """Folders in which there may be nothing else: empty ones, and what holds files that do not count."""
    found = {split(folder) for folder in tree.empty} | {split(path) for path, _ in tree.refused}
    for file in tree.files:
        if not _counts(file.relative):
            parts = split(file.relative)
            found.add(parts[:_passed_over(parts) - 1])
    return tuple(sorted(parts for parts in found if parts and not _passed_over(parts)))


def left_out(tree: Tree) -> tuple[tuple[str, str], ...]:
    """Notebooks that are passed over, and why; not those that machines leave behind."""
    told = []
    for file in tree.files:
        parts = split(file.relative)
        at = 0 if _counts(file.relative) else _passed_over(parts)
        if not at or not is_notebook(parts[-1]):
            continue
        if parts[at - 1] == FEEDBACK:
            told.append((file.relative, "it lies in a folder called feedback"))
        elif parts[at - 1].startswith(".") and not parts[at - 1].startswith(SHADOWS):
            told.append((file.relative, "its name begins with a dot" if at == len(parts) else
                         "it lies in a folder whose name begins with a dot"))
    return tuple(told)


def branches(tree: Tree) -> dict[str, Tree]:
    """Each of the tree's own folders as a tree of its own."""
    files, empty = defaultdict[str, list[File]](list), defaultdict[str, list[str]](list)
    refused, gits = defaultdict[str, list[tuple[str, str]]](list), defaultdict[str, list[str]](list)
    for file in tree.files:
        if len(parts := split(file.relative)) > 1:
            files[parts[0]].append(replace(file, relative=_rest(file.relative)))
    for folder in tree.empty:
        empty[text(folder.partition("/")[0])].append(_rest(folder))
    for path, why in tree.refused:
        refused[text(path.partition("/")[0])].append((_rest(path), why))
    for folder in tree.gits:
        gits[text(folder.partition("/")[0])].append(_rest(folder))
    return {top: Tree(source=tree.source / top, files=tuple(files[top]),
                      empty=tuple(filter(None, empty[top])),
                      refused=tuple(each for each in refused[top] if each[0]),
                      gits=tuple(filter(None, gits[top])))
            for top in sorted({entry.parts[0] for entry in entries(tree) if len(entry.parts) > 1})}


def _rest(relative: str) -> str:
    return relative.partition("/")[2]


def beneath(top: str, tree: Tree, reading: Reading) -> Reading:
    """A reading of one of the tree's folders, as a reading of the tree."""
    inner = {_rest(file.relative): file for file in tree.files if split(file.relative)[:1] == (top,)}
    return replace(
        reading,
        handed=tuple(replace(each, file=inner[each.file.relative]) for each in reading.handed),
        ignored=(*_loose(tree), *((inner[file].relative, why) for file, why in reading.ignored)),
        said=(f"{top} is taken for the folder that holds them all", *reading.said))


def _loose(tree: Tree) -> tuple[tuple[str, str], ...]:
    return tuple((entry.file.relative, "it lies beside the folder that holds them all")
                 for entry in entries(tree) if len(entry.parts) == 1) + tuple(
                     each for each in left_out(tree) if "/" not in each[0])


def reading(layout: str, like: str, tree: Tree, whose: Whose, *, blind: bool = False,
            said: Iterable[str] = ()) -> Reading:
    """What a layout makes of a tree that says of each path whose it is, or why it is nobody's.

    Args:
        like: how the layout lays files out, for a tutor.

    Raises:
        IntakeError: nothing in it is anybody's.
    """
    handed, ignored = list[Handed](), list[tuple[str, str]]()
    for entry in entries(tree):
        theirs = whose(entry.parts)
        if isinstance(theirs, str):
            ignored.append((entry.file.relative, theirs))
        else:
            every = (theirs,) if isinstance(theirs, Theirs) else theirs
            handed += [Handed(file=entry.file, **vars(each)) for each in every]
    seen = {each.person.id for each in handed}
    without = dict[str, Person]()
    for parts in hollow(tree):
        theirs = whose((*parts, ""))
        every = () if isinstance(theirs, str) else (theirs,) if isinstance(theirs, Theirs) else theirs
        without |= {each.person.id: each.person for each in every if each.person.id not in seen}
    if not handed and not without:
        first = f" ({ignored[0][0]}: {ignored[0][1]})" if ignored else ""
        raise IntakeError(f"{tree.source}: nothing in it is laid out as {layout} does it: {like}{first}")
    return Reading(layout=layout, handed=tuple(handed), without=tuple(without.values()), blind=blind,
                   ignored=(*ignored, *left_out(tree)), said=tuple(said))


@lru_cache(maxsize=1 << 18)
def _counts(relative: str) -> bool:
    parts = split(relative)
    return bool(parts) and not _passed_over(parts)


def _passed_over(parts: Parts) -> int:
    """Which part, counted from 1, makes that a path does not count; 0: none."""
    for number, part in enumerate(parts, start=1):
        if part in LEFT_BY_MACHINES or part.startswith(".") or (part == FEEDBACK and number < len(parts)):
            return number
    return 0
