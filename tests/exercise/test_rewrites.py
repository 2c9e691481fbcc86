"""Rewrites of right solutions: each changes something, and what it changes means the same."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import libcst as cst
import pytest

from grader.exercise.catalog import load
from grader.exercise.solutions import reference, solutions
from grader.exercise.variations.rewrites import REWRITES
from grader.exercise.variations.styles import numbered
from grader.exercise.variations.trees import FRESH, Chance, Rewrite

SEEDS = range(4)
SPELT = (str, str.upper, str.capitalize)
INPUTS = ((2, 3), (5, 1), (4, 4), (0, 7))

# By the rewrite's name, a program with a place for it. `asked(a, b)` is what a grader calls.
PLACES = {
    "loop_for_comprehension": "def asked(a, b):\n    found = [i * b for i in range(a) if i != b]\n"
                              "    return found",
    "early_return": "def asked(a, b):\n    return a if a > b else -b",
    "else_after_return": "def asked(a, b):\n    if a > b:\n        return a\n    b += 1\n    return b",
    "swapped_branches": "def asked(a, b):\n    if a > b:\n        c = 1\n    else:\n        c = 2\n"
                        "    return c",
    "mirrored_comparison": "def asked(a, b):\n    return a < b, a >= b, a == 4",
    "keyword_arguments": "def power(base, exponent):\n    return base ** exponent\n\n\n"
                         "def asked(a, b):\n    return power(a, b)",
    "operator_functions": "def asked(a, b):\n    return (a + b) * a - b ** 2",
    "result_variable": "def asked(a, b):\n    return a + b, b",
    "renamed_locals": "def asked(a, b):\n    total = a\n    for i in range(b):\n        total += i\n"
                      "    return total",
    "renamed_parameters": "def asked(a, b):\n    def less(x, y):\n        return x - y\n"
                          "    return less(a, b)",
    "renamed_helpers": "def helper(a):\n    return a + 1\n\n\n"
                       "def asked(a, b):\n    return helper(a) * helper(b)",
    "aliased_imports": "import math\nfrom operator import add\n\n\ndef asked(a, b):\n"
                       "    return add(math.sqrt(a), b)",
    "inner_function": "def asked(a, b):\n    c = a * b\n    return c + 1",
    "null_context": "def asked(a, b):\n    return a * b",
    "says_something": "def asked(a, b):\n    return a * b",
    "docstrings": 'def asked(a, b):\n    """Theirs."""\n    return a * b',
    "annotated": "def asked(a, b):\n    return a * b",
    "unannotated": "def asked(a: int, b: int) -> int:\n    c: int = a * b\n    return c",
    "optional_parameter": "def asked(a, b):\n    return a * b",
    "as_lambda": "def asked(a, b):\n    return a, b",
    "wrapped_in_decorator": "def asked(a, b):\n    return a * b",
    "class_with_call": "def asked(a, b):\n    return a if not b else asked(a + 1, b - 1)",
    "closure": "def asked(a, b):\n    return a if not b else asked(a + 1, b - 1)",
    "partial": "def asked(a, b):\n    return a * b",
    "named_constants": "def asked(a, b):\n    return a * 0.5 + b * -2.5",
    "comments": "def asked(a, b):\n    c = a\n    return c * b",
    "reordered_definitions": "def first(a):\n    return second(a) + 1\n\n\n"
                             "def second(a):\n    return a * 2\n\n\n"
                             "def asked(a, b):\n    return first(a) + b",
    "indentation": "def asked(a, b):\n    if a:\n        return b\n    return a",
}

# Programs in which a careless rewrite changes the meaning.
TRAPS = {
    "a dataclass's fields are its annotations": """
from dataclasses import dataclass


@dataclass
class Pair:
    a: int = 1
    b: int = 2


def asked(a, b):
    return vars(Pair(a, b)), Pair(b).b
""",
    "a parameter that somebody may name": """
def outer(x, y=1):
    return x - y


def asked(a, b):
    def inner(x):
        return x * 2
    return outer(inner(a), b), outer(x=b, y=a), outer(a)
""",
    "a parameter called as a function is": """
def shift(a, by):
    return a + by


def apply(shift, a, b):
    return shift(a, b)


def asked(a, b):
    return apply(lambda x, y: x * y, a, b), shift(a, b)
""",
    "a signature over several lines": """
