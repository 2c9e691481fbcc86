"""Who is who, in several sources and on a roster."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.intake import roster
from grader.records import Person
from tests.intake.handing import Download, listed, moodle, students, taken, token
from tests.notebooks import notebook

ANNA, JORG = "Anna Schmidt", "Jörg Müller"


@pytest.mark.parametrize("folder", ["4711", "a@x.de", "A@X.DE", "anna77", "Anna77", "Anna Schmidt",
                                    "anna_schmidt", "Schmidt, Anna", "SCHMIDT Anna"])
def test_a_folders_name_joins_to_the_rosters_id(folder: str, tmp_path: Path) -> None:
    found = taken(Download(tmp_path).hands_in(folder, "he_init.ipynb", token("anna")).hands_in(
        "someone", "he_init.ipynb", token("x")),
        **listed(tmp_path, '4711,"Schmidt, Anna",a@x.de,anna77,', "4712,Ben,b@x.de,ben1,"))
    assert students(found)["anna"] == ("4711", "" if folder == "4711" else folder)
    assert students(found)["x"] == ("someone", "")
    assert [person.id for person in found.people] == ["4711", "4712", "someone"]
    assert found.roster == frozenset({"4711", "4712"})
    assert any("not on the roster: someone" in note for note in found.notes)


def test_a_name_in_another_composition_or_case_is_the_same(tmp_path: Path) -> None:
    nfd = unicodedata.normalize("NFD", "MÜLLER JÖRG")
    found = taken(moodle(tmp_path, ("1003", nfd)), **listed(tmp_path, "4711,Jörg Müller,,,"))
    assert students(found) == {"1003": ("4711", "1003")}


def test_a_name_without_the_signs_that_moodle_drops_is_the_same(tmp_path: Path) -> None:
    found = taken(moodle(tmp_path, ("1003", "Sinéad OBrien")), **listed(tmp_path, "4711,Sinéad O'Brien,,,"))
    assert students(found) == {"1003": ("4711", "1003")}


def test_two_of_one_name_are_never_joined_by_it(tmp_path: Path) -> None:
    two = moodle(tmp_path / "a", ("1003", ANNA), ("1004", ANNA))
    found = taken(two, **listed(tmp_path, "4711,Anna Schmidt,,,"))
    assert students(found) == {"1003": ("1003", ""), "1004": ("1004", "")}
    assert any("Anna Schmidt: not joined to the roster" in note for note in found.notes)
    found = taken(moodle(tmp_path / "b", ("1003", ANNA)),
                  **listed(tmp_path, "4711,Anna Schmidt,,,", "4712,Anna Schmidt,,,"))
    assert students(found) == {"1003": ("1003", "")}
    found = taken(two, **listed(tmp_path, "1003,Anna Schmidt,,,", "4712,Anna Schmidt,,,"))
    assert students(found) == {"1003": ("1003", ""), "1004": ("1004", "")}, (
        "the one who is left is not the other one")


def test_an_id_that_is_somebody_elses_on_the_roster_joins_nobody(tmp_path: Path) -> None:
    """A participant's number may be another person's number at the university."""
    found = taken(moodle(tmp_path, ("1003", ANNA)), **listed(tmp_path, "1003,Ben Li,,,", "4711,Cy,,,"))
    (student, source_id), = students(found).values()
    assert student not in {"1003", "4711"}
    assert source_id == "1003"
    assert {person.id: person.name for person in found.people} == {
        "1003": "Ben Li", "4711": "Cy", student: ANNA}


def test_who_is_joined_by_the_id_is_not_joined_to_another_by_the_name(tmp_path: Path) -> None:
    found = taken(Download(tmp_path).hands_in("4711", "he_init.ipynb", token("1")).hands_in(
        ANNA, "he_init.ipynb", token("2")), **listed(tmp_path, "4711,Anna Schmidt,,,"))
    assert students(found) == {"1": ("4711", ""), "2": (ANNA, "")}


def test_across_assignments_a_name_that_one_person_has_joins(tmp_path: Path) -> None:
    first = moodle(tmp_path / "a", ("1", ANNA), ("2", ANNA), ("3", JORG))
    second = moodle(tmp_path / "b", ("11", ANNA), ("13", JORG), exercise="init")
    found = taken(first, second)
    assert students(found) == {"1": ("1", ""), "2": ("2", ""), "3": ("3", ""), "11": ("11", ""),
                               "13": ("3", "13")}
    assert any("Jörg Müller (3, 13)" in note for note in found.notes)
    assert any("different people, though of one name: Anna Schmidt (1, 2, 11)" in note
               for note in found.notes)
    again = moodle(tmp_path / "c", ("3", JORG), ("33", JORG))
    alone = moodle(tmp_path / "d", ("33", JORG))
    for download in again, alone:
        assert {each[0] for each in students(taken(first, download)).values()} == {"1", "2", "3", "33"}, (
            "within one exercise the id decides")
    assert taken(first, second).passing == frozenset({"1", "2", "3", "11", "13"})


def test_a_number_of_another_assignment_says_nothing_of_two_who_have_one_name(tmp_path: Path) -> None:
    first = moodle(tmp_path / "a", ("1", ANNA), ("2", ANNA))
    other = moodle(tmp_path / "b", ("2", ANNA), exercise="init")
    found = {one.exercise: (one.student, one.source_id) for one in taken(first, other).submissions
             if "2" in (one.student, one.source_id)}
    assert found == {"he_init": ("2", ""), "init": (f"2 ({ANNA})", "2")}
    again = moodle(tmp_path / "c", ("2", ANNA))
    assert {one.student for one in taken(first, again).submissions} == {"1", "2"}, "within one it says all"


def test_an_id_in_sources_of_one_kind_is_one_person_and_in_two_kinds_it_is_two(tmp_path: Path) -> None:
    plain = [Download(tmp_path / name).hands_in("ada", f"{exercise}.ipynb", notebook(f"# TOKEN {exercise}"))
             for name, exercise in (("a", "he_init"), ("b", "init"))]
    assert {each[0] for each in students(taken(*plain)).values()} == {"ada"}
    lms = [Download(tmp_path / layout, layout).hands_in(Person(id="1003"), "he_init.ipynb", token(layout))
           for layout in ("Moodle", "Canvas")]
    found = students(taken(*lms))
    assert found["Moodle"][0] != found["Canvas"][0]
    named = [moodle(tmp_path / name, ("1003", name), exercise=exercise)
             for name, exercise in (("Anna", "he_init"), ("Ben", "init"))]
    found = {one.exercise: (one.student, one.source_id) for one in taken(*named).submissions}
    assert found["he_init"] == ("1003", "")
    assert found["init"] == ("1003 (Ben)", "1003")


def test_a_teams_members_all_hand_in_what_it_handed_in(tmp_path: Path) -> None:
    def teams() -> Download:
        return Download(tmp_path, "Moodle").hands_in(
            Person(id="88", name="Team A"), "he_init.ipynb", token("a"), team="Team A").hands_in(
            Person(id="88", name="Team A"), "helper.py", "x = 1", team="Team A").hands_in(
            Person(id="89", name="Team B"), "he_init.ipynb", token("b"), team="Team B")

    found = taken(teams(), **listed(tmp_path, "1,Anna,,,team a", '2,Ben,,,"Lab 2, Team A"', "89,,,,Lab 2"))
    assert [(one.student, one.name, one.team, one.source_id) for one in found.submissions] == [
        ("1", "Anna", "Team A", "88"), ("2", "Ben", "Team A", "88"),
        ("89 (Team B)", "Team B", "Team B", "89")]
    assert [len(one.files) for one in found.submissions] == [1, 1, 0]  # type: ignore[union-attr]
    assert {person.id for person in found.people} == {"1", "2", "89", "89 (Team B)"}
    alone = taken(teams())
    assert [(one.student, one.name, one.team) for one in alone.submissions] == [
        ("88", "Team A", "Team A"), ("89", "Team B", "Team B")]


def test_a_team_that_looks_like_a_person_is_known_by_the_rosters_groups(tmp_path: Path) -> None:
    """Moodle writes "Team A_41_..." as it writes "Anna_1003_..."; a team may be called like a person."""
    teams = moodle(tmp_path, ("41", "Team A"), ("2", ANNA), ("43", "Team_C"))
    roster = listed(tmp_path, "1,Anna Schmidt,,,Team A", "2,Ben,,,Anna Schmidt", "3,Cy,,,Team C",
                    "4,Dee,,,team c")
    assert sorted((one.student, one.team, one.source_id) for one in taken(teams, **roster).submissions) == [
        ("1", "Team A", "41"), ("2", ANNA, "2"), ("3", "Team_C", "43"), ("4", "Team_C", "43")]


def test_a_number_of_the_universitys_is_none_of_canvas(tmp_path: Path) -> None:
    (tmp_path / "gradebook.csv").write_text("Student,ID,SIS User ID,SIS Login ID,Section\n"
                                            "\"Schmidt, Anna\",501,502,anna,1\n\"Li, Wei\",502,503,wei,1\n")
    canvas = Download(tmp_path, "Canvas")
    for id in "501", "502", "503":
        canvas.hands_in(Person(id=id), "he_init.ipynb", token(id))
    found = students(taken(canvas, roster=(tmp_path / "gradebook.csv",)))
    assert found == {"501": ("501", ""), "502": ("502", ""), "503": ("503", "")}


def test_blind_stays_blind_whatever_the_roster_knows(tmp_path: Path) -> None:
    blind = Download(tmp_path, "Moodle", blind=True)
    for id in "1003", "1004":
        blind.hands_in(Person(id=id), "he_init.ipynb", token(id))
    found = taken(blind, **listed(tmp_path, "1003,Anna Schmidt,a@x.de,,", "b@x.de,Ben Li,b@x.de,1004,"))
    assert students(found) == {"1003": ("1003", ""), "1004": ("1004", "")}
    assert all(not person.name and not person.email for person in found.people)
    assert all(not one.name for one in found.submissions)
    assert all(not row.name for row in found.rows)


NAMES = st.sampled_from(["Anna Schmidt", "Schmidt, Anna", "Anna_Schmidt", "Ben", "李 雷", "محمد علي",
                         "O'Brien", unicodedata.normalize("NFD", "Jörg"), "Jörg", ""])


def people_of(ids: str) -> st.SearchStrategy[list[tuple[str, str]]]:
    return st.lists(st.tuples(st.sampled_from(ids), NAMES), unique_by=lambda each: each[0], min_size=1)


@given(people=people_of("123456"), rows=people_of("1234789") | st.just([]),
       layout=st.sampled_from(["Moodle", "folders"]))
def test_whoever_the_people_are_no_two_get_one_id_and_nobody_is_lost(
        tmp_path_factory: pytest.TempPathFactory, people: list[tuple[str, str]], rows: list[tuple[str, str]],
        layout: str) -> None:
    root = tmp_path_factory.mktemp("in")
    download = Download(root, layout)
    for id, name in people:
        download.hands_in(Person(id=id, name=name), "he_init.ipynb", token(id))
    found = taken(download, **(listed(root, *(f'{id},"{name}",,,' for id, name in rows)) if rows else {}))
    where = students(found)
    assert set(where) == {id for id, _ in people}
    assert len({student for student, _ in where.values()}) == len(people), "two people became one"
    assert {source_id or student for student, source_id in where.values()} == {id for id, _ in people}
    ids = [person.id for person in found.people]
    assert len(ids) == len(set(ids))
    assert set(ids) == {student for student, _ in where.values()} | {id for id, _ in rows}
    names = dict(rows)
    for id, name in people:
        if where[id][0] in names and name:
            assert roster.same_name(name, names[where[id][0]]), "joined to somebody of another name"
