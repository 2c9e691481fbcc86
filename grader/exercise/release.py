"""The full exercise -> what students get: a notebook with stubs, the visible checks, and how to check
oneself.

Nothing of a solution and nothing of a hidden check goes out. What goes out is decided by what visible checks
need: a statement of checks.py, of a module beside it or of probes.py stays only where a visible check leads
to it.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from grader.exercise.catalog import PROBES, Exercise, ExerciseError
from grader.exercise.questions import cells_of, misplaced
from grader.exercise.slicing import reachable
from grader.intake import answers

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
NEARLY = re.compile(r"#+\s*(BEGIN|END)\s*SOLUTIONS?\W*", re.IGNORECASE)
STUB = "raise NotImplementedError"
CHECK = "%load_ext grader\n%grader check"  # the last cell
TUTOR = "tutor"  # the tag of cells that students do not get

README = """# {title}

Open `{name}.ipynb` in Jupyter and replace each `raise NotImplementedError` by your own code.
{install}
Check yourself as often as you like, all of it or just one function:

    grader check "{name}.ipynb"
    grader check "{name}.ipynb" {function}

This looks at the *saved* notebook, and runs the visible checks on your own machine:
{visible:g} of {points:g} points.{rest}
"""
INSTALL = """
Once, in a terminal in this folder, or by running the notebook's first cell:

    pip install {what}
"""
REST = " The rest is looked at after you hand\nin: it is not enough to please the visible ones."


def files(exercise: Exercise, install: str = "") -> dict[str, str | bytes]:
    """File name -> content of everything that students get of one exercise.

    Args:
        install: what they give to pip in its folder, to have the grader.

    Raises:
        ExerciseError: the notebook's solutions are not marked as they must be.
    """
    shown = [check for check in exercise.checks if check.visible]
    settings = exercise.settings
    visible = sum(check.points for check in shown)
    toml = [f"title = {json.dumps(settings.title)}", f"version = {settings.version}", f"points = {visible:g}",
            f"functions = {json.dumps(settings.functions)}", f"forbidden = {json.dumps(settings.forbidden)}"]
    if visible < settings.points:
        toml.append(f"hidden_points = {settings.points - visible:g}")
    if settings.files:
        toml.append(f"files = {json.dumps(settings.files)}")
    notebook = student_notebook(exercise, install)
    toml.append(f"checks = {json.dumps(exercise.digest)}")
    toml.append(f"given = {json.dumps(cell_digests(notebook))}")
    toml += [f"\n[[written]]\nid = {json.dumps(one.id)}\ncell = {json.dumps(one.cell)}\n"
             f"points = {one.points:g}" for one in settings.written]
    data = {name: (exercise.folder / name).read_bytes() for name in settings.files}
    readme = README.format(title=settings.title, name=exercise.name, function=settings.functions[0],
                           visible=visible, points=settings.points,
                           install=INSTALL.format(what=install) if install else "",
                           rest=REST if visible < settings.points else "")
    texts = {f"{exercise.name}.ipynb": notebook, "README.md": readme,
             "exercise.toml": "\n".join(toml) + "\n"}
    return {**data, **texts, **visible_sources(exercise)}


def cell_digests(notebook: str) -> list[str]:
    """What tells a notebook's cells of code again, as long as they stay as they are."""
    return [cell_digest("".join(cell["source"])) for cell in json.loads(notebook)["cells"]
            if cell["cell_type"] == "code"]


def cell_digest(source: str) -> str:
    """Of a cell's text. Twelve digits: two cells that share them would be a label on a page gone wrong."""
    return hashlib.sha256(source.strip().encode("utf-8", "replace")).hexdigest()[:12]


def student_notebook(exercise: Exercise, install: str = "") -> str:
    """The notebook with stubs for solutions, without outputs, tutor's cells and metadata other than ours.
    Its last cell checks it, its first one installs what that needs.

    Args:
        install: as for `files`.

    Raises:
        ExerciseError: solutions are not marked as they must be, a function has none, or a written answer has
            no question.
    """
    path, document = exercise.notebook, exercise.document()
    shown = {i: _cell(i, cell, f"{path}, cell {i + 1}") for i, cell in enumerate(document["cells"])
             if TUTOR not in cell.get("metadata", {}).get("tags", [])}
    cells = _with_answers(exercise, document, shown)
    stubs = "\n".join(cell["source"] for cell in cells
                      if cell["cell_type"] == "code" and STUB in cell["source"])
    for name in exercise.settings.functions:
        if not re.search(rf"\b{re.escape(name)}\b", stubs):
            raise ExerciseError(f"{path}: no solution of `{name}` is marked with {BEGIN} and {END}")
    cells.append(_code("grader-check", CHECK))
    if install:
        cells.insert(0, _code("grader-install", f"%pip install -q {install}"))
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                "language_info": {"name": "python"},
                "grader": {"exercise": exercise.name, "version": exercise.settings.version,
                           "checks": exercise.digest}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1,
                      ensure_ascii=False) + "\n"


