"""Moodle: the tutor's downloaded grading worksheet, filled in place.

A worksheet is never made from nothing: its headings are in the site's language, and Moodle reads back only
what it wrote. Columns are found by their place and by known translations; every byte outside the filled
fields stays as it was.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader import records
from grader.export.csv import number
from grader.export.out import ExportError, Out
from grader.files import replace_file
from grader.report import safe_text
from grader.report.story import tell

# "Maximum grade" in the languages whose wording is known; the grade's own column stands right before it.
MAXIMUM = frozenset(("maximum grade", "bestwertung", "höchste bewertung", "maximale bewertung",
                     "note maximale",
                     "calificación máxima", "valutazione massima", "punteggio massimo", "hoogste cijfer",
                     "maximumcijfer", "nota máxima", "avaliação máxima"))
COMMENTS = frozenset(("feedback comments", "feedback als kommentar", "feedback-kommentare",
                      "kommentare als feedback",
                      "feedback par commentaires", "comentarios de retroalimentación",
                      "commenti come feedback"))
LOCKED = frozenset(("no", "nein", "non", "nee", "não"))
CHANGEABLE = frozenset(("grade can be changed", "bewertung kann geändert werden",
                        "la note peut être modifiée",
                        "la calificación puede ser cambiada", "la valutazione può essere modificata"))

_FIELD = r'"(?:[^"]|"")*"|[^"\r\n{0}][^\r\n{0}]*|'
_PARTICIPANT = re.compile(r"(\d+)\s*$")
_DECIMAL = re.compile(r"\d+(?:[.,]\d+)?")
_UNIQUE_ID = re.compile(r"_(\d+)(?:_assign(?:submission|feedback)_.*|_?)$")


@dataclass(frozen=True)
class Field:
    start: int
    end: int
    value: str


@dataclass(frozen=True)
class Filled:
    """What was done, to be told to the tutor."""

    rows: int
    unmatched: tuple[str, ...]      # students of whom the sheet has no row, or more than one
    withheld: tuple[str, ...]       # left as they were
    locked: tuple[str, ...]


def write(results: Iterable[records.Result], out: Out, *, worksheet: Path, comments: bool = False,
          scale: bool = False, grade_column: str = "", language: str = "en") -> Filled:
    """Fill the worksheet with each student's total over the results given. Withheld marks leave their row
    alone.

    Raises:
        ExportError: the worksheet is not one, or a mark is above the sheet's maximum and `scale` is not set.
    """
    sheet = _Sheet(worksheet, grade_column)
    edits: list[tuple[Field, str]] = []
    done: dict[str, list[str]] = {"rows": [], "unmatched": [], "withheld": [], "locked": []}
    for student, own in _by_student(results).items():
        row = sheet.row_of(student)
        if row is None:
            done["unmatched"].append(student)
        elif any(result.score is None for result in own):
            done["withheld"].append(student)
        elif sheet.locked(row):
            done["locked"].append(student)
        else:
            done["rows"].append(student)
            edits.append((row[sheet.grade], sheet.grade_text(student, own, row, scale=scale)))
            if comments and sheet.comments is not None and sheet.comments < len(row):
                edits.append((row[sheet.comments], _comment(own, language)))
    content = sheet.with_edits(edits)
    if isinstance(out, Path):
        replace_file(out, content)
    else:
        out.write(content.decode(sheet.encoding, "replace"))
    return Filled(len(done["rows"]), *(tuple(done[name]) for name in ("unmatched", "withheld", "locked")))


def _by_student(results: Iterable[records.Result]) -> dict[str, list[records.Result]]:
    found: dict[str, list[records.Result]] = {}
    for result in results:
        found.setdefault(result.student, []).append(result)
    return found


class _Sheet:
    def __init__(self, path: Path, grade_column: str) -> None:
        content = path.read_bytes()
        self.encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
        try:
            self.text = content.decode(self.encoding)
        except UnicodeDecodeError:
            self.encoding = "cp1252"
            self.text = content.decode(self.encoding, "surrogateescape")
        head = self.text.split("\n", 1)[0]
        self.delimiter = max(",;\t", key=head.count)
        self.rows = _rows(self.text, self.delimiter)
        if len(self.rows) < 2 or len(self.rows[0]) < 3:
            raise ExportError(f"{path}: not a grading worksheet; get it in Moodle with \"Download grading "
                              "worksheet\"")
        names = [field.value.strip().lstrip("\ufeff").casefold() for field in self.rows[0]]
        self.maximum = next((i for i, name in enumerate(names) if name in MAXIMUM), None)
        self.grade = self._grade(names, grade_column, path)
        self.comments = next((i for i, name in enumerate(names) if name in COMMENTS), None)
        self.changeable = next((i for i, name in enumerate(names) if name in CHANGEABLE), None)
        comma = any(re.fullmatch(r"\d+,\d+", field.value) for row in self.rows[1:] for field in row)
        self.decimal = "," if comma else "."
        self.keys = self._keys()

    def _grade(self, names: Sequence[str], asked: str, path: Path) -> int:
        if asked:
            if asked.casefold() not in names:
                raise ExportError(f"{path}: no column is called {asked!r}")
            return names.index(asked.casefold())
        if self.maximum is None:
            self.maximum = self._by_looks()
        if not self.maximum:
            raise ExportError(f"{path}: the grade's column was not recognised; name it with grade_column. "
                              f"Columns: {', '.join(names)}")
        return self.maximum - 1

    def _by_looks(self) -> int | None:
        """The one column that holds the same number in every row, right after one of numbers and gaps."""
        students = [[field.value.strip() for field in row] for row in self.rows[1:]]
        width = min(map(len, students))
        found = [i for i in range(2, width) if len({row[i] for row in students}) == 1
                 and _DECIMAL.fullmatch(students[0][i])
                 and all(not row[i - 1] or _DECIMAL.fullmatch(row[i - 1]) for row in students)]
        return found[0] if len(found) == 1 else None

    def _keys(self) -> dict[str, list[int]]:
        """What may name a student -> rows: the participant's number, and every field before the grade."""
        keys: dict[str, list[int]] = {}
        for at, row in enumerate(self.rows[1:], 1):
            match = _PARTICIPANT.search(row[0].value)
            names = {field.value.strip().casefold() for field in row[: self.grade]}
            for key in names | ({match.group(1)} if match else set()):
                keys.setdefault(key, []).append(at)
        return keys

    def row_of(self, student: str) -> Sequence[Field] | None:
        """The one row of a student, by unique id first; None where there is none, or where it is a guess."""
        match = _UNIQUE_ID.search(student)
        rows = self.keys.get(match.group(1) if match else student.strip().casefold(), [])
        row = self.rows[rows[0]] if len(rows) == 1 else None
        return row if row and len(row) > self.grade else None

    def locked(self, row: Sequence[Field]) -> bool:
        at = self.changeable
        return at is not None and at < len(row) and row[at].value.strip().casefold() in LOCKED

    def grade_text(self, student: str, own: Sequence[records.Result], row: Sequence[Field], *,
                   scale: bool) -> str:
        score, ours = sum(result.score or 0.0 for result in own), sum(result.max_score for result in own)
        theirs = None
        if self.maximum is not None and self.maximum < len(row):
            text = row[self.maximum].value.strip().replace(",", ".")
            theirs = float(text) if _DECIMAL.fullmatch(text) else None
        if theirs is not None and scale and ours:
            score *= theirs / ours
        elif theirs is not None and score > theirs:
            raise ExportError(f"{safe_text.line(student)} has {number(score)} points and the worksheet's "
                              "maximum is "
                              f"{number(theirs)}: Moodle would skip the row. Set the maximum in Moodle, or "
                              "scale.")
        return number(round(score, 2)).replace(".", self.decimal)

    def with_edits(self, edits: Iterable[tuple[Field, str]]) -> bytes:
        text = self.text
        for field, value in sorted(edits, key=lambda edit: -edit[0].start):
            quoted = text[field.start:field.start + 1] == '"' or set('"\r\n' + self.delimiter) & set(value)
            shown = '"' + value.replace('"', '""') + '"' if quoted else value
            text = text[:field.start] + shown + text[field.end:]
        if self.encoding == "utf-16":  # the byte order mark is written by the codec; the order must stay
            return text.encode("utf-16")
        return text.encode(self.encoding, "surrogateescape" if self.encoding == "cp1252"
                           else "xmlcharrefreplace")


