"""Right solutions with one mistake each, and the reviewed list of those that are right all the same."""

from __future__ import annotations

import ast
import difflib
import marshal
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from grader.exercise.catalog import Exercise, ExerciseError
from grader.exercise.release import BEGIN
from grader.exercise.solutions import Solution, cells
from grader.exercise.variations.edits import Operator, Source
from grader.exercise.variations.operators import OPERATORS
from grader.wall.values import Record

REVIEWED = "equivalent.toml"
Key = tuple[str, str, str, str]            # operator, solution, lines before, lines after


class Equivalent(Record, frozen=True, kw_only=True):
    """A mutant that is right all the same, and why."""

    operator: str
    solution: str                          # the file's name
    before: str                            # the lines that change, without indentation, joined by " / "
    after: str
    why: str

    @property
    def key(self) -> Key:
        return self.operator, self.solution, self.before, self.after


class Argued(Record, frozen=True, kw_only=True):
    """A lapse that no check is to notice, and why."""

    lapse: str                             # its name
    functions: tuple[str, ...]             # that may have it
    why: str


class Reviewed(Record, frozen=True, kw_only=True):
    """equivalent.toml of an exercise."""

    mutant: tuple[Equivalent, ...] = ()
    overlooked: tuple[Argued, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One solution with one mistake."""

    operator: str
    solution: Solution
    before: str                            # as in `Equivalent`
    after: str
    diff: str
    sources: tuple[str, ...]               # its cells

    @property
    def key(self) -> Key:
        return self.operator, self.solution.path.name, self.before, self.after


def named(operator: Operator) -> str:
    """The operator's name, as people write it."""
    return operator.__name__.replace("_", "-")


def reviewed(exercise: Exercise) -> Reviewed:
    """The mutants that are said to be right, and the lapses that may be.

    Raises:
        ExerciseError: the list is not as it must be.
    """
    path = exercise.folder / REVIEWED
    if not path.exists():
        return Reviewed()
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Reviewed)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise ExerciseError(f"{path}: {error}") from error
    for one in found.mutant:
        if not one.why.strip():
            raise ExerciseError(f"{path}: {one.operator} in {one.solution}: say why it is right all the same")
    for argued in found.overlooked:
        if not argued.why.strip():
            raise ExerciseError(f"{path}: {argued.lapse} of {', '.join(argued.functions)}: say why it may be")
    return found


def own_cells(exercise: Exercise, solution: Solution) -> tuple[list[str], list[int]]:
    """A solution's cells, and which of them are its own: of the notebook those with a solution."""
    sources = cells(exercise, solution.path)
    if solution.path.suffix == ".py":
        return sources, [len(sources) - 1]
    return sources, [at for at, source in enumerate(sources) if BEGIN in source]


def mutants(exercise: Exercise, solution: Solution) -> Iterator[Mutant]:
    """Every mutant of a solution. None is the solution itself, or another once more, in other words."""
    sources, own = own_cells(exercise, solution)
    for at in own:
        source = Source(sources[at])
        known = {_meaning(source.text)}
        for operator in OPERATORS:
            for text in map(source.made, operator(source)):
                meaning = _meaning(text)
                if meaning is None or meaning in known:
                    continue
                known.add(meaning)
                before, after, diff = _told(source.text, text, solution.path)
                yield Mutant(operator=named(operator), solution=solution, before=before, after=after,
                             diff=diff, sources=(*sources[:at], text, *sources[at + 1:]))


def _meaning(text: str) -> bytes | None:
    """What Python makes of it, without positions; None where that is nothing."""
    try:
        return marshal.dumps(compile(ast.unparse(ast.parse(text)), "", "exec", optimize=2, dont_inherit=True))
    except (SyntaxError, ValueError):
        return None


def _told(before: str, after: str, path: Path) -> tuple[str, str, str]:
    """The changed lines on both sides, and the difference as people read it."""
    old, new = before.splitlines(), after.splitlines()
    diff, short = (list(difflib.unified_diff(old, new, path.name, path.name, n=lines, lineterm=""))[2:]
                   for lines in (2, 1))
    gone, come = ([line[1:].strip() for line in short if line[0] == sign] for sign in "-+")
    if not gone or gone == come:  # an insertion, or a line moved: its neighbours say where
        gone, come = ([line[1:].strip() for line in short if line[0] in signs] for signs in (" -", " +"))
    return " / ".join(filter(None, gone)), " / ".join(filter(None, come)), "\n".join(diff)


def entry(mutant: Mutant) -> str:
    """What equivalent.toml says of a mutant, but for the reason."""
    fields = zip(("operator", "solution", "before", "after"), mutant.key, strict=True)
    return "\n".join(("[[mutant]]", *(f"{name} = {_toml(value)}" for name, value in fields), 'why = ""'))


def _toml(value: str) -> str:
    if "'" not in value:
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
