"""A misconception is named where it alone fits, and two at once under both their names."""

from __future__ import annotations

import pytest

from grader.spec import Diagnosis, Unmet, both, expect_each, fail, the_one

ROOT = Diagnosis("root", "The root is missing.", "Take it.", pattern="sqrt")
BIAS = Diagnosis("bias", "The biases are counted.", read="chapter 2", pattern="bias")


def test_two_at_once_say_all_that_each_says() -> None:
    together = both(ROOT, BIAS)
    assert together == Diagnosis("root+bias", "The root is missing. The biases are counted.", "Take it.",
                                 "chapter 2", "sqrt|bias")


def test_two_at_once_are_neither_of_the_two() -> None:
    fits = [(ROOT, False), (BIAS, False), (both(ROOT, BIAS), True)]
    assert the_one(fits) == both(ROOT, BIAS)
    assert the_one([*fits, (BIAS, True)]) is None


def test_expectations_that_fail_apart_are_told_together() -> None:
    seen = []
    with pytest.raises(Unmet) as told:
        expect_each(lambda: fail("It is squared.", ROOT), lambda: seen.append("held"),
                    lambda: fail("It is too large.", BIAS), lambda: fail("It is squared.", ROOT))
    assert told.value.message == "It is squared. It is too large."
    assert told.value.diagnosis == both(ROOT, BIAS)
    assert seen == ["held"]


def test_what_one_of_them_cannot_name_is_not_named() -> None:
    with pytest.raises(Unmet) as told:
        expect_each(lambda: fail("It is squared.", ROOT), lambda: fail("It is red."))
    assert told.value.diagnosis is None
    with pytest.raises(Unmet) as alone:
        expect_each(lambda: None, lambda: fail("It is squared.", ROOT))
    assert (alone.value.message, alone.value.diagnosis) == ("It is squared.", ROOT)
    expect_each(lambda: None)
