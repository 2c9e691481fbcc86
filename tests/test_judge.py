"""The judge is pure and total: every outcome has its mark and its cause, and nothing a sandbox sends makes it
raise."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from grader import judge, records
from grader.exercise import catalog
from grader.exercise.inline import observe_inline
from grader.spec import Diagnosis
from grader.wall import messages, wire
from grader.wall.values import (
    MappingValue,
    Nothing,
    Opaque,
    Real,
    SequenceValue,
    TensorRef,
    Text,
    Truth,
    Whole,
)
from tests.conftest import CELLS, CHECKS, write_exercise

SEED = 11


@pytest.fixture(scope="module")
def exercise(tmp_path_factory: pytest.TempPathFactory) -> catalog.Exercise:
    return catalog.load(write_exercise(tmp_path_factory.mktemp("exercises") / "doubling"))


def observed(exercise: catalog.Exercise, *extra: str) -> dict[str, wire.Parcel[messages.Observations]]:
    return observe_inline(exercise, [*CELLS, *extra], exercise.prepare(SEED))


def judged(exercise: catalog.Exercise, seen: Any) -> dict[str, records.Verdict]:
    return {v.id: v for v in judge.judge(exercise, seen, exercise.prepare(SEED))}


def with_outcomes(seen: dict[str, wire.Parcel[messages.Observations]], **outcomes: messages.Outcome) -> Any:
    parcel = seen["plain"]
    record = structs.replace(parcel.record, outcomes={**parcel.record.outcomes, **outcomes})
    return {"plain": wire.Parcel(record=record, arrays=parcel.arrays)}


def test_the_reference_has_full_marks(exercise: catalog.Exercise) -> None:
    verdicts = judge.judge(exercise, observed(exercise), exercise.prepare(SEED))
    assert {v.mark for v in verdicts} == {records.Mark.PASS}
    assert judge.score(verdicts) == (6.0, 6.0)


def test_a_wrong_answer_is_named_and_what_hangs_on_it_is_not_reached(exercise: catalog.Exercise) -> None:
    verdicts = judged(exercise, observed(exercise, "def double(x):\n    return x * x"))
    assert (verdicts["values"].mark, verdicts["values"].diagnosis) == (records.Mark.FAIL, "squared")
    assert verdicts["values"].advice == "Add x to itself."
    assert (verdicts["untouched"].mark, verdicts["untouched"].root) == (records.Mark.NOT_REACHED, "values")
    assert verdicts["half"].mark is records.Mark.PASS


LINES = (messages.Line(cell=3, line=2, text="self.bias.data.zero_()"),)


@pytest.mark.parametrize(("message", "lines", "named"), [
    ("'NoneType' object has no attribute 'data'", LINES, "no-bias"),
    ("'NoneType' object has no attribute 'data'", (), None),                    # nobody knows where it was
    ("'NoneType' object has no attribute 'data'", (structs.replace(LINES[0], text="weight.data"),), None),
    ("'int' object has no attribute 'data'", LINES, None)])
def test_an_error_names_what_it_shows(exercise: catalog.Exercise, message: str,
                                      lines: tuple[messages.Line, ...], named: str | None) -> None:
    """Its words, and a line that led there: one of the two is not enough."""
    known = Diagnosis("no-bias", "There is none.", "Ask first.", pattern=r"\.bias")
    one = replace(exercise.checks[0], errors={"'NoneType' object has no attribute": known})
    raised = messages.Raised(error="AttributeError", message=message, lines=lines)
    seen = with_outcomes(observed(exercise), **{exercise.keys[one.looks_at[0]]: raised})
    verdict = judge.verdict_on(exercise, one, seen, exercise.prepare(SEED))
    assert (verdict.cause, verdict.diagnosis) == (records.Cause.RAISED, named)
    assert verdict.said is not None
    assert message in verdict.message
    assert verdict.advice == ("Ask first." if named else "")


def test_the_diagnosis_is_never_a_guess(exercise: catalog.Exercise) -> None:
    verdicts = judged(exercise, observed(exercise, "def double(x):\n    return 3 * x"))
    assert verdicts["values"].diagnosis is None


@pytest.mark.parametrize("ending", [messages.Lost, messages.Ended])
@pytest.mark.parametrize("cause", messages.LossCause)
def test_what_is_lost_fails_with_its_cause(exercise: catalog.Exercise, cause: messages.LossCause,
                                           ending: type[messages.Lost | messages.Ended]) -> None:
    verdicts = judged(exercise, with_outcomes(observed(exercise), s2=ending(cause=cause)))
    assert (verdicts["half"].mark, verdicts["half"].cause) == (records.Mark.FAIL, records.Cause(cause.value))
    assert "`halve`" in verdicts["half"].message
    assert not verdicts["half"].advice, "the hint is about answers, and there is none"


@pytest.mark.parametrize(("body", "hint"), [("return 3 * x", "Divide."),
                                            ("raise NotImplementedError", "Divide."),
                                            ("return x.missing", "")])
def test_the_hint_is_for_answers_and_for_who_has_yet_to_begin(exercise: catalog.Exercise, body: str,
                                                              hint: str) -> None:
    assert judged(exercise, observed(exercise, f"def halve(x):\n    {body}"))["half"].advice == hint


@pytest.mark.parametrize(("ending", "said"), [
    (messages.Ended(cause=messages.LossCause.TIMEOUT, after_seconds=12, waited=True,
                    again=messages.Again.ALONE), "It waited for more than 12 seconds and computed nothing."),
    (messages.Ended(cause=messages.LossCause.TIMEOUT, after_seconds=3),
     "It computed for more than 3 seconds."),
    (messages.Lost(cause=messages.LossCause.TIMEOUT, after_seconds=2.5),
     "It computed for more than 2.5 seconds."),
    (messages.Ended(cause=messages.LossCause.TIMEOUT), "time allowed."),
    (messages.Ended(cause=messages.LossCause.CRASHED), "so nothing was returned."),
    (messages.Ended(cause=messages.LossCause.CRASHED, by_signal=signal.SIGSEGV),
     "The system stopped it (SIGSEGV)."),
    (messages.Lost(cause=messages.LossCause.MISSING, no_function=True),
     "`halve` is not a function after the notebook's last cell."),
    (messages.Lost(cause=messages.LossCause.MEMORY, no_function=True), "more memory than allowed.")],
    ids=range(8))
def test_how_a_call_ended_is_told_in_plain_words(exercise: catalog.Exercise, said: str,
                                                 ending: messages.Lost | messages.Ended) -> None:
    message = judged(exercise, with_outcomes(observed(exercise), s2=ending))["half"].message
    assert message.endswith(said)


def test_a_verdict_carries_what_to_look_for_in_the_students_code(tmp_path: Path) -> None:
    folder = write_exercise(tmp_path / "doubling")
    text = (folder / "checks.py").read_text()
    (folder / "checks.py").write_text(text.replace('Diagnosis("squared",',
                                                   'Diagnosis(pattern=r"\\*", id="squared", ' 'meaning='))
    exercise = catalog.load(folder)
    assert judged(exercise, observed(exercise, "def double(x):\n    return x * x"))["values"].pattern == r"\*"


def test_an_exception_is_told_with_its_name(exercise: catalog.Exercise) -> None:
    verdicts = judged(exercise, observed(exercise, "def halve(x):\n    raise KeyError('no')"))
    assert (verdicts["half"].mark, verdicts["half"].cause) == (records.Mark.FAIL, records.Cause.RAISED)
    assert "KeyError" in verdicts["half"].message


@pytest.mark.parametrize(("body", "named"), [
    ("raise KeyError('no')", "keyed"),
    ("raise KeyError('no', 'none')", None),
    ("raise ValueError('KeyError')", None),
])
def test_an_error_names_the_one_misconception_that_it_shows(tmp_path: Path, body: str, named: str | None
                                                            ) -> None:
    folder = write_exercise(tmp_path / "doubling", checks=CHECKS.replace(
        "@check(looks_at=halved,",
        '@check(looks_at=halved, errors={"^KeyError": Diagnosis("keyed", "There is no key."),\n'
        '                                "none": Diagnosis("void", "There is nothing.")},'))
    exercise = catalog.load(folder)
    verdict = judged(exercise, observed(exercise, f"def halve(x):\n    {body}"))["half"]
    assert (verdict.cause, verdict.diagnosis) == (records.Cause.RAISED, named)


def test_a_function_that_a_probe_misses_is_missing(exercise: catalog.Exercise) -> None:
    verdicts = judged(exercise, observed(exercise, "del halve"))
    assert (verdicts["half"].mark, verdicts["half"].cause) == (records.Mark.FAIL, records.Cause.MISSING)
    assert "`halve` is not defined" in verdicts["half"].message


def test_a_probe_that_stops_by_itself_does_not_blame_the_students_function(
        exercise: catalog.Exercise) -> None:
    stopped = messages.Raised(error="NameError", message="name 'vra' is not defined", inside_probe=True)
    verdict = judged(exercise, with_outcomes(observed(exercise), s2=stopped))["half"]
    assert verdict.message.startswith("The check's own experiment stopped on what `halve` gave it: NameError")
    assert verdict.advice == "Divide."


def test_a_forbidden_call_fails_every_check_whose_call_made_it(exercise: catalog.Exercise) -> None:
    seen = observed(exercise)
    outcome = structs.replace(seen["plain"].record.outcomes["s0"], forbidden=("torch.mul",))
    verdicts = judged(exercise, with_outcomes(seen, s0=outcome))
    assert (verdicts["values"].cause, verdicts["half"].mark) == (records.Cause.FORBIDDEN, records.Mark.PASS)


def test_a_world_that_is_not_there_leaves_the_maximum(exercise: catalog.Exercise) -> None:
    verdicts = judge.judge(exercise, {}, exercise.prepare(SEED))
    # also where it hangs on one that is not available
    assert {v.mark for v in verdicts} == {records.Mark.NOT_AVAILABLE}
    assert judge.score(verdicts) == (0, 0)


def test_everybody_is_marked_out_of_the_same_maximum(tmp_path: Path) -> None:
    """A check that the machine cannot show leaves the maximum, also where one it hangs on was failed."""
    folder = write_exercise(tmp_path / "doubling")
    text = (folder / "checks.py").read_text()
    text = text.replace('twice = Call("double", normal(2, 2), times=2)',
                        'twice = Call("double", normal(2, 2), times=2, world=REAL_CUDA)')
    (folder / "checks.py").write_text(text.replace("import Call", "import REAL_CUDA, Call"))
    exercise = catalog.load(folder)
    maxima = []
    for answer in "x + x", "x * x":
        seen = observed(exercise, f"def double(x):\n    return {answer}")
        seen.pop("cuda", None)
        verdicts = judge.judge(exercise, seen, exercise.prepare(SEED))
        maxima.append((verdicts[1].mark, judge.score(verdicts)[1]))
    assert maxima == [(records.Mark.NOT_AVAILABLE, 5.0)] * 2


def test_what_hangs_on_a_check_that_is_not_available_is_not_either(tmp_path: Path) -> None:
    folder = write_exercise(tmp_path / "doubling")
    text = (folder / "checks.py").read_text()
    text = text.replace('normal(4, 3))', 'normal(4, 3), world=REAL_CUDA)').replace(
        "looks_at=(doubled, twice), points=1", "looks_at=twice, points=1").replace("seen, again", "again")
    (folder / "checks.py").write_text(text.replace("import Call", "import REAL_CUDA, Call"))
    exercise = catalog.load(folder)
    seen = observed(exercise)
    seen.pop("cuda", None)
    verdicts = judge.judge(exercise, seen, exercise.prepare(SEED))
    assert [v.mark for v in verdicts[:2]] == [records.Mark.NOT_AVAILABLE] * 2
    assert judge.score(verdicts) == (2.0, 2.0)


def test_what_is_not_reached_keeps_what_it_would_be(exercise: catalog.Exercise) -> None:
    behind = judged(exercise, observed(exercise, "def double(x):\n    return x * x"))["untouched"]
    assert (behind.points, behind.after) == (0, ("values",))
    assert behind.alone
    assert (behind.alone.mark, behind.alone.cause) == (records.Mark.FAIL, records.Cause.WRONG_ANSWER)


def test_what_the_simulation_cannot_do_earns_nothing_and_keeps_its_place(tmp_path: Path) -> None:
    folder = write_exercise(tmp_path / "doubling")
    text = (folder / "checks.py").read_text()
    text = text.replace('uses=("halve",)', 'uses=("halve",), world=ONE_GPU')
    (folder / "checks.py").write_text(text.replace("import Call", "import ONE_GPU, Call"))
    exercise = catalog.load(folder)
    seen = observed(exercise, "def halve(x):\n    return torch.cuda.make_graphed_callables(x, ())")
    verdicts = judge.judge(exercise, seen, exercise.prepare(SEED))
    assert (verdicts[2].mark, verdicts[2].cause) == (records.Mark.FAIL, records.Cause.NOT_SIMULATED)
    assert "`halve` went beyond what is simulated" in verdicts[2].message
    assert "make_graphed_callables" in verdicts[2].message
    assert judge.score(verdicts) == (4.0, 6.0)


def test_a_check_that_raises_withholds(tmp_path: Path) -> None:
    checks = (tmp_path / "x").parent / "doubling"
    folder = write_exercise(checks)
    text = (folder / "checks.py").read_text().replace('what="halve(x)")', 'what="halve(x)")\n    1 / 0')
    (folder / "checks.py").write_text(text)
    broken = catalog.load(folder)
    verdicts = judge.judge(broken, observed(broken), broken.prepare(SEED))
    assert verdicts[2].mark is records.Mark.GRADER_ERROR
    assert judge.score(verdicts) == (None, 6.0)


def test_too_few_rounds_are_the_students_crash(exercise: catalog.Exercise) -> None:
    verdicts = judged(exercise, with_outcomes(observed(exercise), s0=messages.Returned(rounds=())))
    assert (verdicts["values"].mark, verdicts["values"].cause) == (records.Mark.FAIL, records.Cause.CRASHED)


leaves = st.one_of(
    st.just(Nothing()), st.builds(Truth, value=st.booleans()), st.builds(Opaque, kind=st.text(max_size=5)),
    st.builds(Whole, value=st.integers(-(2**62), 2**62)), st.builds(Text, value=st.text(max_size=9)),
    st.builds(Real, value=st.one_of(st.floats().map(float.hex), st.text(max_size=5))),
    st.builds(TensorRef, key=st.sampled_from(["s0/0", "nowhere", "t"]),
              dtype=st.sampled_from(["float32", "bool"]),
              shape=st.lists(st.integers(0, 5), max_size=3).map(tuple)))
values = st.recursive(leaves, lambda inner: st.one_of(
    st.builds(SequenceValue, items=st.lists(inner, max_size=3).map(tuple),
              kind=st.sampled_from(["list", "tuple"])),
    st.builds(MappingValue, items=st.lists(st.tuples(inner, inner), max_size=3).map(tuple))), max_leaves=6)
rounds = st.builds(messages.Round, value=values, arguments=st.lists(values, max_size=2).map(tuple))
outcomes = st.builds(messages.Returned, rounds=st.lists(rounds, max_size=2).map(tuple))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=outcomes, second=outcomes, third=outcomes)
def test_nothing_that_arrives_withholds_a_mark(exercise: catalog.Exercise, first: messages.Returned,
                                               second: messages.Returned, third: messages.Returned) -> None:
    arrays = {"t": wire.from_tensor(torch.full((2, 2), float("nan")))}
    record = messages.Observations(run=messages.Run(), outcomes={"s0": first, "s1": second, "s2": third})
    verdicts = judge.judge(exercise, {"plain": wire.Parcel(record=record, arrays=arrays)},
                           exercise.prepare(SEED))
    assert all(v.mark is not records.Mark.GRADER_ERROR for v in verdicts), [v.message for v in verdicts]
