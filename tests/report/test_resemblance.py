"""Look-alikes: copies are found, a class that solves the same exercise is not."""

from __future__ import annotations

import random

import pytest

from grader.report import resemblance
from tests import samples as s

TERMS = ("a", "f(b)", "x[0]", "g(c, d)", "(e, h)", "not i", "{j: k}", "-m")
OPERATIONS = ("+", "-", "*", "/", "**", "//", "%", "@")


def own_work(seed: int, lines: int = 30) -> str:
    """A function that no one else would write."""
    chance = random.Random(seed)
    body = []
    for _ in range(lines):
        terms = chance.choices(TERMS, k=chance.randint(2, 5))
        body.append(f"    v{chance.randint(0, 99)} = " + f" {chance.choice(OPERATIONS)} ".join(terms))
    return "def f(a):\n" + "\n".join(body) + "\n    return a\n"


def disguised(code: str) -> str:
    """What a copier changes first: names, numbers, comments, spacing, the order of cells."""
    renamed = code.replace("def f", "def solve").replace("    v", "    # mine\n    value_")
    return renamed.replace(" = ", "=").replace("0", "7")


def groups(**codes: str) -> list[set[str]]:
    notebooks = {(student, "he_init"): s.notebook(code) for student, code in codes.items()}
    return [set(group.students) for group in resemblance.alike(notebooks)]


def test_a_disguised_copy_is_found() -> None:
    found = groups(ada=own_work(1), ben=disguised(own_work(1)), cem=own_work(2), dana=own_work(3))
    assert found == [{"ada", "ben"}]


def test_a_copy_within_a_longer_notebook_is_found() -> None:
    assert groups(ada=own_work(1), ben=own_work(9, 10) + disguised(own_work(1))) == [{"ada", "ben"}]


def test_own_work_is_not_flagged() -> None:
    assert groups(**{f"s{i}": own_work(i) for i in range(40)}) == []


def test_the_one_short_solution_that_everybody_writes_is_not_flagged() -> None:
    assert groups(**{f"s{i}": s.SOURCE for i in range(30)}) == []
    assert groups(ada="def f(w):\n    return w.normal_()\n", ben="def f(w):\n    return w.normal_()\n") == []


def test_what_was_handed_out_is_not_the_students_own() -> None:
    given = own_work(5)
    notebooks = {("ada", "e"): s.notebook(given, own_work(6, 3)),
                 ("ben", "e"): s.notebook(given, own_work(7, 3))}
    assert resemblance.alike(notebooks, {"e": s.notebook(given)}) == ()
    assert resemblance.alike(notebooks) != ()


def test_those_who_copied_from_each_other_are_one_group() -> None:
    found = groups(ada=own_work(1), ben=disguised(own_work(1)), cem=own_work(1).replace("v", "w"),
                   dana=own_work(4))
    assert found == [{"ada", "ben", "cem"}]


def test_exercises_are_compared_apart() -> None:
    notebooks = {("ada", "one"): s.notebook(own_work(1)), ("ben", "two"): s.notebook(own_work(1))}
    assert resemblance.alike(notebooks) == ()


def test_names_texts_numbers_and_comments_do_not_count() -> None:
    first = list(resemblance.tokens("a = f('x', 1.5)  # one\n"))
    assert first == list(resemblance.tokens('total=g("""other\ntext""",22) # two'))
    assert first != list(resemblance.tokens("a = f('x') + 1"))


@pytest.mark.timeout(60)  # patterns that try every length would take hours
def test_strange_text_is_survived() -> None:
    for code in ("'" * 50_000, '"""' + "\\" * 100_000, "\x00\ud800" * 1000, "(" * 200_000):
        list(resemblance.tokens(code))


@pytest.mark.timeout(120)  # each with each, in full, would be two million comparisons
def test_a_large_class_is_compared() -> None:
    notebooks = {(f"s{i}", "e"): s.notebook(own_work(i % 700, 15)) for i in range(2000)}
    assert resemblance.alike(notebooks)


def test_what_is_compared_has_a_limit_and_no_cell_hides_the_others() -> None:
    padding = [f"x = {'(' * 90_000}", f"y = {'[' * 90_000}"]
    notebooks = {(student, "e"): s.notebook(filler, own_work(1))
                 for student, filler in zip(("ada", "ben"), padding, strict=True)}
    assert [set(group.students) for group in resemblance.alike(notebooks)] == [{"ada", "ben"}]
    many = s.notebook(*(own_work(i, 400) for i in range(30)))
    assert len(resemblance.fingerprints(many)) < resemblance._MOST
