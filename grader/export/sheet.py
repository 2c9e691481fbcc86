"""A tutor's CSV, filled in place: every byte outside the filled fields stays as it was."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from grader.export.out import ExportError

_BOMS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_PLAIN = '[^"\r\n{0}][^\r\n{0}]*|'
# As CSV says, and as PHP writes it: a quotation mark behind a backslash is not doubled.
_QUOTED = '"[^"]*(?:""[^"]*)*"', r'"[^"\\]*(?:(?:""|\\.)[^"\\]*)*"'
_DECIMAL_COMMA, _DECIMAL_POINT = re.compile(r"-?\d+,\d+"), re.compile(r"-?\d+\.\d+")
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")


@dataclass(frozen=True)
class Field:
    """A field, and where it stands in the text, quotes included."""

    start: int
    end: int
    value: str

    @property
    def number(self) -> float | None:
        """The number in it, with either decimal mark; None where there is none."""
        text = self.value.strip()
        return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


class Sheet:
    """Rows of fields, each as wide as the heading; what is shorter is nobody's row, and stays as it was."""

    def __init__(self, path: Path, what: str) -> None:
        """Read it.

        Args:
            what: this should be, for people: "a grading worksheet of Moodle".

        Raises:
            ExportError: it is no CSV with a heading and a row.
        """
        content = path.read_bytes()
        self.path = path
        self.encoding = next((name for bom, name in _BOMS if content.startswith(bom)), "utf-8")
        try:
            self.text = content.decode(self.encoding)
        except UnicodeDecodeError:
            self.encoding = "cp1252"
            self.text = content.decode(self.encoding, "surrogateescape")
        head = self.text.split("\n", 1)[0]
        self.delimiter = max(",;\t", key=head.count)
        read = [rows for quoted in _QUOTED if (rows := _rows(self.text, self.delimiter, quoted))]
        rows = min(read, key=lambda rows: len({len(row) for row in rows}), default=[])
        if len(rows) < 2 or len(rows[0]) < 3 or len(rows[0]) < max(map(len, rows)):
            raise ExportError(f"{path}: not {what}: no table with a heading and a row for each person")
        self.heading = [field.value.strip() for field in rows[0]]
        self.rows = [row for row in rows[1:] if len(row) == len(self.heading)]

    def comma(self, columns: Iterable[int]) -> bool:
        """Do numbers in these columns have a decimal comma? Where none has any decimals, the separator
        tells."""
        values = [row[at].value.strip() for at in columns for row in self.rows]
        return any(map(_DECIMAL_COMMA.fullmatch, values)) or (
            self.delimiter == ";" and not any(map(_DECIMAL_POINT.fullmatch, values)))

    def with_edits(self, edits: Iterable[tuple[Field, str]]) -> bytes:
        """The file with other values in some fields, each quoted where it was or has to be."""
        parts, at = [], 0
        for field, value in sorted(edits, key=lambda edit: edit[0].start):
            if self.encoding == "cp1252":  # what it has no sign for is written as HTML would
                value = value.encode("cp1252", "xmlcharrefreplace").decode("cp1252")
            quoted = self.text.startswith('"', field.start) or set('"\r\n' + self.delimiter) & set(value)
            shown = '"' + value.replace('"', '""') + '"' if quoted else value
            parts += [self.text[at:field.start], shown]
            at = field.end
        text = "".join(parts) + self.text[at:]
        return text.encode(self.encoding, "surrogateescape" if self.encoding == "cp1252" else "replace")


def _rows(text: str, delimiter: str, quoted: str) -> list[list[Field]] | None:
    """Every field with its place; None where the text is no table by this grammar."""
    mark = re.escape(delimiter)
    pattern = re.compile(rf"({quoted}|{_PLAIN.format(mark)})({mark}|\r\n|\n|\r|\Z)", re.DOTALL)
    rows: list[list[Field]] = [[]]
    at = 1 if text.startswith("\ufeff") else 0
    while at < len(text) or rows[-1]:
        match = pattern.match(text, at)
        if match is None:
            return None
        raw = match.group(1)
        value = raw[1:-1].replace('""', '"') if raw.startswith('"') else raw
        rows[-1].append(Field(match.start(1), match.end(1), value))
        at = match.end()
        if match.group(2) != delimiter:
            if at >= len(text):
                break
            rows.append([])
    return [row for row in rows if len(row) > 1 or (row and row[0].value)]
