"""The sheets that an LMS gives a tutor, for the class of `classes.py`: to be filled, and to say who is in it.

In each, one row has a grade already, one is locked, somebody who handed in has no row any more, and somebody
is in it who never handed in.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lms.classes import CLASS, FULL, Member

WITHDRAWN, GRADED_BEFORE, LOCKED, EXCUSED = "jan", "ada", "bjorn", "liwei"
NEVER = Member(at=40, login="nora", name="Nora Neu", how=CLASS[0].how, moodle=1900, canvas=590, group="",
               folder="Nora Neu")
ENROLLED = (*(one for one in CLASS if one.login != WITHDRAWN), NEVER)
BEFORE = "12"            # the grade that is there already
COLUMN = "He init (777)"

_HEADS = {
    "en": ("Identifier", "Full name", "Email address", "Status", "Group", "Grade", "Maximum grade",
           "Grade can be changed", "Last modified (submission)", "Last modified (grade)",
           "Feedback comments"),
    "de": ("ID", "Vollständiger Name", "E-Mail-Adresse", "Status", "Gruppe", "Bewertung", "Bestwertung",
           "Bewertung kann geändert werden", "Zuletzt geändert (Abgabe)", "Zuletzt geändert (Bewertung)",
           "Feedback als Kommentar"),
    "fr": ("Identifiant", "Nom complet", "Adresse de courriel", "Statut", "Groupe", "Note", "Note maximale",
           "La note peut être modifiée", "Dernière modification (travail remis)",
           "Dernière modification (note)", "Feedback par commentaires")}
_WORDS = {"en": ("Participant ", "Yes", "No", "Submitted for grading - "),
          "de": ("Teilnehmer/in", "Ja", "Nein", "Zur Bewertung abgegeben - "),
          "fr": ("Participant ", "Oui", "Non", "Remis pour évaluation - ")}


@dataclass(frozen=True, kw_only=True)
class Form:
    """In which form Moodle writes its worksheet."""

    language: str = "en"
    encoding: str = "utf-8"
    separator: str = ","
    decimal: str = "."
    ending: str = "\r\n"
    blind: bool = False
    teams: bool = False
    maximum: float = FULL

    @property
    def participant(self) -> str:
        """What stands before a participant's number."""
        return _WORDS[self.language][0]

    @property
    def headings(self) -> tuple[str, str, str]:
        """Of the three columns that Moodle's importer looks for."""
        head = _HEADS[self.language]
        return head[0], head[5], head[9]

    def number(self, value: float) -> str:
        return f"{value:.2f}".replace(".", self.decimal)


FORMS = {
    "en": Form(),
    "de": Form(language="de", encoding="utf-8-sig", separator=";", decimal=",", ending="\n"),
    "fr": Form(language="fr", encoding="utf-16", separator="\t", decimal=","),
    "cp1252": Form(language="de", encoding="cp1252", separator=";", decimal=",")}


def worksheet(path: Path, form: Form, people: Sequence[Member] = ENROLLED) -> Path:
    """Moodle's grading worksheet, in no order that means anything."""
    head, (participant, yes, no, submitted) = _HEADS[form.language], _WORDS[form.language]
    rows = []
    for one in _shuffled(people):
        graded = form.number(float(BEFORE)) if one.login == GRADED_BEFORE else ""
        typed = 'Please see\nmy "e-mail", thanks' if one.login == "vera" else submitted
        rows.append([f"{participant}{one.moodle}", one.name, one.email, typed, one.group, graded,
                     form.number(form.maximum), no if one.login == LOCKED else yes,
                     "Friday, 20 November 2026, 6:03 PM", "-", ""])
    kept = [at for at, _ in enumerate(head) if not (form.blind and at in (1, 2)) and (form.teams or at != 4)]
    text = io.StringIO()
    sheet = csv.writer(text, delimiter=form.separator, lineterminator=form.ending)
    for row in (head, *rows):
        sheet.writerow([row[at] for at in kept])
    path.write_bytes(text.getvalue().encode(form.encoding, "replace"))
    return path


def representable(form: Form) -> set[str]:
    """Whose name and group the sheet's encoding can hold: the others' are question marks in it."""
    said = {one.login: f"{one.name}{one.group if form.teams else ''}" for one in ENROLLED}
    return {login for login, text in said.items()
            if text.encode(form.encoding, "replace").decode(form.encoding) == text}


def gradebook(path: Path, people: Sequence[Member] = ENROLLED, separator: str = ",") -> Path:
    """Canvas's gradebook export. The SIS id of each is the Canvas id of another."""
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Sheet 0 (776)", COLUMN,
            "Current Score", "Final Score"]
    rows = [head, ["    Points Possible", "", "", "", "", "10", "127.5", "(read only)", "(read only)"]]
    for one in _shuffled(people):
        other = CLASS[(one.at + 1) % len(CLASS)]
        before = {GRADED_BEFORE: BEFORE, EXCUSED: "EX"}.get(one.login, "")
        rows.append([one.sortable, str(one.canvas), str(other.canvas), one.login, "Section 1", "7.5", before,
                     "75", "75"])
    rows.append(["Student, Test", "599", "", "f00ba4", "Section 1", "", "", "", ""])
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\n").writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8-sig")
    return path


def roster(path: Path, ids: Iterable[tuple[str, Member]]) -> Path:
    """roster.csv, as the grader wants it."""
    return _table(path, ("id", "name", "email", "group"),
                  ((id, one.name, one.email, one.group) for id, one in ids))


def students(path: Path) -> Path:
    """nbgrader's students.csv."""
    return _table(path, ("id", "first_name", "last_name", "email"),
                  ((one.login, *_halves(one.name), one.email) for one in ENROLLED))


def participants(path: Path) -> Path:
    """The list of participants that Moodle exports: it has no numbers."""
    return _table(path, ("First name", "Last name", "Email address", "Groups"),
                  ((*_halves(one.name), one.email, one.group) for one in ENROLLED))


def _halves(name: str) -> tuple[str, str]:
    first, _, last = name.rpartition(" ")
    return first, last


def _table(path: Path, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


def _shuffled(people: Sequence[Member]) -> list[Member]:
    mixed = list(people)
    random.Random(9).shuffle(mixed)
    return mixed
