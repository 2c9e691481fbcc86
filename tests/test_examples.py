"""The small class in examples/submissions gets the marks, diagnoses and causes that it should."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from grader import commands, records
from grader.execute.opening import open_sandbox
from grader.execute.sandbox import SandboxUnavailable
from grader.options import Options

pytestmark = pytest.mark.timeout(600)

REPOSITORY = Path(__file__).resolve().parent.parent
SUBMISSIONS = REPOSITORY / "examples" / "submissions"


class Expected(NamedTuple):
    status: str = "graded"
    full: bool = False                        # full marks
    diagnoses: frozenset[str] = frozenset()   # of all checks
    causes: frozenset[str] = frozenset()      # of all failed checks


def right() -> Expected:
    return Expected(full=True)


def mistaken(*diagnoses: str) -> Expected:
    return Expected(diagnoses=frozenset(diagnoses), causes=frozenset({"wrong-answer"}))


def broken(*causes: str) -> Expected:
    return Expected(causes=frozenset(causes))


CLASS = {
    "ada": right(),                                               # PyTorch's own methods
    "ben": right(),                                               # a class, drawn with numpy; from Colab
    "chiara": right(),                                            # fills in place and returns None
    "dmitri": mistaken("lecun-scaling"),
    "elif": mistaken("fan-out"),
    "farid": mistaken("variance-as-std"),                          # in a flat file
    "grace": mistaken("uniform-instead-of-normal"),
    "hanna": mistaken("bias-not-zero"),
    "ivan": mistaken("uncorrected-truncation"),
    "jun": mistaken("same-draw-every-time"),                      # in a file called Untitled3.ipynb
    "kofi": right(),                                              # a cell of his own raises
    "lena": broken("timeout"),                                    # an endless loop in one function
    "mei": broken("crashed"),                                     # init_weights ends the process
    # a bracket is missing; others call what is missing
    "nils": broken("missing", "raised"),
    "olga": Expected(status="unreadable"),                        # Python source instead of a notebook
    "pedro": broken("not-started"),                               # late, flat, two functions not written
}


class Quiet:
    """A watcher who is not interested."""

    def begin(self, total: int, unchanged: int, judged_again: int = 0) -> None:
        pass

    def judged_again(self, before: records.Result, after: records.Result) -> None:
        pass

    def graded(self, result: records.Result) -> None:
        pass

    def note(self, text: str) -> None:
        pass


Lines = dict[str, dict[str, Any]]  # student -> the line of results.jsonl


class Batch(NamedTuple):
    results: list[records.Result]
    out: Path


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    """The class, graded once behind the wall."""
    out = tmp_path_factory.mktemp("reports")
    try:
        with open_sandbox() as sandbox:
            return Batch(commands.batch([SUBMISSIONS], out, Options(exercises=REPOSITORY / "exercises"),
                                        sandbox, Quiet()), out)
    except SandboxUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def lines(batch: Batch) -> Lines:
    """Student -> the line of results.jsonl."""
    out = batch.out
    found = [json.loads(line) for line in (out / "results.jsonl").read_text(encoding="utf-8").splitlines()]
    return {line["student"]: line for line in found}


def test_everybody_has_a_mark(lines: Lines) -> None:
    assert set(lines) == set(CLASS)
    assert {line["status"] for line in lines.values()} == {"graded", "unreadable"}
    assert all(line["score"] is not None for line in lines.values())


@pytest.mark.parametrize("student", CLASS)
def test_student(lines: Lines, student: str) -> None:
    line, expected = lines[student], CLASS[student]
    failed = [check for check in line["checks"] if check["mark"] == "fail"]
    assert line["exercise"] == "he_init"
    assert line["status"] == expected.status
    assert (line["score"] == line["max_score"] == 20) is expected.full
    assert {check["diagnosis"] for check in failed} - {None} == expected.diagnoses
    assert {check["cause"] for check in failed} == expected.causes


def test_a_reason_is_given_for_what_cannot_be_read(lines: Lines) -> None:
    assert lines["olga"]["score"] == 0
    assert lines["olga"]["checks"] == []


def test_what_has_nothing_to_do_with_the_answer_is_reported_and_costs_nothing(lines: Lines) -> None:
    assert "AttributeError" in lines["kofi"]["notebook"]["first_error"]
    assert lines["chiara"]["notebook"]["first_error"].startswith("cell ")


def test_one_broken_function_costs_its_own_checks_only(lines: Lines) -> None:
    for student, lost in (("lena", {"truncated"}), ("mei", {"init-weights"}), ("grace", {"gaussian"})):
        assert {check["id"] for check in lines[student]["checks"] if check["mark"] != "pass"} == lost


def test_no_check_shows_one_thing_with_two_values(batch: Batch) -> None:
    for result in batch.results:
        for check in result.checks:
            rows = [row.what for row in check.measurements]
            assert len(set(rows)) == len(rows), (result.student, check.id, rows)


def test_a_cell_that_stopped_and_came_with_the_notebook_is_told_from_ones_own(batch: Batch) -> None:
    of = {one.student: one for one in batch.results}
    assert of["chiara"].given
    assert {event.cell for event in of["chiara"].events} >= set(of["chiara"].given)
    assert of["kofi"].events
    assert of["kofi"].given == ()
