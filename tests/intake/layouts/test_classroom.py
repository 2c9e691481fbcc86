"""GitHub Classroom's checkouts: each ends at its username."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.intake.layouts.trees import owners, read, shuffled


def test_checkouts_are_their_usernames() -> None:
    reading = read("hw-submissions/hw-anna-b/he_init.ipynb", "hw-submissions/hw-bo/src/he_init.ipynb",
                   "hw-submissions/notes/he_init.ipynb", "hw-submissions/hw-bo/.git/config",
                   "hw-submissions/hw-carl/.git/config")
    assert reading.layout == "GitHub Classroom"
    assert [(h.person.id, h.name) for h in reading.handed] == [
        ("anna-b", "he_init.ipynb"), ("bo", "src/he_init.ipynb")]
    assert [person.id for person in reading.without] == ["carl"]
    assert [file for file, _ in reading.ignored] == ["hw-submissions/notes/he_init.ipynb"]


@pytest.mark.parametrize(("folders", "people"), [
    (["ml-hw-anna", "ml-hw-bo-lee", "ml-hw-carl"], {"anna", "bo-lee", "carl"}),
    (["he-init-anna", "he-init-bo", "he-init-init"], {"anna", "bo", "init"}),
    (["anna", "bo", "carl"], {"anna", "bo", "carl"}),
    (["hw-max-a", "hw-max-b"], {"hw-max-a", "hw-max-b"}),
    (["hw-a", "hw-a-b", "hw-a-c"], {"a", "a-b", "a-c"}),
    (["hw-team-1", "hw-team-2", "hw-team-3"], {"team-1", "team-2", "team-3"}),
])
def test_what_all_checkouts_begin_with_is_no_part_of_a_username(folders: list[str], people: set[str]) -> None:
    reading = read(*(f"{folder}/he_init.ipynb" for folder in folders), gits=tuple(folders))
    assert set(owners(reading).values()) == people


def test_two_checkouts_are_read_where_the_exercise_says_what_they_begin_with() -> None:
    reading = read("he-init-max-a/x.ipynb", "he-init-max-b/x.ipynb", gits=("he-init-max-a", "he-init-max-b"),
                   asked="classroom")
    assert set(owners(reading).values()) == {"max-a", "max-b"}


USERNAME = st.from_regex(r"[a-z0-9](?:-?[a-z0-9]){0,8}", fullmatch=True)


@given(st.data(), st.lists(USERNAME, min_size=1, unique=True))
def test_every_file_of_a_checkout_is_read_back_at_its_username(
        data: st.DataObject, people: list[str]) -> None:
    files = {f"hw-1-{name}/{place}": name for name in people
             for place in ("he_init.ipynb", "hw-1-x/he_init.ipynb")}
    reading = read(*data.draw(shuffled(files)), source="/course/hw-1-submissions")
    assert (reading.layout, owners(reading)) == ("GitHub Classroom", files)
