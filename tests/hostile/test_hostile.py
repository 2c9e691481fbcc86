"""Every hostile submission in one batch, behind the wall, beside right and wrong controls: who got what.

A hostile submission is survived when it scores no more than the honest answer it hides, nobody else's files
or marks change, nothing is written outside the output folder, the batch finishes, and the student's report
says what happened.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from msgspec import structs

from grader import records
from grader.exercise import catalog
from grader.keep.claim import AT_WORK, PUBLISHING
from grader.keep.gradebook import Gradebook
from grader.keep.unchanged import Today
from grader.pipeline import Conditions, judge
from tests.hostile import canaries, malformed, table
from tests.hostile.case import HONEST, Case
from tests.hostile.cases import CASES, FAMILIES, FEWER
from tests.hostile.conftest import EXERCISE, NEIGHBOUR, Class, contents

pytestmark = pytest.mark.timeout(1800)
MARK = "grader-was-here"  # what hostile submissions call the files that they leave


def each(cases: Iterable[Case]) -> list[ParameterSet]:
    """A test for each; in `make test` for a few of each family."""
    return [pytest.param(case, id=case.name, marks=marks(case)) for case in cases]


def marks(case: Case) -> list[pytest.MarkDecorator]:
    only_all = [] if case in FEWER else [pytest.mark.hostile]
    return [*only_all, pytest.mark.xfail(reason=case.fault, strict=True)] if case.fault else only_all


FILES = [pytest.param(file, id=file.name, marks=[] if file.always else [pytest.mark.hostile])
         for file in malformed.FILES]


def told(result: records.Result) -> str:
    """A mark with its reasons, for whoever reads a failed test."""
    return json.dumps({"score": result.score, "reason": result.reason,
                       "events": [str(e) for e in result.events],
                       **{v.id: [v.cause and v.cause.value, v.message] for v in result.checks
                          if v.mark is not records.Mark.PASS}}, indent=1)


def test_each_family_has_variants_and_a_layer_that_stops_them() -> None:
    assert not [name for name, of_it in FAMILIES.items() if len(of_it) < 3 or name not in table.LAYERS]
    names = [*(case.name for case in CASES), *(file.name for file in malformed.FILES)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", HONEST)
def test_the_controls_get_what_they_are_worth(graded: Class, name: str) -> None:
    for student in (f"0-{name}", f"zz-{name}"):
        if student in graded.results:
            assert graded.results[student].score == HONEST[name][1], told(graded.results[student])


def test_a_right_control_gets_full_marks_whoever_surrounds_it(graded: Class) -> None:
    right = {name: result.score for name, result in graded.results.items()
             if name.endswith("-then-right") or name in ("0-right", NEIGHBOUR, "zz-right")}
    assert set(right.values()) == {20.0}, right
    assert len(right) >= 3 + (len(graded.results) - len(HONEST) - len(right)) // 10
    assert graded.results["zz-lecun"].score == HONEST["lecun"][1]


def test_nobody_changes_anothers_verdicts(graded: Class, alone: Class) -> None:
    """Honest ones get what they get by themselves: points, causes, messages and what was measured."""
    for student, result in alone.results.items():
        assert unlike(graded.results[student], result) == {}, student
    for student, result in graded.results.items():
        if student.endswith("-then-right"):
            assert unlike(result, alone.results["0-right"]) == {}, student


def unlike(one: records.Result, other: records.Result) -> dict[str, object]:
    """In what two results differ beside whose they are."""
    left, right = (structs.asdict(x) for x in (one, other))
    return {name: (value, right[name]) for name, value in left.items()
            if name not in ("student", "notebook", "files") and value != right[name]}


@pytest.mark.parametrize("case", each(CASES))
def test_no_attack_brings_more_than_the_honest_answer(graded: Class, case: Case) -> None:
    """And no honest oddity less."""
    result = graded.results[case.name]
    assert result.status is records.Status.GRADED, told(result)
    assert result.max_score == 20, told(result)
    assert result.score is not None
    if case.exactly is None:
        assert result.score <= case.most, told(result)
    else:
        assert result.score == case.exactly, told(result)


@pytest.mark.parametrize("case", each(c for c in CASES if c.causes or c.events or c.says))
def test_the_report_says_what_happened(graded: Class, case: Case) -> None:
    result = graded.results[case.name]
    causes = {v.id: v.cause.value for v in result.checks if v.cause}
    assert all(causes.get(name) in right.split(" or ") for name, right in case.causes.items()), told(result)
    events = {event.cell: event.cause.value for event in result.events}
    assert all(events.get(cell) in right.split(" or ") for cell, right in case.events.items()), told(result)
    page = html.unescape(graded.page(case.name))
    for verdict in result.checks:
        if verdict.mark is records.Mark.FAIL:
            assert verdict.message, verdict.id
    for words in case.says:
        assert words in page


@pytest.mark.parametrize("file", FILES)
def test_odd_files_get_a_mark_and_a_reason(graded: Class, file: malformed.File) -> None:
    result = graded.results[file.name]
    assert result.status is (records.Status.UNREADABLE if file.unreadable
                             else records.Status.GRADED), told(result)
    assert result.score == file.score, told(result)
    assert result.reason or not file.unreadable
    page = html.unescape(graded.page(file.name))
    assert file.says in page
    assert "root:x:" not in page


@pytest.mark.parametrize("case", each(c for c in CASES if c.hushed or c.tells))
def test_what_is_not_theirs_is_out_of_reach(graded: Class, case: Case) -> None:
    outputs = graded.outputs(case.name)
    assert not [words for words in case.hushed if words in outputs], outputs[:2000]
    assert not [words for words in case.tells if words not in outputs], outputs[:2000]


def test_no_canary_stands_in_any_file(graded: Class) -> None:
    """But in those of the one that owns it."""
    found = set(canaries.found(graded.out.folder, graded.canaries))
    own = {(place, file) for place, file in found
           if place in ("neighbour", "beside") and NEIGHBOUR in Path(file).parts[:2]}
    assert own >= {(place, f"{NEIGHBOUR}/he_init-executed.html") for place in ("neighbour", "beside")}
    whole_class = {("neighbour", "gradebook.sqlite"), ("beside", "gradebook.sqlite")}
    assert found - own <= whole_class


def test_nobody_was_reached(graded: Class) -> None:
    assert graded.reached == []
    assert graded.untouched


def test_nothing_was_written_outside_the_output(graded: Class) -> None:
    after = contents(graded.root)
    assert after == graded.before
    for folder in (Path.cwd(), Path.home(), graded.root, EXERCISE,
                   *map(Path, ("/", "/tmp", "/var/tmp", "/dev/shm"))):
        assert not (folder / MARK).exists(), folder


def test_the_output_holds_a_folder_for_each_and_no_litter(graded: Class) -> None:
    names = {path.name for path in (graded.root / "out").iterdir()}
    assert names == {"index.html", "grades.csv", "results.jsonl", "gradebook.sqlite", "observations", "alike",
                     AT_WORK, PUBLISHING, *graded.results}
    assert not list((graded.root / "out").rglob(f"*{MARK}*"))
    assert not [p for p in (graded.root / "out").rglob("*") if p.is_symlink() or p.name.startswith(".")]


def size(folder: Path) -> int:
    """Bytes of the files in it."""
    return sum(path.stat().st_size for path in folder.iterdir()) if folder.is_dir() else 0


def test_a_submission_leaves_no_more_than_its_share(graded: Class) -> None:
    """A hostile submission cannot fill the tutor's disk through its report, its result or its observations;
    an honest one takes a megabyte, and its part of the gradebook."""
    out = graded.root / "out"
    for student in graded.results:
        assert size(out / student) < 20 << 20, student
        assert size(out / "observations" / student) < 33 << 20, "as many as may arrive, see conftest"
    assert 500_000 < size(out / "0-right") + size(out / "observations" / "0-right") < 1_200_000
    for line in (out / "results.jsonl").read_bytes().splitlines():
        assert len(line) < 100_000, line[:200]


STORED = {"forged-outcomes", "forged-big-numbers", "huge-words", "not-a-number"}


@pytest.mark.parametrize("case", each(c for c in CASES if c.name in STORED))
def test_stored_observations_are_as_hostile_as_on_the_first_day(graded: Class, case: Case) -> None:
    name = case.name
    old = graded.results[name]
    exercises = {"he_init": catalog.load(graded.exercises / "he_init")}
    today = Today(Conditions.drawn(exercises, seed=old.made_by.seed, sandbox="bubblewrap"))
    with Gradebook(graded.out.gradebook) as book:
        entry = next(e for e in book.entries() if e.result.student == name)
    observed = today.observed(entry.submission, graded.out)
    assert observed is not None
    again = judge(entry.submission, observed, today.conditions).result
    assert (again.status, again.score) == (old.status, old.score)
