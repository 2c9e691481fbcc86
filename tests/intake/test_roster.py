"""Rosters, as other programs write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.intake import roster
from grader.intake.handed import IntakeError
from tests.intake.handing import write


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


def test_an_email_that_two_of_one_list_have_joins_nobody(tmp_path: Path) -> None:
    own = write(tmp_path / "1.csv", "id,name,email\n1,Ada,m@x\n2,Bob,m@x\n")
    other = write(tmp_path / "2.csv", "First name,Last name,Email address\nCy,Li,m@x\n")
    assert len(roster.read([own])) == 2
    assert len(roster.read([own, other])) == 3


def test_only_the_rows_of_canvas_that_are_nobodys_are_passed_over(tmp_path: Path) -> None:
    text = ("Student,ID,SIS User ID,SIS Login ID,Section,Sheet 3 (12)\n,,,,,Manual Posting\n"
            "    Points Possible,,,,,20\n\"Student, Testa\",1,,t,1,\nManual Postingham,2,,m,1,\n"
            "\"Student, Test\",9,,x,1,\n")
    found = roster.read([write(tmp_path / "r.csv", text)])
    assert [one.person.id for one in found] == ["1", "2"]
