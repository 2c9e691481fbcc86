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


def words(code: str) -> str:
    return "".join(word for word, _, _ in resemblance.tokens(code))


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
    first = words("a = f('x', 1.5)  # one\n")
    assert first == words('import torch\n"""A docstring."""\ntotal=g("""other\ntext""",22) # two')
    assert first != words("a = f('x') + 1")


def test_a_text_that_is_not_alone_on_its_line_is_code() -> None:
    assert words("'a'.join(b)") == words("'b' .join(c)") != words("join(b)")
    assert words("x = (\n'a'\n)") == words("x = ()")


def test_each_token_is_known_by_its_place() -> None:
    code = "def f(a):\n    'docstring'\n    return  a"
    assert [code[start:end] for _, start, end in resemblance.tokens(code)] == [
        "def", "f", "(", "a", ")", ":", "return", "a"]


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
    assert len(resemblance.read(many).words) <= resemblance._MOST


def test_cells_full_of_anything_do_not_push_the_copied_one_out() -> None:
    padding = [[own_work(100 * side + i, 1200) for i in range(6)] for side in (1, 2)]
    notebooks = {(student, "e"): s.notebook(*filler, own_work(1))
                 for student, filler in zip(("ada", "ben"), padding, strict=True)}
    assert [set(group.students) for group in resemblance.alike(notebooks)] == [{"ada", "ben"}]


# --- what is nobody's --------------------------------------------------------------------------------


def test_the_exercises_own_solution_is_nobodys_however_few_hand_it_in() -> None:
    right = own_work(5)
    notebooks = {(name, "e"): s.notebook(disguised(right) if name == "ben" else right)
                 for name in ("ada", "ben", "cem")}
    assert resemblance.alike(notebooks, {"e": s.notebook("def f(a):\n    ...\n", right)}) == ()
    assert [group.students for group in resemblance.alike(notebooks)] == [("ada", "ben", "cem")]


def test_a_copy_that_begins_with_the_right_answer_is_found_by_its_rest() -> None:
    right = own_work(5)
    notebooks = {(name, "e"): s.notebook(right, own_work(8)) for name in ("ada", "ben")}
    assert [group.students for group in resemblance.alike(notebooks, {"e": s.notebook(right)})] == [
        ("ada", "ben")]


def test_what_more_than_a_few_write_is_the_classs_and_a_ring_of_copiers_is_not() -> None:
    for ring, seen in (7, 1), (8, 0):
        notebooks = {(f"s{i:02}", "e"): s.notebook(own_work(0 if i < ring else i)) for i in range(60)}
        assert len(resemblance.alike(notebooks)) == seen


def test_a_large_ring_is_one_group_with_a_pair_for_each_further_member() -> None:
    notebooks = {(f"s{i:04}", "e"): s.notebook(own_work(0 if i % 30 == 0 else i)) for i in range(600)}
    group, = resemblance.alike(notebooks)
    assert len(group.students) == 20
    assert len(group.pairs) == 19


def test_the_pairs_that_are_counted_grow_with_the_class_and_no_faster() -> None:
    assert len(list(resemblance._pairs([str(i) for i in range(1000)]))) < 8 * 1000


def test_python_files_beside_the_notebook_are_compared_too() -> None:
    notebooks = {(name, "e"): s.notebook("import own") for name in ("ada", "ben")}
    files = {("ada", "e"): {"own.py": own_work(1)}, ("ben", "e"): {"lib/theirs.py": disguised(own_work(1))}}
    assert resemblance.alike(notebooks) == ()
    assert [group.students for group in resemblance.alike(notebooks, files=files)] == [("ada", "ben")]


def test_each_group_of_an_exercise_has_its_own_page() -> None:
    notebooks = {(name, exercise): s.notebook(own_work(seed)) for exercise in ("one", "two")
                 for name, seed in (("ada", 1), ("ben", 1), ("cem", 2), ("dana", 2))}
    assert sorted(group.href for group in resemblance.alike(notebooks)) == [
        "alike/one-1.html", "alike/one-2.html", "alike/two-1.html", "alike/two-2.html"]
