"""Canvas's downloads: each file ends at its user, or nowhere where the name does not tell who that is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.intake.layouts.trees import one, owners, read, shuffled


def test_the_canvas_user_is_the_person_and_the_word_before_is_no_name() -> None:
    reading = read("mullerjorg_501_90001_he_init.ipynb", "doejohn_LATE_502_90002_he_init.ipynb",
                   "leebo_late_503_90003_he_init-1.ipynb", "xu_504_text.html", "yi_LATE_505_link.html",
                   "zed_506_90006_work.zip/he_init.ipynb", "README.md")
    assert reading.layout == "Canvas"
    assert [(h.person.id, h.person.name, h.name, h.attempt, h.late, h.online) for h in reading.handed] == [
        ("501", "", "he_init.ipynb", 0, False, False), ("502", "", "he_init.ipynb", 0, True, False),
        ("503", "", "he_init.ipynb", 2, True, False), ("504", "", "text.html", 0, False, True),
        ("505", "", "link.html", 0, True, True), ("506", "", "work.zip/he_init.ipynb", 0, False, False)]
    assert [file for file, _ in reading.ignored] == ["README.md"]


def test_anonymous_submissions_of_canvas_stay_so_and_are_no_users() -> None:
    reading = read("anon_Ab3dE_90001_he_init.ipynb", "LATE_anon_12345_90002_he_init.ipynb",
                   "anon_zz9_text.html")
    assert reading.blind
    assert [(h.person.id, h.late, h.online) for h in reading.handed] == [
        ("anon_Ab3dE", False, False), ("anon_12345", True, False), ("anon_zz9", False, True)]


@pytest.mark.parametrize(("file", "name", "attempt"), [
    ("he_init-1.ipynb", "he_init.ipynb", 2),
    ("he_init-12.ipynb", "he_init.ipynb", 13),
    ("sheet-1.ipynb", "sheet-1.ipynb", 0),
    ("sheet-1-1.ipynb", "sheet-1.ipynb", 2),
    ("part-2.ipynb", "part-2.ipynb", 0),
    ("he_init-1.old.ipynb", "he_init-1.old.ipynb", 0),
])
def test_only_what_canvas_put_behind_the_name_is_an_attempt(file: str, name: str, attempt: int) -> None:
    handed = one(read(f"leebo_503_90003_{file}"), "503")
    assert (handed.name, handed.attempt) == (name, attempt)


def test_a_name_with_a_number_behind_is_no_user_in_canvas() -> None:
    others = ["leebo_503_90003_he_init.ipynb", "xu_504_90004_he_init.ipynb"]
    reading = read("test_502_501_90001_he_init.ipynb", "test_12_505_90005_he_init.ipynb",
                   "7_506_90006_he_init.ipynb", "yi_507_90007_1234567_he_init.ipynb",
                   "test_509_508_text.html", *others)
    assert sorted(owners(reading).values()) == ["501", "503", "504", "505", "506", "507", "508"]
    few = read("test_12_505_90005_he_init.ipynb", "xu_504_90004_9_he_init.ipynb", others[0], asked="canvas")
    assert sorted(owners(few).values()) == ["503", "504", "505"]


def test_where_nothing_tells_a_user_from_an_attachment_nobody_is_taken() -> None:
    reading = read("test_12_505_90005_he_init.ipynb", "xu_xu_504_text.html", asked="canvas")
    assert sorted(owners(reading).values()) == ["504"]
    assert reading.ignored[0][0] == "test_12_505_90005_he_init.ipynb"


def test_a_date_in_a_flat_folder_is_nobodys_number() -> None:
    reading = read("anna_2026_11_he_init.ipynb", "bo_2026_11_he_init.ipynb")
    assert sorted(owners(reading).values()) == ["anna_2026_11", "bo_2026_11"]


WORDS = st.text(st.characters(categories=["L", "M"]) | st.sampled_from("_"), min_size=1, max_size=12)


@given(st.data(), st.lists(st.tuples(st.integers(1_000, 9_998), WORDS, st.booleans(), st.booleans()),
                           unique_by=lambda p: p[0], min_size=1))
def test_every_canvas_file_is_read_back_at_its_user(
        data: st.DataObject, people: list[tuple[int, str, bool, bool]]) -> None:
    files = {"doejane_9999_899999_he_init.ipynb": "9999"}
    for at, (user, word, late, numbered) in enumerate(people):
        who = f"{word.lower()}{'_77' if numbered else ''}{'_LATE' if late else ''}_{user}"
        files[f"{who}_{900_000 + 2 * at}_3_4_he_init.ipynb"] = str(user)
        files[f"{who}_{900_001 + 2 * at}_he_init-1.ipynb"] = str(user)
    reading = read(*data.draw(shuffled(files)))
    assert (reading.layout, owners(reading)) == ("Canvas", files)


CLASS = ["weissada_502_90002_he_init.ipynb", "licy_503_90003_he_init.ipynb", "dudi_504_90004_he_init.ipynb"]


@pytest.mark.parametrize("name", [
    "bobmiller_500_90077", "millerbob_500_90077", "bob_500_90077_Ⅷ", "bob_500_90077_late", "b_7_7_500_90077"])
@pytest.mark.parametrize("eve", [
    "501_90001", "1501_90001", "98001_90001", "10820000000000501_90001", "501_100001"])
def test_a_name_that_looks_like_another_users_file_makes_it_nobodys(name: str, eve: str) -> None:
    mine = f"{name}_{eve}_he_init.ipynb"
    reading = read(*CLASS, "millerbob_500_90010_he_init.ipynb", mine)
    assert reading.layout == "Canvas"
    assert sorted(owners(reading).values()) == ["500", "502", "503", "504"]
    assert [file for file, _ in reading.ignored] == [mine]


def test_who_has_another_name_by_now_is_left_out_and_nobody_else() -> None:
    reading = read(*CLASS, "millerbob_500_90010_he_init.ipynb", "kleinbob_500_90011_he_init.ipynb")
    assert (reading.layout, sorted(owners(reading).values())) == ("Canvas", ["502", "503", "504"])
    assert all("500 would be several people" in why for _, why in reading.ignored)


def test_numbers_before_everybodys_files_are_told_from_canvas_or_said() -> None:
    told = read(*CLASS[:1], *(f"n{k}_50{k}_9000{k}_123456{k}_he_init.ipynb" for k in (3, 4, 5)))
    assert sorted(owners(told).values()) == ["502", "503", "504", "505"]
    unclear = read(*(f"n{k}_50{k}_9000{k}_9999{k}_he_init.ipynb" for k in range(5)))
    assert unclear.layout == "folders"
    assert any("--layout canvas" in line for line in unclear.said)


@pytest.mark.parametrize("others", [1, 2, 4])
def test_a_canvas_file_that_is_called_as_in_moodle_is_its_users(others: int) -> None:
    reading = read("odeeve_501_90001_assignsubmission_file_he_init.ipynb", *CLASS[:others])
    assert reading.layout == "Canvas"
    assert sorted(owners(reading).values()) == ["501", "502", "503", "504"][:others + 1]


PIECES = st.lists(st.sampled_from(["500", "501", "7", "90007", "90077", "late", "x", "text", "1234567"]),
                  max_size=4)


@given(st.lists(st.tuples(PIECES, st.integers(499, 503) | st.integers(1, 10 ** 6), PIECES), max_size=2))
def test_whatever_names_and_files_hold_nobody_gets_anothers(
        odd: list[tuple[list[str], int, list[str]]]) -> None:
    files = {name: name.split("_")[1] for name in CLASS}
    for at, (name, user, file) in enumerate(odd):
        files["_".join([f"eve{at}", *name, str(user), str(90010 + at), *file, "he_init.ipynb"])] = str(user)
    reading = read(*files, asked="canvas")
    assert owners(reading).items() <= files.items()
