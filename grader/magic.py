"""`%load_ext grader`, then `%grader check`: the visible checks on the functions of the running notebook.

No wall and no second kernel: it is the student's own machine and their own code. The report is the one they
get when they hand in, of the visible checks alone, in a frame in which no script runs.
"""

from __future__ import annotations

import contextlib
import html
import io
import linecache
import random
import re
import secrets
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from msgspec import structs
from rich.console import Console

from grader import __version__, records
from grader.errors import Mendable
from grader.exercise import nearby
from grader.exercise.asked import about
from grader.exercise.catalog import Exercise, load
from grader.exercise.inline import as_notebook, observe_namespace
from grader.exercise.released import handed_out, quoted
from grader.inside.kernel.calls import Cells
from grader.judge import judge, score
from grader.options import SEED_BITS
from grader.report import console, student, terminal
from grader.report.wording import words

USAGE = "usage: %grader check [FUNCTION ...] [--folder DIR]"
ELSEWHERE = ("this is not the exercise's folder: there is no exercise.toml in {folder}. Open the notebook in "
             "the folder it was handed out in, or say where that is: %grader check --folder DIR")
MOVED = "grader: say a folder with --folder from now on: %grader check --folder {folder}"
FRAME = ('<div><iframe sandbox="" title="{title}" srcdoc="{page}" '
         'style="width:100%;height:{height}px;border:1px solid #8888;border-radius:6px">{left}'
         '</iframe></div>')
# What is left where a program takes the frame away: of outputs that it does not trust, JupyterLab does.
LEFT = "{title}: {points} points. Run this cell to see the report."
PLAIN = 88    # columns of the report in plain text
HEIGHT = 760  # pixels of the frame; the report scrolls inside it
_NUMBER = re.compile(r"In ?\[(\d+)\]")


@dataclass(frozen=True)
class Wanted:
    """What `%grader check ...` asks for."""

    functions: tuple[str, ...]
    folder: Path
    moved: bool = False       # the folder was the first word, as it was said before


def register(shell: Any) -> None:
    """Bring `%grader` into an IPython shell."""
    shell.register_magic_function(lambda line: run(line, shell), "line", "grader")


def run(line: str, shell: Any) -> None:
    """What `%grader LINE` does: display the report, or one line that says what is wrong."""
    try:
        _display(wanted_by(line), shell)
    except Mendable as error:
        print(f"grader: {error}")


def _display(wanted: Wanted, shell: Any) -> None:
    from IPython.display import display

    exercise = about(_loaded(wanted.folder).visible_part(), wanted.functions)
    if wanted.moved:
        print(MOVED.format(folder=wanted.folder))
    sources = shell.user_ns.get("In", [])[1:]
    notebook = as_notebook(sources, run=True)
    result = checked(exercise, shell.user_ns, cells_of(shell, sources))
    result = structs.replace(result, given=handed_out(quoted(result.checks, ()), notebook, exercise))
    left = LEFT.format(title=exercise.settings.title, points=console.mark(result, words("en")))
    frame = FRAME.format(title=html.escape(exercise.settings.title), left=html.escape(left), height=HEIGHT,
                         page=html.escape(student.render(result, notebook), quote=True))
    display({"text/html": frame, "text/plain": plain(result, notebook)},  # type: ignore[no-untyped-call]
            raw=True)


def plain(result: records.Result, notebook: str) -> str:
    """The report for a program that shows no HTML."""
    out = io.StringIO()
    terminal.show(result, notebook, Console(file=out, width=PLAIN, color_system=None))
    return out.getvalue()


def check(name: str, functions: tuple[str, ...]) -> None:
    """What `grader.check(name, ...)` does, in the notebook that runs."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None:
        print("grader: this works in a notebook; in a terminal: grader check NOTEBOOK.ipynb")
        return
    try:
        _display(Wanted(functions, nearby.folder_of(name, Path.cwd()) if name else Path()), shell)
    except Mendable as error:
        print(f"grader: {error}")


def wanted_by(line: str) -> Wanted:
    """What a line asks for.

    Raises:
        Mendable: it is none that can be read.
    """
    try:
        command, *words = shlex.split(line)
    except ValueError:  # nothing, or a quotation that does not end
        raise Mendable(USAGE) from None
    folder = None
    if "--folder" in words[:-1]:
        at = words.index("--folder")
        folder = Path(words[at + 1])
        del words[at:at + 2]
    moved = folder is None and bool(words) and Path(words[0], "exercise.toml").exists()
    if moved:
        folder = Path(words.pop(0))
    if command != "check" or any(word.startswith("-") for word in words):
        raise Mendable(USAGE)
    return Wanted(tuple(words), folder or Path(), moved)


def _loaded(folder: Path) -> Exercise:
    where = folder.resolve()
    if not (where / "exercise.toml").exists():
        raise Mendable(ELSEWHERE.format(folder=where))
    return load(where)


def cells_of(shell: Any, sources: list[str]) -> Cells:
    """File name of what was run -> the index and source of its cell, as the shell knows them."""
    cells = {}
    for file in list(linecache.cache):
        label = shell.compile.format_code_name(file)
        number = _NUMBER.search(label[1]) if label else None
        if number and 0 < int(number[1]) <= len(sources):
            cells[file] = (int(number[1]) - 1, sources[int(number[1]) - 1])
    return cells


def checked(exercise: Exercise, namespace: dict[str, Any], cells: Cells | None = None) -> records.Result:
    """The visible checks on the functions in `namespace`, with fresh inputs; random generators stay as they
    were."""
    seed = secrets.randbits(SEED_BITS)
    prepared = exercise.prepare(seed)
    with undisturbed():
        observed = observe_namespace(exercise, lambda: namespace, prepared, cells=cells)
        verdicts = judge(exercise, observed, prepared)
    points, maximum = score(verdicts)
    made_by = records.MadeBy(grader=__version__, exercise=exercise.settings.version,
                             torch=str(torch.__version__), device="cpu", seed=seed, sandbox=records.OWN)
    return records.Result(student="", exercise=exercise.name, score=points, max_score=maximum,
                          checks=verdicts, made_by=made_by, later=exercise.settings.hidden_points,
                          asked=exercise.asked, title=exercise.settings.title,
                          written=tuple(structs.replace(one, text=None) for one in exercise.written(())),
                          status=records.Status.GRADED if points is not None else records.Status.WITHHELD,
                          notebook=records.NotebookFile(path="", sha256=""))


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Random generators are afterwards as they were. Within, torch has one thread, as when it is graded: what
    is computed here is small."""
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_rng_state(states[0])
        random.setstate(states[1])
        np.random.set_state(states[2])
