"""A mistake costs once, and a check that passes beside it does not claim what is not so."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from grader import judge, records
from grader.exercise import catalog, solutions
from grader.exercise.inline import observe_inline

COURSE = Path(__file__).parent.parent / "exercises"
FOLLOWS = re.compile(r"\.follows\(([^)]*)\)")
SEED = 7


@cache
def exercise(name: str) -> catalog.Exercise:
    return catalog.load(COURSE / name)


def judged(name: str, kind: str, solution: str) -> dict[str, records.Verdict]:
    one = exercise(name)
    prepared = one.prepare(SEED)
    cells = solutions.cells(one, one.folder / kind / f"{solution}.py")
    return {v.id: v for v in judge.judge(one, observe_inline(one, cells, prepared), prepared)}


@pytest.mark.parametrize(("name", "solution", "check", "told_at"), [
    ("saturation", "per_cent", "threshold", "saturated-share"),
    ("saturation", "derivative_in_place", "derivative-far-out", "derivative"),
    ("saturation", "profile_squared", "tiny-gradients", "profile"),
    ("he_init", "lecun", "init-weights", "variance"),
    ("he_init", "seed_inside", "init-weights", "independent"),
    ("he_init", "whole_tensor", "truncated", "fan-in"),
    ("he_init", "half_filled", "variance", "fills-in-place"),
    ("learning_speeds", "upside_down", "frozen-layer", "ratios"),
    ("learning_speeds", "two_steps", "ratios", "one-step"),
    ("rnn_gradients", "names_swapped", "near-one", "regimes"),
    ("rnn_gradients", "scaled_to_one", "skips-none", "clips"),
    ("gradient_norms", "l1", "tied", "norms"),
    ("gradient_norms", "late_binding", "norms", "names"),
    ("thirty_layers", "no_momentum", "updates", "losses"),
    ("thirty_layers", "other_words", "he-converges", "three-verdicts"),
    ("cuda_check", "report_none_as_text", "report-one-gpu", "report-without-cuda"),
    ("cuda_check", "step_model_left", "learns", "model-on-device")])
def test_a_check_that_passes_beside_a_mistake_says_where_that_is_told(name: str, solution: str, check: str,
                                                                      told_at: str) -> None:
    verdicts = judged(name, "wrong", solution)
    assert (verdicts[check].mark, verdicts[check].points) == (records.Mark.PASS, verdicts[check].max_points)
    assert told_at in verdicts[check].after
    assert all(verdicts[id_].mark is records.Mark.FAIL for id_ in verdicts[check].after)


@pytest.mark.parametrize(("name", "solution", "check"), [
    ("he_init", "lecun", "gaussian"), ("gradient_norms", "accumulated", "norms"),
    ("learning_speeds", "leaves_hooks", "ratios")])
def test_what_is_true_all_the_same_stands_as_it_is(name: str, solution: str, check: str) -> None:
    verdict = judged(name, "wrong", solution)[check]
    assert (verdict.mark, verdict.after) == (records.Mark.PASS, ())


def test_beside_no_mistake_nothing_is_said() -> None:
    assert not any(v.after for v in judged("saturation", "right", "by_hand").values())


@pytest.mark.parametrize("name", sorted(catalog.discover(COURSE)))
def test_what_is_named_is_a_check(name: str) -> None:
    known = {check.id for check in exercise(name).checks}
    modules = [path.read_text(encoding="utf-8") for path in (COURSE / name).glob("*.py")]
    named = [found for text in modules for found in FOLLOWS.findall(text)]
    assert named
    for given in named:
        ids = re.findall(r'"([^"]+)"', given)
        assert ids or given.endswith(".id")
        assert set(ids) <= known


@pytest.mark.parametrize(("solution", "says"), [("exp_overflows", "for z = -1000: nan"),
                                                ("exp_overflows_above", "for z = 1000: nan")])
def test_a_derivative_that_is_no_number_far_out_is_seen_before_handing_in(solution: str, says: str) -> None:
    failed = [v for v in judged("saturation", "wrong", solution).values() if v.mark is records.Mark.FAIL]
    assert [(v.id, v.visible, v.max_points) for v in failed] == [("derivative-far-out", True, 1.0)]
    assert says in failed[0].message


@pytest.mark.parametrize("solution", ["profile_leaves_hooks", "profile_leaves_evaluation"])
def test_a_model_that_is_not_left_alone_is_seen_before_handing_in(solution: str) -> None:
    failed = [v for v in judged("saturation", "wrong", solution).values() if v.mark is records.Mark.FAIL]
    assert [(v.id, v.visible) for v in failed] == [("leaves-the-model-alone", True)]


@pytest.mark.parametrize("solution", ["diagnose_words", "diagnose_nan", "diagnose_more_than"])
def test_of_many_answers_the_wrong_ones_are_shown_and_of_every_kind(solution: str) -> None:
    found = judged("gradient_norms", "wrong", solution)["diagnose"].measurements
    assert 0 < len(found) <= 6
    assert all(one.measured != one.expected for one in found)
    if solution == "diagnose_words":
        assert {one.expected for one in found} == {"'stable'", "'vanishing'", "'exploding'"}
