"""What one submission's text or numbers do to the grader's own code ends nobody else's work, and gets nobody
out of a mark."""

from __future__ import annotations

import ast
import inspect
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from msgspec import structs
from torch.nn import init

from grader import judge, pipeline, unwatched
from grader.exercise import catalog
from grader.intake import names, pythons
from grader.intake.clean import NotANotebook, clean
from grader.pipeline import Conditions
from grader.records import Cause, Mark, Sentence, Status, Submission
from grader.report import reasons
from grader.report.source import Cell
from grader.wall.messages import CellCause, CellEvent
from tests.conftest import write_exercise
from tests.notebooks import notebook
from tests.samples import CHECKS

FORBIDDEN = ("torch.nn.init.kaiming_normal_",)


@pytest.mark.parametrize("body", [
    "return x" + ".a" * 1500, "return x" + "()" * 1500, "return " + "1+" * 2000 + "1",
    "if a: pass\n" + "  elif a: pass\n" * 500], ids=["dots", "calls", "sum", "elif"])
def test_a_deep_function_can_be_looked_at(body: str) -> None:
    source = f"def f(x):\n  {body}"
    assert unwatched.unwatched(notebook(source), FORBIDDEN) == ()


def test_a_number_that_python_does_not_write_can_be_looked_at() -> None:
    source = f"def unused():\n    return 0x{'f' * 4000}"
    assert unwatched.unwatched(notebook(source), FORBIDDEN) == ()


def test_many_stopped_cells_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0
    binds = names.binds

    def counting(text: str) -> frozenset[str]:
        nonlocal read
        read += 1
        return binds(text)
    monkeypatch.setattr(names, "binds", counting)
    cells = [Cell(index=number, code=None, lines=(f"#{number}", "1 1")) for number in range(100)]
    events = [CellEvent(cell=number, cause=CellCause.RAISED) for number in range(100)]
    checks = [structs.replace(CHECKS[0], id=str(number), mark=Mark.FAIL, cause=Cause.MISSING,
                              said=Sentence(template=judge.UNDEFINED, values={"name": f"f{number}"}))
              for number in range(11)]
    reasons.found(checks, events, cells)
    assert read == 100


def test_functions_within_functions_are_not_told_over_and_over(monkeypatch: pytest.MonkeyPatch) -> None:
    told = 0
    shape = unwatched._shape

    def counting(node: ast.AST) -> str:
        nonlocal told
        told += 1
        return shape(node)
    unwatched._bodies(FORBIDDEN)
    monkeypatch.setattr(unwatched, "_shape", counting)
    heads = [f"{' ' * depth}def f{depth}():" for depth in range(60)]
    deep = "\n".join([*heads, " " * 60 + "a;" * 5000])
    unwatched.unwatched(notebook(deep), FORBIDDEN)
    assert told < 60 * 500


def test_the_library_s_own_source_is_still_known() -> None:
    source = inspect.getsource(init.kaiming_normal_).replace("kaiming_normal_", "mine")
    [seen] = unwatched.unwatched(notebook(source), FORBIDDEN)
    assert "kaiming_normal_" in seen.reason


@pytest.mark.parametrize("source", [
    "type X[ !! no python reads this ] = 5", "type X[)] = int", "type X[1,,] = 3", "type type = type = type",
    "f\"{\"a\"!rr}\"", "f\"{\"a\"!}\"", "f\"{\"a\":=^}}\""])
def test_what_no_python_reads_asks_for_no_newer_one(source: str) -> None:
    assert pythons.needed(notebook(source)) == {}


@pytest.mark.skipif(pythons.HERE != "3.11", reason="a newer Python reads these")
@pytest.mark.parametrize("source", [
    "type X = int", "type Pair[T, *Ts, **P] = tuple[T, T]",
    "type B[T: int, U: list[int] = str,] = dict[T, U]",
    "f\"{\"a\"!r}\"", "f\"{\"a\"!r:>{10}}\"", "f\"{{}} {\"a\"}\""])
def test_what_a_newer_python_reads_asks_for_it(source: str) -> None:
    assert pythons.needed(notebook(source)) == {0: "3.12"}


@pytest.mark.parametrize("source", [
    "f'{" * 100 + "-" * 1000 + "}'" * 100 + "\n)",
    "# 1\n" + "f'{" * 190 + "+1" * 100 + "}'" * 190 + "\n)"])
def test_strings_in_strings_are_given_up(source: str) -> None:
    text = names.without_magics(source)
    with pytest.raises(pythons.TooDeep):
        pythons._with_plain_strings(text, "f")
    assert pythons.needed(notebook(source)) == {}


def test_outputs_of_an_old_notebook_are_not_upgraded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would take half a millisecond, and nobody looks at them."""
    seen: list[str] = []
    convert = nbformat.convert

    def noted(document: Any, to: int) -> Any:
        seen.append(json.dumps(document))
        return convert(document, to)
    monkeypatch.setattr(nbformat, "convert", noted)
    cell = {"cell_type": "code", "input": "x", "language": "python",
            "outputs": [{"output_type": "stream", "text": "a"}] * 2000}
    document = {"nbformat": 2, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [cell]}]}
    clean(json.dumps(document).encode())
    assert '"outputs": []' in seen[0]
    with pytest.raises(NotANotebook):
        clean(json.dumps({**document, "worksheets": [{}] * 100_000}).encode())


def test_what_we_cannot_judge_is_withheld_and_ends_nothing(tmp_path: Path,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    exercise = catalog.load(write_exercise(tmp_path / "doubling"))
    conditions = Conditions.drawn({"doubling": exercise}, seed=5, sandbox="process")

    def breaks(*_: object) -> None:
        raise RecursionError
    monkeypatch.setattr(pipeline, "_judged", breaks)
    submission = Submission(student="ada", exercise="doubling", path="a.ipynb", sha256="",
                            notebook=notebook("1"))
    result = pipeline.judge(submission, {}, conditions).result
    assert (result.status, result.score) == (Status.WITHHELD, None)
    assert "RecursionError" in result.reason