def _with_answers(exercise: Exercise, document: dict[str, Any],
                  shown: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    """The cells that students get, and below each question that for its answer."""
    below: dict[int, list[str]] = {}
    for one in exercise.settings.written:
        if said := misplaced(one, document):
            raise ExerciseError(f"{exercise.notebook}: {said}")
        (place,) = cells_of(one, document)
        if place not in shown:
            raise ExerciseError(f"{exercise.notebook}: the question of {one.id!r} is in a cell that students "
                                "do not get")
        below.setdefault(place, []).append(one.id)
    return [each for i, cell in shown.items() for each in (cell, *map(answers.released, below.get(i, ())))]


def _code(name: str, source: str) -> dict[str, Any]:
    return {"cell_type": "code", "id": name, "metadata": {}, "execution_count": None, "outputs": [],
            "source": source}


def _cell(index: int, cell: dict[str, Any], where: str) -> dict[str, Any]:
    kept = {"cell_type": cell["cell_type"], "id": cell.get("id", f"cell-{index}"), "metadata": {}}
    source = "".join(cell["source"])
    if cell["cell_type"] == "code":
        return {**kept, "execution_count": None, "outputs": [], "source": stubbed(source, where)}
    if any(NEARLY.fullmatch(line.strip()) for line in source.split("\n")):
        raise ExerciseError(f"{where}: a solution is marked in a cell that is not code, and would be "
                            f"released; give the cell the tag {TUTOR!r} instead")
    pictures = {"attachments": cell["attachments"]} if "attachments" in cell else {}
    return {**kept, **pictures, "source": source}


def stubbed(source: str, where: str = "") -> str:
    """Every solution replaced by one `raise NotImplementedError` at its indentation.

    Args:
        source: of one cell.
        where: the cell, for messages.

    Raises:
        ExerciseError: marks do not pair, or are not written just so.
    """
    out: list[str] = []
    indent: str | None = None
    for line in source.split("\n"):
        if line.strip() == BEGIN and indent is None:
            indent = line[:len(line) - len(line.lstrip())]
            out.append(f"{indent}{STUB}")
        elif line.strip() == END and indent is not None:
            indent = None
        elif line.strip() in (BEGIN, END):
            raise ExerciseError(f"{where}: {BEGIN} and {END} do not pair")
        elif NEARLY.fullmatch(line.strip()):
            raise ExerciseError(f"{where}: {line.strip()!r} is not quite {BEGIN} or {END}")
        elif indent is None:
            out.append(line)
    if indent is not None:
        raise ExerciseError(f"{where}: {BEGIN} without {END}")
    return "\n".join(out)


def visible_sources(exercise: Exercise) -> dict[str, str]:
    """File name -> text of the exercise's modules, with only what the visible checks lead to."""
    shown = [check for check in exercise.checks if check.visible]
    modules = {file.stem: file.read_text(encoding="utf-8") for file in exercise.files
               if file.suffix == ".py" and file.name != PROBES}
    found = reachable(modules, {"checks": {check.function.__name__ for check in shown}})
    entries = {step.function for check in shown for step in check.looks_at if step.probe}
    if entries:
        found |= reachable({"probes": exercise.probes}, {"probes": entries})
    return {f"{name}.py": text for name, text in found.items()}


def hand_out(exercise: Exercise, out: Path, install: str = "") -> list[Path]:
    """Put an exercise's files into `out`/<name>/.

    Args:
        install: as for `files`.

    Returns:
        The files.

    Raises:
        ExerciseError: a notebook is there already; it is a student's work.
    """
    folder = out / exercise.name
    notebook = folder / f"{exercise.name}.ipynb"
    if notebook.exists():
        raise ExerciseError(f"{notebook}: is there already; release into another folder")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in files(exercise, install).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        written.append(folder / name)
    return written
