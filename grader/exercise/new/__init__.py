"""`grader new`: a whole small exercise, to be changed piece by piece into one's own.

Its text lies in template/, a file for each file of the exercise. `each` in a name stands for every function
but the first.
"""

from __future__ import annotations

import json
import keyword
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from grader.exercise.catalog import ExerciseError

TEMPLATE = Path(__file__).parent / "template"
CELL = re.compile(r"^# %%( \[markdown\])?\n", re.MULTILINE)


def write(root: Path, name: str, title: str, functions: Sequence[str]) -> list[Path]:
    """Write an exercise that `grader validate` proves as it is.

    Args:
        root: The folder of exercises; made where it is not there.
        name: The exercise's, and its folder's.
        title: What students read above it.
        functions: What students write, one or more.

    Returns:
        The files.

    Raises:
        ExerciseError: there is such a folder already, or a name cannot be used. Nothing is written then.
    """
    folder = root / name
    _refuse(folder, name, title, functions)
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=".new-") as place:
        made = Path(place) / name
        for file, text in _files(title, functions):
            (made / file).parent.mkdir(parents=True, exist_ok=True)
            (made / file).write_text(text, encoding="utf-8")
        shutil.move(made, folder)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _refuse(folder: Path, name: str, title: str, functions: Sequence[str]) -> None:
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII):
        raise ExerciseError("the name of an exercise is of letters, digits and _, a letter first: "
                            f"{name!r} is none")
    if folder.exists():
        raise ExerciseError(f"{folder}: is there already, and is left as it is; choose another name")
    if not title.strip() or not title.isprintable():
        raise ExerciseError("the title must be one line of text")
    for function in functions:
        if not function.isidentifier() or keyword.iskeyword(function) or function == "torch":
            raise ExerciseError(f"{function!r} can be no function's name here; choose another")
    if not functions or len(set(functions)) < len(functions):
        raise ExerciseError("name each function that students write once, and one at least")


def _files(title: str, functions: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Name and text of each file."""
    first, *others = functions
    made = Environment(loader=FileSystemLoader(TEMPLATE), undefined=StrictUndefined, trim_blocks=True,
                       lstrip_blocks=True, keep_trailing_newline=True, autoescape=False)
    words = {"title": title, "title_in_quotes": json.dumps(title, ensure_ascii=False), "first": first,
             "others": others, "quoted": [f'"{name}"' for name in functions]}
    for path in made.list_templates():
        name = path.removesuffix(".j2")
        if name == "notebook.py":
            yield "notebook.ipynb", _notebook(made.get_template(path).render(words))
        elif "each" in name:
            for each in others:
                yield name.replace("each", each), made.get_template(path).render(words, each=each)
        else:
            yield name, made.get_template(path).render(words)


def _notebook(text: str) -> str:
    """A notebook of a text whose cells begin with `# %%`."""
    _, *parts = CELL.split(text)
    cells: list[dict[str, object]] = []
    for number, (prose, source) in enumerate(zip(parts[::2], parts[1::2], strict=True)):
        cell: dict[str, object] = {"id": f"cell-{number}", "metadata": {}, "source": source.strip()}
        cells.append({"cell_type": "markdown", **cell} if prose else
                     {"cell_type": "code", "execution_count": None, "outputs": [], **cell})
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1,
                      ensure_ascii=False) + "\n"
