"""A class of he_init notebooks, and the same class as an nbgrader course."""

from __future__ import annotations

import ast
import itertools
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell

REPOSITORY = Path(__file__).resolve().parent.parent
EXERCISE = "he_init"
FOLDER = REPOSITORY / "exercises" / EXERCISE
TESTS = Path(__file__).with_name("nbgrader_tests.py")
KINDS = {"whole": "the notebook as it is handed out, with its text and figures",
         "plain": "only the answers, and the imports that they need"}


def source_notebook() -> Any:
    """The exercise as nbgrader's `source` wants it: solution cells, then a cell of hidden tests for each
    check."""
    notebook = nbformat.read(FOLDER / "notebook.ipynb", as_version=4)
    notebook.cells = [cell for cell in notebook.cells if "tutor" not in cell.metadata.get("tags", [])]
    for cell in notebook.cells:
        if "### BEGIN SOLUTION" in cell.source:
            cell.metadata = {"nbgrader": _role(f"answer-{cell.id}", solution=True)}
    notebook.cells += list(_test_cells())
    return notebook


def blocks() -> Iterator[tuple[str, float, str]]:
    """The blocks of nbgrader_tests.py: the name, the points (0: a helper of the others) and the code."""
    for block in TESTS.read_text(encoding="utf-8").split("\n# %% ")[1:]:
        header, _, body = block.partition("\n")
        name, _, points = header.partition(" ")
        yield name, float(points or 0), body.strip()


def _test_cells() -> Iterator[Any]:
    """The same as cells."""
    for name, points, body in blocks():
        if points:
            body = f"# The check {name}.\n### BEGIN HIDDEN TESTS\n{body}\n### END HIDDEN TESTS"
            role = _role(name, grade=True, locked=True, points=points)
        else:
            role = _role(name, locked=True)
        yield new_code_cell(body, id=f"test-{name}", metadata={"nbgrader": role})


def graded_blocks() -> Iterator[tuple[str, float, str]]:
    """The same, each with all that it needs of those before it: for a tool that runs each by itself."""
    before = ""
    for name, points, body in blocks():
        if points:
            yield name, points, f"{before}\n{body}"
        defined = [node for node in ast.parse(body).body
                   if not points or isinstance(node, ast.FunctionDef | ast.Import | ast.ImportFrom)]
        before += "\n" + "\n".join(map(ast.unparse, defined))


def _role(name: str, **flags: Any) -> dict[str, Any]:
    """A cell's part in nbgrader's metadata, schema 3."""
    return {"schema_version": 3, "grade": False, "locked": False, "solution": False, "task": False,
            "grade_id": name, **flags}


def solutions() -> tuple[list[str], list[str]]:
    """Cells that write the functions again: right ones ("" keeps the notebook's own), and common mistakes,
    shuffled.

    Left out is what is neither a wrong answer nor an exception: of an endless loop a time limit would be
    measured, and forbidden calls are not seen by nbgrader's tests.
    """
    right = ["", *(_without_docstring(path) for path in sorted((FOLDER / "right").glob("*.py")))]
    wrong = [_without_docstring(path) for path in sorted((FOLDER / "wrong").glob("*.py"))
             if set(re.findall(r"^cause: (.+)$", path.read_text(encoding="utf-8"),
                               re.MULTILINE)) <= {"raised"}]
    random.Random(1).shuffle(wrong)  # the same ones every time, of all kinds
    return right, wrong


def _without_docstring(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    first = ast.parse(text).body[0]
    return "\n".join(text.splitlines()[first.end_lineno:]).strip()


def hand_in(released: Path, submissions: Path, count: int, kind: str) -> None:
    """Write `count` submissions: half of them right, half with a mistake, in turn, each in a folder of its
    own.

    They are made of the notebook as nbgrader released it, so that one and the same file goes to all tools.
    """
    own = {cell.id: cell.source for cell in nbformat.read(FOLDER / "notebook.ipynb", as_version=4).cells}
    right, wrong = solutions()
    turns = itertools.chain.from_iterable(zip(itertools.cycle(right), itertools.cycle(wrong), strict=False))
    for number, code in zip(range(1, count + 1), turns, strict=False):
        notebook = nbformat.read(released, as_version=4)
        if kind == "plain":
            notebook.cells = [cell for cell in notebook.cells if _needed(cell)]
        answers = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution")]
        for cell in answers:
            cell.source = own[cell.id].replace("    ### BEGIN SOLUTION\n",
                                               "").replace("\n    ### END SOLUTION", "")
        if code:
            notebook.cells.insert(notebook.cells.index(answers[-1]) + 1, new_code_cell(code, id="once-more"))
        folder = submissions / f"student{number:02}" / EXERCISE
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{EXERCISE}.ipynb")


def _needed(cell: Any) -> bool:
    """Is it an answer, a test, or an import that they need?"""
    return "nbgrader" in cell.metadata or (cell.cell_type == "code"
                                           and cell.source.startswith(("import ", "from ")))


def build(course: Path, count: int, nbgrader: Callable[..., object], kind: str) -> Path:
    """An nbgrader course to which the class has handed in, made anew."""
    source = course / "source" / EXERCISE
    source.mkdir(parents=True)
    (course / "nbgrader_config.py").write_text("c = get_config()  # noqa: F821\n", encoding="utf-8")
    nbformat.write(source_notebook(), source / f"{EXERCISE}.ipynb")
    nbgrader("generate_assignment", EXERCISE, cwd=course)
    hand_in(course / "release" / EXERCISE / f"{EXERCISE}.ipynb", course / "submitted", count, kind)
    return course
