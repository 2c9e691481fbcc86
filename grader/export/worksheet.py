"""Moodle's grading worksheet: which column is which, and whose row is whose.

A worksheet is never made from nothing: its headings are in the site's language, and Moodle reads back only
what it wrote. Columns are found by their place and by known translations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from msgspec import structs

from grader.export.out import ExportError
from grader.export.people import Named, Own, called, forms, owned
from grader.export.sheet import Sheet
from grader.intake.cells import Field
from grader.intake.roster import HEADINGS
from grader.intake.spelling import folded_name
from grader.records import Result
from grader.report import safe_text

# Headings in the languages whose wording is known. The grade's own column stands right before its maximum.
MAXIMUM = frozenset(("maximum grade", "bestwertung", "höchste bewertung", "maximale bewertung",
                     "note maximale", "calificación máxima", "valutazione massima", "punteggio massimo",
                     "hoogste cijfer", "maximumcijfer", "nota máxima", "avaliação máxima"))
SCALES = frozenset(("scale", "skala", "barème", "échelle", "escala", "scala", "schaal"))
COMMENTS = frozenset(("feedback comments", "feedback als kommentar", "feedback-kommentare",
                      "kommentare als feedback", "feedback par commentaires",
                      "comentarios de retroalimentación", "commenti come feedback"))
STATUS = frozenset(("status", "statut", "état", "estado", "stato"))
# What tells who somebody is. All else in front of the grade, such as a department, people may fill in
# themselves: it is nobody's key.
IDENTITY = frozenset(heading for what in ("email", "login", "other") for heading in HEADINGS[what]) | {
    "e-mailadres", "emailadres", "indirizzo email", "endereço de e-mail", "endereço de email", "adres e-mail",
    "codice identificativo", "número de identificação", "número id", "nome utente", "gebruikersnaam",
    "nome de utilizador", "nome de usuário", "identificação de usuário", "nazwa użytkownika"}
GROUP = frozenset(("group", "gruppe", "groupe", "grupo", "gruppo", "groep"))
YES = frozenset(("yes", "ja", "oui", "sí", "sì", "sim", "kyllä", "tak", "ano", "igen", "evet"))
NO = frozenset(("no", "nein", "non", "nee", "não", "nej", "nei", "ei", "nie", "ne", "nem", "hayır"))

_PARTICIPANT = re.compile(r"(.*?)([0-9]+)\s*", re.DOTALL)
# what older gradebooks hold as the student: all of a folder's name
_FOLDER = re.compile(r"([^_]*)_([0-9]+)_assign(?:submission|feedback)_.*", re.DOTALL)
_EMPTY = ("", "-")


def of_today(result: Result) -> Result:
    """A result whose student is a folder's name, as in older gradebooks, with the id and the name in it."""
    match = _FOLDER.fullmatch(result.student)
    if match is None or result.source_id:
        return result
    return structs.replace(result, source_id=match.group(2), name=result.name or match.group(1))