def asked(
    a,  # the first
    b=2,
):
    return (a
            + b)  # their sum
""",
    "a number in a pattern": """
def asked(a, b):
    match a / 2:
        case 2.5:
            return b * 1.5
        case _:
            return 0.5
""",
    "one name in several roles": """
class Box:
    def __init__(self, n):
        self.n = n


def made(n, by=1):
    return Box(n * by)


def asked(a, b):
    n = 3
    boxes = [made(n, by=n).n + n for n in range(a) if n != b]
    return boxes, n, [box.n for box in map(Box, boxes)]
""",
    "scopes within scopes": """
def asked(a, b):
    count = 0

    def more(by):
        nonlocal count
        count += by
        return [count for _ in range(by)]
    a = max(a, 1)
    try:
        found = more(a) / b
    except TypeError as error:
        found = type(error).__name__
    return found, count, {k: v for k, v in zip("ab", (a, b))}
""",
    "a default that needs its neighbour": """
def two():
    return 2


def plus(a, by=two()):
    return a + by


def asked(a, b):
    return plus(a), plus(a, b)
""",
    "branches of all kinds": """
def asked(a, b):
    if a > b:
        c = "more"
    elif a == b:
        c = "same"
    else:
        c = "less"
    if not a: return c, 0
    for i in range(b):
        if i == a:
            break
    else:
        i = -1
    while b > 2:
        b -= 1
        if b == a:
            continue
        c += "!"
    return (c if a else b), i
""",
    "functions of a library": """
import torch.nn.functional as F
from torch import nn


def asked(a, b):
    layer = nn.Linear(a + 1, b + 1, bias=False)
    return tuple(layer.weight.shape), F.softplus(layer.weight.detach() * 0).sum().item()
""",
}


def named(rewrite: Rewrite) -> str:
    return rewrite.__name__


def rewritten(text: str, rewrite: Rewrite, seed: int) -> str:
    chance = Chance(rng=random.Random(seed), asked=["asked"], taken=set(re.findall(r"\w+", text)))
    return rewrite(cst.parse_module(text), chance).code


def results(text: str) -> list[Any]:
    namespace: dict[str, Any] = {"__name__": "notebook"}
    exec(compile(text, "<notebook>", "exec", dont_inherit=True), namespace)
    return [namespace["asked"](a, b) for a, b in INPUTS] + [namespace["asked"](b=a, a=b) for a, b in INPUTS]


@pytest.mark.parametrize("rewrite", REWRITES, ids=named)
def test_each_rewrite_changes_its_place_and_no_meaning(rewrite: Rewrite) -> None:
    text = PLACES[rewrite.__name__]
    made = {rewritten(text, rewrite, seed) for seed in SEEDS} - {text}
    assert made
    for one in made:
        assert results(one) == results(text), one


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("rewrite", REWRITES, ids=named)
def test_no_rewrite_changes_what_a_tricky_program_means(rewrite: Rewrite, trap: str) -> None:
    text = TRAPS[trap].lstrip()
    for seed in SEEDS:
        one = rewritten(text, rewrite, seed)
        assert one == text or results(one) == results(text), one


@pytest.mark.parametrize("trap", TRAPS)
def test_rewrites_on_top_of_each_other_keep_the_meaning(trap: str) -> None:
    text = made = TRAPS[trap].lstrip()
    for rewrite in REWRITES:
        made = rewritten(made, rewrite, len(made))
    assert made != text
    assert results(made) == results(text), made


def test_a_fresh_name_is_taken_by_nothing_however_it_is_spelt() -> None:
    capitals = {spelt(word) for word in FRESH for spelt in (str.upper, str.capitalize)}
    chance = Chance(rng=random.Random(1), asked=[], taken=set(capitals))
    made = [chance.name(spelt) for _ in range(200) for spelt in SPELT]
    assert len(set(made)) == len(made)
    assert not capitals & set(made)


def test_the_same_seed_makes_the_same_variants(exercise_folder: Path) -> None:
    exercise = load(exercise_folder)
    originals = [reference(exercise), *solutions(exercise, "right")]
    once, again, other = ([numbered(exercise, originals, index, seed) for index in range(60)]
                          for seed in (3, 3, 4))
    assert once == again
    assert once != other
    tried = {word for variant in once for word in variant.rewrites}
    assert len(tried) > len(REWRITES) / 2
