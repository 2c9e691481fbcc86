"""`%load_ext grader`, then `%grader check`: the visible checks on the functions of the running notebook.

No wall and no second kernel: it is the student's own machine and their own code. The report is the one they
get when they hand in, of the visible checks alone, in a frame in which no script runs.
"""

from __future__ import annotations

import contextlib
import html
import random
import secrets
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from grader import __version__, records
from grader.exercise import nearby
from grader.exercise.catalog import Exercise, ExerciseError, load
from grader.exercise.inline import as_notebook, observe_namespace
from grader.judge import judge, score
from grader.options import SEED_BITS
from grader.report import student, wording

USAGE = "usage: %grader check [EXERCISE FOLDER]    (default: the folder this notebook lies in)"
FRAME = ('<p>{note}</p><iframe sandbox="" title="{title}" srcdoc="{page}" '
         'style="width:100%;height:{height}px;border:1px solid #8888;border-radius:6px"></iframe>')
HEIGHT = 760  # pixels of the frame; the report scrolls inside it


def register(shell: Any) -> None:
    """Bring `%grader` into an IPython shell."""
    shell.register_magic_function(lambda line: run(line, shell), "line", "grader")


def run(line: str, shell: Any) -> None:
    """What `%grader LINE` does: display the report, or one line that says what is wrong."""
    from IPython.display import HTML, display

    words = shlex.split(line)
    if not words or words[0] != "check" or len(words) > 2:
        print(USAGE)
        return
    folder = Path(words[1] if len(words) > 1 else ".").resolve()
    try:
        exercise = load(folder).visible_part()
    except ExerciseError as error:
        print(f"grader: {error}. {USAGE}")
        return
    result = checked(exercise, shell.user_ns)
    page = student.render(result, as_notebook(shell.user_ns.get("In", [])))
    note = wording.words("en").gettext("These are the visible checks; they are not the whole mark.")
    frame = FRAME.format(note=html.escape(note), title=html.escape(exercise.settings.title),
                         page=html.escape(page, quote=True), height=HEIGHT)
    display(HTML(frame))  # type: ignore[no-untyped-call]


def check(name: str, functions: tuple[str, ...]) -> None:
    """What `grader.check(name, ...)` does, in the notebook that runs."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None:
        print("grader: this works in a notebook; in a terminal: grader check NOTEBOOK.ipynb")
        return
    try:
        folder = nearby.folder_of(name, Path.cwd()) if name else Path()
    except ExerciseError as error:
        print(f"grader: {error}")
        return
    run(shlex.join(["check", str(folder), *functions]), shell)


def checked(exercise: Exercise, namespace: dict[str, Any]) -> records.Result:
    """The visible checks on the functions in `namespace`, with fresh inputs; random generators stay as they
    were."""
    seed = secrets.randbits(SEED_BITS)
    prepared = exercise.prepare(seed)
    with undisturbed():
        verdicts = judge(exercise, observe_namespace(exercise, lambda: namespace, prepared), prepared)
    points, maximum = score(verdicts)
    made_by = records.MadeBy(grader=__version__, exercise=exercise.settings.version,
                             torch=str(torch.__version__),
                       device="cpu", seed=seed, sandbox="process")
    return records.Result(student="", exercise=exercise.name, score=points, max_score=maximum,
                          checks=verdicts,
                    status=records.Status.GRADED if points is not None else records.Status.WITHHELD,
                    made_by=made_by,
                    notebook=records.NotebookFile(path="", sha256=""), title=exercise.settings.title)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Random generators are afterwards as they were."""
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        torch.set_rng_state(states[0])
        random.setstate(states[1])
        np.random.set_state(states[2])