class Worksheet(Sheet):
    """A grading worksheet, its columns found.

    Raises:
        ExportError: it is none, or grades by words.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, "a grading worksheet (in Moodle: \"Download grading worksheet\")")
        names = [name.casefold() for name in self.heading]
        maximum = next((at for at, name in enumerate(names) if name in MAXIMUM), None) or self._by_looks()
        self._refuse_a_scale(names)
        if maximum is None or maximum < 2:
            raise ExportError(f"{path}: which column is the grade's, and which its maximum? Download the "
                              "worksheet with Moodle in English. Columns: "
                              f"{' '.join(', '.join(self.heading).split())}")
        self._maximum, self._grade = maximum, maximum - 1
        self._comments = next((at for at, name in enumerate(names) if name in COMMENTS), None)
        self._group = next((at for at, name in enumerate(names[: self._grade]) if name in GROUP), None)
        self._status = next((at for at, name in enumerate(names[: self._grade]) if name in STATUS), None)
        # with blind marking nobody is named, and the status comes next
        self._name = None if self._status == 1 or self._grade == 2 else 1
        self._changeable = next((at for at in range(maximum + 1, len(names)) if all(
            row[at].value.strip().casefold() in YES | NO for row in self.rows)), None)
        self.decimal_comma = self.comma((self._grade, maximum))
        self._by_number, self._by_field = self._keys()
        self._names = [forms(self.name(at)) for at in range(len(self.rows))]
        self._groups = ["" if self._group is None else folded_name(row[self._group].value)
                        for row in self.rows]

    def _by_looks(self) -> int | None:
        """The one column that holds the same number in every row, right after one of numbers and gaps."""
        found = [at for at in range(2, len(self.heading))
                 if len({row[at].value for row in self.rows}) == 1 and self.rows[0][at].number is not None
                 and all(row[at - 1].value.strip() in _EMPTY or row[at - 1].number is not None
                         for row in self.rows)]
        return found[0] if len(found) == 1 else None

    def _refuse_a_scale(self, names: Sequence[str]) -> None:
        if any(name in SCALES for name in names):
            raise ExportError(f"{self.path}: this assignment is graded with a scale, and points are no "
                              "words: in its settings in Moodle set the grade's type to Point, and download "
                              "the worksheet again")

    def _keys(self) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
        """A participant's number, or the whole identifier -> rows; e-mail, ID number, user name -> rows."""
        numbers: dict[str, list[int]] = {}
        fields: dict[str, list[int]] = {}
        own = [at for at, name in enumerate(self.heading[: self._grade]) if name.casefold() in IDENTITY]
        for at, row in enumerate(self.rows):
            match = _PARTICIPANT.fullmatch(row[0].value)
            for key in {folded_name(row[0].value), match.group(2) if match else ""} - {""}:
                numbers.setdefault(key, []).append(at)
            for value in {folded_name(row[i].value) for i in own} - {""}:
                fields.setdefault(value, []).append(at)
        return numbers, fields

    # --- one row -----------------------------------------------------------------------------------

    def number(self, at: int) -> str:
        """The participant's."""
        match = _PARTICIPANT.fullmatch(self.rows[at][0].value)
        return match.group(2) if match else ""

    def name(self, at: int) -> str:
        """As the sheet has it; "" with blind marking."""
        return "" if self._name is None else self.rows[at][self._name].value.strip()

    def shown(self, at: int) -> str:
        """The row, for the tutor."""
        return called(self.rows[at][0].value.strip(), self.name(at))

    def grade(self, at: int) -> Field:
        return self.rows[at][self._grade]

    def maximum(self, at: int) -> float | None:
        return self.rows[at][self._maximum].number

    def comment(self, at: int) -> Field | None:
        """Where Moodle reads a feedback from."""
        return None if self._comments is None else self.rows[at][self._comments]

    def locked(self, at: int) -> bool:
        """Does Moodle keep the grade as it is, whatever is uploaded?"""
        return self._changeable is not None and self.rows[at][self._changeable].value.strip().casefold() in NO

    def group(self, at: int) -> str:
        """The team's name, folded; "" where the sheet has no teams."""
        return self._groups[at]

    # --- whose row ---------------------------------------------------------------------------------

    def finder(self, everybody: Iterable[Result]) -> Callable[[Own], Sequence[int] | str]:
        """Whose rows are whose, among all of whom there are results: the id first, a name only where there is
        no id, and never against a name."""
        named = Named(owned(map(of_today, everybody)))
        return lambda own: self._rows_of(own, named)

    def _rows_of(self, own: Own, named: Named) -> Sequence[int] | str:
        if len(own.ids) > 1:
            return (f"came under several numbers ({', '.join(sorted(own.ids))}), which are of different "
                    "assignments: choose with --only")
        given = folded_name(next(iter(own.ids)))
        if own.as_one:  # whose id a participant may have as a number
            return self._team(own) or f"no row has the group {safe_text.line(own.team)}"
        rows = [at for at in self._by_number.get(given, []) if self._of_the_team(own, at)]
        certain = [at for at in rows if self._same_name(own, at)]
        team = [] if own.member else self._team(own)
        if not certain and team:
            return team if not self._named(own) else "the name of a person and of a group"
        rows = certain or [at for at in rows if self._no_other_name(own, at)]
        if rows:
            return rows if len(rows) == 1 else f"{len(rows)} rows have this number"
        if given in self._by_number and not own.member:
            return f"the number is that of {self.shown(self._by_number[given][0])}"
        return self._without_a_number(own, given, named)

    def _without_a_number(self, own: Own, given: str, named: Named) -> Sequence[int] | str:
        """By e-mail and the like, else by a name that is one person's; a number of no row is no name."""
        number = given.isdecimal() and not own.member
        fits = self._same_name if given.isdecimal() else self._no_other_name
        rows = [at for at in self._by_field.get(given, []) if self._of_the_team(own, at) and fits(own, at)]
        if not rows and number:
            return f"no row has the number {given}"
        rows = rows or [at for at in self._named(own) if self._of_the_team(own, at)]
        if len(rows) != 1:
            return f"{len(rows)} rows fit" if rows else "no row fits"
        return rows if given in self._by_field or named.alone(own) else "others have this name too"

    def _named(self, own: Own) -> list[int]:
        who = forms(own.name or own.student)
        return [at for at, name in enumerate(self._names) if who & name]

    def _team(self, own: Own) -> list[int]:
        """The rows of a team that handed in as one."""
        name = folded_name(own.team or own.name or own.student)
        return [at for at, group in enumerate(self._groups) if name and group == name]

    def _of_the_team(self, own: Own, at: int) -> bool:
        return not (own.member and self.group(at)) or self.group(at) == folded_name(own.team)

    def _same_name(self, own: Own, at: int) -> bool:
        return bool(forms(own.name) & self._names[at])

    def _no_other_name(self, own: Own, at: int) -> bool:
        """Names agree, or one side has none. Some sites put a login or a group in front of a folder's
        name."""
        theirs, ours = self._names[at], folded_name(own.name)
        match = _PARTICIPANT.fullmatch(self.rows[at][0].value)
        nobody = ("", folded_name(match.group(1)) if match else "")  # "Participant": blind marking
        return (not theirs or ours in nobody or self._same_name(own, at)
                or any(ours.endswith((f" {name}", f"-{name}")) for name in theirs))
