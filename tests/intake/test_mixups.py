"""Whoever chooses a name, a group or an account gets nobody else's mark by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.intake import roster
from grader.intake.handed import File, Handed
from grader.intake.sources import Intake
from grader.records import Person
from tests.intake.handing import Download, listed, moodle, put, read, students, taken, token, write


def placed(intake: Intake) -> list[tuple[str, str, str]]:
    """Whose each is, of which team, and what the download calls them."""
    return sorted((one.student, one.team, one.source_id) for one in intake.submissions)


def test_a_group_whose_name_holds_another_groups_name_is_not_that_group(tmp_path: Path) -> None:
    """Students may name their groups themselves, and Moodle writes several in one cell with commas."""
    own = "1,Ada,,,Alpha", "2,Bob,,,Beta", '3,Eve,,,"Zeta, Alpha"'
    teams = moodle(tmp_path, ("11", "Alpha"), ("12", "Beta"))
    assert placed(taken(teams, **listed(tmp_path, *own))) == [("1", "Alpha", "11"), ("2", "Beta", "12")]
    more = listed(tmp_path, *own, "4,Fay,,,Zeta")
    teams = moodle(tmp_path, ("11", "Alpha"), ("12", "Beta"), ("13", "Zeta, Alpha"))
    assert placed(taken(teams, **more)) == [
        ("1", "Alpha", "11"), ("2", "Beta", "12"), ("3", "Zeta, Alpha", "13")]


def test_a_worksheets_cell_names_one_group(tmp_path: Path) -> None:
    sheet = write(tmp_path / "s.csv", "Identifier,Full name,Group\nParticipant 1,Ada,Alpha\n"
                                      'Participant 2,Bob,Beta\nParticipant 3,Eve,"Beta, Alpha"\n')
    found = taken(moodle(tmp_path, ("11", "Alpha")), roster=(sheet,))
    assert placed(found) == [("1", "Alpha", "11")]


def test_one_of_several_groups_is_told_and_two_teams_are_none(tmp_path: Path) -> None:
    roster = listed(tmp_path, '1,Ada,,,"Lab, Alpha"', '2,Bob,,,"Lab, Beta"', '3,Eve,,,"Lab, Beta, Alpha"')
    found = taken(moodle(tmp_path, ("11", "Alpha"), ("12", "Beta")), **roster)
    assert placed(found) == [("1", "Alpha", "11"), ("2", "Beta", "12")]
    assert "3: by the roster in the teams Alpha and Beta, and so taken for none of them" in found.notes
    found = taken(moodle(tmp_path, ("11", "Alpha")), **roster)
    assert placed(found) == [("1", "Alpha", "11"), ("3", "Alpha", "11")]
    assert any("3 in Alpha (Lab, Beta, Alpha)" in note for note in found.notes)


def test_a_teams_number_is_no_groups_name(tmp_path: Path) -> None:
    found = taken(moodle(tmp_path, ("11", "Alpha"), ("12", "Beta")),
                  **listed(tmp_path, "1,Ada,,,Alpha", "2,Bob,,,Beta", "3,Eve,,,11"))
    assert placed(found) == [("1", "Alpha", "11"), ("2", "Beta", "12")]


def test_a_group_that_is_called_like_people_makes_no_team_of_them(tmp_path: Path) -> None:
    people = moodle(tmp_path, ("1", "Ada Weiss"), ("2", "Bob Miller"), ("9", "Eve Ode"))
    for group in "Ada Weiss", '"T1, Ada Weiss,Bob Miller"':
        found = taken(people, **listed(tmp_path, "a,Ada Weiss,,,T1", "b,Bob Miller,,,T1",
                                       f"e,Eve Ode,,,{group}", f"f,Fay,,,{group}", "g,Gus,,,Bob Miller"))
        assert placed(found) == [("a", "", "1"), ("b", "", "2"), ("e", "", "9")]


def test_two_names_under_one_number_in_one_download_are_two_people(tmp_path: Path) -> None:
    """Two downloads that were unpacked over each other."""
    both = Download(tmp_path, "Moodle").hands_in(
        Person(id="1001", name="Ada Weiss"), "work.ipynb", token("ada")).hands_in(
        Person(id="1001", name="Bob Miller"), "work.ipynb", token("bob"))
    found = taken(both)
    assert students(found) == {"ada": ("1001", ""), "bob": ("1001 (Bob Miller)", "1001")}
    assert "Ada Weiss and Bob Miller both have the id 1001: kept apart" in found.notes


@pytest.mark.parametrize("exercise", ["he_init", "init"])
def test_who_is_called_participant_is_nobody_else_by_the_number(exercise: str, tmp_path: Path) -> None:
    first = moodle(tmp_path / "a", ("1001", "Bob Miller"), ("1002", "Eve Ode"))
    second = moodle(tmp_path / "b", ("1001", ""), ("1003", "Cy Li"), exercise=exercise)
    for downloads in (first, second), (second, first):
        found = taken(*downloads)
        assert len(found.submissions) == 4
        assert len({(one.student, one.exercise) for one in found.submissions}) == 4
        assert len({one.student for one in found.submissions}) == 4
        assert any("both have the id 1001: kept apart" in note for note in found.notes)


def test_blind_numbers_of_two_assignments_join_nobody(tmp_path: Path) -> None:
    blind = [Download(tmp_path / exercise, "Moodle", blind=True).hands_in(
        Person(id="1"), "work.ipynb", token(exercise, exercise)) for exercise in ("he_init", "init")]
    assert len({one.student for one in taken(*blind).submissions}) == 2
    again = [Download(tmp_path / name, "Moodle", blind=True).hands_in(
        Person(id="1"), "work.ipynb", token(name)) for name in ("a", "b")]
    assert {one.student for one in taken(*again).submissions} == {"1"}


def test_a_number_on_two_worksheets_is_not_one_person(tmp_path: Path) -> None:
    heads = "Identifier,Full name,Username,Email address\n"
    for emails in ("", "", "", ""), ("ada@x", "cy@x", "bob@x", "cy@x"):
        sheets = (write(tmp_path / "1.csv", f"{heads}Participant 1001,Ada Weiss,ada,{emails[0]}\n"
                                            f"Participant 1002,Cy Li,cy,{emails[1]}\n"),
                  write(tmp_path / "2.csv", f"{heads}Participant 1001,Bob Miller,bob,{emails[2]}\n"
                                            f"Participant 1002,Cy Li,cy,{emails[3]}\n"))
        assert sorted(one.person.name for one in roster.read(sheets)) == ["Ada Weiss", "Bob Miller", "Cy Li"]
        found = taken(Download(tmp_path, "nbgrader").hands_in("bob", "he_init.ipynb", token("bob")),
                      roster=sheets)
        (student, source_id), = students(found).values()
        assert source_id == "bob"
        assert {one.id: one.name for one in found.people}[student] == "Bob Miller"


def canvas(root: Path, *entries: str) -> Download:
    """Users' files as Canvas's download calls them."""
    download = Download(root, "Canvas")
    for entry in entries:
        user = entry.lower().replace("late_", "").split("_")[1]
        file = File(relative=entry, path=put(root, entry, token(user)))
        download.handed.append(Handed(person=Person(id=user), file=file, name="he_init.ipynb"))
    return download


def test_a_user_of_canvas_is_who_has_the_number_only_where_the_name_may_be_theirs(tmp_path: Path) -> None:
    download = canvas(tmp_path, "weissada_502_90002_he_init.ipynb", "licy_LATE_503_90003_he_init.ipynb")
    found = taken(download, **listed(tmp_path, "502,Bob Miller,,,", "503,Cy Li,,,"))
    assert students(found) == {"502": ("502 (Canvas)", "502"), "503": ("503", "")}
    assert any("502 is weissada in the download and Bob Miller on the roster" in note for note in found.notes)


def test_an_account_that_is_called_like_somebody_is_told(tmp_path: Path) -> None:
    accounts = Download(tmp_path / "a", "GitHub Classroom").hands_in("bmiller", "he_init.ipynb", token("b"))
    found = taken(accounts, **listed(tmp_path, "1,Bob Miller,,bmiller,"))
    assert students(found) == {"b": ("1", "bmiller")}
    assert any("by an account's name, which its owner chose: bmiller (Bob Miller)" in note
               for note in found.notes)
    folders = Download(tmp_path / "b").hands_in("bmiller", "init.ipynb", token("f", "init"))
    assert {one.student for one in taken(folders, accounts).submissions} == {
        "bmiller", "bmiller (GitHub Classroom)"}


def test_one_blind_download_takes_nobody_elses_name(tmp_path: Path) -> None:
    named = moodle(tmp_path / "a", ("1", "Ada Weiss"), ("9", "Bob Miller"))
    blind = Download(tmp_path / "b", "Moodle", blind=True).hands_in(
        Person(id="9"), "work.ipynb", token("x", "init"))
    found = taken(named, blind)
    assert sorted((one.student, one.name) for one in found.submissions) == [
        ("1", "Ada Weiss"), ("9", "Bob Miller"), ("9 (Moodle)", "")]


def test_within_one_assignment_the_number_decides_whatever_the_name(tmp_path: Path) -> None:
    others = ("1002", "Cy Li"), ("1003", "Di Du")
    first = moodle(tmp_path / "a", ("1001", "Ada Weiss"), *others)
    found = taken(first, moodle(tmp_path / "b", ("1001", "Ada Maier"), *others))
    assert {one.student: one.name for one in found.submissions}.items() >= {("1001", "Ada Maier")}
    assert len(found.people) == 3
    assert any("Ada Weiss and Ada Maier have the id 1001 in one assignment" in note for note in found.notes)
    for other in (moodle(tmp_path / "c", ("1001", "Ada Maier"), ("1002", "Eve Ode")),
                  moodle(tmp_path / "d", ("1001", "Ada Maier"), *others, exercise="init")):
        assert "1001 (Ada Maier)" in {one.student for one in taken(first, other).submissions}


def test_somebody_of_one_name_does_not_make_a_name_of_everybodys_username(tmp_path: Path) -> None:
    names = {"aw1 Ada Weiss": "1", "bm2 Bob Miller": "2", "cl3 Cy Li": "3", "ma4 Madonna": "4"}
    for name, number in names.items():
        put(tmp_path, f"{name}_{number}_assignsubmission_file/he_init.ipynb")
    assert [(one.id, one.name) for one in read(tmp_path).people] == [
        ("1", "Ada Weiss"), ("2", "Bob Miller"), ("3", "Cy Li"), ("4", "Madonna")]


def test_nobody_hides_in_a_note_behind_the_others(tmp_path: Path) -> None:
    accounts = Download(tmp_path, "GitHub Classroom")
    for number in range(30):
        accounts.hands_in(f"user{number}", "he_init.ipynb", token(str(number)))
    found = taken(accounts, **listed(tmp_path, *(f"{number},,,user{number}," for number in range(30))))
    assert all(any(f"user{number} ({number})" in note for note in found.notes) for number in range(30))
