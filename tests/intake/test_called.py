"""What a file's name says: whose copy of what it is, and how old."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.intake import called as module
from grader.intake.called import called, is_notebook, text

EXERCISES = ("he_init", "init", "sheet-1")


@pytest.mark.parametrize(("name", "before", "exercise", "old"), [
    ("he_init.ipynb", "", "he_init", False),
    ("anna_he_init.ipynb", "anna", "he_init", False),
    ("anna-he_init.IPYNB", "anna", "he_init", False),
    ("anna he-init.ipynb.txt", "anna", "he_init", False),
    ("anna_He_Init.ipynb.json", "anna", "he_init", False),
    ("doejohn_he_init-1.ipynb", "doejohn", "he_init", False),
    ("doejohn_he_init-Copy2.ipynb", "doejohn", "he_init", False),
    ("doejohn_he_init - Kopie.ipynb", "doejohn", "he_init", False),
    ("doejohn_he_init - Copy (2).ipynb", "doejohn", "he_init", False),
    ("doejohn_he_init copy 2.ipynb", "doejohn", "he_init", False),
    ("Kopie von he_init (2).ipynb", "", "he_init", False),
    ("Kopie von Kopie von anna_he_init.ipynb", "anna", "he_init", False),
    ("anna_Copy_of_he_init.ipynb", "anna", "he_init", False),
    ("Copy_of_he_init_(1).ipynb", "", "he_init", False),
    ("he_init_old.ipynb", "", "he_init", True),
    ("he_init_backup2 (1).ipynb", "", "he_init", True),
    ("he_init_alt.ipynb", "", "he_init", True),
    ("old_he_init.ipynb", "", "he_init", True),
    ("alt_he_init.ipynb", "alt", "he_init", False),
    ("old", "old", "", True),
    ("bo_sheet-1.ipynb", "bo", "sheet-1", False),
    ("bo_sheet-1-1.ipynb", "bo", "sheet-1", False),
    ("homework (3).ipynb", "homework", "", False),
    ("team-1.ipynb", "team-1", "", False),
    ("homework_old.ipynb", "homework_old", "", True),
    ("anna_he_init.tar.gz", "anna", "he_init", False),
    ("=cmd_he_init.ipynb", "=cmd", "he_init", False),
    ("(1).ipynb", "(1)", "", False),
])
def test_a_name_is_taken_apart(name: str, before: str, exercise: str, old: bool) -> None:
    said = called(name, EXERCISES)
    assert (said.before, said.exercise, said.old) == (before, exercise, old)


@pytest.mark.parametrize("letter", [" ", "-", "(", "_(1)", "-1", "Kopie von "])
def test_a_name_as_no_file_has_it_is_not_looked_into(letter: str) -> None:
    assert called(f"{letter * 100_000}he_init.ipynb", EXERCISES).exercise == ""


@pytest.mark.parametrize("name", ["a.ipynb", "a.IPYNB", "a.ipynb.txt", "a.ipynb.json"])
def test_what_was_put_behind_a_notebooks_name_does_not_hide_it(name: str) -> None:
    assert is_notebook(name)
    assert not is_notebook(name + ".exe")


@given(st.text())
def test_any_name_is_text_in_nfc(name: str) -> None:
    assert text(name) == unicodedata.normalize("NFC", text(name))
    text(name).encode("utf-8")
    called(name, EXERCISES)


@given(st.text(st.characters(exclude_characters="/\0_-", exclude_categories=["Cs"]), min_size=1),
       st.sampled_from(["", " (2)", "-1", "-Copy2", " - Kopie", "_old"]))
def test_whoever_stands_before_the_exercise_is_the_person(who: str, mark: str) -> None:
    if called(f"{who}.ipynb", ()).before == who == who.strip() and text(who) == who and who.lower() != "old":
        assert called(f"{who}_he_init{mark}.ipynb", EXERCISES).before in (who, "")


def test_a_name_that_is_asked_for_again_is_not_taken_apart_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first = called("asked_twice_he_init.ipynb", EXERCISES)
    monkeypatch.setattr(module, "stem", None)
    assert called("asked_twice_he_init.ipynb", list(EXERCISES)) == first


def test_nobody_waits_for_a_name_that_is_nothing_but_marks() -> None:
    assert called("a_he_init" + "-1" * 5, EXERCISES).exercise == "he_init"
    assert called("a_he_init" + "-1" * 110, EXERCISES).exercise == ""
    assert called("-" * 500, EXERCISES).before == "-" * 500