def _rows(text: str, delimiter: str) -> list[list[Field]]:
    """Every field with its place in the text, quotes included."""
    pattern = re.compile(rf"({_FIELD.format(re.escape(delimiter))})({re.escape(delimiter)}|\r\n|\n|\r|\Z)")
    rows: list[list[Field]] = [[]]
    at = 1 if text.startswith("\ufeff") else 0
    while at < len(text):
        match = pattern.match(text, at)
        if match is None:
            raise ExportError(f"the worksheet is no CSV at character {at}")
        raw = match.group(1)
        value = raw[1:-1].replace('""', '"') if raw.startswith('"') else raw
        rows[-1].append(Field(match.start(1), match.end(1), value))
        at = match.end()
        if match.group(2) in ("\r\n", "\n", "\r"):
            rows.append([])
    return [row for row in rows if row]


def _comment(own: Iterable[records.Result], language: str) -> str:
    """What Moodle shows beside the grade. It takes HTML, so everything of ours is escaped."""
    parts = []
    for result in own:
        story = tell(result, "", language=language)
        lines = [f"{story.title}: {story.score} / {story.max_score} {story.words.gettext('points')}",
                 story.reason]
        lines += [f"{item.word}: {item.title} {item.advice}" for item in story.to_do]
        parts += [f"<p>{html.escape(line)}</p>" for line in lines if line.strip()]
    return "".join(parts)
