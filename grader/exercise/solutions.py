"""The solutions an exercise is proved by: its notebook, and the files of `wrong/` and `right/` with their
headers.

A solution is made from the notebook: its first code cell, those that only import, and the cells with
solutions, then the file of `wrong/` or `right/` as a last cell.
"""

from __future__ import annotations

import ast
import difflib
import re
from dataclasses import dataclass
from pathlib import Path

from grader.exercise.catalog import Exercise, ExerciseError
from grader.exercise.release import BEGIN, stubbed

KEYS = ("fails", "diagnosis", "cause", "points")
HEADER = re.compile(rf"^({'|'.join(KEYS)}):[ \t]*(.*(?:\n[ \t]+.*)*)", re.MULTILINE)
POINTS = re.compile(r"(\d+(?:\.\d+)?)(?: \((.+)\))?\.?")


@dataclass(frozen=True, kw_only=True)
class Solution:
    """A file of wrong/ or right/ and what its header says; or the notebook itself."""

    path: Path
    fails: frozenset[str] = frozenset()
    diagnoses: frozenset[str] = frozenset()
    causes: frozenset[str] = frozenset()
    points: float | None = None            # that the mistake may cost
    reason: str = ""                       # why so many

    @property
    def name(self) -> str:
        """`wrong/lecun.py`; of the notebook, `reference`."""
        return f"{self.path.parent.name}/{self.path.name}" if self.path.suffix == ".py" else "reference"


def reference(exercise: Exercise) -> Solution:
    """The notebook itself."""
    return Solution(path=exercise.notebook)


def solutions(exercise: Exercise, kind: str) -> list[Solution]:
    """The files of wrong/ or right/, in order.

    Args:
        exercise: Whose solutions.
        kind: "wrong" or "right".

    Returns:
        One record for each file, sorted by its name; the diagnosis `none` is left out of the header's.

    Raises:
        ExerciseError: a header that is missing, has a misspelt line or names an unknown check, or a file
            that is no Python.
    """
    found = []
    for path in sorted((exercise.folder / kind).glob("*.py")):
        said = _header(path)
        header = {key: _names(value) for key, value in said.items() if key != "points"}
        points, reason = _points(path, said.get("points"))
        if kind == "wrong":
            _prove_words(path)
        if kind == "wrong" and not header.get("fails"):
            raise ExerciseError(f"{path}:1: the docstring needs a line `fails: check, check`")
        fails = header.get("fails", frozenset())
        unknown = fails - {check.id for check in exercise.checks}
        if unknown:
            raise ExerciseError(f"{path}:1: no check is called {', '.join(sorted(unknown))}")
        found.append(Solution(path=path, fails=fails,
                              diagnoses=header.get("diagnosis", frozenset()) - {"none"},
                              causes=header.get("cause", frozenset()), points=points, reason=reason))
    return found


def nobodys(exercise: Exercise) -> list[str]:
    """What no student is compared by, in cells: the code that was handed out, with and without its solutions,
    and that of right/."""
    document = exercise.document()
    own = ["".join(cell["source"]) for cell in document["cells"] if cell["cell_type"] == "code"]
    right = [file.read_text(encoding="utf-8") for file in sorted(exercise.folder.glob("right/*.py"))]
    return [*own, *map(stubbed, own), *right]


def _header(path: Path) -> dict[str, str]:
    try:
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    except SyntaxError as error:
        raise ExerciseError(f"{path}:{error.lineno}: {error.msg}") from error
    return dict(HEADER.findall(docstring))


def _prove_words(path: Path) -> None:
    """A misspelt line would be overlooked without a word."""
    source = path.read_text(encoding="utf-8")
    for found in re.finditer(r"^(\w+)[ \t]*:", ast.get_docstring(ast.parse(source)) or "", re.MULTILINE):
        word = found[1]
        meant = difflib.get_close_matches(word.lower(), KEYS, 1)
        if meant and (word not in KEYS or found[0] != f"{word}:"):
            line = source[:source.find(found[0])].count("\n") + 1
            raise ExerciseError(f"{path}:{line}: the docstring's line `{found[0]}` is not known; is "
                                f"`{meant[0]}:` meant?")


def _names(value: str) -> frozenset[str]:
    return frozenset(filter(None, re.split(r"[,\s]+", value.strip().rstrip("."))))


def _points(path: Path, value: str | None) -> tuple[float | None, str]:
    """What `points: 4` or `points: 8 (why so many)` says."""
    if value is None:
        return None, ""
    found = POINTS.fullmatch(" ".join(value.split()))
    if found is None:
        raise ExerciseError(f"{path}:1: the docstring's line `points:` needs a number, and the reason in "
                            "brackets where it is many: `points: 8 (nothing can be looked at without it)`")
    return float(found[1]), found[2] or ""


def cells(exercise: Exercise, extra: Path | None = None) -> list[str]:
    """The code cells that make a solution: the first, those that only import, and those with a solution.

    Args:
        exercise: Whose notebook.
        extra: A file of wrong/ or right/, which becomes the last cell. The notebook itself adds none.

    Returns:
        The cells' sources, in order.
    """
    document = exercise.document()
    code = ["".join(c["source"]) for c in document["cells"] if c["cell_type"] == "code"]
    kept = [source for i, source in enumerate(code) if i == 0 or BEGIN in source or _imports(source)]
    return kept + ([extra.read_text(encoding="utf-8")] if extra and extra.suffix == ".py" else [])


def strays(exercise: Exercise, solution: Solution) -> bool:
    """Does a file of wrong/ or right/ speak of no name that the notebook defines? It changes nothing then."""
    if solution.path.suffix != ".py":
        return False
    there = {word for source in cells(exercise) for word in _words(source, ast.FunctionDef, ast.ClassDef)}
    return _words(solution.path.read_text(encoding="utf-8"), ast.AST).isdisjoint(
        {*there, *exercise.settings.functions})


def _words(source: str, *kinds: type[ast.AST]) -> set[str]:
    """What nodes of these kinds are called by."""
    try:
        nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)]
    except SyntaxError:
        return set()
    fields = ("name", "id", "asname")
    return {word for node in nodes for field in fields if (word := getattr(node, field, None))}


def _imports(source: str) -> bool:
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return False
    return bool(body) and all(isinstance(node, ast.Import | ast.ImportFrom) for node in body)
