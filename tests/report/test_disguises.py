"""The exercises' own solutions as a class: a disguised copy is found, and who worked alone is not."""

from __future__ import annotations

import itertools
import random
import re
from functools import cache
from pathlib import Path

import pytest

from grader.exercise.catalog import Exercise, discover, load
from grader.exercise.inline import as_notebook
from grader.exercise.release import student_notebook
from grader.exercise.solutions import nobodys, solutions
from grader.report import resemblance

cst = pytest.importorskip("libcst")
FOLDERS = discover(Path(__file__).resolve().parent.parent.parent / "exercises")
each = pytest.mark.parametrize("name", sorted(FOLDERS))


@cache
def exercise(name: str) -> Exercise:
    return load(FOLDERS[name])


def right(name: str) -> dict[str, str]:
    return {one.path.stem: one.path.read_text(encoding="utf-8") for one in solutions(exercise(name), "right")}


def known_without(name: str, *left_out: str) -> str:
    """What is nobody's, had these not been among the solutions of the exercise."""
    own = right(name)
    return as_notebook([text for text in nobodys(exercise(name))
                        if text not in {own[stem] for stem in left_out}])


def disguised(name: str, code: str, seed: int, count: int) -> str:
    """Rewritten in so many ways that keep the meaning."""
    from grader.exercise.variations.rewrites import REWRITES
    from grader.exercise.variations.trees import Chance

    rng = random.Random(seed)
    chance = Chance(rng=rng, asked=exercise(name).settings.functions, taken=set(re.findall(r"\w+", code)))
    module = cst.parse_module(code)
    for at in sorted(rng.sample(range(len(REWRITES)), count)):
        module = REWRITES[at](module, chance)
    return str(module.code)


def compared(one: str, other: str, known: str) -> tuple[resemblance.Alike, ...]:
    books = {("ada", "e"): as_notebook([one]), ("ben", "e"): as_notebook([other])}
    return resemblance.alike(books, {"e": known})


@each
def test_three_disguises_hide_hardly_a_copy(name: str) -> None:
    """Names, comments, docstrings, spacing, wrappers, the order of functions: three of them at once."""
    codes = right(name)
    long = {stem: code for stem, code in codes.items() if len(own(name, stem, code)) >= 40}
    missed = [stem for seed, (stem, code) in enumerate(sorted(long.items()))
              if not compared(code, disguised(name, code, seed, 3), known_without(name, stem))]
    assert len(missed) <= len(long) // 10


def own(name: str, stem: str, code: str) -> frozenset[int]:
    """A solution's own fingerprints."""
    known = resemblance.known_of(known_without(name, stem))
    return resemblance.fingerprints(resemblance.read(as_notebook([code])), known)


@each
def test_no_two_right_solutions_look_alike(name: str) -> None:
    """Even in a class of two, where nothing is common, and though the exercise knew neither of them."""
    codes = right(name)
    assert [pair for pair in itertools.combinations(sorted(codes), 2)
            if compared(codes[pair[0]], codes[pair[1]], known_without(name, *pair))] == []


@each
def test_the_solution_that_was_expected_is_no_evidence(name: str) -> None:
    """Everybody hands in the notebook's own solution, one of them with other names and comments."""
    whole = ["".join(cell["source"]) for cell in exercise(name).document()["cells"]
             if cell["cell_type"] == "code"]
    known = as_notebook(nobodys(exercise(name)))
    released = as_notebook([*whole, "print('mine')"])
    books = {("ada", "e"): released, ("ben", "e"): released,
             ("cem", "e"): as_notebook([re.sub(r"#.*", "", cell) for cell in whole])}
    assert resemblance.alike(books, {"e": known}) == ()
    assert resemblance.alike(books, {"e": student_notebook(exercise(name))}) != ()
