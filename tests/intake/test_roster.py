"""Who is who: on rosters as other programs write them, and in several sources."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.intake import roster
from grader.intake.handed import File, Handed, IntakeError
from grader.intake.sources import Intake
from grader.records import Person
from tests.intake.handing import Download, put, saying, taken
from tests.notebooks import notebook

ANNA, JORG = "Anna Schmidt", "Jörg Müller"


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(("text", "people"), [
    ("id,name,email,group\n7,Anna Schmidt,a@x.de,Team A\n", [("7", "Anna Schmidt", "a@x.de", "Team A")]),
    ("id;name\n007;\"Müller; Jörg\"\n", [("007", "Müller; Jörg", "", "")]),
    # Moodle's participants
    ("First name,Last name,Email address,Groups\nAnna,Schmidt,a@x.de,\"A, B\"\n",
     [("a@x.de", "Anna Schmidt", "a@x.de", "A, B")]),
    ("Vorname;Nachname;E-Mail-Adresse;Gruppen\nJörg;Müller;j@x.de;\n",
     [("j@x.de", "Jörg Müller", "j@x.de", "")]),
    ("Prénom,Nom de famille,Adresse de courriel,Groupes\nZoé,Petit,z@x.fr,G1\n",
     [("z@x.fr", "Zoé Petit", "z@x.fr", "G1")]),
    ("Nombre,Apellido(s),Dirección de correo,Grupos\nÁlvaro,Ruiz,r@x.es,\n",
     [("r@x.es", "Álvaro Ruiz", "r@x.es", "")]),
    # Moodle's grading worksheet
    ("Identifier,Full name,Email address,Status,Group,Grade,Maximum grade\n"
     "Participant 1234,Anna Schmidt,a@x.de,Submitted,Team A,,20\n",
     [("1234", "Anna Schmidt", "a@x.de", "Team A")]),
    ("ID;Vollständiger Name;E-Mail-Adresse;Bewertung\nTeilnehmer/in1234;Jörg Müller;j@x.de;\n",
     [("1234", "Jörg Müller", "j@x.de", "")]),
    # Canvas's gradebook
    ("Student,ID,SIS User ID,SIS Login ID,Section,Sheet 3 (12)\n    Points Possible,,,,,20\n"
     "\"Schmidt, Anna\",501,s99,anna1,Lab 2,\n\"Student, Test\",9,,abc,Lab 2,\n",
     [("501", "Schmidt, Anna", "", "Lab 2")]),
    # nbgrader
    ("id,first_name,last_name,email\nada,Ada,Lovelace,\n", [("ada", "Ada Lovelace", "", "")]),
    ("student,name\n7,Anna\n", [("7", "Anna", "", "")]),
], ids=range(11))
def test_what_other_programs_write_is_understood(text: str, people: list[tuple[str, ...]],
                                                 tmp_path: Path) -> None:
    for encoding in "utf-8", "utf-8-sig", "utf-16", "cp1252":
        found = roster.read([write(tmp_path / f"{encoding}.csv", text.replace("\n", "\r\n"), encoding)])
        assert [(p.id, p.name, p.email, p.group) for p in (one.person for one in found)] == people


@pytest.mark.parametrize(("text", "says"), [
    ("colour,size\nred,1\n", "Understood are id, name"),
    ("", "empty"), ("id,name\n", "nobody"), ("PK\x03\x04", "save it as CSV"),
    ("id,name\n7,Anna\n7,Ben\n", "both have the id '7'"), ("id,name\n,\n7,a\n,,x\n", "line 4"),
])
def test_what_is_no_roster_is_said_in_a_line(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match=says):
        roster.read([write(tmp_path / "r.csv", text)])
    with pytest.raises(IntakeError, match="No such file"):
        roster.read([tmp_path / "none.csv"])


def test_several_rosters_are_one(tmp_path: Path) -> None:
    participants = write(tmp_path / "p.csv", "First name,Last name,Email address,Groups\n"
                                             "Anna,Schmidt,A@x.de,Team A\nBen,Li,b@x.de,\n")
    sheet = write(tmp_path / "s.csv",
                  "Identifier,Full name,Email address\nParticipant 12,Anna Schmidt,a@x.de\n")
    for order in [participants, sheet], [sheet, participants]:
        found = {one.person.id: one.person for one in roster.read(order)}
        assert set(found) == {"12", "b@x.de"}
        assert (found["12"].name, found["12"].group) == ("Anna Schmidt", "Team A")


def listed(tmp_path: Path, *lines: str) -> dict[str, Any]:
    return {"roster": (write(tmp_path / "roster.csv", "\n".join(("id,name,email,username,group", *lines))),)}


def students(intake: Intake) -> dict[str, tuple[str, str]]:
    """The notebook's word -> whose it is, and what the download calls them."""
    return {one.notebook.split("TOKEN ")[1].split('"')[0]: (one.student, one.source_id)  # type: ignore[union-attr]
            for one in intake.submissions}


def token(word: str, exercise: str = "he_init") -> str:
    return saying(exercise, f"# TOKEN {word}")


def moodle(root: Path, *people: tuple[str, str], exercise: str = "he_init") -> Download:
    """One assignment: numbers and names of those who handed in, each their number."""
    download = Download(root, "Moodle")
    for id, name in people:
        download.hands_in(Person(id=id, name=name), "work.ipynb", token(id, exercise))
    return download


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


def test_an_email_that_two_of_one_list_have_joins_nobody(tmp_path: Path) -> None:
    own = write(tmp_path / "1.csv", "id,name,email\n1,Ada,m@x\n2,Bob,m@x\n")
    other = write(tmp_path / "2.csv", "First name,Last name,Email address\nCy,Li,m@x\n")
    assert len(roster.read([own])) == 2
    assert len(roster.read([own, other])) == 3


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


def test_only_the_rows_of_canvas_that_are_nobodys_are_passed_over(tmp_path: Path) -> None:
    text = ("Student,ID,SIS User ID,SIS Login ID,Section,Sheet 3 (12)\n,,,,,Manual Posting\n"
            "    Points Possible,,,,,20\n\"Student, Testa\",1,,t,1,\nManual Postingham,2,,m,1,\n"
            "\"Student, Test\",9,,x,1,\n")
    found = roster.read([write(tmp_path / "r.csv", text)])
    assert [one.person.id for one in found] == ["1", "2"]
