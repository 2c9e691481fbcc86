"""Observe code that may be trusted, in this very process: no kernel, no wall, no limits.

For `grader validate`, whose code is our own, and `%grader check`, where students run their own on their own
machine.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import shutil
import tempfile
from codeop import Compile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import CodeType
from typing import Any

import torch

from grader.exercise.catalog import Exercise, ExerciseError
from grader.inside import simulated_cuda
from grader.inside.kernel import eager
from grader.inside.kernel.calls import Cells, observe_step
from grader.inside.kernel.lacking import lacks
from grader.inside.kernel.placeholder import Placeholder
from grader.inside.kernel.skipping import stored
from grader.intake import packages
from grader.spec import Preparation
from grader.wall import messages, wire


class CellStopError(ExerciseError):
    """A cell of a trusted solution raised; a kernel would go on with the next, this process does not."""


def observe_inline(exercise: Exercise, sources: list[str], prepared: Preparation
                   ) -> dict[str, wire.Parcel[messages.Observations]]:
    """Run the cells, make every step, and hand back what a sandbox would have sent.

    Raises:
        CellStopError: one of the cells raised.
    """
    with beside(exercise):
        return observe_namespace(exercise, lambda: executed(sources, exercise.packages), prepared,
                                 cells={_name(i): (i, source) for i, source in enumerate(sources)})


@contextlib.contextmanager
def beside(exercise: Exercise) -> Iterator[None]:
    """Within, the working folder holds what the exercise brings, where it brings anything."""
    if not exercise.brings.files:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="grader-") as folder, contextlib.chdir(folder):
        for file in exercise.brings.files:
            Path(file.name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(exercise.brings.places[file.sha256], file.name)
        yield


def observe_namespace(exercise: Exercise, namespace: Callable[[], dict[str, Any]], prepared: Preparation,
                      *, cells: Cells | None = None) -> dict[str, wire.Parcel[messages.Observations]]:
    """Make every step with the functions that `namespace` brings, asked for once in each world. `cells`:
    where they are from, for the lines of an error."""
    observed = {}
    for world in prepared.worlds.values():
        if world.real_gpu:
            continue
        outcomes: dict[str, messages.Outcome] = {}
        arrays: dict[str, wire.Array] = {}
        with eager.entered(), simulated_cuda.entered(world):
            names = namespace()
            for key in exercise.keys_in(world):
                one = prepared.steps[key]
                outcomes[key], found = observe_step(one.record, one.arrays, names,
                                                    exercise.settings.forbidden, cells=cells)
                arrays.update(found)
        defined = tuple(function for function in exercise.settings.functions if function in names)
        record = messages.Observations(run=messages.Run(defined=defined), outcomes=outcomes,
                                       torch=str(torch.__version__))
        observed[world.name] = wire.Parcel(record=record, arrays=arrays)
    return observed


def as_notebook(sources: list[str], *, run: bool = False) -> str:
    """A notebook of these code cells and nothing else. `run`: each is numbered as run in this order, as In[1]
    and so on."""
    code: list[dict[str, object]] = [
        {"cell_type": "code", "id": f"cell-{i}", "metadata": {}, "outputs": [],
         "execution_count": i + 1 if run else None, "source": source} for i, source in enumerate(sources)]
    return json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def _name(index: int) -> str:
    return f"<cell {index}>"


def executed(sources: list[str], named: Sequence[str]) -> dict[str, Any]:
    """What these cells define, `named` being the packages that they may import.

    Raises:
        CellStopError: one of the cells raised.
    """
    namespace: dict[str, Any] = {"__name__": "__main__"}
    errors: dict[int, Placeholder] = {}
    compiled: Any = Compile()  # which remembers what one statement imports from the future
    for index, source in enumerate(sources):
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                for statement in ast.parse(source).body:
                    code = compiled(ast.Module([statement], []), _name(index), "exec")
                    _run(code, namespace, errors, partial(packages.lacking, source, named))
            except Exception as error:
                raise CellStopError(f"{type(error).__name__}: {error}") from error
    return namespace


def _run(code: CodeType, namespace: dict[str, Any], errors: dict[int, Placeholder],
         lacking: Callable[[], Sequence[str]]) -> None:
    """One statement; what this machine lacks costs it alone, as in a kernel."""
    try:
        exec(code, namespace)
    except Exception as error:
        if id(error) not in errors and not lacks(error, lacking()):
            raise
        placeholder = errors.setdefault(id(error), Placeholder(error))
        namespace.update(dict.fromkeys(stored(code), placeholder))
