"""A misconception is named where it alone fits, and two at once under both their names."""

from __future__ import annotations

from grader.spec import Diagnosis, both, the_one

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
